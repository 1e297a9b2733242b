"""The comparison of mean field with the lattice: measured points and the curves of the methods."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass._result import Result
from spinglass.experiments.mean_field_lattice.config import MeanFieldConfig
from spinglass.experiments.mean_field_lattice.report import report
from spinglass.experiments.tables import columns
from spinglass.theory import ising2d

# Where each method puts the transition of the square lattice, in units of J.
CRITICAL_TEMPERATURES = {
    "naive": 4.0,
    "bethe": float(2.0 / np.log(2.0)),
    "exact": 1.0 / ising2d.critical_beta(),
}

POINT = columns(
    "temperature beta magnetization magnetization_error tau n_measurements naive bethe exact",
    integers="n_measurements",
)

CURVE = columns(
    "temperature naive bethe exact naive_free_energy bethe_free_energy exact_free_energy"
)


@dataclass(frozen=True, eq=False)
class MeanFieldLattice(
    Result, figure="meanfield", tables={"points.csv": "points", "curves.csv": "curves"}
):
    """The square lattice in mean field, in the Bethe approximation, measured, and exact.

    Attributes
    ----------
    config : MeanFieldConfig
        The resolved arguments.
    version : str
        The version of spinglass that computed the result.
    points : structured array
        One row for each temperature: ``temperature``, ``beta``, ``magnetization`` (measured <|m|>)
        with ``magnetization_error``, ``tau`` (of |m|, in sweeps), ``n_measurements`` (all replicas)
        and the magnetizations ``naive``, ``bethe`` and ``exact`` (Yang, infinite lattice). Error
        and tau are NaN where |m| never changed.
    curves : structured array
        ``naive``, ``bethe`` and ``exact`` on a fine grid of temperatures, and the free energies per
        spin ``naive_free_energy``, ``bethe_free_energy`` and ``exact_free_energy`` (Kaufman, same
        L).
    """

    config: MeanFieldConfig
    version: str
    points: NDArray[np.void] = field(repr=False)
    curves: NDArray[np.void] = field(repr=False)

    report = report

    @property
    def complete(self) -> bool:
        """Whether every point was finished."""
        return len(self.points) == len(self.config.temperatures)

    def _summary(self) -> dict[str, Any]:
        curves = self.curves
        return {
            "critical_temperatures": dict(CRITICAL_TEMPERATURES),
            "largest_free_energy_error": {
                name: float(np.nanmax(curves[f"{name}_free_energy"] - curves["exact_free_energy"]))
                for name in ("naive", "bethe")
            },
            "n_points": len(self.points),
        }
