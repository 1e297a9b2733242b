"""The critical load at several temperatures: one scan each, beside the line of the theory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass._result import Result
from spinglass._text import number, page
from spinglass.experiments.retrieval_capacity.config import CapacityConfig
from spinglass.experiments.retrieval_capacity.result import CapacityScan
from spinglass.experiments.tables import columns, table_of
from spinglass.theory import hopfield

_POINT = columns("temperature n_spins sweeps half_point error theory", integers="n_spins sweeps")


@dataclass(frozen=True, eq=False)
class CapacityLine(
    Result, figure="capacity_line", tables={"line.csv": "points"}, summary="line.json"
):
    """Capacity scans at several temperatures, and the line T_M(load) that they measure.

    Attributes
    ----------
    scans : tuple of CapacityScan
        One for each temperature, ascending in temperature.

    Raises
    ------
    TypeError
        If there is something else among them.
    """

    scans: tuple[CapacityScan, ...] = field(repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.scans, Sequence) or not self.scans:
            raise TypeError(f"scans must be a sequence of CapacityScan, got {self.scans!r}")
        for scan in self.scans:
            if not isinstance(scan, CapacityScan):
                raise TypeError(f"scans must hold CapacityScan, got {type(scan).__name__}")
        ascending = sorted(self.scans, key=lambda scan: scan.config.temperature)
        object.__setattr__(self, "scans", tuple(ascending))

    @property
    def config(self) -> CapacityConfig:
        """The resolved arguments of the first scan; those of the others have another ``beta``."""
        return self.scans[0].config

    @property
    def version(self) -> str:  # type: ignore[override]
        """The version of spinglass that computed the scans."""
        return self.scans[0].version

    @property
    def points(self) -> NDArray[np.void]:
        """The half-points: a row for each temperature, size and number of sweeps.

        ``sweeps`` is 0 for a descent, and ``theory`` the replica-symmetric critical load.
        """
        rows = []
        for scan in self.scans:
            theory = hopfield.critical_load(scan.config.beta)
            for sweeps, points in (scan.half_points_by_sweeps or {0: scan.half_points}).items():
                rows += [
                    (scan.config.temperature, x.n_spins, sweeps, x.value, x.error, theory)
                    for x in points
                ]
        return table_of(_POINT, rows)

    def to_dict(self) -> dict[str, Any]:
        """Return what the JSON file holds: the summaries of the scans."""
        return {"scans": [scan.to_dict() for scan in self.scans], "version": self.version}

    def report(self, quiet: bool = False) -> str:
        """Return the half-points of the largest size, and the theory, as text."""
        lines = [f"{'T':>6}  {'N':>7}  {'half-point':>10}  {'error':>8}  {'theory':>8}"]
        for scan in self.scans:
            last = max(scan.half_points, key=lambda point: point.n_spins)
            lines.append(
                f"{scan.config.temperature:>6.4g}  {last.n_spins:>7}  {number(last.value, 5):>10}  "
                f"{number(last.error, 5):>8}  {hopfield.critical_load(scan.config.beta):>8.5f}"
            )
        return page(lines, [])
