"""The result of a capacity scan: its trials, and the quantities that follow from them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass._result import Result
from spinglass.experiments.retrieval_capacity import finite_size
from spinglass.experiments.retrieval_capacity.config import CapacityConfig
from spinglass.experiments.retrieval_capacity.report import report
from spinglass.experiments.tables import columns, rows_of

TRIAL = columns(
    "n_spins n_patterns load instance start overlap sweeps flips converged",
    integers="n_spins n_patterns instance start sweeps flips",
    truth="converged",
)


_SUMMARY = columns(
    "n_spins n_patterns load n_instances n_trials overlap overlap_error retrieval retrieval_error",
    integers="n_spins n_patterns n_instances n_trials",
)


@dataclass(frozen=True, eq=False)
class CapacityScan(Result, figure="capacity", tables={"trials.csv": "trials"}):
    """The trials of a capacity scan and the quantities that follow from them.

    Attributes
    ----------
    config : CapacityConfig
        The resolved arguments.
    version : str
        The version of spinglass that computed the result.
    trials : structured array
        One row for each trial: ``n_spins``, ``n_patterns``, ``load`` (P/N as run), ``instance``,
        ``start``, ``overlap`` (of the final state with the pattern of the start), ``sweeps``,
        ``flips``, ``converged``. There are fewer rows than ``config.n_trials`` if the scan was
        interrupted.
    """

    config: CapacityConfig
    version: str
    trials: NDArray[np.void] = field(repr=False)

    report = report

    @property
    def complete(self) -> bool:
        """Whether every trial was finished."""
        return len(self.trials) == self.config.n_trials

    @cached_property
    def _instances(self) -> dict[str, NDArray[Any]]:
        """Sums over the starts of each instance, one entry an instance, ordered by (N, P)."""
        t = self.trials[
            np.lexsort([self.trials[key] for key in ("instance", "n_patterns", "n_spins")])
        ]
        keys = np.stack([t["n_spins"], t["n_patterns"], t["instance"]])
        new = np.ones(len(t), dtype=bool)
        new[1:] = (np.diff(keys, axis=1) != 0).any(axis=0)
        first = np.flatnonzero(new)
        columns = {name: t[name][first] for name in ("n_spins", "n_patterns", "load")}
        kept = (t["overlap"] >= self.config.threshold).astype(float)
        sums = {"tried": np.ones(len(t)), "kept": kept, "overlap": t["overlap"]}
        for name, values in sums.items():
            columns[name] = np.add.reduceat(values, first) if len(t) else np.empty(0)
        return columns

    def summary(self) -> NDArray[np.void]:
        """Return mean overlap and retrieval probability for each size and load.

        Errors come from the scatter between instances, because the starts on one instance share its
        patterns. They are the closed form of the standard error that a bootstrap over instances
        approaches, with n - 1 instead of n, so that the errors of few instances are not too small.
        Where the instances do not scatter, as at shares 0 and 1, the error of the share is that of
        (n share + 1/2)/(n + 1) with n instances. It is small, but not zero.

        Returns
        -------
        structured array, shape (number of sizes and loads,)
            ``n_spins``, ``n_patterns``, ``load``, ``n_instances``, ``n_trials``, ``overlap``,
            ``overlap_error``, ``retrieval`` (share of trials with overlap >= threshold),
            ``retrieval_error``. With one instance ``overlap_error`` is NaN.
        """
        each = self._instances
        points, index = np.unique(
            np.stack([each["n_spins"], each["n_patterns"]], axis=1), axis=0, return_inverse=True
        )
        index = index.ravel()

        def total(values: NDArray[Any]) -> NDArray[np.float64]:
            return np.bincount(index, values, len(points)).astype(float)

        n, tried = total(np.ones(len(index))), total(each["tried"])
        table = np.empty(len(points), dtype=_SUMMARY)
        table["n_spins"], table["n_patterns"] = points.T
        table["load"] = table["n_patterns"] / table["n_spins"]
        table["n_instances"], table["n_trials"] = n, tried
        for name, column in (("overlap", "overlap"), ("retrieval", "kept")):
            mean = total(each[column]) / tried
            scatter = total((each[column] - mean[index] * each["tried"]) ** 2)
            with np.errstate(invalid="ignore", divide="ignore"):
                error = np.sqrt(scatter * n / (n - 1)) / tried
            table[name], table[f"{name}_error"] = mean, error
        floor = (n * table["retrieval"] + 0.5) / (n + 1)
        flat = ~(table["retrieval_error"] > 1e-12)
        table["retrieval_error"][flat] = np.sqrt(floor * (1 - floor) / (n + 1))[flat]
        return table

    @cached_property
    def half_points(self) -> tuple[finite_size.HalfPoint, ...]:
        """The load at which half of the trials keep their memory, for each size."""
        each, points = self._instances, []
        for n in self.config.n_spins:
            here = each["n_spins"] == n
            columns = (each[name][here] for name in ("load", "kept", "tried"))
            seed = np.random.SeedSequence(self.config.seed, spawn_key=(n,))
            points.append(finite_size.half_point(n, *columns, seed=seed))
        return tuple(points)

    @cached_property
    def alpha_c(self) -> finite_size.CriticalLoad:
        """The critical load of descents, extrapolated to infinite N. Quote its interval."""
        return finite_size.extrapolate(self.half_points)

    def _summary(self) -> dict[str, Any]:
        from spinglass.theory import hopfield

        return {
            "alpha_c": asdict(self.alpha_c),
            "measured": "end of a zero-temperature descent from a pattern, not equilibrium",
            "half_points": [asdict(point) for point in self.half_points],
            "retrieval": rows_of(self.summary()),
            "theory": {"replica_symmetric": hopfield.critical_load()},
            "n_trials": len(self.trials),
        }
