r"""How good is mean field on the lattice? Two approximations, Monte Carlo and the exact solution.

The magnetization of the square lattice is compared in four ways. Naive mean field neglects all
correlations, and orders at T = 4 J. The Bethe approximation keeps those of neighbours, and orders
at 2 J / ln 2 = 2.885 J. The lattice itself orders at 2.269 J, in theory (Onsager, Yang) and in the
Monte Carlo measurement. The free energies of both approximations are compared with the exact one of
the same lattice (Kaufman). That of naive mean field is an upper bound.

All spins of a lattice are equivalent. So the solution of the approximations from a start with all
spins up is exactly the same on every lattice whose sides are above 2. A lattice of 4 x 4 spins
gives it.

References
----------
P. Weiss, J. Phys. Theor. Appl. 6, 661 (1907); H. A. Bethe, Proc. R. Soc. A 150, 552 (1935);
C. N. Yang, Phys. Rev. 85, 808 (1952); B. Kaufman, Phys. Rev. 76, 1232 (1949).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spinglass import _random
from spinglass import meanfield as methods
from spinglass._caller import takes_temperatures
from spinglass._core import __version__
from spinglass._progress import Progress
from spinglass.experiments.config import asked, measured
from spinglass.experiments.mean_field_lattice.config import MeanFieldConfig
from spinglass.experiments.mean_field_lattice.result import (
    CRITICAL_TEMPERATURES,
    CURVE,
    POINT,
    MeanFieldLattice,
)
from spinglass.experiments.points import (
    LatticeRun,
    replica_estimate,
    series_bytes,
    series_seconds,
)
from spinglass.models.lattice import SquareLattice
from spinglass.runner.loop import StorePath, Where
from spinglass.runner.task import Experiment, Finished, Rows, Share, Task, expect, joined
from spinglass.sampling.plan import Dynamics
from spinglass.statistics import autocorrelation_time
from spinglass.theory import ising2d

_HOMOGENEOUS = 4  # side of the lattice that stands for all
_FINE = 96  # temperatures of a curve
_ITERATIONS = 20_000  # near its transition a method is slow

# As measured: seconds of an iteration, iterations as a part of the distance from the transition,
# and numbers of a measurement that are in memory at a time.
_ITERATION, _SLOW, _ARRAYS = 1e-5, 10.0, 4


@takes_temperatures
@asked(MeanFieldConfig)
def meanfield(
    size: int = 64,
    temperatures: Sequence[float] | None = None,
    *,
    n_sweeps: int = 4_000,
    n_replicas: int = 16,
    warmup: int | None = None,
    dynamics: Dynamics = "metropolis",
    seed: _random.Seed = 0,
    num_threads: int | None = None,
    progress: Progress = False,
    store: StorePath = None,
    executor: Where = None,
) -> MeanFieldLattice:
    """Compare naive mean field and the Bethe approximation with the two-dimensional Ising model.

    Parameters
    ----------
    size : int
        Side L >= 3 of the lattice.
    temperatures : sequence of float, optional
        Temperatures T > 0 of the measurements, each once; by default 14 from 1.2 to 4.4.
    n_sweeps : int
        Sweeps of each replica for the measurements, one every max(1, L // 16) sweeps.
    n_replicas : int
        Independent lattices for each point. Errors come from their spread.
    warmup : int, optional
        Sweeps before the measurement, from all spins up; by default a quarter of ``n_sweeps``.
    dynamics : {"metropolis", "heat-bath", "wolff", "swendsen-wang"}
        Single flips, or clusters. A sweep of ``"wolff"`` is one cluster: above T_c a small one.
    seed : None, int, SeedSequence or Generator
        Determines all random numbers. ``None`` draws a seed, which the result's config records.
    num_threads : int, optional
        Number of threads; by default all that the process may use. The result does not depend on
        it.
    progress : bool or callable
        True shows a bar with the time left (plain lines if stderr is not a terminal). A callable
        gets (points done, points in total).
    store : path, optional
        An SQLite file that keeps every finished point. The same call with this file continues the
        experiment where it stopped, also after a crash. ``seed=None`` then takes the seed of the
        store.
    executor : concurrent.futures.Executor, str or distributed.Client, optional
        Where points are computed; by default on threads of this process. An address such as
        ``"dask://host:8786"`` names a Dask scheduler (needs ``spinglass[dask]``). ``num_threads``
        is then the number of threads of each worker. The result does not depend on it.

    Returns
    -------
    MeanFieldLattice

    Raises
    ------
    Interrupted
        On Ctrl-C. It is a KeyboardInterrupt with the finished points in ``result``.
    ValueError, TypeError
        For an argument out of range, or a repeated temperature; or if the store holds another
        experiment.
    MemoryError
        If the replicas do not fit. The message names the point.
    ExperimentStopped
        If the workers are lost or the disk is full. It holds the finished points in ``result``.
    StoreError
        If the store cannot be used, or another process works on it.

    Examples
    --------
    >>> from spinglass.experiments import meanfield
    >>> found = meanfield(8, [2.5, 3.5], n_sweeps=500)
    >>> for row in found.points[["temperature", "naive", "bethe", "exact"]]:
    ...     print(*(round(float(x), 3) for x in row))
    2.5 0.891 0.736 0.0
    3.5 0.581 0.0 0.0
    """
    return measured(MeanFieldExperiment, MeanFieldLattice, locals())


class MeanFieldExperiment(Experiment):
    """The grid of `meanfield`: a task is a temperature."""

    name, unit, config_type = "meanfield", "points", MeanFieldConfig

    def tasks(self) -> list[Task]:
        """Return the temperatures, ascending."""
        config = self.config
        how = (config.dynamics, config.n_sweeps, config.n_replicas, config.warmup, config.every)
        runs = [LatticeRun(config.size, T, *how) for T in config.temperatures]
        return [
            run.task(
                seconds=series_seconds(run.n_measurements) + _solution_seconds(run.T),
                memory=series_bytes(run.n_measurements, _ARRAYS),
            )
            for run in runs
        ]

    def work(self, task: Task, share: Share) -> Rows:
        """Sample the lattice at one temperature and return its row."""
        _, run = task.arguments
        order = np.abs(run.sample(task.seed(self.config.seed), share).magnetization)
        T = run.T
        row = (
            T,
            1.0 / T,
            *replica_estimate(lambda m: m, order),
            run.every * autocorrelation_time(order),
            order.size,
            _solution("naive", T)[0],
            _solution("bethe", T)[0],
            ising2d.magnetization(1.0 / T),
        )
        return {"points": np.array([row], dtype=POINT)}

    def check_rows(self, task: Task, rows: Rows) -> None:
        """Refuse what is not the row of the temperature."""
        expect(rows, "points", (1,), POINT, temperature=[task.arguments[1].T])

    def result(self, finished: Finished) -> MeanFieldLattice:
        """Return the points that are finished, and all curves."""
        points = joined(finished, "points", POINT)
        curves = _curves(self.config.size, self.config.temperatures)
        return MeanFieldLattice(self.config, __version__, points, curves)


def _solution_seconds(T: float) -> float:
    """Return about how long the solutions of both methods take."""
    distances = (abs(T / CRITICAL_TEMPERATURES[name] - 1.0) for name in ("naive", "bethe"))
    return sum(_ITERATION * min(_ITERATIONS, _SLOW / max(x, 1e-9)) for x in distances)


def _solution(name: str, T: float) -> tuple[float, float]:
    """Return magnetization and free energy per spin of the solution that starts all up.

    At its critical point a method would take for ever to get from there to m = 0.
    """
    lattice = SquareLattice(_HOMOGENEOUS)
    start = np.full(lattice.n_spins, 0.0 if CRITICAL_TEMPERATURES[name] == T else 1.0)
    found = getattr(methods, name)(
        lattice, 1.0 / T, initial=start, damping=0.0, max_iterations=_ITERATIONS, tolerance=1e-9
    )
    if not found.solutions:
        return float("nan"), float("nan")
    best = found.best
    return float(best.magnetizations.mean()), best.free_energy / lattice.n_spins


def _curves(size: int, temperatures: Sequence[float]) -> NDArray[np.void]:
    """Return the methods and the exact results on a grid that is fine where they are steep."""
    low, high = min(temperatures), max(temperatures)
    if low == high:
        low, high = 0.9 * low, 1.1 * high
    steep = [T * (1.0 - np.geomspace(1e-3, 0.05, 8)) for T in CRITICAL_TEMPERATURES.values()]
    sharp = CRITICAL_TEMPERATURES["exact"] * (1.0 - np.geomspace(1e-9, 1e-3, 8))
    ends = list(CRITICAL_TEMPERATURES.values())
    grid = np.concatenate([np.linspace(low, high, _FINE), *steep, sharp, ends])
    grid = np.unique(grid[(grid >= low) & (grid <= high)])
    curves = np.empty(len(grid), CURVE)
    curves["temperature"] = grid
    for name in ("naive", "bethe"):
        values = np.array([_solution(name, T) for T in grid])
        curves[name], curves[f"{name}_free_energy"] = values.T
    curves["exact"] = ising2d.magnetization(1.0 / grid)
    log_partition = ising2d.finite_log_partition((size, size), 1.0 / grid)
    curves["exact_free_energy"] = -grid * log_partition / size**2
    return curves
