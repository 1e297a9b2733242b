"""A number with its standard error, and how the two are written: -0.70451(3)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass._arguments import real_array, shown
from spinglass._printed import printed

__all__ = ["Estimate", "format_estimate"]


@printed
@dataclass(frozen=True, eq=False)
class Estimate:
    """A value with its standard error; printed as `format_estimate` writes it.

    It is the number ``value`` to ``float``, ``int``, ``round`` and NumPy and where it is compared
    with numbers; two estimates are equal if value and error are. It unpacks as ``value, error``,
    and keeps its error, to first order, in ``abs``, sums, differences, products and quotients with
    constants, and constant powers (``estimate**0.5`` is the root). What two estimates make has an
    error that depends on how they are correlated, and is refused. Functions of NumPy (``np.sqrt``),
    ``//``, ``%`` and powers of a constant are not there: they take ``estimate.value``.

    Attributes
    ----------
    value : float, or numpy.ndarray of several estimates
        The estimate.
    error : float, or numpy.ndarray
        Its standard error; NaN if it is not known.

    Examples
    --------
    >>> energy = Estimate(-0.704512, 0.000031)
    >>> print(energy, 2 * energy + 1, f"{energy:.3e}")
    -0.70451(3) -0.40902(6) -7.045e-01+/-3.100e-05
    >>> value, error = energy
    >>> value == float(energy)
    True
    >>> print(Estimate.of([energy, -energy]).value)
    [-0.704512  0.704512]
    """

    value: Any
    error: Any = math.nan

    def __post_init__(self) -> None:
        for name in ("value", "error"):
            real_array(getattr(self, name), name)

    # An array times an estimate is an estimate: NumPy leaves it to us.
    __array_ufunc__ = None

    @classmethod
    def of(cls, estimates: Iterable[Estimate]) -> Estimate:
        """Return several as one, of an array of values and an array of errors.

        Raises
        ------
        TypeError
            If they are no estimates.
        """
        given = list(estimates) if isinstance(estimates, list | tuple) else []
        if not given or not all(isinstance(one, Estimate) for one in given):
            raise TypeError(f"estimates must be several of type Estimate, got {shown(estimates)}")
        pairs = [tuple(one) for one in given]
        return cls(np.array([value for value, _ in pairs]), np.array([error for _, error in pairs]))

    def __str__(self) -> str:
        if np.ndim(self.value):
            pairs = zip(np.ravel(self.value), np.ravel(self.error), strict=True)
            return f"[{', '.join(format_estimate(*pair) for pair in pairs)}]"
        return format_estimate(self.value, self.error)

    def __format__(self, spec: str) -> str:
        if spec[-1:] in tuple("eEfFgGn"):  # that of a number
            if np.ndim(self.value):
                pairs = zip(np.ravel(self.value), np.ravel(self.error), strict=True)
                return f"[{', '.join(format(Estimate(*pair), spec) for pair in pairs)}]"
            return f"{float(self):{spec}}+/-{float(self.error):{spec}}"
        return format(str(self), spec)

    def __float__(self) -> float:
        return float(self.value)

    def __int__(self) -> int:
        return int(self.value)

    def __round__(self, ndigits: int | None = None) -> Any:
        return round(self.value, ndigits)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.value, dtype=dtype)

    def __iter__(self) -> Iterator[Any]:
        return iter((self.value, self.error))

    def __neg__(self) -> Estimate:
        return Estimate(-self.value, self.error)

    def __pos__(self) -> Estimate:
        return self

    def __abs__(self) -> Estimate:
        return Estimate(abs(self.value), self.error)

    def __add__(self, other: Any) -> Estimate:
        value = self.value + _constant(other)
        return Estimate(
            value, self.error + np.zeros(np.shape(value)) if np.ndim(value) else self.error
        )

    __radd__ = __add__

    def __sub__(self, other: Any) -> Estimate:
        return self.__add__(-_constant(other))

    def __rsub__(self, other: Any) -> Estimate:
        return (-self).__add__(other)

    def __mul__(self, other: Any) -> Estimate:
        constant = _constant(other)
        return Estimate(self.value * constant, self.error * abs(constant))

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Estimate:
        constant = _constant(other)
        return Estimate(self.value / constant, self.error / abs(constant))

    def __rtruediv__(self, other: Any) -> Estimate:
        value = _constant(other) / self.value
        return Estimate(value, self.error * abs(value / self.value))

    def __pow__(self, other: Any) -> Estimate:
        power = _constant(other)
        with np.errstate(divide="ignore", invalid="ignore"):  # at zero the slope may be infinite
            slope = np.abs(power * np.float_power(self.value, np.subtract(power, 1.0)))
        error = self.error * np.where(np.equal(power, 0.0), 0.0, slope)
        return Estimate(self.value**power, error if np.ndim(error) else float(error))

    def __eq__(self, other: Any) -> Any:
        if isinstance(other, Estimate):
            unknown = np.isnan(self.error) & np.isnan(other.error)
            same = np.equal(self.value, other.value) & (np.equal(self.error, other.error) | unknown)
            return same if np.ndim(same) else bool(same)
        try:
            return self.value == _constant(other)
        except (TypeError, ValueError):  # no number
            return NotImplemented

    def __hash__(self) -> int:
        return hash(self.value)  # that of a number, which may be equal

    def __lt__(self, other: Any) -> Any:
        return self.value < _value(other)

    def __le__(self, other: Any) -> Any:
        return self.value <= _value(other)

    def __gt__(self, other: Any) -> Any:
        return self.value > _value(other)

    def __ge__(self, other: Any) -> Any:
        return self.value >= _value(other)


def _value(other: Any) -> Any:
    return other.value if isinstance(other, Estimate) else _constant(other)


def _constant(other: Any) -> Any:
    """Return a number or an array of numbers, or say why it is none."""
    if isinstance(other, Estimate):
        raise TypeError(
            "two estimates may be correlated, and the error of what they make is then not known "
            "from theirs: combine value and error (math.hypot of errors if they are independent)"
        )
    array = real_array(other, "an operand of an Estimate")
    return array if array.ndim else array.item()


def _number(value: Any, name: str) -> float:
    array = real_array(value, name)
    if array.ndim:
        raise TypeError(f"{name} must be a number, got an array of shape {array.shape}")
    return float(array)


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
    value, error = _number(value, "value"), _number(error, "error")
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
