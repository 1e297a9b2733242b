"""What a Dask worker does with a task.

A worker of four threads has four tasks at a time handed to it. They share one `MemoryBudget`: its
threads are those that the worker was given, its memory what the worker may use. With memory for one
task a worker of four threads runs one task on four threads, and the others wait.

A task that nobody waits for any more, since the scan was interrupted or its process died, ends
within a moment.
"""

from __future__ import annotations

import pickle
import threading
from functools import cache, lru_cache
from typing import Any

from distributed import get_worker

from spinglass import _arguments
from spinglass._core import __version__
from spinglass.runner.executors.executor import Ended, timed
from spinglass.runner.executors.memory_budget import MemoryBudget
from spinglass.runner.task import Experiment, Share, Task

# A worker that holds this fraction of its limit is ended by its nanny, if it is never paused.
FRACTION_AT_END = 0.95


def about(dask_worker: Any = None) -> dict[str, Any]:
    """Return what the scan wants to know of a worker before it begins."""
    return {"version": __version__, "memory": _memory(dask_worker)}


def check_version(worker: str, there: str, here: str) -> None:
    """Refuse a worker that would give other rows."""
    if there != here:
        raise RuntimeError(
            f"executor: the worker {worker} has spinglass {there} and this process {here}: "
            "install the same version on all, since the rows of another may differ"
        )


def do(version: str, num_threads: int | None, experiment: bytes, task: Task) -> bytes:
    """Do a task in a worker, and return its pickled outcome: unpickled arrays can be written."""
    worker = get_worker()
    check_version(worker.address, __version__, version)
    with _making:
        budget = _budget(worker.address, num_threads or worker.state.nthreads)
    try:
        budget.check(task)
    except MemoryError as error:
        raise MemoryError(f"{error} to the worker {worker.address}") from None
    key = worker.get_current_task()

    def progress(done: int, total: int) -> None:
        state = worker.state.tasks.get(key)
        if state is None or state.state == "cancelled":
            raise Ended

    with budget.waited_for(task) as width:
        progress(0, 1)  # it may have waited for long
        return pickle.dumps(timed(_opened(experiment), task, Share(width, progress)), 5)


def _memory(worker: Any) -> int | None:
    """Return how many bytes a worker may still use before Dask pauses it."""
    limits = [_arguments.available_memory()]
    manager = worker.memory_manager
    if manager.memory_limit:
        fraction = manager.memory_pause_fraction or FRACTION_AT_END
        held = worker.monitor.get_process_memory()
        limits.append(max(0, int(manager.memory_limit * fraction) - held))
    return min((limit for limit in limits if limit is not None), default=None)


@lru_cache(maxsize=4)
def _opened(experiment: bytes) -> Experiment:
    """Return an experiment, unpickled once a worker."""
    opened: Experiment = pickle.loads(experiment)
    return opened


_making = threading.Lock()


@cache
def _budget(address: str, threads: int) -> MemoryBudget:
    """Return what the tasks of a worker share; several workers may live in one process."""
    worker = get_worker()
    return MemoryBudget(threads, _memory(worker), worker.state.nthreads)
