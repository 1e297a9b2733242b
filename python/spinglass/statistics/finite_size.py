r"""Values at finite sizes, extrapolated to infinite size, with the effect of the assumed law.

A value that is measured at sizes N approaches its limit as a sum of powers of N. The law of one
power,

    value(N) = limit + A N^(-x),

is fitted with limit, A and x together. It is seldom known that the correction is one power, and the
limit depends on its form more than on the noise. So beside the error that holds if it is one power,
there is the interval of the limit over every law

    value(N) = limit + A N^(-x) + B N^(-y)

that the values do not reject, including laws of one power. Of two powers the slower one, x, leads:
its sign is that of the approach, if the approach is known.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy  # its submodules load when first used: --help does not wait for them
from numpy.typing import ArrayLike

from spinglass import _arguments
from spinglass._printed import printed
from spinglass.statistics.correlation import Floats
from spinglass.statistics.estimate import format_estimate

__all__ = ["FiniteSizeFit", "finite_size_fit"]

EXPONENTS = (0.1, 1.5)
"""Bounds of the exponent: below, N^(-x) is a constant over any range of N that can be run."""
_MOST = 10.0
_SMALLEST = 0.01
_STEP_OF_ONE, _STEP_OF_TWO = 1e-4, 0.05  # exponents of laws of one and of two powers
_NOT_REJECTED = 3.84  # chi-square, one degree of freedom, 95 %
_SIGNS = {"above": 1.0, "below": -1.0}
# What all sums of the fit are doubles for, with every power of a size.
_SIZES, _NUMBERS = (1e-6, 1e9), (1e-50, 1e50)
_EQUAL = 1e-6  # of a size: two that are nearer are one


@printed
@dataclass(frozen=True)
class FiniteSizeFit:
    """A value at infinite size: the limit of the law value(N) = limit + A N^(-x).

    Quote ``interval`` unless the correction is known to be one power of N.

    Attributes
    ----------
    interval : tuple of float
        Lower and upper end of the limit over all laws of one and two powers that the values do not
        reject at 95 %.
    value, error : float
        The limit, and half the width of its 68 % interval if the law is one power. It includes the
        uncertainty of the exponent, but not that of the form. NaN for fewer than three sizes.
    exponent, exponent_error : float
        x, and half the width of its 68 % interval within the bounds.
    exponent_spread : float
        Half the range of the limit over every exponent that the values do not reject at 95 %. It is
        the effect of the choice of an exponent. Do not add it to ``error`` in quadrature.
    amplitude : float
        A.
    sizes, residuals : tuple of float
        The sizes in the fit, and value minus law at each of them.
    chi_square : float
        Sum of the squared residuals in units of their errors. The degrees of freedom are the number
        of sizes minus three.
    note : str
        A remark on this fit.

    Examples
    --------
    >>> from spinglass.statistics import finite_size_fit
    >>> fit = finite_size_fit([8, 16, 32, 64], [1.125, 1.0625, 1.03125, 1.015625], 4 * [1e-4])
    >>> round(fit.value, 4), round(fit.exponent, 2), fit.chi_square < 1e-3
    (1.0, 1.0, True)
    """

    value: float = math.nan
    error: float = math.nan
    interval: tuple[float, float] = (math.nan, math.nan)
    exponent: float = math.nan
    exponent_error: float = math.nan
    exponent_spread: float = math.nan
    amplitude: float = math.nan
    sizes: tuple[float, ...] = ()
    residuals: tuple[float, ...] = ()
    chi_square: float = math.nan
    note: str = ""

    def __str__(self) -> str:
        """Return the limit, the exponent and the residuals as a table."""
        low, high = self.interval
        lines = [
            "value(N) = limit + A N^(-x)",
            f"  limit      {format_estimate(self.value, self.error)}, if the law is one power",
            f"             {low:.6g} to {high:.6g} over forms of law",
            f"  x          {format_estimate(self.exponent, self.exponent_error)}",
            f"  A          {self.amplitude:.4g}",
            f"  chi-square {self.chi_square:.3g}, {max(len(self.sizes) - 3, 0)} degrees of freedom",
        ]
        if self.residuals:
            lines += ["", f"{'N':>12}{'value - law':>14}"]
            pairs = zip(self.sizes, self.residuals, strict=True)
            lines += [f"{size:>12g}{residual:>14.2e}" for size, residual in pairs]
        return "\n".join([*lines, *(["", f"Note: {self.note}."] if self.note else [])])


def finite_size_fit(
    sizes: ArrayLike,
    values: ArrayLike,
    errors: ArrayLike,
    *,
    exponents: tuple[float, float] = EXPONENTS,
    approach: str | None = None,
) -> FiniteSizeFit:
    """Extrapolate values at finite sizes to infinite size, by value(N) = limit + A N^(-x).

    For given exponents a law is linear, so weighted least squares gives the limit and the
    amplitudes directly. A search over the whole range of exponents finds these. The limit over
    laws of two powers has x and y between twice the bounds of ``exponents``.

    Parameters
    ----------
    sizes : array_like, (n_sizes,)
        N, or L, or what else the correction is a power of: all different, 1e-6 to 1e9.
    values, errors : array_like, (n_sizes,)
        The values and their standard errors, which are independent. A size whose value is NaN is
        left out.
    exponents : tuple of float
        The smallest and the largest exponent of one power, 0.01 to 10.
    approach : {"above", "below"}, optional
        From where the values approach the limit, if that is known: of two powers, the slower one
        then has this sign. It narrows the interval.

    Returns
    -------
    FiniteSizeFit
        Fewer than three sizes give no limit, and ``note`` says so.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> sizes = np.array([1000, 2000, 4000, 8000])
    >>> fit = finite_size_fit(sizes, 0.14 + 0.5 * sizes**-0.45, np.full(4, 1e-4))
    >>> round(fit.value, 5), round(fit.exponent, 3)
    (0.14, 0.45)
    >>> fit.interval[0] < 0.139 < 0.141 < fit.interval[1]  # another form would move it
    True
    """
    given = (("sizes", sizes), ("values", values), ("errors", errors))
    columns = [_arguments.real_array(column, name).astype(float) for name, column in given]
    shapes = [column.shape for column in columns]
    if len(set(shapes)) > 1 or len(shapes[0]) != 1:
        raise ValueError(f"sizes, values and errors must have one length, got shapes {shapes}")
    size, value, error = (column[~np.isnan(columns[1])] for column in columns)
    for name, column, smallest, largest in (
        ("sizes", size, *_SIZES),
        ("values", np.abs(value), 0.0, _NUMBERS[1]),
        ("errors", error, *_NUMBERS),
    ):
        bad = ~((smallest <= column) & (column <= largest))
        if bad.any():
            raise ValueError(
                f"{name} must be finite, and {smallest:g} to {largest:g} in size, "
                f"got {column[bad][0]}"
            )
    if (np.diff(np.sort(size)) <= _EQUAL * np.sort(size)[1:]).any():
        raise ValueError(f"sizes must all be different, got {_arguments.shown(size.tolist())}")
    bounds = _arguments.several(exponents, "exponents")
    if bounds is None or len(bounds) != 2:
        raise TypeError(f"exponents must be two numbers, got {_arguments.shown(exponents)}")
    low, high = (_arguments.finite(x, "exponents") for x in bounds)
    if not _SMALLEST <= low < high <= _MOST:
        raise ValueError(
            f"exponents must ascend within {_SMALLEST:g} and {_MOST:g}, got {low:g} and {high:g}"
        )
    sign = 0.0
    if approach is not None:
        sign = _SIGNS[_arguments.choice(approach, "approach", tuple(_SIGNS))]
    return fitted(size, value, error, (low, high), sign)


def fitted(
    size: Floats,
    measured: Floats,
    sigma: Floats,
    bounds: tuple[float, float] = EXPONENTS,
    sign: float = 0.0,
    of: str = "values",
) -> FiniteSizeFit:
    """Return the fit to valid numbers, which the note calls what ``of`` says.

    ``sign`` is that of the amplitude of the slower of two powers, 0 if it is not known.
    """
    order = np.argsort(size, kind="stable")
    size, measured, sigma = size[order], measured[order], sigma[order]
    sizes = tuple(size.tolist())
    if len(sizes) < 3:
        count = ("no size has", "one size has", "two sizes have")[len(sizes)]
        few = f"{count} a value: a limit cannot be known from fewer than three"
        return FiniteSizeFit(sizes=sizes, note=few)
    n_exponents = round((bounds[1] - bounds[0]) / _STEP_OF_ONE) + 1
    exponents = np.linspace(*bounds, n_exponents)
    value, error, amplitude, chi = _one_power(exponents, size, measured, sigma)
    k = int(chi.argmin())
    # One sigma in the limit with x free: at each x the interval that stays within chi_min + 1.
    inside = chi <= chi[k] + 1
    arm = error[inside] * np.sqrt(chi[k] + 1 - chi[inside])
    low, high = float((value[inside] - arm).min()), float((value[inside] + arm).max())
    allowed = chi <= chi[k] + _NOT_REJECTED
    law = value[k] + amplitude[k] * size ** -exponents[k]
    notes = []
    if len(sizes) == 3:
        notes.append("three sizes leave nothing to test a law with: see the interval")
    elif scipy.special.chdtrc(len(sizes) - 3, chi[k]) < 0.01:
        notes.append(
            f"the {of} do not follow one power law (chi-square {chi[k]:.1f}, "
            f"{len(sizes) - 3} degrees of freedom): the errors are too small"
        )
    if k in (0, len(exponents) - 1):
        notes.append(f"the exponent is at its bound, {exponents[k]:g}")
    ends = exponents[allowed][[0, -1]]
    if ends[0] == bounds[0] or ends[1] == bounds[1]:
        notes.append(f"the {of} do not fix the exponent: the spread is cut by its bounds")
    return FiniteSizeFit(
        value=float(value[k]),
        error=(high - low) / 2,
        interval=_over_forms(size, measured, sigma, (low, high), bounds, sign),
        exponent=float(exponents[k]),
        exponent_error=float(np.ptp(exponents[inside]) / 2),
        exponent_spread=float(np.ptp(value[allowed]) / 2),
        amplitude=float(amplitude[k]),
        sizes=sizes,
        residuals=tuple(float(r) for r in measured - law),
        chi_square=float(chi[k]),
        note="; ".join(notes),
    )


def _one_power(
    exponents: Floats, size: Floats, measured: Floats, sigma: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """Fit limit + A N^(-x) at each x: the limit, its error, A, chi-square."""
    weight = 1 / sigma**2
    u = size[None, :] ** -exponents[:, None]
    mean_u = (u @ weight / weight.sum())[:, None]
    mean = measured @ weight / weight.sum()
    variance = ((u - mean_u) ** 2) @ weight
    amplitude = ((u - mean_u) * (measured - mean)) @ weight / variance
    value = mean - amplitude * mean_u[:, 0]
    error = np.sqrt(1 / weight.sum() + mean_u[:, 0] ** 2 / variance)
    chi = ((measured - value[:, None] - amplitude[:, None] * u) ** 2) @ weight
    return value, error, amplitude, chi


def _over_forms(
    size: Floats,
    measured: Floats,
    sigma: Floats,
    one_power: tuple[float, float],
    bounds: tuple[float, float],
    sign: float,
) -> tuple[float, float]:
    """Return the range of the limit over laws of two powers that are not rejected, and of one."""
    slowest, fastest = 2 * bounds[0], 2 * bounds[1]
    grid = np.arange(slowest, fastest + _STEP_OF_TWO / 2, _STEP_OF_TWO)
    x, y = (grid[place] for place in np.triu_indices(len(grid), k=2))
    u = size / size.min()
    design = np.stack([np.ones((len(x), len(u))), u ** -x[:, None], u ** -y[:, None]], axis=2)
    design /= sigma[:, None]
    inverse = np.linalg.pinv(design)
    best = inverse @ (measured / sigma)
    chi = ((measured / sigma - np.einsum("lni,li->ln", design, best)) ** 2).sum(axis=1)
    value, error = best[:, 0], np.sqrt((inverse[:, 0] ** 2).sum(axis=1))
    leads = sign * best[:, 1] >= 0  # at large N, towards the limit
    if not leads.any():
        return one_power
    left = chi[leads].min() + _NOT_REJECTED - chi
    allowed = leads & (left >= 0)
    arm = error[allowed] * np.sqrt(left[allowed])
    low, high = (value[allowed] - arm).min(), (value[allowed] + arm).max()
    return min(float(low), one_power[0]), max(float(high), one_power[1])
