"""The points and pictures of a scan of the Ising model, and the computation of each."""

from __future__ import annotations

from typing import Any

import numpy as np

from spinglass._core import __version__
from spinglass.experiments.ising_transition.config import IsingConfig
from spinglass.experiments.ising_transition.result import POINT, IsingScan, Snapshot
from spinglass.experiments.points import (
    LatticeRun,
    replica_estimate,
    series_bytes,
    series_seconds,
)
from spinglass.runner.task import Experiment, Finished, Rows, Share, Task, expect, joined
from spinglass.sampling.runs import Run
from spinglass.statistics import autocorrelation_time
from spinglass.theory import ising2d

# As measured: seconds of the exact results for each site of a side, and numbers of a measurement
# that are in memory at a time.
_EXACT, _ARRAYS = 1e-5, 6


class IsingExperiment(Experiment):
    """The grid of a scan: a task is a point, or a picture, which is not counted."""

    name, unit, config_type = "ising", "points", IsingConfig

    def tasks(self) -> list[Task]:
        """Return the points by size and temperature, then the pictures."""
        config = self.config
        tasks = [
            self._point(size, T)
            for size, its_temperatures in zip(config.sizes, config.temperatures, strict=True)
            for T in its_temperatures
        ]
        return tasks + [
            LatticeRun(
                config.snapshot_size, T, config.dynamics, 1, warmup=config.snapshot_sweeps - 1
            ).task("picture ", (1,))
            for T in config.snapshot_temperatures
        ]

    def _point(self, size: int, T: float) -> Task:
        config = self.config
        n_sweeps = config.sweeps(size)
        how = (config.dynamics, n_sweeps, config.n_replicas, config.total(size) - n_sweeps)
        run = LatticeRun(size, T, *how, config.every(size))
        seconds = series_seconds(run.n_measurements) + size * _EXACT
        return run.task(seconds=seconds, memory=series_bytes(run.n_measurements, _ARRAYS))

    def work(self, task: Task, share: Share) -> Rows:
        """Return the row of a point, or the spins of a picture."""
        kind, run = task.arguments
        found = run.sample(task.seed(self.config.seed), share)
        if kind:
            return {"spins": found.final_states.reshape(run.size, run.size)}
        sides, beta = (run.size, run.size), 1.0 / run.T
        row = (
            run.size,
            beta,
            run.T,
            *_observables(found, run.every),
            ising2d.finite_energy(sides, beta),
            ising2d.finite_specific_heat(sides, beta),
        )
        return {"points": np.array([row], dtype=POINT)}

    def check_rows(self, task: Task, rows: Rows) -> None:
        """Refuse what is not the row of the point, or no picture."""
        kind, run = task.arguments
        if kind:
            expect(rows, "spins", (run.size, run.size), np.int8)
        else:
            expect(rows, "points", (1,), POINT, L=[run.size], temperature=[run.T])

    def result(self, finished: Finished) -> IsingScan:
        """Return the scan of the points and pictures that are finished."""
        points = joined(finished, "points", POINT)
        snapshots = tuple(
            Snapshot(task.arguments[1].T, rows["spins"])
            for task, rows in finished
            if "spins" in rows
        )
        return IsingScan(self.config, __version__, points, snapshots)


def _observables(found: Run, every: int) -> tuple[float, ...]:
    """Return the values and errors of a point, from its energies and magnetizations."""
    N, beta, E = found.n_spins, float(found.beta), found.energy
    around, size, square = E - E.mean(), np.abs(found.magnetization), found.magnetization**2
    energy, energy_error = replica_estimate(_mean, E / N)
    order, order_error = replica_estimate(_mean, size)
    spread, spread_error = replica_estimate(_variance, around**2, around)
    scatter, scatter_error = replica_estimate(_variance, square, size)
    binder, binder_error = replica_estimate(_binder, square, square**2)
    heat, chi = beta * beta / N, beta * N
    return (
        energy, energy_error,
        order, order_error,
        heat * spread, heat * spread_error,
        chi * scatter, chi * scatter_error,
        binder, binder_error,
        every * autocorrelation_time(E),
        every * autocorrelation_time(size),
        E.size,
    )  # fmt: skip


def _mean(first: Any) -> Any:
    return first


def _variance(second: Any, first: Any) -> Any:
    return second - first * first


def _binder(second: Any, fourth: Any) -> Any:
    with np.errstate(invalid="ignore", divide="ignore"):  # m = 0 always: there is no cumulant
        return 1.0 - np.divide(fourth, 3.0 * np.multiply(second, second))
