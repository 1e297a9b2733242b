"""The Ising model with any couplings, dense or sparse.

The energy is E(s) = -1/2 sum_{i != j} J_ij s_i s_j - sum_i h_i s_i. In a sweep couplings are 32-bit
integers: each site has a power of two as its unit, such that its local field stays below 2^30
units. That is finer than single precision, sums do not drift, and multiples of the unit (integers,
+-1, and the random models of this package) are exact. Energies are double precision, from the
couplings as given.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass import _core
from spinglass._arguments import check_memory, real_array, real_vector
from spinglass.models.spin_model import SpinModel

# The square of an energy must still be a number.
LARGEST_ENERGY = 1e150

# Bytes a coupling takes while a dense model is made: the caller's copy, doubles, integers.
_DENSE_BYTES = 20


class Ising(SpinModel):
    """An Ising model with any couplings, dense or sparse.

    Parameters
    ----------
    couplings : array_like or scipy.sparse matrix or array, (n_spins, n_spins)
        J_ij: real, finite, symmetric (to sixteen units in the last place of the largest), zero
        diagonal. The energy counts each pair once; a positive coupling favours equal spins (the
        sign of dimod is the opposite).
    fields : array_like, (n_spins,), optional
        h_i; a positive field favours +1.

    Raises
    ------
    ValueError, TypeError
        If the couplings are not square, not symmetric, not finite or have a diagonal, or the
        fields are not N finite numbers.
    MemoryError
        If they do not fit in memory.

    Notes
    -----
    Dense couplings move tiles of sites with many replicas at a time; sparse ones replicas side by
    side, 64 to a word if all couplings are +-c and there is no field. In the sweep a coupling is a
    32-bit integer (see the module); energies are float64 from what was given.

    Examples
    --------
    A frustrated triangle has six ground states, of energy -1:

    >>> import spinglass
    >>> triangle = spinglass.Ising([[0, -1, -1], [-1, 0, -1], [-1, -1, 0]])
    >>> triangle.energy([[1, 1, -1], [1, 1, 1]]).tolist()
    [-1.0, 3.0]
    """

    def __init__(self, couplings: Any, fields: ArrayLike | None = None) -> None:
        matrix = symmetric_couplings(couplings)
        self._is_sparse = not isinstance(matrix, np.ndarray)
        self._n_spins = int(matrix.shape[0])
        self._fields = None if fields is None else real_vector(fields, "fields", self._n_spins)
        with np.errstate(over="ignore"):
            largest = float(abs(matrix).sum())
            if self._fields is not None:
                largest += float(np.abs(self._fields).sum())
        if largest > LARGEST_ENERGY:
            raise ValueError(
                f"couplings and fields must be at most {LARGEST_ENERGY:g} in sum, got {largest:g}"
            )
        if self._is_sparse:
            indptr, indices = (
                np.asarray(x, dtype=np.int64) for x in (matrix.indptr, matrix.indices)
            )
            self._model = _core.sparse_model(indptr, indices, matrix.data, self._fields)
        else:
            self._model = _core.dense_model(matrix, self._fields)

    @property
    def n_spins(self) -> int:
        """N."""
        return self._n_spins

    @property
    def fields(self) -> NDArray[np.float64] | None:
        """The fields h_i, or None."""
        return self._fields

    def couplings(self) -> Any:
        """Return J_ij, (n_spins, n_spins): an array, or a csr_array if it was sparse."""
        if self._is_sparse:
            return csr_couplings(self._model, self._n_spins)
        check_memory(8 * self._n_spins**2, f"a copy of the couplings of {self._n_spins} spins")
        return self._model.couplings()

    def to_ising(self) -> Ising:
        """Return itself."""
        return self

    def reordered(self, order: NDArray[np.int64]) -> Ising:
        """Return the same model with other numbers: its site k is site ``order[k]`` of this one."""
        fields = None if self._fields is None else self._fields[order]
        return Ising(self.couplings()[order][:, order], fields)

    def __repr__(self) -> str:
        kind = "sparse" if self._is_sparse else "dense"
        fields = "" if self._fields is None else ", fields=..."
        return f"Ising(<{kind} couplings of {self._n_spins} spins>{fields})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Ising, (self.couplings(), self._fields)


def symmetric_couplings(couplings: Any) -> Any:
    """Return couplings, checked, in double precision: an array, or a csr_array of sparse ones."""
    from scipy.sparse import issparse

    return _sparse(couplings) if issparse(couplings) else _dense(couplings)


def _dense(couplings: Any) -> NDArray[np.float64]:
    matrix = real_array(couplings, "couplings")
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
        raise ValueError(f"couplings must have shape (n_spins, n_spins), got {matrix.shape}")
    check_memory(_DENSE_BYTES * matrix.size, f"a model of {matrix.shape[0]} spins")
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


def csr_couplings(model: Any, n_spins: int) -> Any:
    """Return the couplings of a sparse model of the core, double bonds added up."""
    from scipy.sparse import csr_array

    offsets, columns, values = model.couplings()
    matrix = csr_array((values, columns, offsets), shape=(n_spins, n_spins))
    matrix.sum_duplicates()
    return matrix
