"""Data on the way to the core: rows of units, exactly 0 and 1 or numbers between them.

The core takes bytes, booleans, and single or double precision; it finds out by itself whether all
numbers are 0 or 1. All else (lists, DataFrames, sparse matrices, other integers) is turned into
one of these here, and what is no table of finite numbers is refused by name. The first words of
some messages are those of scikit-learn, which its own checks of estimators ask for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass import _core
from spinglass._arguments import (
    array_of,
    as_array,
    borrowed,
    check_memory,
    copied,
    numbers,
    pieces,
    units_hint,
)
from spinglass._caller import warn_caller
from spinglass._estimator import check_size, shape_message
from spinglass._sparse import checked_copy

# Rows that say enough of the data where a glance will do.
_ROWS_OF_A_GLANCE = 1000

_LARGEST = float(np.finfo(np.float32).max)

NATIVE = frozenset(np.dtype(name) for name in ("bool", "uint8", "float32", "float64"))


def table(X: Any, owner: str, name: str = "X") -> NDArray[Any]:
    """Return ``X`` as a C-contiguous, aligned array of rows of a dtype that the core takes.

    It may be ``X`` itself. The core has a copy of its own, which is what it learns from.

    Parameters
    ----------
    X : array_like, DataFrame or scipy.sparse matrix or array, (n_samples, n_features)
    owner, name : str
        The estimator and the argument, for the messages.
    """
    from scipy.sparse import issparse

    array = _dense(X, name) if issparse(X) else _array(X, name)
    if array.ndim != 2:
        raise ValueError(shape_message(array, name))
    check_size(array, owner, name)
    return borrowed(array, array.dtype) if array.dtype in NATIVE else _native(array)


def output_dtype(X: Any) -> np.dtype[Any]:
    """Return the dtype of what is learned from ``X``: float32 stays, all else is float64."""
    return np.dtype(np.float32 if getattr(X, "dtype", None) == np.float32 else np.float64)


def core_data(rows: NDArray[Any], name: str = "X") -> _core.RbmData:
    """Return rows of units, the argument called ``name``, as the core has them.

    Raises
    ------
    ValueError
        If one of the numbers is not finite.
    """
    try:
        return _core.RbmData(rows)
    except ValueError:
        _refuse_infinite(rows, name)
        raise


def reals(rows: NDArray[Any]) -> _core.GaussianRbmData:
    """Return rows of real numbers as the core has them."""
    return _core.GaussianRbmData(borrowed(rows, np.float64))


@contextmanager
def named(name: str) -> Iterator[None]:
    """Let the core, which calls all data X, say the name of the argument."""
    try:
        yield
    except ValueError as error:
        raise ValueError(re.sub(r"^X\b", name, str(error))) from None


def some_of(rows: NDArray[Any]) -> NDArray[Any]:
    """Return about a thousand rows at equal distances: data are often sorted."""
    return np.ascontiguousarray(rows[:: max(1, len(rows) // _ROWS_OF_A_GLANCE)][:_ROWS_OF_A_GLANCE])


def typical(rows: NDArray[Any], weights: NDArray[np.float64] | None) -> NDArray[Any]:
    """Return as many rows, each as often as its weight says, to within one.

    For what is asked of rows that no weights go with: the start of a training, and glances at it.
    """
    if weights is None:
        return rows
    places = (np.arange(len(rows)) + 0.5) / len(rows) * weights.sum()
    chosen: NDArray[Any] = rows[np.searchsorted(np.cumsum(weights)[:-1], places)]
    return chosen


def bias_of(rows: NDArray[Any], weights: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    """Return the biases of independent units that are on as often as those of the data.

    A hundredth is added to either side, so that no unit is certain.
    """
    with np.errstate(over="ignore"):  # of numbers that the core refuses by their place
        if weights is None:
            means = rows.mean(axis=0, dtype=np.float64)
        else:
            means = weights @ rows / weights.sum()
        means = np.clip(means, 0.0, 1.0)
    biases: NDArray[np.float64] = np.log((means + 0.01) / (1.01 - means))
    return biases


def check_within_unit(rows: NDArray[Any]) -> None:
    """Warn whoever called this package about numbers that are no probabilities."""
    least, most = rows.min(), rows.max()
    if (least >= 0 and most <= 1) or not max(-float(least), float(most)) <= _LARGEST:
        return  # what is not finite in single precision is refused
    hint = "; to_bits turns spins -1 and +1 into units 0 and 1" if (abs(rows) == 1).all() else ""
    warn_caller(
        "X has values outside [0, 1], which are no probabilities of a unit to be on: they are used "
        f"as they are{hint}"
    )


def binary_states(values: ArrayLike, name: str, n_units: int) -> NDArray[np.uint8]:
    """Return ``values`` as rows of units 0 and 1, from one row or many."""
    array = array_of(values, name, "units 0 and 1")
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold units 0 and 1, got dtype {array.dtype}")
    if array.ndim not in (1, 2) or array.shape[-1] != n_units or not array.size:
        raise ValueError(
            f"{name} must have shape ({n_units},) or (n_samples, {n_units}), got {array.shape}"
        )
    units = np.empty(array.shape, np.uint8)
    for given, own in pieces(array, units):
        piece = given.copy()  # what is checked is ours
        valid = (piece == 0) | (piece == 1)
        if not valid.all():
            culprit = piece[~valid].ravel()[0]
            raise ValueError(f"{name} must hold only 0 and 1, got {culprit}{units_hint(culprit)}")
        own[...] = piece
    return np.atleast_2d(units)


def _array(X: Any, name: str) -> NDArray[Any]:
    array = array_of(X, name, "real numbers")
    if array.dtype.kind == "c":
        raise ValueError(
            f"Complex data not supported: {name} must hold real numbers, got dtype {array.dtype}"
        )
    if array.dtype.kind == "O":
        return numbers(array, name)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name} must hold real numbers, got dtype {array.dtype}")
    return array


def _native(array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype.kind in "iu" and array.min() >= 0 and array.max() <= 1:
        return copied(array, np.uint8)
    # Halves are exact in single precision; all else takes the widest that the core knows.
    return copied(array, np.float32 if array.dtype == np.float16 else np.float64)


def _dense(X: Any, name: str) -> NDArray[Any]:
    """Write a sparse matrix out: a byte a unit if it holds only 0 and 1."""
    if X.dtype.kind == "c":
        raise ValueError(f"Complex data not supported: {name} must hold real numbers")
    if X.ndim != 2:
        raise ValueError(shape_message(X, name))
    matrix = checked_copy(X, name).tocsr()
    matrix.sum_duplicates()
    values = matrix.data = as_array(matrix.data)
    binary = bool(((values == 0) | (values == 1)).all())
    dtype = np.dtype(np.uint8 if binary else output_dtype(X))
    n_rows, n_columns = X.shape
    what = f"{name}: {n_rows} rows of {n_columns} features"
    check_memory(dtype.itemsize * n_rows * n_columns, what)
    dense: NDArray[Any] = matrix.astype(dtype).toarray()
    return dense


def _refuse_infinite(rows: NDArray[Any], name: str) -> None:
    with np.errstate(over="ignore"):
        finite = np.isfinite(rows.astype(np.float32, copy=False))
    if not finite.all():
        row, column = (int(k) for k in np.argwhere(~finite)[0])
        value = rows[row, column]
        what = "NaN" if np.isnan(value) else f"{value:g}"
        if np.isinf(value):
            what = f"infinity ({value})"
        raise ValueError(
            f"{name} must hold finite numbers of single precision, got {what} in row {row}, "
            f"column {column}"
        )
