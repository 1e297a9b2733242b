"""Second-moment correlation lengths: errors by the rules of summaries, of rows and of pairs."""

import numpy as np
import pytest
from scipy.stats import binom

from spinglass.statistics import correlation_length, jackknife


def pairs_of(rows):
    """The products of every two rows: (n_replicas, n) to (n_pairs, n)."""
    first, second = np.triu_indices(len(rows), 1)
    return rows[first] * rows[second]


@pytest.mark.parametrize("of_pairs", [False, True])
def test_replicas_in_different_valleys_have_the_error_of_their_spread(of_pairs):
    # Each replica is stuck at its own S(0), around 4: a series in time knows nothing of the error.
    rng = np.random.default_rng(1)
    trials, outside, of_time = 400, 0, 0
    for _ in range(trials):
        stuck = 2.0 + rng.normal(size=(8, 1)) / 10
        amplitudes = stuck + rng.normal(size=(8, 200)) / 100
        zero = pairs_of(amplitudes) if of_pairs else amplitudes + 2.0
        smallest = 1.0 + rng.normal(size=zero.shape) / 100
        found = correlation_length(zero, smallest, 1.0, 8, of_pairs)
        outside += abs(found.value - np.sqrt(3)) > 2 * found.error
        value, error = jackknife(
            lambda a, b: np.sqrt(a / b - 1), zero.mean(axis=0), smallest.mean(axis=0)
        )
        of_time += abs(value - np.sqrt(3)) > 2 * error
    # xi is a bent function of S(0): of a spread of 2.5 % this moves the share by less than 1 %.
    assert outside <= binom.isf(1e-4, trials, 0.0455 + 0.01)
    assert of_time > trials / 2


def test_replicas_that_agree_have_the_error_of_time():
    # S is exponential: xi^2 + 1 = S(0) / S(k), whose relative variance is 2 / n.
    rng = np.random.default_rng(2)
    trials, n = 200, 4000
    found = [
        correlation_length(*rng.exponential([[[5.0]], [[1.0]]], size=(2, 4, n // 4)), 1.0)
        for _ in range(trials)
    ]
    true = 5.0 / (2 * 2.0) * np.sqrt(2 / n)
    # Windows of 4000 numbers know an error to 4 %, blocks of 16 to 7 %; Student's t adds 2 %.
    assert np.mean([one.error for one in found]) == pytest.approx(true, rel=0.05)
    deviations = [(one.value - 2.0) / one.error for one in found]
    assert np.std(deviations) == pytest.approx(1, abs=5 / np.sqrt(2 * trials))


def test_a_wider_window_counts_the_tail_of_a_slower_series():
    rng = np.random.default_rng(3)
    slow = np.repeat(rng.normal(size=(4, 50)), 40, axis=1) / 10
    zero, smallest = 5 + slow + rng.normal(size=(4, 2000)), 1 + rng.normal(size=(4, 2000)) / 10
    errors = [correlation_length(zero, smallest, 1.0, window=w).error for w in (1, 100)]
    assert errors[1] > errors[0]


def test_what_never_changed_has_no_error_and_no_correlations_no_length():
    constant = np.full((4, 100), 5.0)
    assert np.isnan(correlation_length(constant, constant / 5, 1.0).error)
    assert correlation_length(constant, constant / 5, 1.0).value == pytest.approx(2.0)
    moving = 1 + np.random.default_rng(4).random((4, 100))
    assert np.isnan(tuple(correlation_length(moving, 2 * moving, 1.0))).all()
    # One of both moves: its error is that of the length.
    assert correlation_length(5 * moving, np.ones((4, 100)), 1.0).error > 0


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((np.ones((3, 9)), np.ones((3, 8)), 1.0), ValueError, "at_smallest must have the shape"),
        ((np.ones((3, 9)), np.ones((3, 9)), 0.0), ValueError, "momentum must be positive"),
        (
            (np.ones((3, 9)), np.ones((3, 9)), 1.0, 4),
            ValueError,
            "at_zero must have a row for each",
        ),
        ((np.ones((4, 9)), np.ones((4, 9)), 1.0, 3, True), ValueError, "each pair of 3 replicas"),
        ((np.ones((3, 9)), np.ones((3, 9)), 1.0, None, True), TypeError, "n_replicas"),
        ((np.ones((3, 9)), np.ones((3, 9)), 1.0, 3, True, 0), ValueError, "window"),
        ((np.full((3, 9), np.inf), np.ones((3, 9)), 1.0), ValueError, "at_zero must hold finite"),
    ],
)
def test_what_are_no_structure_factors_is_named(arguments, error, message):
    with pytest.raises(error, match=message):
        correlation_length(*arguments)
