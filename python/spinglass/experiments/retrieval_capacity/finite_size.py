r"""Half-points at finite size, and their extrapolation to a critical load with an error.

A trial keeps its memory or loses it. At N spins the share of trials that keep it falls from 1 to 0
as the load grows. The **half-point** is the load where this share is 1/2. Maximum likelihood fits
a law of this share to the loads of one size: see the module ``fall`` beside this.

Half-points depend on N. They are extrapolated with the law

    half(N) = alpha_c + A N^(-x),

where alpha_c, A and x are fitted together. It is not known that the correction is one power, and
alpha_c depends on its form more than on the noise. So the quoted result is the interval of alpha_c
over every law

    half(N) = alpha_c + A N^(-x) + B N^(-y),    A >= 0,  1/5 <= x < y <= 3,

that the half-points do not reject, including laws of one power. The error of one power alone, over
every x, is given beside it. Fewer than three sizes give no alpha_c.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass._arguments import real_array
from spinglass._printed import printed
from spinglass.experiments.retrieval_capacity.fall import LAWS, Law, fit_fall, misfit, near_half
from spinglass.statistics.finite_size import fitted

Floats: TypeAlias = NDArray[np.float64]


@printed
@dataclass(frozen=True)
class HalfPoint:
    """The load at which half of the trials keep their memory, at one size.

    Attributes
    ----------
    n_spins : int
        N.
    value, error : float
        The half-point (a load, P/N) and its standard error; NaN if the loads do not bracket it.
    width : float
        Width of the fall, in units of sqrt(load), of ln(load) for Weibull's law, or of the variable
        itself for the law "normal".
    reason : str
        The reason why there is no value; empty if there is one.
    law : {"probit", "weibull", "normal"}
        The law of the share of trials that keep their memory: normal in sqrt(load), that of
        Weibull, of memories that are lost with the weakest of many parts, or normal in the variable
        itself. The last is for `basins`, where a distance has the place of the load.
    note : str
        A remark on this fit: whether the shares follow the law.
    """

    n_spins: int
    value: float
    error: float
    width: float = math.nan
    reason: str = ""
    law: Law = "probit"
    note: str = ""

    @property
    def n_patterns(self) -> float:
        """The half-point as a number of patterns, P."""
        return self.value * self.n_spins

    @property
    def n_patterns_error(self) -> float:
        """Its standard error."""
        return self.error * self.n_spins

    def probability(self, load: ArrayLike) -> Floats:
        """Return the fitted retrieval probability at ``load`` (NaN if there is no half-point)."""
        loads = real_array(load, "load").astype(float)
        if not (loads >= 0).all():
            raise ValueError(f"load must be >= 0, got {loads[~(loads >= 0)].flat[0]}")
        fall = LAWS[self.law]
        with np.errstate(divide="ignore"):  # the logarithm of 0
            distance = fall.scale(self.value) - fall.scale(loads)
        return fall.share(distance / self.width)


@printed
@dataclass(frozen=True)
class CriticalLoad:
    """The load up to which a descent from a pattern stops near it, extrapolated to infinite N.

    Quote ``interval``, because ``error`` holds only if the correction is one power of N. The
    measurement is of the end of a zero-temperature descent. The theory of alpha_c is for the
    retrieval states of equilibrium.

    Attributes
    ----------
    interval : tuple of float
        Lower and upper end of alpha_c over all laws of one and two powers that the half-points do
        not reject at 95 %.
    value, error : float
        alpha_c of half(N) = alpha_c + A N^(-x), and half the width of its 68 % interval if that law
        holds. It includes the uncertainty of the exponent, but not that of the form.
    exponent, exponent_error : float
        x, and half the width of its 68 % interval within the bounds 0.1 and 1.5.
    exponent_spread : float
        Half the range of alpha_c over every exponent that the half-points do not reject at 95 %. It
        is the effect of the choice of an exponent. Do not add it to ``error`` in quadrature.
    amplitude : float
        A.
    n_spins, residuals : tuple
        The sizes in the fit, and half-point minus law at each of them.
    chi_square : float
        Sum of the squared residuals in units of their errors. The degrees of freedom are the number
        of sizes minus three.
    note : str
        A remark on this fit.
    """

    value: float = math.nan
    error: float = math.nan
    interval: tuple[float, float] = (math.nan, math.nan)
    exponent: float = math.nan
    exponent_error: float = math.nan
    exponent_spread: float = math.nan
    amplitude: float = math.nan
    n_spins: tuple[int, ...] = ()
    residuals: tuple[float, ...] = ()
    chi_square: float = math.nan
    note: str = ""


def half_point(
    n_spins: int,
    load: ArrayLike,
    kept: ArrayLike,
    tried: ArrayLike,
    *,
    seed: Any = 0,
    n_bootstrap: int = 1000,
    law: Law = "probit",
    of: str = "load",
) -> HalfPoint:
    """Return the half-point of one size, its error from a bootstrap over instances.

    Instances (drawn pattern sets) are resampled within each load, because the starts of one
    instance share its patterns. The error is half the width of the central 68 % of the
    resampled half-points, and at least the error from the curvature of the likelihood for
    independent trials. If all shares are 0 or 1, only the gap between the loads is known. The value
    is then its middle, with the error gap/sqrt(12).

    Parameters
    ----------
    n_spins : int
        N, for the result.
    load, kept, tried : array_like, shape (n_instances,)
        For each instance its load, the number of its trials that kept the memory, and the number of
        its trials.
    seed : int or numpy.random.SeedSequence
        Seeds the bootstrap.
    n_bootstrap : int
        Number of resamples.
    law : {"probit", "weibull", "normal"}
        The law of the share of trials that keep their memory.
    of : str
        What reasons call the variable, if it is no load.

    Returns
    -------
    HalfPoint
        Its value is NaN, with the reason, if the loads do not bracket the half-point.

    Examples
    --------
    >>> point = half_point(1000, [0.14, 0.15, 0.16, 0.17], [40, 30, 12, 1], [40, 40, 40, 40])
    >>> 0.15 < point.value < 0.16
    True
    >>> half_point(1000, [0.10, 0.12], [9, 9], [9, 9]).reason
    'every trial kept its memory: the half-point lies above the largest load, 0.12'
    """
    load, kept, tried = (np.asarray(a, dtype=float) for a in (load, kept, tried))
    loads = np.unique(load)
    fall = LAWS[law]

    def none(reason: str) -> HalfPoint:
        return HalfPoint(n_spins, math.nan, math.nan, reason=reason, law=law)

    if len(loads) == 0:
        return none("no trial was finished")
    above = f"the half-point lies above the largest {of}, {loads[-1]:.4g}"
    below = f"the half-point lies below the smallest {of}, {loads[0]:.4g}"
    if kept.sum() == tried.sum():
        return none(f"every trial kept its memory: {above}")
    if kept.sum() == 0:
        return none(f"no trial kept its memory: {below}")
    if len(loads) == 1:
        return none(f"a single {of} does not bracket it")

    totals = np.array([[kept[load == a].sum(), tried[load == a].sum()] for a in loads])[None]
    x = fall.scale(loads)
    first, last = x[0], x[-1]
    if law == "weibull":
        near = near_half(fall, x, totals)
        loads, x, totals = loads[near], x[near], totals[:, near]
    samples = _resampled(load, kept, tried, loads, np.random.default_rng(seed), n_bootstrap)
    centre, unit = x.mean(), np.diff(x).mean()
    best, covariance = fit_fall(fall, (x - centre) / unit, totals)
    resampled, _ = fit_fall(fall, (x - centre) / unit, samples, start=best[0])
    offset, slope = best[0]
    if slope >= 0 or np.mean(resampled[:, 1] < 0) < 0.95:
        return none(f"the share of trials that keep their memory does not clearly fall with {of}")
    crossing = centre - unit * offset / slope
    if crossing < first:
        return none(f"most trials lose their memory at every {of}: {below}")
    if crossing > last:
        return none(f"most trials keep their memory at every {of}: {above}")

    share = totals[0, :, 0] / totals[0, :, 1]
    mixed = (share > 0) & (share < 1)
    if not mixed.any():
        low, high = loads[share == 1].max(), loads[share == 0].min()
        value, error = (low + high) / 2, (high - low) / math.sqrt(12)
        return HalfPoint(n_spins, float(value), float(error), float(-unit / slope), law=law)
    fell = resampled[resampled[:, 1] < 0]
    halves = fall.load(centre - unit * fell[:, 0] / fell[:, 1])
    spread = np.diff(np.quantile(halves, [0.1587, 0.8413]))[0] / 2
    gradient = np.array([-1.0, offset / slope]) * fall.slope(crossing) * unit / slope
    curvature = math.sqrt(gradient @ covariance[0] @ gradient)
    return HalfPoint(
        n_spins,
        float(fall.load(crossing)),
        float(max(spread, curvature)),
        float(-unit / slope),
        law=law,
        note=misfit(fall.share(offset + slope * (x - centre) / unit), totals[0], samples, of),
    )


def _resampled(
    load: Floats,
    kept: Floats,
    tried: Floats,
    loads: Floats,
    rng: np.random.Generator,
    n_bootstrap: int,
) -> Floats:
    """Return (kept, tried) a load for every resample, shape (n_bootstrap, n_loads, 2).

    Instances with the same counts are interchangeable, so drawing instances with replacement is
    a multinomial draw over the few distinct counts.
    """
    samples = np.empty((n_bootstrap, len(loads), 2))
    for k, a in enumerate(loads):
        here = np.stack([kept[load == a], tried[load == a]], axis=1)
        kinds, counts = np.unique(here, axis=0, return_counts=True)
        samples[:, k] = rng.multinomial(len(here), counts / len(here), size=n_bootstrap) @ kinds
    return samples


def extrapolate(points: list[HalfPoint] | tuple[HalfPoint, ...]) -> CriticalLoad:
    """Return alpha_c of half(N) = alpha_c + A N^(-x), fitted to the half-points that exist.

    It is the fit of `spinglass.statistics.finite_size_fit` for values that fall to their limit.
    Fewer than three sizes give no value, and ``note`` says so.

    Parameters
    ----------
    points : sequence of HalfPoint
        One for each size. The fit leaves out those without a value.

    Examples
    --------
    >>> sizes = (1000, 2000, 4000, 8000)
    >>> planted = [HalfPoint(n, 0.14 + 0.5 * n**-0.45, 1e-4) for n in sizes]
    >>> fit = extrapolate(planted)
    >>> round(fit.value, 5), round(fit.exponent, 3)
    (0.14, 0.45)
    >>> fit.interval[0] < 0.139 < 0.141 < fit.interval[1]  # another form would move it
    True
    """
    used = [p for p in points if math.isfinite(p.value)]
    size, value, error = np.array([(p.n_spins, p.value, p.error) for p in used]).reshape(-1, 3).T
    fit = fitted(size, value, error, sign=1.0, of="half-points")
    n_spins = tuple(int(size) for size in fit.sizes)
    if len(used) < 3:
        count = ("no size has", "one size has", "two sizes have")[len(used)]
        few = f"{count} a half-point: alpha_c cannot be known from fewer than three"
        return CriticalLoad(n_spins=n_spins, note=few)
    # A load is not negative, whatever a law says.
    interval = max(fit.interval[0], 0.0), fit.interval[1]
    same = {name: value for name, value in asdict(fit).items() if name != "sizes"}
    return CriticalLoad(n_spins=n_spins, **same | {"interval": interval})
