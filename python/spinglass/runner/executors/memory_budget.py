"""Room for tasks: as many at a time as there are threads for them and as fit in memory.

What cannot be side by side for want of memory, or because few tasks are left, shares the threads
instead: of four threads and memory for two, each task gets two. The memory is what was free when
the room was made. What tasks leave behind, their rows, is held back from then on; what other
programs take meanwhile is not known here.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from spinglass import _arguments
from spinglass.runner.task import Task


class Room:
    """Threads and memory, and what is taken of them.

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
        self._inside = self._threads_taken = self._memory_taken = self._held = 0
        self._waiting: deque[object] = deque()
        self._changed = threading.Condition(threading.RLock())

    def check(self, task: Task) -> None:
        """Raise MemoryError if a task can never enter."""
        if self.memory is not None and task.memory > self.memory:
            raise MemoryError(
                f"the task {task.key!r} needs {_arguments.format_bytes(task.memory)}, but only "
                f"{_arguments.format_bytes(self.memory)} are available"
            )

    def width(self, task: Task, n_tasks: int | None = None) -> int:
        """Return how many threads a task should have.

        ``n_tasks`` is how many tasks have not entered, this one included: the threads that are
        free are shared among those of them that can still enter. Without it the others are
        unknown, and each gets what it has when as many as fit are side by side.
        """
        if task.wide:
            return self.threads
        with self._changed:
            side_by_side = min(self.threads, self.slots)
            if self.memory is not None and task.memory > 0:
                side_by_side = min(side_by_side, (self.memory - self._held) // task.memory)
            if n_tasks is None:
                return self.threads // max(1, side_by_side)
            still = min(side_by_side - self._inside, n_tasks)
            return max(1, (self.threads - self._threads_taken) // max(1, still))

    def enter(self, memory: int, width: int) -> bool:
        """Take room for a task if there is any now; a task alone always finds room."""
        with self._changed:
            taken = self._held + self._memory_taken + memory
            full = self._threads_taken + width > self.threads
            full = full or (self.memory is not None and taken > self.memory)
            if full and self._inside > 0:
                return False
            self._inside += 1
            self._threads_taken += width
            self._memory_taken += memory
            return True

    def leave(self, memory: int, width: int, held: int = 0) -> None:
        """Give back what a task took, but for the bytes of what it leaves behind."""
        with self._changed:
            self._inside -= 1
            self._threads_taken -= width
            self._memory_taken -= memory
            self._held += held
            self._changed.notify_all()

    @contextmanager
    def stay(self, task: Task) -> Iterator[int]:
        """Wait for room, and yield the number of threads.

        Who came first enters first: a large task is not passed by small ones for ever.
        """
        turn = object()
        with self._changed:
            self._waiting.append(turn)
            try:
                while True:
                    width = self.width(task)
                    if self._waiting[0] is turn and self.enter(task.memory, width):
                        break
                    self._changed.wait()
            finally:
                self._waiting.remove(turn)
                self._changed.notify_all()  # the next may fit too
        try:
            yield width
        finally:
            self.leave(task.memory, width)
