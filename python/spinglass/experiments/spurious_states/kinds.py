"""What a state is like: a pattern, a reversed pattern, a mixture of three patterns, or none.

The mixture of three patterns is the sign of their sum, in which each has the sign of its overlap
with the state. In a large network its overlap with each of the three is 1/2, and with Hebb's rule
its energy per spin at small load is -3/8, that of a pattern -1/2.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinglass.models.pattern_overlaps import overlaps
from spinglass.models.patterns import Patterns

ALIKE = 0.9
"""From this overlap on a state is said to be a pattern or a mixture."""

KINDS = ("stored", "reversed", "mixture of three", "other")

# Patterns that are compared at a time.
_AT_ONCE = 4096

LIKENESS: list[tuple[str, type | str]] = [
    ("kind", "U16"),
    ("pattern", np.int64),
    ("overlap", np.float64),
    ("second", np.int64),
    ("third", np.int64),
    ("mixture_overlap", np.float64),
]


def likeness(states: NDArray[np.int8], patterns: Patterns) -> NDArray[np.void]:
    """Return for each state its kind, and the patterns that decide it.

    Columns: ``kind``; ``pattern``, the one of the largest overlap in size, ``overlap``, that
    overlap with its sign; ``second`` and ``third``, the next two (-1 if there are fewer);
    ``mixture_overlap``, with the mixture of the three (NaN with fewer than three patterns).
    """
    table = np.empty(len(states), LIKENESS)
    numbers, found = _largest(states, patterns)
    table["pattern"], table["overlap"] = numbers[:, 0], found[:, 0]
    table["second"], table["third"], table["mixture_overlap"] = -1, -1, np.nan
    if numbers.shape[1] > 1:
        table["second"] = numbers[:, 1]
    if numbers.shape[1] > 2:
        table["third"] = numbers[:, 2]
        three = patterns[numbers.ravel()].reshape(*numbers.shape, patterns.n_spins)
        signs = np.where(found < 0, -1, 1)
        mixture = np.sign(np.einsum("kpi,kp->ki", three, signs, dtype=np.int64))
        table["mixture_overlap"] = (mixture * states).mean(axis=1)
    which = np.select(
        [table["overlap"] >= ALIKE, table["overlap"] <= -ALIKE, table["mixture_overlap"] >= ALIKE],
        [0, 1, 2],
        3,
    )
    table["kind"] = np.array(KINDS)[which]
    return table


def _largest(
    states: NDArray[np.int8], patterns: Patterns
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the three patterns of the largest overlaps in size, and these, largest first.

    Of equal ones the first comes first.
    """
    numbers = np.empty((len(states), 0), np.int64)
    found = np.empty((len(states), 0))
    for first in range(0, patterns.n_patterns, _AT_ONCE):
        some = np.arange(first, min(first + _AT_ONCE, patterns.n_patterns))
        numbers = np.hstack([numbers, np.broadcast_to(some, (len(states), len(some)))])
        found = np.hstack([found, np.asarray(overlaps(states, patterns[some]))])
        order = np.argsort(-np.abs(found), axis=1, kind="stable")[:, :3]
        numbers = np.take_along_axis(numbers, order, axis=1)
        found = np.take_along_axis(found, order, axis=1)
    return numbers, found
