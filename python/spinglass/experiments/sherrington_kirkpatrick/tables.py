"""Tables of tempered glasses: means over glasses with their errors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass.experiments import tables
from spinglass.experiments.sherrington_kirkpatrick.instance import SkInstance
from spinglass.experiments.tables import mean_and_error

# What of the energy and the overlap is in a table: see `both`.
BOTH = (
    "energy energy_error square_overlap square_overlap_error from_overlap difference "
    "difference_error"
)
_INTEGERS = "n_spins n_instances instance first_sweep last_sweep round_trips"


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
