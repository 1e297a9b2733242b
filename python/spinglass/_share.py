"""The share of a task in the machine, for the calls that a user's function makes within the task.

A function that an experiment calls need not pass on its number of threads, nor the callable that
ends its calls when the experiment ends. A call that is told neither takes those of its task.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

Report: TypeAlias = Callable[[int, int], object] | None

_of_thread: Any = threading.local()


@contextmanager
def shared(num_threads: int, progress: Report) -> Iterator[None]:
    """Give the calls of this thread a number of threads and a report of progress, until the end."""
    before = threads_of_task(), progress_of_task()
    _of_thread.share = num_threads, progress
    try:
        yield
    finally:
        _of_thread.share = before


def threads_of_task() -> int | None:
    """Return the number of threads of the task that runs in this thread, None outside of one."""
    threads: int | None = getattr(_of_thread, "share", (None, None))[0]
    return threads


def progress_of_task() -> Report:
    """Return what ends the task that runs in this thread, None outside of one."""
    report: Report = getattr(_of_thread, "share", (None, None))[1]
    return report
