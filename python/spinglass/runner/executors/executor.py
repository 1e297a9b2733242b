"""Where tasks run: on threads of this process (here), on an executor (`pool`), on Dask (`cluster`).

Each has a queue. `begin` takes a task as soon as there is room for it, and when the task is over
its number comes out of the queue; `collect` then has what became of it. Only the main
thread sees Ctrl-C, and what it shares with others takes no lock that Ctrl-C could leave closed, as
it can those of `concurrent.futures.wait`: a dictionary, and a queue that is safe to be interrupted
in.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable
from queue import SimpleQueue
from typing import TypeAlias

from spinglass import _arguments
from spinglass._core import available_threads
from spinglass.runner.executors.memory_budget import Room
from spinglass.runner.task import Experiment, Rows, Share, Task, checked

Outcome: TypeAlias = tuple[Rows, float]
"""The rows of a task, and how many seconds it took."""

# As the core has it.
_MOST_THREADS = 1024


class Spread(ABC):
    """A place where tasks run.

    Attributes
    ----------
    n_workers : int
        How many tasks run at a time.
    told : queue
        Where the numbers of the tasks come out that are over.
    room : Room
        What they need room in.
    """

    n_workers: int
    told: SimpleQueue[int]
    room: Room

    def check(self, task: Task) -> None:
        """Raise MemoryError if there is nowhere room for a task."""
        self.room.check(task)

    @abstractmethod
    def begin(self, number: int, task: Task, n_left: int) -> bool:
        """Begin a task if there is room; ``n_left`` tasks are not begun, this one included."""

    @abstractmethod
    def collect(self, numbers: Iterable[int]) -> list[tuple[int, Outcome | BaseException]]:
        """Return what became of tasks that are over."""

    def check_alive(self) -> None:  # noqa: B027  most have nothing to look after
        """Raise `Lost` if no task will ever be over."""

    @abstractmethod
    def close(self) -> None:
        """End what still runs, as far as it can be ended."""


def timed(experiment: Experiment, task: Task, share: Share) -> Outcome:
    """Do a task and say how long it took."""
    begun = time.perf_counter()
    rows = checked(experiment.work(task, share))
    return rows, time.perf_counter() - begun


def size(outcome: Outcome | BaseException) -> int:
    """Return how many bytes the rows of a task hold in memory from now on."""
    if isinstance(outcome, BaseException):
        return 0
    return sum(values.nbytes for values in outcome[0].values())


class Ended(Exception):  # noqa: N818  nothing went wrong
    """The task is not wanted any more."""


class Lost(Exception):  # noqa: N818  becomes an ExperimentStopped
    """The workers are gone."""


class Threads(Spread):
    """Threads of this process: the core leaves the GIL while it works."""

    def __init__(self, experiment: Experiment, num_threads: int | None) -> None:
        self.n_workers = num_threads or available_threads()
        if self.n_workers > _MOST_THREADS:
            raise ValueError(f"num_threads must be at most {_MOST_THREADS}, got {self.n_workers}")
        self.told: SimpleQueue[int] = SimpleQueue()
        self.room = Room(self.n_workers, _arguments.available_memory())
        self._given: SimpleQueue[tuple[int, Task, int] | None] = SimpleQueue()
        self._over: dict[int, tuple[Task, int, Outcome | BaseException]] = {}
        self._ended: list[bool] = []
        self._experiment = experiment
        self._threads: list[threading.Thread] = []

    def begin(self, number: int, task: Task, n_left: int) -> bool:
        """Hand a task to a thread."""
        width = self.room.width(task, n_left)
        if not self.room.enter(task.memory, width):
            return False
        self._given.put((number, task, width))
        if len(self._threads) < self.n_workers:
            name = f"spinglass_{len(self._threads)}"
            self._threads.append(threading.Thread(target=self._worker, name=name, daemon=True))
            self._threads[-1].start()
        return True

    def collect(self, numbers: Iterable[int]) -> list[tuple[int, Outcome | BaseException]]:
        """Return what became of tasks, and give back their room."""
        collected = []
        for number in numbers:
            task, width, outcome = self._over.pop(number)
            self.room.leave(task.memory, width, size(outcome))
            collected.append((number, outcome))
        return collected

    def close(self) -> None:
        """End the threads, and the tasks that run on them."""
        self._ended.append(True)  # within a tenth of a second the calls into the core are over
        for _ in self._threads:
            self._given.put(None)
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    def _worker(self) -> None:
        while (given := self._given.get()) is not None and not self._ended:
            number, task, width = given
            outcome: Outcome | BaseException
            try:
                outcome = timed(self._experiment, task, Share(width, self._progress))
            except BaseException as error:  # whatever it is, the main thread raises it
                outcome = error
            self._over[number] = task, width, outcome
            self.told.put(number)

    def _progress(self, done: int, total: int) -> None:
        if self._ended:
            raise Ended
