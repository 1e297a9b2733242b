"""The measurements of several runs, as reweighting takes them: in one row, in blocks, with weights.

A measurement stands for 1 / (2 tau) independent ones, tau the longest autocorrelation time of its
run at its temperature. Blocks are what a jackknife leaves out. A block is a stretch of time of one
replica, long beside tau. A replica of a tempered run is a whole ladder: its temperatures exchange
their states and are correlated, so a block holds the same stretch of all of them, and its tau is
also that of sums over the ladder.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spinglass import _arguments
from spinglass.statistics.correlation import Floats, Memory, are_equal, measurements, memory_of
from spinglass.statistics.resampling import cuts_for_memory
from spinglass.statistics.summary import longest_of, note_on, shortfall

_MOST_BLOCKS = 256  # of a run: more make errors no better known, and cost time
LARGEST = 1e50
"""Of numbers and of beta: fourth powers times an energy, and squares of products, are doubles."""
_OWN = ("energy", "magnetization")


class Samples(NamedTuple):
    """All measurements, one after the other, and the blocks they belong to."""

    n_spins: int
    betas: Floats  # all inverse temperatures of the runs, ascending
    energy: Floats  # total
    magnetization: Floats
    observables: dict[str, Floats]
    state: NDArray[np.int64]  # which of the betas
    weight: Floats  # independent measurements that it stands for
    block: NDArray[np.int64]
    run_of_block: NDArray[np.int64]
    shortfall: Floats  # of each run: what the errors from its blocks are to be multiplied by
    notes: dict[float, str]  # what is wrong with the series at a beta


class _Run(NamedTuple):
    """One run: series of shape (n_replicas, n_betas, n_measurements)."""

    n_spins: int
    betas: Floats
    series: dict[str, Floats]


def samples_of(runs: Any, observables: Any) -> Samples:
    """Return the measurements of the runs, checked."""
    several = _arguments.several(runs, "runs")
    given = [runs] if several is None else several
    if not given:
        raise ValueError("runs must be at least one, got none")
    named = _named(observables, given)
    read = [
        _read(run, {name: one[k] for name, one in named.items()}) for k, run in enumerate(given)
    ]
    if len(sizes := {run.n_spins for run in read}) > 1:
        raise ValueError(f"runs must be of one model, got {sorted(sizes)} spins")
    known = [run for run in given if isinstance(_arguments.attribute(run, "_identity"), str)]
    if others := [run for run in known if run._identity != known[0]._identity]:
        raise ValueError(
            f"runs must be of one model, got {known[0].model} and {others[0].model}, whose "
            "couplings, fields, constant or layout differ"
        )
    if len({held for run in given for held in _held(run)}) > 1:
        raise ValueError(
            "runs must be of one model, got replicas in which other spins are clamped, or other "
            "values"
        )
    betas = np.unique(np.concatenate([run.betas for run in read]))
    columns: dict[str, list[NDArray[Any]]] = {}
    run_of_block: list[int] = []
    short: list[float] = []
    notes: dict[float, str] = {}
    for k, run in enumerate(read):
        n_replicas, _, n = run.series["energy"].shape
        weight, cuts, time, said = _memories(run)
        notes |= said
        # Replicas are left out in groups, if there are more of them than blocks are wanted.
        groups = np.arange(n_replicas) // -(-n_replicas // _MOST_BLOCKS)
        cuts = min(cuts, max(1, _MOST_BLOCKS // n_replicas))
        stretches = np.repeat(np.arange(cuts), np.diff(np.linspace(0, n, cuts + 1).astype(int)))
        block = len(run_of_block) + groups[:, None] * cuts + stretches
        run_of_block += [k] * ((int(groups[-1]) + 1) * cuts)
        short.append(shortfall(time, cuts, n) if cuts > 1 else 1.0)
        shape = run.series["energy"].shape
        everything = run.series | {
            "block": np.broadcast_to(block[:, None], shape),
            "weight": np.broadcast_to(weight[:, None], shape),
            "state": np.broadcast_to(np.searchsorted(betas, run.betas)[:, None], shape),
        }
        for name, values in everything.items():
            columns.setdefault(name, []).append(values.ravel())
    joined = {name: np.concatenate(values) for name, values in columns.items()}
    return Samples(
        n_spins=read[0].n_spins,
        betas=betas,
        energy=joined["energy"],
        magnetization=joined["magnetization"],
        observables={name: joined[name] for name in named},
        state=joined["state"],
        weight=joined["weight"],
        block=joined["block"],
        run_of_block=np.array(run_of_block),
        shortfall=np.array(short),
        notes=notes,
    )


def _held(run: Any) -> set[bytes]:
    """Return, for each replica that differs, which spins are clamped and at what values."""
    states = _arguments.attribute(run, "final_states")
    clamp = _arguments.attribute(run, "clamp")
    if not isinstance(states, np.ndarray) or not isinstance(clamp, np.ndarray | None):
        return set()
    if clamp is not None:  # (n_replicas, n_spins), and states may have betas between
        clamp = np.expand_dims(clamp, tuple(range(1, states.ndim - 1)))
    held = np.zeros_like(states) if clamp is None else np.where(clamp, states, 0)
    return {row.tobytes() for row in held.reshape(-1, held.shape[-1])}


def _named(observables: Any, runs: list[Any]) -> dict[str, list[Any]]:
    """Return the series of each run, by name."""
    if observables is None:
        return {}
    if isinstance(observables, Mapping):
        named = {name: _each(one, name, len(runs)) for name, one in observables.items()}
    else:
        names = _arguments.several(observables, "observables")
        if names is None or not all(isinstance(name, str) for name in names):
            raise TypeError(
                "observables must be names of what the runs have, or a dict of series by name, "
                f"got {_arguments.shown(observables)}"
            )
        named = {name: [_series_of(run, name) for run in runs] for name in names}
    for name, each in named.items():
        if not isinstance(name, str) or name in _OWN:
            raise ValueError(
                f"observables must have names of their own, got {_arguments.shown(name)}"
            )
        if any(one is None for one in each):
            raise ValueError(f"observables: the runs have no {name!r}")
    return named


def _series_of(run: Any, name: str) -> Any:
    """Return what a run measured by this name, or has by it."""
    measured = _arguments.attribute(run, "measured")
    found = measured.get(name) if isinstance(measured, Mapping) else None
    return _arguments.attribute(run, name) if found is None else found


def _each(series: Any, name: Any, n_runs: int) -> list[Any]:
    if n_runs == 1:
        return [series]
    each = _arguments.several(series, f"observables[{name!r}]")
    if each is None or len(each) != n_runs:
        raise ValueError(f"observables[{name!r}] must be one series for each of {n_runs} runs")
    return each


def _read(run: Any, observables: dict[str, Any]) -> _Run:
    parts = [_arguments.attribute(run, x) for x in (*_OWN, "beta", "n_spins")]
    if any(part is None for part in parts):
        raise TypeError(
            "runs must be one run or several, or have energy, magnetization, beta and n_spins as "
            f"runs do, got {_arguments.shown(run)}"
        )
    energy, magnetization, beta, n_spins = parts
    betas = _arguments.real_array(beta, "beta of runs").astype(float)
    if betas.ndim > 1 or not betas.size or not ((betas >= 0) & (betas <= LARGEST)).all():
        raise ValueError(
            f"runs must be at a beta from 0 to {LARGEST:g}, or at several, "
            f"got {_arguments.shown(beta)}"
        )
    series = {}
    shape = np.shape(energy)
    for name, values in {"energy": energy, "magnetization": magnetization, **observables}.items():
        called = f"{name} of runs" if name in _OWN else f"observables[{name!r}]"
        rows = measurements(values, called)
        if np.shape(values) != shape:
            raise ValueError(
                f"{called} must have the shape of energy, {shape}, got {np.shape(values)}"
            )
        if (largest := np.abs(rows).max()) > LARGEST:
            raise ValueError(f"{called} must be at most {LARGEST:g} in size, got {largest:g}")
        if betas.ndim and (len(shape) < 2 or shape[-2] != len(betas)):
            raise ValueError(
                f"{called} must have shape (n_replicas, {len(betas)}, n_measurements) for "
                f"{len(betas)} betas, got {shape}"
            )
        series[name] = rows.reshape(-1, betas.size, shape[-1])
    n = _arguments.integer(n_spins, "n_spins of runs", at_least=1)
    return _Run(n, betas.reshape(-1), series)


def _memories(run: _Run) -> tuple[Floats, int, float, dict[float, str]]:
    """Return the weight at each beta, the cuts of a replica, tau of the run, and notes."""
    m = run.series["magnetization"]
    rows_of = {"E": run.series["energy"], "|m|": np.abs(m), "m^2": m * m}
    rows_of |= {name: x for name, x in run.series.items() if name not in _OWN}
    n_replicas, n_betas, n = m.shape
    weight, notes, times, by_replicas = np.empty(n_betas), {}, [], False
    for k, beta in enumerate(run.betas):
        memories = _of_one_window({name: rows[:, k] for name, rows in rows_of.items()})
        time = longest_of(memories.values())
        # Of a series that never changed nothing is known: each replica is taken for one.
        weight[k] = 1.0 / n if math.isnan(time) else 1.0 / (2.0 * max(time, 0.5))
        times.append(time)
        by_replicas |= any(memory.by_replicas for memory in memories.values())
        if said := note_on(memories, {name: rows_of[name][:, k] for name in ("E", "|m|")}):
            notes[float(beta)] = said
    if n_betas > 1:
        # States wander through the ladder: what they remember is in sums over temperatures too.
        sums = {name: _sum_over_ladder(rows) for name, rows in rows_of.items()}
        memories = _of_one_window(sums)
        times.append(longest_of(memories.values()))
        by_replicas |= any(memory.by_replicas for memory in memories.values())
    time = float(np.fmax.reduce(times))
    if math.isnan(time) or (by_replicas and n_replicas > 1):
        return weight, 1, 0.0, notes
    return weight, cuts_for_memory((n_replicas, n), time), time, notes


def _of_one_window(rows_of: dict[str, Floats]) -> dict[str, Memory]:
    """Return memories through the widest of their windows, as in a summary."""
    memories = {name: memory_of(rows) for name, rows in rows_of.items()}
    widest = max(memory.window for memory in memories.values())
    seen = {name: memory.seen_through(widest) for name, memory in memories.items()}
    return {name: memory._replace(apart=memory.disagrees) for name, memory in seen.items()}


def _sum_over_ladder(rows: Floats) -> Floats:
    """Return the sum over temperatures, each in units of its own spread."""
    width = rows.std(axis=(0, 2), keepdims=True)
    moving = ~np.array([are_equal(rows[:, k]) for k in range(rows.shape[1])])
    return np.asarray((rows[:, moving] / width[:, moving]).sum(axis=1))
