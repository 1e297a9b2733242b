"""The arguments of the comparison of mean field with the lattice."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

from spinglass.experiments.config import Config, parameter
from spinglass.experiments.kinds import SEED, SWEEPS, choice, integer
from spinglass.experiments.points import TEMPERATURES, check_two_measurements
from spinglass.sampling.plan import Dynamics

# From deep in the ordered phase to above the transition of every method.
DEFAULT_TEMPERATURES = (
    1.2, 1.6, 1.9, 2.1, 2.2, 2.25, 2.3, 2.4, 2.5, 2.7, 3.0, 3.4, 3.8, 4.4
)  # fmt: skip


@dataclass(frozen=True)
class MeanFieldConfig(Config):
    """All arguments, resolved. Equal configs give equal points."""

    size: int = parameter(integer(3, 2**13), "side of the lattice", "L")
    temperatures: tuple[float, ...] = parameter(
        TEMPERATURES, "temperatures in units of the coupling", "T", default="14 from 1.2 to 4.4"
    )
    n_sweeps: int = parameter(SWEEPS, "sweeps of each replica that are measured", "K")
    n_replicas: int = parameter(integer(1, 2**20), "independent lattices per point", "K")
    warmup: int = parameter(
        integer(0, 2**40),
        "sweeps before the measured ones, starting with all spins up",
        "K",
        default="a quarter as many",
    )
    dynamics: Dynamics = parameter(choice(Dynamics), "how spins move", "NAME")
    seed: int = parameter(SEED, "the same seed gives the same points", "S")

    @classmethod
    def resolve(cls, given: SimpleNamespace) -> None:
        """Set the temperatures and the warmup."""
        given.temperatures = given.temperatures or DEFAULT_TEMPERATURES
        check_two_measurements(given.n_sweeps, max(1, given.size // 16), given.size)
        given.warmup = given.n_sweeps // 4 if given.warmup is None else given.warmup

    @property
    def every(self) -> int:
        """Sweeps from one measurement to the next."""
        return max(1, self.size // 16)
