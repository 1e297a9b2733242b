"""The result of a capacity scan: its trials, and the quantities that follow from them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass._arguments import integer
from spinglass._result import Result
from spinglass.experiments.retrieval_capacity import finite_size
from spinglass.experiments.retrieval_capacity.config import CapacityConfig
from spinglass.experiments.retrieval_capacity.growth import (
    LAWS,
    CapacityGrowth,
    Growing,
    growth_of,
)
from spinglass.experiments.retrieval_capacity.report import report
from spinglass.experiments.shares import never_zero, ratios
from spinglass.experiments.tables import columns, rows_of


def overlap_columns(config: CapacityConfig) -> tuple[str, ...]:
    """Return the names of the overlaps after each number of sweeps: the last is plain."""
    return (*(f"overlap_{sweeps}" for sweeps in config.sweeps[:-1]), "overlap")


def trial_columns(config: CapacityConfig) -> np.dtype[np.void]:
    """Return the type of the rows of trials: what was not asked has no column."""
    end = "threshold" if config.sweeps else "converged"
    abandoned = "" if config.abandon is None else "abandoned"
    stability = "" if config.criterion == "overlap" else "stability stability_square"
    overlaps = " ".join(overlap_columns(config))
    return columns(
        f"n_spins n_patterns load instance start {overlaps} sweeps flips {end} {abandoned} "
        f"{stability}",
        integers="n_spins n_patterns instance start sweeps flips",
        truth="converged abandoned",
    )


_ONE_STEP = columns(
    "n_spins n_patterns load n_trials error error_error gaussian",
    integers="n_spins n_patterns n_trials",
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
        interrupted. At a temperature ``overlap`` is the average at the end of the longest run,
        ``overlap_100`` that of the first 100 sweeps, and so on; and ``threshold`` stands in the
        place of ``converged``. With ``abandon`` there is ``abandoned``. For fixed points the state
        is that after one update of every spin, and ``stability`` and ``stability_square`` are the
        means over spins of xi_i h_i and of its square.
    """

    config: CapacityConfig
    version: str
    trials: NDArray[np.void] = field(repr=False)

    report = report

    @property
    def complete(self) -> bool:
        """Whether every trial was finished."""
        return len(self.trials) == self.config.n_trials

    @property
    def ended(self) -> NDArray[np.bool_]:
        """Which trials came to their end, so that their overlap is a final one."""
        if self.config.abandon is None:
            return np.ones(len(self.trials), dtype=bool)
        return ~self.trials["abandoned"]

    @property
    def _has_stabilities(self) -> bool:
        """Whether there are one-step errors: rows made by hand may lack what they need."""
        names = self.trials.dtype.names or ()
        return self.config.criterion != "overlap" and {"stability", "stability_square"} <= {*names}

    @property
    def _n_lengths(self) -> int:
        return max(1, len(self.config.sweeps))

    def kept(self, index: int = -1) -> NDArray[np.bool_]:
        """Which trials keep their memory, after one of ``config.sweeps``; by default the last."""
        names = overlap_columns(self.config)
        index = integer(index, "index", at_least=-len(names), at_most=len(names) - 1)
        kept: NDArray[np.bool_] = self.trials[names[index]] >= self.config.threshold
        return kept

    @cached_property
    def _instances(self) -> dict[str, NDArray[Any]]:
        """Sums over the starts of each instance, one entry an instance, ordered by (N, P)."""
        order = np.lexsort([self.trials[key] for key in ("instance", "n_patterns", "n_spins")])
        t = self.trials[order]
        keys = np.stack([t["n_spins"], t["n_patterns"], t["instance"]])
        new = np.ones(len(t), dtype=bool)
        new[1:] = (np.diff(keys, axis=1) != 0).any(axis=0)
        first = np.flatnonzero(new)
        columns = {name: t[name][first] for name in ("n_spins", "n_patterns", "load")}
        ended = self.ended[order].astype(float)
        sums = {"tried": np.ones(len(t)), "ended": ended, "overlap": t["overlap"] * ended}
        sums |= {f"kept_{k}": self.kept(k)[order].astype(float) for k in range(self._n_lengths)}
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
            ``retrieval_error``. With one instance ``overlap_error`` is NaN. Abandoned trials have
            no final overlap, and are not in its mean.
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
        kept = f"kept_{self._n_lengths - 1}"
        for name, column, of in (("overlap", "overlap", "ended"), ("retrieval", kept, "tried")):
            mean, error = ratios(index, len(points), each[column], each[of])
            table[name], table[f"{name}_error"] = mean, error
        table["retrieval_error"] = never_zero(table["retrieval"], table["retrieval_error"], n)
        return table

    @property
    def half_points(self) -> tuple[finite_size.HalfPoint, ...]:
        """The load at which half of the trials keep their memory, for each size.

        Each has it as a number of patterns too.
        """
        return self._half_points[-1]

    @property
    def half_points_by_sweeps(self) -> dict[int, tuple[finite_size.HalfPoint, ...]]:
        """The half-points after each of ``config.sweeps``, from the same runs of the heat bath.

        A memory that is only metastable is lost at some time, so the half-points of longer runs
        are lower. The limit that the theory has is that of large N first, and then of long times.
        """
        return dict(zip(self.config.sweeps, self._half_points, strict=False))

    @cached_property
    def _half_points(self) -> list[tuple[finite_size.HalfPoint, ...]]:
        each = self._instances

        def half_point(n: int, kept: str) -> finite_size.HalfPoint:
            here = each["n_spins"] == n
            columns = (each[name][here] for name in ("load", kept, "tried"))
            seed = np.random.SeedSequence(self.config.seed, spawn_key=(n,))
            return finite_size.half_point(n, *columns, seed=seed, law=self.config.law)

        return [
            tuple(half_point(n, f"kept_{k}") for n in self.config.n_spins)
            for k in range(self._n_lengths)
        ]

    def one_step_errors(self) -> NDArray[np.void]:
        """Return the share of wrong spins after one update of every spin, for each size and load.

        Returns
        -------
        structured array, shape (number of sizes and loads,)
            ``n_spins``, ``n_patterns``, ``load``, ``n_trials``, ``error`` (the share),
            ``error_error`` (its standard error, from the scatter between instances), and
            ``gaussian``, the estimate Phi(-mean / sqrt(variance)) from the stabilities xi_i h_i.

        Raises
        ------
        ValueError
            If the trials are recalls, or are rows without stabilities.

        Examples
        --------
        >>> import spinglass
        >>> from spinglass.experiments import capacity
        >>> scan = capacity(500, (0.1, 0.2), 20, criterion="fixed_point")
        >>> table = scan.one_step_errors()
        >>> bool((abs(table["error"] - table["gaussian"]) < 5 * table["error_error"]).all())
        True
        """
        if self.config.criterion == "overlap":
            raise ValueError("criterion must be 'fixed_point' for one-step errors, got 'overlap'")
        if not self._has_stabilities:
            raise ValueError(
                "trials must have the columns stability and stability_square for one-step errors, "
                f"got {', '.join(self.trials.dtype.names or ())}"
            )
        from scipy.special import ndtr

        rows = self.summary()
        table = np.empty(len(rows), dtype=_ONE_STEP)
        for name in ("n_spins", "n_patterns", "load", "n_trials"):
            table[name] = rows[name]
        table["error"] = (1 - rows["overlap"]) / 2
        table["error_error"] = rows["overlap_error"] / 2
        for row in table:
            mine = self.trials["n_spins"] == row["n_spins"]
            mine &= self.trials["n_patterns"] == row["n_patterns"]
            mean = self.trials["stability"][mine].mean()
            variance = self.trials["stability_square"][mine].mean() - mean**2
            row["gaussian"] = ndtr(-mean / np.sqrt(variance)) if variance > 0 else mean <= 0
        return table

    def growth(self, law: Growing = "power") -> CapacityGrowth:
        """Return how the number of patterns at the half-point grows with N, by a fitted law.

        Parameters
        ----------
        law : {"power", "power_over_log", "exponential"}
            P = A N^x, P = A N^x / ln N, or P = A exp(x N).

        Returns
        -------
        CapacityGrowth
            Fewer than three sizes give no value, and ``note`` says so.

        Examples
        --------
        >>> from spinglass.experiments import capacity
        >>> scan = capacity((100, 200, 400, 800), (0.12, 0.16, 0.2, 0.24, 0.28), 20)
        >>> found = scan.growth()  # the half-points P/N fall, so P grows slower than N
        >>> 0.75 < found.value < 0.95 and found.error < 0.05
        True
        """
        return growth_of(self.half_points, law)

    @cached_property
    def alpha_c(self) -> finite_size.CriticalLoad:
        """The critical load of descents, extrapolated to infinite N. Quote its interval."""
        return finite_size.extrapolate(self.half_points)

    def _summary(self) -> dict[str, Any]:
        from spinglass.theory import hopfield

        config = self.config
        measured = f"end of {'the heat bath' if config.sweeps else 'a zero-temperature descent'}"
        if config.criterion != "overlap":
            measured = "one update of every spin"
        content: dict[str, Any] = {
            # Numbers of patterns are not of one power of N, so that P / N has no limit.
            "alpha_c": None if config.n_patterns else asdict(self.alpha_c),
            "measured": f"{measured} from a pattern, not equilibrium",
            "half_points": [asdict(point) for point in self.half_points],
            "half_points_by_sweeps": {
                sweeps: [asdict(point) for point in points]
                for sweeps, points in self.half_points_by_sweeps.items()
            },
            "retrieval": rows_of(self.summary()),
        }
        if config.is_hebb:
            content["theory"] = {"replica_symmetric": hopfield.critical_load(config.beta)}
        if self._has_stabilities:
            content["one_step_errors"] = rows_of(self.one_step_errors())
        if config.n_patterns:
            content["growth"] = {law: asdict(self.growth(law)) for law in LAWS}
        return content | {"n_trials": len(self.trials)}
