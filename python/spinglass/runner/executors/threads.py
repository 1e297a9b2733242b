"""Tasks on threads of this process: the core leaves the GIL while it works."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import Future
from queue import SimpleQueue

from spinglass import _arguments
from spinglass._core import available_threads
from spinglass.runner.executors.executor import Outcome, TaskExecutor, timed
from spinglass.runner.executors.memory_budget import MemoryBudget
from spinglass.runner.task import Experiment, Share, Task

# As the core has it.
MAX_THREADS = 1024


class Threads(TaskExecutor):
    """Threads of this process.

    A `ThreadPoolExecutor` would do but for its end: Python waits for its threads before it exits,
    however often one presses Ctrl-C. These are daemons.
    """

    def __init__(self, experiment: Experiment, num_threads: int | None) -> None:
        if sys.is_finalizing():  # a thread would never start, nor would anybody end the wait for it
            raise RuntimeError("an experiment must begin before Python ends")
        n_workers = num_threads or available_threads()
        if n_workers > MAX_THREADS:
            raise ValueError(f"num_threads must be at most {MAX_THREADS}, got {n_workers}")
        super().__init__(n_workers, MemoryBudget(n_workers, _arguments.available_memory()))
        self._experiment = experiment
        self._given: SimpleQueue[tuple[Future[Outcome], Task, int] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []

    def close(self) -> None:
        """End the threads, and the tasks that run on them."""
        self._ended = True  # within a tenth of a second the calls into the core are over
        for _ in self._threads:
            self._given.put(None)
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    def _width(self, task: Task, n_left: int) -> int:
        return self.budget.width(task, n_left)

    def _submit(self, task: Task, width: int) -> Future[Outcome]:
        future: Future[Outcome] = Future()
        self._given.put((future, task, width))
        if len(self._threads) < self.n_workers:
            name = f"spinglass_{len(self._threads)}"
            self._threads.append(threading.Thread(target=self._work, name=name, daemon=True))
            self._threads[-1].start()
        return future

    def _work(self) -> None:
        while (given := self._given.get()) is not None and not self._ended:
            future, task, width = given
            try:
                future.set_result(timed(self._experiment, task, Share(width, self._progress)))
            except BaseException as error:  # whatever it is, the main thread raises it
                future.set_exception(error)
