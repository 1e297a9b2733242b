"""Couplings in closed form, from the inverse of the covariance: naive mean field, and TAP.

With the covariance C_ij = <s_i s_j> - m_i m_j, linear response of the naive mean-field equation
m_i = tanh(h_i + sum_j J_ij m_j) gives (C^-1)_ij = -J_ij for i != j (Kappen and Rodriguez, Neural
Comput. 10, 1137 (1998)). The Onsager term of Thouless, Anderson and Palmer adds one more:
(C^-1)_ij = -J_ij - 2 J_ij^2 m_i m_j (Tanaka, Phys. Rev. E 58, 2302 (1998); Roudi, Aurell and Hertz,
Front. Comput. Neurosci. 3, 22 (2009)). Fields follow from the equation itself.

Both methods treat the samples as Gaussian. So the penalty l2 is that of the Gaussian likelihood,
-ln det(L) / 2 + tr(L C) / 2 + (l2 / 4) tr(L^2). Its minimum has the eigenvectors of C and
eigenvalues 2 / (c + sqrt(c^2 + 4 l2)) instead of 1 / c (Barton, Cocco, De Leonardis and
Monasson, Phys. Rev. E 90, 012132 (2014)).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinglass.inverse.samples import Samples
from spinglass.inverse.solution import Solution

Array = NDArray[np.float64]

# Eigenvalues of a covariance below this share of the largest are rounding.
_SINGULAR = 1e-12


def mean_field(samples: Samples, l2: float) -> Solution:
    """Return naive mean-field couplings and fields."""
    m = samples.magnetizations
    couplings = _without_diagonal(-inverse_covariance(samples, l2))
    return Solution(couplings, np.arctanh(m) - couplings @ m)


def tap(samples: Samples, l2: float) -> Solution:
    """Return TAP couplings and fields, and how many pairs had no real solution.

    Of the two roots the one that goes to the naive mean field for m = 0. Where they are complex
    (a negative discriminant, 1 < 8 m_i m_j (C^-1)_ij), their real part -1 / (4 m_i m_j), which is
    where the real roots meet.
    """
    m = samples.magnetizations
    inverse, products = inverse_covariance(samples, l2), np.outer(m, m)
    discriminants = 1 - 8 * products * inverse
    negative = discriminants < 0
    couplings = -2 * inverse / (1 + np.sqrt(np.where(negative, 1.0, discriminants)))
    couplings[negative] = -1 / (4 * products[negative])
    couplings = _without_diagonal(couplings)
    onsager = m * (couplings**2 @ (1 - m**2))
    fields = np.arctanh(m) - couplings @ m + onsager
    count = int(np.count_nonzero(np.triu(negative, 1)))
    return Solution(couplings, fields, n_negative_discriminants=count)


def inverse_covariance(samples: Samples, l2: float) -> Array:
    """Return C^-1, or what the penalty makes of it.

    Raises
    ------
    ValueError
        If C is singular and there is no penalty.
    """
    m = samples.magnetizations
    values, vectors = np.linalg.eigh(samples.correlations - np.outer(m, m))
    if l2 == 0.0 and values[0] <= _SINGULAR * values[-1]:
        n_rows, n_spins = samples.rows.shape
        why = (
            f"of {n_rows} samples of {n_spins} spins"
            if n_rows <= n_spins
            else "as some columns of X are linear combinations of others"
        )
        raise ValueError(
            f"the covariance of X is singular, {why}: set l2 above 0, or give more samples"
        )
    values = np.maximum(values, 0.0)
    inverse: Array = (vectors * (2 / (values + np.sqrt(values**2 + 4 * l2)))) @ vectors.T
    return (inverse + inverse.T) / 2


def _without_diagonal(matrix: Array) -> Array:
    np.fill_diagonal(matrix, 0.0)
    return matrix
