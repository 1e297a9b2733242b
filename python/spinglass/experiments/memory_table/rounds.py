"""A cyclic sequence that is replayed once, so that the pattern of the start is due at the end."""

from __future__ import annotations

from typing import Any

from spinglass.models.patterns import Patterns
from spinglass.models.recall import Recall
from spinglass.models.sequence_memory import SequenceMemory


class OneRound:
    """What a capacity scan asks of a sequence: its recall has P sweeps of all spins at once.

    The overlap that it counts at the end is the one with the pattern of the start, which is due
    then. A memory that has lost the sequence is somewhere else.
    """

    def __init__(self, patterns: Patterns) -> None:
        self._sequence = SequenceMemory(patterns)

    def recall(self, states: Any, *, max_sweeps: int) -> Recall:
        """Run the dynamics for as many sweeps as there are patterns, whatever ``max_sweeps``."""
        return self._sequence.recall(
            states, "synchronous", max_sweeps=self._sequence.n_patterns, num_threads=1
        )
