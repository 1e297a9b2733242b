"""A value and its error, written in parentheses."""

import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import spinglass
from spinglass.statistics import Estimate, format_estimate


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (-0.704512, 0.000031, "-0.70451(3)"),
        (0.1234, 0.0195, "0.123(19)"),
        (0.1234, 0.0199, "0.12(2)"),
        (9.9996, 0.00096, "10.000(1)"),
        (12.345, 1.5, "12.3(1.5)"),
        (12.345, 3.0, "12(3)"),
        (1234.5, 60, "1230(60)"),
        (1.0, 10.4, "1(10)"),
        (3e8, 2e6, "3.00(2)e+08"),
        (1.23456e-10, 5e-13, "1.235(5)e-10"),
        (0.0, 0.01, "0.000(10)"),
        (5, 3e7, "0(3)e+07"),
        (-2.0, 0.0, "-2(0)"),
        (0.5, math.nan, "0.5(?)"),
        (1.0, math.inf, "1(inf)"),
        (math.nan, 0.1, "nan"),
        (-math.inf, math.nan, "-inf"),
        (np.float64(0.25), np.float64(0.03), "0.25(3)"),
    ],
)
def test_a_value_is_written_with_its_error_in_parentheses(value, error, text):
    assert format_estimate(value, error) == text
    assert str(Estimate(value, error)) == text


@given(
    value=st.floats(-1e8, 1e8) | st.floats(-1e-3, 1e-3) | st.floats(allow_nan=False),
    error=st.floats(1e-300, 1e300) | st.floats(1e-6, 1e4),
)
def test_what_is_written_is_the_value_within_a_third_of_the_error(value, error):
    text = format_estimate(value, error)
    if not math.isfinite(value):
        assert text == str(value)
        return
    if error < 1e-16 * abs(value):
        assert text == f"{value!r}(0)"
        return
    number, _, rest = text.partition("(")
    inside, _, power = rest.partition(")")
    written = float(number + power)
    places = len(number.partition(".")[2])
    scale = 1.0 if "." in inside or places == 0 else 10.0**-places
    spelled = float(inside) * scale * float("1" + power if power else 1)
    # Rounding the error to a digit of 2 or more moves it by a quarter at most, to half a unit in
    # the last place; the value by half of a unit, a quarter of the error.
    assert spelled == pytest.approx(error, rel=0.26, abs=1e-320)
    assert written == pytest.approx(value, rel=1e-12, abs=0.34 * error)


E = Estimate(-2.0, 0.5)


def test_an_estimate_is_a_number_with_an_error():
    value, error = E
    assert (value, error) == (-2.0, 0.5)
    assert float(E) == -2.0
    assert math.isnan(Estimate(1.0).error)
    assert np.asarray(E) == -2.0
    assert np.array([E, E]).tolist() == [-2.0, -2.0]
    assert E < 0 < Estimate(1.0)
    assert E <= -2 <= Estimate(-2)
    assert E > -3
    assert abs(E - -1.0) < 3 * E.error
    assert Estimate(-2.0, 0.5) == E
    assert len({E, Estimate(-2.0, 0.5)}) == 1


@pytest.mark.parametrize("three", [3, 3.0, np.float64(3), np.float32(3), np.int64(3), True + 2])
def test_constants_carry_the_error_along(three):
    for found, value, error in (
        (E + three, 1.0, 0.5),
        (three + E, 1.0, 0.5),
        (E - three, -5.0, 0.5),
        (three - E, 5.0, 0.5),
        (E * three, -6.0, 1.5),
        (-three * E, 6.0, 1.5),
        (E / -three, 2 / 3, 0.5 / 3),
        (three / E, -1.5, 3 * 0.5 / 4),
        (-E, 2.0, 0.5),
        (+E, -2.0, 0.5),
        (abs(E), 2.0, 0.5),
    ):
        assert isinstance(found, Estimate)
        assert (found.value, found.error) == pytest.approx((value, error), rel=1e-15)
    with pytest.raises(ZeroDivisionError):
        E / 0


def test_a_format_is_that_of_the_value_and_of_the_error():
    assert f"{Estimate(-0.704512, 0.00031):.4f}" == "-0.7045+/-0.0003"
    assert f"{E:.1e}" == "-2.0e+00+/-5.0e-01"
    assert f"{E}" == str(E) == "-2.0(5)"
    assert f"{E:>10}" == "   -2.0(5)"
    assert f"{E:.3f}" == "-2.000+/-0.500"


def test_an_estimate_equals_the_number_it_is():
    two = Estimate(2.0, 0.1)
    assert two == 2.0 == two
    assert two != 3
    assert two != Estimate(2.0, 0.2)
    assert Estimate(1.0) == Estimate(1.0, float("nan"))
    assert two != "2"
    assert two is not None
    assert {two: 1}[2.0] == 1
    assert (np.arange(3) == two).tolist() == [False, False, True]
    assert (Estimate.of([two, E]) == 2.0).tolist() == [True, False]
    assert (Estimate.of([two, E]) == Estimate.of([two, two])).tolist() == [True, False]


def test_numbers_and_powers_of_an_estimate():
    assert (int(Estimate(2.7, 0.1)), round(Estimate(2.7, 0.1))) == (2, 3)
    assert round(Estimate(2.718, 0.1), 2) == 2.72
    for power, error in ((2, 0.4), (0.5, 0.1 / 2 / 2**0.5), (-1, 0.1 / 4), (0, 0.0)):
        found = Estimate(2.0, 0.1) ** power
        assert (found.value, found.error) == pytest.approx((2.0**power, error), rel=1e-14)
    many = Estimate.of([E, Estimate(3.0, 0.1)]) ** 2
    assert many.value.tolist() == [4.0, 9.0]
    assert many.error == pytest.approx([2.0, 0.6], rel=1e-14)
    assert (Estimate(0.0, 0.1) ** 0.5).error == math.inf
    assert (Estimate(0.0, 0.1) ** 0).error == 0.0
    with pytest.raises(TypeError, match="may be correlated"):
        E**E


def test_a_format_of_many_is_that_of_each():
    many = Estimate.of([E, Estimate(1.0, 0.25)])
    assert f"{many:.2f}" == "[-2.00+/-0.50, 1.00+/-0.25]"


def test_what_two_estimates_make_has_no_known_error():
    for make in (
        lambda: E + E, lambda: E - E, lambda: E * E, lambda: E / E, lambda: sum([E, E]),
    ):  # fmt: skip
        with pytest.raises(TypeError, match="may be correlated"):
            make()
    for other in ("1", None, 1j, [1, "a"]):
        with pytest.raises(TypeError, match="operand of an Estimate must hold real numbers"):
            E * other
    with pytest.raises(TypeError):
        np.exp(E)


def test_arrays_of_estimates_have_arrays_of_values_and_errors():
    many = Estimate.of([E, Estimate(1.0, 0.25)])
    assert many.value.tolist() == [-2.0, 1.0]
    assert many.error.tolist() == [0.5, 0.25]
    values, errors = 2 * many + 1
    assert values.tolist() == [-3.0, 3.0]
    assert errors.tolist() == [1.0, 0.5]
    for found in (E * np.array([1.0, -2.0]), np.array([1.0, -2.0]) * E):
        assert found.value.tolist() == [-2.0, 4.0]
        assert found.error.tolist() == [0.5, 1.0]
    shifted = np.array([1.0, 2.0]) + E
    assert shifted.value.tolist() == [-1.0, 0.0]
    assert shifted.error.tolist() == [0.5, 0.5]
    assert str(many) == f"[{E}, {Estimate(1.0, 0.25)}]"
    assert np.asarray(many).tolist() == [-2.0, 1.0]


def test_summaries_of_a_ladder_have_arrays():
    run = spinglass.temper(spinglass.SquareLattice(4), [0.1, 0.2, 0.3], 200, seed=1)
    summaries = run.summary()
    assert summaries.beta.tolist() == [0.1, 0.2, 0.3]
    assert summaries.energy.value.tolist() == [x.energy.value for x in summaries]
    assert summaries.energy.error.tolist() == [x.energy.error for x in summaries]
    assert summaries.tau_energy.shape == (3,)
    with pytest.raises(AttributeError, match="no attribute 'heat'"):
        summaries.heat  # noqa: B018
    assert len(pickle.loads(pickle.dumps(summaries))) == 3
