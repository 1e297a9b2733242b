"""How far a long call is: a bar in a notebook or terminal, or lines, or the user's callable."""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeAlias

from spinglass._share import progress_of_task

Progress: TypeAlias = bool | Callable[[int, int], object]


@contextmanager
def progress_callback(
    progress: Progress,
    description: str,
    unit: str,
    work: Callable[[], float] | None = None,
) -> Iterator[Callable[[int, int], object] | None]:
    """Yield what the core calls with ``(done, total)`` about ten times a second, or None.

    Parameters
    ----------
    progress : bool or callable
        False shows nothing (in a task of an experiment it is what ends the task), True a bar in a
        notebook with widgets and on a terminal, else lines on stderr, which may be whatever it is;
        a callable is called itself.
    description, unit : str
        What is done, and what is counted.
    work : callable, optional
        Returns which part of the work is done, between 0 and 1, where the units differ in cost.
        What was done before this call says nothing of the time left.
    """
    if progress is True:
        report = _Report(description, unit, work)
        try:
            yield report
        finally:
            report.close()
    elif progress is False:
        yield progress_of_task()
    elif callable(progress):
        yield progress
    else:
        from spinglass._arguments import shown

        raise TypeError(f"progress must be False, True or a callable, got {shown(progress)}")


def say(line: str, stream: Any) -> None:
    """Print a line to ``sys.stderr`` or ``sys.stdout``, if it can be: it is not worth the work.

    What stands there may be None, closed, a pipe that nobody reads, or an object of the user's.
    """
    if stream is not None:  # print would take it for stdout
        with suppress(Exception):
            print(line, file=stream)


def bars() -> Any:
    """Return the class of bars that can be shown: a notebook's, a terminal's, or None."""
    from tqdm import TqdmWarning, std

    with warnings.catch_warnings():  # of a notebook without widgets, which gets lines
        warnings.simplefilter("ignore", TqdmWarning)
        from tqdm.autonotebook import tqdm
    if tqdm is not std.tqdm:
        return tqdm
    with suppress(Exception):  # stderr is anything
        if sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
            return tqdm
    return None


class _Report:
    """A bar of the work done, which is not the number of units where these differ in cost.

    No error of showing it ends the work. Ctrl-C does.
    """

    def __init__(
        self, description: str, unit: str, work: Callable[[], float] | None = None
    ) -> None:
        self._description, self._unit = description, unit
        self._work = work
        self._before = work() if work else 0.0
        self._shown = int(10 * self._before)
        self._noted = ""
        self._started = time.monotonic()
        self._bar: Any = None
        with suppress(Exception):
            if tqdm := bars():
                self._bar = tqdm(
                    desc=description,
                    total=1.0,
                    initial=self._before,
                    dynamic_ncols=True,
                    leave=False,
                    bar_format="{desc} {percentage:3.0f}%|{bar}| {remaining} left{postfix}",
                )

    def __call__(self, done: int, total: int) -> None:
        work = self._work() if self._work else done / max(total, 1)
        if self._bar is not None:
            # A line of 80 columns has no space for both the unit and a note.
            shown = self._noted or f" {self._unit}"
            with suppress(Exception):
                self._bar.set_postfix_str(f"{done}/{total}{shown}", refresh=False)
                self._bar.update(work - self._bar.n)
        elif int(10 * work) > self._shown:
            self._shown = int(10 * work)
            spent = time.monotonic() - self._started
            left = spent * (1 - work) / (work - self._before)
            say(
                f"{self._description}: {done} of {total} {self._unit}, {spent:.0f} s gone, "
                f"about {left:.0f} s left{self._noted}",
                sys.stderr,
            )

    def note(self, text: str) -> None:
        """Show ``text`` behind the counts, until another comes."""
        self._noted = f", {text}"

    def close(self) -> None:
        if self._bar is not None:
            with suppress(Exception):
                self._bar.close()
