"""A number with its standard error, and how the two are written: -0.70451(3)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

__all__ = ["Estimate", "format_estimate"]


@dataclass(frozen=True)
class Estimate:
    """A value with its standard error; printed as `format_estimate` writes it.

    Attributes
    ----------
    value : float
        The estimate.
    error : float
        Its standard error; NaN if it is not known.

    Examples
    --------
    >>> print(Estimate(-0.704512, 0.000031))
    -0.70451(3)
    """

    value: float
    error: float = math.nan

    def __str__(self) -> str:
        return format_estimate(self.value, self.error)


def format_estimate(value: float, error: float) -> str:
    """Write a value with its standard error in parentheses, in units of the last digit.

    The error has one digit, or two if the first is 1, where rounding to one would change it by up
    to a third. Numbers of 10^6 and more, or below 10^-4, are written with a power of ten.

    Parameters
    ----------
    value, error : float
        The value and its standard error >= 0. If the error is NaN (not known), 0 or infinite, the
        value has six digits and the error is written as ``?``, ``0`` or ``inf``. An error below
        the last digit of a float is written as ``0`` behind all its digits.

    Returns
    -------
    str
        Such as ``"-0.70451(3)"``, ``"12.3(1.5)"`` or ``"1.234(5)e-10"``.

    Examples
    --------
    >>> format_estimate(12.345, 1.5), format_estimate(1234.5, 60), format_estimate(3e8, 2e6)
    ('12.3(1.5)', '1230(60)', '3.00(2)e+08')
    >>> format_estimate(0.5, float("nan")), format_estimate(-2.0, 0.0)
    ('0.5(?)', '-2(0)')
    """
    value, error = float(value), float(error)
    if not math.isfinite(value):
        return str(value)
    if math.isnan(error) or error < 0.0:
        return f"{value:.6g}(?)"
    if math.isinf(error) or error == 0.0:
        return f"{value:.6g}({error:g})"
    if error < 1e-16 * abs(value):
        return f"{value!r}(0)"
    rounded = Decimal(f"{error:.0e}")
    if Decimal(f"{error:.1e}") < 2 * Decimal(1).scaleb(Decimal(f"{error:.1e}").adjusted()):
        rounded = Decimal(f"{error:.1e}")
    number = Decimal(value)
    size = max(number.copy_abs(), rounded).adjusted()
    power = size if size >= 6 or size < -4 else 0
    number, rounded = number.scaleb(-power), rounded.scaleb(-power)
    suffix = f"e{power:+03d}" if power else ""
    last = int(rounded.as_tuple().exponent)  # the place of the last digit of the error
    places = max(-last, 0)
    number = round(number.scaleb(-last)) * Decimal(1).scaleb(last)
    if rounded >= 1 or last >= 0:  # an error with a point of its own: 12.3(1.5)
        inside = f"{rounded:.{places}f}"
    else:
        inside = str(int(rounded.scaleb(-last)))
    return f"{number:.{places}f}({inside}){suffix}"
