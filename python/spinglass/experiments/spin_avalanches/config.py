"""The arguments of a measurement of avalanches."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

from spinglass.experiments.config import Config, derived, parameter
from spinglass.experiments.functions import described
from spinglass.experiments.kinds import SEED, integer
from spinglass.experiments.recalls import CLAMPING_MEMORY


@dataclass(frozen=True)
class AvalanchesConfig(Config):
    """All arguments, resolved. Equal configs give equal starts."""

    memory: str = parameter(CLAMPING_MEMORY, "the memory, in words", flag=None)
    n_starts: int = parameter(integer(1), "spins that are turned, one in each start", "K")
    max_sweeps: int = parameter(
        integer(1), "a recall that has not converged by then is ended", flag=None
    )
    seed: int = parameter(SEED, "the same seed gives the same starts", "S")
    n_spins: int = derived("N")
    n_patterns: int = derived("P")

    @classmethod
    def resolve(cls, given: SimpleNamespace) -> None:
        """Put the memory into words."""
        patterns = given.memory.patterns
        given.memory = described(given.memory.memory)
        given.n_spins, given.n_patterns = patterns.n_spins, patterns.n_patterns
