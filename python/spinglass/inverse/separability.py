"""Samples whose best fields and couplings are infinite, detected from columns and pairs of columns.

A spin that never changes has an infinite field. Two spins make a table of four cells, with the
shares (1 + a m_i + b m_j + a b C_ij) / 4 of a, b = -1, +1. If the cell (a, b) is empty, then

    h_i - a t,  h_j - b t,  J_ij - a b t

subtracts t (a s_i + 1) (b s_j + 1) - t from the exponent of p(s). This is the same for all samples,
and 4 t more for the states that never occur. So the likelihood increases without end as t grows.
Pseudo-likelihood and flow improve too, because s_i f_i grows in the samples of (-a, b) and falls in
none (for contingency tables Haberman, The Analysis of Frequency Data (1974), ch. 2). Equal or
opposite columns have two empty cells. Any penalty on couplings bounds them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinglass.inverse.samples import Samples

Names = NDArray[np.object_] | None

# Shares below this may be rounding: the rows are asked.
_ROUNDING = 1e-9


def refuse_infinite(samples: Samples, names: Names, *, penalised: bool, closed: bool) -> str | None:
    """Refuse spins that no finite field or coupling explains, and tell of pairs that none does.

    Parameters
    ----------
    samples : Samples
    names : numpy.ndarray of str objects, optional
        Of the columns.
    penalised : bool
        Whether there is a penalty on couplings.
    closed : bool
        Whether couplings come from the covariance, which only equal columns make infinite.

    Returns
    -------
    str or None
        What to warn of: a pair has an empty cell, and its coupling no penalty. Samples that are few
        often have some, so they are no error.

    Raises
    ------
    ValueError
        If a column never changes, or two are equal or opposite and couplings have no penalty.
    """
    rows = samples.rows
    if len(rows) == 1:
        raise ValueError("X must have at least two samples, got 1 sample")
    constant = np.flatnonzero((rows == rows[0]).all(axis=0))
    if constant.size:
        column = int(constant[0])
        raise ValueError(
            f"column {_name(column, names)} of X is {rows[0, column]:+d} in all samples, so that "
            "its field would be infinite: drop the column, or add samples in which it changes"
        )
    if penalised:
        return None
    empty = {(a, b): _empty(samples, a, b) for a in (1, -1) for b in (1, -1)}
    for what, one, other in (
        ("equal", empty[1, -1], empty[-1, 1]),
        ("opposite", empty[1, 1], empty[-1, -1]),
    ):
        for i, j in np.argwhere(one & other):
            if _is_empty(rows, i, j, 1, 1 if what == "opposite" else -1):
                raise ValueError(
                    f"columns {_name(int(i), names)} and {_name(int(j), names)} of X are {what} in "
                    "all samples, so that their coupling would be infinite: drop one of them, or "
                    "set l2 (or l1) above 0"
                )
    if closed:
        return None
    for (a, b), pairs in empty.items():
        for i, j in np.argwhere(pairs):
            if _is_empty(rows, i, j, a, b):
                return _message(int(i), int(j), a, b, names, _more(samples, empty))
    return None


def _empty(samples: Samples, a: int, b: int) -> NDArray[np.bool_]:
    """Return for which i < j no sample, or hardly any, has s_i = a and s_j = b."""
    m = samples.magnetizations
    shares = (1 + a * m[:, None] + b * m + a * b * samples.correlations) / 4
    return np.triu(shares < max(samples.smallest_share / 2, _ROUNDING), 1)


def _is_empty(rows: NDArray[np.int8], i: int, j: int, a: int, b: int) -> bool:
    return not ((rows[:, i] == a) & (rows[:, j] == b)).any()


def _more(samples: Samples, empty: dict[tuple[int, int], NDArray[np.bool_]]) -> int:
    """Return how many pairs have an empty cell besides the one that is named."""
    if samples.smallest_share < 4 * _ROUNDING:
        return 0  # only the rows could tell
    return int(np.count_nonzero(np.logical_or.reduce(list(empty.values())))) - 1


def _message(i: int, j: int, a: int, b: int, names: Names, more: int) -> str:
    first, second = _name(i, names), _name(j, names)
    if a == b:
        what = f"spins {first} and {second} are never both {a:+d} in the samples"
    else:
        what = f"spin {first} is never {a:+d} where spin {second} is {b:+d} in the samples"
    others = f" ({more} more pair{'s' * (more > 1)} like that)" if more else ""
    return (
        f"{what}{others}: the best coupling is infinite, and the one found is where the search "
        'ended; set l2 (or l1) above 0, add samples, or take method="mean-field" or "tap"'
    )


def _name(column: int, names: Names) -> str:
    return str(column) if names is None else f"{column} ({names[column]!r})"
