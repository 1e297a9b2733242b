"""Storkey's rule: local and incremental as Hebb's, and it holds more.

A. J. Storkey, ICANN 1997, Lecture Notes in Computer Science 1327, 451.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass._arguments import check_memory
from spinglass.models.coupling_memory import CouplingMemory
from spinglass.models.incremental_rule import IncrementalRule
from spinglass.models.patterns import Patterns


def storkey(patterns: Patterns | ArrayLike) -> CouplingMemory:
    """Return the memory of Storkey's rule.

    The patterns are stored one after the other,

        J_ij <- J_ij + (xi_i xi_j - xi_i h_ji - h_ij xi_j) / N,
        h_ij = sum_{k != i, j} J_ik xi_k,

    with the couplings before this pattern in the local fields.

    Parameters
    ----------
    patterns : Patterns or array_like, (n_patterns, n_spins)
        The memories, -1 and +1. Their order matters.

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
    A pattern costs some N^2 operations. J_ii is never read: J_ij alone enters h_ij.

    References
    ----------
    A. J. Storkey, R. Valabregue, Neural Netw. 12, 869 (1999).

    Examples
    --------
    More patterns than Hebb's rule keeps:

    >>> import spinglass
    >>> from spinglass import rules
    >>> patterns = spinglass.random_patterns(60, 300, seed=1)
    >>> kept = [rule(patterns).stable_patterns().sum() for rule in (rules.hebb, rules.storkey)]
    >>> print(kept[0], "and", kept[1], "of 60")
    1 and 60 of 60
    """
    kept = Patterns._packed_from(patterns, "patterns")
    N = kept.n_spins
    check_memory(44 * N**2, f"the couplings of {N} spins")
    return CouplingMemory._by(_STORKEY, _stored(np.zeros((N, N)), None, kept), kept)


def _stored(J: NDArray[np.float64], held: Patterns | None, more: Patterns) -> NDArray[np.float64]:
    """Store patterns in couplings, one after the other. Those held are in the couplings."""
    N = more.n_spins
    for mu in range(more.n_patterns):
        xi = more[mu].astype(float)
        c = xi * (J @ xi)  # J_ii is 0
        # h_ij = h_i - J_ij xi_j; so xi_i h_ji + h_ij xi_j = xi_i xi_j (c_i + c_j) - 2 J_ij. The sum
        # of both c first: it is symmetric to the last bit.
        change = c[:, None] + c
        np.subtract(1, change, out=change)
        change *= xi[:, None]
        change *= xi / N
        J *= 1 + 2 / N
        J += change
        np.fill_diagonal(J, 0.0)
    return J


_STORKEY = IncrementalRule("storkey", _stored)
