"""The choice of a kernel for a matrix of couplings: rows over all spins, or lists of coupled spins.

With rows a flip changes the fields of all spins, with lists only those of its neighbours. Rows use
the vector instructions of the processor, while lists have to be gathered. So lists are faster if
each spin is coupled to few others, and in small models, whose short rows make every sum slow. The
limit lies between the limits for 1 and for 64 replicas, which were measured in docs/sampling.md. It
depends only on the matrix, because the bits of a run depend on the kernel.
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
    """Return the layout of couplings with the faster sweeps.

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
