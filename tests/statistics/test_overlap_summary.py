"""Averages of overlaps: errors that allow for pairs with a common replica, and notes."""

import numpy as np
import pytest
from scipy.stats import binom

from spinglass.statistics import summarize_overlaps


def overlaps_of(fields):
    """The products of every two rows: (n_replicas, n) to (n_pairs, n)."""
    first, second = np.triu_indices(len(fields), 1)
    return fields[first] * fields[second]


@pytest.mark.parametrize("n_replicas", [3, 6])
def test_errors_allow_for_pairs_that_share_a_replica(n_replicas):
    # The mean over pairs of x_a x_b, x = 1/2 + noise / 4, has the variance of its two Hoeffding
    # terms. With independent pairs it would be 2.2 (R = 3) and 3.9 times smaller.
    rng = np.random.default_rng(1)
    n = 4000
    mean, variance = 0.5, 1 / 16
    pairs = n_replicas * (n_replicas - 1) / 2
    linear = 4 * mean**2 * variance / n_replicas
    true = np.sqrt((linear + variance**2 / pairs) / n)
    found = [
        summarize_overlaps(overlaps_of(mean + rng.normal(size=(n_replicas, n)) / 4), None,
                           n_replicas, 100, 1.0).overlap
        for _ in range(200)
    ]  # fmt: skip
    # The relative error of an error from a window of 11 of 4000 is sqrt(7 / 4000), about 4 %.
    assert np.mean([one.error for one in found]) == pytest.approx(true, rel=0.02)
    deviations = [(one.value - mean**2) / one.error for one in found]
    assert np.std(deviations) == pytest.approx(1, abs=5 / np.sqrt(400))


def test_a_jackknife_over_replicas_serves_where_few_windows_fit():
    # Each replica is stuck at its own value: series in time know nothing of the error.
    rng = np.random.default_rng(2)
    deviations = []
    for _ in range(400):
        stuck = np.repeat(0.5 + rng.normal(size=(8, 1)) / 10, 50, axis=1)
        q = overlaps_of(stuck + rng.normal(size=(8, 50)) / 50)
        found = summarize_overlaps(q, q, 8, 100, 1.0)
        assert "fewer than 50 tau" in found.note
        assert found.link_overlap == found.overlap
        deviations.append((found.overlap.value - 0.25) / found.overlap.error)
    outside = np.mean(np.abs(deviations) > 2)
    # 4.6 % of 400 with a standard deviation of 1 %.
    assert outside < 0.046 + 4 * 0.0105


def test_replicas_a_little_apart_are_noted_and_have_the_error_of_their_scatter():
    # A tenth of the variance lies between replicas: too little for the window to see. The series
    # alone would give an error 10 times too small.
    rng = np.random.default_rng(7)
    trials, deviations = 200, {"overlap": [], "absolute_overlap": [], "squared_overlap": []}
    for _ in range(trials):
        apart = 1 + rng.normal(size=(8, 1)) / 30
        q = overlaps_of(apart + rng.normal(size=(8, 1000)) / 10)
        found = summarize_overlaps(q, q, 8, 100, 1.0)
        assert "replicas disagree in |q|, q^2 and q_l" in found.note
        for name, truth in (("overlap", 1), ("absolute_overlap", 1), ("squared_overlap", None)):
            value, error = getattr(found, name)
            truth = (1 + 1 / 900 + 1 / 100) ** 2 if truth is None else truth
            deviations[name].append((value - truth) / error)
    for name, found in deviations.items():
        assert np.sum(np.abs(found) > 2) <= binom.isf(1e-4, trials, 0.0455), name


@pytest.mark.parametrize("n_replicas", [3, 4, 8])
@pytest.mark.parametrize("mean", [0.0, 0.5])
def test_replicas_that_agree_are_hardly_ever_said_to_be_apart(n_replicas, mean):
    rng = np.random.default_rng(8)
    trials = 200
    noted = 0
    for _ in range(trials):
        q = overlaps_of(mean + rng.normal(size=(n_replicas, 600)) / 4)
        noted += "disagree" in summarize_overlaps(q, None, n_replicas, 100, 1.0).note
    # |q| and q^2 at 1e-3 each.
    assert noted <= binom.isf(1e-4, trials, 2e-3)


@pytest.mark.parametrize("signs", [[1, 1, 1, -1], [1, 1, -1, -1], [1, 1, 1, 1, 1, 1, 1, -1]])
def test_pairs_in_valleys_of_both_signs_leave_the_mean_without_error(signs):
    # The average over pairs hardly moves: the distances of the pairs cancel in it.
    rng = np.random.default_rng(9)
    m = np.array(signs)[:, None] * (0.97 + rng.normal(size=(len(signs), 1000)) / 50)
    found = summarize_overlaps(overlaps_of(m), None, len(signs), 256, 0.6)
    assert np.isnan(found.overlap.error)
    assert found.tau_overlap > 100
    assert found.absolute_overlap.error < 0.001


def test_overlaps_that_never_change_have_no_error():
    found = summarize_overlaps(np.full((3, 100), 0.5), None, 3, 16, np.inf)
    assert "|q| and q^2 never changed" in found.note
    for one in (found.overlap, found.absolute_overlap, found.squared_overlap, found.binder_ratio):
        assert np.isnan(one.error)
    assert found.binder_ratio.value == 1.0
    assert "(?)" in str(found)
    zero = summarize_overlaps(np.zeros((1, 100)), None, 2, 16, 1.0)
    assert np.isnan(zero.binder_ratio.value)


def test_pairs_that_are_stuck_among_others_are_noted():
    rng = np.random.default_rng(3)
    q = rng.normal(size=(3, 500)) / 5
    q[1] = 0.75
    assert "|q| never changed in 1 of 3 pairs" in summarize_overlaps(q, None, 3, 16, 1.0).note


def test_the_sign_that_seldom_turns_leaves_the_mean_without_error():
    rng = np.random.default_rng(4)
    sign = np.repeat([1, -1, 1], 1000)
    found = summarize_overlaps([sign * (0.7 + rng.normal(size=3000) / 20)], None, 2, 100, 2.0)
    assert np.isnan(found.overlap.error)
    assert found.absolute_overlap.error < 0.01
    assert not found.note


def test_one_measurement_has_an_error_only_between_replicas():
    rng = np.random.default_rng(5)
    fields = rng.normal(size=(6, 1)) / 2
    many = summarize_overlaps(overlaps_of(fields), None, 6, 16, 1.0)
    assert many.absolute_overlap.error > 0
    two = summarize_overlaps(overlaps_of(fields[:2]), None, 2, 16, 1.0)
    assert np.isnan(two.absolute_overlap.error)
    assert two.note == "a single measurement has no error"


def test_the_table_fits_eighty_columns():
    q = np.random.default_rng(6).normal(size=(3, 300)) / 5
    lines = str(summarize_overlaps(q, q, 3, 16, 1.0)).splitlines()
    assert max(map(len, lines)) <= 80
    assert sum("<q_l>" in line for line in lines) == 1
    assert "<q_l>" not in str(summarize_overlaps(q, None, 3, 16, 1.0))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((np.zeros((3, 5)), None, 4, 16, 1.0), ValueError, "a row for each pair of 4 replicas"),
        ((np.zeros(5), None, 2, 16, 1.0), ValueError, "a row for each pair of 2 replicas"),
        ((np.zeros((1, 5)), np.zeros((1, 4)), 2, 16, 1.0), ValueError, "the shape of overlaps"),
        ((np.zeros((1, 5)), None, 1, 16, 1.0), ValueError, "n_replicas must be an integer >= 2"),
        ((np.full((1, 5), np.nan), None, 2, 16, 1.0), ValueError, "overlaps must hold finite"),
        ((np.zeros((1, 5)), None, 2, 0, 1.0), ValueError, "n_spins"),
        ((np.zeros((1, 5)), None, 2, 16, -1.0), ValueError, "beta"),
    ],
)
def test_what_is_no_set_of_pairs_is_named(arguments, error, message):
    with pytest.raises(error, match=message):
        summarize_overlaps(*arguments)
