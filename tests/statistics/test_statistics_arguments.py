"""Bad input to statistics: a named error."""

import math

import numpy as np
import pytest

from spinglass import statistics


@pytest.mark.parametrize(
    ("series", "error", "message"),
    [
        ([], ValueError, "series must have shape"),
        (3.0, ValueError, r"series must have shape .* got shape \(\)"),
        ([1.0, math.nan], ValueError, "series must hold finite numbers, got nan"),
        (["a"], TypeError, "series must hold real numbers"),
        ([[1.0], [1.0, 2.0]], ValueError, "series must be an array of real numbers"),
    ],
)
def test_a_bad_series_is_named(series, error, message):
    for function in (
        statistics.autocorrelation,
        statistics.autocorrelation_time,
        statistics.standard_error,
        statistics.binning,
        lambda x: statistics.jackknife(np.sum, x),
    ):
        with pytest.raises(error, match=message):
            function(series)


def test_other_bad_arguments_are_named():
    x = np.arange(10.0)
    with pytest.raises(ValueError, match="max_lag must be an integer >= 0 and at most 9, got 10"):
        statistics.autocorrelation(x, max_lag=10)
    with pytest.raises(ValueError, match="window must be a positive number, got 0"):
        statistics.autocorrelation_time(x, window=0)
    with pytest.raises(TypeError, match="function must be callable"):
        statistics.jackknife(x)
    with pytest.raises(TypeError, match="series must be at least one array"):
        statistics.jackknife(np.sum)
    with pytest.raises(ValueError, match="series must all have one shape"):
        statistics.jackknife(np.add, x, x[1:])
    with pytest.raises(ValueError, match="n_blocks must be an integer >= 2"):
        statistics.jackknife(np.sin, x, n_blocks=1)
    with pytest.raises(ValueError, match="magnetization must have the shape of energy"):
        statistics.summarize(x, x[1:], 10, 1.0)
    with pytest.raises(ValueError, match="energy must hold finite numbers"):
        statistics.summarize(np.where(x > 3, np.inf, x), x, 10, 1.0)
    with pytest.raises(ValueError, match="n_spins must be an integer >= 1"):
        statistics.summarize(x, x, 0, 1.0)
    with pytest.raises(ValueError, match="beta must be >= 0"):
        statistics.summarize(x, x, 10, -1.0)
