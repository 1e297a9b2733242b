"""Autocorrelation, its time, and the standard error, of series whose memory is known."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom
from scipy.stats import t as student

from correlated import autoregressive
from spinglass import statistics


@given(
    n=st.integers(1, 40),
    replicas=st.integers(1, 4),
    seed=st.integers(0, 2**32),
)
def test_the_autocorrelation_is_the_sum_written_out(n, replicas, seed):
    x = np.random.default_rng(seed).normal(size=(replicas, n)) + 3.0
    d = x - x.mean()
    covariance = np.array(
        [np.sum(d[:, : n - t] * d[:, t:]) / (replicas * (n - t)) for t in range(n)]
    )
    expected = covariance / covariance[0] if x.size > 1 else [1.0]
    # A Fourier transform errs by a few roundings of the largest sum, divided by n - t = 1.
    np.testing.assert_allclose(statistics.autocorrelation(x), expected, atol=1e-13 * n)
    np.testing.assert_allclose(
        statistics.autocorrelation(x, max_lag=n // 2), expected[: n // 2 + 1], atol=1e-13 * n
    )


def test_replicas_in_different_states_are_correlated_at_every_lag():
    x = np.array([[-1.0] * 50, [1.0] * 50])
    np.testing.assert_allclose(statistics.autocorrelation(x), 1.0, atol=1e-12)


def test_leading_axes_are_replicas():
    x = autoregressive(3.0, (2, 3, 100), seed=1)
    rho = statistics.autocorrelation(x, 10)
    np.testing.assert_array_equal(rho, statistics.autocorrelation(x.reshape(6, 100), 10))
    assert rho.shape == (11,)


def test_many_replicas_are_transformed_in_pieces(monkeypatch):
    x = autoregressive(3.0, (50, 100), seed=1)
    whole = statistics.autocorrelation(x)
    monkeypatch.setattr("spinglass.statistics.correlation._CHUNK", 700)
    np.testing.assert_allclose(statistics.autocorrelation(x), whole, atol=1e-12)


@pytest.mark.parametrize("tau", [0.5, 2.0, 10.0, 50.0])
@pytest.mark.parametrize("replicas", [1, 5])
def test_the_autocorrelation_time_of_an_ar1_series_is_the_known_one(tau, replicas):
    n = 200_000 // replicas
    found = statistics.autocorrelation_time(autoregressive(tau, (replicas, n), seed=7))
    # Madras and Sokal: relative error sqrt((4 W + 2) / N), W = 5 tau and at least 3; the window
    # cuts off e^-5.
    error = tau * math.sqrt((4 * max(5 * tau, 3) + 2) / 200_000)
    assert found == pytest.approx(tau, abs=4.5 * error + tau * math.exp(-5))


def test_a_wider_window_takes_in_a_weak_tail():
    slow = autoregressive(200.0, 2_000_000, seed=1)
    x = autoregressive(0.5, 2_000_000, seed=2) + math.sqrt(0.05) * slow
    tau = (0.5 + 0.05 * 200.0) / 1.05  # sum of rho weighted by the variances
    # W = 100 tau: the relative error is sqrt((4 W + 2) / N) = 4.5 %.
    assert statistics.autocorrelation_time(x, window=100) == pytest.approx(tau, rel=0.25)
    assert statistics.autocorrelation_time(x, window=2) < 0.7 * tau


@pytest.mark.parametrize(
    "series",
    [
        [3.0],
        [0.1] * 7,
        [[0.1] * 3] * 5,
        np.full((2, 1), 1e300),
        [[1.0] * 9, [2.0] * 9],  # two replicas, each stuck in a state of its own
        np.full((4, 50), -1875.3) + np.linspace(0, 1e-10, 50),  # the rounding of a long sum
    ],
)
def test_a_series_that_never_changed_says_nothing_of_its_memory_and_error(series):
    assert math.isnan(statistics.autocorrelation_time(series))
    assert math.isnan(statistics.standard_error(series))
    if np.ptp(series) < 1:
        assert math.isnan(statistics.jackknife(lambda mean: mean, series)[1])


def test_replicas_of_one_measurement_are_independent():
    assert statistics.autocorrelation_time([[1.0], [2.0]]) == 0.5


def test_an_alternating_series_has_a_small_positive_time():
    x = np.tile([1.0, -1.0], 500)
    assert 0.0 < statistics.autocorrelation_time(x) < 0.01
    assert 0.0 < statistics.standard_error(x) < 0.01


def test_the_standard_error_of_few_measurements_is_defined():
    assert math.isnan(statistics.standard_error([3.0]))
    # One measurement in each of R replicas: the usual standard error of the mean.
    x = [1.0, 2.0, 4.0, 9.0]
    expected = np.std(x, ddof=1) / 2
    assert statistics.standard_error(np.array(x)[:, None]) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("replicas", "n", "tau"),
    [
        (1, 1000, 0.5),
        (1, 1000, 2.0),
        (1, 1000, 10.0),  # 100 tau: the limit of what is promised
        (1, 10000, 100.0),
        (8, 200, 5.0),
        (8, 100, 10.0),
        (8, 20, 20.0),  # no window fits: the spread of the replicas is taken
        (40, 10, 50.0),
        (4, 1000, 10.0),
    ],
)
def test_the_true_mean_is_as_often_within_the_error_as_it_should_be(replicas, n, tau):
    trials = 2000
    x = autoregressive(tau, (trials, replicas, n), seed=11)
    errors = np.array([statistics.standard_error(one) for one in x])
    deviations = np.abs(x.mean(axis=(1, 2))) / errors
    # The error squared has the relative variance 2 (2W + 1) / N, or 2 / (R - 1) of the replicas:
    # so the deviations follow Student's t of N / (2W + 1) or R - 1 degrees of freedom.
    window = max(5 * tau, 3)
    freedom = max(replicas * n / (2 * window + 1), replicas - 1)
    for width in (1.0, 2.0):
        expected = 1 - 2 * student.sf(width, freedom)
        low, high = binom.ppf([1e-4, 1 - 1e-4], trials, expected) / trials
        # 0.03: chi-square is not quite the distribution of the error squared, nor is W fixed.
        assert low - 0.03 < np.mean(deviations < width) < high + 0.03
    # In the mean of the squares the error is unbiased, up to the bias of W (Wolff 2004).
    variance = np.mean(x.mean(axis=(1, 2)) ** 2)
    noise = math.sqrt((2 + 2 / freedom) / trials)
    assert np.mean(errors**2) / variance == pytest.approx(1.0, abs=0.14 + 4 * noise)
