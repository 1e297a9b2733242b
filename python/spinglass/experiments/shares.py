"""Shares and means of trials that are not independent, with errors from the scatter between them.

Trials that begin at one pattern, or in one set of patterns, have much in common. An error comes
from the scatter between such instances. It is the closed form of the standard error that a
bootstrap over instances approaches, with n - 1 instead of n, so that the errors of few instances
are not too small.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def ratios(
    point: NDArray[np.integer[Any]], n_points: int, sums: Floats, tried: Floats
) -> tuple[Floats, Floats]:
    """Return a mean for each point, and its error from the scatter between instances.

    Parameters
    ----------
    point : numpy.ndarray of int, (n_instances,)
        Number of the point of each instance.
    n_points : int
        Number of points.
    sums, tried : numpy.ndarray of float64, (n_instances,)
        For each instance the sum over its trials, and their number.
    """

    def total(values: NDArray[Any]) -> Floats:
        return np.bincount(point, values, n_points).astype(float)

    n = total(np.ones(len(point)))
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = total(sums) / total(tried)
        scatter = total((sums - mean[point] * tried) ** 2)
        return mean, np.sqrt(scatter * n / (n - 1)) / total(tried)


def never_zero(share: Floats, error: Floats, n: Floats | np.float64) -> Floats:
    """Return the errors of shares of n instances, of those that do not scatter a small one.

    Where the instances do not scatter, as at shares 0 and 1, it is the error of the share
    (n share + 1/2)/(n + 1).
    """
    floor = (n * share + 0.5) / (n + 1)
    return np.where(error > 1e-12, error, np.sqrt(floor * (1 - floor) / (n + 1)))


def means_of_starts(
    point: NDArray[np.int64], pattern: NDArray[np.int64], values: Floats, n_points: int
) -> tuple[Floats, Floats]:
    """Return a mean over the starts of each point, and its error.

    The error is from the scatter between patterns, and at least that of independent starts: the
    scatter of few patterns is often too small. With one pattern the starts are the instances.
    """
    pairs, which = np.unique(np.stack([point, pattern], axis=1), axis=0, return_inverse=True)
    which = which.ravel()
    tried = np.bincount(which, minlength=len(pairs)).astype(float)
    sums = np.bincount(which, values, len(pairs)).astype(float)
    _, between = ratios(pairs[:, 0], n_points, sums, tried)
    mean, among = ratios(point, n_points, values, np.ones(len(point)))
    n_patterns = np.bincount(pairs[:, 0], minlength=n_points)
    between[n_patterns < 2] = np.nan
    return mean, np.fmax(between, among)
