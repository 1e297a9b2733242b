"""Values at infinite size: planted laws are found, and the interval covers other forms of law."""

import math

import numpy as np
import pytest

from spinglass.experiments.retrieval_capacity.finite_size import HalfPoint, extrapolate
from spinglass.statistics import finite_size_fit

SIZES = np.array([8.0, 16.0, 32.0, 64.0, 128.0])


@pytest.mark.parametrize("limit", [-0.44, 0.0, 3.0])
@pytest.mark.parametrize("exponent", [0.5, 1.0, 2.5])
@pytest.mark.parametrize("sign", [-1, 1])
def test_a_planted_law_is_found_whatever_its_sign_and_limit(limit, exponent, sign):
    values = limit + sign * 0.3 * (SIZES / SIZES[0]) ** -exponent
    fit = finite_size_fit(SIZES, values, np.full(5, 1e-4), exponents=(0.2, 3.0))
    # Exponents are tried 1e-4 apart: half a step moves the limit by 0.3 ln(16) 5e-5 at most.
    assert fit.value == pytest.approx(limit, abs=5e-5)
    assert fit.exponent == pytest.approx(exponent, abs=1e-4)
    assert sign * fit.amplitude > 0
    assert fit.interval[0] < limit < fit.interval[1]


@pytest.mark.parametrize(("sign", "approach"), [(1, None), (1, "above"), (-1, "below")])
@pytest.mark.parametrize("powers", [{1.0: 0.1}, {0.5: 0.08, 1.0: 0.05}, {0.5: 0.1, 2.0: -0.08}])
def test_the_interval_covers_the_limit_over_forms_of_law(powers, sign, approach):
    rng, n_scans, limit, errors = np.random.default_rng(2), 60, 0.44, np.full(5, 3e-4)
    truth = limit + sign * sum(A * (SIZES / 8) ** -x for x, A in powers.items())
    covered = 0
    for _ in range(n_scans):
        values = truth + errors * rng.normal(size=5)
        low, high = finite_size_fit(SIZES, values, errors, approach=approach).interval
        covered += low < limit < high
    # At 95 %, and a binomial share of 60 lies 3.5 of its standard deviations below once in 4000.
    assert covered / n_scans > 0.95 - 3.5 * math.sqrt(0.95 * 0.05 / n_scans)


def test_the_order_of_the_sizes_does_not_matter_and_a_missing_value_is_left_out():
    values = 1 + 0.3 / SIZES
    fit = finite_size_fit(SIZES, values, np.full(5, 1e-4))
    turned = finite_size_fit(
        [256.0, *SIZES[::-1]], [math.nan, *values[::-1]], [math.nan, *np.full(5, 1e-4)]
    )
    assert turned == fit
    assert fit.sizes == tuple(SIZES)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_fewer_than_three_sizes_have_no_limit(count):
    fit = finite_size_fit(SIZES[:count], np.ones(count), np.ones(count))
    assert np.isnan([fit.value, fit.error, *fit.interval]).all()
    assert "cannot be known from fewer than three" in fit.note
    assert fit.note in " ".join(str(fit).split())


def test_values_off_the_law_are_said_to_be_off():
    fit = finite_size_fit(SIZES, [1.0, 1.1, 0.9, 1.2, 1.0], np.full(5, 1e-3))
    assert "the values do not follow one power law" in fit.note


def test_the_critical_load_is_this_fit_of_the_half_points():
    points = [HalfPoint(n, 0.138 + 0.8 * n**-0.5, 1e-4 + n * 1e-9) for n in (8000, 1000, 2000, 500)]
    columns = zip(*[(p.n_spins, p.value, p.error) for p in points], strict=True)
    fit, alpha_c = finite_size_fit(*map(list, columns), approach="above"), extrapolate(points)
    assert alpha_c.n_spins == fit.sizes
    for name in ("value", "error", "interval", "exponent", "exponent_error", "exponent_spread",
                 "amplitude", "residuals", "chi_square", "note"):  # fmt: skip
        assert getattr(alpha_c, name) == getattr(fit, name)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"sizes": SIZES[1:]}, ValueError, "sizes, values and errors must have one length"),
        ({"sizes": [8, 16, 16, 32, 64]}, ValueError, "sizes must all be different"),
        ({"sizes": [0, 1, 2, 3, 4]}, ValueError, "sizes must be finite, and 1e-06 to 1e"),
        ({"errors": np.zeros(5)}, ValueError, "errors must be finite, and 1e-50 to 1e"),
        ({"values": [1, 2, 3, 4, math.inf]}, ValueError, "values must be finite"),
        ({"exponents": (1.0, 0.5)}, ValueError, "exponents must ascend within 0.01 and 10"),
        ({"exponents": 1.0}, TypeError, "exponents must be two numbers"),
        ({"approach": "left"}, ValueError, 'approach must be "above" or "below"'),
    ],
)
def test_bad_arguments_are_named(changed, error, message):
    given = {"sizes": SIZES, "values": 1 / SIZES, "errors": np.full(5, 0.1)}
    with pytest.raises(error, match=message):
        finite_size_fit(**given | changed)
