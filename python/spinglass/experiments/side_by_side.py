"""Independent tasks on threads, each one thread wide: no task waits for another.

The core leaves the GIL while it works, so tasks that spend their time there run side by side. Only
the main thread sees Ctrl-C: it tells the others, whose calls into the core end within a tenth of a
second, and what was finished by then is kept.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeAlias, TypeVar

_Task = TypeVar("_Task")
_Result = TypeVar("_Result")

# Given as ``progress`` to a call into the core: ends it when the whole is to end.
Check: TypeAlias = Callable[[int, int], object]

# Seconds between two looks for Ctrl-C: some systems do not interrupt a wait.
_TICK = 0.1


class _EndedError(Exception):
    """The other tasks are not wanted any more."""


def side_by_side(
    work: Callable[[_Task, Check], _Result],
    tasks: Sequence[_Task],
    n_workers: int,
    progress: Callable[[int, int], object] | None = None,
) -> tuple[list[_Result], bool]:
    """Return ``work(task, check)`` of the tasks in their order, and whether all were finished.

    Parameters
    ----------
    work : callable
        Does a task; ``check`` goes to its calls into the core as ``progress``.
    tasks : sequence
        Begun in this order.
    n_workers : int
        How many run at a time.
    progress : callable, optional
        Gets (tasks done, tasks in total) after each.

    Notes
    -----
    On Ctrl-C the results of the finished tasks are returned. The first task that fails ends the
    others, and its exception is raised.
    """
    end = threading.Event()

    def check(done: int, total: int) -> None:
        if end.is_set():
            raise _EndedError

    pool = ThreadPoolExecutor(max_workers=n_workers, thread_name_prefix="spinglass")
    futures: list[Future[_Result]] = []
    complete = True
    try:
        futures += [pool.submit(work, task, check) for task in tasks]
        pending = set(futures)
        while pending:
            finished, pending = wait(pending, _TICK, FIRST_COMPLETED)
            for future in finished:
                future.result()
            if finished and progress is not None:
                progress(len(futures) - len(pending), len(futures))
    except KeyboardInterrupt:
        complete = False
    finally:
        end.set()
        pool.shutdown(cancel_futures=True)
    done = [x for x in futures if x.done() and not x.cancelled() and x.exception() is None]
    return [x.result() for x in done], complete
