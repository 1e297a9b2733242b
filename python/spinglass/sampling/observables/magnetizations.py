"""The size of the magnetization, and the staggered one: overlaps with an ordered state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from spinglass.sampling.observables.observable import Asked, lattice_of


@dataclass(frozen=True)
class AbsMagnetization:
    """|m| = |(1/N) sum_i s_i|."""

    name: ClassVar[str] = "abs_magnetization"
    of_pairs: ClassVar[bool] = False
    is_odd: ClassVar[bool] = False
    axes: ClassVar[tuple[str, ...]] = ()

    def _asked(self, model: Any, core: Any) -> Asked:
        """Return what the core is asked for."""
        up = np.ones((1, core.n_spins), dtype=np.int8)
        return Asked({"kind": "overlaps_with", "states": up, "taken": "sizes"})


@dataclass(frozen=True)
class StaggeredMagnetization:
    """(1/N) sum_r (-1)^(x + y + ...) s_r: the order of an antiferromagnet."""

    name: ClassVar[str] = "staggered_magnetization"
    of_pairs: ClassVar[bool] = False
    is_odd: ClassVar[bool] = True
    axes: ClassVar[tuple[str, ...]] = ()

    def _asked(self, model: Any, core: Any) -> Asked:
        """Return what the core is asked for, if the model has two sublattices."""
        shape = lattice_of(model, core)
        if shape is None or any(side % 2 for side in shape):
            raise ValueError(
                'measure can hold "staggered_magnetization" only for a lattice whose sides are '
                f"even (SquareLattice, CubicLattice, EdwardsAnderson), got {model!r}"
            )
        odd = np.asarray(sum(index % 2 for index in np.indices(shape, sparse=True))) % 2
        state = (1 - 2 * odd).astype(np.int8).reshape(1, -1)
        return Asked({"kind": "overlaps_with", "states": state, "taken": "each"})
