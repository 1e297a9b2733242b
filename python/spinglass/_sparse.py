"""Sparse matrices of anybody: copied first, and the copy checked before SciPy computes with it.

SciPy takes the indices of a matrix on trust. One that is out of range, in a matrix that was put
together by hand or is written to by another thread, makes it write where it must not.
"""

from __future__ import annotations

from typing import Any


def checked_copy(matrix: Any, name: str) -> Any:
    """Return a copy of our own of a two-dimensional sparse matrix, whose indices are in range.

    Raises
    ------
    ValueError
        If they are not, or if its arrays do not belong together; ``name`` is that of the argument.
    """
    try:
        if hasattr(matrix, "check_format"):  # rows or columns, of numbers or of blocks
            own = matrix.copy()
            own.check_format(full_check=True)
            return own
        own = matrix.tocoo(copy=True)
        for axis, places in enumerate((own.row, own.col)):
            if len(places) != len(own.data):
                raise ValueError(f"it has {len(own.data)} numbers and {len(places)} indices")
            if places.size and not 0 <= places.min() <= places.max() < own.shape[axis]:
                raise ValueError(f"axis {axis} has an index that is out of range")
    except (ValueError, TypeError, IndexError, RuntimeError) as error:
        raise ValueError(f"{name} must be a sparse matrix in order, got one: {error}") from None
    return own
