"""What is left of an experiment that ends too early: the result of what was finished."""

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


class ExperimentStopped(RuntimeError):  # noqa: N818  beside ExperimentInterrupted
    """An experiment that cannot go on: its workers are lost, or its store cannot be written.

    Attributes
    ----------
    reason : str
        Why.
    result : object
        The result of what was finished.
    done, total : int
        How many tasks that are, and of how many.
    """

    def __init__(self, reason: str, result: Any, done: int, total: int) -> None:
        super().__init__(f"{reason}; {done} of {total} tasks were finished (kept in .result)")
        self.reason, self.result, self.done, self.total = reason, result, done, total

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.reason, self.result, self.done, self.total)
