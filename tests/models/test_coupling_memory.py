"""Memories that are matrices: energies and samples where they exist, cycles where they do not."""

import itertools
import pickle

import numpy as np
import pytest

import spinglass
from spinglass import CouplingMemory, Interrupted, Patterns, exact, rules, sample


def random_couplings(n_spins, symmetric, seed=1):
    J = np.random.default_rng(seed).normal(size=(n_spins, n_spins))
    J = (J + J.T) / 2 if symmetric else J
    np.fill_diagonal(J, 0)
    return J


def next_state(J, state, update):
    """Return the state after one sweep, by the definition."""
    state = state.copy()
    if update == "synchronous":
        h = J @ state
        return np.where(h * state < 0, -state, state)
    for i in range(len(state)):
        if (J[i] @ state) * state[i] < 0:
            state[i] *= -1
    return state


@pytest.mark.parametrize("update", ["sequential", "synchronous"])
@pytest.mark.parametrize("symmetric", [True, False])
def test_a_recall_ends_at_a_fixed_point_or_a_cycle_of_the_told_length(symmetric, update):
    lengths = set()
    for seed in range(12):
        J = random_couplings(10, symmetric, seed)
        memory = CouplingMemory(J)
        starts = spinglass.random_patterns(20, 10, seed=seed)
        found = memory.recall(starts, update)
        for start, end, length, sweeps, converged in zip(
            starts, found.states, found.cycle_length, found.sweeps, found.converged, strict=True
        ):
            path = [start]
            while not any((path[-1] == x).all() for x in path[:-1]):
                path.append(next_state(J, path[-1], update))
            expected = next(k for k in range(1, 2000) if (path[-1 - k] == path[-1]).all())
            assert length == expected
            assert converged == (length == 1)
            state = start
            for _ in range(sweeps):
                state = next_state(J, state, update)
            assert (state == end).all()
            lengths.add(int(length))
    if symmetric:
        assert lengths == ({1} if update == "sequential" else {1, 2})
    else:
        assert max(lengths) > 2


def test_the_energy_and_what_a_flip_costs_are_those_of_symmetric_couplings():
    J = random_couplings(9, True)
    memory = CouplingMemory(J)
    states = np.array(list(itertools.product([-1, 1], repeat=9)))
    energies = -0.5 * np.einsum("ni,ij,nj->n", states, J, states)
    np.testing.assert_allclose(memory.energy(states), energies, atol=1e-13)
    np.testing.assert_allclose(memory.local_fields(states), states @ J.T, atol=1e-13)
    assert memory.energy(states[3]) == memory.energy(states)[3]
    assert exact.log_partition(memory, 0.3) == pytest.approx(np.logaddexp.reduce(-0.3 * energies))
    run = sample(memory, 0.3, 4000, n_replicas=4, warmup=50, seed=1)
    mean = run.summary().energy
    assert abs(mean.value * 9 - exact.mean_energy(memory, 0.3)) < 4 * mean.error * 9


@pytest.mark.parametrize("update", ["sequential", "random"])
def test_the_heat_bath_of_symmetric_couplings_is_that_of_boltzmann(update):
    J, beta = random_couplings(6, True, 3), 0.5
    memory = CouplingMemory(J)
    states = np.array(list(itertools.product([-1, 1], repeat=6)))
    weights = np.exp(-beta * memory.energy(states))
    weights /= weights.sum()
    n = 40_000
    found = memory.recall(np.ones((n, 6)), update, beta=beta, max_sweeps=40, seed=2).states
    numbers = ((found > 0) @ (1 << np.arange(6)[::-1])).astype(int)
    counts = np.bincount(numbers, minlength=64)
    chi_square = ((counts - n * weights) ** 2 / (n * weights)).sum()
    assert abs(chi_square - 63) < 5 * np.sqrt(2 * 63)


def test_asymmetric_couplings_have_no_energy_and_say_so():
    memory = CouplingMemory(random_couplings(8, False))
    for call in (
        lambda: memory.energy(np.ones(8)),
        memory.structure,
        lambda: sample(memory, 1.0, 5),
        lambda: spinglass.temper(memory, [0.5, 1.0], 5),
        lambda: spinglass.anneal(memory, 5),
        lambda: exact.log_partition(memory),
    ):
        with pytest.raises((TypeError, ValueError), match="symmetric"):
            call()
    assert np.isnan(memory.recall(np.ones(8)).energy)


def test_couplings_that_are_symmetric_up_to_rounding_are_made_so():
    J = random_couplings(8, True)
    J[2, 5] *= 1 + 2e-16
    assert CouplingMemory(J).is_symmetric
    J[2, 5] *= 1 + 1e-10
    assert not CouplingMemory(J).is_symmetric


def test_without_patterns_there_is_nothing_to_compare_with():
    memory = CouplingMemory(random_couplings(8, True))
    assert (memory.patterns, memory.n_patterns, memory.load) == (None, 0, 0.0)
    one, many = memory.recall(np.ones(8)), memory.recall(np.ones((3, 8)))
    assert (one.pattern, one.best_pattern) == (-1, -1)
    assert np.isnan([one.overlap, one.start_overlap, one.best_overlap]).all()
    assert many.pattern.tolist() == [-1, -1, -1]
    for call in (lambda: memory.overlaps(np.ones(8)), memory.stable_patterns):
        with pytest.raises(ValueError, match="patterns must be given to compare states"):
            call()


def test_clamped_spins_stay_and_threads_do_not_matter():
    patterns = spinglass.random_patterns(5, 60, seed=1)
    memory = rules.diluted(patterns, 0.5, symmetric=False, seed=2)
    starts = spinglass.corrupt(patterns, 0.3, seed=3)
    held = np.arange(60) % 3 == 0
    for beta in (np.inf, 2.0):
        options = {"beta": beta, "max_sweeps": 9, "clamp": held, "seed": 4}
        one, many = (memory.recall(starts, num_threads=k, **options) for k in (1, 3))
        np.testing.assert_array_equal(one.states, many.states)
        np.testing.assert_array_equal(one.states[:, held], starts[:, held])


def test_a_memory_survives_pickling_and_prints_what_it_is():
    memory = rules.hebb(spinglass.random_patterns(3, 20, seed=1))
    again = pickle.loads(pickle.dumps(memory))
    np.testing.assert_array_equal(again.couplings(), memory.couplings())
    assert again.patterns == memory.patterns
    assert repr(again) == "CouplingMemory(<symmetric couplings of 20 spins>, <3 patterns>)"
    asymmetric = CouplingMemory(random_couplings(4, False))
    assert repr(asymmetric) == "CouplingMemory(<asymmetric couplings of 4 spins>)"


def test_ctrl_c_keeps_the_states_that_are_finished():
    def stop(done, total):
        if done:
            raise KeyboardInterrupt

    memory = rules.hebb(Patterns.random(20, 400, seed=1))
    with pytest.raises(Interrupted) as caught:
        memory.recall(np.ones((300, 400)), beta=1.0, progress=stop)
    assert 0 < len(caught.value.result.states) < 300


@pytest.mark.parametrize(
    ("couplings", "patterns", "message"),
    [
        (np.ones((2, 3)), None, r"couplings must have shape \(n_spins, n_spins\), got \(2, 3\)"),
        (np.eye(3), None, "couplings must have a zero diagonal, got 1 at"),
        ([[0, np.inf], [1, 0]], None, "couplings must be finite, got inf"),
        (np.zeros((3, 3)), [[1, 1]], "patterns must have 3 spins, as the couplings, got 2"),
    ],
)
def test_what_makes_no_memory_is_named(couplings, patterns, message):
    with pytest.raises(ValueError, match=message):
        CouplingMemory(couplings, patterns)


def test_zero_couplings_leave_every_state_alone():
    states = spinglass.random_patterns(4, 7, seed=1)
    found = CouplingMemory(np.zeros((7, 7))).recall(states)
    np.testing.assert_array_equal(found.states, states)
    assert found.converged.all()


@pytest.mark.parametrize(
    ("n_patterns", "n_spins"), [(2, 30), (2, 121), (4, 120), (4, 121), (6, 121)]
)
def test_ties_of_hebbs_rule_are_those_of_the_network_without_a_matrix(n_patterns, n_spins):
    patterns = spinglass.random_patterns(n_patterns, n_spins, seed=1)
    starts = spinglass.random_patterns(200, n_spins, seed=2).copy()
    network, memory = spinglass.Hopfield(patterns), spinglass.rules.hebb(patterns)
    assert (network.local_fields(starts) == 0).any()
    for update in ("sequential", "random"):
        found, expected = (x.recall(starts, update, seed=3) for x in (memory, network))
        np.testing.assert_array_equal(found.states, expected.states)
        np.testing.assert_array_equal(found.flips, expected.flips)
