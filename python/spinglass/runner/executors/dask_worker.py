"""What a Dask worker does with a task.

A worker of four threads has four tasks at a time handed to it. They share one `Room`: its threads
are those that the worker was given, its memory what the worker may use. With memory for one task a
worker of four threads runs one task on four threads, and the others wait.

A task that nobody waits for any more, since the scan was interrupted or its process died, ends
within a moment.
"""

from __future__ import annotations

import pickle
import threading
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

import dask
from distributed import get_worker

from spinglass import _arguments
from spinglass._core import __version__
from spinglass.runner.executors.executor import Ended, timed
from spinglass.runner.executors.memory_budget import Room
from spinglass.runner.task import Experiment, Share, Task

# A worker that holds this fraction of its limit is ended by its nanny, if it was not told another.
_ENDED_AT = 0.95


def about(dask_worker: Any = None) -> dict[str, Any]:
    """Return what the scan wants to know of a worker before it begins."""
    return {"version": __version__, "memory": _memory(dask_worker)}


def do(version: str, num_threads: int | None, experiment: bytes, task: bytes) -> bytes:
    """Do a task in a worker, and return its pickled outcome."""
    worker = get_worker()
    if version != __version__:  # before anything of another version is unpickled
        raise RuntimeError(other_version(worker.address, __version__, version))
    the_task: Task = pickle.loads(task)
    room = _room(worker, num_threads or worker.state.nthreads)
    try:
        room.check(the_task)
    except MemoryError as error:
        raise MemoryError(f"{error} to the worker {worker.address}") from None
    key = worker.get_current_task()

    def progress(done: int, total: int) -> None:
        state = worker.state.tasks.get(key)
        if state is None or state.state == "cancelled":
            raise Ended

    with room.stay(the_task) as width:
        progress(0, 1)  # it may have waited for long
        return pickle.dumps(timed(_opened(experiment), the_task, Share(width, progress)), 5)


def other_version(worker: str, there: str, here: str) -> str:
    """Return the words for a worker that would give other rows."""
    return (
        f"executor: the worker {worker} has spinglass {there} and this process {here}: "
        "install the same version on all, since the rows of another may differ"
    )


@lru_cache(maxsize=4)
def _opened(experiment: bytes) -> Experiment:
    """Return an experiment, unpickled once a worker."""
    opened: Experiment = pickle.loads(experiment)
    return opened


def _memory(worker: Any) -> int | None:
    """Return how many bytes a worker may still use before Dask pauses it."""
    limits = [_arguments.available_memory()]
    manager = worker.memory_manager
    if manager.memory_limit:
        fraction = dask.config.get("distributed.worker.memory.terminate") or _ENDED_AT
        if isinstance(manager.memory_pause_fraction, float):
            fraction = min(fraction, manager.memory_pause_fraction)
        held = worker.monitor.get_process_memory()
        limits.append(max(0, int(manager.memory_limit * fraction) - held))
    return min((limit for limit in limits if limit is not None), default=None)


# Several workers may live in one process (`LocalCluster(processes=False)`).
_rooms: WeakKeyDictionary[Any, dict[int, Room]] = WeakKeyDictionary()
_making = threading.Lock()


def _room(worker: Any, threads: int) -> Room:
    with _making:
        rooms = _rooms.setdefault(worker, {})
        if threads not in rooms:
            rooms[threads] = Room(threads, _memory(worker), worker.state.nthreads)
        return rooms[threads]
