"""Overlaps of the states with the patterns of a Hopfield network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from spinglass._arguments import check_memory, integer, several, shown
from spinglass.models.patterns import Patterns
from spinglass.sampling.observables.observable import Asked


def _patterns_of(model: Any, what: str) -> Patterns:
    patterns = getattr(model, "patterns", None)
    if not isinstance(patterns, Patterns):
        raise ValueError(
            f"measure can hold {what} only for a model with patterns (Hopfield, Mattis), got "
            f"{model!r}"
        )
    return patterns


@dataclass(frozen=True)
class LargestOverlap:
    """max_mu m^mu over all patterns, with its sign."""

    name: ClassVar[str] = "largest_overlap"
    of_pairs: ClassVar[bool] = False
    is_odd: ClassVar[bool] = False
    axes: ClassVar[tuple[str, ...]] = ()

    def _asked(self, model: Any, core: Any) -> Asked:
        """Return what the core is asked for, if the model has patterns."""
        patterns = _patterns_of(model, '"largest_overlap"')
        # Of the bytes the core makes a copy, and bits of it.
        check_memory(
            2 * patterns.n_patterns * patterns.n_spins, f"measure: {patterns.n_patterns} patterns"
        )
        return Asked({"kind": "overlaps_with", "states": patterns[:], "taken": "largest"})


@dataclass(frozen=True)
class PatternOverlaps:
    """Overlaps of the states of a run with chosen patterns, for ``measure`` of `sample`.

    m^mu = (1/N) sum_i xi_i^mu s_i. The series, ``run.measured["pattern_overlaps"]``, has a last
    axis of the patterns. ``"largest_overlap"`` measures the largest of all.

    Parameters
    ----------
    patterns : sequence of int
        Numbers of patterns of the :class:`~spinglass.Hopfield` network.

    Raises
    ------
    TypeError, ValueError
        If they are no numbers, negative, or none.

    Examples
    --------
    >>> import spinglass
    >>> network = spinglass.Hopfield(spinglass.random_patterns(5, 200, seed=1))
    >>> run = spinglass.sample(
    ...     network, 5.0, 100, initial=network.patterns[2], seed=2,
    ...     measure=[spinglass.PatternOverlaps([2, 3]), "largest_overlap"],
    ... )
    >>> run.measured["pattern_overlaps"].shape
    (1, 100, 2)
    >>> bool((run.measured["pattern_overlaps"][..., 0] == run.measured["largest_overlap"]).all())
    True
    """

    patterns: Sequence[int]

    name: ClassVar[str] = "pattern_overlaps"
    of_pairs: ClassVar[bool] = False
    is_odd: ClassVar[bool] = True
    axes: ClassVar[tuple[str, ...]] = ("pattern",)

    def __post_init__(self) -> None:
        given = several(self.patterns, "patterns")
        if not given:
            raise ValueError(f"patterns must be numbers of patterns, got {shown(self.patterns)}")
        chosen = tuple(integer(number, "patterns", at_least=0) for number in given)
        object.__setattr__(self, "patterns", chosen)

    def _asked(self, model: Any, core: Any) -> Asked:
        """Return what the core is asked for, if the model has these patterns."""
        patterns = _patterns_of(model, "PatternOverlaps")
        if (largest := max(self.patterns)) >= patterns.n_patterns:
            raise ValueError(
                f"patterns of PatternOverlaps must be below {patterns.n_patterns}, the number of "
                f"patterns, got {largest}"
            )
        chosen = np.array(list(self.patterns))
        check_memory(2 * chosen.size * core.n_spins, f"measure: {chosen.size} patterns")
        states = patterns[chosen]
        return Asked({"kind": "overlaps_with", "states": states, "taken": "each"}, (len(chosen),))
