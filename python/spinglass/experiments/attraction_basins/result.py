"""The basins of a memory: which starts came back, and the distance at which half of them do."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass._result import Result
from spinglass.experiments.attraction_basins.config import BasinsConfig
from spinglass.experiments.attraction_basins.report import report
from spinglass.experiments.retrieval_capacity.finite_size import HalfPoint, half_point
from spinglass.experiments.shares import means_of_starts, never_zero
from spinglass.experiments.tables import columns, rows_of
from spinglass.statistics import Estimate

START = columns(
    "distance start pattern overlap converged", integers="start pattern", truth="converged"
)
_SUMMARY = columns(
    "distance n_starts recovered recovered_error overlap overlap_error", integers="n_starts"
)


@dataclass(frozen=True, eq=False)
class Basins(Result, figure="basins", tables={"distances.csv": "summary", "starts.csv": "starts"}):
    """How many starts came back to their pattern from each distance.

    Attributes
    ----------
    config : BasinsConfig
        The resolved arguments.
    version : str
        The version of spinglass that computed the result.
    starts : structured array
        One row for each start: ``distance`` (as run: the share of flipped spins), ``start``,
        ``pattern``, ``overlap`` (of the final state with the pattern), ``converged``. There are
        fewer than were asked for if the call was interrupted.
    """

    config: BasinsConfig
    version: str
    starts: NDArray[np.void] = field(repr=False)

    report = report

    @property
    def complete(self) -> bool:
        """Whether every start was finished."""
        return len(self.starts) == self.config.n_starts * len(self.config.flipped)

    @property
    def recovered(self) -> NDArray[np.bool_]:
        """Which starts came back to their pattern."""
        back: NDArray[np.bool_] = self.starts["overlap"] >= self.config.threshold
        return back

    def summary(self) -> NDArray[np.void]:
        """Return the share of starts that came back, and the mean overlap, for each distance.

        Errors come from the scatter between patterns, and are at least those of independent
        starts. At shares 0 and 1 the error is not zero: it is that of the share
        (n share + 1/2)/(n + 1) of n starts.

        Returns
        -------
        structured array, shape (number of distances,)
            ``distance`` (as run), ``n_starts``, ``recovered``, ``recovered_error``, ``overlap``,
            ``overlap_error`` (NaN with one start).
        """
        distances, point = np.unique(self.starts["distance"], return_inverse=True)
        point, count = point.ravel(), len(distances)
        table = np.empty(count, _SUMMARY)
        table["distance"], table["n_starts"] = distances, np.bincount(point, minlength=count)
        for name, values in (
            ("recovered", self.recovered.astype(float)),
            ("overlap", self.starts["overlap"]),
        ):
            mean, error = means_of_starts(point, self.starts["pattern"], values, count)
            if name == "recovered":
                error = never_zero(mean, error, table["n_starts"])
            table[name], table[f"{name}_error"] = mean, error
        return table

    @property
    def critical_distance(self) -> Estimate:
        """The distance from which half of the starts come back, with its standard error.

        Both are NaN if the distances do not bracket it; ``fit.reason`` says so.
        """
        return Estimate(self.fit.value, self.fit.error)

    @cached_property
    def fit(self) -> HalfPoint:
        """The fitted law of the share of starts that come back.

        It is Phi((critical distance - distance) / width), fitted by maximum likelihood. The error
        of the critical distance is that of a bootstrap over patterns, or over starts if there is
        one pattern. ``note`` says if the shares do not follow the law.
        """
        several = self.config.n_patterns > 1
        name = "pattern" if several else "start"
        keys = np.stack([self.starts["distance"], self.starts[name].astype(float)], axis=1)
        instances, which = np.unique(keys, axis=0, return_inverse=True)
        which, count = which.ravel(), len(instances)
        return half_point(
            self.config.n_spins,
            instances[:, 0],
            np.bincount(which, self.recovered, count),
            np.bincount(which, minlength=count),
            seed=self.config.seed,
            law="normal",
            of="distance",
        )

    def _summary(self) -> dict[str, Any]:
        return {
            "critical_distance": self.fit.value,
            "critical_distance_error": self.fit.error,
            "fit": asdict(self.fit),
            "distances": rows_of(self.summary()),
            "n_starts": len(self.starts),
        }
