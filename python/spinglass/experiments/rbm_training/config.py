"""The arguments of the training of a restricted Boltzmann machine on images."""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Literal, TypeAlias

from spinglass import _arguments
from spinglass._arguments import flag
from spinglass.experiments.config import Config, derived, parameter
from spinglass.experiments.kinds import SEED, Kind, choice, integer, read_real
from spinglass.experiments.rbm_training.images import Binarise

Schedule: TypeAlias = Literal["linear", "constant"]
Method: TypeAlias = Literal["pcd", "cd"]

# Without a number of epochs: as many as give this many updates, and no fewer than ten.
UPDATES = 20_000
_EPOCHS = 10


def _rate(value: Any, name: str) -> float:
    rate = _arguments.finite(value, name)
    if rate <= 0:
        raise ValueError(f"{name} must be above 0, got {value!r}")
    return rate


@dataclass(frozen=True)
class RbmConfig(Config):
    """All arguments, resolved. Equal configs give equal rows."""

    data: str = parameter(
        Kind(lambda data, _: data),
        "images as a 2-D or 3-D array called x_train, images, X or data, or the only such array "
        "in the file; held-out ones, if there are any, as x_test",
        "DATA.npz",
        flag=None,
    )
    n_images: int = derived("images trained on")
    n_held_out: int = derived("images held out")
    n_visible: int = derived("pixels of an image")
    image_shape: tuple[int, int] | None = derived("height and width; None for rows without a shape")
    binarise: Binarise = parameter(
        choice(Binarise),
        "how grey levels become 0 and 1: by a random draw for each pixel, by a threshold at 1/2, "
        "or not at all",
    )
    n_components: int = parameter(integer(1), "hidden units", "N")
    n_epochs: int = parameter(
        integer(1, 2**31 - 1),
        "passes over the images",
        "N",
        default="enough for 20,000 updates, at least 10",
    )
    batch_size: int = parameter(
        integer(1), "images per update, and number of persistent chains", "N"
    )
    learning_rate: float = parameter(
        Kind(_rate, read_real), "learning rate of the first update", "R", flag="--rate"
    )
    schedule: Schedule = parameter(
        choice(Schedule), "the rate falls linearly to 0, or stays constant"
    )
    method: Method = parameter(
        choice(Method), "persistent chains, or chains that start at the images"
    )
    k: int = parameter(integer(1), "Gibbs steps per update", "K")
    centered: bool = parameter(
        Kind(flag),
        "use the centred gradient, of units minus their means",
        flag=None,
    )
    n_chains: int = parameter(
        integer(2, 2**20), "chains of annealed importance sampling at the end", flag=None
    )
    n_betas: int = parameter(
        integer(20, 2**31 - 1),
        "inverse temperatures of annealed importance sampling at the end",
        "N",
    )
    seed: int = parameter(SEED, "the same seed gives the same bits", "S")

    @classmethod
    def resolve(cls, given: SimpleNamespace) -> None:
        """Say what the images are, which were read, and how long to train on them."""
        images = given.images
        given.data, given.image_shape = images.name, images.image_shape
        (given.n_images, given.n_visible), given.n_held_out = images.train.shape, len(images.test)
        n_batches = math.ceil(given.n_images / given.batch_size)
        given.n_epochs = given.n_epochs or max(_EPOCHS, math.ceil(UPDATES / n_batches))
