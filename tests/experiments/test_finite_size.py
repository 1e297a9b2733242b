"""Half-points and alpha_c against what was planted."""

import math
import re

import numpy as np
import pytest
from scipy.special import ndtr

from spinglass.experiments.retrieval_capacity.finite_size import HalfPoint, extrapolate, half_point

SIZES = (1000, 2000, 4000, 8000)


def planted_trials(rng, half, width, n_instances, n_starts=4, correlation=0.0):
    """Draw kept counts an instance; starts of one instance share a normal shift.

    Marginally each trial is kept with probability Phi((sqrt(half) - sqrt(load)) / width).
    """
    grid = (math.sqrt(half) + width * np.linspace(-2.4, 2.6, 12)) ** 2
    load = np.repeat(grid, n_instances)
    shift = rng.normal(size=len(load)) * math.sqrt(correlation)
    distance = (math.sqrt(half) - np.sqrt(load)) / width
    kept = rng.binomial(n_starts, ndtr((distance + shift) / math.sqrt(1 - correlation)))
    return load, kept, np.full(len(load), n_starts)


def planted_points(rng, alpha, amplitude, exponent, n_instances=500):
    points = []
    for n in SIZES:
        half, width = alpha + amplitude * n**-exponent, 0.73 * n**-0.5
        trials = planted_trials(rng, half, width, round(n_instances * 1000 / n), correlation=0.02)
        points.append(half_point(n, *trials, seed=int(rng.integers(2**32)), n_bootstrap=200))
    return points


def share_within(count, expected=0.683, sigmas=3.5):
    """Half the range in which a binomial share of ``count`` trials lies, ``sigmas`` wide."""
    return sigmas * math.sqrt(expected * (1 - expected) / count)


# ---- half-points -------------------------------------------------------------------------------


@pytest.mark.parametrize("correlation", [0.0, 0.5])
def test_half_point_errors_cover_the_planted_value_though_starts_share_their_instance(correlation):
    rng = np.random.default_rng(1)
    n_scans, half = 200, 0.1573
    covered = []
    for k in range(n_scans):
        trials = planted_trials(rng, half, 0.0163, 40, correlation=correlation)
        point = half_point(2000, *trials, seed=k, n_bootstrap=200)
        covered.append(abs(point.value - half) < point.error)
    assert abs(np.mean(covered) - 0.683) < share_within(n_scans)


def test_shared_instances_widen_the_error():
    rng = np.random.default_rng(2)
    alone, shared = (
        half_point(2000, *planted_trials(rng, 0.157, 0.016, 60, n_starts=20, correlation=c)).error
        for c in (0.0, 0.5)
    )
    # At the half-point 20 starts correlated by rho in the normal shift have a design effect
    # 1 + 19 * (2/pi) asin(rho) = 7.3 for rho = 0.5: an error 2.7 times larger. Half of it is
    # far beyond the noise of the two estimates (a few per cent each).
    assert shared > 1.35 * alone


def test_fitted_curve_passes_through_one_half_at_the_half_point():
    point = half_point(1000, *planted_trials(np.random.default_rng(3), 0.16, 0.023, 50))
    assert point.probability(point.value) == pytest.approx(0.5)
    assert point.probability(0.10) > 0.95 > 0.05 > point.probability(0.25)


def test_the_same_seed_gives_the_same_half_point():
    trials = planted_trials(np.random.default_rng(4), 0.16, 0.023, 30)
    assert half_point(1000, *trials, seed=7) == half_point(1000, *trials, seed=7)
    assert half_point(1000, *trials, seed=7).error != half_point(1000, *trials, seed=8).error


def test_a_step_is_known_to_lie_in_its_gap():
    point = half_point(1000, [0.1, 0.12, 0.16, 0.18], [9, 9, 0, 0], [9, 9, 9, 9])
    assert point.value == pytest.approx(0.14)
    assert point.error == pytest.approx(0.04 / math.sqrt(12))


def test_one_mixed_load_still_has_an_error():
    point = half_point(1000, [0.1, 0.14, 0.18], [9, 4, 0], [9, 9, 9])
    assert 0.12 < point.value < 0.16
    assert 1e-4 < point.error < 0.04


@pytest.mark.parametrize(
    ("load", "kept", "reason"),
    [
        ([], [], "no trial was finished"),
        ([0.1], [5], "a single load"),
        ([0.1, 0.12], [9, 9], "every trial kept its memory.*above the largest load, 0.12"),
        ([0.2, 0.22], [0, 0], "no trial kept its memory.*below the smallest load, 0.2"),
        ([0.1, 0.12, 0.14] * 9, [9, 8, 7] * 9, "most trials keep.*above the largest load, 0.14"),
        ([0.2, 0.22, 0.24] * 9, [3, 2, 1] * 9, "most trials lose.*below the smallest load, 0.2"),
        ([0.1, 0.2] * 9, [2, 7] * 9, "does not clearly fall"),
    ],
)
def test_a_half_point_that_is_not_bracketed_is_nan_and_says_why(load, kept, reason):
    point = half_point(1000, load, kept, [9] * len(load))
    assert math.isnan(point.value)
    assert math.isnan(point.error)

    assert re.search(reason, point.reason), point.reason


# ---- the law -----------------------------------------------------------------------------------


@pytest.mark.parametrize("alpha", [0.10, 0.137906, 0.16])
@pytest.mark.parametrize("exponent", [1 / 3, 1 / 2, 1.0])
def test_a_planted_law_is_recovered_wherever_alpha_c_lies(alpha, exponent):
    amplitude = 0.02 * 1000**exponent
    fit = extrapolate([HalfPoint(n, alpha + amplitude * n**-exponent, 1e-4) for n in SIZES])
    # Exponents are tried 1e-4 apart. |d alpha_c / dx| < A N^(-x) ln N < 0.02 ln 8000 = 0.18, so
    # half a step in x is at most 1e-5 in alpha_c.
    assert fit.value == pytest.approx(alpha, abs=1e-5)
    assert fit.exponent == pytest.approx(exponent, abs=1e-4)
    assert max(map(abs, fit.residuals)) < 1e-6
    assert fit.interval[0] < alpha < fit.interval[1]


def test_errors_of_alpha_c_and_the_exponent_cover_what_was_planted():
    rng = np.random.default_rng(5)
    n_scans, alpha, exponent = 200, 0.1415, 0.53
    fits = [extrapolate(planted_points(rng, alpha, 0.85, exponent)) for _ in range(n_scans)]
    within = np.mean([abs(fit.value - alpha) < fit.error for fit in fits])
    assert abs(within - 0.683) < share_within(n_scans)
    within = np.mean([abs(fit.exponent - exponent) < fit.exponent_error for fit in fits])
    assert abs(within - 0.683) < share_within(n_scans)
    # The quoted error is the scatter: a standard deviation of 200 is known to 5 %, and three
    # times that, with the skewness of alpha_c on top, is 25 %.
    scatter = np.std([fit.value for fit in fits])
    assert np.median([fit.error for fit in fits]) == pytest.approx(scatter, rel=0.25)


LONG = (2000, 4000, 10_000, 30_000, 100_000)
LONG_ERRORS = np.array([7, 5, 4, 5, 9]) * 1e-5
# Powers of N, and what they add to the half-point of the smallest size, as large as measured.
FORMS = [
    {1 / 2: 0.019}, {0.38: 0.019}, {1 / 4: 0.019}, {1 / 2: 0.017, 1: 0.002},
    {1 / 3: 0.0125, 1: 0.0065}, {1 / 3: 0.0065, 2 / 3: 0.0125}, {1 / 4: 0.0107, 0.85: 0.0083},
    {0.2: 0.0102, 0.8: 0.0088}, {1 / 3: 0.009, 1 / 2: 0.007, 1: 0.003},
]  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("sizes", "errors"), [(LONG, LONG_ERRORS), (SIZES, np.full(4, 2.8e-4))])
def test_the_interval_covers_what_was_planted_whatever_the_form_of_the_law(form, sizes, errors):
    rng, n_scans, alpha = np.random.default_rng(6), 100, 0.137906
    u = np.array(sizes) / sizes[0]
    truth = alpha + sum(amplitude * u**-x for x, amplitude in form.items())
    covered = 0
    for _ in range(n_scans):
        half = truth + errors * rng.normal(size=len(u))
        low, high = extrapolate(
            [HalfPoint(*p) for p in zip(sizes, half, errors, strict=True)]
        ).interval
        covered += low < alpha < high
    # At 95 %, and a binomial share of 100 lies 3.5 of its standard deviations below once in 4000.
    assert covered / n_scans > 0.95 - share_within(n_scans, 0.95)


def test_the_half_points_of_larger_sizes_narrow_the_interval():
    intervals = [
        extrapolate([HalfPoint(n, 0.14 + 0.85 * n**-0.52, 1e-4) for n in sizes]).interval
        for sizes in (SIZES[:3], SIZES, (*SIZES, 30_000, 100_000))
    ]
    widths = [high - low for low, high in intervals]
    assert widths[0] > widths[1] > widths[2] > 2e-4


def test_half_points_off_the_law_are_said_to_be_off():
    values = (0.164, 0.157, 0.157, 0.148)
    fit = extrapolate([HalfPoint(n, v, 1e-4) for n, v in zip(SIZES, values, strict=True)])
    assert "do not follow one power law" in fit.note
    assert fit.chi_square > 100


def test_three_sizes_leave_no_test_of_the_law():
    fit = extrapolate([HalfPoint(n, 0.14 + 0.85 * n**-0.52, 1e-4) for n in SIZES[:3]])
    assert fit.value == pytest.approx(0.14, abs=1e-4)
    assert "nothing to test a law with" in fit.note


@pytest.mark.parametrize("count", [0, 1, 2])
def test_fewer_than_three_half_points_give_no_alpha_c_and_say_so(count):
    points = [HalfPoint(n, 0.164, 1e-4) for n in (1000, 4000)[:count]]
    fit = extrapolate([*points, HalfPoint(2000, math.nan, math.nan)])
    assert np.isnan([fit.value, fit.error, *fit.interval, fit.exponent_spread]).all()
    assert "cannot be known from fewer than three" in fit.note


def test_a_half_point_that_is_missing_does_not_enter():
    points = [HalfPoint(n, 0.14 + 0.85 * n**-0.52, 1e-4) for n in SIZES]
    fit = extrapolate([*points, HalfPoint(16000, math.nan, math.nan, reason="not bracketed")])
    assert fit == extrapolate(points)
