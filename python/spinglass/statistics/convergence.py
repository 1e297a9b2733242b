r"""Whether replicas agree, and how many independent measurements they are worth, by ranks.

**R-hat** compares the variance of all replicas together with the variance within each [1]_,

    R-hat^2 = (n - 1) / n + B / W,

W the mean of the variances of the replicas, B the variance of their means, n measurements in each.
It is 1 if they agree. Here [2]_ each replica is first cut into halves, so that a drift counts as
well. The measurements are replaced by normal scores of their ranks, so that rare large values
cannot hide a difference. The same is done for |x - median|, which sees replicas that differ in
spread alone. R-hat is the larger of the two.

The **effective sample size** is n_all / (2 tau), tau from the autocorrelation of the halves about
their own means, plus B for what the halves differ by. The sum over lags ends where a pair of
neighbouring lags is no longer positive, and pairs that rise again by noise are lowered [3]_. "bulk"
uses normal scores of the ranks, "mean" the measurements themselves, and "tail" the smaller size of
the indicators of the 5 % and of the 95 % quantile.

For errors of means this package uses `standard_error`, which subtracts the mean of all replicas.

.. [1] A. Gelman, D. B. Rubin, Stat. Sci. 7, 457 (1992).
.. [2] A. Vehtari, A. Gelman, D. Simpson, B. Carpenter, P.-C. Buerkner, Bayesian Anal. 16, 667
       (2021).
.. [3] C. J. Geyer, Stat. Sci. 7, 473 (1992).
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import scipy  # its submodules load when first used: --help does not wait for them
from numpy.typing import ArrayLike

from spinglass import _arguments
from spinglass.statistics.correlation import Floats, are_equal, measurements

__all__ = ["effective_sample_size", "rhat"]

_FEWEST = 4  # measurements of a replica: two in each half
_TAILS = (0.05, 0.95)


def rhat(series: ArrayLike) -> float:
    """Return R-hat, split and rank-normalized (Vehtari et al. 2021): 1 where replicas agree.

    The usual rule is to trust a run of at least four replicas if R-hat is below 1.01.

    Parameters
    ----------
    series : array_like, shape (n_measurements,) or (..., n_measurements)
        Measurements at equal distances, such as ``run.energy``; leading axes are independent
        replicas. Of a single replica, the two halves are compared.

    Returns
    -------
    float
        NaN for fewer than 4 measurements in a replica, and if all numbers are equal. Infinite if
        no half changes, but they differ.

    Raises
    ------
    TypeError, ValueError
        If ``series`` is empty or not of finite real numbers.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> agreeing = rng.normal(size=(4, 1000))
    >>> rhat(agreeing) < 1.01
    True
    >>> rhat(agreeing + [[0], [0], [0], [2]]) > 1.3
    True
    """
    rows = measurements(series)
    if rows.shape[1] < _FEWEST or are_equal(rows):
        return math.nan
    halves = _halves(rows)
    folded = np.abs(halves - np.median(halves))
    return max(_rhat(_normal_scores(halves)), _rhat(_normal_scores(folded)))


def effective_sample_size(
    series: ArrayLike, method: Literal["bulk", "tail", "mean"] = "bulk"
) -> float:
    """Return how many independent measurements know as much (Vehtari et al. 2021).

    Parameters
    ----------
    series : array_like, shape (n_measurements,) or (..., n_measurements)
        Measurements at equal distances, such as ``run.energy``; leading axes are independent
        replicas.
    method : {"bulk", "tail", "mean"}
        "bulk" for the centre of the distribution, "tail" for its 5 % and 95 % quantiles (the
        smaller of the two), "mean" for the mean.

    Returns
    -------
    float
        Above the number of measurements if they are anticorrelated. NaN for fewer than 4
        measurements in a replica, and if all numbers are equal.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> slow = np.repeat(rng.normal(size=(4, 1000)), 5, axis=1)  # each five times
    >>> round(effective_sample_size(slow), -3)
    4000.0
    """
    rows = measurements(series)
    method = _arguments.choice(method, "method", ("bulk", "tail", "mean"))  # type: ignore[assignment]
    if rows.shape[1] < _FEWEST or are_equal(rows):
        return math.nan
    if method == "tail":
        return min(_size(_halves((rows <= q).astype(float))) for q in np.quantile(rows, _TAILS))
    halves = _halves(rows)
    return _size(_normal_scores(halves) if method == "bulk" else halves)


def _halves(rows: Floats) -> Floats:
    """Cut each replica into halves; the middle of an odd number is left out."""
    half = rows.shape[1] // 2
    return np.concatenate([rows[:, :half], rows[:, -half:]])


def _normal_scores(rows: Floats) -> Floats:
    """Return the normal quantiles of the ranks, as Blom places them; equal numbers share a rank."""
    ranks = scipy.stats.rankdata(rows).reshape(rows.shape)
    return np.asarray(scipy.special.ndtri((ranks - 0.375) / (rows.size + 0.25)))


def _rhat(rows: Floats) -> float:
    """Return R-hat of the means and variances of rows; 1 of rows that are all equal."""
    n = rows.shape[1]
    within, between = rows.var(axis=1, ddof=1).mean(), rows.mean(axis=1).var(ddof=1)
    if within == 0.0:
        return math.inf if between > 0.0 else 1.0
    return math.sqrt((n - 1) / n + between / within)


def _size(rows: Floats) -> float:
    """Return the effective sample size of rows; their number if they are all equal."""
    if are_equal(rows):
        return float(rows.size)
    n_rows, n = rows.shape
    centred = rows - rows.mean(axis=1, keepdims=True)
    length = scipy.fft.next_fast_len(2 * n - 1, real=True)  # no product wraps around
    transform = scipy.fft.rfft(centred, length, axis=1)
    power = (transform.real**2 + transform.imag**2).sum(axis=0)
    covariance = scipy.fft.irfft(power, length)[:n] / rows.size  # the mean over the rows, over n
    variance = covariance[0] + (rows.mean(axis=1).var(ddof=1) if n_rows > 1 else 0.0)
    rho = 1.0 - (covariance[0] * n / (n - 1) - covariance) / variance
    rho[0] = 1.0
    # Sums of lags 2k and 2k + 1. Those of a reversible chain are positive and fall.
    n_pairs = max((n - 1) // 2, 1)
    pairs = rho[: 2 * n_pairs].reshape(-1, 2).sum(axis=1)
    ended = np.flatnonzero(pairs <= 0.0)
    last = int(ended[0]) if len(ended) else n_pairs - 1
    # Of the last pair only the even lag is counted, once, if there is anything in it.
    rest = rho[2 * last] if pairs[last] >= 0.0 else max(rho[2 * last], 0.0)
    double_tau = 2.0 * np.minimum.accumulate(pairs[:last]).sum() + rest - 1.0
    return float(rows.size / max(double_tau, 1.0 / math.log10(rows.size)))
