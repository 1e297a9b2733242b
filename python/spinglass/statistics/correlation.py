r"""How long a time series remembers, and what that does to the error of its mean.

With the autocovariance G(t) = <(x_s - mu)(x_{s+t} - mu)>, the mean of N measurements has the
variance F / N, F = G(0) + 2 sum_{t>0} G(t) = 2 tau G(0), where tau = 1/2 + sum rho(t) is the
integrated autocorrelation time [1]_. The sum over all lags is noise: beyond a window W the terms
add variance and no signal. Sokal's rule [2]_ takes the smallest W >= c tau(W); an exponential
memory loses e^{-c} of tau, c = 5, and the relative variance of F is 2 (2W + 1) / N.

**Two corrections.** The mean of the data stands for mu, which lowers every G(t) by F / N and so F
by the share (2W + 1) / N: it is put back [3]_ (10 % of F for a series of 100 tau). And a window
that does not fit the series cannot be trusted. The spread of the means of R independent replicas
gives F with the relative variance 2 / (R - 1) whatever the memory: the smaller of the two variances
says which is taken.

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


def autocorrelation(series: ArrayLike, max_lag: int | None = None) -> Floats:
    """Return the normalized autocorrelation function rho(t) = G(t) / G(0).

    One mean, that of all replicas, is subtracted from each: replicas that are stuck in different
    states are seen as a correlation that does not decay. (Subtracting its own mean from each
    would hide just this.) At lag t the n - t products of each replica are averaged, over all
    replicas.

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

    The sum ends at the smallest lag W >= ``window`` tau(W) (Sokal 1989), with rho averaged over the
    replicas (Madras and Sokal 1988), and what the unknown mean takes is put back (Wolff 2004). Its
    relative standard error is about sqrt((4 W + 2) / N), with N measurements in all.

    Parameters
    ----------
    series : array_like, shape (n_measurements,) or (..., n_measurements)
        Measurements in equilibrium, at equal distances; leading axes are independent replicas.
    window : float, default=5.0
        W / tau. Take more for a memory that ends in a long weak tail.

    Returns
    -------
    float
        tau: 0.5 for independent measurements, less for anticorrelated ones (but positive). A
        constant series, and a single measurement, give 0.5. A series shorter than about 50 tau
        gives too little, and one shorter than tau tells nothing but that.

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
        raise ValueError(f"window must be a positive number, got {window!r}")
    return correlations(measurements(series), width).time


def standard_error(series: ArrayLike) -> float:
    """Return the standard error of the mean, memory included.

    sqrt(2 tau G(0) / N) with the autocorrelation time tau, or, where the window of tau is longer
    than the series, from the spread of the means of the replicas. Its own relative error is about
    sqrt((2 W + 1) / (2 N)), W = 5 tau: 16 % for a series of 100 tau. Deviations from the true mean
    in units of it then follow Student's t of N / (2 W + 1) degrees of freedom.

    Parameters
    ----------
    series : array_like, shape (n_measurements,) or (..., n_measurements)
        Measurements in equilibrium, at equal distances; leading axes are independent replicas.

    Returns
    -------
    float
        The standard error of ``mean(series)``; NaN for a single measurement.

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
    rows = measurements(series)
    return correlations(rows).standard_error if rows.size > 1 else math.nan


class Correlations(NamedTuple):
    """What the memory of a series does to its mean."""

    time: float  # tau
    window: int  # W
    standard_error: float


def correlations(rows: Floats, width: float = 5.0) -> Correlations:
    """Return tau and the error of the mean of ``rows``, (n_replicas, n_measurements)."""
    n_replicas, n = rows.shape
    covariance = _autocovariance(rows)
    if n == 1 or covariance[0] == 0.0:
        spread = math.sqrt(covariance[0] / max(n_replicas - 1, 1))
        return Correlations(0.5, 0, spread)
    times = 0.5 + np.cumsum(covariance[1:] / covariance[0])
    closed = np.arange(1, n) >= width * times
    window = int(closed.argmax()) + 1 if closed.any() else n - 1
    # What is subtracted with the mean, put back. The sum of an anticorrelated series can be
    # negative by noise: F is at least what N perfectly alternating measurements have.
    share = (2 * window + 1) / rows.size
    smallest = 0.5 / rows.size
    total = 2.0 * covariance[0] * max(float(times[window - 1]), smallest)
    corrected = total * (1.0 + share)
    time = corrected / (2.0 * (covariance[0] + total / rows.size))
    error = math.sqrt(corrected / rows.size)
    if n_replicas > 1 and share > 1.0 / (n_replicas - 1):
        error = float(rows.mean(axis=1).std(ddof=1)) / math.sqrt(n_replicas)
    return Correlations(float(time), window, error)


def _autocovariance(rows: Floats) -> Floats:
    """Return G(t) at all lags, as the mean of the products at each."""
    n_replicas, n = rows.shape
    if np.all(rows == rows[0, 0]):  # the mean of equal numbers may differ from them by rounding
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
    array = _arguments.real_array(series, name).astype(np.float64, copy=False)
    if array.ndim == 0 or array.size == 0:
        raise ValueError(
            f"{name} must have shape (n_measurements,) or (n_replicas, n_measurements) and at "
            f"least one measurement, got shape {array.shape}"
        )
    if not np.all(np.isfinite(array)):
        culprit = array[~np.isfinite(array)][0]
        raise ValueError(f"{name} must hold finite numbers, got {culprit}")
    return array.reshape(-1, array.shape[-1])
