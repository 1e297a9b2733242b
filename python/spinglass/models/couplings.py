"""Couplings as a user gives them: real, finite, symmetric, dense or sparse.

They have no diagonal, but for neurons that may be coupled to themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass._arguments import as_array, check_memory, copied, real_array
from spinglass._sparse import checked_copy

# Bytes a coupling takes while a dense model is made: the caller's copy, doubles, integers.
DENSE_BYTES = 20

# Couplings that one step of NumPy takes.
_BAND = 1 << 20


def symmetric_couplings(couplings: Any, with_diagonal: bool = False) -> Any:
    """Check couplings and return them in double precision: an array, or a csr_array if sparse."""
    from scipy.sparse import issparse

    if issparse(couplings):  # also a dok_array, which is a dict
        return _sparse(couplings, with_diagonal)
    if isinstance(couplings, Mapping):
        raise TypeError(
            "couplings must be an array or a sparse matrix, got a dict; Ising.from_qubo(Q) takes "
            "that of a QUBO, and scipy.sparse.coo_array makes a matrix of pairs and values"
        )
    return _dense(couplings, with_diagonal)


def any_couplings(couplings: Any) -> NDArray[np.float64]:
    """Check couplings that need not be symmetric; those that are so up to rounding are made so."""
    return _dense(couplings, False, must_be_symmetric=False)


def _dense(
    couplings: Any, with_diagonal: bool, must_be_symmetric: bool = True
) -> NDArray[np.float64]:
    matrix = real_array(couplings, "couplings")
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
        raise ValueError(f"couplings must have shape (n_spins, n_spins), got {matrix.shape}")
    check_memory(DENSE_BYTES * matrix.size, f"a model of {matrix.shape[0]} spins")
    precision = _precision(matrix.dtype)
    doubles = copied(matrix, np.float64)
    for rows in bands(doubles):
        _check_finite(doubles[rows])
    if not with_diagonal:
        _check_diagonal(doubles.diagonal())
    if all(np.array_equal(doubles[rows], doubles[:, rows].T) for rows in bands(doubles)):
        return doubles
    differences = (np.abs(doubles[rows] - doubles[:, rows].T) for rows in bands(doubles))
    worst = [(float(x.max()), *np.unravel_index(x.argmax(), x.shape)) for x in differences]
    band = max(range(len(worst)), key=lambda k: worst[k][0])
    difference, row, column = worst[band]
    largest = max(float(np.abs(doubles[rows]).max()) for rows in bands(doubles))
    place = bands(doubles)[band].start + row, column
    if not must_be_symmetric and difference > precision * largest:
        return doubles
    _check_symmetry(doubles, place, difference, precision * largest)
    means = np.empty_like(doubles)
    for rows in bands(doubles):
        means[rows] = doubles[rows] / 2 + doubles[:, rows].T / 2
    return means


def bands(matrix: NDArray[Any]) -> list[slice]:
    """Return the rows of a square matrix in bands, so that Ctrl-C is noticed between two bands."""
    height = max(1, _BAND // len(matrix))
    return [slice(first, first + height) for first in range(0, len(matrix), height)]


def _sparse(couplings: Any, with_diagonal: bool) -> Any:
    from scipy.sparse import csr_array

    if couplings.ndim != 2 or couplings.shape[0] != couplings.shape[1] or not couplings.shape[0]:
        raise ValueError(f"couplings must have shape (n_spins, n_spins), got {couplings.shape}")
    if couplings.dtype.kind not in "biuf":
        raise TypeError(f"couplings must hold real numbers, got dtype {couplings.dtype}")
    precision = _precision(couplings.dtype)
    matrix = csr_array(checked_copy(couplings, "couplings"))
    matrix.data = as_array(matrix.data).astype(np.float64)
    matrix.sum_duplicates()
    _check_finite(matrix.data)
    if not with_diagonal:
        _check_diagonal(matrix.diagonal())
    difference = abs(matrix - matrix.T).tocoo()
    if difference.nnz and difference.data.max() > 0:
        worst = difference.data.argmax()
        place = difference.row[worst], difference.col[worst]
        largest = float(abs(matrix).max())
        _check_symmetry(matrix, place, float(difference.data[worst]), precision * largest)
        matrix = csr_array(matrix / 2 + matrix.T / 2)
    matrix.eliminate_zeros()
    return matrix


def _precision(dtype: np.dtype[Any]) -> float:
    """Return the rounding error that the numbers may carry, relative to the largest of them."""
    return 16 * float(np.finfo(dtype).eps) if dtype.kind == "f" else 0.0


def _check_finite(values: NDArray[np.float64]) -> None:
    if not np.isfinite(values).all():
        raise ValueError(f"couplings must be finite, got {values[~np.isfinite(values)][0]}")


def _check_diagonal(diagonal: NDArray[np.float64]) -> None:
    if np.any(diagonal):
        site = int(np.flatnonzero(diagonal)[0])
        raise ValueError(
            f"couplings must have a zero diagonal, got {diagonal[site]:g} at ({site}, {site})"
        )


def _check_symmetry(matrix: Any, place: Any, difference: float, allowed: float) -> None:
    if difference > allowed:
        i, j = (int(k) for k in place)
        raise ValueError(
            f"couplings must be symmetric, got {matrix[i, j]:.17g} at ({i}, {j}) and "
            f"{matrix[j, i]:.17g} at ({j}, {i})"
        )
