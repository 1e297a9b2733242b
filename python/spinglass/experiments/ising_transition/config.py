"""The arguments of a scan of the Ising model.

By default half of the temperatures are at T_c (1 + x / L), because the transition of a finite
lattice is rounded over a width of 1/L. This choice does not determine the result.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

from spinglass.experiments.config import Config, derived, parameter
from spinglass.experiments.kinds import SEED, SWEEPS, choice, each_once, integer, or_none
from spinglass.experiments.points import TEMPERATURES, check_two_measurements
from spinglass.sampling.plan import Dynamics
from spinglass.theory import ising2d

SIZES = (16, 32, 64, 128)
SNAPSHOT_SIZE = 512

_FAR = (1.6, 1.8, 2.0, 2.1, 2.2, 2.35, 2.5, 2.7, 3.0, 3.4)
_NEAR = (-2.0, -1.2, -0.7, -0.3, 0.0, 0.3, 0.7, 1.2, 2.0, 3.0)  # (T / T_c - 1) L
_SIDE = integer(2, 2**15)


def default_temperatures(size: int) -> tuple[float, ...]:
    """Return temperatures for one size: ten across its rounded transition, and a few far off."""
    critical = 1.0 / ising2d.critical_beta()
    near = [round(critical * (1.0 + x / size), 4) for x in _NEAR]
    far = [T for T in _FAR if not near[0] - 0.05 < T < near[-1] + 0.05]
    return tuple(sorted({T for T in near + far if T > 0.5}))


def default_sweeps(size: int) -> int:
    """Return how many sweeps of a replica to measure: 10^4, from L = 32 on in proportion to L."""
    return 10_000 * max(32, size) // 32


def default_snapshots() -> tuple[float, ...]:
    """Return the temperatures of the pictures: below, at and above T_c."""
    return 2.0, round(1.0 / ising2d.critical_beta(), 4), 2.6


@dataclass(frozen=True)
class IsingConfig(Config):
    """All arguments of a scan, resolved. Equal configs give equal points.

    Each size has its own temperatures, sweeps and warmup.
    """

    sizes: tuple[int, ...] = parameter(each_once(_SIDE), "sides of the lattices", "L")
    temperatures: tuple[tuple[float, ...], ...] = parameter(
        TEMPERATURES,
        "temperatures for every size, in units of the coupling",
        "T",
        default="for each size about ten around its transition and a few far from it",
    )
    n_sweeps: tuple[int, ...] = parameter(
        SWEEPS,
        "sweeps of each replica that are measured",
        "K",
        default="10000, and in proportion to L from L = 32 on",
    )
    warmup: tuple[int, ...] = parameter(
        integer(0, 2**40),
        "sweeps before the measured ones, starting with all spins up",
        "K",
        default="half as many",
    )
    n_replicas: int = parameter(integer(1, 2**20), "independent lattices per point", "K")
    dynamics: Dynamics = parameter(
        choice(Dynamics), "how spins move: metropolis, heat-bath, wolff, swendsen-wang", "NAME"
    )
    snapshot_size: int | None = parameter(
        or_none(_SIDE),
        "side of the lattices that are shown below, at and above the transition",
        "L",
        flag="--snapshot",
    )
    snapshot_sweeps: int = derived("sweeps of the lattices that are shown")
    snapshot_temperatures: tuple[float, ...] = derived("their temperatures")
    seed: int = parameter(SEED, "the same seed gives the same points", "S")

    @classmethod
    def resolve(cls, given: SimpleNamespace) -> None:
        """Give each size its temperatures, sweeps and warmup, and the pictures theirs."""
        sizes, T, before = given.sizes, given.temperatures, given.warmup
        given.temperatures = tuple(default_temperatures(L) if T is None else T for L in sizes)
        given.n_sweeps = tuple(given.n_sweeps or default_sweeps(L) for L in sizes)
        check_two_measurements(min(given.n_sweeps), max(1, max(sizes) // 16), max(sizes))
        given.warmup = tuple(n // 2 if before is None else before for n in given.n_sweeps)
        given.snapshot_sweeps = max(map(sum, zip(given.n_sweeps, given.warmup, strict=True)))
        given.snapshot_temperatures = () if given.snapshot_size is None else default_snapshots()

    @property
    def n_points(self) -> int:
        """Number of points of the whole scan."""
        return sum(len(its_temperatures) for its_temperatures in self.temperatures)

    def sweeps(self, size: int) -> int:
        """Return the sweeps of a size that are measured."""
        return self.n_sweeps[self.sizes.index(size)]

    def total(self, size: int) -> int:
        """Return all sweeps of a size, warmup included."""
        return self.sweeps(size) + self.warmup[self.sizes.index(size)]

    def every(self, size: int) -> int:
        """Return the sweeps from one measurement to the next: larger lattices change slower."""
        return max(1, size // 16)
