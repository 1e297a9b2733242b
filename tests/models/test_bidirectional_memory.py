"""Pairs of patterns: the alternating dynamics by its definition, and the energy that it lowers."""

import itertools
import pickle

import numpy as np
import pytest

import spinglass
from spinglass import BidirectionalMemory, Hopfield, Interrupted, Patterns, exact, sample

SETS = [(1, 1, 1), (1, 8, 5), (3, 9, 10), (2, 8, 8), (9, 41, 30), (30, 12, 13), (600, 21, 33)]


def all_sets():
    for P, n_x, n_y in SETS:
        yield (
            spinglass.random_patterns(P, n_x, seed=P + n_x),
            spinglass.random_patterns(P, n_y, seed=P + n_x + 1),
        )
    (a, b), (c, d) = (spinglass.random_patterns(2, n, seed=n) for n in (12, 7))
    yield np.array([a, a, b]), np.array([c, c, d])  # a duplicate
    yield np.array([a, a]), np.array([c, -c])  # two answers that cancel
    yield np.array([a, -a]), np.array([c, -c])  # a pair and its reverse
    yield np.array([a, b, -a]), np.array([c, d, d])


def recalled(W, start, max_sweeps):
    """Return both layers, the sweeps and the flips, by the definition."""
    here, there = start.astype(np.int64), np.ones(len(W), np.int64)
    flips, sweeps = 0, 0
    while sweeps < max_sweeps:
        fields = W @ here
        new = np.where(fields * there < 0, -there, there)
        here_before, there_before = here, there
        there = new
        fields = W.T @ there
        here = np.where(fields * here < 0, -here, here)
        flipped = np.count_nonzero(here != here_before)
        if sweeps:
            flipped += np.count_nonzero(there != there_before)
        sweeps += 1
        flips += flipped
        if flipped == 0:
            return here, there, sweeps, flips, True
    return here, there, sweeps, flips, False


@pytest.mark.parametrize("max_sweeps", [1, 1000])
def test_a_recall_from_either_layer_is_that_of_the_definition(max_sweeps):
    for x, y in all_sets():
        memory = BidirectionalMemory(x, y)
        W = y.astype(np.int64).T @ x
        for side, matrix, halves in (("x", W, x), ("y", W.T, y)):
            starts = spinglass.random_patterns(6, halves.shape[1], seed=1)
            starts = np.concatenate([starts, halves[:2]])
            found = memory.recall(starts, side=side, max_sweeps=max_sweeps)
            layers = (found.x, found.y) if side == "x" else (found.y, found.x)
            for k, start in enumerate(starts):
                here, there, *told = recalled(matrix, start, max_sweeps)
                np.testing.assert_array_equal(layers[0][k], here)
                np.testing.assert_array_equal(layers[1][k], there)
                assert told == [found.sweeps[k], found.flips[k], found.converged[k]]


def test_couplings_fields_overlaps_and_energies_are_those_of_the_definition():
    for x, y in all_sets():
        memory = BidirectionalMemory(x, y)
        N = memory.n_spins
        W = y.astype(np.int64).T @ x
        np.testing.assert_array_equal(memory.couplings(), W / N)
        of_x = spinglass.random_patterns(5, memory.n_x, seed=1).astype(np.int64)
        of_y = spinglass.random_patterns(5, memory.n_y, seed=2).astype(np.int64)
        np.testing.assert_array_equal(memory.local_fields(of_x), of_x @ W.T / N)
        np.testing.assert_array_equal(memory.local_fields(of_y, side="y"), of_y @ W / N)
        np.testing.assert_array_equal(memory.overlaps(of_x), of_x @ x.T / memory.n_x)
        np.testing.assert_array_equal(memory.overlaps(of_y[0], side="y"), y @ of_y[0] / memory.n_y)
        energies = -np.einsum("kj,ji,ki->k", of_y, W, of_x) / N
        np.testing.assert_array_equal(memory.energy(of_x, of_y), energies)
        assert memory.energy(of_x[1], of_y[1]) == energies[1]


def test_what_a_recall_tells_is_what_the_memory_tells_of_its_states():
    x, y = spinglass.random_patterns(20, 50, seed=1), spinglass.random_patterns(20, 31, seed=2)
    memory = BidirectionalMemory(x, y)
    starts = spinglass.corrupt(y, 0.2, seed=3)
    found = memory.recall(starts, side="y")
    of_x, of_y = memory.overlaps(found.x), memory.overlaps(found.y, side="y")
    each = np.arange(20)
    np.testing.assert_array_equal(found.pattern, memory.overlaps(starts, side="y").argmax(axis=1))
    np.testing.assert_array_equal(found.overlap_x, of_x[each, found.pattern])
    np.testing.assert_array_equal(found.overlap_y, of_y[each, found.pattern])
    both = np.round(of_x * 50 + of_y * 31) / 81
    np.testing.assert_array_equal(found.best_pattern, both.argmax(axis=1))
    np.testing.assert_array_equal(found.best_overlap, both.max(axis=1))
    np.testing.assert_array_equal(found.energy, memory.energy(found.x, found.y))
    one = memory.recall(starts[4], side="y")
    assert (one.pattern, one.energy, one.sweeps) == (4, found.energy[4], found.sweeps[4])
    np.testing.assert_array_equal(one.x, found.x[4])


def test_the_energy_never_rises():
    for x, y in all_sets():
        memory = BidirectionalMemory(x, y)
        starts = spinglass.random_patterns(10, memory.n_x, seed=5)
        runs = [memory.recall(starts, max_sweeps=k) for k in range(1, 12)]
        energies = np.array([run.energy for run in runs])
        assert (np.diff(energies, axis=0) <= 0).all()
        # Half a sweep: the layer that follows lowers the energy as well.
        before, after = runs[0], runs[1]
        assert (memory.energy(before.x, after.y) <= before.energy).all()
        assert memory.recall(starts).converged.all()


def test_it_is_the_joined_hopfield_network_without_couplings_within_the_layers():
    x, y = spinglass.random_patterns(4, 6, seed=1), spinglass.random_patterns(4, 5, seed=2)
    memory = BidirectionalMemory(x, y)
    couplings = Hopfield(np.hstack([x, y])).couplings()
    np.testing.assert_array_equal(memory.couplings(), couplings[6:, :6])
    couplings[:6, :6] = couplings[6:, 6:] = 0
    np.testing.assert_array_equal(memory.structure().couplings, couplings)
    states = np.array(list(itertools.product([-1, 1], repeat=11)))
    energies = memory.energy(states[:, :6], states[:, 6:])
    np.testing.assert_allclose(
        energies, spinglass.Ising(couplings).energy(states), rtol=0, atol=1e-13
    )
    expected = np.logaddexp.reduce(-0.4 * energies)
    assert exact.log_partition(memory, 0.4) == pytest.approx(expected, rel=1e-13)
    assert sample(memory, 0.4, 5, seed=1).final_states.shape[-1] == 11


def test_the_heat_bath_samples_the_boltzmann_distribution():
    """Sweep by sweep the layers are drawn given each other: a Gibbs sampler of pairs."""
    x, y, beta = spinglass.random_patterns(2, 4, seed=1), spinglass.random_patterns(2, 3, seed=2), 1
    memory = BidirectionalMemory(x, y)
    states = np.array(list(itertools.product([-1, 1], repeat=7)))
    weights = np.exp(-beta * memory.energy(states[:, :4], states[:, 4:]))
    weights /= weights.sum()
    n = 40_000
    found = memory.recall(np.ones((n, 4)), beta=beta, max_sweeps=40, seed=2)
    joined = np.hstack([found.x, found.y])
    numbers = ((joined > 0) @ (1 << np.arange(7)[::-1])).astype(int)
    counts = np.bincount(numbers, minlength=128)
    chi_square = ((counts - n * weights) ** 2 / (n * weights)).sum()
    assert abs(chi_square - 127) < 5 * np.sqrt(2 * 127)
    assert not found.converged.any()


def test_pairs_are_found_again_from_noisy_halves():
    x, y = Patterns.random(20, 1000, seed=1), Patterns.random(20, 600, seed=2)
    memory = BidirectionalMemory(x, y)
    assert memory.load == 20 / 1600
    for side, halves in (("x", x), ("y", y)):
        found = memory.recall(spinglass.corrupt(halves, 0.2, seed=3), side=side)
        assert found.best_pattern.tolist() == list(range(20))
        assert (found.best_overlap == 1).all()


def test_threads_do_not_matter_and_a_state_has_its_own_random_numbers():
    memory = BidirectionalMemory(
        Patterns.random(300, 900, seed=1), Patterns.random(300, 701, seed=2)
    )
    starts = spinglass.random_patterns(5, 701, seed=2)
    for beta in (np.inf, 2.0):
        options = {"side": "y", "beta": beta, "max_sweeps": 6, "seed": 4}
        one, many = (memory.recall(starts, num_threads=k, **options) for k in (1, 3))
        few = memory.recall(starts[:2], **options)
        for layer in ("x", "y"):
            np.testing.assert_array_equal(getattr(one, layer), getattr(many, layer))
            np.testing.assert_array_equal(getattr(few, layer), getattr(one, layer)[:2])


def test_wrong_arguments_are_named():
    x, y = spinglass.random_patterns(3, 8, seed=1), spinglass.random_patterns(3, 5, seed=2)
    memory = BidirectionalMemory(x, y)
    for call, message in (
        (lambda: BidirectionalMemory(x, y[:2]), "y must have 3 patterns, as x, got 2"),
        (lambda: BidirectionalMemory(x, np.zeros((3, 5))), "y must hold only -1 and \\+1, got 0"),
        (lambda: memory.recall(np.ones(8), side="z"), "side must be"),
        (lambda: memory.recall(np.ones(8), side="y"), r"states must have shape \(5,\)"),
        (lambda: memory.overlaps(np.ones(5)), r"states must have shape \(8,\)"),
        (lambda: memory.energy(np.ones(8), np.ones((2, 5))), "x and y must have shapes"),
        (lambda: memory.energy(np.ones((2, 8)), np.ones((3, 5))), "x and y must have shapes"),
    ):
        with pytest.raises(ValueError, match=message):
            call()


def test_no_states_and_no_sides_are_no_trouble():
    memory = BidirectionalMemory([[1, -1]], [[1, 1, -1]])
    found = memory.recall(np.ones((0, 2)))
    assert (found.x.shape, found.y.shape, found.sweeps.shape) == ((0, 2), (0, 3), (0,))
    assert memory.energy(np.ones((0, 2)), np.ones((0, 3))).shape == (0,)


def test_a_memory_survives_pickling_and_prints_what_it_is():
    x, y = spinglass.random_patterns(3, 20, seed=1), spinglass.random_patterns(3, 10, seed=2)
    again = pickle.loads(pickle.dumps(BidirectionalMemory(x, y)))
    np.testing.assert_array_equal(again.couplings(), BidirectionalMemory(x, y).couplings())
    assert repr(again) == "BidirectionalMemory(n_patterns=3, n_x=20, n_y=10)"


def test_ctrl_c_keeps_the_pairs_that_are_finished():
    def stop(done, total):
        if done:
            raise KeyboardInterrupt

    memory = BidirectionalMemory(Patterns.random(20, 400, seed=1), Patterns.random(20, 300, seed=2))
    with pytest.raises(Interrupted) as caught:
        memory.recall(np.ones((300, 400)), beta=1.0, progress=stop)
    result = caught.value.result
    assert 0 < len(result.x) == len(result.y) < 300
