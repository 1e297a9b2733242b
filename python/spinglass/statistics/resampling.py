r"""Errors from blocks: binning of a mean, the jackknife of anything made of means.

Means of blocks that are much longer than the autocorrelation time tau are nearly independent.
**Binning** [1]_ doubles the block length b again and again, and each time treats the means of the
blocks as independent. The standard error grows with b up to a plateau, which is the true value. Its
own uncertainty also grows, because fewer blocks are left. If correlations decay exponentially, the
variance from blocks of b measurements is too small by the fraction tau/b.

The **jackknife** [2]_ leaves out one of n_blocks blocks at a time and recomputes the function of
the means. The error follows from the spread of the results f_j,

    error^2 = (n_blocks - 1) / n_blocks sum_j (f_j - mean f)^2.

With N measurements the relative variance of error^2 is 2b/N, and its relative bias is -tau/b. The
sum of the variance and the squared bias is smallest at b^3 = N tau^2. Noise can be seen in a result
but a bias cannot. So b is here at least 10 tau, where the error is too small by 5 %.

.. [1] H. Flyvbjerg, H. G. Petersen, J. Chem. Phys. 91, 461 (1989).
.. [2] B. Efron, The Jackknife, the Bootstrap and Other Resampling Plans (SIAM, 1982).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass import _arguments
from spinglass._printed import printed
from spinglass.statistics.correlation import Floats, are_equal, measurements, memory_of

__all__ = ["Binning", "binning", "jackknife"]

_MEMORIES = 10.0  # least length of a block, in units of tau
_FEWEST = 4  # blocks that one series is cut into, however short it is


@printed
@dataclass(frozen=True, eq=False)
class Binning:
    """Standard errors of a mean by block length.

    Attributes
    ----------
    block_length : ndarray of int, shape (n_levels,)
        Measurements a block: 1, 2, 4, ...
    n_blocks : ndarray of int, shape (n_levels,)
        Whole blocks of that length in all replicas, at least 2.
    standard_error : ndarray, shape (n_levels,)
        Standard error of the mean, were the blocks independent.
    uncertainty : ndarray, shape (n_levels,)
        Standard error of ``standard_error``, were the blocks independent and normal.

    Examples
    --------
    >>> import numpy as np
    >>> from spinglass.statistics import binning
    >>> found = binning(np.random.default_rng(1).normal(size=1024))
    >>> found.block_length[:3].tolist(), found.n_blocks[:3].tolist()
    ([1, 2, 4], [1024, 512, 256])
    """

    block_length: NDArray[np.int64]
    n_blocks: NDArray[np.int64]
    standard_error: Floats
    uncertainty: Floats


def binning(series: ArrayLike) -> Binning:
    """Return the standard error of the mean at every block length (Flyvbjerg and Petersen 1989).

    The errors are right where they have stopped growing, within their own uncertainty. If they
    never stop, the series is too short. `standard_error` chooses a block length by itself.

    Parameters
    ----------
    series : array_like, shape (n_measurements,) or (..., n_measurements)
        Measurements in equilibrium, at equal distances; leading axes are independent replicas.
        Blocks do not run across replicas, and a rest shorter than a block is left out.

    Returns
    -------
    Binning
        One level a power of two, down to two blocks; no level for a single measurement.

    Raises
    ------
    TypeError, ValueError
        If ``series`` is empty or not of finite real numbers.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> levels = binning(np.repeat(rng.normal(size=2048), 4))  # blocks of 4 equal measurements
    >>> levels.block_length[:4]
    array([1, 2, 4, 8])
    >>> (levels.standard_error[:4] * 2048**0.5).round(1)
    array([0.5, 0.7, 1. , 1. ])
    """
    means = measurements(series)
    levels = []
    length = 1
    while means.size > 1:
        with np.errstate(over="ignore"):  # the rounding of large numbers that are all equal
            error = math.sqrt(float(means.var()) / (means.size - 1))
        levels.append((length, means.size, error, error / math.sqrt(2 * (means.size - 1))))
        pairs = means.shape[1] // 2
        if pairs == 0:
            break
        means = means[:, : 2 * pairs].reshape(len(means), pairs, 2).mean(axis=2)
        length *= 2
    table = np.array(levels, dtype=float).reshape(-1, 4)
    counts = table[:, :2].astype(np.int64)
    return Binning(counts[:, 0], counts[:, 1], table[:, 2], table[:, 3])


def jackknife(
    function: Callable[..., Any],
    *series: ArrayLike,
    n_blocks: int | None = None,
    bias_corrected: bool = True,
) -> tuple[float, float]:
    """Value and standard error of a function of averages, such as a variance or a Binder cumulant.

    Parameters
    ----------
    function : callable
        Called as ``function(mean_1, mean_2, ...)`` with the mean of each series, once as floats
        and once as arrays of shape (n_blocks,), each entry with one block left out. It must
        calculate elementwise, as NumPy does.
    *series : array_like, shape (n_measurements,) or (..., n_measurements)
        Measurements in equilibrium, taken together: all of one shape. Leading axes are
        independent replicas.
    n_blocks : int, optional
        Blocks in all, at least 2; rounded to the same number in each replica, at least 1. By
        default the blocks have the length max(10 tau, (N tau^2)^(1/3)), tau the longest of the
        autocorrelation times, or as much of it as the series allow.
    bias_corrected : bool, default=True
        Take out the bias of order 1/N that a function which is not linear has. For a variance
        <x^2> - <x>^2 this puts back what the unknown mean takes, memory included.

    Returns
    -------
    value, error : float
        The error is NaN if there are not two blocks, or if all numbers of each series
        are equal; the value is then not corrected. Replicas that are stuck in different states
        have the error of their spread.

    Raises
    ------
    TypeError, ValueError
        If ``function`` cannot be called, or series are missing, of different shapes, empty or not
        of finite real numbers.

    Examples
    --------
    >>> x = np.random.default_rng(1).normal(size=10_000)
    >>> value, error = jackknife(lambda m2, m4: m4 / m2**2, x**2, x**4)
    >>> abs(value - 3.0) < 3 * error, round(error, 2)
    (True, 0.05)
    """
    if not callable(function):
        raise TypeError(f"function must be callable, got {_arguments.shown(function)}")
    bias_corrected = _arguments.flag(bias_corrected, "bias_corrected")
    if not series:
        raise TypeError("series must be at least one array, got none")
    rows = [measurements(one) for one in series]
    shapes = [np.shape(one) for one in series]
    if len(set(shapes)) > 1:
        raise ValueError(f"series must all have one shape, got {shapes}")
    if n_blocks is None:
        moving = [memory.time for memory in map(memory_of, rows) if memory.changes]
        cuts = cuts_for_memory(rows[0].shape, max(moving)) if moving else 1
    else:
        wanted = _arguments.integer(n_blocks, "n_blocks", at_least=2, at_most=rows[0].size)
        n_replicas, n = rows[0].shape
        cuts = min(max(1, round(wanted / n_replicas)), n)
    return jackknifed(function, rows, cuts, bias_corrected)


def cuts_for_memory(shape: tuple[int, ...], time: float) -> int:
    """Return how many blocks to make of each replica, by the rule of `jackknife`."""
    n_replicas, n = shape
    length = max(_MEMORIES * time, (n_replicas * n * time**2) ** (1 / 3), 1.0)
    fewest = min(n, -(-_FEWEST // n_replicas))
    return max(int(n / length), fewest)


def jackknifed(
    function: Callable[..., Any], rows: list[Floats], cuts: int, bias_corrected: bool = True
) -> tuple[float, float]:
    """Jackknife with ``cuts`` blocks of each replica, equal in length up to one measurement."""
    n_replicas, n = rows[0].shape
    edges = np.linspace(0, n, cuts + 1).astype(int)
    lengths = np.tile(np.diff(edges), n_replicas)
    means = [one.mean() for one in rows]
    given = function(*(float(mean) for mean in means))
    try:
        value = float(given)
    except (TypeError, ValueError):
        raise TypeError(
            f"function must return a number for averages, got {_arguments.shown(given)}"
        ) from None
    n_blocks = len(lengths)
    if n_blocks < 2 or all(are_equal(one) for one in rows):
        return value, math.nan
    deleted = []
    for one, mean in zip(rows, means, strict=True):
        # Sums of deviations: the mean of all but a block is the mean minus a small difference.
        sums = np.add.reduceat(one - mean, edges[:-1], axis=1).ravel()
        deleted.append(mean - sums / (one.size - lengths))
    values = np.broadcast_to(np.asarray(function(*deleted), dtype=float), (n_blocks,))
    centre = float(values.mean())
    with np.errstate(invalid="ignore"):  # infinite without a block: the error is not known
        error = math.sqrt((n_blocks - 1) * float(values.var()))
    if bias_corrected:
        value = n_blocks * value - (n_blocks - 1) * centre
    return value, error
