"""Where two curves cross: found on curves that are known, with errors that are right."""

import numpy as np
import pytest

from spinglass.statistics import crossing


def curves(rng=None, error=0.01, count=9):
    """Two curves like Binder cumulants: they cross at beta = 0.44 and 0.61."""
    beta = np.linspace(0.42, 0.46, count)
    found = []
    for slope in (4.0, 8.0):
        x = slope * (beta - 0.44)
        value = 0.61 + x - 6 * x**2 + 20 * x**3
        noise = 0 if rng is None else rng.normal(scale=error, size=count)
        found.append((beta, value + noise, np.full(count, error)))
    return found


def test_exact_cubics_cross_where_they_do():
    found = crossing(*curves())
    assert found.beta == pytest.approx(0.44, abs=1e-7)
    assert found.height == pytest.approx(0.61, abs=1e-7)
    assert found.chi_square == pytest.approx(0, abs=1e-10)
    assert found.freedom == 2 * (9 - 4)
    assert found.reason == ""


def test_the_error_is_that_of_many_repetitions():
    rng = np.random.default_rng(1)
    found = [crossing(*curves(rng, 0.003), seed=k) for k in range(300)]
    beta = np.array([x.beta for x in found])
    scatter = beta.std(ddof=1)
    error = np.mean([x.beta_error for x in found])
    # The scatter of 300 has a relative error of 4 %, the mean error about 1 %.
    assert error == pytest.approx(scatter, rel=0.2)
    assert abs(beta.mean() - 0.44) < 5 * scatter / 300**0.5
    height = np.array([x.height for x in found])
    assert np.mean([x.height_error for x in found]) == pytest.approx(height.std(), rel=0.2)
    chi_square = np.mean([x.chi_square for x in found])
    assert abs(chi_square - 10) < 5 * (20 / 300) ** 0.5


def test_the_order_of_the_points_and_of_the_curves_does_not_matter():
    first, second = curves(np.random.default_rng(3))
    turned = tuple(column[::-1] for column in first)
    one, other = crossing(first, second, seed=2), crossing(turned, second, seed=2)
    assert one == other
    assert crossing(second, first).beta == pytest.approx(one.beta, abs=1e-12)


def test_the_same_seed_gives_the_same_error():
    pair = curves(np.random.default_rng(4))
    assert crossing(*pair, seed=1) == crossing(*pair, seed=1)
    assert crossing(*pair, seed=1).beta_error != crossing(*pair, seed=2).beta_error


def test_points_without_a_value_or_an_error_are_left_out():
    first, second = (np.array(curve) for curve in curves())
    broken = np.concatenate([first, [[0.431, 0.437], [np.nan, 5.0], [0.01, 0.0]]], axis=1)
    assert crossing(tuple(broken), tuple(second)) == crossing(tuple(first), tuple(second))


@pytest.mark.parametrize(
    ("shift", "count", "reason"),
    [
        ((0.0, 5.0), 9, "the curves do not cross"),
        ((1.0, 0.0), 9, "no range of temperatures in common"),
        ((0.0, 0.0), 1, "fewer than two temperatures"),
        ((0.0, 0.0), 0, "fewer than two temperatures"),
    ],
)
def test_where_there_is_no_crossing_the_reason_is_told(shift, count, reason):
    first, (beta, value, error) = curves()
    second = (beta + shift[0], value + shift[1], error)
    found = crossing(first, tuple(column[:count] for column in second))
    assert np.isnan([found.beta, found.beta_error, found.height]).all()
    assert reason in found.reason


def test_curves_that_noise_hides_have_no_crossing():
    beta = np.linspace(0.4, 0.5, 5)
    first = (beta, 0.5 + 1e-6 * (beta - 0.45), np.full(5, 1.0))
    second = (beta, 0.5 - 1e-6 * (beta - 0.45), np.full(5, 1.0))
    found = crossing(first, second, degree=1)
    assert "errors are larger" in found.reason or found.beta_error > 0.01


def test_what_is_no_curve_is_named():
    first, second = curves()
    with pytest.raises(TypeError, match=r"first must be three arrays \(beta, value, error\)"):
        crossing(first[:2], second)
    with pytest.raises(ValueError, match="second must be three arrays of one length"):
        crossing(first, (second[0], second[1], second[2][1:]))
    with pytest.raises(TypeError, match="second must hold real numbers"):
        crossing(first, (second[0], second[1], ["a"] * 9))
    with pytest.raises(ValueError, match=r"first must hold numbers up to 1e\+50 in size"):
        crossing((first[0], 1e60 * first[1], first[2]), second)
    with pytest.raises(ValueError, match="degree must be an integer >= 1 and at most 20, got 21"):
        crossing(first, second, degree=21)
    with pytest.raises(TypeError, match="seed must be None, an integer >= 0"):
        crossing(first, second, seed="a")
