r"""The Ising model through its transition: what is measured, and what is known exactly.

A square lattice of L x L spins with periodic boundaries, E = -sum_<ij> s_i s_j, is sampled at many
temperatures T = 1/beta. The infinite lattice orders below T_c = 2 / ln(1 + sqrt 2) = 2.269. For the
energy and the specific heat of each finite lattice there is Kaufman's exact result, and every point
is compared with it.

**Starts.** Every run starts with all spins up. Above T_c that is forgotten within a few sweeps;
below, a large lattice that starts at random spins can freeze into stripes for longer than any run.

**Where to look.** By default half of the temperatures stand at T_c (1 + x / L), since the
transition of a finite lattice is rounded over a width of 1/L. That says where to look, not what to
find: the critical point comes from the crossing of the measured Binder cumulants alone.

A point depends on (seed, L, T) alone, wherever it stands in a grid.

References
----------
L. Onsager, Phys. Rev. 65, 117 (1944); B. Kaufman, Phys. Rev. 76, 1232 (1949); C. N. Yang, Phys.
Rev. 85, 808 (1952); K. Binder, Z. Phys. B 43, 119 (1981).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, cast, get_args

import numpy as np

from spinglass import _arguments
from spinglass._core import __version__, available_threads
from spinglass._plan import Dynamics
from spinglass.experiments.ising_scan import POINT, IsingConfig, IsingScan, Snapshot
from spinglass.experiments.points import PointsInterrupted, number_of
from spinglass.experiments.side_by_side import Check, side_by_side
from spinglass.lattice import SquareLattice
from spinglass.progress import Progress, progress_callback
from spinglass.runs import Run
from spinglass.sampling import sample
from spinglass.statistics import autocorrelation_time, jackknife
from spinglass.theory import ising2d

SIZES = (16, 32, 64, 128)
SNAPSHOT_SIZE = 512

_BLOCKS = 32

_FAR = (1.6, 1.8, 2.0, 2.1, 2.2, 2.35, 2.5, 2.7, 3.0, 3.4)
_NEAR = (-2.0, -1.2, -0.7, -0.3, 0.0, 0.3, 0.7, 1.2, 2.0, 3.0)  # (T / T_c - 1) L

# What a sweep of one lattice costs beside its spins, in spins.
_OVERHEAD = 3000


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


def ising(
    sizes: int | Sequence[int] = SIZES,
    temperatures: Sequence[float] | None = None,
    n_sweeps: int | None = None,
    n_replicas: int = 32,
    warmup: int | None = None,
    dynamics: Dynamics = "metropolis",
    snapshot_size: int | None = SNAPSHOT_SIZE,
    seed: _arguments.Seed = 0,
    num_threads: int | None = None,
    progress: Progress = False,
) -> IsingScan:
    """Measure the two-dimensional Ising model through its transition.

    Parameters
    ----------
    sizes : int or sequence of int
        The sides L of the lattices, each once.
    temperatures : sequence of float, optional
        Temperatures T > 0 for every size, each once. By default `default_temperatures`: for each
        size its own, around its rounded transition and a few far from it.
    n_sweeps : int, optional
        Sweeps of each replica that are measured, every max(1, L // 16)-th of them. By default
        `default_sweeps`: more for larger lattices, whose memory is longer.
    n_replicas : int
        Independent lattices a point: errors come from their spread.
    warmup : int, optional
        Sweeps before, from all spins up; by default half of ``n_sweeps``.
    dynamics : {"metropolis", "heat-bath", "wolff", "swendsen-wang"}
        Single flips, or clusters. At T_c single flips remember for L^2.17 sweeps, but up to
        L of a few hundred they are so fast that they still win.
    snapshot_size : int, optional
        Side of the lattices that are shown below, at and above T_c; None shows none.
    seed : None, int, SeedSequence or Generator
        Keys every random number; ``None`` draws a seed, which the result's config records.
    num_threads : int, optional
        Threads; by default all that the process may use. The result does not depend on it.
    progress : bool or callable
        True shows a bar with the time left (plain lines where stderr is no terminal); a callable
        gets (points done, points in total).

    Returns
    -------
    IsingScan

    Raises
    ------
    PointsInterrupted
        On Ctrl-C: a KeyboardInterrupt with the finished points in ``result``.
    ValueError, TypeError
        For an argument out of range, or a repeated size or temperature.
    MemoryError
        If the measurements of a point do not fit.

    Examples
    --------
    >>> from spinglass.experiments import ising
    >>> scan = ising([4, 8], [2.0, 2.5], n_sweeps=2000, snapshot_size=None)
    >>> scan.points["L"].tolist(), scan.points["temperature"].tolist()
    ([4, 4, 8, 8], [2.0, 2.5, 2.0, 2.5])
    >>> bool((abs(scan.energy_deviations()) < 5).all())  # from the exact result, in errors
    True
    """
    config = _checked(
        sizes, temperatures, n_sweeps, n_replicas, warmup, dynamics, snapshot_size, seed
    )
    tasks: list[Callable[[Check], Any]] = []
    costs = []
    for size, its_temperatures in zip(config.sizes, config.temperatures, strict=True):
        for T in its_temperatures:
            tasks.append(partial(_point, config, size, T))
            costs.append(config.n_replicas * config.total(size) * (size * size + _OVERHEAD))
    if config.snapshot_size is not None:
        for T in config.snapshot_temperatures:
            tasks.append(partial(_snapshot, config, config.snapshot_size, T))
            costs.append(config.snapshot_sweeps * config.snapshot_size**2)
    workers = _arguments.thread_count(num_threads) or available_threads()
    with progress_callback(progress, "ising", "points", costs) as report:
        results, complete = side_by_side(_run, tasks, min(workers, len(tasks)), report)
    rows = [x for x in results if not isinstance(x, Snapshot)]
    snapshots = tuple(x for x in results if isinstance(x, Snapshot))
    scan = IsingScan(config, __version__, np.array(rows, dtype=POINT), snapshots)
    if not complete:
        raise PointsInterrupted(scan, len(rows), config.n_points)
    return scan


def _run(task: Callable[[Check], Any], check: Check) -> Any:
    return task(check)


def _point(config: IsingConfig, size: int, T: float, check: Check) -> Any:
    """Sample one lattice at one temperature and return its row."""
    beta = 1.0 / T
    run = sample(
        SquareLattice(size),
        beta,
        config.sweeps(size),
        config.n_replicas,
        config.dynamics,
        config.total(size) - config.sweeps(size),
        config.every(size),
        initial=np.ones(size * size, dtype=np.int8),
        seed=_arguments.seed_word(config.seed, size, number_of(T)),
        num_threads=1,
        progress=check,
    )
    return (
        size,
        beta,
        T,
        *_observables(run, config.every(size)),
        ising2d.finite_energy((size, size), beta),
        ising2d.finite_specific_heat((size, size), beta),
    )


def _observables(run: Run, every: int) -> tuple[float, ...]:
    """Return the values and errors of a point, from its energies and magnetizations."""
    N, beta, E = run.n_spins, float(run.beta), run.energy
    around, size, square = E - E.mean(), np.abs(run.magnetization), run.magnetization**2
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


def replica_estimate(function: Callable[..., Any], *series: Any) -> tuple[float, float]:
    """Return a function of averages with its error, from replicas that know nothing of each other.

    The jackknife leaves out one replica at a time, or, if these are few, one of 32 blocks. Errors
    from the autocorrelation were short by a fifth here: near T_c a small part of the energy follows
    the magnetization, ten times slower than the rest, and no window sees it end.
    """
    n_replicas, n_measurements = series[0].shape
    n_blocks = min(max(_BLOCKS, n_replicas), n_replicas * n_measurements)
    return jackknife(function, *series, n_blocks=n_blocks)


def _mean(first: Any) -> Any:
    return first


def _variance(second: Any, first: Any) -> Any:
    return second - first * first


def _binder(second: Any, fourth: Any) -> Any:
    with np.errstate(invalid="ignore", divide="ignore"):  # m = 0 always: there is no cumulant
        return 1.0 - np.divide(fourth, 3.0 * np.multiply(second, second))


def _snapshot(config: IsingConfig, size: int, T: float, check: Check) -> Snapshot:
    """Return one lattice as it is after as many sweeps as any point gets."""
    run = sample(
        SquareLattice(size),
        1.0 / T,
        n_sweeps=1,
        dynamics=config.dynamics,
        warmup=config.snapshot_sweeps - 1,
        initial=np.ones(size * size, dtype=np.int8),
        seed=_arguments.seed_word(config.seed, size, number_of(T), 1),
        num_threads=1,
        progress=check,
    )
    return Snapshot(T, run.final_states.reshape(size, size))


def _checked(
    sizes: Any,
    temperatures: Any,
    n_sweeps: Any,
    n_replicas: Any,
    warmup: Any,
    dynamics: Any,
    snapshot_size: Any,
    seed: _arguments.Seed,
) -> IsingConfig:
    """Resolve every argument of `ising`, or say what was expected and what came."""
    sides = each_once(sizes, "sizes", lambda L: _side(L, "sizes"))
    if temperatures is None:
        grid = tuple(default_temperatures(side) for side in sides)
    else:
        grid = (tuple(sorted(each_once(temperatures, "temperatures", temperature))),) * len(sides)
    sweeps = tuple(
        default_sweeps(side)
        if n_sweeps is None
        else _arguments.integer(n_sweeps, "n_sweeps", at_least=1, at_most=2**40)
        for side in sides
    )
    every = max(1, max(sides) // 16)
    if min(sweeps) < 2 * every:
        raise ValueError(
            f"n_sweeps must give two measurements, one every {every} sweeps at L = {max(sides)}: "
            f"at least {2 * every}, got {min(sweeps)}"
        )
    before = tuple(
        count // 2
        if warmup is None
        else _arguments.integer(warmup, "warmup", at_least=0, at_most=2**40)
        for count in sweeps
    )
    if not isinstance(seed, int | np.integer) or isinstance(seed, bool):
        seed = _arguments.seed_word(seed)
    return IsingConfig(
        sizes=sides,
        temperatures=grid,
        n_sweeps=sweeps,
        n_replicas=_arguments.integer(n_replicas, "n_replicas", at_least=1, at_most=2**20),
        warmup=before,
        dynamics=cast(Dynamics, _arguments.choice(dynamics, "dynamics", get_args(Dynamics))),
        snapshot_size=None if snapshot_size is None else _side(snapshot_size, "snapshot_size"),
        snapshot_sweeps=max(map(sum, zip(sweeps, before, strict=True))),
        snapshot_temperatures=() if snapshot_size is None else default_snapshots(),
        seed=_arguments.integer(seed, "seed", at_least=0, at_most=None),
    )


def each_once(values: Any, name: str, check: Callable[[Any], Any]) -> tuple[Any, ...]:
    """Return the checked values, none of them twice; one value may come without a sequence."""
    checked = [check(x) for x in (values if np.iterable(values) else [values])]
    if not checked:
        raise ValueError(f"{name} must not be empty")
    for x in checked:
        if checked.count(x) > 1:
            raise ValueError(f"{name} must hold each value once, got {x} more than once")
    return tuple(checked)


def temperature(value: Any) -> float:
    """Return a temperature as a float above 0, or say what was expected."""
    T = _arguments.real(value, "temperatures")
    if not 0.0 < T < math.inf:
        raise ValueError(f"temperatures must be above 0 and finite, got {T:g}")
    return T


def _side(value: Any, name: str) -> int:
    return _arguments.integer(value, name, at_least=2, at_most=2**15)
