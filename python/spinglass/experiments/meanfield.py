r"""How good is mean field on the lattice? Two approximations, Monte Carlo and the exact solution.

The magnetization of the square lattice against temperature four ways: naive mean field, which
forgets all correlations, orders at T = 4 J; the Bethe approximation, which keeps those of
neighbours, at 2 J / ln 2 = 2.885 J; the lattice itself, in theory (Onsager, Yang) and measured by
Monte Carlo, at 2.269 J. And the free energies of both approximations against the exact one of the
same lattice (Kaufman): naive mean field lies above it, as it must.

All spins of a lattice are equal, so the solution of the approximations that starts all up is the
same on every lattice whose sides are above 2, to the last digit: it is found on 4 x 4 spins.

References
----------
P. Weiss, J. Phys. Theor. Appl. 6, 661 (1907); H. A. Bethe, Proc. R. Soc. A 150, 552 (1935);
C. N. Yang, Phys. Rev. 85, 808 (1952); B. Kaufman, Phys. Rev. 76, 1232 (1949).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, cast, get_args

import numpy as np
from numpy.typing import NDArray

from spinglass import _arguments
from spinglass._core import __version__, available_threads
from spinglass._plan import Dynamics
from spinglass.experiments.ising import each_once, replica_estimate, temperature
from spinglass.experiments.meanfield_result import (
    CRITICAL_TEMPERATURES,
    CURVE,
    POINT,
    MeanFieldConfig,
    MeanFieldLattice,
)
from spinglass.experiments.points import PointsInterrupted, number_of
from spinglass.experiments.side_by_side import Check, side_by_side
from spinglass.lattice import SquareLattice
from spinglass.progress import Progress, progress_callback
from spinglass.sampling import sample
from spinglass.statistics import autocorrelation_time
from spinglass.theory import ising2d
from spinglass.theory import meanfield as methods

# From deep in the ordered phase to above the transition of every method.
TEMPERATURES = (1.2, 1.6, 1.9, 2.1, 2.2, 2.25, 2.3, 2.4, 2.5, 2.7, 3.0, 3.4, 3.8, 4.4)

_HOMOGENEOUS = 4  # side of the lattice that stands for all
_FINE = 96  # temperatures of a curve
_ITERATIONS = 20_000  # near its transition a method is slow


def meanfield(
    size: int = 64,
    temperatures: Sequence[float] | None = None,
    n_sweeps: int = 4_000,
    n_replicas: int = 16,
    warmup: int | None = None,
    dynamics: Dynamics = "metropolis",
    seed: _arguments.Seed = 0,
    num_threads: int | None = None,
    progress: Progress = False,
) -> MeanFieldLattice:
    """Hold naive mean field and the Bethe approximation against the two-dimensional Ising model.

    Parameters
    ----------
    size : int
        Side L >= 3 of the lattice.
    temperatures : sequence of float, optional
        Temperatures T > 0 to measure at, each once; by default 14 from 1.2 to 4.4.
    n_sweeps : int
        Sweeps of each replica that are measured, every max(1, L // 16)-th of them.
    n_replicas : int
        Independent lattices a point: errors come from their spread.
    warmup : int, optional
        Sweeps before, from all spins up; by default a quarter of ``n_sweeps``.
    dynamics : {"metropolis", "heat-bath", "wolff", "swendsen-wang"}
        Single flips, or clusters. A sweep of ``"wolff"`` is one cluster: above T_c a small one.
    seed : None, int, SeedSequence or Generator
        Keys every random number; ``None`` draws a seed, which the result's config records.
    num_threads : int, optional
        Threads; by default all that the process may use. The result does not depend on it.
    progress : bool or callable
        True shows a bar with the time left (plain lines where stderr is no terminal); a callable
        gets (points done, points in total).

    Returns
    -------
    MeanFieldLattice

    Raises
    ------
    PointsInterrupted
        On Ctrl-C: a KeyboardInterrupt with the finished points in ``result``.
    ValueError, TypeError
        For an argument out of range, or a repeated temperature.
    MemoryError
        If the replicas do not fit.

    Examples
    --------
    >>> from spinglass.experiments import meanfield
    >>> found = meanfield(8, [2.5, 3.5], n_sweeps=500)
    >>> for row in found.points[["temperature", "naive", "bethe", "exact"]]:
    ...     print(*(round(float(x), 3) for x in row))
    2.5 0.891 0.736 0.0
    3.5 0.581 0.0 0.0
    """
    config = _checked(size, temperatures, n_sweeps, n_replicas, warmup, dynamics, seed)
    tasks = config.temperatures
    workers = _arguments.thread_count(num_threads) or available_threads()
    with progress_callback(progress, "meanfield", "points") as report:
        rows, complete = side_by_side(
            partial(_point, config), tasks, min(workers, len(tasks)), report
        )
    result = MeanFieldLattice(
        config, __version__, np.array(rows, dtype=POINT), _curves(config.size, tasks)
    )
    if not complete:
        raise PointsInterrupted(result, len(rows), len(tasks))
    return result


def _point(config: MeanFieldConfig, T: float, check: Check) -> Any:
    """Sample the lattice at one temperature; return a row of the points."""
    size, every = config.size, config.every
    run = sample(
        SquareLattice(size),
        1.0 / T,
        config.n_sweeps,
        config.n_replicas,
        config.dynamics,
        config.warmup,
        every,
        initial=np.ones(size * size, dtype=np.int8),
        seed=_arguments.seed_word(config.seed, size, number_of(T)),
        num_threads=1,
        progress=check,
    )
    order = np.abs(run.magnetization)
    return (
        T,
        1.0 / T,
        *replica_estimate(lambda m: m, order),
        every * autocorrelation_time(order),
        order.size,
        _solution("naive", T)[0],
        _solution("bethe", T)[0],
        ising2d.magnetization(1.0 / T),
    )


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


def _checked(
    size: Any,
    temperatures: Any,
    n_sweeps: Any,
    n_replicas: Any,
    warmup: Any,
    dynamics: Any,
    seed: _arguments.Seed,
) -> MeanFieldConfig:
    """Resolve every argument of `meanfield`, or say what was expected and what came."""
    side = _arguments.integer(size, "size", at_least=3, at_most=2**13)
    if temperatures is None:
        grid: tuple[float, ...] = TEMPERATURES
    else:
        grid = tuple(sorted(each_once(temperatures, "temperatures", temperature)))
    sweeps = _arguments.integer(n_sweeps, "n_sweeps", at_least=1, at_most=2**40)
    every = max(1, side // 16)
    if sweeps < 2 * every:
        raise ValueError(
            f"n_sweeps must give two measurements, one every {every} sweeps at L = {side}: "
            f"at least {2 * every}, got {sweeps}"
        )
    if not isinstance(seed, int | np.integer) or isinstance(seed, bool):
        seed = _arguments.seed_word(seed)
    return MeanFieldConfig(
        size=side,
        temperatures=grid,
        n_sweeps=sweeps,
        n_replicas=_arguments.integer(n_replicas, "n_replicas", at_least=1, at_most=2**20),
        warmup=(
            sweeps // 4
            if warmup is None
            else _arguments.integer(warmup, "warmup", at_least=0, at_most=2**40)
        ),
        dynamics=cast(Dynamics, _arguments.choice(dynamics, "dynamics", get_args(Dynamics))),
        seed=_arguments.integer(seed, "seed", at_least=0, at_most=None),
    )
