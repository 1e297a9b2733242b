"""Functions of the user that see the states of a run every so many sweeps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass._arguments import check_memory, integer, real_array, shown

Function = Callable[[NDArray[np.int8]], ArrayLike]

# Of a function without a name of its own.
_NAMELESS = "observed"


class ObservedFailed(Exception):  # noqa: N818  never seen by a user
    """What a function of the user raised."""


@dataclass(frozen=True)
class Observed:
    """A function of the states that is measured during a run, for ``measure`` of `sample`.

    The function gets the states as a read-only int8 array (n_replicas, n_spins), and at several
    temperatures (n_replicas, n_betas, n_spins). It returns an array with the same axes but the last
    one, and more axes behind these for several numbers. The series are in ``run.measured`` under
    the name. A plain function in ``measure`` is measured at every measurement of the run.

    Parameters
    ----------
    function : callable
        It is called between two sweeps, in the thread that called `sample`.
    every : int, optional
        Sweeps from one call to the next, a multiple of ``every`` of the run, which is the default.
    name : str, optional
        By default that of the function. Names that tables have for something else, such as
        ``"replica"``, ``"beta"`` or ``"states"``, are refused when the run begins.

    Raises
    ------
    TypeError, ValueError
        If the function cannot be called, ``every`` is not an integer >= 1, or the name no text.

    Notes
    -----
    An exception in the function ends the run as a :class:`~spinglass.MeasurementError`, which has
    the run up to the last sweep before it after which functions were due. The series end together
    there, and the run can be continued; so it is after Ctrl-C in the function. A saved run keeps
    the series and not the function, so a continued run needs it again, and counts ``every`` from
    its own start. Each call costs about 0.1 ms beside the function itself.

    Examples
    --------
    >>> import spinglass
    >>> def first_row(states):
    ...     return states[:, :8].mean(axis=-1)
    >>> lattice = spinglass.SquareLattice(8)
    >>> measure = [spinglass.Observed(first_row, every=10)]
    >>> run = spinglass.sample(lattice, 0.4, 100, 4, measure=measure, seed=1)
    >>> run.measured["first_row"].shape
    (4, 10)
    """

    function: Function
    every: int | None = None
    name: str | None = None

    def __post_init__(self) -> None:
        if not callable(self.function):
            raise TypeError(f"function must be callable, got {shown(self.function)}")
        if self.every is not None:
            object.__setattr__(self, "every", integer(self.every, "every", at_least=1))
        own = getattr(self.function, "__name__", "")
        name = (own if str(own).isidentifier() else _NAMELESS) if self.name is None else self.name
        if not isinstance(name, str) or not name:
            raise TypeError(f"name must be text, got {shown(self.name)}")
        object.__setattr__(self, "name", name)

    def _spaced(self, every: int) -> Spaced:
        """Return it with its distance in sweeps, for a run that measures every so many."""
        distance = every if self.every is None else self.every
        if distance % every:
            raise ValueError(
                f"every of Observed must be a multiple of that of the run, {every}, got {distance}"
            )
        return Spaced(self.function, distance, cast(str, self.name))


class Spaced(NamedTuple):
    """A function, the sweeps from one call to the next, and the name of its series."""

    function: Function
    every: int
    name: str

    def values(self, states: NDArray[np.int8], space: Any, n_calls: int) -> NDArray[np.float64]:
        """Return what the function says of the states, if it fits into the space of its series."""
        # The run goes on from these states: no flag makes their bytes writable again.
        view = np.asarray(states.data.toreadonly())
        rows = states.shape[:-1]
        values = np.asarray(real_array(self.function(view), f"what {self.name} returns"), float)
        if not values.ndim and np.prod(rows) == 1:
            values = values.reshape(rows)
        expected = rows if space is None else (*rows, *space.shape[len(rows) + 1 :])
        if values.shape[: len(expected)] != expected or (
            space is not None and values.ndim > len(expected)
        ):
            raise ValueError(
                f"{self.name} must return an array of shape {expected}"
                f"{' or with more axes' if space is None else ''}, got shape {values.shape}"
            )
        if space is None:
            check_memory(8 * n_calls * values.size, f"measure: {n_calls} values of {self.name}")
        return values
