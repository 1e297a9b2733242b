"""What is left of a call that ends too early: the result of what was finished."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# At a prompt of Python, IPython or a notebook nobody has caught the exception.
_KEPT = "(kept in .result; at a prompt: import sys; sys.last_value.result)"


class Interrupted(KeyboardInterrupt):
    """Ctrl-C during a long call, which keeps what was finished.

    Attributes
    ----------
    result : object
        The result of what was finished: what the call itself returns, only less of it.
    done, total : int
        How much was finished, and of how much.
    unit : str
        What they count: sweeps, measurements, trials, ...
    finished : numpy.ndarray of int, or None
        The numbers of those states of a batch that were finished.

    Examples
    --------
    >>> import spinglass
    >>> def stop(done, total):
    ...     raise KeyboardInterrupt
    >>> try:
    ...     spinglass.sample(spinglass.SquareLattice(4), 0.4, 10**6, seed=1, progress=stop)
    ... except spinglass.Interrupted as interruption:
    ...     kept = interruption.result
    >>> 0 < kept.n_sweeps < 10**6
    True
    """

    def __init__(
        self,
        result: Any,
        done: int,
        total: int,
        unit: str,
        finished: NDArray[np.intp] | None = None,
    ) -> None:
        super().__init__(f"interrupted after {done} of {total} {unit} {_KEPT}")
        self.result, self.done, self.total, self.unit = result, done, total, unit
        self.finished = finished

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.result, self.done, self.total, self.unit, self.finished)


class MeasurementError(RuntimeError):
    """An exception in a function that was measured during a run. The cause is that exception.

    Attributes
    ----------
    result : Run, LadderRun or TemperedRun
        The run up to the call before, which can be continued.
    done, total : int
        How many measurements that are, and of how many.

    Examples
    --------
    >>> import spinglass
    >>> left = [0.5, 0.25]
    >>> def broken(states):
    ...     return left.pop()
    >>> try:
    ...     spinglass.sample(spinglass.SquareLattice(4), 0.4, 10, measure=[broken], seed=1)
    ... except spinglass.MeasurementError as error:
    ...     kept = error.result
    >>> kept.n_sweeps, kept.measured["broken"]
    (2, array([[0.25, 0.5 ]]))
    """

    def __init__(self, reason: str, result: Any, done: int, total: int) -> None:
        super().__init__(f"{reason}; {done} of {total} measurements were finished {_KEPT}")
        self.reason, self.result, self.done, self.total = reason, result, done, total

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.reason, self.result, self.done, self.total)


class ExperimentStopped(RuntimeError):  # noqa: N818  beside Interrupted
    """An experiment that cannot go on.

    Its workers are lost, or its store cannot be written, or a function of the user's failed.

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
        super().__init__(f"{reason}; {done} of {total} tasks were finished {_KEPT}")
        self.reason, self.result, self.done, self.total = reason, result, done, total

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.reason, self.result, self.done, self.total)
