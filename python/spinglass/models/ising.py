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
from spinglass._arguments import check_memory, real_vector
from spinglass.models.couplings import symmetric_couplings
from spinglass.models.spin_model import SpinModel

# The square of an energy must still be a number.
LARGEST_ENERGY = 1e150


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

    def __repr__(self) -> str:
        kind = "sparse" if self._is_sparse else "dense"
        fields = "" if self._fields is None else ", fields=..."
        return f"Ising(<{kind} couplings of {self._n_spins} spins>{fields})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Ising, (self.couplings(), self._fields)


def csr_couplings(model: Any, n_spins: int) -> Any:
    """Return the couplings of a sparse model of the core, double bonds added up."""
    from scipy.sparse import csr_array

    offsets, columns, values = model.couplings()
    matrix = csr_array((values, columns, offsets), shape=(n_spins, n_spins))
    matrix.sum_duplicates()
    return matrix
