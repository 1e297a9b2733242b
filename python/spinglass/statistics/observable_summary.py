"""The mean of any series that was measured, with its error.

A number of each replica is treated as `summarize` treats the energy, through a window at least as
wide as that of the slowest of E, |m| and m^2 if they are known. For pairs of replicas it is the
average over all pairs at each time, as in `summarize_overlaps`.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass import _arguments
from spinglass._printed import printed
from spinglass._text import counted
from spinglass.statistics.correlation import Floats, measurements, memory_of
from spinglass.statistics.estimate import Estimate
from spinglass.statistics.overlap_summary import through
from spinglass.statistics.summary import checked, mean_of, note_on, signed

__all__ = ["ObservableSummary", "summarize_observable"]

# Numbers that a table shows one by one.
_SHOWN = 20


@printed
@dataclass(frozen=True, eq=False)
class ObservableSummary:
    """The mean of an observable; ``print`` shows it as a table.

    Attributes
    ----------
    name : str
        What was measured.
    n_replicas, n_measurements : int
        The number of replicas, and of measurements of each.
    mean : Estimate
        The mean with its error. Where a measurement is several numbers, value and error are arrays
        of its shape; a run at several temperatures has these first.
    tau : float or numpy.ndarray
        Integrated autocorrelation time, in measurements; NaN of a series that never changed.
    n_effective : float or numpy.ndarray
        Number of independent measurements with the same information.
    note : str
        A warning about the error in words, or empty; of several numbers about that of the longest
        tau.

    Examples
    --------
    >>> import spinglass
    >>> lattice = spinglass.SquareLattice(8)
    >>> run = spinglass.sample(lattice, 0.3, 500, 4, measure=["staggered_magnetization"], seed=1)
    >>> found = run.observable("staggered_magnetization")
    >>> bool(abs(found.mean.value) < 5 * found.mean.error), found.note
    (True, '')
    """

    name: str
    n_replicas: int
    n_measurements: int
    mean: Estimate
    tau: Any
    n_effective: Any
    note: str = ""

    def __str__(self) -> str:
        """Return a table of at most 80 columns, and the note."""
        shape = np.shape(self.mean.value)
        rows = [("", "value(error)", "tau")]
        for place in list(np.ndindex(shape))[:_SHOWN]:
            value, error, tau = (
                float(np.asarray(x)[place]) for x in (self.mean.value, self.mean.error, self.tau)
            )
            number = f"[{', '.join(map(str, place))}]" if shape else ""
            known = "?" if math.isnan(tau) else f"{tau:.3g}"
            rows.append((f"{self.name}{number}", str(Estimate(value, error)), known))
        wide = max(len(name) for name, _, _ in rows)
        replicas = counted(self.n_replicas, "replica")
        lines = [f"{replicas} of {counted(self.n_measurements, 'measurement')}", ""]
        lines += [f"{name:{wide}}  {value:>22}  {tau:>9}" for name, value, tau in rows]
        if (left := math.prod(shape) - _SHOWN) > 0:
            lines.append(f"and {left} more")

        if self.note:
            lines += ["", *textwrap.wrap(f"Note: {self.note}.", 80)]
        return "\n".join(lines)


def summarize_observable(
    series: ArrayLike,
    name: str = "series",
    n_replicas: int | None = None,
    of_pairs: bool = False,
    window: int = 1,
    is_odd: bool = False,
) -> ObservableSummary:
    """Turn a series in equilibrium into its mean with an error.

    Parameters
    ----------
    series : array_like, (n_replicas, n_measurements) or (n_replicas, n_measurements, ...)
        The measurements; further axes are numbers that were measured together. Of pairs there is
        a row for each, (0, 1), (0, 2), ..., (1, 2), ....
    name : str
        What it is called.
    n_replicas : int, optional
        Number of replicas; needed for pairs.
    of_pairs : bool
        Whether rows are pairs.
    window : int
        Lags that autocorrelations are summed over at least, as those of a slower series of the
        same run.
    is_odd : bool
        Whether a flip of all spins of a replica changes the sign of its numbers, as it does that
        of the magnetization.

    Returns
    -------
    ObservableSummary
        The error is NaN where there are too few measurements for one, of a series that never
        changed, and of an odd one whose sign turned too seldom.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> print(summarize_observable(rng.normal(size=(4, 1000)), "x").mean)
    -0.010(16)
    """
    values = _arguments.copied(_arguments.real_array(series, "series"), np.float64)
    if values.ndim < 2 or not values.size:
        raise ValueError(
            "series must have shape (n_replicas, n_measurements, ...) and at least one "
            f"measurement, got {values.shape}"
        )
    is_pairs, R = rows_are_of(values, n_replicas, of_pairs, "series")
    if not isinstance(name, str):
        raise TypeError(f"name must be text, got {_arguments.shown(name)}")
    least = _arguments.integer(window, "window", at_least=1)
    turns = _arguments.flag(is_odd, "is_odd")
    shape, n = values.shape[2:], values.shape[1]
    estimates, times, notes = [], [], []
    for place in np.ndindex(shape):
        rows = measurements(values[(slice(None), slice(None), *place)])
        own = memory_of(rows)
        wide = max(own.window, least)
        if is_pairs:
            average, memory = through(rows, own, R, wide)
        else:
            average = memory = checked(own, wide)
        moves = average.changes
        if turns:
            average = signed(rows, average, memory if is_pairs else None)
        estimates.append(mean_of(rows, average))
        times.append((memory if is_pairs else average).time)
        notes.append((memory.time, place, memory, average.changes < moves))
    _, place, memory, is_rare = max(
        notes, key=lambda note: math.inf if math.isnan(note[0]) else note[0]
    )
    label = f"{name}[{', '.join(map(str, place))}]" if shape else name
    who = "pairs" if is_pairs else "replicas"
    rows = values[(slice(None), slice(None), *place)]
    tau = _shaped(times, shape)
    of_all = n * (R // 2 if is_pairs else R)
    note = f"the sign of {label} turned too seldom for an error of its mean"
    return ObservableSummary(
        name,
        R,
        n,
        Estimate(
            _shaped([one.value for one in estimates], shape),
            _shaped([one.error for one in estimates], shape),
        ),
        tau,
        of_all / (2.0 * tau),
        note if is_rare else note_on({label: memory}, {label: rows}, who),
    )


def rows_are_of(
    rows: Floats, n_replicas: int | None, of_pairs: bool, name: str
) -> tuple[bool, int]:
    """Return whether rows are those of pairs, and of how many replicas they are."""
    is_pairs = _arguments.flag(of_pairs, "of_pairs")
    given = len(rows) if n_replicas is None and not is_pairs else n_replicas
    R = _arguments.integer(given, "n_replicas", at_least=2 if is_pairs else 1)
    if len(rows) != (math.comb(R, 2) if is_pairs else R):
        raise ValueError(
            f"{name} must have a row for each {'pair' if is_pairs else 'one'} of {R} replicas, got "
            f"{len(rows)} rows"
        )
    return is_pairs, R


def _shaped(numbers: list[float], shape: tuple[int, ...]) -> Any:
    """Return numbers as an array, or the only one as it is."""
    array: NDArray[np.float64] = np.array(numbers).reshape(shape)
    return array if shape else float(array)


def stacked(summaries: Sequence[ObservableSummary]) -> ObservableSummary:
    """Return one summary of those of several temperatures, which are a new first axis."""
    first = summaries[0]
    notes = {k: one.note for k, one in enumerate(summaries) if one.note}
    return ObservableSummary(
        first.name,
        first.n_replicas,
        first.n_measurements,
        Estimate.of([one.mean for one in summaries]),
        np.array([one.tau for one in summaries]),
        np.array([one.n_effective for one in summaries]),
        "; ".join(f"at beta number {k}: {note}" for k, note in notes.items()),
    )
