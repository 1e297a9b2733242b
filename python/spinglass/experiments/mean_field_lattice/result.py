"""What came of holding mean field against the lattice: measured points and the methods' curves."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass._files import as_csv, as_json, plain, write_result
from spinglass._registry import above
from spinglass._tables import Tabular
from spinglass.sampling.plan import Dynamics
from spinglass.theory import ising2d

# Where each method puts the transition of the square lattice, in units of J.
CRITICAL_TEMPERATURES = {
    "naive": 4.0,
    "bethe": float(2.0 / np.log(2.0)),
    "exact": 1.0 / ising2d.critical_beta(),
}

POINT = np.dtype(
    [
        ("temperature", np.float64),
        ("beta", np.float64),
        ("magnetization", np.float64),
        ("magnetization_error", np.float64),
        ("tau", np.float64),
        ("n_measurements", np.int64),
        ("naive", np.float64),
        ("bethe", np.float64),
        ("exact", np.float64),
    ]
)

CURVE = np.dtype(
    [
        ("temperature", np.float64),
        ("naive", np.float64),
        ("bethe", np.float64),
        ("exact", np.float64),
        ("naive_free_energy", np.float64),
        ("bethe_free_energy", np.float64),
        ("exact_free_energy", np.float64),
    ]
)


@dataclass(frozen=True)
class MeanFieldConfig:
    """What was asked, everything resolved; equal configs give equal points.

    Attributes
    ----------
    size : int
        Side L of the lattice.
    temperatures : tuple of float
        Ascending.
    n_sweeps, n_replicas, warmup : int
        Of each point.
    dynamics : str
        How the spins move.
    seed : int
        Keys every random number.
    """

    size: int
    temperatures: tuple[float, ...]
    n_sweeps: int
    n_replicas: int
    warmup: int
    dynamics: Dynamics
    seed: int

    @property
    def every(self) -> int:
        """Sweeps from one measurement to the next."""
        return max(1, self.size // 16)


@dataclass(frozen=True, eq=False)
class MeanFieldLattice(Tabular):
    """The square lattice in mean field, in the Bethe approximation, measured, and exact.

    Attributes
    ----------
    config : MeanFieldConfig
        What was asked.
    version : str
        The version of spinglass that ran it.
    points : structured array
        One row a temperature: ``temperature``, ``beta``, ``magnetization`` (measured <|m|>) with
        ``magnetization_error``, ``tau`` (of |m|, in sweeps), ``n_measurements`` of all replicas,
        and the magnetizations ``naive``, ``bethe`` and ``exact`` (Yang, infinite lattice).
    curves : structured array
        The three on a fine grid of temperatures, and the free energies per spin
        ``naive_free_energy``, ``bethe_free_energy`` and ``exact_free_energy`` (Kaufman, same L).
    """

    config: MeanFieldConfig
    version: str
    points: NDArray[np.void] = field(repr=False)
    curves: NDArray[np.void] = field(repr=False)

    @property
    def complete(self) -> bool:
        """Whether every point was finished."""
        return len(self.points) == len(self.config.temperatures)

    @property
    def _table(self) -> NDArray[np.void]:
        return self.points

    def plot(self, ax: Any = None) -> Any:
        """Draw magnetization and error of the free energy against temperature.

        Parameters
        ----------
        ax : matplotlib Axes or sequence of two Axes, optional
            One Axes gets the magnetization. By default a new figure gets both.

        Returns
        -------
        The Axes drawn on, or an array of them.
        """
        return above("plotting").meanfield(self, ax)

    def to_dict(self) -> dict[str, Any]:
        """Return what ``summary.json`` holds: plain numbers, None for NaN."""
        curves = self.curves
        content = {
            "critical_temperatures": dict(CRITICAL_TEMPERATURES),
            "largest_free_energy_error": {
                name: float(np.nanmax(curves[f"{name}_free_energy"] - curves["exact_free_energy"]))
                for name in ("naive", "bethe")
            },
            "n_points": len(self.points),
            "complete": self.complete,
            "config": asdict(self.config),
            "version": self.version,
        }
        return {name: plain(value) for name, value in content.items()}

    def save(self, directory: str | os.PathLike[str], figure: bool = True) -> tuple[Path, ...]:
        """Write points.csv, curves.csv, summary.json and meanfield.png into ``directory``.

        Each file appears whole or not at all. Without ``figure``, or without Matplotlib, there is
        no meanfield.png (nor one left from an earlier run). Returns the paths written.
        """
        contents = {
            "points.csv": lambda: as_csv(self.points),
            "curves.csv": lambda: as_csv(self.curves),
            "summary.json": lambda: as_json(self.to_dict()),
        }

        def draw() -> bytes:
            plotting = above("plotting")
            picture: bytes = plotting.png(plotting.meanfield, self, (1, 2), (12.5, 4.9))
            return picture

        return write_result(directory, contents, "meanfield.png", draw if figure else None)
