"""What block spins of the Ising model found: their correlations, and what follows from them."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass import _random
from spinglass._files import as_csv, as_json, plain, write_result
from spinglass._registry import above
from spinglass._tables import Tabular
from spinglass.experiments.crossing import Crossing, crossing
from spinglass.experiments.ising_transition.result import mean_square
from spinglass.sampling.plan import Dynamics
from spinglass.statistics import Estimate
from spinglass.theory import ising2d

LEVEL = np.dtype(
    [
        ("L", np.int64),
        ("step", np.int64),
        ("side", np.int64),
        ("beta", np.float64),
        ("temperature", np.float64),
        ("correlation", np.float64),
        ("correlation_error", np.float64),
        ("exact_correlation", np.float64),
        ("thermal_exponent", np.float64),
        ("thermal_exponent_error", np.float64),
        ("tau", np.float64),
        ("n_measurements", np.int64),
    ]
)

# The curves are compared within a narrow range, where a cubic follows them.
_DEGREE = 3

# A temperature counts as critical if the lattice cannot tell: |T / T_c - 1| L below this.
_CRITICAL = 0.05


@dataclass(frozen=True)
class RenormalizeConfig:
    """What was asked, everything resolved; equal configs give equal points.

    Attributes
    ----------
    size : int
        Side L of the larger lattice.
    temperatures : tuple of float
        Ascending.
    n_sweeps, n_replicas, warmup : int
        Of each point.
    dynamics : str
        How the spins move.
    picture_size : int or None
        Side of the lattices that are shown.
    picture_temperatures : tuple of float
        Their temperatures.
    seed : int
        Keys every random number.
    """

    size: int
    temperatures: tuple[float, ...]
    n_sweeps: int
    n_replicas: int
    warmup: int
    dynamics: Dynamics
    picture_size: int | None
    picture_temperatures: tuple[float, ...]
    seed: int

    @property
    def sizes(self) -> tuple[int, int]:
        """The sides of the two lattices, L and L / 2."""
        return self.size, self.size // 2

    @property
    def n_points(self) -> int:
        """Number of lattices and temperatures."""
        return 2 * len(self.temperatures)

    def every(self, size: int) -> int:
        """Return the sweeps from one measurement to the next."""
        return max(1, size // 4)

    def steps(self, size: int) -> int:
        """Return how often a lattice is blocked: down to 4 x 4 spins."""
        return size.bit_length() - 3


@dataclass(frozen=True, eq=False)
class Flow:
    """One lattice seen from further and further away.

    Attributes
    ----------
    temperature : float
        T.
    levels : tuple of numpy.ndarray of int8
        The spins, (L, L), then the block spins of each step, (L / 2, L / 2), (L / 4, L / 4), ...
    """

    temperature: float
    levels: tuple[NDArray[np.int8], ...] = field(repr=False)


@dataclass(frozen=True, eq=False)
class Renormalization(Tabular):
    """Correlations of block spins and what follows from them.

    Attributes
    ----------
    config : RenormalizeConfig
        What was asked.
    version : str
        The version of spinglass that ran it.
    points : structured array
        One row a lattice, temperature and step: ``L``, ``step`` (0 for the lattice itself),
        ``side`` (of the block lattice), ``beta``, ``temperature``, ``correlation`` (of nearest
        neighbours) with ``correlation_error``, ``exact_correlation`` (Kaufman, of step 0),
        ``thermal_exponent`` with its error (of the step that led here), ``tau`` (of the
        correlation, in sweeps) and ``n_measurements`` of all replicas. NaN where there is none.
    flows : tuple of Flow
        Larger lattices to look at.
    """

    config: RenormalizeConfig
    version: str
    points: NDArray[np.void] = field(repr=False)
    flows: tuple[Flow, ...] = field(repr=False)

    @property
    def complete(self) -> bool:
        """Whether every point was finished."""
        return bool(np.count_nonzero(self.points["step"] == 0) == self.config.n_points)

    @property
    def _table(self) -> NDArray[np.void]:
        return self.points

    def curve(self, size: int, step: int) -> NDArray[np.void]:
        """Return the rows of one lattice after one number of steps, by temperature."""
        chosen = (self.points["L"] == size) & (self.points["step"] == step)
        return np.asarray(self.points[chosen])

    def deviations(self) -> NDArray[np.float64]:
        """Return (measured - exact) / error of the unblocked correlations; NaN without error."""
        p = self.points[self.points["step"] == 0]
        error = np.where(p["correlation_error"] > 0, p["correlation_error"], np.nan)
        return np.asarray((p["correlation"] - p["exact_correlation"]) / error)

    @cached_property
    def crossings(self) -> dict[int, Crossing]:
        """For each number of steps k: where L blocked k times meets L / 2 blocked k - 1 times."""
        large, small = self.config.sizes
        found = {}
        for k in range(1, self.config.steps(large) + 1):
            curves = [
                (p["beta"], p["correlation"], p["correlation_error"])
                for p in (self.curve(large, k), self.curve(small, k - 1))
            ]
            seed = _random.seed_word(self.config.seed, large, k)
            found[k] = crossing(curves[0], curves[1], seed=seed, degree=_DEGREE)
        return found

    @property
    def thermal_exponents(self) -> dict[int, Estimate]:
        """For each step y_t = log2 lambda of L at T_c; empty if T_c is not among the temperatures.

        The errors are statistical.
        """
        large = self.config.size
        rows = self.points[(self.points["L"] == large) & (self.points["step"] > 0)]
        away = np.abs(rows["temperature"] * ising2d.critical_beta() - 1.0) * large
        rows = rows[away < _CRITICAL]
        return {
            int(row["step"]): Estimate(
                float(row["thermal_exponent"]), float(row["thermal_exponent_error"])
            )
            for row in rows
        }

    def plot(self, ax: Any = None) -> Any:
        """Draw the flow and the crossing (needs Matplotlib).

        Parameters
        ----------
        ax : matplotlib Axes or sequence of Axes, optional
            One Axes gets the correlations against temperature. Three get that, the crossings and
            the exponents; more get a picture each, temperature by temperature. By default a new
            figure.

        Returns
        -------
        The Axes drawn on, or an array of them.
        """
        return above("plotting").renormalize(self, ax)

    def to_dict(self) -> dict[str, Any]:
        """Return what ``summary.json`` holds: plain numbers, None for NaN."""
        content = {
            "crossings": [{"step": k, **asdict(found)} for k, found in self.crossings.items()],
            "thermal_exponents": [
                {"step": k, **asdict(found)} for k, found in self.thermal_exponents.items()
            ],
            "chi_square_per_point_correlation": mean_square(self.deviations()),
            "theory": {"critical_beta": ising2d.critical_beta(), "thermal_exponent": 1.0},
            "n_points": int(np.count_nonzero(self.points["step"] == 0)),
            "complete": self.complete,
            "config": asdict(self.config),
            "version": self.version,
        }
        return {name: plain(value) for name, value in content.items()}

    def save(self, directory: str | os.PathLike[str], figure: bool = True) -> tuple[Path, ...]:
        """Write points.csv, summary.json and renormalize.png into ``directory``.

        Each file appears whole or not at all. Without ``figure``, or without Matplotlib, there is
        no renormalize.png (nor one left from an earlier run). Returns the paths written.
        """
        contents = {
            "points.csv": lambda: as_csv(self.points),
            "summary.json": lambda: as_json(self.to_dict()),
        }

        def draw() -> bytes:
            plotting = above("plotting")
            picture: bytes = plotting.png(
                plotting.renormalize, self, *plotting.renormalize_layout(self)
            )
            return picture

        return write_result(directory, contents, "renormalize.png", draw if figure else None)
