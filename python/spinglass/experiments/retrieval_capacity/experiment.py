r"""How much can a Hopfield network remember? The storage capacity alpha_c, measured.

P random patterns are stored in N spins by Hebb's rule, the network starts at one of them (or a
fraction ``flip`` of its spins away) and runs sequential zero-temperature dynamics to the fixed
point. Below a critical load P/N the fixed point is a slightly damaged copy of the pattern, above
it the memory is lost: the final overlap falls from nearly 1 to about 0.3, and with growing N the
fall becomes a jump. The module `finite_size` beside this one turns the share of trials that keep
their memory into half-points and alpha_c.

A trial depends on (seed, N, P, instance, start) alone: a scan of one load gives the rows that the
same load has in a larger grid.

References
----------
D. J. Amit, H. Gutfreund, H. Sompolinsky, Phys. Rev. Lett. 55, 1530 (1985); Ann. Phys. 173, 30
(1987).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from spinglass import _arguments, _random
from spinglass._core import CapacityTrials, __version__
from spinglass._progress import Progress
from spinglass.experiments.given import each_once, for_each_size, integer_seed
from spinglass.experiments.retrieval_capacity.result import TRIAL, CapacityConfig, CapacityScan
from spinglass.runner.loop import StorePath, Where, run
from spinglass.runner.task import Experiment, Finished, Rows, Share, Task, joined

SIZES = (1000, 2000, 4000, 8000)

# Seconds of a trial on one thread, as measured: some for any, some for each spin and pattern, and
# many times more if the memory is lost. A task is to take about this long if its trials are short.
_TRIAL, _KEPT, _LOST, _TASK = 2e-5, 5e-11, 1e-9, 0.2

# Bytes of a pattern set from which the threads share it, as the core has it: beyond the caches.
_SHARED = 2**26


def default_loads(n_spins: int, n_starts: int = 1) -> tuple[float, ...]:
    """Return loads that bracket the half-point of ``n_spins``, and a few well below.

    Eleven loads across the fall, equally spaced in sqrt(load) out to 2.5 of its widths, about
    where pilot runs found it: 0.1405 + 0.845 N^(-0.52), width 0.73 N^(-1/2). They say where to
    look, not what to find: the half-point is fitted to the trials alone.
    """
    centre, width = _fall(n_spins)
    fall = [max(0.0, centre + width * k / 2) ** 2 for k in range(-5, 6)]
    below = [a for a in (0.04, 0.08, 0.12) if a < fall[0] - 0.005]
    counts = {round(a * n_spins) for a in below + fall}
    return tuple(p / n_spins for p in sorted(counts) if p >= max(1, n_starts))


def _fall(n_spins: int) -> tuple[float, float]:
    """Return about where the share of kept memories is 1/2, in sqrt(load), and over what width."""
    return math.sqrt(0.1405 + 0.845 * n_spins**-0.52), 0.73 * n_spins**-0.5


def default_instances(n_spins: int) -> int:
    """Return how many pattern sets to draw a load: 0.6 10^6/N, between 10 and 600.

    The fall narrows as N^(-1/2), and the loads stand as close, so this gives half-points of about
    equal error. A pattern set costs little beside the trials on it: many, with few starts each.
    """
    return min(600, max(10, round(0.6e6 / n_spins)))


def capacity(
    n_spins: int | Sequence[int] = SIZES,
    loads: Sequence[float] | Mapping[int, Sequence[float]] | None = None,
    n_instances: int | Sequence[int] | None = None,
    n_starts: int = 2,
    flip: float = 0.0,
    threshold: float = 0.9,
    seed: _random.Seed = 0,
    num_threads: int | None = None,
    progress: Progress = False,
    max_sweeps: int = 1000,
    store: StorePath = None,
    executor: Where = None,
) -> CapacityScan:
    """Measure how many patterns a Hopfield network remembers.

    Parameters
    ----------
    n_spins : int or sequence of int
        The sizes N, each once.
    loads : sequence of float or mapping, optional
        Loads P/N, each once, for every size, or by size as ``{1000: [...], 2000: [...]}``;
        P = round(load N), and loads that round to the same P are one. By default `default_loads`:
        for each size its own, around the half-point.
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
    store : path, optional
        An SQLite file that keeps every finished piece of the scan: called again, also after a
        crash, the scan goes on where it stopped. With ``seed=None`` it takes the seed of the store.
    executor : concurrent.futures.Executor, str or distributed.Client, optional
        Where the trials run: by default on threads of this process. An address such as
        ``"dask://host:8786"`` is that of a Dask scheduler (needs ``spinglass[dask]``).
        ``num_threads`` is then that of each worker. The result does not depend on it.

    Returns
    -------
    CapacityScan

    Raises
    ------
    Interrupted
        On Ctrl-C: a KeyboardInterrupt with the finished trials in ``result``.
    ValueError, TypeError
        For an argument out of range, a repeated size or load, a load that gives no pattern, or
        more starts than patterns; or if the store holds another scan.
    MemoryError
        If the trials or the patterns of one instance do not fit.
    ExperimentStopped
        If the workers are lost or the disk is full: with the finished trials in ``result``.
    StoreError
        If the store cannot be used, or another process works on it.

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
    _arguments.check_memory(300 * config.n_trials, f"a scan of {config.n_trials} trials")
    scan: CapacityScan = run(
        CapacityExperiment(config),
        store=store,
        executor=executor,
        num_threads=num_threads,
        progress=progress,
        any_seed=seed is None,
    )
    return scan


class CapacityExperiment(Experiment):
    """The grid of a capacity scan: a task is some instances of one size and load."""

    name, unit, config_type = "capacity", "trials", CapacityConfig

    def tasks(self) -> list[Task]:
        """Return the tasks, by size and load."""
        return [
            task
            for k in range(len(self.config.n_spins))
            for n_patterns in self.config.pattern_counts(k)
            for task in self._tasks(k, n_patterns)
        ]

    def _tasks(self, k: int, n_patterns: int) -> Iterator[Task]:
        n, count = self.config.n_spins[k], self.config.n_instances[k]
        each = self.config.n_starts * _seconds(n, n_patterns)
        at_a_time = min(count, max(1, int(_TASK / each)))
        for first in range(0, count, at_a_time):
            last = min(first + at_a_time, count)
            yield Task(
                key=f"N={n} P={n_patterns} instances {first} to {last - 1}",
                stream=(n, n_patterns),
                arguments=(round(self.config.flip * n), first, last),
                cost=(last - first) * each,
                memory=_set_bytes(n, n_patterns) + 64 * n + 2**20,  # and states
                units=(last - first) * self.config.n_starts,
                wide=_set_bytes(n, n_patterns) > _SHARED,
            )

    def work(self, task: Task, share: Share) -> Rows:
        """Return the trials of some instances."""
        (n, p), (n_flips, first, last) = task.stream, task.arguments
        instances = range(first, last)
        trials = CapacityTrials(
            n_spins=[n] * len(instances),
            n_patterns=[p] * len(instances),
            seeds=[task.seed(self.config.seed, instance) for instance in instances],
            n_flips=[n_flips] * len(instances),
            n_starts=self.config.n_starts,
            max_sweeps=self.config.max_sweeps,
        )
        # Small instances are drawn one a thread: more threads would hold more sets than declared.
        trials.run(share.num_threads if task.wide else 1, share.progress)
        rows = trials.rows()
        table = np.empty(len(rows["start"]), dtype=TRIAL)
        table["n_spins"], table["n_patterns"], table["load"] = n, p, p / n
        table["instance"] = first + rows["instance_index"]
        for name in ("start", "overlap", "sweeps", "flips", "converged"):
            table[name] = rows[name]
        return {"trials": table}

    def result(self, finished: Finished) -> CapacityScan:
        """Return the scan of the trials that are finished."""
        return CapacityScan(self.config, __version__, joined(finished, "trials", TRIAL))


def _seconds(n_spins: int, n_patterns: int) -> float:
    """Return about how long a trial takes on one thread."""
    centre, width = _fall(n_spins)
    lost = math.erfc((centre - math.sqrt(n_patterns / n_spins)) / width / math.sqrt(2)) / 2
    return _TRIAL + n_spins * n_patterns * (_KEPT + lost * _LOST)


def _set_bytes(n_spins: int, n_patterns: int) -> int:
    """Return the memory of a pattern set: a bit a spin and pattern, in rows of 512."""
    return n_spins * -(-n_patterns // 512) * 64


def _checked(
    n_spins: Any,
    loads: Any,
    n_instances: Any,
    n_starts: Any,
    flip: Any,
    threshold: Any,
    seed: _random.Seed,
    max_sweeps: Any,
) -> CapacityConfig:
    """Resolve every argument of `capacity`, or say what was expected and what came."""
    n_starts = _arguments.integer(n_starts, "n_starts", at_least=1)
    sizes = each_once(n_spins, "n_spins", lambda n: _arguments.integer(n, "n_spins", at_least=1))
    if loads is None:
        grid = tuple(default_loads(n, n_starts) for n in sizes)
    elif isinstance(loads, Mapping):
        if set(loads) != set(sizes):
            raise ValueError(
                f"loads must have the sizes of n_spins as keys, got {sorted(loads)} for "
                f"{sorted(sizes)}"
            )
        grid = tuple(each_once(loads[n], "loads", _load) for n in sizes)
    else:
        grid = (each_once(loads, "loads", _load),) * len(sizes)
    instances = for_each_size(n_instances, "n_instances", sizes, default_instances)
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
    return CapacityConfig(
        n_spins=sizes,
        loads=grid,
        n_instances=instances,
        n_starts=n_starts,
        flip=_arguments.fraction(flip, "flip"),
        threshold=_arguments.fraction(threshold, "threshold"),
        max_sweeps=_arguments.integer(max_sweeps, "max_sweeps", at_least=1),
        seed=integer_seed(seed),
    )


def _load(value: Any) -> float:
    load = _arguments.real(value, "loads")
    if not 0 < load < math.inf:
        raise ValueError(f"loads must be above 0 and finite, got {load:g}")
    return load
