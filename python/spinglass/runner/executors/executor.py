"""What all places where tasks run have in common: `threads`, `pool`, `dask`.

A task is handed over as soon as the memory budget lets it in, and is then a future of
`concurrent.futures`. When it is over, its number comes out of a queue; `collect` then has what
became of it. Only the main thread sees Ctrl-C, and it waits at that queue, which is safe to be
interrupted in: `concurrent.futures.wait` takes locks that Ctrl-C could leave closed.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from concurrent.futures import CancelledError, Future
from queue import SimpleQueue
from typing import Any, TypeAlias

from spinglass._share import shared
from spinglass.runner.executors.memory_budget import MemoryBudget
from spinglass.runner.task import Experiment, Rows, Share, Task, checked

Outcome: TypeAlias = tuple[Rows, float]
"""The rows of a task, and how many seconds it took."""


class TaskExecutor(ABC):
    """A place where tasks run.

    Parameters
    ----------
    n_workers : int
        How many tasks run at a time.
    budget : MemoryBudget
        What is taken by tasks that are begun and not collected.

    Attributes
    ----------
    over : queue
        Where the numbers of the tasks come out that are over.
    """

    def __init__(self, n_workers: int, budget: MemoryBudget) -> None:
        self.n_workers, self.budget = n_workers, budget
        self.over: SimpleQueue[int] = SimpleQueue()
        self._begun: dict[int, tuple[Task, int, Future[Any]]] = {}
        self._ended = False

    def check(self, tasks: Sequence[Task]) -> None:
        """Raise MemoryError, by name, if there is a task that fits nowhere."""
        if tasks:
            self.budget.check(max(tasks, key=lambda task: task.memory))

    def begin(self, number: int, task: Task, n_left: int) -> bool:
        """Begin a task if it fits now; ``n_left`` tasks are not begun, this one included."""
        width = self._width(task, n_left)
        if not self.budget.reserve(task.memory, width):
            return False
        future = self._submit(task, width)
        self._begun[number] = task, width, future
        future.add_done_callback(lambda _: self.over.put(number))
        return True

    def collect(self, numbers: Iterable[int]) -> list[tuple[int, Outcome | BaseException]]:
        """Return what became of tasks that are over, and release what they had reserved."""
        collected: list[tuple[int, Outcome | BaseException]] = []
        for number in numbers:
            task, width, future = self._begun.pop(number)
            try:
                outcome = self._outcome(task, future)
            except (CancelledError, Lost) as error:
                outcome = error
            self.budget.release(task.memory, width, _size(outcome))
            collected.append((number, outcome))
        return collected

    def check_alive(self) -> None:  # noqa: B027  most have nothing to look after
        """Raise `Lost` if no task will ever be over."""

    def close(self) -> None:
        """Take back the tasks that have not begun, and end the others where that is possible."""
        self._ended = True
        for _, _, future in self._begun.values():
            future.cancel()

    @abstractmethod
    def _submit(self, task: Task, width: int) -> Future[Any]:
        """Hand a task over."""

    def _width(self, task: Task, n_left: int) -> int:
        """Return how much of the budget's threads a task takes."""
        return 1

    def _outcome(self, task: Task, future: Future[Any]) -> Outcome | BaseException:
        """Return what became of a task."""
        return future.exception() or future.result()

    def _progress(self, done: int, total: int) -> None:
        """End a task of this process, which calls it now and then, when the whole is to end."""
        if self._ended:
            raise Ended


def timed(experiment: Experiment, task: Task, share: Share) -> Outcome:
    """Do a task and say how long it took."""
    begun = time.perf_counter()
    with shared(share.num_threads, share.progress):
        rows = checked(experiment.work(task, share))
    return rows, time.perf_counter() - begun


def _size(outcome: Outcome | BaseException) -> int:
    """Return how many bytes the rows of a task hold in memory from now on."""
    if isinstance(outcome, BaseException):
        return 0
    return sum(values.nbytes for values in outcome[0].values())


class Ended(Exception):  # noqa: N818  nothing went wrong
    """The task is not wanted any more."""


class Lost(Exception):  # noqa: N818  becomes an ExperimentStopped
    """The workers are gone, or a function of the user's failed: what is finished is kept."""
