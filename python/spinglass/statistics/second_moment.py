r"""The second-moment correlation length, from structure factors.

With S(k) ~ 1 / (1 + xi^2 4 sum_a sin^2(k_a / 2)) at small k, the lattice form of Ornstein and
Zernike, S(0) and the smallest other k give [1]_

    xi = sqrt(S(0) / S(k) - 1) / (2 sqrt(sum_a sin^2(k_a / 2))).

On finite lattices xi / L is the same for all L at a critical point. S(0) is that of all
fluctuations: below the transition xi grows with L.

.. [1] F. Cooper, B. Freedman, D. Preston, Nucl. Phys. B 210, 210 (1982).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from spinglass import _arguments
from spinglass.statistics.correlation import Floats
from spinglass.statistics.estimate import Estimate
from spinglass.statistics.resampling import jackknife

__all__ = ["correlation_length"]


def correlation_length(at_zero: ArrayLike, at_smallest: ArrayLike, momentum: float) -> Estimate:
    """Return xi = sqrt(S(0) / S(k) - 1) / momentum, with a jackknife error.

    Parameters
    ----------
    at_zero, at_smallest : array_like, (n_replicas, n_measurements)
        Series of S(0), and of S at the smallest other wave vector, measured together.
    momentum : float
        2 sqrt(sum_a sin^2(k_a / 2)) of that wave vector: 2 sin(pi / L) along a side L.

    Returns
    -------
    Estimate
        In lattice spacings. NaN if S(0) <= S(k), as it happens without correlations.

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

    def length(zero: Floats, smallest: Floats) -> Floats:
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.sqrt(np.divide(zero, smallest) - 1.0) / size)

    value, error = jackknife(length, at_zero, at_smallest)
    return Estimate(value, error if math.isfinite(value) else math.nan)
