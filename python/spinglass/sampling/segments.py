"""A run in segments, between which functions of the user see the states.

Each segment goes on from the states and the random streams of the one before, so that all together
have the bits of one run. Without functions there is a single segment.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spinglass.sampling.observables.observed import ObservedFailed

if TYPE_CHECKING:
    from spinglass.sampling.plan import Plan

Columns: TypeAlias = dict[str, Any]
# Moves the states, (n_replicas, ..., n_spins), by the sweeps of a plan, and says what came out
# and what ended it early.
Move: TypeAlias = Callable[..., tuple[Columns, BaseException | None]]

# What a segment takes over from the one before.
_CARRIED = ("streams", "order", "seen")
# What all segments add up to.
_COUNTED = ("measured", "sweeps", "flips", "tried", "exchanged", "round_trips")


def in_segments(
    move: Move, plan: Plan, states: NDArray[np.int8], begin: Columns, progress: Any
) -> tuple[Columns, BaseException | None]:
    """Move the states by all sweeps of the plan; the columns also have what functions returned."""
    if not plan.observed:
        return move(plan, states, **begin, progress=progress)
    step, total = math.gcd(*(one.every for one in plan.observed)), plan.warmup + plan.n_sweeps
    joined, done = _Joined(plan), 0
    while done < plan.n_sweeps:
        length = min(step, plan.n_sweeps - done)
        segment = replace(plan, n_sweeps=length, warmup=0 if done else plan.warmup)
        before = plan.warmup + done if done else 0
        columns, interruption = move(
            segment, states, **begin, progress=_shifted(progress, before, total)
        )
        joined.add(columns)
        if interruption is not None or columns["ending"] != "complete":
            break
        states, done = columns["final_states"], done + length
        begin |= {name: columns[name] for name in _CARRIED if name in columns}
        begin["sweeps"] += columns["sweeps"]
        interruption = joined.observe(_measured(columns), done)
        if interruption is not None:
            break
    return joined.columns(), interruption


def _measured(columns: Columns) -> NDArray[np.int8]:
    """Return the states at the last measurement: before the exchanges that followed it."""
    states: NDArray[np.int8] = columns["final_states"]
    if "order" not in columns:
        return states
    now, then = (columns[name].reshape(states.shape[:2]) for name in ("order", "measured_order"))
    places = np.take_along_axis(np.argsort(now, axis=1), then.astype(np.intp), axis=1)
    return np.take_along_axis(states, places[..., None], axis=1)


def _shifted(progress: Any, before: int, total: int) -> Any:
    """Return what reports the sweeps of a segment as those of the run."""
    return None if progress is None else lambda done, _: progress(before + done, total)


class _Joined:
    """The columns of all segments, in space for the whole run."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.last: Columns = {}
        self.counts: Columns = {}
        self.space: dict[str, NDArray[Any]] = {}
        self.series: dict[str, NDArray[np.float64]] = {}
        self.calls: dict[str, int] = {}

    def add(self, columns: Columns) -> None:
        """Add a segment."""
        axis = columns["energy"].ndim - 1
        at, new = self.counts.get("measured", 0), columns["measured"]
        parts = {x: columns[x] for x in ("energy", "magnetization", "states") if x in columns}
        for name, part in (parts | columns["series"]).items():
            shape = list(part.shape)
            shape[axis] = self.plan.n_sweeps // self.plan.every
            space = self.space.setdefault(name, np.empty(0, part.dtype))
            if not space.size:
                space = self.space[name] = np.empty(shape, part.dtype)
            here = (slice(None),) * axis
            space[(*here, slice(at, at + new))] = part[(*here, slice(new))]
        for name in _COUNTED:
            if name in columns:
                self.counts[name] = self.counts.get(name, 0) + columns[name]
        self.last = columns

    def observe(self, states: NDArray[np.int8], done: int) -> BaseException | None:
        """Call the functions that are due after so many sweeps; return what they raised."""
        for one in self.plan.observed:
            if done % one.every:
                continue
            at, n_calls = self.calls.get(one.name, 0), self.plan.n_sweeps // one.every
            try:
                values = one.values(states, self.series.get(one.name), n_calls)
                if one.name not in self.series:
                    rows = states.ndim - 1
                    shape = (*values.shape[:rows], n_calls, *values.shape[rows:])
                    self.series[one.name] = np.empty(shape)
            except KeyboardInterrupt as interruption:
                return interruption
            except Exception as error:
                failed = ObservedFailed(f"{one.name} raised {type(error).__name__}: {error}")
                failed.__cause__ = error
                return failed
            self.series[one.name][(slice(None),) * (states.ndim - 1) + (at,)] = values
            self.calls[one.name] = at + 1
        return None

    def columns(self) -> Columns:
        """Return the columns of the whole run."""
        axis = self.last["energy"].ndim - 1
        series = {name: self.space[name] for name in self.last["series"]}
        fixed = {name: values for name, values in self.space.items() if name not in series}
        observed = {
            name: values[(slice(None),) * axis + (slice(self.calls[name]),)]
            for name, values in self.series.items()
        }
        return self.last | self.counts | fixed | {"series": series, "observed": observed}
