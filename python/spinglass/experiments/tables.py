"""Tables of results: structured arrays, their types written in one line."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def columns(names: str, integers: str = "", truth: str = "") -> np.dtype[np.void]:
    """Return the type of a table: its columns by name, all float64 except those named again.

    Examples
    --------
    >>> columns("n_spins energy converged", integers="n_spins", truth="converged").descr
    [('n_spins', '<i8'), ('energy', '<f8'), ('converged', '|b1')]
    """
    kinds = dict.fromkeys(integers.split(), np.int64) | dict.fromkeys(truth.split(), np.bool_)
    return np.dtype([(name, kinds.get(name, np.float64)) for name in names.split()])


def table_of(kind: np.dtype[np.void], rows: Iterable[tuple[Any, ...]]) -> NDArray[np.void]:
    """Return rows as a table."""
    return np.array(list(rows), dtype=kind)


def rows_of(table: NDArray[np.void]) -> list[dict[str, Any]]:
    """Return the rows of a table as dictionaries."""
    return [dict(zip(table.dtype.names or (), row, strict=True)) for row in table.tolist()]


def mean_and_error(values: ArrayLike) -> tuple[Any, Any]:
    """Return the mean over the first axis, independent samples, and its standard error.

    The error of a single sample is NaN.
    """
    array = np.asarray(values, dtype=np.float64)
    if len(array) < 2:
        return array.mean(axis=0), np.full(array.shape[1:], math.nan)[()]
    return array.mean(axis=0), array.std(axis=0, ddof=1) / math.sqrt(len(array))
