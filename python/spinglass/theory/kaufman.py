r"""The Ising model on a periodic m x n lattice, summed exactly: the finite half of `ising2d`.

Kaufman's sum has four terms [1]_, with K = beta J and cosh g_l = cosh 2K coth 2K - cos(pi l / n),

    Z = (2 sinh 2K)^{mn/2} / 2 * (prod 2 cosh(m g_l / 2) + prod 2 sinh(m g_l / 2)  over odd l
                                 + the same two over even l),    l = 0 ... 2n - 1,

where g_0 = 2K + ln tanh K changes its sign at the critical point. As it stands the sum loses all
digits at high temperature, where the even products cancel. So two steps come first. (1) Everything
but g_0 depends on K through p = sinh 2K / cosh^2 2K alone, which lies in [0, 1/2] and runs through
the same values on both sides of the critical point: with

    a = 1 - p cos,   R = sqrt(a^2 - p^2),   B = a + R,   e^{-g} = p / B,

each factor is B^{m/2} (1 +- y), y = e^{-m g}. (2) The products over 1 + y and over 1 - y are
exp(L + T) and exp(L - T), L = sum ln(1 - y^2) / 2 and T = sum artanh y, so that

    Z = (2 cosh^2 2K)^{mn/2} (P cosh T + P' (u^{m/2} cosh T' + v^{m/2} sinh T')),

P = exp(L + m/2 sum ln B), primes for even l > 0, u = p e^{g_0} = (1 + tanh 2K)(1 - sech 2K) and
v = p e^{-g_0} = (1 - tanh 2K)(1 + sech 2K). Every term is positive and nothing cancels; the
derivatives by K are those of the logarithms of the three terms.

.. [1] B. Kaufman, Phys. Rev. 76, 1232 (1949); A. E. Ferdinand, M. E. Fisher, Phys. Rev. 185, 832
       (1969), for the sign of g_0.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, expm1, isinf, log, log1p, pi, tanh
from typing import Any, NamedTuple, TypeAlias, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass import _arguments
from spinglass._caller import takes_beta

Floats: TypeAlias = NDArray[np.float64]

# Below, all is a power of K, and above, the ground state, to every digit. In between no power of
# p that enters underflows or overflows.
_SMALLEST, _LARGEST = 1e-60, 150.0
_BYTES_OF_A_MODE = 160  # twenty arrays of doubles
_LARGE = 1 << 28  # bytes, from which on it is asked how much there is
_LARGEST_COUPLING = 1e100  # energies and their squares are still doubles
_VANISHING = 1e-140  # a third term with T' below this adds nothing, but its derivatives overflow
_LN2 = log(2.0)


@overload
def finite_log_partition(shape: Any, beta: float, *, coupling: float = 1.0) -> float: ...
@overload
def finite_log_partition(
    shape: Any, beta: ArrayLike, *, coupling: float = 1.0
) -> float | Floats: ...
@takes_beta
def finite_log_partition(shape: Any, beta: ArrayLike, *, coupling: float = 1.0) -> float | Floats:
    """Logarithm of the partition sum, ln Z, of a finite lattice with periodic boundaries.

    Parameters
    ----------
    shape : int or pair of ints
        Side lengths m and n, at least 1; one number gives a square. A side of 2 has two bonds
        between the spins of a pair. A side of 1 has a bond from each spin to itself.
    beta : float or array of floats
        Inverse temperature >= 0.
    coupling : float, default=1.0
        J. If negative, both sides must be even.

    Returns
    -------
    float or ndarray
        ln Z of all m n spins, not per spin.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> round(finite_log_partition((2, 2), 0.1), 12)  # ln(12 + 4 cosh 0.8) from its 16 states
    2.85357750831
    """
    return _finite(shape, beta, coupling, "log_partition")


@overload
def finite_energy(shape: Any, beta: float, *, coupling: float = 1.0) -> float: ...
@overload
def finite_energy(shape: Any, beta: ArrayLike, *, coupling: float = 1.0) -> float | Floats: ...
@takes_beta
def finite_energy(shape: Any, beta: ArrayLike, *, coupling: float = 1.0) -> float | Floats:
    """Energy per spin of a finite lattice with periodic boundaries (Kaufman 1949).

    Parameters
    ----------
    shape, beta, coupling
        As for `finite_log_partition`; ``beta=inf`` is zero temperature.

    Returns
    -------
    float or ndarray
        <E> / (m n).

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> round(finite_energy((64, 64), 0.44), 9)
    -1.416121279
    """
    return _finite(shape, beta, coupling, "energy")


@overload
def finite_specific_heat(shape: Any, beta: float, *, coupling: float = 1.0) -> float: ...
@overload
def finite_specific_heat(
    shape: Any, beta: ArrayLike, *, coupling: float = 1.0
) -> float | Floats: ...
@takes_beta
def finite_specific_heat(shape: Any, beta: ArrayLike, *, coupling: float = 1.0) -> float | Floats:
    """Specific heat per spin of a finite lattice with periodic boundaries (Kaufman 1949).

    Parameters
    ----------
    shape, beta, coupling
        As for `finite_log_partition`; ``beta=inf`` is zero temperature.

    Returns
    -------
    float or ndarray
        beta^2 (<E^2> - <E>^2) / (m n), in units of Boltzmann's constant. Its absolute error is
        about 1e-15 (beta J)^2 e^(-4 beta J), which exceeds the value at very low temperature.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> finite_specific_heat((16, 16), [0.40, 0.44, 0.50]).round(6)
    array([1.064977, 1.505989, 0.725509])
    """
    return _finite(shape, beta, coupling, "specific_heat")


class Jet(NamedTuple):
    """A function of the coupling, with its first two derivatives."""

    value: float
    first: float
    second: float


class _Modes(NamedTuple):
    """ln P and T of one parity of l, each with two derivatives by p."""

    log_product: Jet
    tail: Jet


def log_partition(shape: tuple[int, int], K: float) -> Jet:
    """Return ln Z of an m x n torus and its derivatives by K, for K in [0, inf).

    A side of 2 has two bonds between the spins of a pair, a side of 1 a bond from each spin to
    itself: the transfer matrix does not ask.
    """
    m, n = max(shape), min(shape)  # the longer along the powers: y <= e^{-pi}, and fewer modes
    n_spins = m * n
    if m == 1:  # one spin, two bonds to itself
        return Jet(_LN2 + 2.0 * K, 2.0, 0.0)
    inside = min(max(K, _SMALLEST), _LARGEST)
    found = _log_partition(m, n, inside)
    if K > _LARGEST:
        return Jet(found.value + 2.0 * n_spins * (K - inside), 2.0 * n_spins, 0.0)
    if K < _SMALLEST:
        # Odd in K but for the bonds of spins to themselves, n = 1, which give K each.
        loops = float(m) if n == 1 else 0.0
        slope = loops + (found.first - loops) * (K / inside)
        return Jet(n_spins * _LN2, slope, found.second)
    return found


def _log_partition(m: int, n: int, K: float) -> Jet:
    decay = exp(-2.0 * K)
    t, q = tanh(2.0 * K), 2.0 * decay / (1.0 + decay * decay)  # q = sech 2K, and t^2 + q^2 = 1
    log_cosh = 2.0 * K - _LN2 + log1p(decay * decay)
    p, p1, p2 = t * q, 2.0 * q * (q * q - t * t), 4.0 * t * q * (t * t - 5.0 * q * q)

    # u = (1 + t) t^2 / (1 + q) and v = (1 + q) 2 e^{-4K} / (1 + e^{-4K}): no difference of ones.
    half = 0.5 * m
    u = Jet(
        half * (log1p(t) + 2.0 * log(t) - log1p(q)),
        half * (2.0 * q * q / (1.0 + t) + 2.0 * q * (1.0 + q) / t),
        half * (_slope_of_first(t, q) - 4.0 * q * q),
    )
    v = Jet(
        half * (log1p(q) + _LN2 - 4.0 * K - log1p(decay * decay)),
        -half * (2.0 * (1.0 + t) + 2.0 * t * q / (1.0 + q)),
        -half * (_slope_of_second(t, q) + 4.0 * q * q),
    )

    odd, even = _modes(m, n, 1, p), _modes(m, n, 0, p)
    terms = [_add(_chain(odd.log_product, p1, p2), _log_cosh(_chain(odd.tail, p1, p2)))]
    product, tail = _chain(even.log_product, p1, p2), _chain(even.tail, p1, p2)
    terms.append(_add(product, u, _log_cosh(tail)))
    if tail.value > _VANISHING:
        terms.append(_add(product, v, _log_sinh(tail)))
    bulk = Jet(m * n * (0.5 * _LN2 + log_cosh), 2.0 * m * n * t, 4.0 * m * n * q * q)
    return _add(bulk, _log_sum(terms))


def _slope_of_first(t: float, q: float) -> float:
    """Return d/dK of 2q (1 + q) / t, with dt = 2 q^2 and dq = -2 t q."""
    return -4.0 * q * (1.0 + 2.0 * q) - 4.0 * q**3 * (1.0 + q) / (t * t)


def _slope_of_second(t: float, q: float) -> float:
    """Return d/dK of 2tq / (1 + q)."""
    return 4.0 * q**3 / (1.0 + q) - 4.0 * t * t * q / (1.0 + q) ** 2


def _modes(m: int, n: int, parity: int, p: float) -> _Modes:
    """Sum over the odd l (parity 1) or the even l > 0 (parity 0)."""
    angle = pi * np.arange(1 if parity else 2, 2 * n, 2) / n
    cos = np.cos(angle)
    rise = 2.0 * np.sin(0.5 * angle) ** 2  # 1 - cos without cancellation
    # (1 - 2p) (1) is a^2 - p^2 at l = 0, and 1 - 2p = (t - q)^2 >= 0 up to rounding.
    below, above = max(1.0 - 2.0 * p, 0.0) + p * rise, 1.0 + p * rise
    a, R = 1.0 - p * cos, np.sqrt(below * above)
    B = a + R
    e = p / B
    # d ln B / dp = -(cos + e) / R. Its part -cos sums to a whole number, which is not left to
    # rounding: at high temperature the rest is of order p.
    cosines = (-1.0 if n == 1 else 0.0) if parity else (-1.0 if n > 1 else 0.0)
    rest = (cos * (e + cos * (1.0 + a) + p) + 1.0) / (R * (1.0 + R))
    log_b = Jet(
        0.5 * m * float(np.log(B).sum()),
        -0.5 * m * (cosines + p * float(rest.sum())),
        -0.5 * m * float((1.0 / (B * R**2) + (cos + e) * (a * cos + p) / R**3).sum()),
    )
    # y = e^{-m g} with dg/dp = -1 / (p R).
    y = e**m
    rate = m / (p * R)
    y1 = y * rate
    y2 = y1 * (rate - 1.0 / p + (a * cos + p) / R**2)
    gap = 1.0 - y * y
    tail = Jet(
        float(np.arctanh(y).sum()),
        float((y1 / gap).sum()),
        float((y2 / gap + 2.0 * y * y1**2 / gap**2).sum()),
    )
    log_gap = Jet(
        0.5 * float(np.log1p(-y * y).sum()),
        -float((y * y1 / gap).sum()),
        -float((y * y2 / gap + y1**2 * (1.0 + y * y) / gap**2).sum()),
    )
    return _Modes(_add(log_b, log_gap), tail)


def _add(*jets: Jet) -> Jet:
    return Jet(*(sum(parts) for parts in zip(*jets, strict=True)))


def _chain(jet: Jet, p1: float, p2: float) -> Jet:
    """Turn derivatives by p into derivatives by K."""
    return Jet(jet.value, jet.first * p1, jet.second * p1 * p1 + jet.first * p2)


def _log_cosh(x: Jet) -> Jet:
    slope = tanh(x.value)
    value = x.value + log1p(exp(-2.0 * x.value)) - _LN2
    return Jet(value, slope * x.first, (1.0 - slope * slope) * x.first**2 + slope * x.second)


def _log_sinh(x: Jet) -> Jet:
    slope = 1.0 / tanh(x.value)
    value = x.value + log(-expm1(-2.0 * x.value)) - _LN2
    return Jet(value, slope * x.first, (1.0 - slope * slope) * x.first**2 + slope * x.second)


def _log_sum(terms: list[Jet]) -> Jet:
    """Return ln of the sum of exponentials: means over the terms, and the variance of slopes."""
    largest = max(term.value for term in terms)
    weights = [exp(term.value - largest) for term in terms]
    total = sum(weights)
    shares = [weight / total for weight in weights]
    first = sum(w * term.first for w, term in zip(shares, terms, strict=True))
    second = sum(
        w * (term.second + (term.first - first) ** 2) for w, term in zip(shares, terms, strict=True)
    )
    return Jet(largest + log(total), first, second)


def _finite(shape: Any, beta: ArrayLike, coupling: float, quantity: str) -> float | Floats:
    sides, J = _sides(shape), valid_coupling(coupling)
    if J < 0.0 and (sides[0] % 2 or sides[1] % 2):
        raise ValueError(
            f"coupling must be > 0 on a lattice of shape {sides}: an odd side frustrates an "
            f"antiferromagnet, which has no exact solution, got {coupling!r}"
        )
    n_spins = sides[0] * sides[1]
    betas = valid_betas(beta)
    values = np.empty(betas.shape)
    for index in np.ndindex(betas.shape):
        K = float(betas[index]) * abs(J)
        if quantity == "log_partition":
            values[index] = K if isinf(K) else log_partition(sides, K).value
        elif quantity == "energy":
            slope = log_partition(sides, min(K, 2.0 * _LARGEST)).first
            values[index] = 0.0 - abs(J) * slope / n_spins
        else:
            K = min(K, 2.0 * _LARGEST)
            values[index] = K * K * max(log_partition(sides, K).second, 0.0) / n_spins
    return as_given(values)


def as_given(values: Any) -> float | Floats:
    """Return a float if the argument was a number, else an array."""
    return np.asarray(values) if np.ndim(values) else float(values)


def valid_betas(beta: ArrayLike) -> Floats:
    """Return ``beta`` as an array of floats in [0, inf]."""
    betas = _arguments.real_array(beta, "beta").astype(np.float64)
    if not np.all(betas >= 0.0):  # NaN fails too
        culprit = betas[~(betas >= 0.0)].flat[0]
        raise ValueError(f"beta must be >= 0 (the inverse temperature), got {culprit}")
    return betas


def valid_coupling(coupling: float) -> float:
    """Return ``coupling`` as a finite float other than 0."""
    number = _arguments.real(coupling, "coupling")
    if number == 0.0 or isinf(number):
        raise ValueError(f"coupling must be finite and not 0, got {coupling!r}")
    if abs(number) > _LARGEST_COUPLING:
        raise ValueError(
            f"coupling must be at most {_LARGEST_COUPLING:g} in size, got {coupling!r}"
        )
    return number


def _sides(shape: Any) -> tuple[int, int]:
    many = isinstance(shape, Sequence | np.ndarray) and getattr(shape, "ndim", 1) > 0
    sides = tuple(shape) if many else (shape, shape)
    if len(sides) != 2:
        raise ValueError(f"shape must be one side length or two, got {_arguments.shown(shape)}")
    m, n = (_arguments.integer(side, "shape", at_least=1) for side in sides)
    needed = _BYTES_OF_A_MODE * min(m, n)
    if needed > _LARGE:
        _arguments.check_memory(needed, f"shape {m} x {n}: its modes")
    return m, n
