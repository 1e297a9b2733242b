r"""Exact solutions of the Ising model on the infinite and the finite square lattice.

Spins on a square lattice have the energy E = -J sum_<ij> s_i s_j over nearest neighbours, where J
is the ``coupling``. With K = beta J, t = tanh 2K and k = 2 sinh 2K / cosh^2 2K, Onsager's solution
[1]_ for the infinite lattice is

    ln Z / N = ln(2 cosh 2K) + 1/pi int_0^{pi/2} ln((1 + sqrt(1 - k^2 sin^2 x)) / 2) dx,
    E / N = -J coth 2K (1 + (2 t^2 - 1) 2 K1(k) / pi),

where K1 is the complete elliptic integral. The singularity is at sinh 2K = 1, where the complement
k' = |2 t^2 - 1| vanishes; below this temperature the magnetization is (1 - sinh^-4 2K)^(1/8) [2]_.
`theory.kaufman` evaluates Kaufman's sum [3]_ for a finite lattice with periodic boundaries.

**Cancellation.** The textbook forms lose all digits at high temperature. Here the
arithmetic-geometric mean of 1 and k' gives w = 2 K1 / pi - 1, a sum of positive terms that starts
with min(t^2, 1 - t^2). Energies and specific heats are written in w.

An antiferromagnet, J < 0, has the same sums where the lattice is bipartite, that is, where it is
infinite or both sides are even.

.. [1] L. Onsager, Phys. Rev. 65, 117 (1944).
.. [2] C. N. Yang, Phys. Rev. 85, 808 (1952).
.. [3] B. Kaufman, Phys. Rev. 76, 1232 (1949).
"""

from __future__ import annotations

from math import asinh
from typing import NamedTuple, overload

import numpy as np
from numpy.typing import ArrayLike

from spinglass._caller import takes_beta
from spinglass.theory.kaufman import (
    Floats,
    as_given,
    finite_energy,
    finite_log_partition,
    finite_specific_heat,
    valid_betas,
    valid_coupling,
)

__all__ = [
    "critical_beta",
    "energy",
    "finite_energy",
    "finite_log_partition",
    "finite_specific_heat",
    "free_energy",
    "log_partition_per_spin",
    "magnetization",
    "specific_heat",
]

_CRITICAL = 0.5 * asinh(1.0)
_ROUNDING = 2.5e-16  # beta_c J, divided and multiplied by J, is K_c up to this
_GROUND_STATE = 300.0  # K above which e^{-4K} and all that follows from it is zero

# The integral of ln Z by the double-exponential rule x = pi/4 (1 + tanh(pi/2 sinh y)): the branch
# points x = pi/2 +- i k' approach the end of the range, where its nodes crowd. With this step it
# is exact to 1e-16 at every temperature, the critical one included.
_STEP = 0.05
_SINH = np.pi * np.sinh(_STEP * np.arange(-72, 73))
_SQUARED_SINE = np.sin(0.5 * np.pi / (1.0 + np.exp(-_SINH))) ** 2
_WEIGHT = 0.5 * _STEP * np.hypot(_SINH, np.pi) / (4.0 * np.cosh(0.5 * _SINH) ** 2)


def critical_beta(coupling: float = 1.0) -> float:
    """Inverse temperature of the phase transition, ln(1 + sqrt 2) / (2 |J|).

    Parameters
    ----------
    coupling : float, default=1.0
        J. For J < 0 this is where the antiferromagnet orders.

    Returns
    -------
    float
        beta_c, in units of 1 / energy.

    Raises
    ------
    TypeError, ValueError
        If ``coupling`` is not a finite real number other than 0.

    Examples
    --------
    >>> round(critical_beta(), 10)
    0.4406867935
    """
    return _CRITICAL / abs(valid_coupling(coupling))


@overload
def log_partition_per_spin(beta: float, *, coupling: float = 1.0) -> float: ...
@overload
def log_partition_per_spin(beta: ArrayLike, *, coupling: float = 1.0) -> float | Floats: ...
@takes_beta
def log_partition_per_spin(beta: ArrayLike, *, coupling: float = 1.0) -> float | Floats:
    """Logarithm of the partition sum per spin, ln Z / N, of the infinite lattice.

    Parameters
    ----------
    beta : float or array of floats
        Inverse temperature >= 0.
    coupling : float, default=1.0
        J; only its absolute value matters.

    Returns
    -------
    float or ndarray
        ln Z / N: a float for one beta, else an array of the shape of ``beta``.

    Raises
    ------
    TypeError, ValueError
        If an argument is not a real number, ``beta`` is negative or ``coupling`` is 0 or infinite.

    Examples
    --------
    >>> round(log_partition_per_spin(critical_beta()), 10)  # ln(2) / 2 + 2 Catalan / pi
    0.9296953983
    """
    K, _ = _reduced(beta, coupling)
    with np.errstate(over="ignore"):
        return as_given(2.0 * K + _log_excess(K))


@overload
def free_energy(beta: float, *, coupling: float = 1.0) -> float: ...
@overload
def free_energy(beta: ArrayLike, *, coupling: float = 1.0) -> float | Floats: ...
@takes_beta
def free_energy(beta: ArrayLike, *, coupling: float = 1.0) -> float | Floats:
    """Free energy per spin, -ln Z / (beta N), of the infinite lattice.

    Parameters
    ----------
    beta : float or array of floats
        Inverse temperature >= 0; ``inf`` is zero temperature.
    coupling : float, default=1.0
        J; only its absolute value matters.

    Returns
    -------
    float or ndarray
        In units of energy: -2 |J| at zero temperature, -inf at ``beta=0``.

    Raises
    ------
    TypeError, ValueError
        If an argument is not a real number, ``beta`` is negative or ``coupling`` is 0 or infinite.

    Examples
    --------
    >>> free_energy([0.5, float("inf")]).round(6)
    array([-2.051586, -2.      ])
    """
    K, strength = _reduced(beta, coupling)
    with np.errstate(divide="ignore", over="ignore"):
        return as_given(-strength * (2.0 + _log_excess(K) / K))


@overload
def energy(beta: float, *, coupling: float = 1.0) -> float: ...
@overload
def energy(beta: ArrayLike, *, coupling: float = 1.0) -> float | Floats: ...
@takes_beta
def energy(beta: ArrayLike, *, coupling: float = 1.0) -> float | Floats:
    """Energy per spin of the infinite lattice (Onsager 1944).

    Parameters
    ----------
    beta : float or array of floats
        Inverse temperature >= 0; ``inf`` is zero temperature.
    coupling : float, default=1.0
        J; only its absolute value matters.

    Returns
    -------
    float or ndarray
        <E> / N, between -2 |J| and 0.

    Raises
    ------
    TypeError, ValueError
        If an argument is not a real number, ``beta`` is negative or ``coupling`` is 0 or infinite.

    Examples
    --------
    >>> energy([0.0, 0.3, 0.5, float("inf")]).round(8)
    array([ 0.        , -0.70449907, -1.74556458, -2.        ])
    >>> round(energy(critical_beta()) / -(2**0.5), 12)
    1.0
    """
    K, strength = _reduced(beta, coupling)
    at = _point(K)
    # coth 2K (1 + k'' (1 + w)) with k'' = 2 t^2 - 1; at the critical point 0 * inf is 0.
    product = np.where(at.complement == 0.0, 0.0, at.complement * np.minimum(at.w, 1e300))
    small = at.t < 1e-8  # where w is t^2 to every digit, until it underflows
    bonds = 2.0 * at.t + np.where(small, -at.t, product / np.where(small, 1.0, at.t))
    return as_given(0.0 - strength * bonds)


@overload
def specific_heat(beta: float, *, coupling: float = 1.0) -> float: ...
@overload
def specific_heat(beta: ArrayLike, *, coupling: float = 1.0) -> float | Floats: ...
@takes_beta
def specific_heat(beta: ArrayLike, *, coupling: float = 1.0) -> float | Floats:
    """Specific heat per spin of the infinite lattice, beta^2 (<E^2> - <E>^2) / N (Onsager 1944).

    Parameters
    ----------
    beta : float or array of floats
        Inverse temperature >= 0; ``inf`` is zero temperature.
    coupling : float, default=1.0
        J; only its absolute value matters.

    Returns
    -------
    float or ndarray
        In units of Boltzmann's constant; ``inf`` at the critical point.

    Raises
    ------
    TypeError, ValueError
        If an argument is not a real number, ``beta`` is negative or ``coupling`` is 0 or infinite.

    Examples
    --------
    >>> specific_heat([0.0, 0.3, critical_beta(), 0.5]).round(6)
    array([0.      , 0.28629 ,      inf, 0.724871])
    """
    K, _ = _reduced(beta, coupling)
    K = np.minimum(K, _GROUND_STATE)
    at = _point(K)
    # c = 4/pi (K coth 2K)^2 (K1 - E1 - sech^2 2K (pi/2 + k'' K1)), where K1 - E1 is K1 S with
    # S = k^2/2 + c_1^2 + R. On either side of the critical point, x = c_1 = min(t^2, 1 - t^2)
    # turns the bracket into pi/2 times a sum of positive terms.
    x = at.first
    hot, cold = (at.w * (1.0 - x + x * x + at.rest)), at.w * x + (1.0 + at.w) * (x * x + at.rest)
    bracket = np.where(at.complement < 0.0, hot + x * x + at.rest, cold)
    ratio = np.where(at.t > 0.0, K / np.where(at.t > 0.0, at.t, 1.0), 0.5)
    return as_given(2.0 * (ratio * bracket) * ratio)


@overload
def magnetization(beta: float, *, coupling: float = 1.0) -> float: ...
@overload
def magnetization(beta: ArrayLike, *, coupling: float = 1.0) -> float | Floats: ...
@takes_beta
def magnetization(beta: ArrayLike, *, coupling: float = 1.0) -> float | Floats:
    """Spontaneous magnetization per spin of the infinite lattice (Yang 1952).

    Parameters
    ----------
    beta : float or array of floats
        Inverse temperature >= 0; ``inf`` is zero temperature.
    coupling : float, default=1.0
        J. For J < 0 the result is the staggered magnetization, of one sublattice.

    Returns
    -------
    float or ndarray
        Between 0 and 1. It is 0 at and above the critical temperature.

    Raises
    ------
    TypeError, ValueError
        If an argument is not a real number, ``beta`` is negative or ``coupling`` is 0 or infinite.

    Examples
    --------
    >>> magnetization([0.4, 0.45, 0.5, float("inf")]).round(6)
    array([0.      , 0.749323, 0.911319, 1.      ])
    """
    K, _ = _reduced(beta, coupling)
    K = np.maximum(np.minimum(K, _GROUND_STATE), _CRITICAL)
    distance = np.where(K - _CRITICAL <= _ROUNDING, 0.0, K - _CRITICAL)
    inverse = 1.0 / np.sinh(2.0 * K)
    # 1 - 1 / sinh 2K, where sinh 2K - 1 = sinh 2K - sinh 2K_c.
    gap = 2.0 * np.cosh(K + _CRITICAL) * np.sinh(distance) * inverse
    return as_given((gap * (1.0 + inverse) * (1.0 + inverse**2)) ** 0.125)


class _Point(NamedTuple):
    """What Onsager's formulas are made of, at couplings K."""

    t: Floats  # tanh 2K
    complement: Floats  # 2 t^2 - 1, whose absolute value is the complementary modulus k'
    first: Floats  # c_1 = (1 - k') / 2 = min(t^2, 1 - t^2)
    w: Floats  # 2 K1 / pi - 1
    rest: Floats  # 2 c_2^2 + 4 c_3^2 + ...: 1 - E1 / K1 = k^2 / 2 + c_1^2 + rest


def _reduced(beta: ArrayLike, coupling: float) -> tuple[Floats, float]:
    """Return K = beta |J| and |J|."""
    betas, strength = valid_betas(beta), abs(valid_coupling(coupling))
    with np.errstate(over="ignore"):
        return np.asarray(betas * strength), strength


def _point(K: Floats) -> _Point:
    K = np.minimum(K, _GROUND_STATE)
    decay = np.exp(-2.0 * K)
    t, squared_sech = np.tanh(2.0 * K), (2.0 * decay / (1.0 + decay * decay)) ** 2
    distance = K - _CRITICAL
    distance = np.where(np.abs(distance) <= _ROUNDING, 0.0, distance)
    # (sinh^2 - 1) / cosh^2 of 2K near the critical point, where 2 t^2 - 1 is a difference of ones.
    near = np.clip(distance, -0.1, 0.1)
    gap = 2.0 * np.cosh(2.0 * _CRITICAL + near) * np.sinh(near)  # sinh 2K - 1
    complement = np.where(near == distance, gap * (gap + 2.0) * squared_sech, 2.0 * t * t - 1.0)
    first = np.minimum(t * t, squared_sech)

    a, b, c = 1.0 - first, np.sqrt(np.abs(complement)), first
    lowered, rest, power = first.copy(), np.zeros_like(first), 1.0
    for _ in range(8):  # quadratic: from k' = 1e-16 this is two steps more than needed
        c = c * c / (2.0 * (a + b))
        a, b, power = a - c, np.sqrt(a * b), 2.0 * power
        lowered, rest = lowered + c, rest + power * c * c
    with np.errstate(divide="ignore"):
        w = np.where(complement == 0.0, np.inf, lowered / a)
    return _Point(t, complement, first, w, rest)


def _log_excess(K: Floats) -> Floats:
    """Return ln Z / N - 2K, which at low temperature is exponentially small."""
    K = np.minimum(K, _GROUND_STATE)
    at = _point(K)
    k2 = 2.0 * at.first * (1.0 + np.abs(at.complement))  # k^2 = (1 - k') (1 + k')
    k2 = k2[..., None]
    root = np.sqrt(1.0 - k2 * _SQUARED_SINE)
    integral = np.log1p(-0.5 * k2 * _SQUARED_SINE / (1.0 + root)) @ _WEIGHT
    return np.asarray(np.log1p(np.exp(-4.0 * K)) + integral)
