r"""The Hopfield model solved: replica-symmetric theory of Amit, Gutfreund and Sompolinsky (AGS).

N spins remember P = load * N random patterns by Hebb's rule. As N grows, each spin sees the signal
m (the overlap with the recalled pattern) in Gaussian crosstalk of variance sigma^2 = load * r from
the other patterns, h = m + sigma z. This gives closed equations [1]_ [2]_:

    m = <tanh(beta h)>,   q = <tanh^2(beta h)>,   r = q / (1 - C)^2,   C = beta (1 - q),

where <.> averages over z, normal of unit variance. At zero temperature this becomes

    m = erf(m / (sqrt(2) sigma)),   C = sqrt(2/pi) / sigma exp(-m^2 / (2 sigma^2)),   r = 1/(1-C)^2.

**One curve.** At fixed temperature T = 1/beta the coordinate is the noise-to-signal ratio
rho = sigma / m. The equation m = <tanh(beta m (1 + rho z))> is a mixture of Curie-Weiss curves
concave in m. It has one positive root if T < 1, and load = (rho m (1 - C))^2 / q follows. Along the
curve the load rises from 0 to a maximum, the critical load, and falls again. The retrieval states
are the rising part.
Since G(m) = <tanh(beta h)> is concave at fixed sigma, C = dG/dm < 1 there, so r is always finite.

.. [1] D. J. Amit, H. Gutfreund, H. Sompolinsky, Phys. Rev. Lett. 55, 1530 (1985).
.. [2] D. J. Amit, H. Gutfreund, H. Sompolinsky, Ann. Phys. 173, 30 (1987).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt
from typing import overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass import _arguments
from spinglass._caller import takes_beta
from spinglass._printed import printed
from spinglass._registry import drawn_by
from spinglass.theory.replica import CURIE_TEMPERATURE, crossing_load, fold_state, overlap_below

__all__ = [
    "PhaseDiagram",
    "critical_load",
    "critical_overlap",
    "ferromagnetic_load",
    "phase_diagram",
    "retrieval_overlap",
    "spin_glass_temperature",
]


@overload
def retrieval_overlap(load: float, beta: float = inf) -> float: ...
@overload
def retrieval_overlap(load: ArrayLike, beta: float = inf) -> float | NDArray[np.float64]: ...
@takes_beta
def retrieval_overlap(load: ArrayLike, beta: float = inf) -> float | NDArray[np.float64]:
    """Overlap m of the retrieval state: how well a stored pattern is remembered.

    The result is the largest solution m of the AGS equations. Above the critical load there is no
    solution, and the result is 0.0. At ``load=0`` it is the Curie-Weiss magnetization,
    m = tanh(beta m).

    Parameters
    ----------
    load : float or array of floats
        Patterns per spin, P/N >= 0.
    beta : float, default=inf
        Inverse temperature >= 0; ``inf`` is zero temperature.

    Returns
    -------
    float or ndarray
        Overlap between 0 and 1: a float for one load, else an array of the shape of ``load``.

    Raises
    ------
    TypeError, ValueError
        If an argument is not a real number, is NaN or is negative.

    Examples
    --------
    >>> round(retrieval_overlap(0.1), 4)
    0.998
    >>> retrieval_overlap(0.15)
    0.0
    >>> retrieval_overlap([0.05, 0.1], beta=2.0).round(3)
    array([0.904, 0.   ])
    """
    loads, temperature = _at_least_zero(load, "load"), _temperature(beta)
    overlaps = np.zeros(loads.shape)
    if temperature < CURIE_TEMPERATURE:
        fold = fold_state(temperature)
        for index in np.ndindex(loads.shape):
            overlaps[index] = overlap_below(fold, float(loads[index]))
    return overlaps if loads.ndim else float(overlaps)


@takes_beta
def critical_load(beta: float = inf) -> float:
    """Largest load at which a retrieval state exists, alpha_c: the line T_M of AGS.

    Parameters
    ----------
    beta : float, default=inf
        Inverse temperature >= 0; ``inf`` is zero temperature.

    Returns
    -------
    float
        Patterns per spin, P/N; 0.0 for ``beta <= 1``, where nothing is retrieved.

    Raises
    ------
    TypeError, ValueError
        If ``beta`` is not a real number, is NaN or is negative.

    Notes
    -----
    Near T = 0 the line is reentrant: a little noise raises the replica-symmetric capacity.

    Examples
    --------
    >>> round(critical_load(), 8)
    0.13790557
    >>> critical_load(beta=50.0) > critical_load()
    True
    """
    temperature = _temperature(beta)
    return fold_state(temperature).load if temperature < CURIE_TEMPERATURE else 0.0


@takes_beta
def critical_overlap(beta: float = inf) -> float:
    """Overlap of the retrieval state at the critical load, from which it jumps to zero.

    Parameters
    ----------
    beta : float, default=inf
        Inverse temperature >= 0; ``inf`` is zero temperature.

    Returns
    -------
    float
        Overlap between 0 and 1; 0.0 for ``beta <= 1``, where nothing is retrieved.

    Raises
    ------
    TypeError, ValueError
        If ``beta`` is not a real number, is NaN or is negative.

    Examples
    --------
    >>> round(critical_overlap(), 8)
    0.96741712
    """
    temperature = _temperature(beta)
    return fold_state(temperature).overlap if temperature < CURIE_TEMPERATURE else 0.0


@takes_beta
def ferromagnetic_load(beta: float = inf) -> float:
    """Load below which the retrieval states are the global minima: the line T_c of AGS.

    At this load the free energies of the retrieval ("ferromagnetic") and spin-glass states cross.
    Between this load and `critical_load` the network still remembers, in metastable states.

    Parameters
    ----------
    beta : float, default=inf
        Inverse temperature >= 0; ``inf`` is zero temperature.

    Returns
    -------
    float
        Patterns per spin, P/N; 0.0 for ``beta <= 1``, where nothing is retrieved.

    Raises
    ------
    TypeError, ValueError
        If ``beta`` is not a real number, is NaN or is negative.

    Examples
    --------
    >>> round(ferromagnetic_load(), 8)
    0.05185433
    """
    temperature = _temperature(beta)
    return crossing_load(fold_state(temperature)) if temperature < CURIE_TEMPERATURE else 0.0


@overload
def spin_glass_temperature(load: float) -> float: ...
@overload
def spin_glass_temperature(load: ArrayLike) -> float | NDArray[np.float64]: ...
def spin_glass_temperature(load: ArrayLike) -> float | NDArray[np.float64]:
    """Temperature T_g = 1 + sqrt(load) at which the paramagnet freezes into a spin glass.

    The result is a temperature, not a beta. It is the line T_g(load) of the phase diagram.

    Parameters
    ----------
    load : float or array of floats
        Patterns per spin, P/N >= 0.

    Returns
    -------
    float or ndarray
        A float for one load, else an array of the shape of ``load``.

    Raises
    ------
    TypeError, ValueError
        If ``load`` is not a real number, is NaN or is negative.

    Examples
    --------
    >>> spin_glass_temperature(0.25)
    1.5
    """
    loads = _at_least_zero(load, "load")
    return 1.0 + np.sqrt(loads) if loads.ndim else 1.0 + sqrt(float(loads))


@printed
@dataclass(frozen=True, eq=False)
class PhaseDiagram:
    """The three lines of the AGS phase diagram in the plane of load and temperature.

    Attributes
    ----------
    temperature : ndarray of shape (n_points,)
        Temperatures T = 1/beta from 0 to 1, in units of the ordering temperature at load 0.
    critical_load, ferromagnetic_load : ndarray of shape (n_points,)
        Loads P/N at these temperatures up to which retrieval states exist (the line T_M), and up
        to which they are the global minima of the free energy (the line T_c).
    load : ndarray of shape (n_points,)
        Loads P/N from 0 to a little above the largest critical load.
    spin_glass_temperature : ndarray of shape (n_points,)
        Temperatures T_g at these loads, below which the paramagnet is a spin glass.

    Examples
    --------
    >>> from spinglass.theory import hopfield
    >>> diagram = hopfield.phase_diagram(5)
    >>> diagram.temperature.shape, round(float(diagram.critical_load[0]), 4)
    ((5,), 0.1379)
    """

    temperature: NDArray[np.float64]
    critical_load: NDArray[np.float64]
    ferromagnetic_load: NDArray[np.float64]
    load: NDArray[np.float64]
    spin_glass_temperature: NDArray[np.float64]

    plot = drawn_by("phase_diagram", "Draw the lines of the phase diagram.")


def phase_diagram(n_points: int = 101) -> PhaseDiagram:
    """Compute the phase diagram of the Hopfield model.

    Parameters
    ----------
    n_points : int, default=101
        Points on each line, at least 2.

    Returns
    -------
    PhaseDiagram
        The lines T_M, T_c and T_g; ``.plot()`` draws them.

    Raises
    ------
    TypeError, ValueError
        If ``n_points`` is not an integer or is less than 2.

    Examples
    --------
    >>> diagram = phase_diagram(n_points=3)
    >>> diagram.temperature
    array([0. , 0.5, 1. ])
    >>> diagram.critical_load.round(4)
    array([0.1379, 0.0588, 0.    ])
    """
    n_points = _arguments.integer(n_points, "n_points", at_least=2)
    _arguments.check_memory(40 * n_points, f"n_points: a diagram of {n_points} points")
    temperature = np.linspace(0.0, 1.0, n_points)
    critical, ferromagnetic = np.zeros((2, n_points))  # both lines end in (load 0, T 1)
    for index, fold in enumerate(map(fold_state, temperature[:-1])):
        critical[index], ferromagnetic[index] = fold.load, crossing_load(fold)
    glass = np.linspace(1.0, 1.4, n_points)  # even steps in T_g: it starts vertically
    return PhaseDiagram(temperature, critical, ferromagnetic, (glass - 1.0) ** 2, glass)


def _temperature(beta: float) -> float:
    betas = _at_least_zero(beta, "beta")
    if betas.ndim:
        raise TypeError(f"beta must be one number, got an array of shape {betas.shape}")
    if betas > 1e300:  # m / T would overflow, and T is zero to every digit
        return 0.0
    return 1.0 / float(betas) if betas else inf


def _at_least_zero(value: ArrayLike, name: str) -> NDArray[np.float64]:
    try:
        numbers = _arguments.array_of(value, name, "real numbers >= 0")
    except ValueError:  # rows of unequal length
        numbers = np.empty(0, object)
    if numbers.dtype.kind not in "iuf":
        raise TypeError(f"{name} must be a real number >= 0, got {_arguments.shown(value)}")
    numbers = numbers.astype(np.float64)
    if not np.all(numbers >= 0.0):  # NaN fails too
        raise ValueError(f"{name} must be >= 0, got {numbers[~(numbers >= 0.0)].flat[0]}")
    return numbers
