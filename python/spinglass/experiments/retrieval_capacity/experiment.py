r"""How much can a memory remember? The storage capacity alpha_c of Hebb's rule, and of others.

Hebb's rule stores P random patterns in N spins. The network starts at one of the patterns, or with
a fraction ``flip`` of its spins turned, and runs sequential zero-temperature dynamics to the fixed
point. Below a critical load P/N the fixed point is a slightly damaged copy of the pattern. Above
it the memory is lost. The final overlap falls from nearly 1 to about 0.3, and as N grows the fall
becomes a jump. The module `finite_size` beside this one computes half-points and alpha_c from the
share of trials that keep their memory.

Another memory takes the place of the network with Hebb's rule by ``memory=``; see `memory_trials`.

A trial depends only on (seed, N, P, instance, start). So a scan of one load gives the same rows as
this load in a larger grid.

References
----------
D. J. Amit, H. Gutfreund, H. Sompolinsky, Phys. Rev. Lett. 55, 1530 (1985); Ann. Phys. 173, 30
(1987).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass import _arguments, _random
from spinglass._core import CapacityTrials, __version__
from spinglass._progress import Progress
from spinglass.experiments.config import asked, measured
from spinglass.experiments.retrieval_capacity.config import (
    SIZES,
    CapacityConfig,
    Criterion,
    fall,
    rule_of,
)
from spinglass.experiments.retrieval_capacity.memory_trials import memory_trials
from spinglass.experiments.retrieval_capacity.result import (
    CapacityScan,
    overlap_columns,
    trial_columns,
)
from spinglass.models.hopfield import Hopfield
from spinglass.runner.executors.executor import Ended, Lost
from spinglass.runner.loop import StorePath, Where
from spinglass.runner.task import Experiment, Finished, Rows, Share, Task, expect, joined

# Seconds of a trial on one thread, as measured: some for any, some for each spin and pattern, and
# many times more if the memory is lost. A task is to take about this long if its trials are short.
_TRIAL, _KEPT, _LOST, _TASK = 2e-5, 5e-11, 1e-9, 0.2

# Seconds of a visit of the heat bath for each pattern.
_HEATED = 1.5e-11

# Seconds to make a memory in Python, and for each spin and pattern of a start: a slow one's.
_MADE, _ASKED = 2e-4, 1e-8

# Bytes of a pattern set from which the threads share it, as the core has it: beyond the caches.
_SHARED = 2**26


@asked(CapacityConfig)
def capacity(
    n_spins: int | Sequence[int] = SIZES,
    loads: Sequence[float] | Mapping[int, Sequence[float]] | None = None,
    n_instances: int | Sequence[int] | None = None,
    n_starts: int = 2,
    *,
    flip: float = 0.0,
    threshold: float | None = None,
    seed: _random.Seed = 0,
    num_threads: int | None = None,
    progress: Progress = False,
    max_sweeps: int = 1000,
    beta: float = math.inf,
    sweeps: int | Sequence[int] | None = None,
    average: float = 0.5,
    abandon: float | None = None,
    n_patterns: Sequence[int] | Mapping[int, Sequence[int]] | None = None,
    memory: Callable[..., Any] | str | None = None,
    criterion: Criterion = "overlap",
    store: StorePath = None,
    executor: Where = None,
) -> CapacityScan:
    """Measure how many patterns a Hopfield network, or another memory, remembers.

    Parameters
    ----------
    n_spins : int or sequence of int
        The sizes N, each once.
    loads : sequence of float or mapping, optional
        Loads P/N, each once, for every size, or by size as ``{1000: [...], 2000: [...]}``.
        P = round(load N), and loads that round to the same P are one. By default each size has its
        own loads around its half-point, those of `default_loads` in the ``config`` module beside
        this.
    n_instances : int or sequence of int, optional
        Pattern sets drawn for each load: one number, or one for each size. By default 600,000 / N,
        between 10 and 600.
    n_starts : int
        Trials on each instance, at most P, because start k starts at stored pattern k. Starts on
        one instance share its patterns, which correlates them by about 0.02. The errors include
        this correlation.
    flip : float
        Fraction of spins that are flipped from the pattern at the start: round(flip N) of them,
        drawn anew for each trial.
    threshold : float, optional
        A trial keeps its memory if its final overlap is at least this. The default of a descent is
        0.9. Near the half-point a tenth of the trials end between 0.5 and 0.9 at N = 1000, a
        fiftieth at N = 2000, and fewer at larger N. The default of a heat bath is halfway between
        0.2, about the overlap of lost trials, and
        ``spinglass.theory.hopfield.critical_overlap(beta)``.
    seed : None, int, SeedSequence or Generator
        Determines all random numbers. ``None`` draws a seed, which the result's config records.
    num_threads : int, optional
        Number of threads; by default all that the process may use. The result does not depend on
        it.
    progress : bool or callable
        True shows a bar with the time left (plain lines if stderr is not a terminal). A callable
        gets (trials done, trials in total).
    max_sweeps : int
        A descent ends after this many sweeps. If it has not converged, ``converged`` is False.
    beta : float
        Inverse temperature. By default infinite: a descent to a fixed point. A finite one gives the
        heat bath, in the order of the sites.
    sweeps : int or sequence of int, optional
        Sweeps of the heat bath after which it is decided whether the memory is kept, all within one
        run; by default 100, 400 and 1600. ``half_points`` are those of the longest, and
        ``half_points_by_sweeps`` has all of them, so that what still drifts can be seen.
    average : float
        The share of these sweeps, at their end, over which the overlap is averaged.
    abandon : float, optional
        End a trial after a sweep that leaves its overlap below this, and count its memory as lost.
        Trials that lose their memory need ten times the sweeps of those that keep it, and most
        of this comes after their overlap has passed 0.5. The column ``abandoned`` names these
        trials, whose overlap is not a final one. In a heat bath some memories of small networks
        come back from there, and the half-points are then too low.
    n_patterns : sequence of int or mapping, optional
        Numbers of patterns P in place of loads, for every size or by size. Of memories whose
        capacity is another power of N, or exponential, each size has another range of P. Then P is
        what one chooses, and a load divided by a power of N would assume the law that is measured.
        Tables have both, P and P/N; figures and reports then have P.
    memory : callable or str, optional
        The name of one of `spinglass.rules` that needs patterns alone, such as ``"storkey"``. Or
        what makes a memory of an instance: ``memory(patterns)`` or, if it has an argument of this
        name, ``memory(patterns, seed=seed)``. The patterns are a `spinglass.Patterns`. It may be a
        class, or a `functools.partial` of one with further arguments. By default the network is
        that of Hebb's rule, whose trials run in the core. With ``criterion="overlap"`` a memory
        needs ``recall(states, max_sweeps=...)``, which returns a result with ``states``,
        ``sweeps``, ``flips`` and ``converged`` as `Hopfield.recall` does. With ``"fixed_point"`` it
        needs ``local_fields(states)``: the sign of a field is the direction in which its spin
        turns. It is asked for all starts of an instance at a time.
    criterion : {"overlap", "fixed_point"}
        When a memory is kept. ``"overlap"``: the overlap at the end of a recall is at least the
        threshold. ``"fixed_point"``: no spin of the pattern would flip, without any dynamics; then
        ``overlap`` is that after one update of every spin, and `CapacityScan.one_step_errors` has
        the share of wrong spins.
    store : path, optional
        An SQLite file that keeps every finished piece of the scan. The same call with this file
        continues the scan where it stopped, also after a crash. ``seed=None`` then takes the seed
        of the store.
    executor : concurrent.futures.Executor, str or distributed.Client, optional
        Where the trials run; by default on threads of this process. An address such as
        ``"dask://host:8786"`` names a Dask scheduler (needs ``spinglass[dask]``). ``num_threads``
        is then the number of threads of each worker. The result does not depend on it.

    Returns
    -------
    CapacityScan

    Raises
    ------
    Interrupted
        On Ctrl-C. It is a KeyboardInterrupt with the finished trials in ``result``.
    ValueError, TypeError
        For an argument out of range, a repeated size or load, a load that gives no pattern, or
        more starts than patterns; for arguments that do not go together; or if the store holds
        another scan.
    MemoryError
        If the trials or the patterns of one instance do not fit.
    ExperimentStopped
        If the memory raised an exception, or returned what it should not; or if the workers are
        lost or the disk is full. It holds the finished trials in ``result``.
    StoreError
        If the store cannot be used, or another process works on it.

    Notes
    -----
    A store knows a memory by the name of its function, with the arguments of a partial. It does not
    see that the code has changed. A pool of processes needs a memory that can be pickled. A call of
    this package within a memory takes the threads of its task and ends on Ctrl-C; other code runs
    to the end of its call.

    Examples
    --------
    >>> from spinglass.experiments import capacity
    >>> scan = capacity(200, loads=(0.05, 0.4), n_instances=5, n_starts=2)
    >>> scan.summary()[["n_patterns", "n_trials", "retrieval"]].tolist()
    [(10, 10, 1.0), (80, 10, 0.0)]
    >>> 0.05 < scan.half_points[0].value < 0.4
    True

    How many patterns are stable in a network with random thresholds:

    >>> import numpy as np, spinglass
    >>> def biased(patterns, seed):
    ...     thresholds = np.random.default_rng(seed).normal(0, 0.2, patterns.n_spins)
    ...     return spinglass.Hopfield(patterns, thresholds=thresholds)
    >>> scan = capacity(
    ...     100, n_patterns=(3, 6, 12, 24), n_instances=40, memory=biased, criterion="fixed_point"
    ... )
    >>> 12 < scan.half_points[0].n_patterns < 18
    True

    References
    ----------
    D. J. Amit, H. Gutfreund, H. Sompolinsky, Ann. Phys. 173, 30 (1987).
    """
    return measured(CapacityExperiment, CapacityScan, locals(), memory=rule_of(memory))


class CapacityExperiment(Experiment):
    """The grid of a capacity scan: a task is some instances of one size and load.

    Without the function that makes its memory it can only read a store.
    """

    name, unit, config_type = "capacity", "trials", CapacityConfig

    def __init__(self, config: CapacityConfig, memory: Callable[..., Any] | None = None) -> None:
        super().__init__(config)
        self.memory = Hopfield if memory is None and not config.memory else memory

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
        states = 64 * n
        if self.config.is_hebb:
            each = self.config.n_starts * _seconds(n, n_patterns, self.config.sweeps)
        else:
            each = _MADE + self.config.n_starts * n * n_patterns * _ASKED
            states *= self.config.n_starts
        at_a_time = min(count, max(1, int(_TASK / each)))
        for first in range(0, count, at_a_time):
            last = min(first + at_a_time, count)
            yield Task(
                key=f"N={n} P={n_patterns} instances {first} to {last - 1}",
                stream=(n, n_patterns),
                arguments=(round(self.config.flip * n), first, last),
                cost=(last - first) * each,
                memory=_set_bytes(n, n_patterns) + states + 2**20,
                units=(last - first) * self.config.n_starts,
                wide=_set_bytes(n, n_patterns) > _SHARED,
            )

    def work(self, task: Task, share: Share) -> Rows:
        """Return the trials of some instances."""
        (n, p), (n_flips, first, last) = task.stream, task.arguments
        instances = range(first, last)
        if not self.config.is_hebb:
            found = [self._of_memory(task, instance, share) for instance in instances]
            rows = {name: np.concatenate([x[name] for x in found]) for name in found[0]}
            return {"trials": self._table(n, p, rows)}
        trials = CapacityTrials(
            n_spins=[n] * len(instances),
            n_patterns=[p] * len(instances),
            seeds=[task.seed(self.config.seed, instance) for instance in instances],
            n_flips=[n_flips] * len(instances),
            n_starts=self.config.n_starts,
            sweeps=self.config.sweeps or [self.config.max_sweeps],
            beta=self.config.beta,
            average=self.config.average,
            abandon=self.config.abandon,
        )
        # Small instances are drawn one a thread: more threads would hold more sets than declared.
        trials.run(share.num_threads if task.wide else 1, share.progress)
        rows = trials.rows()
        rows["instance"] = first + rows["instance_index"]
        rows |= zip(overlap_columns(self.config), rows["overlaps"].T, strict=True)
        return {"trials": self._table(n, p, rows)}

    def _of_memory(self, task: Task, instance: int, share: Share) -> dict[str, Any]:
        """Return the trials of one instance of a memory, a column each."""
        (n, p), (n_flips, first, last) = task.stream, task.arguments
        if share.progress is not None:
            share.progress(instance - first, last - first)
        assert self.memory is not None
        seeds = task.seed(self.config.seed, instance), task.seed(self.config.seed, instance, 1)
        n_starts = self.config.n_starts
        whose = {"instance": np.full(n_starts, instance), "start": np.arange(n_starts)}
        try:
            return whose | memory_trials(self.config, self.memory, p, n, n_flips, *seeds)
        except (Ended, Lost):
            raise
        except Exception as error:
            place = f"N = {n}, P = {p}, instance {instance}"
            words = _arguments.shown(error)
            raise Lost(f"memory failed at {place}: {words}") from error

    def _table(self, n_spins: int, n_patterns: int, rows: dict[str, Any]) -> NDArray[np.void]:
        """Return trials as rows."""
        table = np.empty(len(rows["start"]), dtype=trial_columns(self.config))
        known = rows | {
            "n_spins": n_spins,
            "n_patterns": n_patterns,
            "load": n_patterns / n_spins,
            "threshold": self.config.threshold,
        }
        for name in table.dtype.names or ():
            table[name] = known[name]
        return table

    def check_rows(self, task: Task, rows: Rows) -> None:
        """Refuse fewer trials than the task has, and those of another one."""
        (n, p), (_, first, last) = task.stream, task.arguments
        whose = {"n_spins": [n], "n_patterns": [p], "instance": range(first, last)}
        expect(rows, "trials", (task.units,), trial_columns(self.config), **whose)

    def result(self, finished: Finished) -> CapacityScan:
        """Return the scan of the trials that are finished."""
        trials = joined(finished, "trials", trial_columns(self.config))
        return CapacityScan(self.config, __version__, trials)


def _seconds(n_spins: int, n_patterns: int, sweeps: Sequence[int] = ()) -> float:
    """Return about how long a trial takes on one thread."""
    if sweeps:
        return _TRIAL + n_spins * n_patterns * sweeps[-1] * _HEATED
    centre, width = fall(n_spins)
    lost = math.erfc((centre - math.sqrt(n_patterns / n_spins)) / width / math.sqrt(2)) / 2
    return _TRIAL + n_spins * n_patterns * (_KEPT + lost * _LOST)


def _set_bytes(n_spins: int, n_patterns: int) -> int:
    """Return the memory of a pattern set: a bit a spin and pattern, in rows of 512."""
    return n_spins * -(-n_patterns // 512) * 64
