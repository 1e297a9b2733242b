"""Ctrl-C as a message: it ends an experiment between two steps, not in the middle of one.

Without this, Ctrl-C can arrive after a row was taken from a queue and before it was stored, or
after it was written to disk and before this was recorded.
"""

from __future__ import annotations

import os
import signal
import threading
from queue import SimpleQueue
from types import FrameType
from typing import Any

CTRL_C = -1
"""What comes out of the queue."""


class CtrlC:
    """While it is entered and from `wait_for` on, Ctrl-C waits for `check`, but a second does not.

    Only the main thread sees Ctrl-C. A program with an answer of its own to it keeps that answer.
    """

    def __init__(self) -> None:
        self._queue: SimpleQueue[int] | None = None
        self._came = self._ours = False
        self._process = os.getpid()

    def __enter__(self) -> CtrlC:
        main = threading.current_thread() is threading.main_thread()
        if main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self._ours = True
            signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *_: Any) -> None:
        if self._ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def wait_for(self, queue: SimpleQueue[int]) -> None:
        """From now on Ctrl-C waits; whoever waits at the queue gets `CTRL_C` out of it."""
        self._queue = queue

    def check(self) -> None:
        """Raise KeyboardInterrupt if Ctrl-C came."""
        if self._came:
            self._came = False
            raise KeyboardInterrupt

    def _note(self, number: int, frame: FrameType | None) -> None:
        forked = os.getpid() != self._process  # a worker, which has this from its parent
        if self._came or self._queue is None or forked:
            signal.default_int_handler(number, frame)
        self._came = True
        self._queue.put(CTRL_C)
