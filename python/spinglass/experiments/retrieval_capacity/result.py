"""What a capacity scan found: its trials, and what follows from them."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass import _arguments
from spinglass._files import as_csv, as_json, plain, write_result, write_whole
from spinglass._registry import above
from spinglass._tables import Tabular
from spinglass.experiments.retrieval_capacity import finite_size

TRIAL = np.dtype(
    [
        ("n_spins", np.int64),
        ("n_patterns", np.int64),
        ("load", np.float64),
        ("instance", np.int64),
        ("start", np.int64),
        ("overlap", np.float64),
        ("sweeps", np.int64),
        ("flips", np.int64),
        ("converged", np.bool_),
    ]
)


_SUMMARY = np.dtype(
    [
        ("n_spins", np.int64),
        ("n_patterns", np.int64),
        ("load", np.float64),
        ("n_instances", np.int64),
        ("n_trials", np.int64),
        ("overlap", np.float64),
        ("overlap_error", np.float64),
        ("retrieval", np.float64),
        ("retrieval_error", np.float64),
    ]
)


@dataclass(frozen=True)
class CapacityConfig:
    """What was asked of a capacity scan, everything resolved; equal configs give equal trials.

    Attributes
    ----------
    n_spins : tuple of int
        The sizes N.
    loads : tuple of tuple of float
        For each size its loads, as asked; P = round(load N).
    n_instances : tuple of int
        For each size the number of pattern sets drawn a load.
    n_starts : int
        Trials an instance; start k starts at stored pattern k.
    flip : float
        Fraction of spins flipped from the pattern at the start.
    threshold : float
        A trial keeps its memory if its final overlap is at least this.
    max_sweeps : int
        A trial that has not converged by then is ended.
    seed : int
        Keys every random number of the scan.
    """

    n_spins: tuple[int, ...]
    loads: tuple[tuple[float, ...], ...]
    n_instances: tuple[int, ...]
    n_starts: int
    flip: float
    threshold: float
    max_sweeps: int
    seed: int

    @property
    def n_trials(self) -> int:
        """Number of trials of the whole scan."""
        return self.n_starts * sum(
            len(self.pattern_counts(k)) * count for k, count in enumerate(self.n_instances)
        )

    def pattern_counts(self, k: int) -> list[int]:
        """Return the distinct P of the k-th size: loads that round to the same P are one."""
        return sorted({round(load * self.n_spins[k]) for load in self.loads[k]})


@dataclass(frozen=True, eq=False)
class CapacityScan(Tabular):
    """The trials of a capacity scan and what follows from them.

    Attributes
    ----------
    config : CapacityConfig
        What was asked.
    version : str
        The version of spinglass that ran it.
    trials : structured array
        One row a trial: ``n_spins``, ``n_patterns``, ``load`` (P/N as run), ``instance``,
        ``start``, ``overlap`` (final, with the pattern started from), ``sweeps``, ``flips``,
        ``converged``. Fewer than ``config.n_trials`` if the scan was interrupted.
    """

    config: CapacityConfig
    version: str
    trials: NDArray[np.void] = field(repr=False)

    @property
    def complete(self) -> bool:
        """Whether every trial was finished."""
        return len(self.trials) == self.config.n_trials

    @property
    def _table(self) -> NDArray[np.void]:
        return self.trials

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

        Errors come from the scatter between instances, since the starts of one share its
        patterns: the standard error that a bootstrap over instances tends to, in closed form (and
        with n - 1, so that few instances do not look better than they are). Where the instances
        do not scatter, as at shares 0 and 1, the error of the share is that of
        (n share + 1/2)/(n + 1) with n instances: small, not zero.

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
        """For each size the load at which half of the trials keep their memory."""
        each, points = self._instances, []
        for n in self.config.n_spins:
            here = each["n_spins"] == n
            columns = (each[name][here] for name in ("load", "kept", "tried"))
            seed = np.random.SeedSequence(self.config.seed, spawn_key=(n,))
            points.append(finite_size.half_point(n, *columns, seed=seed))
        return tuple(points)

    @cached_property
    def alpha_c(self) -> finite_size.CriticalLoad:
        """The critical load, extrapolated to infinite N."""
        return finite_size.extrapolate(self.half_points)

    def plot(self, ax: Any = None) -> Any:
        """Draw the scan (needs Matplotlib).

        Parameters
        ----------
        ax : matplotlib Axes or sequence of four Axes, optional
            One Axes gets the retrieval probability against load. Four get that, overlap against
            load, the histogram of final overlaps, and the extrapolation; so does a new figure
            if none is given.

        Returns
        -------
        The Axes drawn on, or an array of four.
        """
        return above("plotting").capacity(self, ax)

    def to_dict(self) -> dict[str, Any]:
        """Return what ``summary.json`` holds: plain numbers, None for NaN."""
        from spinglass.theory import hopfield

        table = self.summary()
        content = {
            "alpha_c": asdict(self.alpha_c),
            "half_points": [asdict(point) for point in self.half_points],
            "retrieval": [
                dict(zip(_SUMMARY.names or (), row, strict=True)) for row in table.tolist()
            ],
            "theory": {"replica_symmetric": hopfield.critical_load()},
            "n_trials": len(self.trials),
            "complete": self.complete,
            "config": asdict(self.config),
            "version": self.version,
        }
        return {name: plain(value) for name, value in content.items()}

    def to_json(self, path: str | os.PathLike[str]) -> None:
        """Write the results and the config, as `to_dict` gives them."""
        write_whole(_arguments.file_path(path), as_json(self.to_dict()))

    def save(self, directory: str | os.PathLike[str], figure: bool = True) -> tuple[Path, ...]:
        """Write trials.csv, summary.json and capacity.png into ``directory``.

        Each file appears whole or not at all. Without ``figure``, or without Matplotlib, there is
        no capacity.png (nor one left from an earlier scan). Returns the paths written.
        """
        contents = {
            "trials.csv": lambda: as_csv(self.trials),
            "summary.json": lambda: as_json(self.to_dict()),
        }

        def draw() -> bytes:
            plotting = above("plotting")
            picture: bytes = plotting.png(plotting.capacity, self)
            return picture

        return write_result(directory, contents, "capacity.png", draw if figure else None)
