r"""How much memories hold that are made by other rules than Hebb's, at zero temperature.

A spin sees the signal m of its memory and the noise of all others, normal of variance V. So
m = erf(y), y = m / sqrt(2V), and the susceptibility is C = 2 y exp(-y^2) / (sqrt(pi) m). A rule
enters by its variance,

    V = load (r + d).

r says how the noise of the other patterns is fed back, and d is the noise that the rule itself
adds to the couplings:

- Hebb: r = 1 / (1 - C)^2 and d = 0 [1]_.
- Clipped, J = sign of Hebb's: the same r, and d = pi/2 - 1 [2]_.
- Diluted, symmetric, a share c of the bonds kept: the same r, and d = (1 - c) / c [2]_.
- Sequence, every pattern calls the next, all spins at once: r = 1 / (1 - C^2) and d = 0 [3]_.

Each y then has its load, m^2 / (2 y^2 (r + d)). The largest of them is critical.

**Low activity** [4]_: units V = 0 or 1, of which a share f is active in a pattern eta, and the
couplings (1 / (N f (1-f))) sum (eta - f)(eta - f). With a threshold theta and noise of width sigma,
active units of the pattern stay on with the probability H(x_1), the others with H(x_0), where
x_1 = (theta - (1-f) m) / sigma, x_0 = (theta + f m) / sigma, and H is the upper tail of a normal
distribution. Then m = H(x_1) - H(x_0) and, phi its density,

    sigma = m / (x_0 - x_1),   C = (f phi(x_1) + (1-f) phi(x_0)) / sigma,
    load = sigma^2 (1 - C)^2 / (f H(x_1) + (1-f) H(x_0)).

Each pair x_1 < x_0 has its load. The largest is critical, with the threshold that serves it best.
Below it, the best threshold of a load is that of the pair whose overlap is the largest.

All of this is replica-symmetric.

.. [1] D. J. Amit, H. Gutfreund, H. Sompolinsky, Phys. Rev. Lett. 55, 1530 (1985).
.. [2] H. Sompolinsky, Phys. Rev. A 34, 2571 (1986).
.. [3] A. Duering, A. C. C. Coolen, D. Sherrington, J. Phys. A 31, 8607 (1998).
.. [4] M. V. Tsodyks, M. V. Feigelman, Europhys. Lett. 6, 101 (1988).
"""

from __future__ import annotations

from math import exp, inf, log, pi, sqrt
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

import numpy as np
import scipy  # its submodules load when first used: --help does not wait for them

from spinglass._arguments import choice, finite

__all__ = ["critical_load", "critical_overlap", "optimal_threshold"]

Rule: TypeAlias = Literal["hebb", "clipped", "diluted", "sequence", "low-activity"]


class _Critical(NamedTuple):
    """Where memories are lost: the load, and the overlap that they have there."""

    load: float
    overlap: float


def critical_load(rule: Rule, *, share: float = 1.0, activity: float = 0.5) -> float:
    """Return the largest load P/N at which memories exist, at zero temperature.

    Parameters
    ----------
    rule : {"hebb", "clipped", "diluted", "sequence", "low-activity"}
        How the couplings are made of the patterns: see the module.
    share : float
        Of the bonds that ``"diluted"`` keeps, above 0 and up to 1. P is divided by N, not by the
        number of bonds of a spin.
    activity : float
        f, the share of active units of a pattern of ``"low-activity"``, between 0 and 1/2. The
        threshold is the best one.

    Returns
    -------
    float

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described, or belongs to another rule.

    Notes
    -----
    Replica-symmetric. With ``"hebb"`` it is `spinglass.theory.hopfield.critical_load` at zero
    temperature.

    Examples
    --------
    >>> from spinglass.theory import memories
    >>> round(memories.critical_load("hebb"), 6)
    0.137906
    >>> round(memories.critical_load("sequence"), 4)
    0.2691
    >>> round(memories.critical_load("low-activity", activity=0.1), 3)
    0.441
    """
    return _critical(rule, share, activity).load


def critical_overlap(rule: Rule, *, share: float = 1.0, activity: float = 0.5) -> float:
    """Return the overlap of memories at the critical load, at zero temperature.

    Parameters
    ----------
    rule, share, activity
        As of :func:`critical_load`.

    Returns
    -------
    float
        m. With ``"low-activity"`` it is the share of active units that stay on minus the share of
        the others that turn on.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described, or belongs to another rule.

    Examples
    --------
    >>> from spinglass.theory import memories
    >>> round(memories.critical_overlap("hebb"), 4)
    0.9674
    """
    return _critical(rule, share, activity).overlap


def optimal_threshold(load: float, activity: float) -> float:
    """Return the threshold of units that makes the overlap of memories of low activity the largest.

    Parameters
    ----------
    load : float
        P/N, positive. From the critical load on it is the threshold of the critical load.
    activity : float
        f, the share of active units of a pattern, above 0 and at most 1/2.

    Returns
    -------
    float
        theta, of units 0 and 1 that turn on if sum_j J_ij V_j is above it, with couplings
        (1 / (N f (1-f))) sum (eta - f)(eta - f).

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    Replica-symmetric, at zero temperature. Without noise the field is 1 - f at active units and -f
    at the others, so for few patterns the threshold is 1/2 - f, in the middle.

    Examples
    --------
    >>> from spinglass.theory import memories
    >>> round(memories.optimal_threshold(0.001, activity=0.1), 6)
    0.4
    >>> round(memories.optimal_threshold(0.4, activity=0.1), 3)
    0.479
    """
    given, f = finite(load, "load"), finite(activity, "activity")
    if given <= 0:
        raise ValueError(f"load must be positive, got {given:g}")
    if not 0 < f <= 0.5:
        raise ValueError(f"activity must be above 0 and at most 1/2, got {f:g}")
    critical, (x_1, width) = _largest_load(f)
    if given < critical:
        # Below a hundredth of the critical load nothing is lost, and the threshold stays as it is.
        x_1, width = _largest_overlap(max(given, critical / 100), f)
    overlap = _tails(x_1, width, f)[0]
    return overlap * (x_1 / width + 1 - f)


def _critical(rule: Rule, share: float, activity: float) -> _Critical:
    choice(rule, "rule", get_args(Rule))
    kept, active = finite(share, "share"), finite(activity, "activity")
    if not 0 < kept <= 1:
        raise ValueError(f"share must be above 0 and at most 1, got {kept:g}")
    if not 0 < active <= 0.5:
        raise ValueError(f"activity must be above 0 and at most 1/2, got {active:g}")
    if kept != 1 and rule != "diluted":
        raise ValueError(f"share must be left out with rule {rule!r}, got {kept:g}")
    if active != 0.5 and rule != "low-activity":
        raise ValueError(f"activity must be left out with rule {rule!r}, got {active:g}")
    if rule == "low-activity":
        return _low_activity(active)
    noise = {"clipped": pi / 2 - 1, "diluted": (1 - kept) / kept}.get(rule, 0.0)
    return _of_signs(noise, is_sequence=rule == "sequence")


def _of_signs(noise: float, *, is_sequence: bool) -> _Critical:
    """Find the y of the largest load, for spins."""
    special, optimize = scipy.special, scipy.optimize

    def minus_log_load(log_y: float) -> float:
        y = exp(log_y)
        overlap = special.erf(y)
        rest = special.gammainc(1.5, y * y) / overlap  # 1 - C, also where C is nearly 1
        feedback = 1 / (rest * (2 - rest)) if is_sequence else 1 / rest**2
        return float(-log((overlap / y) ** 2 / (2 * (feedback + noise))))

    # Much noise goes with small y: 1 - C is 2 y^2 / 3, and the largest load at y^6 = 27 / (4 d).
    near = -log(1 + noise) / 6
    options = {"xatol": 1e-12}
    found = optimize.minimize_scalar(
        minus_log_load, bounds=(near - 3, near + 3), method="bounded", options=options
    )
    return _Critical(exp(-found.fun), float(special.erf(exp(found.x))))


def _tails(x_1: float, width: float, f: float) -> tuple[float, float, float]:
    """Return m, the mean of V, and m C at x_1 and x_0 = x_1 + width."""
    on, wrong = scipy.special.ndtr([-x_1, -x_1 - width])
    density = (f * exp(-(x_1**2) / 2) + (1 - f) * exp(-((x_1 + width) ** 2) / 2)) / sqrt(2 * pi)
    return float(on - wrong), float(f * on + (1 - f) * wrong), density * width


def _log_load(x_1: float, width: float, f: float) -> float:
    """Return the logarithm of the load of a pair; -inf where there is no memory."""
    overlap, mean, slope = _tails(x_1, width, f)
    if slope >= overlap:  # C >= 1
        return -inf
    return 2 * log((overlap - slope) / width) - log(mean)


def _low_activity(f: float) -> _Critical:
    load, (x_1, width) = _largest_load(f)
    return _Critical(load, _tails(x_1, width, f)[0])


def _largest_load(f: float) -> tuple[float, tuple[float, float]]:
    """Find the x_1 and the width x_0 - x_1 of the largest load."""
    # Few of many silent units may turn on: (1-f) H(x_0) is about f.
    start = [-0.8, log(1 + sqrt(-2 * log(f)))]
    options = {"xatol": 1e-10, "fatol": 1e-14, "maxiter": 10_000}
    found = scipy.optimize.minimize(
        lambda x: -_log_load(x[0], exp(x[1]), f), start, method="Nelder-Mead", options=options
    )
    return exp(-found.fun), (float(found.x[0]), exp(found.x[1]))


def _largest_overlap(load: float, f: float) -> tuple[float, float]:
    """Find the x_1 and the width of the largest overlap at a load below the critical one."""
    special = scipy.special

    def log_loss(x: Any) -> float:  # of 1 - m
        return float(np.logaddexp(special.log_ndtr(x[0]), special.log_ndtr(-x[0] - exp(x[1]))))

    def excess(x: Any) -> float:
        return max(_log_load(x[0], exp(x[1]), f), -50.0) - log(load)

    # The noise without feedback, and the threshold in the middle.
    width = max(2.5, 2 / sqrt(load * f))
    found = scipy.optimize.minimize(
        log_loss,
        [-width / 2, log(width)],
        method="SLSQP",
        constraints=[{"type": "ineq", "fun": excess}],
        options={"ftol": 1e-12, "maxiter": 500},
    )
    return float(found.x[0]), exp(found.x[1])
