"""Quadratic unconstrained binary optimisation: E(x) = sum_ij Q_ij x_i x_j + offset, x = 0 or 1.

As x_i x_i = x_i, the diagonal has the linear biases. Pairs of units become pairs of spins by
x = (1 + s) / 2, which leaves a constant (`spinglass.models.energy` has the equations).
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass._arguments import as_array, check_memory, finite, real_array, shown
from spinglass._sparse import checked_copy
from spinglass.adapters.biases import ising_of, pairwise_of, places, sorted_labels
from spinglass.models.energy import Pairwise
from spinglass.models.ising import Ising

# A dense matrix, its negative sum with its transpose, the couplings, and what a model needs.
_BYTES_PER_ENTRY = 36


def from_qubo(Q: Any, offset: float = 0.0) -> Ising:
    """Return the model of a QUBO; `spinglass.Ising.from_qubo` documents it."""
    from scipy.sparse import issparse

    constant = finite(offset, "offset")
    if issparse(Q):  # also a dok_array, which is a dict
        return _of_sparse(Q, constant)
    return _of_dict(Q, constant) if isinstance(Q, Mapping) else _of_array(Q, constant)


def _of_dict(Q: Mapping[Any, Any], offset: float) -> Ising:
    wrong = next((key for key in Q if not isinstance(key, tuple) or len(key) != 2), None)
    if wrong is not None:
        raise TypeError(f"Q must have pairs of labels as keys, got {shown(wrong)}")
    if not Q:
        raise ValueError("Q must have at least one variable, got an empty dict")
    labels = sorted_labels(chain.from_iterable(Q))
    ends = places(labels, chain.from_iterable(Q)).reshape(-1, 2)
    values = _checked(real_array(list(Q.values()), "Q"))
    return ising_of(_of_entries(len(labels), ends[:, 0], ends[:, 1], values, offset), labels)


def _of_sparse(Q: Any, offset: float) -> Ising:
    from scipy.sparse import coo_array

    _check_square(Q.shape)
    if Q.dtype.kind not in "biuf":
        raise TypeError(f"Q must hold real numbers, got dtype {Q.dtype}")
    entries = coo_array(checked_copy(Q, "Q"))
    values = _checked(as_array(entries.data))
    return ising_of(_of_entries(Q.shape[0], entries.row, entries.col, values, offset), None)


def _of_entries(
    n: int,
    rows: NDArray[Any],
    columns: NDArray[Any],
    values: NDArray[np.float64],
    offset: float,
) -> Pairwise:
    own = rows == columns
    linear = np.bincount(rows[own], values[own], minlength=n)
    return pairwise_of("units", linear, (rows[~own], columns[~own], values[~own]), offset)


def _of_array(Q: Any, offset: float) -> Ising:
    given = real_array(Q, "Q")
    _check_square(given.shape)
    check_memory(_BYTES_PER_ENTRY * given.size, f"a QUBO of {given.shape[0]} variables")
    matrix = _checked(given)
    with np.errstate(over="ignore"):  # what is not finite is refused
        couplings = 0.0 - (matrix + matrix.T)  # 0 and not -0
    np.fill_diagonal(couplings, 0.0)
    return ising_of(Pairwise("units", couplings, 0.0 - matrix.diagonal(), offset), None)


def _check_square(shape: tuple[int, ...]) -> None:
    if len(shape) != 2 or shape[0] != shape[1] or not shape[0]:
        raise ValueError(f"Q must be a dict of pairs or have shape (n, n), got shape {shape}")


def _checked(values: NDArray[Any]) -> NDArray[np.float64]:
    """Return finite numbers in double precision."""
    doubles = values.astype(np.float64)
    if not np.isfinite(doubles).all():
        raise ValueError(f"Q must be finite, got {doubles[~np.isfinite(doubles)][0]}")
    return doubles
