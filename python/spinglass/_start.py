"""Ctrl-C while the command ``spinglass`` starts: one line, as later, and no traceback.

Most of the start is imports. An interruption in the middle of one is a traceback, and some compiled
modules turn it into an ImportError. Nothing is done yet that could be left half done, so until
`spinglass.cli.main` has read its arguments the process just ends. What a program does that imports
the package is its own affair.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress
from types import FrameType
from typing import NoReturn


def _leave(number: int, frame: FrameType | None) -> NoReturn:
    if sys.stderr is not None:  # which may be closed, or a pipe that nobody reads
        with suppress(OSError):
            os.write(2, b"spinglass: interrupted\n")
    os._exit(128 + number)


def _is_command() -> bool:
    """Whether this is ``python -m spinglass``, or the script that pip makes of it."""
    if sys.argv[:1] == ["-m"]:
        words = sys.orig_argv
        return "spinglass" in words and words[words.index("spinglass") - 1] == "-m"
    return os.path.splitext(os.path.basename(sys.argv[0] if sys.argv else ""))[0] == "spinglass"


def begin() -> None:
    """Let Ctrl-C end the process, if it is the command and has no other answer to it."""
    is_main = threading.current_thread() is threading.main_thread()
    if is_main and _is_command() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)


def end() -> None:
    """Let Ctrl-C be what it is in Python."""
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


begin()
