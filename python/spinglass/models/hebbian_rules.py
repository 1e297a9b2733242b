"""Hebb's rule as a matrix, and what is made of it: clipped, diluted, and for patterns with a mean.

All are local: J_ij depends on spins i and j of the patterns alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass._arguments import check_memory, finite, flag
from spinglass._random import Seed, seed_word
from spinglass.models.coupling_memory import CouplingMemory
from spinglass.models.hopfield import Hopfield
from spinglass.models.incremental_rule import IncrementalRule
from spinglass.models.patterns import Patterns


def hebb(patterns: Patterns | ArrayLike) -> CouplingMemory:
    """Return the memory of Hebb's rule, J_ij = (1/N) sum_mu xi_i^mu xi_j^mu, as a matrix.

    `spinglass.Hopfield` is the same memory without a matrix, and faster.

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

    References
    ----------
    J. J. Hopfield, Proc. Natl. Acad. Sci. USA 79, 2554 (1982).

    Examples
    --------
    >>> from spinglass import rules
    >>> rules.hebb([[1, 1, -1, -1], [1, -1, 1, -1]]).couplings()[0].tolist()
    [0.0, 0.0, 0.0, -0.5]
    """
    return CouplingMemory._by(_HEBB, *_hebbian(patterns))


def _with_more(
    couplings: NDArray[np.float64], held: Patterns, more: Patterns
) -> NDArray[np.float64]:
    return _plus(couplings, more, 1)


def _without(couplings: NDArray[np.float64], gone: Patterns) -> NDArray[np.float64]:
    return _plus(couplings, gone, -1)


def _plus(couplings: NDArray[np.float64], patterns: Patterns, sign: int) -> NDArray[np.float64]:
    """Return couplings with those of patterns added or taken away: N J are integers."""
    couplings *= patterns.n_spins
    np.rint(couplings, out=couplings)
    couplings += sign * Hopfield(patterns).couplings("int32")
    couplings /= patterns.n_spins
    return couplings


_HEBB = IncrementalRule("hebb", _with_more, _without)


def clipped(patterns: Patterns | ArrayLike) -> CouplingMemory:
    """Return the memory of clipped couplings: sqrt(P)/N times the sign of Hebb's.

    Each coupling is a bit. It is 0 where Hebb's is, which happens for an even number of patterns
    only.

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

    References
    ----------
    H. Sompolinsky, Phys. Rev. A 34, 2571 (1986). The critical load is
    ``theory.memories.critical_load("clipped")``, 0.102.

    Examples
    --------
    >>> from spinglass import rules
    >>> rules.clipped([[1, 1, -1, -1]]).couplings()[0].tolist()
    [0.0, 0.25, -0.25, -0.25]
    """
    couplings, kept = _hebbian(patterns)
    np.sign(couplings, out=couplings)
    couplings *= np.sqrt(kept.n_patterns) / kept.n_spins
    return CouplingMemory(couplings, kept)


def diluted(
    patterns: Patterns | ArrayLike, share: float, *, symmetric: bool = True, seed: Seed = None
) -> CouplingMemory:
    """Return the memory of Hebb's rule on a random share of the bonds, divided by the share.

    Parameters
    ----------
    patterns : Patterns or array_like, (n_patterns, n_spins)
        The memories, -1 and +1.
    share : float
        The probability that a bond is kept, above 0 and up to 1.
    symmetric : bool
        Whether J_ij and J_ji are kept together, or drawn each for itself.
    seed : None, int, numpy.random.SeedSequence or numpy.random.Generator
        Determines which bonds are kept.

    Returns
    -------
    CouplingMemory

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.
    MemoryError
        If the couplings do not fit in memory.

    References
    ----------
    H. Sompolinsky, Phys. Rev. A 34, 2571 (1986), symmetric: the critical load is
    ``theory.memories.critical_load("diluted", share=share)``. B. Derrida, E. Gardner, A. Zippelius,
    Europhys. Lett. 4, 167 (1987), asymmetric.

    Examples
    --------
    >>> import spinglass
    >>> from spinglass import rules
    >>> patterns = spinglass.random_patterns(3, 100, seed=1)
    >>> memory = rules.diluted(patterns, 0.3, symmetric=False, seed=1)
    >>> memory.is_symmetric, bool(memory.stable_patterns().all())
    (False, True)
    """
    kept_share = finite(share, "share")
    if not 0 < kept_share <= 1:
        raise ValueError(f"share must be above 0 and at most 1, got {kept_share:g}")
    mirrored = flag(symmetric, "symmetric")
    couplings, kept = _hebbian(patterns)
    random = np.random.default_rng(seed_word(seed))
    for i, row in enumerate(couplings):
        # Row after row: the bonds do not depend on how much memory there is.
        cut = random.random(len(row)) >= kept_share
        if mirrored:
            cut[: i + 1] = False
            couplings[i:, i][cut[i:]] = 0.0
        row[cut] = 0.0
    couplings /= kept_share
    return CouplingMemory(couplings, kept)


def covariance(patterns: Patterns | ArrayLike) -> CouplingMemory:
    """Return the memory of the covariance rule, for patterns with more spins of one sign.

    J_ij = sum_mu (xi_i^mu - a)(xi_j^mu - a) / (N (1 - a^2)), with the mean a of all spins of all
    patterns.

    Parameters
    ----------
    patterns : Patterns or array_like, (n_patterns, n_spins)
        The memories, -1 and +1, not all spins equal.

    Returns
    -------
    CouplingMemory

    Raises
    ------
    ValueError, TypeError
        If the patterns are empty, hold other values, or all their spins are equal.
    MemoryError
        If the couplings do not fit in memory.

    References
    ----------
    D. J. Amit, H. Gutfreund, H. Sompolinsky, Phys. Rev. A 35, 2293 (1987), eq. 1.4, without their
    constraint on the activity.

    Examples
    --------
    >>> import numpy as np
    >>> from spinglass import rules
    >>> biased = np.where(np.random.default_rng(1).random((5, 1000)) < 0.75, 1, -1)
    >>> bool(rules.covariance(biased).stable_patterns().all())
    True
    """
    couplings, _ = covariance_couplings(kept := Patterns._packed_from(patterns, "patterns"))
    return CouplingMemory(couplings, kept)


# Patterns whose spins are bytes at a time.
_AT_ONCE = 256


def covariance_couplings(patterns: Patterns) -> tuple[NDArray[np.float64], float]:
    """Return the couplings of the covariance rule, and the mean of all spins of the patterns.

    With units eta = (1 + xi) / 2 of mean f = (1 + a) / 2 they are the same,
    (1 / (N f (1-f))) sum (eta_i - f)(eta_j - f).
    """
    couplings, kept = _hebbian(patterns)
    N, P = kept.n_spins, kept.n_patterns
    sums = np.zeros(N)
    for first in range(0, P, _AT_ONCE):
        sums += kept[first : first + _AT_ONCE].sum(axis=0, dtype=np.int64)
    mean = sums.sum() / (N * P)
    if abs(mean) == 1:
        raise ValueError(f"patterns must have spins of both signs, got all {mean:+g}")
    # sum (xi_i - a)(xi_j - a) = sum xi_i xi_j - a (S_i + S_j) + a^2 P
    for i, row in enumerate(couplings):
        row += (mean * mean * P - mean * (sums[i] + sums)) / N
        row[i] = 0.0
    couplings /= 1 - mean * mean
    return couplings, float(mean)


def _hebbian(patterns: Patterns | ArrayLike) -> tuple[NDArray[np.float64], Patterns]:
    """Return Hebb's couplings, and the patterns."""
    kept = Patterns._packed_from(patterns, "patterns")
    check_memory(36 * kept.n_spins**2, f"the couplings of {kept.n_spins} spins")
    return Hopfield(kept).couplings(), kept
