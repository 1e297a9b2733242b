"""Memories of low activity: against the definition in units, and against theory."""

import itertools
import pickle

import numpy as np
import pytest
from scipy.stats import norm

import spinglass
from spinglass import Interrupted, SparseHopfield, exact, theory


def units(n_patterns, n_units, activity, seed=1):
    return (np.random.default_rng(seed).random((n_patterns, n_units)) < activity).astype(int)


def couplings(patterns):
    f, N = patterns.mean(), patterns.shape[1]
    J = (patterns - f).T @ (patterns - f) / (N * f * (1 - f))
    np.fill_diagonal(J, 0)
    return J


def turned_off(patterns, share, seed):
    """Return patterns with a share of the active units silent and as many others active."""
    random = np.random.default_rng(seed)
    states = patterns.copy()
    for state in states:
        active, silent = np.flatnonzero(state), np.flatnonzero(state == 0)
        k = round(share * len(active))
        state[random.choice(active, k, replace=False)] = 0
        state[random.choice(silent, k, replace=False)] = 1
    return states


def test_couplings_energies_fields_and_overlaps_are_those_of_the_definition():
    patterns, theta = units(4, 9, 0.3), 0.35
    memory, J, f = SparseHopfield(patterns, theta), couplings(patterns), patterns.mean()
    states = np.array(list(itertools.product([0, 1], repeat=9)))
    energies = -0.5 * np.einsum("ni,ij,nj->n", states, J, states) + theta * states.sum(axis=1)
    np.testing.assert_allclose(memory.couplings(), J, atol=1e-14)
    np.testing.assert_allclose(memory.energy(states), energies, atol=1e-12)
    np.testing.assert_allclose(memory.local_fields(states), states @ J, atol=1e-12)
    overlaps = states @ (patterns - f).T / (9 * f * (1 - f))
    np.testing.assert_allclose(memory.overlaps(states), overlaps, atol=1e-13)
    assert memory.energy(states[77]) == memory.energy(states)[77]
    assert memory.activity == pytest.approx(f)
    assert (memory.patterns == patterns).all()
    assert exact.log_partition(memory, 0.7) == pytest.approx(np.logaddexp.reduce(-0.7 * energies))


@pytest.mark.parametrize("update", ["sequential", "synchronous"])
def test_a_recall_is_that_of_units_above_the_threshold(update):
    patterns = units(30, 80, 0.2)
    memory, J = SparseHopfield(patterns), couplings(patterns)
    theta = memory.threshold
    starts = turned_off(patterns, 0.3, 2)
    found = memory.recall(starts, update, max_sweeps=4)
    for start, end in zip(starts, found.states, strict=True):
        state = start.copy()
        for _ in range(4):
            seen = state.copy() if update == "synchronous" else state
            for i in range(80):
                field = J[i] @ seen
                state[i] = state[i] if field == theta else field > theta
        assert (state == end).all()
    np.testing.assert_allclose(found.energy, memory.energy(found.states), rtol=1e-12)
    np.testing.assert_allclose(found.best_overlap, memory.overlaps(found.states).max(axis=1))
    rows = np.arange(30)
    np.testing.assert_allclose(found.overlap, memory.overlaps(found.states)[rows, found.pattern])
    np.testing.assert_allclose(found.start_overlap, memory.overlaps(starts).max(axis=1))
    assert found.activity == pytest.approx(found.states.mean(axis=1))
    one = memory.recall(starts[3], update, max_sweeps=4)
    assert (one.states == found.states[3]).all()
    assert (one.overlap, one.energy, one.flips) == (
        found.overlap[3], found.energy[3], found.flips[3],
    )  # fmt: skip


def test_the_heat_bath_of_units_is_that_of_boltzmann():
    memory, beta, n = SparseHopfield(units(3, 6, 0.4, 3), 0.2), 0.8, 40_000
    states = np.array(list(itertools.product([0, 1], repeat=6)))
    weights = np.exp(-beta * memory.energy(states))
    weights /= weights.sum()
    found = memory.recall(np.ones((n, 6)), beta=beta, max_sweeps=40, seed=2).states
    counts = np.bincount(found @ (1 << np.arange(6)[::-1]), minlength=64)
    chi_square = ((counts - n * weights) ** 2 / (n * weights)).sum()
    assert abs(chi_square - 63) < 5 * np.sqrt(2 * 63)


def of_equal_activity(n_patterns, n_units, activity, seed=1):
    order = np.random.default_rng(seed).random((n_patterns, n_units)).argsort(axis=1)
    return (order < round(activity * n_units)).astype(int)


def overlap_of_theory(load, f):
    """Return m where the threshold is the best one, from the equations of the module."""
    theta = theory.memories.optimal_threshold(load, f)
    m, sigma, C = 1.0, 0.1, 0.0
    for _ in range(2000):
        x_1, x_0 = (theta - (1 - f) * m) / sigma, (theta + f * m) / sigma
        on, wrong = norm.sf([x_1, x_0])
        C = (f * norm.pdf(x_1) + (1 - f) * norm.pdf(x_0)) / sigma
        m, sigma = on - wrong, np.sqrt(load * (f * on + (1 - f) * wrong)) / (1 - C)
    return m


@pytest.mark.parametrize("share", [0.5, 0.8])
def test_patterns_of_low_activity_come_back_with_the_overlap_of_theory(share):
    f, N = 0.05, 1000
    critical = theory.memories.critical_load("low-activity", activity=f)
    assert critical > 6 * theory.memories.critical_load("hebb")
    patterns = of_equal_activity(round(share * critical * N), N, f)
    found = SparseHopfield(patterns).recall(turned_off(patterns[:100], 0.1, 2))
    # The noise differs from pattern to pattern, and by some 1/sqrt(f N) in a network of this size.
    error = found.overlap.std() / np.sqrt(100)
    expected = overlap_of_theory(share * critical, f)
    assert abs(found.overlap.mean() - expected) < 4 * error + 0.01
    lost = of_equal_activity(round(2 * critical * N), N, f)
    found = SparseHopfield(lost).recall(turned_off(lost[:100], 0.1, 2))
    assert found.overlap.mean() < 0.7


def test_the_optimal_threshold_is_better_than_others():
    patterns = units(600, 1000, 0.05)
    best = SparseHopfield(patterns)
    assert best.threshold == theory.memories.optimal_threshold(0.6, best.activity)
    starts = turned_off(patterns[:200], 0.1, 2)
    there, low, high = (
        SparseHopfield(patterns, theta).recall(starts).overlap.mean()
        for theta in (best.threshold, best.threshold - 0.15, best.threshold + 0.15)
    )
    assert there > max(low, high)


def test_no_memory_at_the_threshold_of_theory_has_a_larger_overlap_at_that_load():
    """Search all pairs of thresholds on a grid for the largest overlap at a load."""
    for f, load in ((0.5, 0.06), (0.1, 0.35), (0.01, 2.0)):
        x_1 = np.linspace(-5, 1, 1201)[:, None]
        width = np.linspace(0.5, 12, 2401)
        H_1, H_0 = norm.sf(x_1), norm.sf(x_1 + width)
        sigma = (H_1 - H_0) / width
        C = (f * norm.pdf(x_1) + (1 - f) * norm.pdf(x_1 + width)) / sigma
        loads = np.where(C < 1, sigma * (1 - C), 0) ** 2 / (f * H_1 + (1 - f) * H_0)
        overlap = np.where(loads >= load, H_1 - H_0, 0)
        k, j = np.unravel_index(overlap.argmax(), overlap.shape)
        theta = sigma[k, j] * x_1[k, 0] + (1 - f) * overlap[k, j]
        assert theory.memories.optimal_threshold(load, f) == pytest.approx(theta, abs=0.01)


def test_the_threshold_is_in_the_middle_for_few_patterns_and_critical_for_many():
    for f in (0.5, 0.1, 1e-3):
        critical = theory.memories.critical_load("low-activity", activity=f)
        few, near, at, many = (
            theory.memories.optimal_threshold(x * critical, f) for x in (1e-5, 1 - 1e-6, 1, 10)
        )
        assert few == pytest.approx(0.5 - f, abs=1e-9)
        assert near == pytest.approx(at, abs=1e-3)
        assert at == many


def test_a_memory_survives_pickling_threads_and_ctrl_c():
    patterns = units(20, 60, 0.2)
    memory = SparseHopfield(patterns)
    again = pickle.loads(pickle.dumps(memory))
    assert again.energy(patterns[0]) == memory.energy(patterns[0])
    assert again.threshold == memory.threshold
    assert repr(memory).startswith("SparseHopfield(n_patterns=20, n_units=60, activity=0.")
    one, many = (
        memory.recall(patterns, "random", beta=3.0, max_sweeps=9, seed=1, num_threads=k)
        for k in (1, 3)
    )
    np.testing.assert_array_equal(one.states, many.states)
    held = np.arange(60) % 3 == 0
    kept = memory.recall(patterns, beta=0.1, max_sweeps=5, clamp=held, seed=1).states
    np.testing.assert_array_equal(kept[:, held], patterns[:, held])

    def stop(done, total):
        if done:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted) as caught:
        SparseHopfield(units(20, 400, 0.2)).recall(np.ones((300, 400)), beta=1.0, progress=stop)
    result = caught.value.result
    assert 0 < len(result.states) == len(result.overlap) < 300


@pytest.mark.parametrize(
    ("patterns", "threshold", "message"),
    [
        ([[1, -1]], 0.1, "patterns01 must hold only 0 and 1, got -1; to_bits"),
        ([[1, 1]], 0.1, "patterns01 must have active and silent units, got all 1"),
        ([1, 0], 0.1, r"patterns01 must have shape \(n_patterns, n_units\), got \(2,\)"),
        ([[1, 1, 0]], "optimal", "patterns01 must have at most half of their units active"),
        ([[1, 0, 0]], "best", "threshold must be \"optimal\" or a number, got 'best'"),
        ([[1, 0, 0]], np.nan, "threshold must be a number, got nan"),
    ],
)
def test_what_makes_no_memory_is_named(patterns, threshold, message):
    with pytest.raises(ValueError, match=message):
        SparseHopfield(patterns, threshold)


def test_bad_states_are_named():
    memory = SparseHopfield([[1, 0, 0]])
    with pytest.raises(ValueError, match=r"states01 must have shape \(3,\) or \(n_states, 3\)"):
        memory.recall([1, 0])
    with pytest.raises(ValueError, match="states01 must hold only 0 and 1, got 2"):
        memory.energy([1, 0, 2])


@pytest.mark.parametrize(("load", "activity"), [(0, 0.1), (-1, 0.1), (0.1, 0), (0.1, 0.6)])
def test_loads_and_activities_out_of_range_are_named(load, activity):
    with pytest.raises(ValueError, match=r"(load|activity) must be"):
        theory.memories.optimal_threshold(load, activity)


def test_fields_of_a_coupling_memory_act_as_those_of_ising():
    J = spinglass.rules.hebb(spinglass.random_patterns(3, 8, seed=1)).couplings()
    h = np.arange(8) / 9
    memory, model = spinglass.CouplingMemory(J, fields=h), spinglass.Ising(J, h)
    states = np.array(list(itertools.product([-1, 1], repeat=8)))
    np.testing.assert_allclose(memory.energy(states), model.energy(states), atol=1e-13)
    np.testing.assert_allclose(memory.local_fields(states), model.local_fields(states), atol=1e-13)
    assert exact.log_partition(memory, 0.5) == pytest.approx(exact.log_partition(model, 0.5))
    again = pickle.loads(pickle.dumps(memory))
    np.testing.assert_array_equal(again.fields, h)
    assert again.energy(states[5]) == memory.energy(states[5])
    fixed = memory.recall(states).states
    assert (memory.local_fields(fixed) * fixed > -1e-12).all()
    with pytest.raises(ValueError, match=r"fields must have shape \(8,\)"):
        spinglass.CouplingMemory(J, fields=[1.0])
