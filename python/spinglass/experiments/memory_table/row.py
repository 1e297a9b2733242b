"""A row of the table: a memory, what counts as kept, what was published, and how it is measured."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np

from spinglass.experiments.retrieval_capacity.config import CapacityConfig
from spinglass.experiments.retrieval_capacity.experiment import CapacityExperiment
from spinglass.experiments.retrieval_capacity.finite_size import CriticalLoad, HalfPoint
from spinglass.runner.task import Experiment
from spinglass.statistics import finite_size_fit

Verdict: TypeAlias = Literal[
    "reproduced", "not reproduced", "extrapolated", "nothing published", "undecided"
]

# An interval of more than this share of its middle decides nothing.
_WIDEST = 0.25


class Measured(NamedTuple):
    """What a row found: a value with its error, the interval that it may lie in, and a note."""

    value: float = math.nan
    error: float = math.nan
    low: float = math.nan
    high: float = math.nan
    note: str = ""


@dataclass(frozen=True)
class Row:
    """One row of the table.

    Attributes
    ----------
    name : str
        What it is called on the command line.
    about : str
        The memory, and what is asked of it.
    criterion : str
        What counts as kept, in words.
    published : float or None
        The value that a theory has for infinite size.
    source : str
        Who published it.
    part : callable
        Takes the effort and the seed, and returns the experiment.
    measured : callable
        Takes the result of the experiment, and those of the rows that it needs.
    needs : tuple of str
        The rows that are measured with it.
    is_extrapolated : bool
        Whether the theory is of a limit that no size here comes near.
    """

    name: str
    about: str
    criterion: str
    published: float | None
    source: str
    part: Callable[[float, int], Experiment]
    measured: Callable[..., Measured]
    needs: tuple[str, ...] = ()
    is_extrapolated: bool = False

    def verdict(self, found: Measured) -> Verdict:
        """Return whether the published value lies within the interval of the measured one."""
        if not math.isfinite(found.value):
            return "undecided"
        if self.published is None:
            return "nothing published"
        if not found.low <= self.published <= found.high:
            return "not reproduced"
        if not found.high - found.low <= _WIDEST * found.value:
            return "undecided"
        return "extrapolated" if self.is_extrapolated else "reproduced"


def scan(effort: float, seed: int, memory: Callable[..., Any] | None, **asked: Any) -> Experiment:
    """Return a capacity scan as the experiment of a row: `capacity` of these arguments."""
    counts = tuple(instances(k, effort) for k in asked.pop("n_instances"))
    given = dict(CapacityConfig.defaults) | asked | {"n_instances": counts, "memory": memory}
    return CapacityExperiment(CapacityConfig.checked(given | {"seed": seed}), memory)


def instances(count: int, effort: float) -> int:
    """Return the number of instances for an effort: at least two, so that there are errors."""
    return max(2, round(count * effort))


def around(
    load: float, sizes: tuple[int, ...], *, shift: float = 1.0, width: float = 1.0
) -> dict[int, tuple[float, ...]]:
    """Return nine loads for each size, around where half of the memories may be lost.

    The half-points of Hebb's rule lie 0.92 N^(-0.52) above its critical load, and the share of kept
    memories falls over a width of 0.73 N^(-1/2) in sqrt(load). ``shift`` and ``width`` are in these
    units. The choice does not determine the half-points, which are fitted to the trials.
    """
    grid = {}
    for n in sizes:
        middle = math.sqrt(load + shift * 0.92 * n**-0.52)
        step = width * 0.73 * n**-0.5 / 2
        counts = {max(1, round(n * max(0.0, middle + k * step) ** 2)) for k in range(-4, 5)}
        grid[n] = tuple(p / n for p in sorted(counts))
    return grid


def beside(points: tuple[HalfPoint, ...], others: tuple[HalfPoint, ...], load: float) -> Measured:
    """Return the critical load of half-points beside those of a memory whose load is known.

    half(N) = load' + A (other half(N) - load): both are taken to approach their limits by the same
    powers of N. The line is fitted to the sizes that both have. Its interval is two errors to
    either side, which are larger if the half-points do not lie on a line.
    """
    known = {p.n_spins: p for p in others if math.isfinite(p.value)}
    used = [p for p in points if math.isfinite(p.value) and p.n_spins in known]
    if len(used) < 3:
        return Measured(note="fewer than three sizes have half-points")
    y, y_error = np.array([(p.value, p.error) for p in used]).T
    x, x_error = np.array([(known[p.n_spins].value - load, known[p.n_spins].error) for p in used]).T
    slope = 1.0
    for _ in range(20):  # errors along both axes
        errors = np.hypot(y_error, slope * x_error)
        (slope, value), covariance = np.polyfit(x, y, 1, w=1 / errors, cov="unscaled")
    chi_square = float((((y - value - slope * x) / errors) ** 2).sum())
    freedom = len(used) - 2
    error = math.sqrt(covariance[1, 1] * max(1.0, chi_square / freedom))
    note = f"A = {slope:.2f}, chi-square {chi_square:.1f} ({freedom} d.f.)"
    return Measured(float(value), error, float(value - 2 * error), float(value + 2 * error), note)


def extrapolated(found: CriticalLoad) -> Measured:
    """Return a critical load with the interval of all laws that the half-points do not reject."""
    return Measured(found.value, found.error, *found.interval, found.note)


def from_below(points: tuple[HalfPoint, ...]) -> Measured:
    """Return the limit of half-points that rise to it, with the interval of all laws."""
    known = [(p.n_spins, p.value, p.error) for p in points if math.isfinite(p.value)]
    fit = finite_size_fit(*np.array(known).reshape(-1, 3).T, approach="below")
    return Measured(fit.value, fit.error, *fit.interval, fit.note)


def largest(points: tuple[HalfPoint, ...]) -> Measured:
    """Return the half-point of the largest size that has one, with two errors to either side."""
    known = [p for p in points if math.isfinite(p.value)]
    if not known:
        return Measured(note=points[-1].reason if points else "no size")
    last = known[-1]
    reach = 2 * last.error
    note = f"half-point of N = {last.n_spins}"
    return Measured(last.value, last.error, last.value - reach, last.value + reach, note)
