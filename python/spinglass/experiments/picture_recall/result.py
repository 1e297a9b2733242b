"""The result of a recall: the pictures stored, at the start and at the end, and the energy."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass._printed import printed
from spinglass._result import Result
from spinglass.experiments.picture_recall.config import RecallPicturesConfig
from spinglass.experiments.picture_recall.report import report
from spinglass.experiments.tables import rows_of


@printed
@dataclass(frozen=True, eq=False)
class EnergyTrace:
    """The energy along a recall; it is constant between the flips.

    Attributes
    ----------
    updates : numpy.ndarray of int64, (n_flips + 1,)
        0 for the start. Then, for each flip, the number of sites visited so far, its own included.
    energy : numpy.ndarray of float64, (n_flips + 1,)
        The energy from this update on; total, not per spin.
    """

    updates: NDArray[np.int64] = field(repr=False)
    energy: NDArray[np.float64] = field(repr=False)


@dataclass(frozen=True, eq=False)
class RecallPictures(Result, figure="pictures", summary="recall.json", picture="recall.png"):
    """Pictures and their recalls, one entry for each picture.

    Attributes
    ----------
    config : RecallPicturesConfig
        The resolved arguments.
    version : str
        The version of spinglass that computed the result.
    names : tuple of str
        The names of the mapping; for a file, the last part of its path.
    stored, start, recalled : numpy.ndarray of int8, (n_pictures, size, size)
        +1 light, -1 dark.
    start_overlap, overlap : numpy.ndarray of float64, (n_pictures,)
        Overlaps of the start and of the final state with the stored picture.
    best_picture : numpy.ndarray of int64, (n_pictures,)
        Number of the picture of largest overlap with the final state.
    best_overlap : numpy.ndarray of float64, (n_pictures,)
        That overlap.
    stored_energy : numpy.ndarray of float64, (n_pictures,)
        Total energy of the stored picture.
    flips, sweeps : numpy.ndarray of int64, (n_pictures,)
        Number of flips, and number of sweeps, including the last one without a flip.
    converged : numpy.ndarray of bool, (n_pictures,)
        Whether a fixed point was reached.
    stable : numpy.ndarray of bool, (n_pictures,)
        Whether the stored picture itself is a fixed point.
    traces : tuple of EnergyTrace
        The energy on the way.
    """

    config: RecallPicturesConfig
    version: str
    names: tuple[str, ...]
    stored: NDArray[np.int8] = field(repr=False)
    start: NDArray[np.int8] = field(repr=False)
    recalled: NDArray[np.int8] = field(repr=False)
    start_overlap: NDArray[np.float64]
    overlap: NDArray[np.float64]
    best_picture: NDArray[np.int64]
    best_overlap: NDArray[np.float64]
    stored_energy: NDArray[np.float64]
    flips: NDArray[np.int64]
    sweeps: NDArray[np.int64]
    converged: NDArray[np.bool_]
    stable: NDArray[np.bool_]
    traces: tuple[EnergyTrace, ...] = field(repr=False)

    report = report

    @property
    def _table(self) -> NDArray[np.void]:
        """One row a picture."""
        energy = np.array([trace.energy[[0, -1]] for trace in self.traces])
        columns: dict[str, Any] = {
            "name": self.names,
            "image": self.config.images or self.names,
            "start_overlap": self.start_overlap,
            "overlap": self.overlap,
            "best_picture": np.array(self.names)[self.best_picture],
            "best_overlap": self.best_overlap,
            "stored_energy": self.stored_energy,
            "start_energy": energy[:, 0],
            "energy": energy[:, 1],
            "flips": self.flips,
            "sweeps": self.sweeps,
            "converged": self.converged,
            "stable": self.stable,
        }
        kinds = [(name, np.asarray(column).dtype) for name, column in columns.items()]
        return np.array(list(zip(*columns.values(), strict=True)), dtype=kinds)

    def _summary(self) -> dict[str, Any]:
        return {"pictures": rows_of(self._table)}
