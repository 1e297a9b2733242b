"""Overlaps of replica pairs, and of their bonds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from spinglass.sampling.observables.observable import Asked


@dataclass(frozen=True)
class Overlap:
    """q = (1/N) sum_i s_i^a s_i^b."""

    name: ClassVar[str] = "overlap"
    of_pairs: ClassVar[bool] = True
    is_odd: ClassVar[bool] = True
    axes: ClassVar[tuple[str, ...]] = ()

    def _asked(self, model: Any, core: Any) -> Asked:
        """Return what the core is asked for."""
        return Asked({"kind": "overlap"})


@dataclass(frozen=True)
class LinkOverlap:
    """q_l = (1/N_b) sum_<ij> s_i^a s_j^a s_i^b s_j^b over the N_b bonds."""

    name: ClassVar[str] = "link_overlap"
    of_pairs: ClassVar[bool] = True
    is_odd: ClassVar[bool] = False
    axes: ClassVar[tuple[str, ...]] = ()

    def _asked(self, model: Any, core: Any) -> Asked:
        """Return what the core is asked for, if the model keeps its bonds."""
        if not core.n_bonds():
            raise ValueError(
                'measure can hold "link_overlap" only for a model that keeps its bonds, such as a '
                f"lattice or sparse couplings other than 0, got {model!r}. In a model whose "
                "pairs are all coupled it is (N q^2 - 1) / (N - 1)"
            )
        return Asked({"kind": "link_overlap"})
