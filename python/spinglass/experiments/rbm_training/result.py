"""What a trained machine leaves: curves, two sides of its likelihood, chains, and pictures."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spinglass import _arguments
from spinglass._core import __version__
from spinglass._files import as_csv, as_json, plain, write_result
from spinglass._registry import above
from spinglass.experiments.rbm_training.images import Binarise
from spinglass.experiments.rbm_training.measures import RbmLikelihood
from spinglass.machines import BernoulliRBM

Schedule: TypeAlias = Literal["linear", "constant"]
Method: TypeAlias = Literal["pcd", "cd"]


@dataclass(frozen=True)
class RbmConfig:
    """What was asked, everything resolved; equal configs give equal rows.

    Attributes
    ----------
    data : str
        Where the images are from: the name of a file, "digits" or "array".
    n_images, n_held_out, n_visible : int
        Images trained on, images held out, and pixels an image.
    image_shape : tuple of int or None
        Height and width of an image; None for rows without a shape.
    binarise : {"bernoulli", "threshold", "none"}
        How grey levels became units.
    n_components, n_epochs, batch_size : int
        Hidden units, passes over the images, and images an update.
    learning_rate : float
        Of the first update.
    schedule : {"linear", "constant"}
        Whether the rate falls in a straight line, to nothing after the last update.
    method : {"pcd", "cd"}
        Persistent chains, or chains that start at the images in every update.
    k : int
        Gibbs steps an update.
    centered : bool
        Whether the gradient is the centred one.
    n_chains, n_betas : int
        Of annealed importance sampling at the end; a tenth of the betas on the way.
    seed : int
        Keys every random number.
    """

    data: str
    n_images: int
    n_held_out: int
    n_visible: int
    image_shape: tuple[int, int] | None
    binarise: Binarise
    n_components: int
    n_epochs: int
    batch_size: int
    learning_rate: float
    schedule: Schedule
    method: Method
    k: int
    centered: bool
    n_chains: int
    n_betas: int
    seed: int


@dataclass(frozen=True, eq=False)
class RbmTraining:
    """A machine, how it learned, and what it makes of held-out images.

    Attributes
    ----------
    config : RbmConfig
        What was asked.
    version : str
        The version of spinglass that ran it.
    model : BernoulliRBM
        The machine.
    curves : structured array
        One row an epoch, or about a hundred in all: ``epoch``, ``learning_rate`` (of its last
        update), and of the held-out images, in nats an image: ``pseudo_likelihood`` (of pixels
        drawn at random) with the standard error over images, ``log_likelihood`` (exact, or midway
        between ``optimistic`` and ``pessimistic``) with the error of ln Z, NaN where they were not
        measured. ``reconstruction_error``: pixels of an image that come back wrong from one step to
        the hidden units and back. ``free_energy_gap``: by how many nats images trained on are
        likelier than held-out ones; it does not need ln Z.
    likelihood : RbmLikelihood or None
        At the end; None if interrupted.
    chains : numpy.ndarray of uint8, (n_chains, n_columns, n_visible)
        Samples along the chain, each from a held-out image; empty if interrupted.
    chain_steps : tuple of int
        Gibbs steps made by then.
    shown : numpy.ndarray of uint8, (n_images, n_visible)
        Held-out images; empty if interrupted.
    erased : numpy.ndarray of bool, (n_images, n_visible)
        Where something was hidden from the machine.
    filled : numpy.ndarray of float32, (n_images, n_visible)
        The probability of each unit to be 1, given what was not hidden.
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

    @classmethod
    def unfinished(
        cls, config: RbmConfig, model: BernoulliRBM, curves: NDArray[np.void]
    ) -> RbmTraining:
        """Return what an interrupted training leaves."""
        none = np.empty((0, config.n_visible), np.uint8)
        chains, steps, hidden = none[None, :0], (), none.astype(bool)
        return cls(
            config,
            __version__,
            model,
            curves,
            None,
            chains,
            steps,
            none,
            hidden,
            none.astype(np.float32),
        )

    @property
    def complete(self) -> bool:
        """Whether every epoch was finished, and the machine measured."""
        return self.likelihood is not None

    def plot(self, ax: Any = None) -> Any:
        """Draw the machine (needs Matplotlib).

        Parameters
        ----------
        ax : matplotlib Axes or sequence of four Axes, optional
            One Axes gets the learning curves. Four get these, the filters, samples along the chain,
            and half-erased images; so does a new figure if none is given.

        Returns
        -------
        The Axes drawn on, or an array of four.
        """
        return above("plotting").rbm(self, ax)

    def to_dict(self) -> dict[str, Any]:
        """Return what ``summary.json`` holds: plain numbers, None for NaN."""
        last = self.curves[-1:].tolist()
        content = {
            "likelihood": None if self.likelihood is None else self.likelihood.to_dict(),
            "last_row": dict(zip(self.curves.dtype.names or (), last[0], strict=True))
            if last
            else None,
            "complete": self.complete,
            "config": asdict(self.config),
            "version": self.version,
        }
        return {name: plain(value) for name, value in content.items()}

    def save(self, directory: str | os.PathLike[str], figure: bool = True) -> tuple[Path, ...]:
        """Write model.safetensors, curves.csv, summary.json and rbm.png into ``directory``.

        Each file appears whole or not at all. Without ``figure``, or without Matplotlib, there is
        no rbm.png (nor one left from an earlier run). Returns the paths written.
        """
        contents = {
            "curves.csv": lambda: as_csv(self.curves),
            "summary.json": lambda: as_json(self.to_dict()),
        }

        def draw() -> bytes:
            plotting = above("plotting")
            picture: bytes = plotting.png(plotting.rbm, self, *plotting.rbm_layout())
            return picture

        folder = _arguments.file_path(directory, "directory")
        folder.mkdir(parents=True, exist_ok=True)
        self.model.save(folder / "model.safetensors")
        others = write_result(folder, contents, "rbm.png", draw if figure else None)
        return (folder / "model.safetensors", *others)
