"""The arguments of a measurement of basins."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

from spinglass.experiments.config import Config, derived, parameter
from spinglass.experiments.functions import described
from spinglass.experiments.kinds import FRACTION, SEED, each_once, integer
from spinglass.experiments.recalls import MEMORY

DISTANCES = tuple(k / 40 for k in range(2, 21))
"""The distances that are asked by default: 0.05 to 0.5 in steps of 0.025."""


@dataclass(frozen=True)
class BasinsConfig(Config):
    """All arguments, resolved. Equal configs give equal starts."""

    memory: str = parameter(MEMORY, "the memory, in words", flag=None)
    distances: tuple[float, ...] = parameter(
        each_once(FRACTION),
        "shares of the spins of a pattern that are flipped at the start",
        "D",
        default="0.05 to 0.5 in steps of 0.025",
    )
    n_starts: int = parameter(integer(1), "starts at each distance", "K")
    threshold: float = parameter(
        FRACTION,
        "a start comes back if the final overlap with its pattern is at least M",
        "M",
    )
    max_sweeps: int = parameter(
        integer(1), "a recall that has not converged by then is ended", flag=None
    )
    seed: int = parameter(SEED, "the same seed gives the same starts", "S")
    n_spins: int = derived("N")
    n_patterns: int = derived("P")

    @classmethod
    def resolve(cls, given: SimpleNamespace) -> None:
        """Put the memory into words, and the distances in order."""
        patterns = given.memory.patterns
        given.memory = described(given.memory.memory)
        given.distances = tuple(sorted(given.distances or DISTANCES))
        given.n_spins, given.n_patterns = patterns.n_spins, patterns.n_patterns

    @property
    def flipped(self) -> tuple[int, ...]:
        """How many spins are flipped, for each distance that rounds to another number."""
        return tuple(sorted({round(d * self.n_spins) for d in self.distances}))
