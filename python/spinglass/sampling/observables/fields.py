"""Local fields h_i = sum_j J_ij s_j + h_i: those of all spins, or the mean of their sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from spinglass.sampling.observables.observable import Asked


@dataclass(frozen=True)
class AbsLocalField:
    """(1/N) sum_i |h_i|."""

    name: ClassVar[str] = "abs_local_field"
    of_pairs: ClassVar[bool] = False
    is_odd: ClassVar[bool] = False
    axes: ClassVar[tuple[str, ...]] = ()

    def _asked(self, model: Any, core: Any) -> Asked:
        """Return what the core is asked for."""
        return Asked({"kind": "local_fields", "mean_size": True})


@dataclass(frozen=True)
class LocalFields:
    """h_i of every spin: 8 N bytes at each measurement."""

    name: ClassVar[str] = "local_fields"
    of_pairs: ClassVar[bool] = False
    is_odd: ClassVar[bool] = True
    axes: ClassVar[tuple[str, ...]] = ("spin",)

    def _asked(self, model: Any, core: Any) -> Asked:
        """Return what the core is asked for."""
        return Asked({"kind": "local_fields", "mean_size": False}, (core.n_spins,))
