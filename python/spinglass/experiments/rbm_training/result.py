"""The result of a training: curves, the likelihood from two sides, chains, and pictures."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass import _arguments
from spinglass._core import __version__
from spinglass._result import FORMATS, Format, Result
from spinglass.experiments.rbm_training.config import RbmConfig
from spinglass.experiments.rbm_training.measures import RbmLikelihood
from spinglass.experiments.rbm_training.report import report
from spinglass.experiments.tables import rows_of
from spinglass.machines import BernoulliRBM


@dataclass(frozen=True, eq=False)
class RbmTraining(Result, figure="rbm", tables={"curves.csv": "curves"}):
    """A trained machine, its learning curves, and its samples from held-out images.

    Attributes
    ----------
    config : RbmConfig
        The resolved arguments.
    version : str
        The version of spinglass that computed the result.
    model : BernoulliRBM
        The machine.
    curves : structured array
        One row for each epoch, or about a hundred in all. Columns: ``epoch``, ``learning_rate`` (of
        its last update), and for the held-out images, in nats for each image, NaN where not
        measured: ``pseudo_likelihood`` (of pixels drawn at random) with the standard error over
        images, ``log_likelihood`` (exact, or midway between ``optimistic`` and ``pessimistic``)
        with the error of ln Z. ``reconstruction_error`` is the number of wrong pixels of an image
        after one step to the hidden units and back. ``free_energy_gap`` is the log-likelihood of
        training images less that of held-out images, in nats; it does not need ln Z.
    likelihood : RbmLikelihood or None
        The likelihood at the end; None if interrupted.
    chains : numpy.ndarray of uint8, (n_chains, n_columns, n_visible)
        Samples along chains, each of which starts at a held-out image; empty if interrupted.
    chain_steps : tuple of int
        The Gibbs steps before each column.
    shown : numpy.ndarray of uint8, (n_images, n_visible)
        Held-out images; empty if interrupted.
    erased : numpy.ndarray of bool, (n_images, n_visible)
        True for the erased units.
    filled : numpy.ndarray of float32, (n_images, n_visible)
        The probability that each unit is 1, given the units that were not erased.
    """

    config: RbmConfig
    version: str
    model: BernoulliRBM = field(repr=False)
    curves: NDArray[np.void] = field(repr=False)
    likelihood: RbmLikelihood | None
    chains: NDArray[np.uint8] = field(repr=False)
    chain_steps: tuple[int, ...] = field(repr=False)
    shown: NDArray[np.uint8] = field(repr=False)
    erased: NDArray[np.bool_] = field(repr=False)
    filled: NDArray[np.float32] = field(repr=False)

    report = report

    @classmethod
    def unfinished(
        cls, config: RbmConfig, model: BernoulliRBM, curves: NDArray[np.void]
    ) -> RbmTraining:
        """Return the result of an interrupted training."""
        none = np.empty((0, config.n_visible), np.uint8)
        pictures = none[None, :0], (), none, none.astype(bool), none.astype(np.float32)
        return cls(config, __version__, model, curves, None, *pictures)

    @property
    def complete(self) -> bool:
        """Whether every epoch was finished, and the machine measured."""
        return self.likelihood is not None

    def _summary(self) -> dict[str, Any]:
        last = rows_of(self.curves[-1:])
        return {
            "likelihood": None if self.likelihood is None else self.likelihood.to_dict(),
            "last_row": last[0] if last else None,
        }

    @classmethod
    def files(cls, format: Format = "png") -> tuple[str, ...]:
        """Return the names of the files that `save` writes, the picture last."""
        return ("model.safetensors", *super().files(format))

    def save(
        self, directory: str | os.PathLike[str], figure: bool = True, format: Format = "png"
    ) -> tuple[Path, ...]:
        """Write model.safetensors, and the files of `Result.save`."""
        _arguments.choice(format, "format", FORMATS)
        file = _arguments.file_path(directory, "directory") / "model.safetensors"
        file.parent.mkdir(parents=True, exist_ok=True)
        self.model.save(file)
        return (file, *super().save(directory, figure, format))
