"""The summaries of a ladder of temperatures, which print as a table."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from spinglass._printed import printed
from spinglass._text import counted
from spinglass.statistics import Estimate, OverlapSummary, Summary

S = TypeVar("S", bound=Summary | OverlapSummary)

# What a table of summaries shows, and what it is called there.
_COLUMNS = {
    Summary: {
        "energy": "<E>/N",
        "absolute_magnetization": "<|m|>",
        "specific_heat": "C",
        "binder_cumulant": "Binder U",
    },
    OverlapSummary: {
        "absolute_overlap": "<|q|>",
        "squared_overlap": "<q^2>",
        "binder_ratio": "Binder g",
        "link_overlap": "<q_l>",
    },
}


@printed
class Summaries(list[S]):
    """The summaries of a ladder, one per temperature. They print as a table.

    The attributes collect those of all summaries: ``summaries.energy`` is an ``Estimate`` with
    arrays ``value`` and ``error``, and ``summaries.beta`` is an array.
    """

    # What a summary of either kind has; for type checkers, who see no other names.
    n_spins: NDArray[np.int64]
    n_replicas: NDArray[np.int64]
    n_measurements: NDArray[np.int64]
    n_effective: NDArray[np.float64]
    beta: NDArray[np.float64]
    note: NDArray[np.str_]
    energy: Estimate
    magnetization: Estimate
    absolute_magnetization: Estimate
    squared_magnetization: Estimate
    specific_heat: Estimate
    susceptibility: Estimate
    paramagnetic_susceptibility: Estimate
    binder_cumulant: Estimate
    tau_energy: NDArray[np.float64]
    tau_magnetization: NDArray[np.float64]
    tau_absolute_magnetization: NDArray[np.float64]
    overlap: Estimate
    absolute_overlap: Estimate
    squared_overlap: Estimate
    binder_ratio: Estimate
    link_overlap: Estimate
    tau_overlap: NDArray[np.float64]
    tau_absolute_overlap: NDArray[np.float64]

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name not in {field.name for one in self[:1] for field in fields(one)}:
                raise AttributeError(f"Summaries has no attribute {name!r}")
            values = [getattr(one, name) for one in self]
            return Estimate.of(values) if isinstance(values[0], Estimate) else np.array(values)

    def __repr__(self) -> str:
        return f"<Summaries of {counted(len(self), 'temperature')}>"

    def __str__(self) -> str:
        columns = {"beta": "beta"} | (_COLUMNS[type(self[0])] if self else {})
        shown = [name for name in columns if all(getattr(one, name) is not None for one in self)]
        rows = [[columns[name] for name in shown]]
        rows += [[f"{one.beta:.4g}", *(str(getattr(one, x)) for x in shown[1:])] for one in self]
        return "\n".join("".join(f"{entry:>15}" for entry in row) for row in rows)
