r"""Laws by which the share of kept memories falls with a load or a distance, and their fits.

The crosstalk of P stored patterns is noise of variance P/N, so its amplitude grows as the square
root of the load. If the largest amplitude that a trial withstands is normally distributed, then

    P(kept | load) = Phi((sqrt(half) - sqrt(load)) / width).

This is a probit regression on sqrt(load). Maximum likelihood fits it to all loads of one size. It
fits 10^5 trials at N = 1000. These trials reject a probit in the load itself, whose half-point is
6e-4 higher, three times the error of a scan with default numbers. They reject a logistic curve in
both variables.

A memory that fails with the weakest of many parts has another law. A pattern is a fixed point if
its weakest spin is stable, and a memory of exponential capacity is lost to any one of its P - 1
other patterns, independently of the rest. If the failures are rare and their mean number is
proportional to load^(1/width), none of them happens with the probability

    P(kept | load) = exp(-ln 2 (load / half)^(1 / width)),

Weibull's law. It is fitted in the same way, on ln(load), but only to loads at which it expects a
share between 0.3 and 0.7: a full memory is in other states than those of rare failures, and the
share then falls slowly. The width is 1 for independent patterns, which the probit fits so badly
that its half-point is wrong by 5 to 15 %.

The share of starts that come back to their pattern falls with their distance from it. If the
distance that a pattern bears is normally distributed, it is Phi((half - distance) / width): a
probit in the variable itself, the law ``"normal"``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
import scipy  # its submodules load when first used: --help does not wait for them
from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = NDArray[np.float64]
Law: TypeAlias = Literal["probit", "weibull", "normal"]

# A law of Weibull is fitted where the share is between this and 1 minus this, to so many loads or
# more; the loads are known after so many fits or fewer.
_NEAR, _LEAST, _FITS = 0.3, 3, 10

# The probability by chance below which a misfit is told.
_REJECTED = 1e-3

# Where the exponentials of the law of Weibull are cut.
_FAR = 50.0


class Fall(NamedTuple):
    """A law P(kept) = F(q) with F(0) = 1/2, and q linear in a function of the load."""

    scale: Callable[[Any], Any]
    load: Callable[[Any], Any]
    """The inverse of ``scale``."""
    slope: Callable[[Any], Any]
    """The derivative of ``load``."""
    share: Callable[[Floats], Floats]
    """F(q)."""
    logarithms: Callable[[Floats], tuple[Floats, Floats]]
    """ln F(q) and ln(1 - F(q))."""
    slopes: Callable[[Floats], tuple[Floats, Floats, Floats, Floats]]
    """The derivative u of ln F, d of -ln(1 - F), and their relative slopes -u'/u and d'/d."""


def _normal_logarithms(q: Floats) -> tuple[Floats, Floats]:
    return scipy.special.log_ndtr(q), scipy.special.log_ndtr(-q)


def _normal_slopes(q: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    density = -(q**2) / 2 - math.log(2 * math.pi) / 2
    up = np.exp(density - scipy.special.log_ndtr(q))
    down = np.exp(density - scipy.special.log_ndtr(-q))
    return up, down, up + q, down - q


def _failures(q: Floats) -> Floats:
    """Return the mean number of failures of Weibull's law, ln 2 at q = 0."""
    return math.log(2) * np.exp(np.clip(-q, -_FAR, _FAR))


def _weibull_logarithms(q: Floats) -> tuple[Floats, Floats]:
    failures = _failures(q)
    return -failures, np.log(-np.expm1(-failures))


def _weibull_slopes(q: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    up = _failures(q)
    odds = 1 / np.expm1(np.minimum(up, 2 * _FAR))
    return up, up * odds, np.ones_like(up), up * (1 + odds) - 1


def _from_logarithm(x: Any) -> Any:
    """Return exp(x), of what a hardly falling resample may put beyond all numbers the largest."""
    return np.exp(np.minimum(x, math.log(np.finfo(float).max)))


def _itself(x: Any) -> Any:
    return x


LAWS: dict[str, Fall] = {
    "probit": Fall(
        np.sqrt,
        lambda x: np.maximum(x, 0.0) ** 2,
        lambda x: 2 * x,
        lambda q: np.asarray(scipy.special.ndtr(q)),
        _normal_logarithms,
        _normal_slopes,
    ),
    "normal": Fall(
        _itself,
        _itself,
        np.ones_like,
        lambda q: np.asarray(scipy.special.ndtr(q)),
        _normal_logarithms,
        _normal_slopes,
    ),
    "weibull": Fall(
        np.log,
        _from_logarithm,
        _from_logarithm,
        lambda q: np.exp(-_failures(q)),
        _weibull_logarithms,
        _weibull_slopes,
    ),
}


def fit_fall(
    fall: Fall, x: Floats, counts: Floats, start: ArrayLike = (0.0, -0.5)
) -> tuple[Floats, Floats]:
    """Fit P(kept) = F(b0 + b1 x) to a batch of counts by Newton's method with step halving.

    ``x`` is in units of the distance between loads; ``counts`` has shape (batch, n_loads, 2).
    A prior b0 ~ N(0, 10), b1 ~ N(0, 4) keeps separated data finite (4: the fall takes a quarter
    of a step) and is worth less than one trial in any other. Returns b, shape (batch, 2), and the
    inverse of the negative Hessian.
    """
    kept, lost = counts[..., 0], counts[..., 1] - counts[..., 0]
    prior = np.array([1 / 10**2, 1 / 4**2])
    design = np.stack([np.ones_like(x), x], axis=1)

    def objective(b: Floats) -> Floats:
        q = b @ design.T
        log_kept, log_lost = fall.logarithms(q)
        fit = kept * log_kept + lost * log_lost
        return np.asarray(fit.sum(axis=1) - (prior * b**2).sum(axis=1) / 2)

    b = np.tile(np.asarray(start, dtype=float), (len(counts), 1))
    value = objective(b)
    for _ in range(60):
        q = b @ design.T
        up, down, up_slope, down_slope = fall.slopes(q)
        gradient = (kept * up - lost * down) @ design - prior * b
        weight = kept * up * up_slope + lost * down * down_slope
        hessian = np.einsum("bl,li,lj->bij", weight, design, design) + np.diag(prior)
        step = np.linalg.solve(hessian, gradient[..., None])[..., 0]
        scale = np.ones((len(b), 1))
        for _ in range(30):
            moved = objective(b + scale * step)
            worse = moved < value - 1e-9 * np.abs(value)
            if not worse.any():
                break
            scale[worse] /= 2
        b, value = b + scale * step, moved
        if np.abs(step).max() < 1e-9:
            break
    return b, np.linalg.inv(hessian)


def near_half(fall: Fall, x: Floats, totals: Floats) -> NDArray[np.bool_]:
    """Return which loads are near the half-point, by fits to those that the last fit found near."""
    near = np.ones(len(x), dtype=bool)
    for _ in range(_FITS):
        centre, unit = x[near].mean(), np.diff(x[near]).mean()
        ((offset, slope),), _ = fit_fall(fall, (x[near] - centre) / unit, totals[:, near])
        expected = fall.share(offset + slope * (x - centre) / unit)
        closer = (expected >= _NEAR) & (expected <= 1 - _NEAR)
        if closer.sum() < _LEAST or (closer == near).all():
            break
        near = closer
    return near


def misfit(expected: Floats, totals: Floats, samples: Floats, of: str = "load") -> str:
    """Return a note if the shares do not follow the law, by chi-square.

    ``of`` is the name of the variable.

    The variance of a share is that of its resamples, and at least that of independent trials. Loads
    at which less than one trial is expected to be kept, or to be lost, say little.
    """
    kept, tried = totals.T
    binomial = expected * (1 - expected) / tried
    known = binomial * tried**2 >= 1
    variance = np.maximum((samples[..., 0] / samples[..., 1]).var(axis=0), binomial)[known]
    chi_square = float(((kept / tried - expected)[known] ** 2 / variance).sum())
    freedom = int(known.sum()) - 2
    if freedom < 1 or scipy.special.chdtrc(freedom, chi_square) > _REJECTED:
        return ""
    return (
        f"the shares do not follow the law (chi-square {chi_square:.1f}, {freedom} degrees of "
        f"freedom): take {of}s nearer to the half-point"
    )
