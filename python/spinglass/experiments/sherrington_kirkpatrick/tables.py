"""Tables of tempered glasses: means over glasses with their errors."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass.experiments import tables
from spinglass.experiments.sherrington_kirkpatrick.instance import SkInstance

# What of the energy and the overlap is in a table: see `both`.
BOTH = (
    "energy energy_error square_overlap square_overlap_error from_overlap difference "
    "difference_error"
)
_INTEGERS = "n_spins n_instances instance first_sweep last_sweep round_trips"


def mean_and_error(values: ArrayLike) -> tuple[Any, Any]:
    """Return the mean over the first axis, the glasses, and its standard error."""
    array = np.asarray(values, dtype=np.float64)
    if len(array) < 2:
        return array.mean(axis=0), np.full(array.shape[1:], math.nan)[()]
    return array.mean(axis=0), array.std(axis=0, ddof=1) / math.sqrt(len(array))


def both(glasses: list[SkInstance], leg: int, place: int, beta: float) -> tuple[float, ...]:
    """Return the energy, the squared overlap, and what should be zero, at one temperature."""
    energy = np.array([x.energy[leg, place] for x in glasses])
    square = np.array([x.square_overlap[leg, place] for x in glasses])
    from_overlap = -beta / 2 * (1 - square)
    return (
        *mean_and_error(energy),
        *mean_and_error(square),
        float(from_overlap.mean()),
        *mean_and_error(energy - from_overlap),
    )


def table_of(names: str, rows: Iterable[tuple[Any, ...]]) -> NDArray[np.void]:
    """Return rows under names: counts as int64, all else as float64."""
    return tables.table_of(tables.columns(names, _INTEGERS), rows)
