r"""Seen from further and further away: block spins, and the critical point as what stays the same.

Every 2 x 2 block of a lattice is replaced by one spin, +1 or -1 as the majority of its four; two
against two is decided by a random bit. Below T_c the lattice looks more ordered at each step, above
more disordered, and at T_c alone it keeps looking the same: that is the fixed point.

**The critical point.** Blocking a lattice of L x L spins k times, or one of L/2 x L/2 spins k - 1
times, leaves lattices of one size, which have one more step behind them or one less. Their
nearest-neighbour correlation c = <s_i s_j> agrees where a step changes nothing, at the fixed point:
the two curves cross at T_c (Wilson; Swendsen).

**The exponent.** With S_k the sum of s_i s_j over neighbours after k steps, a step changes the
coupling by the factor

    lambda = dK_k / dK_(k-1) = <S_k S_(k-1)>_c / <S_k S_k>_c = 2^(y_t),

both averages connected and taken at T_c. The exact y_t = 1/nu is 1. One coupling alone is kept
here where a block lattice has many, and the lattice is finite: the error in the result knows of
neither.

References
----------
L. P. Kadanoff, Physics 2, 263 (1966); S.-k. Ma, Phys. Rev. Lett. 37, 461 (1976); R. H. Swendsen,
Phys. Rev. Lett. 42, 859 (1979); K. G. Wilson, Rev. Mod. Phys. 55, 583 (1983).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, cast, get_args

import numpy as np
from numpy.typing import NDArray

from spinglass import _arguments
from spinglass._core import __version__, available_threads
from spinglass._plan import Dynamics
from spinglass.experiments.ising import each_once, replica_estimate, temperature
from spinglass.experiments.points import PointsInterrupted, number_of
from spinglass.experiments.renormalization import (
    LEVEL,
    Flow,
    Renormalization,
    RenormalizeConfig,
)
from spinglass.experiments.side_by_side import Check, side_by_side
from spinglass.lattice import SquareLattice
from spinglass.progress import Progress, progress_callback
from spinglass.runs import Run
from spinglass.sampling import sample
from spinglass.statistics import autocorrelation_time
from spinglass.theory import ising2d

# The grid by default: (T / T_c - 1) L. There both curves bend little, and part.
_NEAR = (-1.2, -0.8, -0.4, 0.0, 0.4, 0.8, 1.2)
_PICTURES = (2.15, None, 2.45)  # below, at and above T_c; correlated over 7.5 spins the last
_CHUNK = 16  # measurements whose states are kept at a time
_CANDIDATES = 5  # lattices of which one is shown
_SMALLEST = 4  # side of the last block lattice


def block_spins(spins: NDArray[np.int8], rng: np.random.Generator) -> NDArray[np.int8]:
    """Replace each 2 x 2 block of spins by the majority of its four.

    Parameters
    ----------
    spins : numpy.ndarray of int8, (..., L, L)
        -1 and +1, L even.
    rng : numpy.random.Generator
        Decides blocks of two against two, one bit a block.

    Returns
    -------
    numpy.ndarray of int8, (..., L / 2, L / 2)

    Examples
    --------
    >>> lattice = np.array([[1, 1, -1, 1], [1, -1, -1, -1]] * 2, dtype=np.int8)
    >>> block_spins(lattice, np.random.default_rng(1)).tolist()
    [[1, -1], [1, -1]]
    """
    columns = spins[..., ::2] + spins[..., 1::2]
    sums = columns[..., ::2, :] + columns[..., 1::2, :]
    bits = np.frombuffer(rng.bytes(-(-sums.size // 8)), dtype=np.uint8)
    toss = np.unpackbits(bits, count=sums.size).reshape(sums.shape).view(np.int8)
    # The sum is even, so half a toss of -1 or +1 decides a tie and nothing else.
    return np.asarray(np.sign(sums + 2 * toss - 1), dtype=np.int8)


def neighbour_correlation(spins: NDArray[np.int8]) -> NDArray[np.float64]:
    """Return the mean of s_i s_j over all pairs of neighbours, (..., L, L) to (...)."""
    axes, n_bonds = (-2, -1), 2 * spins.shape[-1] * spins.shape[-2]
    right = np.sum(spins * np.roll(spins, 1, axis=-1), axis=axes, dtype=np.int64)
    down = np.sum(spins * np.roll(spins, 1, axis=-2), axis=axes, dtype=np.int64)
    return np.asarray((right + down) / n_bonds)


def default_temperatures(size: int) -> tuple[float, ...]:
    """Return seven temperatures around T_c, within the rounded transition of the lattice."""
    critical = 1.0 / ising2d.critical_beta()
    return tuple(round(critical * (1.0 + x / size), 4) for x in _NEAR)


def renormalize(
    size: int = 128,
    temperatures: Sequence[float] | None = None,
    n_sweeps: int = 64_000,
    n_replicas: int = 32,
    warmup: int | None = None,
    dynamics: Dynamics = "metropolis",
    picture_size: int | None = 256,
    seed: _arguments.Seed = 0,
    num_threads: int | None = None,
    progress: Progress = False,
) -> Renormalization:
    """Coarse-grain the two-dimensional Ising model, and find T_c where that changes nothing.

    Parameters
    ----------
    size : int
        Side L of the larger lattice, a power of two from 16 on; the smaller has half of it.
    temperatures : sequence of float, optional
        Temperatures T > 0 of both, each once; by default `default_temperatures`.
    n_sweeps : int
        Sweeps of each replica that are measured, every max(1, L // 4)-th of them.
    n_replicas : int
        Independent lattices a point: errors come from their spread.
    warmup : int, optional
        Sweeps before, from all spins up; by default a quarter of ``n_sweeps``.
    dynamics : {"metropolis", "heat-bath", "wolff", "swendsen-wang"}
        Single flips, or clusters; single flips are faster here up to L of a few hundred.
    picture_size : int, optional
        Side of the lattices that are shown, a power of two from 16 on; None shows none.
    seed : None, int, SeedSequence or Generator
        Keys every random number; ``None`` draws a seed, which the result's config records.
    num_threads : int, optional
        Threads; by default all that the process may use. The result does not depend on it.
    progress : bool or callable
        True shows a bar with the time left (plain lines where stderr is no terminal); a callable
        gets (points done, points in total).

    Returns
    -------
    Renormalization

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
    >>> from spinglass.experiments import renormalize
    >>> found = renormalize(16, n_sweeps=2000, picture_size=None)
    >>> [int(side) for side in found.curve(16, 1)["side"][:1]], len(found.crossings)
    ([8], 2)
    """
    config = _checked(
        size, temperatures, n_sweeps, n_replicas, warmup, dynamics, picture_size, seed
    )
    tasks: list[Callable[[Check], Any]] = []
    costs = []
    for T in config.temperatures:
        for side in config.sizes:
            tasks.append(partial(_point, config, side, T))
            costs.append(side * side)
    if config.picture_size is not None:
        for T in config.picture_temperatures:
            tasks.append(partial(_flow, config, config.picture_size, T))
            costs.append(_CANDIDATES * config.picture_size**2 // config.n_replicas)
    workers = _arguments.thread_count(num_threads) or available_threads()
    with progress_callback(progress, "renormalize", "points", costs) as report:
        results, complete = side_by_side(_run, tasks, min(workers, len(tasks)), report)
    levels = [x for x in results if not isinstance(x, Flow)]
    result = Renormalization(
        config,
        __version__,
        np.concatenate([np.empty(0, LEVEL), *levels]),
        tuple(x for x in results if isinstance(x, Flow)),
    )
    if not complete:
        raise PointsInterrupted(result, len(levels), config.n_points)
    return result


def _run(task: Callable[[Check], Any], check: Check) -> Any:
    return task(check)


def _point(config: RenormalizeConfig, size: int, T: float, check: Check) -> NDArray[np.void]:
    """Sample one lattice at one temperature, block every sample, return a row a level."""
    steps = config.steps(size)
    word = _arguments.seed_word(config.seed, size, number_of(T))
    rng = np.random.Generator(np.random.Philox(_arguments.seed_word(word, 1)))
    measured = []
    for states in _samples(config, size, T, word, check):
        levels = [neighbour_correlation(states)]
        for _ in range(steps):
            states = block_spins(states, rng)
            levels.append(neighbour_correlation(states))
        measured.append(levels)
    series = np.concatenate(measured, axis=-1)  # (steps + 1, n_replicas, n_measurements)
    rows = np.empty(steps + 1, LEVEL)
    rows["L"], rows["beta"], rows["temperature"] = size, 1.0 / T, T
    rows["n_measurements"] = series[0].size
    for k in range(steps + 1):
        row = rows[k]
        row["step"], row["side"] = k, size >> k
        row["correlation"], row["correlation_error"] = replica_estimate(lambda c: c, series[k])
        row["tau"] = config.every(size) * autocorrelation_time(series[k])
        row["exact_correlation"] = np.nan
        row["thermal_exponent"], row["thermal_exponent_error"] = np.nan, np.nan
        if k > 0:
            exponent = _thermal_exponent(series[k - 1], series[k])
            row["thermal_exponent"], row["thermal_exponent_error"] = exponent
    rows[0]["exact_correlation"] = -ising2d.finite_energy((size, size), 1.0 / T) / 2.0
    return rows


def _samples(
    config: RenormalizeConfig, size: int, T: float, word: int, check: Check
) -> Iterator[NDArray[np.int8]]:
    """Yield all measurements, some at a time, (n_replicas, up to 16, L, L)."""
    every = config.every(size)
    count = config.n_sweeps // every
    initial: Run | NDArray[np.int8] = np.ones(size * size, dtype=np.int8)
    for first in range(0, count, _CHUNK):
        check(first, count)
        initial = sample(
            SquareLattice(size),
            1.0 / T,
            every * min(_CHUNK, count - first),
            config.n_replicas,
            config.dynamics,
            0 if first else config.warmup,
            every,
            initial=initial,
            keep_states=True,
            seed=word,
            num_threads=1,
            progress=check,
        )
        assert initial.states is not None
        yield initial.states.reshape(config.n_replicas, -1, size, size)


def _thermal_exponent(
    before: NDArray[np.float64], after: NDArray[np.float64]
) -> tuple[float, float]:
    """Return y_t = log2 lambda of a step, with its error, from the correlations of both lattices.

    A block lattice has a quarter of the bonds: S_(k-1) / S_k = 4 c_(k-1) / c_k.
    """
    x, y = before - before.mean(), after - after.mean()

    def exponent(xy: Any, yy: Any, mean_x: Any, mean_y: Any) -> Any:
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = np.divide(xy - mean_x * mean_y, yy - mean_y * mean_y)
            return np.log2(np.where(np.isfinite(ratio) & (ratio > 0.0), 4.0 * ratio, np.nan))

    return replica_estimate(exponent, x * y, y * y, x, y)


def _flow(config: RenormalizeConfig, size: int, T: float, check: Check) -> Flow:
    """Return one lattice after as many sweeps as the points get, and its blocks.

    Of a few lattices it is the one of median |m|: at T_c they differ, and one has to stand for all.
    """
    word = _arguments.seed_word(config.seed, size, number_of(T), 2)
    run = sample(
        SquareLattice(size),
        1.0 / T,
        n_sweeps=1,
        n_replicas=_CANDIDATES,
        dynamics=config.dynamics,
        warmup=config.warmup + config.n_sweeps - 1,
        initial=np.ones(size * size, dtype=np.int8),
        seed=word,
        num_threads=1,
        progress=check,
    )
    rng = np.random.Generator(np.random.Philox(_arguments.seed_word(word, 1)))
    middle = np.argsort(np.abs(run.magnetization[:, -1]), kind="stable")[_CANDIDATES // 2]
    levels = [run.final_states[middle].reshape(size, size)]
    while len(levels[-1]) > 2 * _SMALLEST:
        levels.append(block_spins(levels[-1], rng))
    return Flow(T, tuple(levels))


def _checked(
    size: Any,
    temperatures: Any,
    n_sweeps: Any,
    n_replicas: Any,
    warmup: Any,
    dynamics: Any,
    picture_size: Any,
    seed: _arguments.Seed,
) -> RenormalizeConfig:
    """Resolve every argument of `renormalize`, or say what was expected and what came."""
    side = _power_of_two(size, "size")
    if temperatures is None:
        grid = default_temperatures(side)
    else:
        grid = tuple(sorted(each_once(temperatures, "temperatures", temperature)))
    sweeps = _arguments.integer(n_sweeps, "n_sweeps", at_least=1, at_most=2**40)
    if sweeps < side // 2:
        raise ValueError(
            f"n_sweeps must give two measurements, one every {side // 4} sweeps at L = {side}: "
            f"at least {side // 2}, got {sweeps}"
        )
    if not isinstance(seed, int | np.integer) or isinstance(seed, bool):
        seed = _arguments.seed_word(seed)
    critical = 1.0 / ising2d.critical_beta()
    shown = tuple(round(critical, 4) if T is None else T for T in _PICTURES)
    return RenormalizeConfig(
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
        picture_size=None if picture_size is None else _power_of_two(picture_size, "picture_size"),
        picture_temperatures=() if picture_size is None else shown,
        seed=_arguments.integer(seed, "seed", at_least=0, at_most=None),
    )


def _power_of_two(value: Any, name: str) -> int:
    number = _arguments.integer(value, name, at_least=16, at_most=2**13)
    if number & (number - 1):
        raise ValueError(f"{name} must be a power of two, got {number}")
    return number
