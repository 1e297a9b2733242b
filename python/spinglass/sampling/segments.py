"""A run in segments, between which functions of the user see the states.

Each segment goes on from the states and the random streams of the one before, so that all together
have the bits of one run. Without functions there is a single segment.

A segment is kept once all functions that are due after it have returned. If one fails, the run ends
where this segment began: all series end together, and the run can go on as if it had never failed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spinglass.sampling.observables.observed import ObservedFailed, Spaced

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
    # The warmup is a segment without a measurement: a function that fails at once does not cost it.
    columns, interruption = move(
        replace(plan, n_sweeps=0), states, **begin, progress=_shifted(progress, 0, total)
    )
    joined.add(columns)
    try:
        while interruption is None and done < plan.n_sweeps:
            begin |= {name: columns[name] for name in _CARRIED if name in columns}
            begin["sweeps"] += columns["sweeps"]
            segment = replace(plan, n_sweeps=min(step, plan.n_sweeps - done), warmup=0)
            columns, interruption = move(
                segment,
                columns["final_states"],
                **begin,
                progress=_shifted(progress, plan.warmup + done, total),
            )
            done += columns["sweeps"]
            due = [one for one in plan.observed if done % one.every == 0]
            if due and interruption is None:
                interruption = joined.observe(due, _measured(columns), done)
            # A segment without a sweep may have broken off within one: the run goes on before it.
            if interruption is not None and (due or not columns["sweeps"]):
                break
            joined.add(columns)
    except KeyboardInterrupt as ctrl_c:  # in a function, or between two segments
        interruption = ctrl_c
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
        # Those of the last segment, with the counts of all.
        self.last: Columns = {}
        self.space: dict[str, NDArray[Any]] = {}
        self.series: dict[str, NDArray[np.float64]] = {}

    def add(self, columns: Columns) -> None:
        """Add a segment."""
        axis = columns["energy"].ndim - 1
        at, new = self.last.get("measured", 0), columns["measured"]
        parts = {x: columns[x] for x in ("energy", "magnetization", "states") if x in columns}
        for name, part in (parts | columns["series"]).items():
            shape = list(part.shape)
            shape[axis] = self.plan.n_sweeps // self.plan.every
            if name not in self.space:
                self.space[name] = np.empty(shape, part.dtype)
            here = (slice(None),) * axis
            self.space[name][(*here, slice(at, at + new))] = part[(*here, slice(new))]
        counts = {x: self.last.get(x, 0) + columns[x] for x in _COUNTED if x in columns}
        # At once, so that Ctrl-C finds a segment added or not.
        self.last = columns | counts

    def observe(
        self, due: list[Spaced], states: NDArray[np.int8], done: int
    ) -> BaseException | None:
        """Call functions after so many sweeps; return what one of them raised."""
        rows = states.ndim - 1
        for one in due:
            n_calls = self.plan.n_sweeps // one.every
            try:
                values = one.values(states, self.series.get(one.name), n_calls)
                if one.name not in self.series:
                    shape = (*values.shape[:rows], n_calls, *values.shape[rows:])
                    self.series[one.name] = np.empty(shape)
            except Exception as error:
                failed = ObservedFailed(f"{one.name} raised {type(error).__name__}: {error}")
                failed.__cause__ = error
                return failed
            self.series[one.name][(slice(None),) * rows + (done // one.every - 1,)] = values
        return None

    def columns(self) -> Columns:
        """Return the columns of the whole run."""
        *rows, _ = self.last["energy"].shape
        series = {name: self.space[name] for name in self.last["series"]}
        fixed = {name: values for name, values in self.space.items() if name not in series}
        done = max(0, self.last["sweeps"] - self.plan.warmup)
        observed = {
            one.name: self.series.get(one.name, np.empty((*rows, 0)))[
                (slice(None),) * len(rows) + (slice(done // one.every),)
            ]
            for one in self.plan.observed
        }
        return self.last | fixed | {"series": series, "observed": observed}
