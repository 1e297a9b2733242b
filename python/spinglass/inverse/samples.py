"""Samples as the core takes them: rows of spins -1 and +1, each with a weight.

If there are fewer states than samples, equal samples become one row with the sum of their weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass import _core
from spinglass._arguments import array_of, check_memory, numbers, pieces, real_array
from spinglass._estimator import check_size, shape_message

# Between two pieces Ctrl-C is noticed.
_ROWS_AT_A_TIME = 1 << 16


@dataclass(frozen=True)
class Samples:
    """Spins and weights, and their means.

    Attributes
    ----------
    data : InverseData
        The core's copy.
    rows : numpy.ndarray of int8, (n_samples, n_spins)
        The samples with a weight above 0.
    shares : numpy.ndarray, (n_samples,), or None
        Weights over their sum; None if all are equal.
    magnetizations : numpy.ndarray, (n_spins,)
        <s_i>.
    correlations : numpy.ndarray, (n_spins, n_spins)
        <s_i s_j>; 1 on the diagonal.
    smallest_share : float
        The smallest weight of the core's rows, over that of all.
    """

    data: _core.InverseData
    rows: NDArray[np.int8]
    shares: NDArray[np.float64] | None
    magnetizations: NDArray[np.float64]
    correlations: NDArray[np.float64]
    smallest_share: float

    @classmethod
    def of(
        cls, rows: NDArray[np.int8], weights: NDArray[np.float64] | None, threads: int | None
    ) -> Samples:
        """Pack spins, and take their means."""
        (data, share), n = core_data(rows, weights), rows.shape[1]
        # exp(-s_i f_i) has the derivative -s_i where the field is 0.
        _, gradient, fields, _ = data.flow(np.zeros((n, n)), np.zeros(n), threads)
        correlations = gradient / -2
        np.fill_diagonal(correlations, 1.0)
        if weights is not None:
            _check_all_count(rows, fields)
        shares = None if weights is None else weights / weights.sum()
        return cls(data, rows, shares, -fields, correlations, share)


def core_data(
    rows: NDArray[np.int8], weights: NDArray[np.float64] | None
) -> tuple[_core.InverseData, float]:
    """Pack spins for the core, equal rows only once where that is sure to pay.

    Returns
    -------
    InverseData
    float
        The smallest weight of a row, over that of all.
    """
    n_rows, n_spins = rows.shape
    # The bits twice, and up to 32 gradients before they are added up.
    check_memory(n_rows * n_spins // 4 + 300 * n_spins**2, f"{n_rows} samples of {n_spins} spins")
    if n_spins < 63 and 2**n_spins <= n_rows:
        powers = 2 ** np.arange(n_spins, dtype=np.int64)
        counts = np.zeros(2**n_spins)
        for first in range(0, n_rows, _ROWS_AT_A_TIME):
            some = slice(first, first + _ROWS_AT_A_TIME)
            np.add.at(counts, (rows[some] > 0) @ powers, 1 if weights is None else weights[some])
        states = np.flatnonzero(counts)
        rows = np.where(states[:, None] & powers, 1, -1).astype(np.int8)
        weights = counts[states]
    share = 1 / len(rows) if weights is None else float(weights.min() / weights.sum())
    return _core.InverseData(rows, weights), share


def spin_rows(X: Any, owner: str) -> NDArray[np.int8]:
    """Return ``X`` as rows of int8 -1 and +1, or say what is wrong with it."""
    from scipy.sparse import issparse

    if issparse(X):
        raise TypeError(
            "X must be a dense array, got a sparse one; a spin is never 0: X.toarray() writes out "
            "what is there"
        )
    array = array_of(X, "X", "-1 and +1")
    if array.dtype.kind == "c":
        raise ValueError(
            f"Complex data not supported: X must hold spins -1 and +1, got dtype {array.dtype}"
        )
    if array.dtype.kind == "O":
        array = numbers(array, "X")
    array = real_array(array, "X", "-1 and +1")
    if array.ndim != 2:
        raise ValueError(shape_message(array))
    check_size(array, owner)
    rows, seen = np.empty(array.shape, np.int8), 0
    for given, own in pieces(array, rows):
        piece = given.copy()  # what is checked is ours
        valid = (piece == 1) | (piece == -1)
        if not valid.all():
            first = int(np.flatnonzero(~valid)[0])
            _refuse(piece.ravel()[first], *divmod(seen + first, array.shape[1]))
        own[...] = piece
        seen += piece.size
    return rows


def _refuse(culprit: Any, row: int, column: int) -> None:
    """Say what a number is that is no spin, and where."""
    what = "NaN" if culprit != culprit else str(culprit)
    if culprit in (np.inf, -np.inf):
        what = f"infinity ({culprit})"
    hint = "; to_spins turns 0 and 1 into spins" if culprit == 0 else ""
    dtype = culprit.dtype
    if dtype.kind == "u" and culprit == np.iinfo(dtype).max:
        hint = f", which is what -1 becomes as {dtype}; X.astype(np.int8) makes it -1"
    raise ValueError(f"X must hold only -1 and +1, got {what} in row {row}, column {column}{hint}")


def _check_all_count(rows: NDArray[np.int8], fields: NDArray[np.float64]) -> None:
    """Refuse weights so different that a spin which flips never does, to rounding."""
    for column in np.flatnonzero(np.abs(fields) >= 1):
        if (rows[:, column] != rows[0, column]).any():
            raise ValueError(
                "sample_weight must not differ so much that only samples count, to rounding, in "
                f"which spin {column} is the same"
            )
