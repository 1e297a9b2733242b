"""Tasks on the workers of an executor of `concurrent.futures`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import (
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from functools import partial
from queue import SimpleQueue
from typing import Any

from spinglass import _arguments
from spinglass._core import available_threads
from spinglass.runner.executors import pool_worker
from spinglass.runner.executors.executor import Ended, Outcome, Spread, size, timed
from spinglass.runner.executors.memory_budget import Room
from spinglass.runner.task import Experiment, Share, Task


class Pool(Spread):
    """The workers of an executor of `concurrent.futures`, or of one with its interface.

    Twice as many tasks as workers are under way, so that none waits for the next. On one machine
    they are no more than fit in its memory at once; workers that may be on others, such as those of
    mpi4py, look themselves. The executor stays open: it is the user's.

    On Ctrl-C the tasks that have not begun are taken back. Those that run end if they are on
    threads, or in processes to which the terminal sent Ctrl-C too.
    """

    def __init__(self, experiment: Experiment, executor: Executor, num_threads: int | None) -> None:
        # Of mpi4py's executors, and of those of the standard library.
        count = getattr(executor, "num_workers", None) or getattr(executor, "_max_workers", None)
        self.n_workers = int(count or os.cpu_count() or 1)
        self.told: SimpleQueue[int] = SimpleQueue()
        self._threads = isinstance(executor, ThreadPoolExecutor)
        self._here = self._threads or isinstance(executor, ProcessPoolExecutor)
        memory = _arguments.available_memory() if self._here else None
        self.room = Room(2 * self.n_workers, memory)
        self._executor, self._experiment, self._num_threads = executor, experiment, num_threads
        self._futures: dict[int, tuple[Task, Future[Outcome]]] = {}
        self._ended = False

    def begin(self, number: int, task: Task, n_left: int) -> bool:
        """Hand a task to the executor."""
        if not self.room.enter(task.memory, 1):
            return False
        try:
            future = self._submit(task)
        except BaseException:
            self.room.leave(task.memory, 1)
            raise
        self._futures[number] = task, future
        future.add_done_callback(partial(_tell, self.told, number))
        return True

    def collect(self, numbers: Iterable[int]) -> list[tuple[int, Outcome | BaseException]]:
        """Return what became of tasks, and give back their room."""
        collected: list[tuple[int, Outcome | BaseException]] = []
        for number in numbers:
            task, future = self._futures.pop(number)
            outcome: Outcome | BaseException
            try:
                outcome = future.exception() or future.result()
            except CancelledError as error:
                outcome = error
            self.room.leave(task.memory, 1, size(outcome))
            collected.append((number, outcome))
        return collected

    def close(self) -> None:
        """Take back the tasks that have not begun."""
        self._ended = True
        for _, future in self._futures.values():
            future.cancel()

    def _submit(self, task: Task) -> Future[Outcome]:
        submit, experiment = self._executor.submit, self._experiment
        if not self._here:
            do = pool_worker.do_anywhere
            return submit(do, experiment, task, self._num_threads, self.n_workers)
        width = self._width(task)
        if self._threads:
            return submit(timed, experiment, task, Share(width, self._progress))
        return submit(pool_worker.do_here, experiment, task, width)

    def _width(self, task: Task) -> int:
        """Return the threads of a worker: its part of the machine, or that of memory if larger."""
        if self._num_threads is not None:
            return self._num_threads
        side_by_side = self.n_workers
        if self.room.memory is not None and task.memory > 0:
            side_by_side = min(side_by_side, max(1, self.room.memory // task.memory))
        return max(1, available_threads() // side_by_side)

    def _progress(self, done: int, total: int) -> None:
        if self._ended:
            raise Ended


def _tell(told: SimpleQueue[int], number: int, _: Any) -> None:
    told.put(number)
