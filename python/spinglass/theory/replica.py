"""The replica-symmetric states of the Hopfield model, solved to rounding at every temperature.

A state is one spin in the field h = m + sigma z, where z is normal. The equations are those of
`theory.hopfield`, whose public functions call this file.
"""

from __future__ import annotations

from collections.abc import Callable
from math import log, sqrt
from typing import NamedTuple

import numpy as np
import scipy  # its submodules load when first used: --help does not wait for them

# A step of width T, tanh(h/T), is the sign smeared by logistic noise: tanh(h/T) = <sign(h - T u)>,
# u with density sech^2(u)/2. So each spin sees two noises, logistic of width T and Gaussian of
# width sigma. Averaging over one leaves an analytic function of that noise's width (erf or tanh).
# We let the wider one act analytically and sum over the narrower: the summand then varies no
# faster than its weight, its poles are at least pi/2 away, and the trapezoidal rule of step 0.2
# errs by about exp(-2 pi (pi/2) / 0.2) < 1e-20 at every temperature, zero included. (Gauss-Hermite
# quadrature of tanh(beta h) with 100 nodes misses the third digit of the critical load at T = 0.1.)
_STEP = 0.2
_LOGISTIC = _STEP * np.arange(-100, 101)
_LOGISTIC_WEIGHT = _STEP * 0.5 / np.cosh(_LOGISTIC) ** 2
_GAUSSIAN = _STEP * np.arange(-47, 48)
_GAUSSIAN_WEIGHT = _STEP * np.exp(-0.5 * _GAUSSIAN**2) / sqrt(2.0 * np.pi)

# Closer to T = 1 than this the cubic term that holds m up drowns in rounding. There m < 2e-6.
CURIE_TEMPERATURE = 1.0 - 1e-12

# load_c / (1 - T)^2 as T -> 1, from the expansion of the free energy to second order in 1 - T.
_CROSSING_AT_CURIE = 0.148399393684812


class State(NamedTuple):
    """A spin in the field h = m + sigma z: averages over z of T ln 2cosh(h/T) and derivatives."""

    temperature: float
    overlap: float  # the signal m
    sigma: float  # the crosstalk sqrt(load r)
    log_cosh: float  # L = <T ln 2cosh(h/T)>
    response: float  # G = dL/dm = <tanh(h/T)>, which is m in a solution
    C: float  # dG/dm, the susceptibility beta (1 - q)
    C1: float  # sigma dC/dm
    C2: float  # sigma^2 d^2 C/dm^2

    @property
    def q(self) -> float:
        """Edwards-Anderson order parameter <tanh^2(h/T)>."""
        return 1.0 - self.temperature * self.C

    @property
    def load(self) -> float:
        """Load P/N at which the crosstalk of this state is sigma."""
        return (self.sigma * (1.0 - self.C)) ** 2 / self.q

    @property
    def load_slope(self) -> float:
        """Half of d(ln load) / d(ln sigma) along the retrieval curve: zero at the critical load.

        Averages over a Gaussian obey the heat equation, d/dsigma = sigma d^2/dm^2. So the solution
        of m = G(m, sigma) has dm/dsigma = C1 / (1 - C), and takes C along with it.
        """
        change = self.C1**2 / (1.0 - self.C) + self.C2  # dC / d(ln sigma)
        return 1.0 - change * (1.0 / (1.0 - self.C) - self.temperature / (2.0 * self.q))

    @property
    def free_energy(self) -> float:
        """AGS free energy per spin of a solution, up to load/2, which all states share."""
        crosstalk = self.temperature * log(1.0 - self.C) - self.q / (1.0 - self.C)
        squares = self.overlap**2 + self.load * crosstalk + self.sigma**2 * self.C
        return 0.5 * squares - self.log_cosh


def state(overlap: float, sigma: float, temperature: float) -> State:
    """Average over the crosstalk, at any overlap: a solution only where the response equals it."""
    if sigma > temperature:
        field = overlap - temperature * _LOGISTIC
        x = np.clip(field / sigma, -40.0, 40.0)  # beyond, the Gaussian is zero in double precision
        step, density = (
            scipy.special.erf(x / sqrt(2.0)),
            2.0 * np.exp(-0.5 * x * x) / sqrt(2.0 * np.pi),
        )
        slope = density / sigma
        terms = (field * step + sigma * density, step, slope, -x * slope, (x * x - 1.0) * slope)
        averages = np.stack(terms) @ _LOGISTIC_WEIGHT
    else:
        width = sigma / temperature
        field = overlap / temperature + width * _GAUSSIAN
        decay = np.exp(-np.abs(field))
        sech2 = (2.0 * decay / (1.0 + decay * decay)) ** 2  # 1 - tanh^2 without cancellation
        tanh, slope = np.tanh(field), sech2 / temperature
        log_cosh = temperature * (np.abs(field) + np.log1p(decay * decay))
        curvature = -2.0 * width * width * (1.0 - 3.0 * tanh * tanh) * slope
        terms = (log_cosh, tanh, slope, -2.0 * width * tanh * slope, curvature)
        averages = np.stack(terms) @ _GAUSSIAN_WEIGHT
    return State(temperature, overlap, sigma, *averages.tolist())


def _retrieval_state(rho: float, temperature: float) -> State:
    """Solve m = G(m, rho m). G is concave in m, so Newton's steps from m = 1 descend to m."""

    def excess(overlap: float) -> tuple[float, float]:
        found = state(overlap, rho * overlap, temperature)
        return found.response - overlap, found.C + rho * found.C1 - 1.0

    newton = {"method": "newton", "fprime": True, "xtol": 1e-300, "rtol": 1e-12, "maxiter": 200}
    overlap = float(scipy.optimize.root_scalar(excess, x0=1.0, **newton).root)
    return state(overlap, rho * overlap, temperature)


def _spin_glass_state(load: float, temperature: float) -> State:
    """Solve for sigma at m = 0, for T < 1.

    Below the bracket C > 1. Above it C < sqrt(2/pi) / sigma, the peak of a Gaussian, and q < 1
    give sigma < sqrt(load) + sqrt(2/pi), an equality at T = 0, whence the roomier 1.
    """

    def excess(sigma: float) -> float:
        found = state(0.0, sigma, temperature)
        return sigma * (1.0 - found.C) - sqrt(load * found.q)

    sigma = _root(excess, 0.5 * sqrt(1.0 - temperature), 1.0 + sqrt(load))
    return state(0.0, sigma, temperature)


def _root(function: Callable[[float], float], lower: float, upper: float) -> float:
    return float(scipy.optimize.brentq(function, lower, upper, xtol=1e-300, rtol=1e-15))


def fold_state(temperature: float) -> State:
    """Find the critical state. Its rho is 0.467...0.479 at all T < 1, and the only maximum."""
    rho = _root(lambda rho: _retrieval_state(rho, temperature).load_slope, 0.4, 0.6)
    return _retrieval_state(rho, temperature)


def overlap_below(fold: State, load: float) -> float:
    """Overlap at ``load``, on the branch that ends in ``fold``: 0.0 above it."""
    if load > fold.load:
        return 0.0
    if load == 0.0:
        return _retrieval_state(0.0, fold.temperature).overlap if fold.temperature else 1.0

    def excess(rho: float) -> float:
        return sqrt(_retrieval_state(rho, fold.temperature).load) - sqrt(load)  # nearly linear

    # m^2 <= q (Jensen) and 0 < C < 1, so sqrt(load) <= rho: half of it is safely below the root.
    end = fold.sigma / fold.overlap
    if excess(end) <= 0.0:  # the load is critical up to rounding
        return fold.overlap
    rho = _root(excess, 0.5 * sqrt(load), end)
    return _retrieval_state(rho, fold.temperature).overlap


def crossing_load(fold: State) -> float:
    """Load on the branch that ends in ``fold`` where its free energy meets the spin glass's."""
    temperature = fold.temperature
    if temperature > 1.0 - 1e-5:  # the energies differ by less than (1 - T)^2, lost in rounding
        return _CROSSING_AT_CURIE * (1.0 - temperature) ** 2

    def excess(rho: float) -> float:
        found = _retrieval_state(rho, temperature)
        return found.free_energy - _spin_glass_state(found.load, temperature).free_energy

    return _retrieval_state(_root(excess, 0.1, fold.sigma / fold.overlap), temperature).load
