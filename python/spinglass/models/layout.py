"""Which kernel moves a matrix of couplings: rows of all spins, or lists of the spins coupled.

A flip changes the fields of all spins in the one, those of its neighbours in the other. Rows go
through the vectors of the processor, lists have to be gathered, so lists are faster as long as few
spins are coupled to each; and in small models, whose short rows cost much in every sum. The limit
lies between those of 1 and of 64 replicas, measured in docs/sampling.md. It depends on the matrix
alone, because the bits of a run depend on the kernel.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

Layout = Literal["dense", "sparse"]

# Lists are faster up to this many neighbours of a spin, and this share of all spins besides.
_NEIGHBOURS = 192
_SHARE = 1 / 16

# A sparse matrix with less than this share of all pairs stays sparse: as dense rows it would take
# more than three times the memory.
_DENSE_SHARE = 1 / 4


def faster_layout(couplings: Any) -> Layout:
    """Return how couplings are kept so that sweeps are fast.

    Parameters
    ----------
    couplings : numpy.ndarray or scipy.sparse.csr_array, (n_spins, n_spins)
        Without stored zeros.

    Returns
    -------
    {"dense", "sparse"}
    """
    n_spins = couplings.shape[0]
    is_array = isinstance(couplings, np.ndarray)
    degree = (np.count_nonzero(couplings) if is_array else couplings.nnz) / n_spins
    if degree <= _NEIGHBOURS + _SHARE * n_spins:
        return "sparse"
    return "dense" if is_array or degree >= _DENSE_SHARE * n_spins else "sparse"
