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

from collections.abc import Sequence
from typing import Any, cast, get_args

from spinglass import _arguments, _random
from spinglass._progress import Progress
from spinglass.experiments.given import each_once, integer_seed, temperature, warmup_or
from spinglass.experiments.ising_transition.points import IsingExperiment
from spinglass.experiments.ising_transition.result import IsingConfig, IsingScan
from spinglass.runner.loop import StorePath, Where, run
from spinglass.sampling.plan import Dynamics
from spinglass.theory import ising2d

SIZES = (16, 32, 64, 128)
SNAPSHOT_SIZE = 512

_FAR = (1.6, 1.8, 2.0, 2.1, 2.2, 2.35, 2.5, 2.7, 3.0, 3.4)
_NEAR = (-2.0, -1.2, -0.7, -0.3, 0.0, 0.3, 0.7, 1.2, 2.0, 3.0)  # (T / T_c - 1) L


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
    seed: _random.Seed = 0,
    num_threads: int | None = None,
    progress: Progress = False,
    store: StorePath = None,
    executor: Where = None,
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
    store : path, optional
        An SQLite file that keeps every finished point: called again, also after a crash, the
        scan goes on where it stopped. With ``seed=None`` it takes the seed of the store.
    executor : concurrent.futures.Executor, str or distributed.Client, optional
        Where points are made: by default on threads of this process. An address such as
        ``"dask://host:8786"`` is that of a Dask scheduler (needs ``spinglass[dask]``), and
        ``num_threads`` that of each worker. The result does not depend on it.

    Returns
    -------
    IsingScan

    Raises
    ------
    Interrupted
        On Ctrl-C: a KeyboardInterrupt with the finished points in ``result``.
    ValueError, TypeError
        For an argument out of range, or a repeated size or temperature; or if the store holds
        another scan.
    MemoryError
        If the measurements of a point do not fit; it is named.
    ExperimentStopped
        If the workers are lost or the disk is full: with the finished points in ``result``.
    StoreError
        If the store cannot be used, or another process works on it.

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
    scan: IsingScan = run(
        IsingExperiment(config),
        store=store,
        executor=executor,
        num_threads=num_threads,
        progress=progress,
        any_seed=seed is None,
    )
    return scan


def _checked(
    sizes: Any,
    temperatures: Any,
    n_sweeps: Any,
    n_replicas: Any,
    warmup: Any,
    dynamics: Any,
    snapshot_size: Any,
    seed: _random.Seed,
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
    before = tuple(warmup_or(count // 2, warmup) for count in sweeps)
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
        seed=integer_seed(seed),
    )


def _side(value: Any, name: str) -> int:
    return _arguments.integer(value, name, at_least=2, at_most=2**15)
