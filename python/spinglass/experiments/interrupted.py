"""What Ctrl-C leaves of an experiment: the result of what was finished, and how much that is."""

from __future__ import annotations

from typing import Any


class ExperimentInterrupted(KeyboardInterrupt):
    """Ctrl-C during an experiment; each kind names what it counts in ``unit``.

    Attributes
    ----------
    result : object
        The result of what was finished.
    done, total : int
        How many that are, and of how many.
    """

    unit = "parts"

    def __init__(self, result: Any, done: int, total: int) -> None:
        super().__init__(f"interrupted after {done} of {total} {self.unit} (kept in .result)")
        self.result, self.done, self.total = result, done, total

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.result, self.done, self.total)
