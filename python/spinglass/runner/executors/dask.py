"""Tasks on a Dask cluster (needs the extra ``spinglass[dask]``).

Dask's own executor, `Client.get_executor()`, hands in the tasks, fetches their rows, and does those
of a worker that died on another one. The same rows would come without anything of this file. What
stands here and in its neighbours keeps these promises:

- an address will do, also as ``--cluster``, and a wrong one is an error in time (`dask_client`);
- a worker runs no more at once than fits in its memory (`dask_worker`), and a task that fits in
  none is refused by name before any work (`check`);
- rows of another version of the package are refused (`check`, and `dask_worker` for who is late);
- a scheduler that is lost, or a task that kills every worker, ends the scan with what was finished,
  and its store goes on (`check_alive`, `_outcome`): plain futures are cancelled without a reason,
  or raise an error of Dask;
- on Ctrl-C all is taken back at once (`close`), and what runs in the core ends (`dask_worker`).
"""

from __future__ import annotations

import logging
import pickle
import sys
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Any

from spinglass import _arguments
from spinglass._caller import warn_caller
from spinglass._core import __version__
from spinglass.runner.executors.executor import Lost, Outcome, TaskExecutor
from spinglass.runner.executors.memory_budget import MemoryBudget
from spinglass.runner.task import Experiment, Task

try:
    from distributed import KilledWorker
    from distributed.protocol.pickle import dumps

    from spinglass.runner.executors import dask_worker
    from spinglass.runner.executors.dask_client import client_of
except ImportError as error:
    raise ImportError(
        "executor: a Dask cluster needs distributed: pip install 'spinglass[dask]'"
    ) from error

# To hear from the workers before the scan begins, and to close a client.
SECONDS_TO_ANSWER = 10.0


class Cluster(TaskExecutor):
    """The workers of a Dask cluster; all tasks are with the scheduler, the longest first.

    Ctrl-C cancels the tasks that have not begun. Tasks in the core end within a moment. Other tasks
    run to their end.

    Parameters
    ----------
    experiment : Experiment
        The experiment. It is pickled, by value if it is defined in ``__main__``.
    executor : str, Client, its ``get_executor()``, or a cluster
        For an address a client is created, and closed at the end. A given client stays open.
    num_threads : int, optional
        Threads of each worker; by default those that it was given.

    Raises
    ------
    ValueError
        If the address is not valid, or the client is asynchronous or closed.
    ConnectionError
        If there is no answer at the address.
    """

    def __init__(self, experiment: Experiment, executor: Any, num_threads: int | None) -> None:
        self._client, self._ours, options = client_of(executor)
        self._executor = self._client.get_executor(**{**options, "pure": False})
        # Pickled once: of what is defined in ``__main__`` that is a whole class.
        self._do = partial(dask_worker.do, __version__, num_threads, dumps(experiment))
        self._address = self._client.scheduler.address
        n_threads = sum(self._client.nthreads().values())
        # Each worker has a budget of its own, and Dask a queue.
        super().__init__(max(1, n_threads), MemoryBudget(sys.maxsize, None))
        if not n_threads:
            warn_caller(
                f"the Dask scheduler at {self._address} has no worker; the scan begins as soon as "
                f"one comes (dask worker {self._address}), Ctrl-C ends it",
                RuntimeWarning,
            )

    def check(self, tasks: Sequence[Task]) -> None:
        """Refuse workers of another version, and a task that fits in none of those that are there.

        Raises
        ------
        RuntimeError
            If a worker has another version of spinglass, or none.
        MemoryError
            If a task needs more memory than any worker has.
        """
        said: dict[str, Any] = {}
        with suppress(TimeoutError):  # each task looks again
            said = self._client.sync(
                self._client.run,
                dask_worker.about,
                on_error="return",
                callback_timeout=SECONDS_TO_ANSWER,
            )
        memories = []
        for address, found in said.items():
            if isinstance(found, dict):
                dask_worker.check_version(address, found["version"], __version__)
                memories.append(found["memory"])
            elif not isinstance(found, OSError):  # which is one that went away just now
                dask_worker.check_version(address, f"none that works ({found!r})", __version__)
        largest = max(tasks, key=lambda task: task.memory, default=None)
        if largest and memories and None not in memories and largest.memory > max(memories):
            raise MemoryError(
                f"the task {largest.key!r} needs {_arguments.format_bytes(largest.memory)}, but "
                f"none of the {len(memories)} workers has more than "
                f"{_arguments.format_bytes(max(memories))}"
            )

    def check_alive(self) -> None:
        """Raise `Lost` if the connection to the scheduler is gone."""
        if self._client.status != "running":
            raise Lost(f"the Dask scheduler at {self._address} is lost")

    def close(self) -> None:
        """Take back what is not done, and close the client if it is ours."""
        with suppress(Exception):  # of a client that is closed already
            self._executor.shutdown(wait=False)
        if self._ours:
            # It would log, at length, that it was closed while it tried to reconnect.
            logger = logging.getLogger("distributed.client")
            logger.disabled = self._client.status != "running"
            with suppress(Exception):
                self._client.close(timeout=SECONDS_TO_ANSWER)
            logger.disabled = False

    def _submit(self, task: Task, width: int) -> Future[bytes]:
        try:
            # What was handed in earlier comes earlier.
            future: Future[bytes] = self._executor.submit(self._do, task, fifo_timeout="0 ms")
        except Exception:
            self.check_alive()
            raise
        return future

    def _outcome(self, task: Task, future: Future[bytes]) -> Outcome | BaseException:
        # One that is told of the loss while it waits for its rows raises an error of Dask's own.
        if future.cancelled() or future.exception() is not None:
            self.check_alive()
        error = future.exception()
        if isinstance(error, KilledWorker):
            raise Lost(
                f"each worker that ran the task {task.key!r} died, {error.allowed_failures + 1} of "
                "them: most likely for want of memory"
            ) from error
        return error or pickle.loads(future.result())
