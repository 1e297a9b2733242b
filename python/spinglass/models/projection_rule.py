"""The projection rule, or pseudo-inverse: patterns are stable as long as they are independent.

L. Personnaz, I. Guyon, G. Dreyfus, J. Phys. Lett. 46, L359 (1985); Phys. Rev. A 34, 4217 (1986).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass._arguments import check_memory
from spinglass.models.coupling_memory import CouplingMemory
from spinglass.models.incremental_rule import IncrementalRule
from spinglass.models.patterns import Patterns

# Eigenvalues below this share of N are those of dependent patterns: the others of an integer matrix
# are far larger than its rounding.
_RANK = 1e-10


def projection(patterns: Patterns | ArrayLike) -> CouplingMemory:
    """Return the memory whose couplings project on the space of the patterns, without a diagonal.

    J = X^T G^-1 X with the overlaps G = X X^T of the patterns, the rows of X; in place of the
    inverse the pseudo-inverse, if patterns are linearly dependent. Every pattern xi has J xi = xi,
    so without the diagonal its fields are (1 - J_ii) xi_i: it is a fixed point.

    Parameters
    ----------
    patterns : Patterns or array_like, (n_patterns, n_spins)
        The memories, -1 and +1.

    Returns
    -------
    CouplingMemory

    Raises
    ------
    ValueError, TypeError
        If the patterns are empty or hold other values.
    MemoryError
        If the couplings do not fit in memory.

    Notes
    -----
    The overlaps are integers, from popcounts. Independent patterns take a Cholesky decomposition of
    P x P numbers, others the eigenvalues of that matrix. With N independent patterns J is the
    identity, and nothing is left without its diagonal.

    Examples
    --------
    >>> import spinglass
    >>> from spinglass import rules
    >>> patterns = spinglass.random_patterns(60, 100, seed=1)
    >>> bool(rules.projection(patterns).stable_patterns().all())
    True
    """
    kept = Patterns._packed_from(patterns, "patterns")
    N, P = kept.n_spins, kept.n_patterns
    check_memory(8 * (5 * N * N + 4 * P * P + 3 * N * P), f"the couplings of {N} spins")
    X = kept.to_array().astype(float)
    W = _orthogonal(kept._packed.gram().astype(float), X)
    J: NDArray[np.float64] = W.T @ W
    np.fill_diagonal(J, 0.0)
    return CouplingMemory._by(_PROJECTION, J, kept)


def _bordered(J: NDArray[np.float64], held: Patterns, more: Patterns) -> NDArray[np.float64]:
    """Return couplings that project on more patterns as well, each by what is new of it."""
    xi = held[0].astype(float)
    np.fill_diagonal(J, 1 - xi * (J @ xi))  # J xi = xi, of any pattern
    for mu in range(more.n_patterns):
        xi = more[mu].astype(float)
        rest = xi - J @ xi
        rest -= J @ rest  # what rounding left of the patterns before
        if (square := rest @ rest) > _RANK * len(xi):
            rest /= np.sqrt(square)
            J += np.outer(rest, rest)
    np.fill_diagonal(J, 0.0)
    return J


_PROJECTION = IncrementalRule("projection", _bordered)


def _orthogonal(gram: NDArray[np.float64], X: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return orthonormal rows that span those of X."""
    from scipy import linalg

    N = X.shape[1]
    if len(X) <= N:
        try:
            lower = linalg.cholesky(gram, lower=True)
        except linalg.LinAlgError:  # dependent patterns
            pass
        else:
            # A pivot is a distance from the patterns before. Rounding alone leaves sqrt(N eps).
            if lower.diagonal().min() ** 2 > _RANK * N:
                whole: NDArray[np.float64] = linalg.solve_triangular(lower, X, lower=True)
                return whole
    values, vectors = linalg.eigh(gram)
    used = values > _RANK * N * len(X)
    spanned: NDArray[np.float64] = (vectors[:, used] / np.sqrt(values[used])).T @ X
    return spanned
