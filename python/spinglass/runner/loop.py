"""One runner for every experiment: order, progress, storing, resuming.

`run` takes the tasks of an experiment, the longest first, and computes them on threads of this
process, on any executor of `concurrent.futures`, or on a Dask cluster. It starts only as many tasks
at a time as fit in memory. With a store, every finished task is written to disk at once, and `run`
does not compute stored tasks again. None of this affects the rows.
"""

from __future__ import annotations

import math
import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor
from contextlib import AbstractContextManager, ExitStack, suppress
from itertools import islice
from pathlib import Path
from queue import Empty
from typing import Any, TypeAlias

from spinglass import _arguments
from spinglass._interrupted import ExperimentStopped, Interrupted
from spinglass._progress import Progress, progress_callback, say
from spinglass.runner.ctrl_c import CTRL_C, CtrlC
from spinglass.runner.executors.executor import Lost, TaskExecutor
from spinglass.runner.executors.pool import Pool
from spinglass.runner.executors.threads import Threads
from spinglass.runner.stores.content import read_about, reading
from spinglass.runner.stores.database import StoreError, check_file
from spinglass.runner.stores.store import Store
from spinglass.runner.task import Experiment, Rows, Task

StorePath: TypeAlias = str | os.PathLike[str] | None
Where: TypeAlias = Any
"""None, an executor of `concurrent.futures`, a Dask client, or the address of its scheduler."""

# Between two looks for Ctrl-C: some systems do not interrupt a wait.
SECONDS_PER_TICK = 0.1

# Between two looks for Ctrl-C and for tasks that are over: an executor may take any number.
TASKS_PER_TICK = 100


def run(
    experiment: Experiment,
    *,
    store: StorePath = None,
    executor: Where = None,
    num_threads: int | None = None,
    progress: Progress = False,
    any_seed: bool = False,
) -> Any:
    """Compute the unfinished tasks of an experiment, and return its result.

    Parameters
    ----------
    experiment : Experiment
        The experiment to run.
    store : path, optional
        An SQLite file to which every finished task is written at once. If the file exists, the
        experiment continues where it stopped. The file must have the same config and version.
    executor : concurrent.futures.Executor, str or distributed.Client, optional
        Where the tasks run; by default on threads of this process. An address such as
        ``"dask://host:8786"`` or ``"tcp://host:8786"`` names a Dask scheduler (needs the
        extra ``spinglass[dask]``). The executor stays open.
    num_threads : int, optional
        Threads of this process, or of each worker of the executor. By default all that the process
        may use, or that the worker was given. The result does not depend on it.
    progress : bool or callable
        True shows a bar with the time left (plain lines if stderr is not a terminal), and prints
        the number of stored tasks. A callable gets (done, total) in units of the experiment.
    any_seed : bool
        Whether an existing store may have any seed. The experiment then takes this seed.

    Returns
    -------
    object
        The return value of `Experiment.result` for all tasks.

    Raises
    ------
    Interrupted
        On Ctrl-C; ``result`` is that of the finished tasks.
    ExperimentStopped
        If the workers are lost or the store can no longer be written. It has a ``result`` too.
    StoreError
        If the store cannot be read or written, or if another process works on it.
    ValueError
        If the store holds another scan. The message names the fields that differ.
    MemoryError
        Before any work, if a task needs more memory than there is. The message names the task.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> import numpy as np
    >>> from spinglass.runner import Experiment, Task, run
    >>> @dataclass(frozen=True)
    ... class Config:
    ...     seed: int
    >>> class Means(Experiment):
    ...     name, unit, config_type = "means", "draws", Config
    ...
    ...     def tasks(self):
    ...         return [Task(f"draw {k}", (k,)) for k in range(3)]
    ...
    ...     def work(self, task, share):
    ...         random = np.random.default_rng(task.seed(self.config.seed))
    ...         return {"mean": np.array([random.normal(size=100).mean()])}
    ...
    ...     def result(self, finished):
    ...         return np.concatenate([rows["mean"] for _, rows in finished])
    >>> run(Means(Config(seed=1))).shape
    (3,)
    """
    if not isinstance(experiment, Experiment):
        given = _arguments.shown(experiment)
        raise TypeError(f"experiment must be an Experiment, got {given}")
    path = None if store is None else _arguments.file_path(store, "store")
    if path is not None:
        check_file(path)
    threads = _arguments.thread_count(num_threads)
    if path is not None and any_seed:
        experiment = _with_stored_seed(experiment, path)
    tasks = experiment.grid()
    with ExitStack() as stack:
        ctrl_c = stack.enter_context(CtrlC())
        workers = task_executor(experiment, executor, threads)
        stack.callback(workers.close)
        if path is None or not path.exists():  # before there is a file
            workers.check(tasks)
        kept = None
        if path is not None:
            kept = Store(path, experiment, workers.n_workers)
            stack.callback(kept.close)
            workers.check([x for k, x in enumerate(tasks) if k not in kept.done])
        return _Run(experiment, tasks, workers, kept, progress, ctrl_c).to_the_end()


class _Run:
    """One call of `run`: what is left, what is under way, what is done."""

    def __init__(
        self,
        experiment: Experiment,
        tasks: Sequence[Task],
        workers: TaskExecutor,
        store: Store | None,
        progress: Progress,
        ctrl_c: CtrlC,
    ) -> None:
        self.experiment, self.tasks, self.workers, self.store = experiment, tasks, workers, store
        self.progress, self.ctrl_c = progress, ctrl_c
        self.process = os.getpid()
        self.before = set(store.done) if store else set()
        left = [k for k in range(len(tasks)) if k not in self.before]
        self.left = deque(sorted(left, key=lambda k: -tasks[k].cost))
        self.rows: dict[int, tuple[Rows, float]] = {}
        self.under_way = 0
        self.units, self.cost = self._sums(self.before)
        self.total, self.total_cost = self._sums(range(len(tasks)))

    def _sums(self, numbers: Iterable[int]) -> tuple[int, float]:
        """Return the units and the cost of tasks."""
        tasks = [self.tasks[k] for k in numbers]
        return sum(task.units for task in tasks), math.fsum(task.cost for task in tasks)

    def to_the_end(self) -> Any:
        """Do what is left and return the result, or raise with what there is of it."""
        self.ctrl_c.wait_for(self.workers.over)
        try:
            try:
                self._do()
            finally:
                self._leave_child()
            result = self._result()
            self.ctrl_c.check()
        except KeyboardInterrupt:
            try:
                self._keep_what_came()
            except StoreError as error:
                raise self._stopped(error) from error.__cause__
            units, _ = self._sums(self._numbers())
            unit = self.experiment.unit
            raise Interrupted(self._result(), units, self.total, unit) from None
        except (Lost, StoreError) as error:
            with suppress(StoreError):
                self._keep_what_came()
            raise self._stopped(error) from error.__cause__
        except BaseException:
            with suppress(Exception):  # that of the task says more
                self._keep_what_came()
            raise
        return result

    def _stopped(self, error: Exception) -> ExperimentStopped:
        done, reason = len(self._numbers()), str(error)
        if self.store is not None and isinstance(error, Lost):
            reason += f" (the same call goes on from {self.store.path})"
        return ExperimentStopped(reason, self._result(), done, len(self.tasks))

    def _do(self) -> None:
        with self._reporting() as report:
            if report is not None and self.before:
                report(self.units, self.total)
            while self.left or self.under_way:
                self._begin()
                for number in self._over():
                    self.units += self.tasks[number].units
                    self.cost += self.tasks[number].cost
                    if report is not None:
                        report(self.units, self.total)
                self._leave_child()
                self.ctrl_c.check()

    def _leave_child(self) -> None:
        """End a process that a callback has forked off and that came back from it.

        The threads that do the tasks are in its parent, and so is the lock of the store.
        """
        if os.getpid() != self.process:
            say(
                "RuntimeError: a process that is forked within a progress callback must end there, "
                "as by os._exit(0): the experiment goes on in its parent alone",
                sys.stderr,
            )
            with suppress(Exception):
                sys.stderr.flush()
            os._exit(1)

    def _begin(self) -> None:
        """Begin what fits now."""
        for number in list(islice(self.left, TASKS_PER_TICK)):
            try:
                if not self.workers.begin(number, self.tasks[number], len(self.left)):
                    return
            except BrokenExecutor as error:
                raise Lost(f"the executor broke: {error}") from error
            except RuntimeError as error:  # of an executor that is shut down
                raise Lost(f"the executor takes no tasks: {error}") from error
            self.left.popleft()
            self.under_way += 1

    def _over(self) -> list[int]:
        """Wait a moment for tasks, take in and store their rows, and return their numbers."""
        try:
            numbers = [self.workers.over.get(timeout=SECONDS_PER_TICK)]
        except Empty:
            self.workers.check_alive()
            return []
        failures = self._take_in(numbers)
        if failures:
            raise self._failure(*failures[0])
        return [number for number in numbers if number != CTRL_C]

    def _take_in(self, numbers: list[int]) -> list[tuple[int, BaseException]]:
        """Take in what came, add the numbers of what else has come, and return what failed."""
        with suppress(Empty):
            while True:
                numbers.append(self.workers.over.get_nowait())
        finished, failures = [], []
        for number, outcome in self.workers.collect([k for k in numbers if k != CTRL_C]):
            self.under_way -= 1
            if isinstance(outcome, BaseException):
                failures.append((number, outcome))
            else:
                self.rows[number] = outcome
                finished.append(number)
        for number in finished:
            self._keep(number)
        return failures

    def _failure(self, number: int, error: BaseException) -> BaseException:
        """Return what is raised because a task failed."""
        if isinstance(error, CancelledError):
            return Lost("the executor cancelled its tasks")
        if isinstance(error, BrokenExecutor):
            return Lost(f"the executor broke: {error}")
        if not isinstance(error, KeyboardInterrupt | Lost):
            error.add_note(f"in the task {self.tasks[number].key!r} of {self.experiment.name}")
        return error

    def _keep(self, number: int) -> None:
        if self.store is not None:
            self.store.put(number, *self.rows[number])

    def _keep_what_came(self) -> None:
        """Take in what was finished before the end, and store what is not stored yet."""
        self._take_in([])
        if self.store is not None:
            for number in [k for k in self.rows if k not in self.store.done]:
                self._keep(number)

    def _numbers(self) -> set[int]:
        return self.before | set(self.rows)

    def _result(self) -> Any:
        rows = {number: rows for number, (rows, _) in self.rows.items()}
        if self.before:
            assert self.store is not None
            rows |= {k: x for k, x in self.store.read() if k in self.before}
        return self.experiment.result([(self.tasks[k], rows[k]) for k in sorted(rows)])

    def _reporting(self) -> AbstractContextManager[Callable[[int, int], object] | None]:
        """Return what shows the progress, which begins at what the store had."""
        name, unit = self.experiment.name, self.experiment.unit
        if self.progress is True and self.store is not None and self.before:
            going = "going on" if self.left else "nothing is left to do"
            say(
                f"{name}: {self.store.path} has {self.units} of {self.total} {unit}, {going}",
                sys.stderr,
            )
        return progress_callback(self.progress, name, unit, self._work)

    def _work(self) -> float:
        """Return which part of all work is done."""
        return round(self.cost / self.total_cost, 9) if self.total_cost > 0.0 else 1.0


def task_executor(experiment: Experiment, executor: Where, num_threads: int | None) -> TaskExecutor:
    """Return the place where the tasks run."""
    if executor is None:
        return Threads(experiment, num_threads)
    # A client of Dask, its executor, or one of the many kinds of clusters.
    of_dask = type(executor).__module__.startswith("distributed.")
    if isinstance(executor, str) or of_dask or hasattr(executor, "scheduler_address"):
        from spinglass.runner.executors.dask import Cluster

        return Cluster(experiment, executor, num_threads)
    if isinstance(executor, Executor):
        return Pool(experiment, executor, num_threads)
    expected = "an executor of concurrent.futures, a Dask client, or the address of a scheduler"
    raise TypeError(f"executor must be {expected}, got {_arguments.shown(executor)}")


def _with_stored_seed(experiment: Experiment, path: Path) -> Experiment:
    """Return the experiment with the seed of its store, if there is one."""
    if not path.exists() or not path.stat().st_size:
        return experiment
    with reading(path) as db:
        seed = read_about(db)["config"].get("seed")
    return experiment if seed is None else experiment.with_seed(seed)
