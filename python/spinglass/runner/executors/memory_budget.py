"""A budget of memory and threads. It limits the number of tasks that run at a time.

If memory or the number of remaining tasks allows fewer tasks than threads, the tasks share the
threads. With four threads and memory for two tasks, each task gets two threads. The memory of the
budget is the memory that was free at its creation. The rows that tasks leave in memory are
subtracted. The budget does not know the memory that other programs take later.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from spinglass import _arguments
from spinglass.runner.task import Task


class MemoryBudget:
    """Threads and memory, and what is reserved of them.

    Parameters
    ----------
    threads : int
        How many threads there are.
    memory : int or None
        How many bytes there are; None if that is not known.
    slots : int, optional
        How many tasks come at a time, if they are fewer than the threads.
    """

    def __init__(self, threads: int, memory: int | None, slots: int | None = None) -> None:
        self.threads, self.memory = threads, memory
        self.slots = slots or threads
        self._tasks = self._threads_reserved = self._memory_reserved = self._held = 0
        self._waiting: deque[object] = deque()
        self._changed = threading.Condition(threading.RLock())

    def check(self, task: Task) -> None:
        """Raise MemoryError if a task can never fit."""
        if self.memory is not None and task.memory > self.memory:
            raise MemoryError(
                f"the task {task.key!r} needs {_arguments.format_bytes(task.memory)}, but only "
                f"{_arguments.format_bytes(self.memory)} are available"
            )

    def width(self, task: Task, n_tasks: int | None = None) -> int:
        """Return how many threads a task should have.

        ``n_tasks`` is how many tasks have not begun, this one included: the threads that are free
        are shared among those of them that still fit. Without it the others are unknown, and each
        gets what it has when as many as fit are side by side.
        """
        if task.wide:
            return self.threads
        with self._changed:
            side_by_side = min(self.threads, self.slots)
            if self.memory is not None and task.memory > 0:
                side_by_side = min(side_by_side, (self.memory - self._held) // task.memory)
            if n_tasks is None:
                return self.threads // max(1, side_by_side)
            still = min(side_by_side - self._tasks, n_tasks)
            return max(1, (self.threads - self._threads_reserved) // max(1, still))

    def reserve(self, memory: int, width: int) -> bool:
        """Reserve memory and threads for a task if they are free; a task alone always fits."""
        with self._changed:
            reserved = self._held + self._memory_reserved + memory
            full = self._threads_reserved + width > self.threads
            full = full or (self.memory is not None and reserved > self.memory)
            if full and self._tasks > 0:
                return False
            self._tasks += 1
            self._threads_reserved += width
            self._memory_reserved += memory
            return True

    def release(self, memory: int, width: int, held: int = 0) -> None:
        """Give back what a task had reserved, but for the bytes of what it leaves behind."""
        with self._changed:
            self._tasks -= 1
            self._threads_reserved -= width
            self._memory_reserved -= memory
            self._held += held
            self._changed.notify_all()

    @contextmanager
    def waited_for(self, task: Task) -> Iterator[int]:
        """Wait until a task fits, and yield its number of threads.

        Who came first is first: a large task is not passed by small ones for ever.
        """
        waiter = object()
        with self._changed:
            self._waiting.append(waiter)
            try:
                while True:
                    width = self.width(task)
                    if self._waiting[0] is waiter and self.reserve(task.memory, width):
                        break
                    self._changed.wait()
            finally:
                self._waiting.remove(waiter)
                self._changed.notify_all()  # the next may fit too
        try:
            yield width
        finally:
            self.release(task.memory, width)
