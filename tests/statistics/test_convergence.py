"""R-hat and effective sample sizes: those of ArviZ, and true where the truth is known."""

import math

import numpy as np
import pytest

from correlated import autoregressive
from spinglass import SquareLattice, sample
from spinglass.statistics import effective_sample_size, rhat

METHODS = ("bulk", "tail", "mean")
RNG = np.random.default_rng
SERIES = {
    "independent": lambda shape: RNG(1).normal(size=shape),
    "slow": lambda shape: autoregressive(5.0, shape, seed=2),
    "alternating": lambda shape: autoregressive(0.2, shape, seed=3),
    "apart": lambda shape: RNG(4).normal(size=shape) + np.arange(shape[0])[:, None],
    "of different widths": lambda shape: (
        RNG(5).normal(size=shape) * (1 + np.arange(shape[0]))[:, None]
    ),
    "drifting": lambda shape: RNG(6).normal(size=shape).cumsum(axis=1),
    "heavy-tailed": lambda shape: RNG(7).standard_cauchy(size=shape),
    "discrete": lambda shape: np.round(2 * RNG(8).normal(size=shape)),
}


@pytest.mark.parametrize("name", SERIES)
@pytest.mark.parametrize("shape", [(2, 20), (3, 21), (4, 250), (8, 1001)])
def test_arviz_has_the_same_numbers(name, shape):
    arviz = pytest.importorskip("arviz_stats.base").array_stats
    series, axes = SERIES[name](shape), {"chain_axis": 0, "draw_axis": 1}
    # The same sums in another order.
    assert rhat(series) == pytest.approx(arviz.rhat(series, **axes), rel=1e-10)
    for method in METHODS:
        tails = {"prob": (0.05, 0.95)} if method == "tail" else {}
        theirs = arviz.ess(series, method=method, **axes, **tails)
        assert effective_sample_size(series, method) == pytest.approx(theirs, rel=1e-10)


@pytest.mark.parametrize("tau", [0.5, 2.0, 20.0])
def test_the_effective_sample_size_of_a_known_memory_is_known(tau):
    # The relative error of tau with a window W is sqrt((4 W + 2) / N); Geyer's is at most about
    # 8 tau here, and four such errors are allowed.
    series = autoregressive(tau, (4, 50_000), seed=9)
    allowed = 4 * math.sqrt((4 * 8 * tau + 2) / series.size)
    for method in ("bulk", "mean"):
        found = effective_sample_size(series, method)
        assert found == pytest.approx(series.size / (2 * tau), rel=allowed)


def test_replicas_that_differ_in_place_or_in_width_have_a_large_rhat():
    shape = (4, 1000)
    assert rhat(SERIES["independent"](shape)) < 1.01
    for name in ("apart", "of different widths", "drifting"):
        assert rhat(SERIES[name](shape)) > 1.1
    # Halves of a single replica tell of a drift as well. Where they agree, R - 1 is
    # (x - 1) / 10,000 for two halves of 5000, x chi-square distributed with one degree of freedom.
    assert rhat(RNG(1).normal(size=10_000)) < 1.002
    assert rhat(RNG(1).normal(size=10_000) + np.linspace(0, 3, 10_000)) > 1.1


def test_rows_of_a_run_are_replicas():
    run = sample(SquareLattice(8), 0.3, 400, n_replicas=4, warmup=50, seed=1)
    assert 0.99 < rhat(run.energy) < 1.05
    assert 4 < effective_sample_size(run.energy) <= 2 * run.energy.size
    stacked = run.energy.reshape(2, 2, 400)
    assert rhat(stacked) == rhat(run.energy)


@pytest.mark.parametrize("series", [np.ones((3, 50)), np.zeros((2, 3)), [1.0, 2.0, 3.0]])
def test_what_says_nothing_has_no_number(series):
    assert math.isnan(rhat(series))
    assert all(math.isnan(effective_sample_size(series, method)) for method in METHODS)


def test_replicas_that_are_stuck_apart_are_infinitely_far():
    stuck = np.repeat([[0.0], [1.0], [3.0]], 20, axis=1)
    assert rhat(stuck) == math.inf


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="series must hold finite numbers, got nan"):
        rhat([[1.0, math.nan]])
    with pytest.raises(ValueError, match='method must be "bulk", "tail" or "mean", got'):
        effective_sample_size([1.0, 2.0, 3.0, 4.0], "median")
