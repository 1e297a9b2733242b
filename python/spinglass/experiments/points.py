"""The points of a scan: the seed of each, and what Ctrl-C leaves of all."""

from __future__ import annotations

from typing import Any

import numpy as np


class PointsInterrupted(KeyboardInterrupt):
    """Ctrl-C during a scan.

    Attributes
    ----------
    result : object
        The result of the points that were finished.
    done, total : int
        How many these are, and of how many.
    """

    def __init__(self, result: Any, done: int, total: int) -> None:
        super().__init__(f"interrupted after {done} of {total} points (kept in .result)")
        self.result, self.done, self.total = result, done, total

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.result, self.done, self.total)


def number_of(value: float) -> int:
    """Return the 64 bits of a number: a seed for the point that it names, wherever it stands."""
    return int(np.float64(value).view(np.uint64))
