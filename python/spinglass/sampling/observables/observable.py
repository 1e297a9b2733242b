"""What an observable says of itself: its name, of whom it is, and what the core is asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol


@dataclass(frozen=True)
class Asked:
    """What the core is asked to measure."""

    # The kind, and what that needs: arguments of the core.
    request: dict[str, Any]
    # The shape of one measurement.
    shape: tuple[int, ...] = ()
    # The observable with what follows from the model, if anything does.
    kept: Any = None


def lattice_of(model: Any, core: Any) -> tuple[int, ...] | None:
    """Return the sides of a lattice, None of any other model."""
    shape = getattr(model, "shape", None)
    is_lattice = isinstance(shape, tuple) and math.prod(shape) == core.n_spins
    return shape if is_lattice else None


class Observable(Protocol):
    """A frozen dataclass of numbers and tuples, so that a file can keep it."""

    # Of its series in `Run.measured`.
    name: ClassVar[str]
    # Whether it is one of pairs of replicas.
    of_pairs: ClassVar[bool]
    # Whether it changes its sign if all spins of a replica are flipped.
    is_odd: ClassVar[bool]
    # What its axes are, after those of the run.
    axes: ClassVar[tuple[str, ...]]

    def _asked(self, model: Any, core: Any) -> Asked:
        """Return what the core is asked for, or refuse a model that does not have it."""
        ...
