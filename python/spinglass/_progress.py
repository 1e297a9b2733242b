"""How far a long call is: a bar on a terminal, plain lines elsewhere, or the user's callable."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeAlias

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
        False shows nothing, True a bar (plain lines where stderr is no terminal); a callable is
        called itself.
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
        yield None
    elif callable(progress):
        yield progress
    else:
        raise TypeError(f"progress must be False, True or a callable, got {progress!r}")


class _Report:
    """A bar of the work done, which is not the number of units where these differ in cost."""

    def __init__(
        self, description: str, unit: str, work: Callable[[], float] | None = None
    ) -> None:
        from tqdm.auto import tqdm

        self._description, self._unit = description, unit
        self._work = work
        self._before = work() if work else 0.0
        self._lines = not (sys.stderr and sys.stderr.isatty())
        self._shown = int(10 * self._before)
        self._noted = ""
        self._started = time.monotonic()
        self._bar = tqdm(
            desc=description,
            total=1.0,
            initial=self._before,
            disable=self._lines,
            dynamic_ncols=True,
            leave=False,
            bar_format="{desc} {percentage:3.0f}%|{bar}| {remaining} left{postfix}",
        )

    def __call__(self, done: int, total: int) -> None:
        with suppress(OSError):  # whoever read stderr is gone, which does not end the work
            self._show(done, total)

    def _show(self, done: int, total: int) -> None:
        work = self._work() if self._work else done / max(total, 1)
        if not self._lines:
            # A line of 80 columns has no space for both the unit and a note.
            shown = self._noted or f" {self._unit}"
            self._bar.set_postfix_str(f"{done}/{total}{shown}", refresh=False)
            self._bar.update(work - self._bar.n)
        elif int(10 * work) > self._shown:
            self._shown = int(10 * work)
            spent = time.monotonic() - self._started
            left = spent * (1 - work) / (work - self._before)
            print(
                f"{self._description}: {done} of {total} {self._unit}, {spent:.0f} s gone, "
                f"about {left:.0f} s left{self._noted}",
                file=sys.stderr,
            )

    def note(self, text: str) -> None:
        """Show ``text`` behind the counts, until another comes."""
        self._noted = f", {text}"

    def close(self) -> None:
        with suppress(OSError):
            self._bar.close()
