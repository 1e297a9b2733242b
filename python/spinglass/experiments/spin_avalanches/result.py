"""Avalanches: how many spins followed each that was turned, and the distribution of that number."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass._result import Result
from spinglass.experiments.shares import means_of_starts, never_zero
from spinglass.experiments.spin_avalanches.config import AvalanchesConfig
from spinglass.experiments.spin_avalanches.report import report
from spinglass.experiments.tables import columns, rows_of
from spinglass.statistics import Estimate

START = columns(
    "start pattern site size changed overlap final_overlap converged",
    integers="start pattern site size changed",
    truth="converged",
)
_DISTRIBUTION = columns("size share share_error", integers="size")


@dataclass(frozen=True, eq=False)
class Avalanches(
    Result, figure="avalanches", tables={"starts.csv": "starts", "sizes.csv": "distribution"}
):
    """The avalanches that single spins set off.

    Attributes
    ----------
    config : AvalanchesConfig
        The resolved arguments.
    version : str
        The version of spinglass that computed the result.
    starts : structured array
        One row for each start: ``start``, ``pattern``, ``site`` (the spin that was turned and
        held), ``size`` (flips of all others until they were at rest; 0 if none followed),
        ``changed`` (number of the others that differ at the end), ``overlap`` (of the fixed point
        before with the pattern), ``final_overlap`` (of the one after), ``converged`` (whether both
        are fixed points). There are fewer than were asked for if the call was interrupted.
    """

    config: AvalanchesConfig
    version: str
    starts: NDArray[np.void] = field(repr=False)

    report = report

    @property
    def complete(self) -> bool:
        """Whether every start was finished."""
        return len(self.starts) == self.config.n_starts

    @property
    def n_unsettled(self) -> int:
        """Number of starts that were not at rest before or after. They have no size."""
        return int((~self.starts["converged"]).sum())

    def _mean(self, values: NDArray[Any]) -> tuple[float, float]:
        """Return a mean over the starts that came to rest, and its error."""
        settled = self.starts["converged"]
        if not settled.any():
            return np.nan, np.nan
        pattern = self.starts["pattern"][settled]
        one = np.zeros(len(pattern), np.int64)
        mean, error = means_of_starts(one, pattern, values[settled].astype(float), 1)
        return float(mean[0]), float(error[0])

    @cached_property
    def mean_size(self) -> Estimate:
        """The mean size, those of size 0 included, with its standard error."""
        return Estimate(*self._mean(self.starts["size"]))

    def distribution(self) -> NDArray[np.void]:
        """Return the share of avalanches of at least each size.

        Errors come from the scatter between patterns, and are at least those of independent
        starts.

        Returns
        -------
        structured array
            A row for size 1 and for each larger size that was seen: ``size``, ``share`` (of the
            starts that came to rest), ``share_error`` (not zero at shares 0 and 1).
        """
        settled = self.starts["converged"]
        seen = self.starts["size"][settled]
        sizes = np.unique(np.append(seen[seen > 0], 1))
        table = np.empty(len(sizes), _DISTRIBUTION)
        table["size"] = sizes
        for row in table:
            row["share"], row["share_error"] = self._mean(self.starts["size"] >= row["size"])
        count = np.float64(settled.sum())
        table["share_error"] = never_zero(table["share"], table["share_error"], count)
        return table

    def _summary(self) -> dict[str, Any]:
        settled = self.starts[self.starts["converged"]]
        table = self.distribution()
        return {
            "mean_size": self.mean_size.value,
            "mean_size_error": self.mean_size.error,
            "largest_size": int(settled["size"].max(initial=0)),
            "share_of_any": float(table["share"][0]),
            "share_of_any_error": float(table["share_error"][0]),
            "mean_overlap": self._mean(self.starts["overlap"])[0],
            "mean_final_overlap": self._mean(self.starts["final_overlap"])[0],
            "sizes": rows_of(table),
            "n_starts": len(self.starts),
            "n_unsettled": self.n_unsettled,
        }
