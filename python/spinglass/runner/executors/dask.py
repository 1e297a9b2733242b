"""Tasks on a Dask cluster (needs the extra ``spinglass[dask]``).

More tasks than the workers have threads are with the scheduler at any time, the longest first, so
that no worker waits for the next and an adaptive cluster grows. All that is said to Dask is said in
the thread of its client: there a task is handed in, its rows are fetched together with all others
that are over, and then released, so that nothing piles up anywhere. The main thread only reads
what came.

Dask itself runs the tasks of a worker that died on another one.
"""

from __future__ import annotations

import asyncio
import logging
import pickle
import time
import warnings
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from typing import Any
from uuid import uuid4

from spinglass import _arguments
from spinglass._core import __version__
from spinglass.runner.executors.executor import Lost, Outcome, Spread
from spinglass.runner.task import Experiment, Task

try:
    import distributed
    from distributed.protocol.pickle import dumps

    from spinglass.runner.executors import dask_worker as cluster_worker
    from spinglass.runner.executors.dask_client import client_of
except ImportError as error:
    raise ImportError(
        "executor: a Dask cluster needs distributed: pip install 'spinglass[dask]'"
    ) from error

# Seconds: to hear from the workers at the start and the end; between two looks at how many there
# are; that a batch of rows is waited for, since one whose worker died is computed anew; without any
# worker until that is said.
_ANSWER, _LOOK, _FETCH, _NO_WORKER = 10.0, 2.0, 1.0, 60.0

# So many tasks are with the scheduler for each thread of its workers, and at least so many.
_AHEAD, _LEAST = 4, 100


class Cluster(Spread):
    """The workers of a Dask cluster.

    On Ctrl-C the tasks that have not begun are taken back. Those that run in the core end within a
    moment; those that run something else run to their end.

    Parameters
    ----------
    experiment : Experiment
        Whose tasks; it is pickled, by value if it is defined in ``__main__``.
    executor : str, Client, its ``get_executor()``, or a cluster
        An address gets a client that is closed in the end; a client that is given stays open.
    num_threads : int, optional
        Threads of each worker; by default those that it was given.

    Raises
    ------
    ValueError
        If the address is none, or the client is asynchronous or closed.
    ConnectionError
        If nobody answers there.
    RuntimeError
        If a worker has another version of spinglass, or none.
    """

    def __init__(self, experiment: Experiment, executor: Any, num_threads: int | None) -> None:
        self.told: SimpleQueue[int] = SimpleQueue()
        self._num_threads = num_threads
        self._outcomes: dict[int, Outcome | BaseException] = {}
        self._under_way = 0
        self._window, self._had_workers, self._warned = _LEAST, time.monotonic(), False
        self._experiment = dumps(experiment)
        self._name = f"spinglass-{experiment.name}-{uuid4().hex}"
        # What follows belongs to the thread of the client.
        self._futures: dict[int, tuple[Task, Any]] = {}
        self._taken: list[tuple[int, Task]] = []
        self._over: list[int] = []
        self._fetching = self._closed = False
        self._watch: asyncio.Task[None] | None = None
        self._client, self._ours, self._arguments = client_of(executor)
        self._loop = self._client.loop
        try:
            self._address = self._client.scheduler.address
            self._workers = self._ask_workers()
            self.n_workers = max(1, self._count(self._client.nthreads()))
            self._loop.add_callback(self._keep_watch)
        except BaseException:
            self.close()
            raise

    def check(self, task: Task) -> None:
        """Raise MemoryError if workers are there and a task has no room in any of them."""
        memories = [worker["memory"] for worker in self._workers.values()]
        if memories and None not in memories and task.memory > max(memories):
            raise MemoryError(
                f"the task {task.key!r} needs {_arguments.format_bytes(task.memory)}, but none of "
                f"the {len(memories)} workers has more than "
                f"{_arguments.format_bytes(max(memories))}"
            )

    def begin(self, number: int, task: Task, n_left: int) -> bool:
        """Hand a task to the scheduler, if it has not enough of them."""
        if self._under_way >= self._window:
            return False
        self._under_way += 1
        self._loop.add_callback(self._take, number, task)
        return True

    def collect(self, numbers: Iterable[int]) -> list[tuple[int, Outcome | BaseException]]:
        """Return what became of tasks."""
        collected = [(number, self._outcomes.pop(number)) for number in numbers]
        self._under_way -= len(collected)
        return collected

    def check_alive(self) -> None:
        """Raise `Lost` if the connection is gone, and warn if all workers are."""
        if self._client.status != "running":
            raise self._lost()
        if not self._warned and time.monotonic() - self._had_workers > _NO_WORKER:
            self._warned = True
            warnings.warn(
                f"the Dask scheduler at {self._address} has had no worker for {_NO_WORKER:g} s; "
                "the scan goes on as soon as one comes (dask worker "
                f"{self._address}), Ctrl-C ends it",
                RuntimeWarning,
                stacklevel=2,
            )

    def close(self) -> None:
        """Take back what is not done, and close the client if it is ours."""
        with suppress(Exception):  # of a client that is closed already
            self._client.sync(self._end, callback_timeout=_ANSWER)
        if self._ours:
            # It would log that it was closed while it tried to reconnect.
            logger = logging.getLogger("distributed.client")
            level = logger.level
            try:
                if self._client.status != "running":
                    logger.setLevel(logging.CRITICAL)
                with suppress(Exception):
                    self._client.close(timeout=_ANSWER)
            finally:
                logger.setLevel(level)

    def _lost(self) -> Lost:
        return Lost(f"the Dask scheduler at {self._address} is lost")

    def _ask_workers(self) -> dict[str, Any]:
        """Return what the workers say of themselves, and refuse those of another version."""
        try:
            workers: dict[str, Any] = self._client.sync(
                self._client.run,
                cluster_worker.about,
                on_error="return",
                callback_timeout=_ANSWER,
            )
        except TimeoutError:  # each task looks again
            return {}
        for address, said in workers.items():
            if isinstance(said, OSError):  # it went away just now
                continue
            if isinstance(said, BaseException):
                there = f"none that this process can use ({type(said).__name__}: {said})"
                raise RuntimeError(
                    cluster_worker.other_version(address, there, __version__)
                ) from said
            if said["version"] != __version__:
                raise RuntimeError(
                    cluster_worker.other_version(address, said["version"], __version__)
                )
        return {name: said for name, said in workers.items() if isinstance(said, dict)}

    def _count(self, threads: dict[str, int]) -> int:
        """Take in how many threads each worker has."""
        total = sum(threads.values())
        if total:
            self._had_workers = time.monotonic()
        self._window = max(_LEAST, _AHEAD * total)
        return total

    # ---- in the thread of the client -------------------------------------------------------------

    async def _keep_watch(self) -> None:
        """Follow the number of workers."""
        self._watch = asyncio.current_task()
        while not self._closed:
            with suppress(Exception):  # a scheduler that is lost is seen elsewhere
                self._count(await self._client.nthreads())
            await asyncio.sleep(_LOOK)

    def _take(self, number: int, task: Task) -> None:
        self._taken.append((number, task))
        if len(self._taken) == 1:
            self._loop.add_callback(self._submit)

    def _submit(self) -> None:
        """Hand in the tasks that the main thread began meanwhile, all at once."""
        taken, self._taken = self._taken, []
        if self._closed:
            return
        try:
            futures = self._client.map(
                partial(cluster_worker.do, __version__, self._num_threads, self._experiment),
                [dumps(task) for _, task in taken],
                key=[(self._name, number) for number, _ in taken],
                fifo_timeout="0 ms",  # whatever was handed in earlier comes earlier
                **{**self._arguments, "pure": False},
            )
        except BaseException as error:
            outcome = error if self._client.status == "running" else self._lost()
            for number, _ in taken:
                self._tell(number, outcome)
            return
        for (number, task), future in zip(taken, futures, strict=True):
            self._futures[number] = task, future
            future.add_done_callback(partial(self._done, number))

    def _done(self, number: int, _: Any) -> None:
        self._loop.add_callback(self._is_over, number)

    def _is_over(self, number: int) -> None:
        if not self._closed:
            self._over.append(number)
            if not self._fetching:
                self._fetching = True
                self._loop.add_callback(self._fetch_all)

    async def _fetch_all(self) -> None:
        while self._over:
            numbers, self._over = self._over, []
            fetching = asyncio.ensure_future(self._fetch(numbers))
            await asyncio.wait({fetching}, timeout=_FETCH)
        self._fetching = False

    async def _fetch(self, numbers: list[int]) -> None:
        """Fetch the rows of tasks all at once, or the errors, and let go of them on the cluster."""
        # None are left if the run has ended meanwhile.
        futures = {k: self._futures[k][1] for k in numbers if k in self._futures}
        contents: dict[int, bytes | None] = {}
        with suppress(Exception):  # the connection is lost: so are the futures
            contents = await self._client.gather(futures, errors="skip", asynchronous=True)
        for number, future in futures.items():
            content = contents.get(number)
            try:
                if content is not None:
                    self._tell(number, pickle.loads(content))
                else:
                    self._tell(number, await self._error(number, future))
            except BaseException as error:
                self._tell(number, error)
            future.release()

    async def _error(self, number: int, future: Any) -> BaseException:
        if future.status != "error":
            return self._lost()
        error: BaseException = await future.exception()
        if isinstance(error, distributed.KilledWorker):
            lost = Lost(
                f"each worker that ran the task {self._futures[number][0].key!r} died, "
                f"{error.allowed_failures + 1} of them: most likely for want of memory"
            )
            lost.__cause__ = error
            return lost
        return error.with_traceback(await future.traceback())

    def _tell(self, number: int, outcome: Outcome | BaseException) -> None:
        self._futures.pop(number, None)
        self._outcomes[number] = outcome
        self.told.put(number)

    async def _end(self) -> None:
        self._closed = True
        if self._watch is not None:
            self._watch.cancel()
        for _, future in self._futures.values():
            future.release()  # nobody else wants it: the scheduler takes it back
        self._futures.clear()
