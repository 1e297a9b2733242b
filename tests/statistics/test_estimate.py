"""A value and its error, written in parentheses."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
