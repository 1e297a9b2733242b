r"""How much can a Hopfield network remember? The storage capacity alpha_c, measured.

P random patterns are stored in N spins by Hebb's rule, the network starts at one of them (or a
fraction ``flip`` of its spins away) and runs sequential zero-temperature dynamics to the fixed
point. Below a critical load P/N the fixed point is a slightly damaged copy of the pattern, above
it the memory is lost: the final overlap falls from nearly 1 to about 0.3, and with growing N the
fall becomes a jump. `spinglass.experiments.finite_size` turns the share of trials that keep their
memory into half-points and alpha_c.

A trial depends on (seed, N, P, instance, start) alone: a scan of one load gives the rows that the
same load has in a larger grid.

References
----------
D. J. Amit, H. Gutfreund, H. Sompolinsky, Phys. Rev. Lett. 55, 1530 (1985); Ann. Phys. 173, 30
(1987).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass import _arguments
from spinglass._core import CapacityTrials, __version__
from spinglass.experiments.capacity_scan import TRIAL, CapacityConfig, CapacityScan
from spinglass.experiments.interrupted import ExperimentInterrupted
from spinglass.progress import Progress, progress_callback

SIZES = (1000, 2000, 4000, 8000)


def default_loads(n_spins: int, n_starts: int = 1) -> tuple[float, ...]:
    """Return loads that bracket the half-point of ``n_spins``, and a few well below.

    Eleven loads across the fall, equally spaced in sqrt(load) out to 2.5 of its widths, about
    where pilot runs found it: 0.1405 + 0.845 N^(-0.52), width 0.73 N^(-1/2). They say where to
    look, not what to find: the half-point is fitted to the trials alone.
    """
    centre, width = math.sqrt(0.1405 + 0.845 * n_spins**-0.52), 0.73 * n_spins**-0.5
    fall = [max(0.0, centre + width * k / 2) ** 2 for k in range(-5, 6)]
    below = [a for a in (0.04, 0.08, 0.12) if a < fall[0] - 0.005]
    counts = {round(a * n_spins) for a in below + fall}
    return tuple(p / n_spins for p in sorted(counts) if p >= max(1, n_starts))


def default_instances(n_spins: int) -> int:
    """Return how many pattern sets to draw a load: 0.6 10^6/N, between 10 and 600.

    The fall narrows as N^(-1/2), and the loads stand as close, so this gives half-points of about
    equal error. A pattern set costs little beside the trials on it: many, with few starts each.
    """
    return min(600, max(10, round(0.6e6 / n_spins)))


class ScanInterrupted(ExperimentInterrupted):
    """Ctrl-C during a scan; ``result`` is the `CapacityScan` of the trials that were finished."""

    unit = "trials"


def capacity(
    n_spins: int | Sequence[int] = SIZES,
    loads: Sequence[float] | None = None,
    n_instances: int | Sequence[int] | None = None,
    n_starts: int = 2,
    flip: float = 0.0,
    threshold: float = 0.9,
    seed: _arguments.Seed = 0,
    num_threads: int | None = None,
    progress: Progress = False,
    max_sweeps: int = 1000,
) -> CapacityScan:
    """Measure how many patterns a Hopfield network remembers.

    Parameters
    ----------
    n_spins : int or sequence of int
        The sizes N, each once.
    loads : sequence of float, optional
        Loads P/N, each once, for every size; P = round(load N), and loads that round to the same
        P are one. By default `default_loads`: for each size its own, around the half-point.
    n_instances : int or sequence of int, optional
        Pattern sets drawn for each load: one number, or one for each size. By default
        `default_instances`.
    n_starts : int
        Trials an instance: start k starts at stored pattern k, so at most P. Starts of one instance
        share its patterns but hardly feel it (correlation about 0.02); the errors allow for it.
    flip : float
        Fraction of spins, drawn anew for each trial, that are flipped from the pattern at the
        start: round(flip N) of them.
    threshold : float
        A trial keeps its memory if its final overlap is at least this. Near the half-point a tenth
        of the trials end between 0.5 and 0.9 at N = 1000, a fiftieth at N = 2000, fewer beyond.
    seed : None, int, SeedSequence or Generator
        Keys every random number; ``None`` draws a seed, which the result's config records.
    num_threads : int, optional
        Threads; by default all that the process may use. The result does not depend on it.
    progress : bool or callable
        True shows a bar with the time left (plain lines where stderr is no terminal); a callable
        gets (trials done, trials in total).
    max_sweeps : int
        A trial that has not converged by then is ended, ``converged`` False.

    Returns
    -------
    CapacityScan

    Raises
    ------
    ScanInterrupted
        On Ctrl-C: a KeyboardInterrupt with the finished trials in ``result``.
    ValueError, TypeError
        For an argument out of range, a repeated size or load, a load that gives no pattern, or
        more starts than patterns.
    MemoryError
        If the trials or the patterns of one instance do not fit.

    Examples
    --------
    >>> from spinglass.experiments import capacity
    >>> scan = capacity(200, loads=(0.05, 0.4), n_instances=5, n_starts=2)
    >>> scan.summary()[["n_patterns", "n_trials", "retrieval"]].tolist()
    [(10, 10, 1.0), (80, 10, 0.0)]
    >>> 0.05 < scan.half_points[0].value < 0.4
    True

    References
    ----------
    D. J. Amit, H. Gutfreund, H. Sompolinsky, Ann. Phys. 173, 30 (1987).
    """
    config = _checked(n_spins, loads, n_instances, n_starts, flip, threshold, seed, max_sweeps)
    threads = _arguments.thread_count(num_threads)
    _arguments.check_memory(300 * config.n_trials, f"a scan of {config.n_trials} trials")
    plan = np.array(
        [
            (n, p, instance)
            for k, n in enumerate(config.n_spins)
            for p in config.pattern_counts(k)
            for instance in range(config.n_instances[k])
        ]
    )
    largest = plan[:, :2].prod(axis=1).max() / 8
    _arguments.check_memory(int(largest), "the largest pattern set of the scan")
    sizes, counts, _ = plan.T.tolist()
    trials = CapacityTrials(
        n_spins=sizes,
        n_patterns=counts,
        seeds=[_arguments.seed_word(config.seed, *row) for row in plan.tolist()],
        n_flips=[round(config.flip * n) for n in sizes],
        n_starts=config.n_starts,
        max_sweeps=config.max_sweeps,
    )
    # The core runs the costliest trials first; one costs about N P.
    costs = np.repeat(np.sort(plan[:, 0] * plan[:, 1])[::-1], config.n_starts)
    try:
        with progress_callback(progress, "capacity", "trials", costs) as callback:
            trials.run(threads, callback)
    except KeyboardInterrupt:
        scan = _scan(config, plan, trials.rows())
        raise ScanInterrupted(scan, len(scan.trials), config.n_trials) from None
    return _scan(config, plan, trials.rows())


def _scan(
    config: CapacityConfig, plan: NDArray[np.int64], rows: dict[str, NDArray[Any]]
) -> CapacityScan:
    """Join what the core returns with the plan: its instance_index is a row of the plan."""
    table = np.empty(len(rows["start"]), dtype=TRIAL)
    table["n_spins"], table["n_patterns"], table["instance"] = plan[rows["instance_index"]].T
    table["load"] = table["n_patterns"] / table["n_spins"]
    for name in ("start", "overlap", "sweeps", "flips", "converged"):
        table[name] = rows[name]
    return CapacityScan(config, __version__, table)


def _checked(
    n_spins: Any,
    loads: Any,
    n_instances: Any,
    n_starts: Any,
    flip: Any,
    threshold: Any,
    seed: _arguments.Seed,
    max_sweeps: Any,
) -> CapacityConfig:
    """Resolve every argument of `capacity`, or say what was expected and what came."""
    n_starts = _arguments.integer(n_starts, "n_starts", at_least=1)
    sizes = _each_once(n_spins, "n_spins", lambda n: _arguments.integer(n, "n_spins", at_least=1))
    if loads is None:
        grid = tuple(default_loads(n, n_starts) for n in sizes)
    else:
        grid = (_each_once(loads, "loads", _load),) * len(sizes)
    if n_instances is None:
        instances = [default_instances(n) for n in sizes]
    else:
        given = list(n_instances) if np.iterable(n_instances) else [n_instances] * len(sizes)
        instances = [_arguments.integer(x, "n_instances", at_least=1) for x in given]
    if len(instances) != len(sizes):
        raise ValueError(
            f"n_instances must be one number, or one for each of the {len(sizes)} sizes, "
            f"got {len(instances)}"
        )
    for n, its_loads in zip(sizes, grid, strict=True):
        for load in its_loads:
            p = round(load * n)
            if p < 1:
                raise ValueError(
                    f"loads must give at least one pattern: load {load:g} at N = {n} gives P = {p}"
                )
            if n_starts > p:
                raise ValueError(
                    f"n_starts must not exceed the number of patterns: n_starts = {n_starts}, "
                    f"but load {load:g} at N = {n} gives P = {p}"
                )
    if not isinstance(seed, int | np.integer) or isinstance(seed, bool):
        seed = _arguments.seed_word(seed)
    return CapacityConfig(
        n_spins=sizes,
        loads=grid,
        n_instances=tuple(instances),
        n_starts=n_starts,
        flip=_arguments.fraction(flip, "flip"),
        threshold=_arguments.fraction(threshold, "threshold"),
        max_sweeps=_arguments.integer(max_sweeps, "max_sweeps", at_least=1),
        seed=_arguments.integer(seed, "seed", at_least=0, at_most=None),
    )


def _each_once(values: Any, name: str, check: Callable[[Any], Any]) -> tuple[Any, ...]:
    """Return the checked values, none of them twice; one value may come without a sequence."""
    checked = [check(x) for x in (values if np.iterable(values) else [values])]
    if not checked:
        raise ValueError(f"{name} must not be empty")
    for x in checked:
        if checked.count(x) > 1:
            raise ValueError(f"{name} must hold each value once, got {x} more than once")
    return tuple(checked)


def _load(value: Any) -> float:
    load = _arguments.real(value, "loads")
    if not 0 < load < math.inf:
        raise ValueError(f"loads must be above 0 and finite, got {load:g}")
    return load
