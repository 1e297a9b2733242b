r"""Theory of the Sherrington-Kirkpatrick (SK) model, in which all pairs of spins are coupled.

N spins have the energy E = -sum_{i<j} J_ij s_i s_j - h sum_i s_i with independent normal couplings
of mean 0 and variance 1/N. Above the critical temperature T = 1 (no field) the model is a
paramagnet with the energy -beta/2 per spin [1]_. Below, the overlap of two random states has more
than one value. The **replica-symmetric** theory has one value,
q = <tanh^2(beta (h + sqrt(q) z))>, where z is normal. It is right above the line of de Almeida and
Thouless (AT) [2]_, beta^2 <sech^4> = 1. Below this line its entropy becomes negative. **Parisi's**
theory [3]_ is right everywhere, and `theory.parisi` solves it in k steps.

.. [1] D. Sherrington, S. Kirkpatrick, Phys. Rev. Lett. 35, 1792 (1975).
.. [2] J. R. L. de Almeida, D. J. Thouless, J. Phys. A 11, 983 (1978).
.. [3] G. Parisi, J. Phys. A 13, L115 (1980); A. Crisanti, T. Rizzo, Phys. Rev. E 65, 046137 (2002).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import cbrt, copysign, exp, hypot, inf, isfinite, log, pi, sqrt
from typing import overload

import numpy as np
import scipy  # its submodules load when first used: --help does not wait for them
from numpy.typing import ArrayLike

from spinglass import _arguments
from spinglass._caller import takes_beta
from spinglass._printed import printed
from spinglass.theory import parisi
from spinglass.theory.kaufman import Floats, as_given, valid_betas
from spinglass.theory.replica import state

__all__ = [
    "GROUND_STATE_ENERGY",
    "ReplicaSymmetric",
    "ReplicaSymmetryBreaking",
    "de_almeida_thouless",
    "energy",
    "free_energy",
    "replica_symmetric",
    "replica_symmetry_breaking",
]

GROUND_STATE_ENERGY = -0.763167
"""Energy per spin at zero temperature and N = inf, in no field: -0.763166(1). Crisanti and Rizzo
(2002); Oppermann, Schmidt and Sherrington, Phys. Rev. Lett. 98, 127201 (2007)."""

_STEPS = 3
_STEP = 0.2  # of the trapezoidal rule, as in `theory.replica`
_NODES: Floats = _STEP * np.arange(-120.0, 121.0)
_GAUSSIAN: Floats = _STEP * np.arange(-47.0, 48.0)
_WEIGHT = _STEP / sqrt(2.0 * pi)
_GAUSSIAN_WEIGHT = _WEIGHT * np.exp(-0.5 * _GAUSSIAN**2)

# Below this (q + h^2) / T^2 the series of `_weak_overlap` errs by 1e-10 of q, and above it the
# rounding of the equation by no more.
_SMALL = 2e-6

# The AT line in a weak field: 1 - T = y times this polynomial in y = (3 h^2 / 4)^(1/3), from both
# equations as series in 1 - T. Below _WEAK its error is under 2e-12.
_WEAK_FIELD = (1.0, -1 / 3, -4 / 5, 4783 / 810)
_LARGEST = 1e100  # the square of a field is still a double
_FAR = 1e150  # of a Gaussian nothing is left here, and its square is still a double
_WEAK = 1e-4


@overload
def energy(beta: float) -> float: ...
@overload
def energy(beta: ArrayLike) -> float | Floats: ...
@takes_beta
def energy(beta: ArrayLike) -> float | Floats:
    """Energy per spin in the limit of many spins, without a field, averaged over the couplings.

    Up to the critical ``beta=1`` the energy is exactly -beta/2. Beyond, it is that of Parisi's
    theory in three steps, which is too low by less than 1e-5 at ``beta=2`` and by 1.5e-4 at zero
    temperature.

    Parameters
    ----------
    beta : float or array of floats
        Inverse temperature >= 0; ``inf`` is zero temperature.

    Returns
    -------
    float or ndarray
        A float for one beta, else an array of the shape of ``beta``. A new beta beyond 1 takes
        about a second; the first call takes some seconds.

    Raises
    ------
    TypeError, ValueError
        If ``beta`` is not a real number, is NaN or is negative.

    Examples
    --------
    >>> energy(0.5)
    -0.25
    >>> round(energy(2.0), 4)
    -0.7115
    """
    betas = valid_betas(beta)
    values = np.asarray(-0.5 * np.minimum(betas, 1.0))
    for index in np.ndindex(betas.shape):
        if betas[index] > 1.0:
            values[index] = _glass_energy(1.0 / float(betas[index]))
    return as_given(values)


@overload
def free_energy(beta: float) -> float: ...
@overload
def free_energy(beta: ArrayLike) -> float | Floats: ...
@takes_beta
def free_energy(beta: ArrayLike) -> float | Floats:
    """Free energy per spin of the paramagnet, -beta/4 - ln(2)/beta, exact up to ``beta=1``.

    Parameters
    ----------
    beta : float or array of floats
        Inverse temperature between 0 and 1. `replica_symmetry_breaking` covers larger values.

    Returns
    -------
    float or ndarray
        A float for one beta, else an array of the shape of ``beta``; -inf at ``beta=0``.

    Raises
    ------
    TypeError, ValueError
        If ``beta`` is not a real number between 0 and 1.

    Examples
    --------
    >>> round(free_energy(1.0), 6)
    -0.943147
    """
    betas = valid_betas(beta)
    if np.any(betas > 1.0):
        raise ValueError(f"beta must be at most 1, the critical one, got {betas[betas > 1.0][0]}")
    with np.errstate(divide="ignore", over="ignore"):
        return as_given(-0.25 * betas - log(2.0) / betas)


@printed
@dataclass(frozen=True)
class ReplicaSymmetric:
    """The replica-symmetric state, all per spin.

    Attributes
    ----------
    overlap : float
        q, the Edwards-Anderson order parameter.
    magnetization : float
        <s>.
    energy, free_energy, entropy : float
        The entropy is in units of Boltzmann's constant. At low temperature it is negative, which
        is impossible for discrete spins.
    stability : float
        1 - beta^2 <sech^4>. The state is right where this is positive, above the AT line.

    Examples
    --------
    >>> from spinglass.theory import sk
    >>> sk.replica_symmetric(beta=0.5).overlap  # no glass above the critical temperature
    0.0
    """

    overlap: float
    magnetization: float
    energy: float
    free_energy: float
    entropy: float
    stability: float


@takes_beta
def replica_symmetric(beta: float, *, field: float = 0.0) -> ReplicaSymmetric:
    """Solve the replica-symmetric theory of Sherrington and Kirkpatrick (1975).

    Parameters
    ----------
    beta : float
        Inverse temperature >= 0; ``inf`` is zero temperature.
    field : float, default=0.0
        h, the same on every spin.

    Returns
    -------
    ReplicaSymmetric
        q, the magnetization, the energies, the entropy, and the stability of the state.

    Raises
    ------
    TypeError, ValueError
        If an argument is not a real number, ``beta`` is negative or ``field`` is infinite.

    Examples
    --------
    >>> glass = replica_symmetric(float("inf"))
    >>> round(glass.energy, 6), round(glass.entropy, 6)  # -sqrt(2/pi) and -1/(2 pi)
    (-0.797885, -0.159155)
    """
    beta = _arguments.inverse_temperature(beta)
    field = _field(field)
    if beta == 0.0:
        return ReplicaSymmetric(0.0, 0.0, 0.0, -inf, log(2.0), 1.0)
    temperature = 1.0 / beta if beta < 1e300 else 0.0
    h = abs(field)  # then a field turned round changes a sign and no rounding
    q = _overlap(h, temperature)
    found = state(h, sqrt(q), temperature)
    C, m = found.C, found.response
    energy = -0.5 * C * (1.0 + q) - h * m
    entropy = _local_average(_entropy_of_spin, h, q, temperature) - 0.25 * C * C
    # -inf at zero temperature, where sech^4 is a peak of width T.
    sech4 = _local_average(_sech4, h, q, temperature)
    stability = 1.0 - sech4 / temperature / temperature if temperature > 1e-150 else -inf
    magnetization = copysign(max(m, 0.0), field) if field else 0.0
    return ReplicaSymmetric(
        overlap=q,
        magnetization=magnetization,
        energy=energy,
        free_energy=energy - temperature * entropy,
        entropy=entropy,
        stability=stability,
    )


@overload
def de_almeida_thouless(field: float) -> float: ...
@overload
def de_almeida_thouless(field: ArrayLike) -> float | Floats: ...
def de_almeida_thouless(field: ArrayLike) -> float | Floats:
    """Temperature T_AT below which the replica-symmetric state is unstable.

    The result is a temperature, not a beta. It is the line T_AT(field) of the phase diagram.

    Parameters
    ----------
    field : float or array of floats
        h, the same on every spin.

    Returns
    -------
    float or ndarray
        A float for one field, else an array of its shape. The temperature is 1 without a field,
        1 - (3 h^2 / 4)^(1/3) in a weak field, and 4 / (3 sqrt(2 pi)) exp(-h^2 / 2) in a strong one.

    Raises
    ------
    TypeError, ValueError
        If ``field`` is not a finite real number.

    Examples
    --------
    >>> de_almeida_thouless([0.0, 0.5, 1.0]).round(4)
    array([1.    , 0.5351, 0.3212])
    """
    fields = _arguments.real_array(field, "field").astype(np.float64)
    if not np.all(np.isfinite(fields)):
        raise ValueError(f"field must be finite, got {fields[~np.isfinite(fields)].flat[0]}")
    values = [_instability(abs(float(h))) for h in fields.flat]
    return as_given(np.array(values).reshape(fields.shape))


@printed
@dataclass(frozen=True, eq=False)
class ReplicaSymmetryBreaking:
    """Parisi's state in k steps, all per spin.

    Attributes
    ----------
    energy, free_energy, entropy : float
        The free energy is a lower bound; the entropy is in units of Boltzmann's constant.
    overlaps : ndarray of shape (k + 1,)
        q_0 < ... < q_k.
    breakpoints : ndarray of shape (k,)
        m_1 < ... < m_k. The overlap of two states is less than q_i with the probability m_i.

    Examples
    --------
    >>> from spinglass.theory import sk
    >>> found = sk.replica_symmetry_breaking(beta=2.0, steps=2)
    >>> len(found.overlaps), len(found.breakpoints)
    (3, 2)
    """

    energy: float
    free_energy: float
    entropy: float
    overlaps: Floats
    breakpoints: Floats


@takes_beta
def replica_symmetry_breaking(beta: float, steps: int = 1) -> ReplicaSymmetryBreaking:
    """Solve Parisi's theory in a few steps, without a field.

    Parameters
    ----------
    beta : float
        Inverse temperature between 1.18 and 50.
    steps : int, default=1
        k, from 1 to 3. At zero temperature the energy per spin is -0.7653, -0.7636 and -0.7633.

    Returns
    -------
    ReplicaSymmetryBreaking
        The energies, the entropy and the distribution of the overlap.

    Raises
    ------
    TypeError, ValueError
        If an argument is not a number in its range.

    Examples
    --------
    >>> glass = replica_symmetry_breaking(2.0, steps=2)
    >>> round(glass.energy, 4), glass.overlaps.round(2)
    (-0.7115, array([0.13, 0.4 , 0.63]))
    """
    beta = _arguments.inverse_temperature(beta)
    k = _arguments.integer(steps, "steps", at_least=1, at_most=_STEPS)
    if not 1.18 <= beta <= 50.0:
        raise ValueError(f"beta must be between 1.18 and 50, got {beta!r}")
    found = parisi.solve(1.0 / beta, k)
    entropy = beta * (found.energy - found.free_energy)
    q, m = found.overlaps.copy(), found.breakpoints.copy()
    return ReplicaSymmetryBreaking(found.energy, found.free_energy, entropy, q, m)


def _glass_energy(temperature: float) -> float:
    if temperature <= parisi.WARMEST:
        # Below the coldest T the energy falls by another 4e-6, as T^3.
        return parisi.solve(max(temperature, parisi.COLDEST), _STEPS).energy
    # u = -beta/2 (1 - int q^2 dx), and near T = 1 the integral is (1 - T)^2 (1 + ...): what stands
    # beside -beta/2 is (1 - T)^2 g, g a smooth function that begins with 1/2.
    nodes = np.array([1.0, parisi.WARMEST, 0.8, 0.75, 0.7])
    values = [0.5]
    for node in nodes[1:]:
        excess = parisi.solve(float(node), _STEPS).energy + 0.5 / float(node)
        values.append(excess / (1.0 - float(node)) ** 2)
    g = 0.0
    for i, node in enumerate(nodes):  # Lagrange's interpolation
        others = np.delete(nodes, i)
        g += values[i] * float(np.prod((temperature - others) / (node - others)))
    return -0.5 / temperature + (1.0 - temperature) ** 2 * g


def _overlap(field: float, temperature: float) -> float:
    """Solve q = <tanh^2>. <tanh^2> / q falls with q (Guerra; Latala), so it has one root."""
    if field == 0.0 and temperature >= 1.0:
        return 0.0
    if temperature == 0.0:
        return 1.0

    weak = _weak_overlap(field, temperature)
    if weak is not None:
        return weak

    def excess(q: float) -> float:
        return 1.0 - q - _local_average(_sech2, field, q, temperature)

    lowest = max(0.0, 0.5 * (1.0 - temperature))  # q > 1 - T, with or without a field
    if excess(lowest) <= 0.0:  # at so high a temperature that rounding decides
        return 2.0 * lowest
    return float(scipy.optimize.brentq(excess, lowest, 1.0, xtol=1e-16, rtol=1e-15))


def _weak_overlap(field: float, temperature: float) -> float | None:
    """Solve q = <x^2> - 2/3 <x^4> + 17/45 <x^6>, the series of tanh^2 x, x = (h + sqrt(q) z) / T.

    Of the equation itself only rounding is left where q is small: in a weak field the terms of
    order q cancel at T = 1. The error is of the order q^3. None where q is not small.
    """
    excess = (temperature - 1.0) * (temperature + 1.0)
    h = field / temperature
    root, h2, t2 = hypot(excess, sqrt(8.0) * h), h * h, temperature * temperature
    # p = q / T^2 solves p excess = h^2 - 2 p^2 + ..., written without cancellation.
    p = 2.0 * h2 / (excess + root) if excess > 0.0 else 0.25 * (root - excess)
    if not p + h2 < _SMALL:
        return None
    if p == 0.0:
        return 0.0
    for _ in range(3):  # Newton's steps to the further terms
        fourth = 3.0 * p * p + 6.0 * h2 * p + h2 * h2
        sixth = 15.0 * p**3 + 45.0 * h2 * p * p + 15.0 * h2 * h2 * p + h2**3
        value = h2 - excess * p - fourth * (2 / 3) + sixth * (17 / 45)
        p += value / (excess + 4.0 * (p + h2) - 17.0 * (p + h2) ** 2)
    return p * t2


def _instability(field: float) -> float:
    if field < _WEAK:
        # In the equation the terms of order 1 and y cancel, and rounding is left.
        y = cbrt(0.75) * cbrt(field) ** 2
        return 1.0 - y * float(np.polynomial.polynomial.polyval(y, _WEAK_FIELD))

    def stability(temperature: float) -> float:
        q = _overlap(field, temperature)
        return 1.0 - _local_average(_sech4, field, q, temperature) / temperature**2

    strong = 4.0 / (3.0 * sqrt(2.0 * pi)) * exp(-0.5 * field * field)
    if strong < 1e-100:
        return strong
    lowest = 0.5 * min(strong, 1.0)
    return float(
        scipy.optimize.brentq(stability, lowest, 1.0, xtol=1e-300, rtol=1e-13, maxiter=1000)
    )


def _local_average(
    function: Callable[[Floats], Floats],
    field: float,
    q: float,
    temperature: float,
) -> float:
    """Average a function that vanishes away from 0 over x = (field + sqrt(q) z) / T, z normal.

    Its poles are at i pi/2. So the trapezoidal rule errs by 1e-20 or so, in x where the Gaussian is
    wider than the function, and in z where it is narrower (see `theory.replica`).
    """
    sigma = sqrt(q)
    if sigma > temperature:
        z = np.clip((temperature * _NODES - field) / sigma, -_FAR, _FAR)
        density = np.exp(-0.5 * z * z) * (temperature / sigma * _WEIGHT)
        return float(function(_NODES) @ density)
    x = np.clip((field + sigma * _GAUSSIAN) / temperature, -_FAR, _FAR)
    return float(function(x) @ _GAUSSIAN_WEIGHT)


def _sech2(x: Floats) -> Floats:
    decay = np.exp(-np.abs(x))
    return np.asarray((2.0 * decay / (1.0 + decay * decay)) ** 2)


def _sech4(x: Floats) -> Floats:
    return _sech2(x) ** 2


def _entropy_of_spin(x: Floats) -> Floats:
    """Return ln 2cosh x - x tanh x, the entropy of a spin in the field x."""
    size = np.abs(x)
    decay = np.exp(-2.0 * size)
    return np.asarray(np.log1p(decay) + 2.0 * size * decay / (1.0 + decay))


def _field(field: float) -> float:
    number = _arguments.real(field, "field")
    if not isfinite(number):
        raise ValueError(f"field must be finite, got {field!r}")
    if abs(number) > _LARGEST:
        raise ValueError(f"field must be at most {_LARGEST:g} in size, got {field!r}")
    return number
