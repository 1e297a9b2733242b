r"""The second-moment correlation length, from structure factors.

With S(k) ~ 1 / (1 + xi^2 4 sum_a sin^2(k_a / 2)) at small k, the lattice form of Ornstein and
Zernike, S(0) and the smallest other k give [1]_

    xi = sqrt(S(0) / S(k) - 1) / (2 sqrt(sum_a sin^2(k_a / 2))).

On finite lattices xi / L is the same for all L at a critical point. S(0) is that of all
fluctuations: below the transition xi grows with L.

The error is that of a function of two averages, as in `summarize` and, of pairs of replicas, as in
`summarize_overlaps`: replicas that sit in different valleys have the error of their spread.

.. [1] F. Cooper, B. Freedman, D. Preston, Nucl. Phys. B 210, 210 (1982).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from spinglass import _arguments
from spinglass.statistics.correlation import Floats, measurements, memory_of
from spinglass.statistics.estimate import Estimate
from spinglass.statistics.observable_summary import rows_are_of
from spinglass.statistics.overlap_summary import function_of_pairs, through
from spinglass.statistics.summary import checked, function_of, longest_of

__all__ = ["correlation_length"]


def correlation_length(
    at_zero: ArrayLike,
    at_smallest: ArrayLike,
    momentum: float,
    n_replicas: int | None = None,
    of_pairs: bool = False,
    window: int = 1,
) -> Estimate:
    """Return xi = sqrt(S(0) / S(k) - 1) / momentum, with its error.

    Parameters
    ----------
    at_zero, at_smallest : array_like, (n_replicas, n_measurements)
        Series of S(0), and of S at the smallest other wave vector, measured together. Of pairs
        there is a row for each, (0, 1), (0, 2), ..., (1, 2), ....
    momentum : float
        2 sqrt(sum_a sin^2(k_a / 2)) of that wave vector: 2 sin(pi / L) along a side L.
    n_replicas, of_pairs, window
        As for :func:`spinglass.statistics.summarize_observable`.

    Returns
    -------
    Estimate
        In lattice spacings. NaN if S(0) <= S(k), as it happens without correlations. The error is
        NaN where there are too few measurements for one, and of series that never changed.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> zero, smallest = 5 * rng.exponential(size=(2, 4, 1000)) / [[[1]], [[2]]]
    >>> print(correlation_length(zero, smallest, 2 * np.sin(np.pi / 16)))
    2.48(6)
    """
    size = _arguments.finite(momentum, "momentum")
    if size <= 0.0:
        raise ValueError(f"momentum must be positive, got {_arguments.shown(momentum)}")
    series = [measurements(at_zero, "at_zero"), measurements(at_smallest, "at_smallest")]
    if np.shape(at_zero) != np.shape(at_smallest):
        raise ValueError(
            f"at_smallest must have the shape of at_zero, {np.shape(at_zero)}, got "
            f"{np.shape(at_smallest)}"
        )
    is_pairs, R = rows_are_of(series[0], n_replicas, of_pairs, "at_zero")
    least = _arguments.integer(window, "window", at_least=1)
    own = [memory_of(rows) for rows in series]
    wide = max(least, *(memory.window for memory in own))

    def length(zero: Floats, smallest: Floats) -> Floats:
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.sqrt(np.divide(zero, smallest) - 1.0) / size)

    if is_pairs:
        pairs = [through(rows, one, R, wide) for rows, one in zip(series, own, strict=True)]
        seen, averages = [memory for _, memory in pairs], [average for average, _ in pairs]
    else:
        seen = averages = [checked(memory, wide) for memory in own]
    longest = longest_of(seen)
    # Of two series: what is apart in one of them is in both, and the slower one has the error.
    memory = max(averages, key=lambda one: np.fmax(one.time, 0.0))
    memory = memory._replace(apart=any(one.apart for one in averages))
    if is_pairs:
        found = function_of_pairs(length, series, memory, longest, R)
    else:
        found = function_of(length, series, memory, longest)
    return found if math.isfinite(found.value) else Estimate(found.value)
