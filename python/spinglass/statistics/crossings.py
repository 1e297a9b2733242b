r"""The crossing of two measured curves, and its error.

Each curve is a polynomial in the inverse temperature. Least squares fits it to its points, with
weights from their errors. The crossing is where the two polynomials are equal. Its error comes from
a parametric bootstrap. The points are independent runs, so each is drawn again from a normal
distribution of its own error, and both polynomials are fitted again.

References
----------
K. Binder, Z. Phys. B 43, 119 (1981): curves of different sizes cross at the critical point.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass import _arguments
from spinglass._printed import printed
from spinglass._random import Seed, repeatable
from spinglass.statistics.correlation import Floats

__all__ = ["Crossing", "crossing"]

_DRAWS = 400
_PLACES = 1601  # where the fits are compared; between them they are straight to 1e-9
_LARGEST = 1e50  # squares of quotients of two are still doubles
_HIGHEST = 20  # degree: beyond it, no polynomial is a smooth curve through points with errors


@printed
@dataclass(frozen=True)
class Crossing:
    """Where two curves cross.

    Attributes
    ----------
    beta, beta_error : float
        The inverse temperature; NaN if no crossing was found.
    height, height_error : float
        The value at the crossing.
    chi_square, freedom : float, int
        Chi-square and degrees of freedom of both fits together.
    reason : str
        The reason why there is no crossing; empty if there is one.

    Examples
    --------
    >>> from spinglass.statistics import crossing
    >>> beta, error = [0.0, 0.5, 1.0], [0.01, 0.01, 0.01]
    >>> found = crossing((beta, [0.0, 0.5, 1.0], error), (beta, [0.5, 0.5, 0.5], error))
    >>> round(found.beta, 6), found.freedom
    (0.5, 0)
    """

    beta: float = math.nan
    beta_error: float = math.nan
    height: float = math.nan
    height_error: float = math.nan
    chi_square: float = math.nan
    freedom: int = 0
    reason: str = ""


def crossing(
    first: tuple[ArrayLike, ArrayLike, ArrayLike],
    second: tuple[ArrayLike, ArrayLike, ArrayLike],
    seed: Seed = 0,
    degree: int = 3,
) -> Crossing:
    """Return where two measured curves cross, such as the Binder cumulants of two sizes.

    Parameters
    ----------
    first, second : (beta, value, error)
        The points of each curve near the crossing, in any order: three arrays of one length. The
        points must be independent. A point that is not finite, or has no error above 0, is left
        out.
    seed : None, int, numpy.random.SeedSequence or numpy.random.Generator
        Seed of the bootstrap.
    degree : int
        Degree of the polynomials in beta, 1 to 20; lower if there are too few points.

    Returns
    -------
    Crossing
        If the curves cross several times, it is the place where they part fastest.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> beta = np.linspace(0.0, 1.0, 6)
    >>> error = np.full(6, 0.01)
    >>> found = crossing((beta, beta, error), (beta, 1 - beta, error))
    >>> round(found.beta, 6), round(found.height, 6)
    (0.5, 0.5)
    """
    curves = [_ordered(first, "first"), _ordered(second, "second")]
    degree = _arguments.integer(degree, "degree", at_least=1, at_most=_HIGHEST)
    known_seed = repeatable(seed)
    if any(len(curve[0]) < 2 for curve in curves):
        return Crossing(reason="fewer than two temperatures in the region of the crossing")
    low = max(float(beta[0]) for beta, _, _ in curves)
    high = min(float(beta[-1]) for beta, _, _ in curves)
    if low >= high:
        return Crossing(reason="the two sizes have no range of temperatures in common")
    rng = np.random.default_rng(known_seed)
    places = np.linspace(low, high, _PLACES)
    drawn, chi_square, freedom = [], 0.0, 0
    for beta, value, error in curves:
        values, its_chi_square, its_freedom = _fits(beta, value, error, places, rng, degree)
        drawn.append(values)
        chi_square, freedom = chi_square + its_chi_square, freedom + its_freedom
    difference = drawn[0] - drawn[1]
    central = _roots(difference[0], places)
    if len(central) == 0:
        return Crossing(reason="the curves do not cross within the temperatures measured")
    # Noise in the tails can make further crossings: the curves part fastest at the true one.
    slopes = np.abs(np.interp(central, places, np.gradient(difference[0], places)))
    beta_c = float(central[np.argmax(slopes)])
    found, heights = [], []
    for row, values in zip(difference[1:], drawn[0][1:], strict=True):
        roots = _roots(row, places)
        if len(roots):
            root = roots[np.argmin(np.abs(roots - beta_c))]
            found.append(root)
            heights.append(np.interp(root, places, values))
    if len(found) < 0.9 * _DRAWS:
        return Crossing(reason="the errors are larger than the distance of the curves")
    return Crossing(
        beta=beta_c,
        beta_error=_spread(found),
        height=float(np.interp(beta_c, places, drawn[0][0])),
        height_error=_spread(heights),
        chi_square=chi_square,
        freedom=freedom,
    )


def _spread(draws: list[float]) -> float:
    """Return half the range of the middle 68 % of the draws: strays where curves merge count once.

    For a normal distribution that is its standard deviation.
    """
    low, high = np.quantile(draws, [0.158655, 0.841345])
    return float(high - low) / 2.0


def _ordered(curve: Any, name: str) -> tuple[Floats, Floats, Floats]:
    """Return the points that have a value and an error, by ascending beta."""
    columns = _arguments.several(curve, name)
    if columns is None or len(columns) != 3:
        raise TypeError(
            f"{name} must be three arrays (beta, value, error), got {_arguments.shown(curve)}"
        )
    arrays = [_arguments.real_array(column, name).astype(float) for column in columns]
    shapes = [array.shape for array in arrays]
    if len(set(shapes)) > 1 or len(shapes[0]) != 1:
        raise ValueError(f"{name} must be three arrays of one length, got shapes {shapes}")
    table = np.array(arrays)
    table = table[:, np.isfinite(table).all(axis=0) & (table[2] > 0)]
    if (np.abs(table) > _LARGEST).any() or (table[2] * _LARGEST < 1.0).any():
        raise ValueError(
            f"{name} must hold numbers up to {_LARGEST:g} in size, and errors above "
            f"{1 / _LARGEST:g}, got {np.abs(table).max():g} and {table[2].min():g}"
        )
    beta, value, error = table[:, np.argsort(table[0], kind="stable")]
    return beta, value, error


def _fits(
    beta: Floats,
    value: Floats,
    error: Floats,
    places: Floats,
    rng: np.random.Generator,
    degree: int,
) -> tuple[Floats, float, int]:
    """Return the fit at ``places`` and those of the draws below it, chi-square and freedom."""
    degree = min(degree, len(beta) - 1)
    middle, half = (beta[0] + beta[-1]) / 2, (beta[-1] - beta[0]) / 2

    def powers(x: Floats) -> NDArray[Any]:
        return np.polynomial.chebyshev.chebvander((x - middle) / half, degree)

    noise = rng.normal(size=(_DRAWS, len(beta)))
    samples = np.vstack([value, value + noise * error]) / error
    solver = np.linalg.pinv(powers(beta) / error[:, None])
    coefficients = samples @ solver.T
    residuals = samples[0] - coefficients[0] @ (powers(beta) / error[:, None]).T
    freedom = len(beta) - degree - 1
    return coefficients @ powers(places).T, float(residuals @ residuals), freedom


def _roots(values: Floats, places: Floats) -> Floats:
    """Return where the values change sign, between two places by a straight line."""
    left = np.flatnonzero(np.signbit(values[:-1]) != np.signbit(values[1:]))
    a, b = values[left], values[left + 1]
    return np.asarray(places[left] + (places[left + 1] - places[left]) * a / (a - b))
