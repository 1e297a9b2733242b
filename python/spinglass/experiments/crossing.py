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

from spinglass._printed import printed

_DRAWS = 400
_PLACES = 1601  # where the fits are compared; between them they are straight to 1e-9
_DEGREE = 3


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
    seed: int = 0,
    degree: int = _DEGREE,
) -> Crossing:
    """Return where two curves cross.

    Parameters
    ----------
    first, second : (beta, value, error)
        The points of each curve near the crossing: three arrays of one length.
    seed : int
        Seed of the bootstrap.
    degree : int
        Degree of the polynomials; lower if there are too few points.

    Examples
    --------
    >>> beta = np.linspace(0.0, 1.0, 6)
    >>> error = np.full(6, 0.01)
    >>> found = crossing((beta, beta, error), (beta, 1 - beta, error))
    >>> round(found.beta, 6), round(found.height, 6)
    (0.5, 0.5)
    """
    curves = [_ordered(*curve) for curve in (first, second)]
    if any(len(curve[0]) < 2 for curve in curves):
        return Crossing(reason="fewer than two temperatures in the region of the crossing")
    low = max(float(beta[0]) for beta, _, _ in curves)
    high = min(float(beta[-1]) for beta, _, _ in curves)
    if low >= high:
        return Crossing(reason="the two sizes have no range of temperatures in common")
    rng = np.random.default_rng(seed)
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


def _ordered(beta: ArrayLike, value: ArrayLike, error: ArrayLike) -> tuple[NDArray[Any], ...]:
    """Return the points that have a value and an error, by ascending beta."""
    table = np.array([beta, value, error], dtype=float)
    table = table[:, np.isfinite(table).all(axis=0) & (table[2] > 0)]
    return tuple(table[:, np.argsort(table[0], kind="stable")])


def _fits(
    beta: NDArray[Any],
    value: NDArray[Any],
    error: NDArray[Any],
    places: NDArray[Any],
    rng: np.random.Generator,
    degree: int,
) -> tuple[NDArray[np.float64], float, int]:
    """Return the fit at ``places`` and those of the draws below it, chi-square and freedom."""
    degree = min(degree, len(beta) - 1)
    middle, half = (beta[0] + beta[-1]) / 2, (beta[-1] - beta[0]) / 2

    def powers(x: NDArray[Any]) -> NDArray[Any]:
        return np.polynomial.chebyshev.chebvander((x - middle) / half, degree)

    noise = rng.normal(size=(_DRAWS, len(beta)))
    samples = np.vstack([value, value + noise * error]) / error
    solver = np.linalg.pinv(powers(beta) / error[:, None])
    coefficients = samples @ solver.T
    residuals = samples[0] - coefficients[0] @ (powers(beta) / error[:, None]).T
    freedom = len(beta) - degree - 1
    return coefficients @ powers(places).T, float(residuals @ residuals), freedom


def _roots(values: NDArray[Any], places: NDArray[Any]) -> NDArray[np.float64]:
    """Return where the values change sign, between two places by a straight line."""
    left = np.flatnonzero(np.signbit(values[:-1]) != np.signbit(values[1:]))
    a, b = values[left], values[left + 1]
    return np.asarray(places[left] + (places[left + 1] - places[left]) * a / (a - b))
