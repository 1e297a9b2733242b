r"""How much memories beyond Hebb's rule hold: estimates of noise, and one guarantee.

**Polynomial energies** [1]_, E(s) = -(1/(n N^(n-1))) sum_mu (xi^mu . s)^n. Start at a pattern. Spin
i sees the drop of the energy, times n N^(n-1) / 2, that its flip undoes,

    h_i = 1/2 sum_mu [(a_mu + eta_mu)^n - (a_mu - eta_mu)^n],

with the overlap a_mu of the other spins and eta_mu = +-1, the product of the two spins of i. The
pattern itself has a = N - 1 and eta = 1: the signal, n N^(n-1) to leading order. Each other random
pattern has a ~ N(0, N) and an independent sign: n eta a^(n-1), of mean 0 and of variance
n^2 (2n-3)!! N^(n-1), because <a^(2n-2)> = (2n-3)!! N^(n-1). If their sum is Gaussian,

    P(the spin is wrong after one step) = Phi(-sqrt(N^(n-1) / ((2n-3)!! P))).

With the rectified power (0 for a negative overlap) half of the patterns add noise, so P / 2 stands
for P. The load at an error p follows, P = N^(n-1) / ((2n-3)!! z^2) with Phi(-z) = p. As
Phi(-z) < exp(-z^2/2), z^2 = 2 ln N makes the expected number N p of wrong spins of a pattern vanish
as N grows: P = N^(n-1) / (2 (2n-3)!! ln N). All of this is an **estimate**: the sum is Gaussian for
large P only, and its true tails are wider, so small networks err more.

**Exponential energy** [2]_, E(s) = -ln sum_mu exp(xi^mu . s). Start at distance rho N from a
pattern: its term is exp(N (1 - 2 rho)). Another pattern has an overlap of at least x N with this
state with a probability of at most exp(-N I(x)), I(x) = ((1+x) ln(1+x) + (1-x) ln(1-x)) / 2. With
P = exp(alpha N) there are P^2 pairs, so that no pattern is disturbed, with a probability that goes
to 1, if alpha < I(1 - 2 rho) / 2. This is the **guarantee** of [2]_, for all patterns at once and
for N to infinity.

One pattern alone holds longer. The terms of all others add up to P cosh(1)^N on average, the
partition function of a random-energy model, and the term of the pattern is exp(N). They are equal
at P = exp(N (1 - ln cosh 1)) = 2^(0.817 N). It is an **estimate**: a spin follows the difference of
two such sums, not their size.

.. [1] D. Krotov, J. J. Hopfield, Adv. Neural Inf. Process. Syst. 29 (2016).
.. [2] M. Demircigil, J. Heusel, M. Loewe, S. Upgang, F. Vermet, J. Stat. Phys. 168, 288 (2017).
"""

from __future__ import annotations

from math import cosh, log
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass._arguments import flag, real_array, shown
from spinglass.theory.perceptron import cover_probability, gardner_load
from spinglass.theory.rules import critical_load, critical_overlap, optimal_threshold

__all__ = [
    "cover_probability",
    "critical_load",
    "critical_overlap",
    "dense_capacity",
    "dense_error",
    "exponential_estimate",
    "exponential_guarantee",
    "gardner_load",
    "optimal_threshold",
]

_LARGEST_ORDER = 10**6


def dense_error(
    n_spins: ArrayLike, n_patterns: ArrayLike, order: ArrayLike = 3, *, rectified: bool = False
) -> float | NDArray[np.float64]:
    """Estimate the share of wrong spins after one step from a stored pattern.

    Parameters
    ----------
    n_spins, n_patterns : float or array of floats
        N and P, each at least 1.
    order : int or array of ints
        The power n of the energy, at least 2.
    rectified : bool
        Whether negative overlaps count as 0.

    Returns
    -------
    float or numpy.ndarray
        Phi(-sqrt(N^(n-1) / ((2n-3)!! P))): a probability between 0 and 1/2. Arrays are broadcast.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range or of another type, or shapes do not fit.

    Notes
    -----
    A Gaussian estimate (see the module). Small networks err more: at N = 56, P = 158 and order 3
    the estimate is 0.0051, and the exact sum over binomial overlaps 0.0057.

    Examples
    --------
    >>> from spinglass.theory import memories
    >>> round(memories.dense_error(200, 2000, order=3), 4)
    0.0049
    >>> memories.dense_error(1000, [1e4, 1e5], order=3).round(6)
    array([0.      , 0.033945])
    """
    from scipy.special import ndtr

    N, P, n = _broadcast(
        n_spins=_at_least(n_spins, "n_spins", 1),
        n_patterns=_at_least(n_patterns, "n_patterns", 1),
        order=_orders(order),
    )
    P = P / 2 if flag(rectified, "rectified") else P
    # The logarithm: N^(n-1) may be more than a double holds.
    with np.errstate(over="ignore"):
        ratio = np.exp((_log_moment(N, n) - np.log(P)) / 2)
    return _like(ndtr(-ratio))


def dense_capacity(
    n_spins: ArrayLike,
    order: ArrayLike = 3,
    *,
    error: ArrayLike | None = None,
    rectified: bool = False,
) -> float | NDArray[np.float64]:
    """Estimate how many patterns an energy of a power holds.

    Parameters
    ----------
    n_spins : float or array of floats
        N, at least 2.
    order : int or array of ints
        The power n of the energy, at least 2.
    error : float or array of floats, optional
        The share of wrong spins after one step that is accepted, above 0 and below 1/2. By
        default it is the largest at which a pattern has no wrong spin, for N to infinity.
    rectified : bool
        Whether negative overlaps count as 0.

    Returns
    -------
    float or numpy.ndarray
        P: N^(n-1) / ((2n-3)!! z^2) with Phi(-z) = error, or N^(n-1) / (2 (2n-3)!! ln N). Infinite
        where it is more than a double holds. Arrays are broadcast.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range or of another type, or shapes do not fit.

    Notes
    -----
    It inverts :func:`dense_error` and is an estimate as that is.

    Examples
    --------
    >>> from spinglass.theory import memories
    >>> round(memories.dense_capacity(1000, order=3))
    24127
    >>> memories.dense_capacity(1000, [2, 3], error=0.005).round(1)
    array([  150.7, 50239.4])
    """
    from scipy.special import ndtri

    if error is None:
        N, n = _broadcast(n_spins=_at_least(n_spins, "n_spins", 2), order=_orders(order))
        squares = 2 * np.log(N)
    else:
        shares = _reals(error, "error")
        if not ((shares > 0) & (shares < 0.5)).all():  # NaN fails too
            raise ValueError(f"error must be above 0 and below 1/2, got {shown(error)}")
        N, n, shares = _broadcast(
            n_spins=_at_least(n_spins, "n_spins", 2), order=_orders(order), error=shares
        )
        squares = ndtri(shares) ** 2
    with np.errstate(over="ignore"):
        patterns = np.exp(_log_moment(N, n)) / squares
    return _like(2 * patterns if flag(rectified, "rectified") else patterns)


def exponential_guarantee(
    n_spins: ArrayLike, radius: ArrayLike = 0.0
) -> float | NDArray[np.float64]:
    """Return the number of patterns that an exponential energy is guaranteed to correct.

    Parameters
    ----------
    n_spins : float or array of floats
        N, at least 1.
    radius : float or array of floats
        rho, the share of spins that are wrong at the start: 0 to 1/2.

    Returns
    -------
    float or numpy.ndarray
        exp(N I(1 - 2 rho) / 2), which is 2^(N/2) for ``radius=0``. Arrays are broadcast. Infinite
        where it is more than a double holds.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range or of another type, or shapes do not fit.

    Notes
    -----
    A guarantee for N to infinity. With fewer patterns, exp(alpha N) with a smaller alpha, the
    probability that one step corrects every spin of every pattern goes to 1.

    Examples
    --------
    >>> from spinglass.theory import memories
    >>> round(memories.exponential_guarantee(40), 3)
    1048576.0
    >>> round(memories.exponential_guarantee(40, radius=0.1))
    1574
    """
    from scipy.special import xlogy

    shares = _reals(radius, "radius")
    if not ((shares >= 0) & (shares <= 0.5)).all():
        raise ValueError(f"radius must lie between 0 and 1/2, got {shown(radius)}")
    N, rho = _broadcast(n_spins=_at_least(n_spins, "n_spins", 1), radius=shares)
    # (1+x) / 2 and (1-x) / 2 of x = 1 - 2 rho are 1 - rho and rho.
    rate = log(2) + xlogy(rho, rho) + xlogy(1 - rho, 1 - rho)
    with np.errstate(over="ignore"):
        return _like(np.exp(N * np.maximum(rate, 0.0) / 2))


def exponential_estimate(n_spins: ArrayLike) -> float | NDArray[np.float64]:
    """Estimate how many patterns an exponential energy holds before one of them is lost in the sum.

    Parameters
    ----------
    n_spins : float or array of floats
        N, at least 1.

    Returns
    -------
    float or numpy.ndarray
        exp(N (1 - ln cosh 1)) = 2^(0.817 N), where the terms of the other patterns add up to that
        of one pattern in its own state. Infinite where it is more than a double holds.

    Raises
    ------
    ValueError, TypeError
        If ``n_spins`` is out of range or of another type.

    Notes
    -----
    An estimate for one pattern, as a random-energy model. The guarantee for all of them at once is
    :func:`exponential_guarantee`.

    Examples
    --------
    >>> from spinglass.theory import memories
    >>> round(memories.exponential_estimate(24))
    797518
    """
    N = _at_least(n_spins, "n_spins", 1)
    with np.errstate(over="ignore"):
        return _like(np.exp(N * (1 - log(cosh(1)))))


def _log_moment(N: NDArray[np.float64], n: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ln(N^(n-1) / (2n-3)!!); (2k-1)!! is 2^k Gamma(k + 1/2) / sqrt(pi), k = n - 1."""
    from scipy.special import gammaln

    double_factorial = (n - 1) * log(2) + gammaln(n - 0.5) - log(np.pi) / 2
    moment: NDArray[np.float64] = (n - 1) * np.log(N) - double_factorial
    return moment


def _like(values: Any) -> float | NDArray[np.float64]:
    """Return a float for numbers, an array for arrays."""
    return values if np.ndim(values) else float(values)


def _reals(values: ArrayLike, name: str) -> NDArray[np.float64]:
    return real_array(values, name).astype(np.float64)


def _at_least(values: ArrayLike, name: str, least: int) -> NDArray[np.float64]:
    numbers = _reals(values, name)
    valid = np.isfinite(numbers) & (numbers >= least)
    if not valid.all():
        raise ValueError(f"{name} must be finite and >= {least}, got {numbers[~valid].flat[0]:g}")
    return numbers


def _orders(order: ArrayLike) -> NDArray[np.float64]:
    numbers = _at_least(order, "order", 2)
    if (numbers != np.round(numbers)).any() or (numbers > _LARGEST_ORDER).any():
        expected = f"an integer from 2 to {_LARGEST_ORDER}"
        raise ValueError(f"order must be {expected}, got {shown(order)}")
    return numbers


def _broadcast(**arrays: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    try:
        return list(np.broadcast_arrays(*arrays.values()))
    except ValueError:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise ValueError(f"shapes must fit together, got {shapes}") from None
