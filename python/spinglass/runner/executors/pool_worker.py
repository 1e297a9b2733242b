"""What a process of an executor does with a task, and with Ctrl-C.

The terminal sends Ctrl-C to the workers too. A task ends then, and its process says so to the
parent. A worker that waits for a task does nothing: by default it would die with a traceback in the
middle of the messages of the parent, and the executor would be broken for whatever comes after.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from types import FrameType
from typing import Any

from spinglass import _arguments
from spinglass._core import available_threads
from spinglass.runner.executors.executor import Outcome, timed
from spinglass.runner.task import Experiment, Share, Task


def do_here(experiment: Experiment, task: Task, num_threads: int) -> Outcome:
    """Do a task in a process of this machine."""
    _mind_interrupts()
    return timed(experiment, task, Share(num_threads))


def do_anywhere(
    experiment: Experiment, task: Task, num_threads: int | None, n_workers: int
) -> Outcome:
    """Do a task in a worker that may be on another machine, whose memory only it can see."""
    _arguments.check_memory(task.memory, f"the task {task.key!r}")
    return timed(experiment, task, Share(num_threads or _given_threads(n_workers)))


def _given_threads(n_workers: int) -> int:
    """Return the threads of a worker: those it is bound to, or else its part of the machine."""
    threads = available_threads()
    return threads if threads < (os.cpu_count() or 1) else max(1, threads // n_workers)


def _mind_interrupts() -> None:
    """Let Ctrl-C end tasks, but not the worker that waits for one."""
    if multiprocessing.parent_process() is None:  # threads of the user's own process
        return
    if threading.current_thread() is not threading.main_thread():
        return
    before = signal.getsignal(signal.SIGINT)
    if callable(before) and not isinstance(before, _Interrupt):
        signal.signal(signal.SIGINT, _Interrupt(before))


class _Interrupt:
    """Answers SIGINT as before, unless the process waits for a task."""

    def __init__(self, before: Any) -> None:
        self._before = before

    def __call__(self, number: int, frame: FrameType | None) -> Any:
        if not _waits(frame):
            return self._before(number, frame)
        return None


def _waits(frame: FrameType | None) -> bool:
    """Say whether a worker of `concurrent.futures` is in a queue, between two tasks."""
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module == "concurrent.futures.process":
            return True
        if not module.startswith(("multiprocessing.", "threading")):
            return False
        frame = frame.f_back
    return False
