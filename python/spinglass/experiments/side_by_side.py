"""Independent tasks on threads, each one thread wide: no task waits for another.

The core leaves the GIL while it works, so tasks that spend their time there run side by side. Only
the main thread sees Ctrl-C: it tells the others, whose calls into the core end within a tenth of a
second, and what was finished by then is kept.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
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
    # What the main thread shares with the workers takes no lock that Ctrl-C could leave closed, as
    # it can those of concurrent.futures: lists, and a queue that is safe to be interrupted in.
    ended: list[bool] = []
    results: dict[int, _Result] = {}
    told: SimpleQueue[BaseException | None] = SimpleQueue()
    numbers = iter(range(len(tasks)))
    turn = threading.Lock()  # of the workers alone

    def check(done: int, total: int) -> None:
        if ended:
            raise _EndedError

    def worker() -> None:
        while not ended:
            with turn:
                number = next(numbers, None)
            if number is None:
                return
            try:
                results[number] = work(tasks[number], check)
            except BaseException as error:  # whatever it is, the main thread raises it
                told.put(error)
                return
            told.put(None)

    threads = [
        threading.Thread(target=worker, name=f"spinglass_{k}", daemon=True)
        for k in range(min(n_workers, len(tasks)))
    ]
    complete = True
    try:
        for thread in threads:
            thread.start()
        done = 0
        while done < len(tasks):
            try:
                error = told.get(timeout=_TICK)
            except Empty:
                continue
            if error is not None:
                raise error
            done += 1
            if progress is not None:
                progress(done, len(tasks))
    except KeyboardInterrupt:
        complete = False
    finally:
        ended.append(True)
        for thread in threads:
            if thread.ident is not None:
                thread.join()
    return [results[number] for number in sorted(results)], complete
