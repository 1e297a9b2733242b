"""Overlaps of states with patterns do not overflow, whatever the states are kept in."""

import numpy as np
import pytest

import spinglass
from spinglass import experiments, overlaps

PATTERNS = spinglass.random_patterns(5, 300, seed=1)
RNG = np.random.default_rng(2)


def exactly(states, patterns):
    return np.asarray(states, dtype=np.int64) @ np.asarray(patterns, dtype=np.int64).T / 300


@pytest.mark.parametrize("shape", [(), (7,), (2, 3), (2, 3, 4)])
@pytest.mark.parametrize("patterns", [PATTERNS, PATTERNS[0], PATTERNS[:1]])
def test_overlaps_are_the_sums_of_integers_over_n(shape, patterns):
    states = spinglass.to_spins(RNG.integers(0, 2, (*shape, 300)))
    found = overlaps(states, patterns)
    np.testing.assert_array_equal(found, exactly(states, patterns))
    assert np.shape(found) == shape + patterns.shape[:-1]
    assert np.asarray(found).dtype == np.float64
    assert isinstance(found, float) == (not np.shape(found))
    for kind in (np.int64, np.float32):
        np.testing.assert_array_equal(overlaps(states.astype(kind), patterns.tolist()), found)


@pytest.mark.parametrize("n", [127, 128, 256, 512, 70_000])
def test_equal_states_have_the_overlap_one_where_bytes_overflow(n):
    up = np.ones(n, dtype=np.int8)
    assert overlaps(up, up) == 1.0
    assert overlaps([up, -up], up).tolist() == [1.0, -1.0]


def test_packed_patterns_and_networks_agree():
    packed = spinglass.Patterns.from_array(PATTERNS)
    states = spinglass.corrupt(PATTERNS, 0.2, seed=3)
    expected = spinglass.Hopfield(packed).overlaps(states)
    np.testing.assert_array_equal(overlaps(states, packed), expected)


def test_many_states_are_taken_piece_by_piece(monkeypatch):
    states = spinglass.to_spins(RNG.integers(0, 2, (50, 300)))
    whole = overlaps(states, PATTERNS)
    module = spinglass.models.pattern_overlaps
    monkeypatch.setattr(module, "_SPINS_AT_A_TIME", 1000)
    np.testing.assert_array_equal(overlaps(states, PATTERNS), whole)


def test_every_result_with_states_compares_them_with_patterns():
    network = spinglass.Hopfield(PATTERNS)
    run = spinglass.sample(network, 1.0, 3, 4, seed=1, keep_states=True)
    ladder = spinglass.temper(network, [0.5, 1.0], 3, 4, seed=1)
    found = spinglass.anneal(network, n_sweeps=5, n_replicas=4, seed=1)
    starts = spinglass.corrupt(PATTERNS, 0.1, seed=1)
    recalled, descended = network.recall(starts), spinglass.descend(network, starts)
    for result, states in (
        (run, run.final_states),
        (ladder, ladder.final_states),
        (found, found.best_states),
        (recalled, recalled.states),
        (descended, descended.states),
        (network.recall(starts[0]), recalled.states[0]),
    ):
        for patterns in (PATTERNS, PATTERNS[2], network.patterns):
            np.testing.assert_array_equal(result.overlaps_with(patterns), exactly(states, patterns))
        assert "overflow" in type(result).overlaps_with.__doc__
        assert "overflow" in type(result).__doc__ or isinstance(result, spinglass.TemperedRun)
    assert overlaps(run.states, PATTERNS).shape == (4, 3, 5)


def test_minima_of_a_landscape_are_compared_with_patterns():
    patterns = spinglass.random_patterns(2, 9, seed=4)
    found = experiments.landscape(spinglass.Hopfield(patterns))
    expected = found.spins.astype(int) @ patterns.T.astype(int) / 9
    np.testing.assert_array_equal(found.overlaps_with(patterns), expected)


@pytest.mark.parametrize(
    ("states", "patterns", "message"),
    [
        (np.ones(3), np.ones(4), r"states must have shape \(4,\) or \(n_states, 4\), got \(3,\)"),
        (np.zeros(4), np.ones(4), "states must hold only -1 and .*; to_spins turns bits"),
        (np.ones(4), np.full(4, 2), "patterns must hold only -1 and"),
        (np.ones(4), 1, r"patterns must have shape \(n_spins,\) or \(n_patterns, n_spins\)"),
        (np.ones(4), np.ones((2, 2, 4)), "patterns must have shape"),
        (np.ones(0), np.ones(0), "patterns must have shape"),
    ],
)
def test_what_is_no_state_or_pattern_is_refused(states, patterns, message):
    with pytest.raises(ValueError, match=message):
        overlaps(states, patterns)
