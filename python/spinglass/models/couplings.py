"""Couplings as a user gives them: real, finite, symmetric, no diagonal; dense or sparse."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass._arguments import check_memory, real_array

# Bytes a coupling takes while a dense model is made: the caller's copy, doubles, integers.
DENSE_BYTES = 20


def symmetric_couplings(couplings: Any) -> Any:
    """Return couplings, checked, in double precision: an array, or a csr_array of sparse ones."""
    from scipy.sparse import issparse

    return _sparse(couplings) if issparse(couplings) else _dense(couplings)


def _dense(couplings: Any) -> NDArray[np.float64]:
    matrix = real_array(couplings, "couplings")
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
        raise ValueError(f"couplings must have shape (n_spins, n_spins), got {matrix.shape}")
    check_memory(DENSE_BYTES * matrix.size, f"a model of {matrix.shape[0]} spins")
    precision = _precision(matrix.dtype)
    doubles = np.ascontiguousarray(matrix, dtype=np.float64)
    _check_values(doubles, doubles.diagonal())
    if not np.array_equal(doubles, doubles.T):
        difference = np.abs(doubles - doubles.T)
        place = np.unravel_index(difference.argmax(), difference.shape)
        _check_symmetry(doubles, place, float(difference.max()), precision)
        doubles = doubles / 2 + doubles.T / 2
    return doubles


def _sparse(couplings: Any) -> Any:
    from scipy.sparse import csr_array

    if couplings.ndim != 2 or couplings.shape[0] != couplings.shape[1] or not couplings.shape[0]:
        raise ValueError(f"couplings must have shape (n_spins, n_spins), got {couplings.shape}")
    if couplings.dtype.kind not in "biuf":
        raise TypeError(f"couplings must hold real numbers, got dtype {couplings.dtype}")
    precision = _precision(couplings.dtype)
    matrix = csr_array(couplings, dtype=np.float64, copy=True)
    matrix.sum_duplicates()
    _check_values(matrix.data, matrix.diagonal())
    difference = abs(matrix - matrix.T).tocoo()
    if difference.nnz and difference.data.max() > 0:
        worst = difference.data.argmax()
        place = difference.row[worst], difference.col[worst]
        _check_symmetry(matrix, place, float(difference.data[worst]), precision)
        matrix = csr_array(matrix / 2 + matrix.T / 2)
    matrix.eliminate_zeros()
    return matrix


def _precision(dtype: np.dtype[Any]) -> float:
    """Return the rounding error that the numbers may carry, relative to the largest of them."""
    return 16 * float(np.finfo(dtype).eps) if dtype.kind == "f" else 0.0


def _check_values(values: NDArray[np.float64], diagonal: NDArray[np.float64]) -> None:
    if not np.isfinite(values).all():
        raise ValueError(f"couplings must be finite, got {values[~np.isfinite(values)][0]}")
    if np.any(diagonal):
        site = int(np.flatnonzero(diagonal)[0])
        raise ValueError(
            f"couplings must have a zero diagonal, got {diagonal[site]:g} at ({site}, {site})"
        )


def _check_symmetry(matrix: Any, place: Any, difference: float, precision: float) -> None:
    if difference > precision * float(abs(matrix).max()):
        i, j = (int(k) for k in place)
        raise ValueError(
            f"couplings must be symmetric, got {matrix[i, j]:.17g} at ({i}, {j}) and "
            f"{matrix[j, i]:.17g} at ({j}, {i})"
        )
