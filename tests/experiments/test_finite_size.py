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


def test_the_spread_covers_both_customary_exponents_where_both_fit():
    half = [0.14 + 0.6 * n**-0.42 for n in SIZES]
    fit = extrapolate([HalfPoint(n, h, 1e-3) for n, h in zip(SIZES, half, strict=True)])
    third, square = (np.polyfit(np.array(SIZES) ** -x, half, 1)[1] for x in (1 / 3, 1 / 2))
    assert square - third > 0.002
    assert fit.exponent_spread >= (square - third) / 2
    assert "the half-points do not fix the exponent" in fit.note


def test_half_points_off_the_law_are_said_to_be_off():
    values = (0.164, 0.157, 0.157, 0.148)
    fit = extrapolate([HalfPoint(n, v, 1e-4) for n, v in zip(SIZES, values, strict=True)])
    assert "do not follow one power law" in fit.note
    assert fit.chi_square > 100


def test_three_sizes_leave_no_test_of_the_law():
    fit = extrapolate([HalfPoint(n, 0.14 + 0.85 * n**-0.52, 1e-4) for n in SIZES[:3]])
    assert fit.value == pytest.approx(0.14, abs=1e-4)
    assert "nothing to test the law with" in fit.note


def test_two_sizes_give_the_middle_of_the_customary_exponents_and_their_distance():
    points = [HalfPoint(n, v, 1e-4) for n, v in ((1000, 0.164), (4000, 0.152))]
    fit = extrapolate(points)

    def extrapolated(x):
        return 0.152 - (0.164 - 0.152) / (1000**-x - 4000**-x) * 4000**-x

    third, half = extrapolated(1 / 3), extrapolated(1 / 2)
    assert fit.value == pytest.approx((third + half) / 2)
    assert fit.exponent_spread == pytest.approx((half - third) / 2)
    assert math.isnan(fit.exponent)
    assert "two sizes cannot tell the exponent" in fit.note


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_half_points_give_no_alpha_c_and_say_so(count):
    points = [HalfPoint(1000, 0.164, 1e-4)] * count + [HalfPoint(2000, math.nan, math.nan)]
    fit = extrapolate(points)
    assert math.isnan(fit.value)
    assert math.isnan(fit.error)
    assert "nothing to extrapolate" in fit.note


def test_a_half_point_that_is_missing_does_not_enter():
    points = [HalfPoint(n, 0.14 + 0.85 * n**-0.52, 1e-4) for n in SIZES]
    fit = extrapolate([*points, HalfPoint(16000, math.nan, math.nan, reason="not bracketed")])
    assert fit == extrapolate(points)
