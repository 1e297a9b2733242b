"""Memories of low activity: units 0 and 1, and patterns in which a share f of them is active."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinglass.models.sparse_hopfield import SparseHopfield

# Trials of each instance: starts at its first patterns.
STARTS = 8


def overlap(n_units: int, n_patterns: int, seed: int, *, activity: float) -> NDArray[np.float64]:
    """Return the overlap m at the end of recalls from patterns, with the optimal threshold.

    All patterns have the same number of active units. If each unit were drawn by itself, the
    patterns would differ in their activity, and the theory has none of this.
    """
    random = np.random.default_rng(seed)
    patterns = np.zeros((n_patterns, n_units), np.int8)
    patterns[:, : round(activity * n_units)] = 1
    patterns = random.permuted(patterns, axis=1)
    memory = SparseHopfield(patterns)
    found: NDArray[np.float64] = memory.recall(patterns[:STARTS]).overlap
    return found
