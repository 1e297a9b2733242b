"""Binning and the jackknife, held against formulas and series whose memory is known."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from correlated import autoregressive
from spinglass import statistics


def test_binning_of_independent_numbers_is_flat():
    x = np.random.default_rng(5).normal(size=(4, 4096))
    levels = statistics.binning(x)
    np.testing.assert_array_equal(levels.block_length, 2 ** np.arange(13))
    np.testing.assert_array_equal(levels.n_blocks, 4 * 4096 // levels.block_length)
    deviation = (levels.standard_error - 1 / math.sqrt(x.size)) / levels.uncertainty
    assert np.all(np.abs(deviation[levels.n_blocks >= 64]) < 4)


def test_binning_of_an_ar1_series_rises_to_the_plateau_as_its_formula_says():
    tau, n = 10.0, 2**20
    a = (2 * tau - 1) / (2 * tau + 1)
    levels = statistics.binning(autoregressive(tau, n, seed=3))
    b = levels.block_length.astype(float)
    # Variance of a mean of b terms: (1 + a) / (1 - a) / b - 2 a (1 - a^b) / (b (1 - a))^2.
    variance = (1 + a) / (1 - a) / b - 2 * a * (1 - a**b) / (b * (1 - a)) ** 2
    expected = np.sqrt(variance * b / n)
    # Correlated blocks make fewer independent ones: their uncertainty is at most sqrt(2 tau) more.
    few = levels.n_blocks >= 64
    width = levels.uncertainty * np.sqrt(np.maximum(1, 2 * tau / b)) + 1e-12
    assert np.all((np.abs(levels.standard_error - expected) / width)[few] < 4.5)
    plateau = levels.standard_error[levels.block_length == 1024][0]
    assert statistics.standard_error(autoregressive(tau, n, seed=3)) == pytest.approx(
        plateau, rel=4.5 / math.sqrt(2 * 1024)
    )


def test_binning_leaves_out_what_does_not_fill_a_block():
    levels = statistics.binning([1.0, 2.0, 3.0, 4.0, 100.0])
    np.testing.assert_array_equal(levels.block_length, [1, 2])
    np.testing.assert_array_equal(levels.n_blocks, [5, 2])
    assert levels.standard_error[1] == pytest.approx(1.0)  # blocks 1.5 and 3.5
    assert len(statistics.binning([1.0]).block_length) == 0


def test_the_jackknife_of_a_mean_is_its_standard_error():
    x = np.random.default_rng(2).normal(size=1000)
    value, error = statistics.jackknife(lambda mean: mean, x, n_blocks=1000)
    assert value == pytest.approx(x.mean(), abs=1e-14)
    assert error == pytest.approx(x.std(ddof=1) / math.sqrt(1000), rel=1e-10)


@given(cuts=st.integers(2, 30), replicas=st.integers(1, 3), seed=st.integers(0, 2**32))
def test_the_jackknife_leaves_out_one_block_at_a_time(cuts, replicas, seed):
    n = 31
    x = np.random.default_rng(seed).normal(size=(replicas, n))
    edges = np.linspace(0, n, cuts + 1).astype(int)
    values = []
    for replica in range(replicas):
        for k in range(cuts):
            keep = np.ones((replicas, n), dtype=bool)
            keep[replica, edges[k] : edges[k + 1]] = False
            values.append((x[keep] ** 2).mean() - x[keep].mean() ** 2)
    blocks = len(values)
    value, error = statistics.jackknife(
        lambda a, b: a - b * b, x**2, x, n_blocks=blocks, bias_corrected=False
    )
    assert value == pytest.approx(x.var(), rel=1e-10)
    assert error == pytest.approx(math.sqrt((blocks - 1) * np.var(values)), rel=1e-9)


def test_the_jackknife_takes_out_the_bias_of_a_variance():
    x = np.random.default_rng(2).normal(size=50)
    value, _ = statistics.jackknife(lambda a, b: a - b * b, x**2, x, n_blocks=50)
    assert value == pytest.approx(x.var(ddof=1), rel=1e-10)


def test_the_jackknife_error_of_a_correlated_variance_is_right():
    tau, n, trials = 10.0, 4000, 500
    x = autoregressive(tau, (trials, n), seed=4)
    found = np.array([statistics.jackknife(lambda a, b: a - b * b, y**2, y) for y in x])
    # Bias-corrected: the variance, 1, up to the noise of the mean over trials.
    scatter = found[:, 0].std()
    assert found[:, 0].mean() == pytest.approx(1.0, abs=4.5 * scatter / math.sqrt(trials) + 0.002)
    # 5 % short by blocks of 10 tau, and the noise of a standard deviation of 500 numbers, 3.2 %.
    assert np.sqrt(np.mean(found[:, 1] ** 2)) == pytest.approx(scatter, rel=0.05 + 4 * 0.032)
    inside = np.mean(np.abs(found[:, 0] - 1) < found[:, 1])
    assert inside == pytest.approx(0.66, abs=0.03 + 4 * 0.021)


def test_replicas_are_the_blocks_of_short_series():
    x = autoregressive(20.0, (10, 20), seed=9)
    value, error = statistics.jackknife(lambda mean: mean, x)
    assert value == pytest.approx(x.mean())
    assert error == pytest.approx(x.mean(axis=1).std(ddof=1) / math.sqrt(10))


def test_replicas_that_never_move_are_one_block_each():
    frozen = np.repeat([[1.0], [2.0], [4.0]], 50, axis=1)
    _, error = statistics.jackknife(lambda mean: mean, frozen)
    assert error == pytest.approx(np.std([1, 2, 4], ddof=1) / math.sqrt(3))


def test_a_constant_function_has_no_error():
    assert statistics.jackknife(lambda mean: 2.0, [1.0, 2.0, 3.0, 4.0]) == (2.0, 0.0)
    value, error = statistics.jackknife(lambda mean: 2 * mean, [1.5])
    assert value == 3.0
    assert math.isnan(error)
