"""The arguments of the renormalization by block spins."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

from spinglass.experiments.config import Config, derived, parameter
from spinglass.experiments.kinds import SEED, SWEEPS, choice, integer, or_none, power_of_two
from spinglass.experiments.points import TEMPERATURES, check_two_measurements
from spinglass.sampling.plan import Dynamics
from spinglass.theory import ising2d

# The grid by default: (T / T_c - 1) L. There both curves bend little, and part.
_NEAR = (-1.2, -0.8, -0.4, 0.0, 0.4, 0.8, 1.2)
_SIDE = power_of_two(16, 2**13)


def default_temperatures(size: int) -> tuple[float, ...]:
    """Return seven temperatures around T_c, within the rounded transition of the lattice."""
    critical = 1.0 / ising2d.critical_beta()
    return tuple(round(critical * (1.0 + x / size), 4) for x in _NEAR)


def default_pictures() -> tuple[float, ...]:
    """Return the temperatures of the pictures: below, at and above T_c.

    At the last the lattice is correlated over 7.5 spins.
    """
    return 2.15, round(1.0 / ising2d.critical_beta(), 4), 2.45


@dataclass(frozen=True)
class RenormalizeConfig(Config):
    """All arguments, resolved. Equal configs give equal points."""

    size: int = parameter(_SIDE, "side of the larger lattice, a power of two, at least 16", "L")
    temperatures: tuple[float, ...] = parameter(
        TEMPERATURES,
        "temperatures in units of the coupling",
        "T",
        default="seven around the transition",
    )
    n_sweeps: int = parameter(SWEEPS, "sweeps of each replica that are measured", "K")
    n_replicas: int = parameter(integer(1, 2**20), "independent lattices per point", "K")
    warmup: int = parameter(
        integer(0, 2**40),
        "sweeps before the measured ones, starting with all spins up",
        "K",
        default="a quarter as many",
    )
    dynamics: Dynamics = parameter(
        choice(Dynamics), "how spins move: metropolis, heat-bath, wolff, swendsen-wang", "NAME"
    )
    picture_size: int | None = parameter(
        or_none(_SIDE),
        "side of the lattices that are shown, a power of two, at least 16",
        "L",
        flag="--picture",
    )
    picture_temperatures: tuple[float, ...] = derived("temperatures of the lattices shown")
    seed: int = parameter(SEED, "the same seed gives the same points", "S")

    @classmethod
    def resolve(cls, given: SimpleNamespace) -> None:
        """Set the temperatures and the warmup."""
        given.temperatures = given.temperatures or default_temperatures(given.size)
        check_two_measurements(given.n_sweeps, given.size // 4, given.size)
        given.warmup = given.n_sweeps // 4 if given.warmup is None else given.warmup
        given.picture_temperatures = () if given.picture_size is None else default_pictures()

    @property
    def sizes(self) -> tuple[int, int]:
        """The sides of the two lattices, L and L / 2."""
        return self.size, self.size // 2

    @property
    def n_points(self) -> int:
        """Number of lattices and temperatures."""
        return 2 * len(self.temperatures)

    def every(self, size: int) -> int:
        """Return the sweeps from one measurement to the next."""
        return max(1, size // 4)

    def steps(self, size: int) -> int:
        """Return how often a lattice is blocked: down to 4 x 4 spins."""
        return size.bit_length() - 3
