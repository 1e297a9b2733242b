"""Results as pandas DataFrames in long form: one row a measurement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spinglass._arguments import check_memory
from spinglass._needed import needed
from spinglass.sampling.annealings import Annealing
from spinglass.sampling.ladder_runs import LadderRun
from spinglass.sampling.runs import Run

if TYPE_CHECKING:
    import pandas


def of_run(run: Run[Any, Any], pairs: bool) -> pandas.DataFrame:
    """Return what was measured of each replica, or of pairs of replicas."""
    sweeps = run.every * np.arange(1, run.n_measurements + 1)
    inner = {"beta": run.betas} if isinstance(run, LadderRun) else {}
    if not pairs:
        columns = {"energy": run.energy, "magnetization": run.magnetization} | _numbers(run, False)
        return _long({"replica": np.arange(run.n_replicas), **inner, "sweep": sweeps}, columns)
    columns = _numbers(run, True)
    if "overlap" not in columns and (run.states is not None or not columns):
        # From the kept states, or an error that says what is missing.
        if isinstance(run, LadderRun):
            found = [run.overlaps(k) for k in range(len(run.betas))]
        else:
            found = [run.overlaps()]
        columns = {"overlap": np.stack([one.values for one in found], axis=1)} | columns
    first, second = np.triu_indices(run.n_replicas, 1)
    frame = _long({"first": first, **inner, "sweep": sweeps}, columns)
    frame.insert(1, "second", np.repeat(second, len(frame) // len(second)))
    return frame


def _numbers(run: Run[Any, Any], of_pairs: bool) -> dict[str, NDArray[Any]]:
    """Return what was measured of replicas, or of pairs, at each measurement of the run.

    A number of several, such as a wave vector's, has its place in the name of its column.
    """
    pairs = {one.name for one in run._observables if one.of_pairs}
    return {
        name + "".join(f"_{k}" for k in place): series[(..., *place)]
        for name, series in run.measured.items()
        if (name in pairs) == of_pairs
        if series.shape[run.energy.ndim - 1] == run.n_measurements
        for place in np.ndindex(series.shape[run.energy.ndim :])
    }


def of_annealing(annealing: Annealing) -> pandas.DataFrame:
    """Return the energy after each sweep, and the inverse temperature of the sweep."""
    sweeps = np.arange(1, len(annealing.betas) + 1)
    axes = {"replica": np.arange(annealing.n_replicas), "sweep": sweeps}
    frame = _long(axes, {"energy": annealing.energy})
    frame.insert(2, "beta", np.tile(annealing.betas, annealing.n_replicas))
    return frame


def _long(
    axes: Mapping[str, NDArray[Any]], columns: Mapping[str, NDArray[Any]]
) -> pandas.DataFrame:
    """Return arrays with these axes as columns, one row an element, the last axis fastest."""
    shape = tuple(len(values) for values in axes.values())
    n_rows = int(np.prod(shape))
    check_memory(8 * n_rows * (len(axes) + len(columns)), f"a DataFrame of {n_rows} rows")
    table = {}
    for axis, (name, values) in enumerate(axes.items()):
        others = [k for k in range(len(shape)) if k != axis]
        table[name] = np.broadcast_to(np.expand_dims(values, others), shape).ravel()
    table |= {name: values.reshape(-1) for name, values in columns.items()}
    frame: pandas.DataFrame = needed("pandas", "to_dataframe", "tables").DataFrame(table)
    return frame
