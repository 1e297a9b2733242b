"""Runs as an xarray.Dataset, and as the xarray.DataTree that ArviZ 1 works on.

A replica is a chain, a measurement a draw, and a ladder of temperatures the dimension ``beta``. The
tree has the groups of the InferenceData schema: ``posterior`` has what was measured, and
``sample_stats`` how the sampling went. What was measured between replicas is in ``overlaps``, whose
rows are pairs of replicas and no chains. (https://python.arviz.org/en/stable/schema/schema.html)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spinglass._needed import needed
from spinglass.sampling.ladder_runs import LadderRun, TemperedRun
from spinglass.sampling.runs import Run

if TYPE_CHECKING:
    import xarray

# Of each array of a run: its name in a Dataset, and its axes; that of a tempered run has a beta.
_ARRAYS = {
    "energy": ("energy", "chain", "beta", "draw"),
    "magnetization": ("magnetization", "chain", "beta", "draw"),
    "states": ("states", "chain", "beta", "draw", "spin"),
    "final_states": ("final_states", "chain", "beta", "spin"),
    "acceptance": ("acceptance", "chain", "beta"),
    "clamp": ("clamp", "chain", "spin"),
}

_POSTERIOR = ("energy", "magnetization", "states")


def of_run(run: Run[Any, Any], method: str = "to_xarray") -> xarray.Dataset:
    """Return everything that was measured, with its dimensions, coordinates and attributes."""
    tempered = isinstance(run, LadderRun)
    variables: dict[str, Any] = {
        name: ([axis for axis in axes if tempered or axis != "beta"], getattr(run, array))
        for array, (name, *axes) in _ARRAYS.items()
        if getattr(run, array) is not None
    }
    for observable in run._observables:
        axes = ["pair" if observable.of_pairs else "chain", "beta", "draw", *observable.axes]
        kept = [axis for axis in axes if tempered or axis != "beta"]
        variables[observable.name] = kept, run.measured[observable.name]
    for name in run.measured.keys() - {one.name for one in run._observables}:
        series, rows = run.measured[name], ["chain", *(["beta"] if tempered else [])]
        same = series.shape[len(rows)] == run.n_measurements
        draw = "draw" if same else f"{name}_draw"
        more = [f"{name}_{k}" for k in range(series.ndim - len(rows) - 1)]
        variables[name] = [*rows, draw, *more], series
    draws = np.arange(run.n_measurements)
    coordinates: dict[str, Any] = {"chain": np.arange(run.n_replicas), "draw": draws}
    coordinates["sweep"] = ("draw", run.every * (draws + 1))
    if isinstance(run, LadderRun):
        coordinates["beta"] = run.betas
    if isinstance(run, TemperedRun):
        variables["swap_rates"] = "neighbours", run.swap_rates
        variables["round_trips"] = "chain", run.round_trips
    if any(observable.of_pairs for observable in run._observables):
        pairs = np.triu_indices(run.n_replicas, 1)
        coordinates["first"], coordinates["second"] = (("pair", replicas) for replicas in pairs)
    made = needed("xarray", method, "xarray").Dataset(variables, coordinates, _attributes(run))
    # ArviZ has chains and draws first.
    first = ("chain", "pair", "draw", "beta")
    found: xarray.Dataset = made.transpose(*first, ..., missing_dims="ignore")
    return found


def tree_of_run(run: Run[Any, Any]) -> xarray.DataTree:
    """Return the same in the groups of the InferenceData schema."""
    whole = of_run(run, "to_datatree")
    kept = [str(name) for name in whole.data_vars]
    of_pairs = [one.name for one in run._observables if one.of_pairs]
    drawn = [*_POSTERIOR, *(name for name in run.measured if name not in of_pairs)]
    groups = {
        "posterior": [name for name in kept if name in drawn],
        "sample_stats": [name for name in kept if name not in (*drawn, *of_pairs)],
        "overlaps": [name for name in kept if name in of_pairs],
    }
    parts = {group: whole[names] for group, names in groups.items() if names}
    parts["/"] = whole[[]]
    tree: xarray.DataTree = needed("xarray", "to_datatree", "xarray").DataTree.from_dict(parts)
    return tree


def _attributes(run: Run[Any, Any]) -> dict[str, Any]:
    """Return what a file can keep: numbers and text."""
    names = ("model", "dynamics", "n_spins", "warmup", "n_sweeps", "every", "sweeps", "version")
    about = {name: getattr(run, name) for name in names}
    if not isinstance(run, LadderRun):
        about["beta"] = run.beta
    fits = isinstance(run.seed, int) and run.seed < 2**63
    about["seed"] = run.seed if fits else str(run.seed)
    # The names of the schema.
    return about | {"inference_library": "spinglass", "inference_library_version": run.version}
