"""Points of the square lattice: the code that experiments on it share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from spinglass.experiments.kinds import POSITIVE, Kind, each_once, read_ranges
from spinglass.models.lattice import SquareLattice
from spinglass.runner.task import Share, Task
from spinglass.sampling.plan import Dynamics
from spinglass.sampling.runs import Run
from spinglass.sampling.sampling import sample
from spinglass.statistics import jackknife
from spinglass.theory import ising2d

_BLOCKS = 32

_EACH_ONCE = each_once(POSITIVE).check
TEMPERATURES = read_ranges(
    Kind(lambda values, name: tuple(sorted(_EACH_ONCE(values, name)))), "temperatures"
)


def check_two_measurements(n_sweeps: int, every: int, size: int) -> None:
    """Reject sweeps with fewer than two measurements, because they give no error."""
    if n_sweeps < 2 * every:
        raise ValueError(
            f"n_sweeps must give two measurements, one every {every} sweeps at L = {size}: "
            f"at least {2 * every}, got {n_sweeps}"
        )


@dataclass(frozen=True)
class LatticeRun:
    """The sampling of one square lattice at one temperature, from all spins up.

    The sweeps are those of each replica.
    """

    size: int
    T: float
    dynamics: Dynamics
    n_sweeps: int
    n_replicas: int = 1
    warmup: int = 0
    every: int = 1

    @property
    def n_measurements(self) -> int:
        """Number of measurements of all replicas."""
        return self.n_replicas * (self.n_sweeps // self.every)

    def task(
        self, kind: str = "", stream: tuple[int, ...] = (), seconds: float = 0.0, memory: int = 0
    ) -> Task:
        """Return the task of it: a point, or of some ``kind``, which is not counted.

        ``seconds`` and ``memory`` are what it takes beside the sweeps; ``stream`` tells it from
        other tasks of that size and temperature.
        """
        n_sweeps = self.n_replicas * (self.n_sweeps + self.warmup)
        return Task(
            key=f"{kind}L={self.size} T={float(self.T)}",  # in full, since two may be close
            stream=(self.size, int(np.float64(self.T).view(np.uint64)), *stream),
            arguments=(kind, self),
            cost=n_sweeps * sweep_seconds(self.size, self.T, self.dynamics) + seconds,
            memory=lattice_bytes(self.size, self.n_replicas, self.dynamics) + memory,
            units=0 if kind else 1,
        )

    def sample(self, seed: int, share: Share, initial: Any = None, **options: Any) -> Run:
        """Sample the lattice, or go on with a run."""
        return sample(
            SquareLattice(self.size),
            1.0 / self.T,
            self.n_sweeps,
            self.n_replicas,
            self.dynamics,
            warmup=self.warmup,
            every=self.every,
            initial=np.ones(self.size**2, dtype=np.int8) if initial is None else initial,
            seed=seed,
            num_threads=share.num_threads,
            progress=share.progress or False,
            **options,
        )


def replica_estimate(function: Callable[..., Any], *series: Any) -> tuple[float, float]:
    """Return a function of averages with its error, from independent replicas.

    The jackknife leaves out one replica at a time, or, if there are few, one of 32 blocks. Errors
    from the autocorrelation were too small by a fifth here. Near T_c a small part of the energy
    follows the magnetization, which is ten times slower than the rest, and no window is long enough
    for it.
    """
    n_replicas, n_measurements = series[0].shape
    n_blocks = min(max(_BLOCKS, n_replicas), n_replicas * n_measurements)
    return jackknife(function, *series, n_blocks=n_blocks)


# As measured. Seconds of a sweep on one thread: for any lattice, and for each spin. Bytes for each
# spin: of every replica, and of the one at work.
_SWEEP = {
    "metropolis": (3.5e-7, 2e-10, 3.4, 0),
    "heat-bath": (3.5e-7, 4e-10, 3.4, 0),
    "wolff": (1.5e-6, 6e-8, 3.4, 13),
    "swendsen-wang": (1.5e-6, 5.5e-8, 3.4, 43),
}

# Seconds of a measurement; bytes of one that is Fourier transformed, and of how many at a time.
_MEASUREMENT, _TRANSFORMED, _AT_A_TIME = 1e-7, 24, 2**22

_ANY = 2**20  # bytes of any task


def sweep_seconds(size: int, temperature: float, dynamics: Dynamics) -> float:
    """Return about how long a sweep of one lattice takes on one thread."""
    any_lattice, each_spin, *_ = _SWEEP[dynamics]
    if dynamics == "metropolis" and size % 128 == 0:
        each_spin *= 0.3  # whole rows of bits at a time
    if dynamics == "wolff":  # one cluster: nearly all spins, about half of them, few
        distance = (temperature * ising2d.critical_beta() - 1.0) * size
        each_spin *= 1.0 if distance < -2.0 else 0.6 if distance < 3.0 else 0.05
    return any_lattice + each_spin * size * size


def lattice_bytes(size: int, n_replicas: int, dynamics: Dynamics) -> int:
    """Return about how much memory lattices need while they are sampled."""
    *_, each, at_work = _SWEEP[dynamics]
    return int((each * n_replicas + at_work) * size * size) + _ANY


def series_seconds(n_measurements: int) -> float:
    """Return about how long the averages and errors of a series take."""
    return _MEASUREMENT * n_measurements


def series_bytes(n_measurements: int, n_arrays: int) -> int:
    """Return about how much memory the averages and errors of a series need.

    ``n_arrays`` is how many numbers of a measurement are in memory at a time.
    """
    return 8 * n_arrays * n_measurements + _TRANSFORMED * min(n_measurements, _AT_A_TIME)
