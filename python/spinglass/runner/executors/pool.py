"""Tasks on the workers of an executor of `concurrent.futures`."""

from __future__ import annotations

import os
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor

from spinglass import _arguments
from spinglass._core import available_threads
from spinglass.runner.executors import pool_worker
from spinglass.runner.executors.executor import Outcome, TaskExecutor, timed
from spinglass.runner.executors.memory_budget import MemoryBudget
from spinglass.runner.task import Experiment, Share, Task


class Pool(TaskExecutor):
    """The workers of an executor of `concurrent.futures`, or of one with its interface.

    Twice as many tasks as workers are submitted, so that no worker waits for its next task. On one
    machine their number is limited by its memory. Workers that may be on other machines, such as
    those of mpi4py, check their memory themselves. The executor stays open, because it belongs to
    the user.

    Ctrl-C cancels the tasks that have not begun. Running tasks end if they are on threads, or in
    processes to which the terminal sent Ctrl-C too.
    """

    def __init__(self, experiment: Experiment, executor: Executor, num_threads: int | None) -> None:
        # Of mpi4py's executors, and of those of the standard library.
        count = getattr(executor, "num_workers", None) or getattr(executor, "_max_workers", None)
        n_workers = int(count or os.cpu_count() or 1)
        self._threads = isinstance(executor, ThreadPoolExecutor)
        self._here = self._threads or isinstance(executor, ProcessPoolExecutor)
        memory = _arguments.available_memory() if self._here else None
        super().__init__(n_workers, MemoryBudget(2 * n_workers, memory))
        self._executor, self._experiment, self._num_threads = executor, experiment, num_threads

    def _submit(self, task: Task, width: int) -> Future[Outcome]:
        submit, experiment = self._executor.submit, self._experiment
        if not self._here:
            do = pool_worker.do_anywhere
            return submit(do, experiment, task, self._num_threads, self.n_workers)
        threads = self._num_threads or self._threads_of(task)
        if self._threads:
            return submit(timed, experiment, task, Share(threads, self._progress))
        return submit(pool_worker.do_here, experiment, task, threads)

    def _threads_of(self, task: Task) -> int:
        """Return the threads of a worker: its part of the machine, or that of memory if larger."""
        side_by_side = self.n_workers
        if self.budget.memory is not None and task.memory > 0:
            side_by_side = min(side_by_side, max(1, self.budget.memory // task.memory))
        return max(1, available_threads() // side_by_side)
