r"""How long a time series remembers, and what that does to the error of its mean.

With the autocovariance G(t) = <(x_s - mu)(x_{s+t} - mu)>, the mean of N measurements has the
variance F / N, F = G(0) + 2 sum_{t>0} G(t) = 2 tau G(0), where tau = 1/2 + sum rho(t) is the
integrated autocorrelation time [1]_. The sum over all lags would be mostly noise, because beyond a
window W the terms have variance and no signal. Sokal's rule [2]_ takes the smallest
W >= c tau(W) with c = 5. If correlations decay exponentially, this loses the fraction e^{-c} of
tau, and the relative variance of F is 2 (2W + 1) / N.

**Two corrections.** First, mu is replaced by the mean of the data. This lowers every G(t) by F / N,
and F by the fraction (2W + 1) / N, which is added again [3]_ (10 % of F for a series of 100 tau).
Second, a window that does not fit into the series cannot be trusted. The spread of the means of R
independent replicas also gives F, with the relative variance 2 / (R - 1) whatever tau is. Of these
two, the one with the smaller variance is used.

.. [1] N. Madras, A. D. Sokal, J. Stat. Phys. 50, 109 (1988).
.. [2] A. D. Sokal, Monte Carlo Methods in Statistical Mechanics (Lausanne lectures, 1989).
.. [3] U. Wolff, Comput. Phys. Commun. 156, 143 (2004), eq. (49).
"""

from __future__ import annotations

import math
from typing import NamedTuple, TypeAlias

import numpy as np
import scipy  # its submodules load when first used: --help does not wait for them
from numpy.typing import ArrayLike, NDArray

from spinglass import _arguments

__all__ = ["autocorrelation", "autocorrelation_time", "standard_error"]

Floats: TypeAlias = NDArray[np.float64]

_CHUNK = 2**22  # numbers that are Fourier transformed at a time
_BY_CHANCE = 1e-3  # how often replicas that agree are taken to be apart
_LARGEST = 1e300  # sums of numbers up to this are still doubles
_LEAST, _MOST = 1e-140, 1e100  # apart: products of squares of differences are still doubles
_ROUNDING = 1e-12  # of the largest number: a smaller change is the rounding of a long sum


def autocorrelation(series: ArrayLike, max_lag: int | None = None) -> Floats:
    """Return the normalized autocorrelation function rho(t) = G(t) / G(0).

    The mean of all replicas is subtracted from each of them. So if replicas are stuck in different
    states, the correlation does not decay. (With the mean of each replica this would not be seen.)
    At lag t, each replica has n - t products, and the average is over those of all replicas.

    Parameters
    ----------
    series : array_like, shape (n_measurements,) or (..., n_measurements)
        Measurements in equilibrium, at equal distances; leading axes are independent replicas.
    max_lag : int, optional
        Largest lag; all n_measurements - 1 by default.

    Returns
    -------
    ndarray of shape (max_lag + 1,)
        rho(0) = 1, rho(1), ... For a constant series, 0 at every lag but 0.

    Raises
    ------
    TypeError, ValueError
        If ``series`` is empty or not of finite real numbers, or ``max_lag`` is not an integer
        between 0 and n_measurements - 1.

    Examples
    --------
    >>> autocorrelation([1.0, 1.0, -1.0, -1.0] * 3, max_lag=2).round(3)
    array([ 1.   ,  0.091, -1.   ])
    """
    rows = measurements(series)
    last = rows.shape[1] - 1
    if max_lag is not None:
        last = _arguments.integer(max_lag, "max_lag", at_least=0, at_most=last)
    covariance = _autocovariance(rows)[: last + 1]
    if covariance[0] == 0.0:
        return np.asarray(np.eye(1, last + 1)[0])
    return np.asarray(covariance / covariance[0])


def autocorrelation_time(series: ArrayLike, window: float = 5.0) -> float:
    """Integrated autocorrelation time tau = 1/2 + sum rho(t), in units of the distance in time.

    The sum ends at the smallest lag W >= ``window`` tau(W) (Sokal 1989). rho is averaged over the
    replicas (Madras and Sokal 1988), and the bias from the unknown mean is corrected (Wolff 2004).
    The relative standard error of tau is about sqrt((4 W + 2) / N), with N measurements in all.

    Parameters
    ----------
    series : array_like, shape (n_measurements,) or (..., n_measurements)
        Measurements in equilibrium, at equal distances; leading axes are independent replicas.
    window : float, default=5.0
        W / tau. Use a larger value if correlations have a long weak tail.

    Returns
    -------
    float
        tau: 0.5 for independent measurements, less for anticorrelated ones (but positive). NaN for
        a single measurement, and for a series that never changes in any replica. From a series
        shorter than about 50 tau the value is too small. From one shorter than tau it is
        meaningless.

    Raises
    ------
    TypeError, ValueError
        If ``series`` is empty or not of finite real numbers, or ``window`` is not a positive
        number.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> round(autocorrelation_time(rng.normal(size=100_000)), 1)
    0.5
    >>> slow = np.repeat(rng.normal(size=100_000), 2)  # each twice: rho(1) = 1/2
    >>> round(autocorrelation_time(slow), 1)
    1.0
    """
    width = _arguments.real(window, "window")
    if not 0.0 < width < math.inf:
        raise ValueError(f"window must be a positive number, got {_arguments.shown(window)}")
    return memory_of(measurements(series), width).time


def standard_error(series: ArrayLike) -> float:
    """Return the standard error of the mean of correlated measurements.

    It is sqrt(2 tau G(0) / N) with the autocorrelation time tau. If the window of tau is longer
    than the series, it is computed from the spread of the means of the replicas. Its own relative
    error is about sqrt((2 W + 1) / (2 N)) with W = 5 tau, 16 % for a series of 100 tau. The
    deviation from the true mean, in units of this error, follows Student's t with N / (2 W + 1)
    degrees of freedom.

    Parameters
    ----------
    series : array_like, shape (n_measurements,) or (..., n_measurements)
        Measurements in equilibrium, at equal distances; leading axes are independent replicas.

    Returns
    -------
    float
        The standard error of ``mean(series)``. NaN for a single measurement, and for a series that
        never changes in any replica.

    Raises
    ------
    TypeError, ValueError
        If ``series`` is empty or not of finite real numbers.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> round(standard_error(rng.normal(size=10_000)), 3)
    0.01
    >>> round(standard_error(np.repeat(rng.normal(size=10_000), 100)), 3)
    0.01
    """
    return memory_of(measurements(series)).standard_error


class Memory(NamedTuple):
    """What a series remembers, and what that does to its mean."""

    time: float  # tau; NaN of a series that never moved
    window: int  # W
    size: int  # measurements of all replicas, N
    n_replicas: int
    changes: int  # measurements that differ from the one before
    variance: float  # G(0)
    times: Floats  # 1/2 + the sum of rho, by window
    spread: float  # standard error by the means of the replicas, NaN of one
    apart: bool = False  # whether replicas scatter by more than their memories explain

    def seen_through(self, window: int) -> Memory:
        """Return the same memory through a window at least as wide as its own."""
        window = min(max(window, self.window), len(self.times))
        if window == self.window or not self.changes:
            return self
        return self._replace(window=window, time=self._total(window)[0])

    @property
    def standard_error(self) -> float:
        """Of the mean; NaN of a series that never moved, which says nothing of its error."""
        if not self.changes:
            return math.nan
        if self.by_replicas:
            return self.spread
        return math.sqrt(self._total(self.window)[1] / self.size)

    @property
    def freedom(self) -> float:
        """Degrees of freedom of ``standard_error``; those of the changes if they are fewer."""
        known = self.n_replicas - 1.0 if self.by_replicas else self.size / (2 * self.window + 1)
        return min(known, self.changes)

    @property
    def by_replicas(self) -> bool:
        share = (2 * self.window + 1) / self.size
        few = not len(self.times) or share * (self.n_replicas - 1) > 1
        return self.n_replicas > 1 and (self.apart or few)

    @property
    def disagrees(self) -> bool:
        """Whether the means of three replicas or more scatter by more than the error allows.

        Replicas in different valleys show this where their distance is small beside what they
        fluctuate. The ratio of two estimated variances follows the F distribution.
        """
        if self.n_replicas < 3 or not self.changes or self.by_replicas:
            return False
        ratio = (self.spread / self.standard_error) ** 2
        chance = scipy.special.fdtrc(self.n_replicas - 1, self.freedom, ratio)
        return bool(chance < _BY_CHANCE)

    def _total(self, window: int) -> tuple[float, float]:
        """Return tau and F, with what is subtracted with the mean put back.

        The sum of an anticorrelated series can be negative by noise: F is at least what perfectly
        alternating measurements have.
        """
        total = 2.0 * self.variance * max(float(self.times[window - 1]), 0.5 / self.size)
        corrected = total * (1.0 + (2 * window + 1) / self.size)
        return corrected / (2.0 * (self.variance + total / self.size)), corrected


def memory_of(rows: Floats, width: float = 5.0) -> Memory:
    """Return what ``rows``, (n_replicas, n_measurements), remember."""
    n_replicas, n = rows.shape
    covariance, moved = _autocovariance(rows), int(changes(rows).sum())
    spread = math.nan
    if n_replicas > 1:
        with np.errstate(over="ignore"):  # the rounding of large numbers that are all equal
            spread = float(rows.mean(axis=1).std(ddof=1)) / math.sqrt(n_replicas)
    about = (rows.size, n_replicas, moved, float(covariance[0]))
    if n == 1 or not moved:
        return Memory(0.5 if moved else math.nan, 0, *about, np.empty(0), spread)
    times = 0.5 + np.cumsum(covariance[1:] / covariance[0])
    closed = np.arange(1, n) >= width * times
    window = int(closed.argmax()) + 1 if closed.any() else n - 1
    memory = Memory(math.nan, window, *about, times, spread)
    return memory._replace(time=memory._total(window)[0])


def changes(rows: Floats) -> NDArray[np.int64]:
    """Count in each replica the measurements that differ from the one before.

    Replicas of one measurement differ from one another instead. What differs by the rounding of a
    long sum alone has not changed.
    """
    if rows.shape[1] == 1:
        return np.array([0 if are_equal(rows) else len(rows) - 1])
    return np.asarray((np.abs(np.diff(rows, axis=1)) > _rounding(rows)).sum(axis=1))


def deviations(rows: Floats) -> Floats:
    """Return the deviations from the mean: of equal numbers 0, whatever their mean rounds to."""
    return np.zeros_like(rows) if are_equal(rows) else rows - rows.mean()


def _rounding(rows: Floats) -> float:
    return _ROUNDING * max(float(rows.max()), -float(rows.min()))


def are_equal(rows: Floats) -> bool:
    """Return whether all numbers are one, up to the rounding of a long sum."""
    return float(np.ptp(rows)) <= _rounding(rows)


def _autocovariance(rows: Floats) -> Floats:
    """Return G(t) at all lags, as the mean of the products at each."""
    n_replicas, n = rows.shape
    if are_equal(rows):
        return np.zeros(n)
    mean = rows.mean()
    length = scipy.fft.next_fast_len(2 * n - 1, real=True)  # no product wraps around
    power = np.zeros(length // 2 + 1)
    step = max(1, _CHUNK // length)
    for first in range(0, n_replicas, step):
        transform = scipy.fft.rfft(rows[first : first + step] - mean, length, axis=1)
        power += (transform.real**2 + transform.imag**2).sum(axis=0)
    products = scipy.fft.irfft(power, length)[:n]
    return np.asarray(products / (n_replicas * np.arange(n, 0, -1)))


def measurements(series: ArrayLike, name: str = "series") -> Floats:
    """Return ``series`` as finite floats of shape (n_replicas, n_measurements)."""
    array = _arguments.copied(_arguments.real_array(series, name), np.float64)
    if array.ndim == 0 or array.size == 0:
        raise ValueError(
            f"{name} must have shape (n_measurements,) or (n_replicas, n_measurements) and at "
            f"least one measurement, got shape {array.shape}"
        )
    if not np.all(np.isfinite(array)):
        culprit = array[~np.isfinite(array)][0]
        raise ValueError(f"{name} must hold finite numbers, got {culprit}")
    lowest, highest = array.min(), array.max()
    with np.errstate(over="ignore"):
        spread = highest - lowest
    if max(-lowest, highest) > _LARGEST or not (spread == 0 or _LEAST <= spread <= _MOST):
        raise ValueError(
            f"{name} must be at most {_LARGEST:g} in size, and equal or {_LEAST:g} to {_MOST:g} "
            f"apart, got numbers from {lowest:g} to {highest:g}"
        )
    return array.reshape(-1, array.shape[-1])
