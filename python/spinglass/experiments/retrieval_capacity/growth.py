r"""How the capacity grows with the number of spins: a power of N, or an exponential.

The number of patterns P at the half-points of several sizes is fitted with one of the laws

    P = A N^x,    P = A N^x / ln N,    P = A exp(x N).

A dense memory of order n stores of the order of N^(n - 1) patterns with a given share of errors,
and N^(n - 1) / ln N if every spin of a pattern is to be stable (Krotov and Hopfield, Adv. Neural
Inf. Process. Syst. 29, 1172 (2016)); an exponential one exp(x N) (Demircigil, Heusel, Lowe, Upgang
and Vermet, J. Stat. Phys. 168, 288 (2017)). Each law is a straight line of ln P, or of ln(P ln N),
against ln N or N. Weighted least squares fit it, with the errors of the half-points.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias, cast, get_args

import numpy as np
import scipy  # its submodules load when first used: --help does not wait for them
from numpy.typing import ArrayLike, NDArray

from spinglass._arguments import choice, real_array
from spinglass._printed import printed
from spinglass.experiments.retrieval_capacity.finite_size import HalfPoint

Growing: TypeAlias = Literal["power", "power_over_log", "exponential"]
Floats: TypeAlias = NDArray[np.float64]
LAWS: tuple[Growing, ...] = get_args(Growing)


@printed
@dataclass(frozen=True)
class CapacityGrowth:
    """The law by which the half-points grow with N, fitted to them.

    Attributes
    ----------
    law : {"power", "power_over_log", "exponential"}
        P = A N^x, P = A N^x / ln N, or P = A exp(x N).
    value, error : float
        x and its standard error; NaN for fewer than three sizes.
    log_amplitude, log_amplitude_error : float
        ln A and its standard error.
    n_spins, residuals : tuple
        The sizes in the fit, and ln P minus the law at each of them.
    chi_square : float
        Sum of the squared residuals in units of their errors. The degrees of freedom are the number
        of sizes minus two.
    note : str
        A remark on this fit.

    Examples
    --------
    >>> from spinglass.experiments import capacity
    >>> scan = capacity((20, 30, 40), (0.1, 0.2, 0.3, 0.5), 40, criterion="fixed_point")
    >>> growth = scan.growth("power_over_log")
    >>> growth.law, growth.n_spins, growth.error < 0.2
    ('power_over_log', (20, 30, 40), True)
    """

    law: Growing
    value: float = math.nan
    error: float = math.nan
    log_amplitude: float = math.nan
    log_amplitude_error: float = math.nan
    n_spins: tuple[int, ...] = ()
    residuals: tuple[float, ...] = ()
    chi_square: float = math.nan
    note: str = ""

    def n_patterns(self, n_spins: ArrayLike) -> Floats:
        """Return P by the fitted law, for numbers of spins (NaN if there is no fit).

        Parameters
        ----------
        n_spins : array_like
            N, at least 2.

        Returns
        -------
        numpy.ndarray of float64, shaped as n_spins

        Examples
        --------
        >>> from spinglass.experiments import CapacityGrowth
        >>> CapacityGrowth("power", 2.0, 0.1, 0.0).n_patterns([10, 100]).round(6).tolist()
        [100.0, 10000.0]
        """
        sizes = real_array(n_spins, "n_spins").astype(float)
        if not (sizes >= 2).all():
            raise ValueError(f"n_spins must be at least 2, got {sizes[~(sizes >= 2)].flat[0]}")
        x, below = _line(self.law, sizes)
        with np.errstate(over="ignore"):  # beyond all numbers
            found: Floats = np.exp(self.log_amplitude + self.value * x - below)
        return found


def _line(law: Growing, sizes: Floats) -> tuple[Floats, Floats]:
    """Return x, and what is to be added to ln P, so that their relation is a straight line."""
    x = sizes if law == "exponential" else np.log(sizes)
    return x, np.log(np.log(sizes)) if law == "power_over_log" else np.zeros_like(sizes)


def growth_of(points: Iterable[HalfPoint], law: Growing) -> CapacityGrowth:
    """Return the law fitted to the half-points that exist.

    Parameters
    ----------
    points : iterable of HalfPoint
        One for each size.
    law : {"power", "power_over_log", "exponential"}
        The law.

    Examples
    --------
    >>> points = [HalfPoint(n, 0.1 * n, 0.001 * n) for n in (50, 100, 200, 400)]
    >>> fit = growth_of(points, "power")  # P = 0.1 N^2
    >>> round(fit.value, 6), round(fit.chi_square, 6)
    (2.0, 0.0)
    """
    law = cast(Growing, choice(law, "law", LAWS))
    used = sorted((p for p in points if math.isfinite(p.value) and p.n_spins > 1), key=_size)
    n_spins = tuple(p.n_spins for p in used)
    if len(used) < 3:
        count = ("no size has", "one size has", "two sizes have")[len(used)]
        few = f"{count} a half-point: a law cannot be known from fewer than three"
        return CapacityGrowth(law, n_spins=n_spins, note=few)
    x, below = _line(law, np.array(n_spins, dtype=float))
    measured = np.log([p.n_patterns for p in used]) + below
    sigma = np.array([p.error / p.value for p in used])
    # Of a middle that is not 0, so that the numbers of the fit are of one size.
    centre = float(x.mean())
    (slope, middle), covariance = np.polyfit(x - centre, measured, 1, w=1 / sigma, cov="unscaled")
    residuals = measured - middle - slope * (x - centre)
    chi_square = float(((residuals / sigma) ** 2).sum())
    at_zero = np.array([-centre, 1.0])
    note = ""
    if len(used) == 3:
        note = "three sizes leave little to test a law with"
    elif scipy.special.chdtrc(len(used) - 2, chi_square) < 0.01:
        note = (
            f"the half-points do not follow this law (chi-square {chi_square:.1f}, "
            f"{len(used) - 2} degrees of freedom): the error is too small"
        )
    return CapacityGrowth(
        law,
        float(slope),
        math.sqrt(covariance[0, 0]),
        float(middle - slope * centre),
        math.sqrt(at_zero @ covariance @ at_zero),
        n_spins,
        tuple(residuals.tolist()),
        chi_square,
        note,
    )


def _size(point: HalfPoint) -> int:
    return point.n_spins
