"""The arguments of a recall of pictures."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

from spinglass import _random
from spinglass.experiments.config import Config, parameter
from spinglass.experiments.kinds import FRACTION, SEED, Kind, integer
from spinglass.experiments.picture_recall.images import label, listed, resolved_size


def _seed(seed: _random.Seed, _: str) -> int:
    known = _random.repeatable(seed)
    return known if isinstance(known, int) else _random.seed_word(known)


@dataclass(frozen=True)
class RecallPicturesConfig(Config):
    """All arguments, resolved.

    ``images`` has the names of the files as given, and ``array k`` for an array. It is None for the
    built-in figures.
    """

    images: tuple[str, ...] | None = parameter(
        Kind(lambda images, _: listed(images)),
        "picture files to store: cropped to a square, made black and white in about equal parts",
        "IMAGE",
        flag=None,
        default="",
    )
    flip: float = parameter(FRACTION, "fraction of pixels flipped at the start", "F")
    size: int = parameter(
        Kind(lambda size, _: size, integer(2).read),
        "store images as L x L pixels",
        "L",
        default="64",
    )
    max_sweeps: int = parameter(
        integer(1), "a recall that has not converged by then is ended", flag=None
    )
    seed: int = parameter(Kind(_seed, SEED.read), "the same seed flips the same pixels", "S")

    @classmethod
    def resolve(cls, given: SimpleNamespace) -> None:
        """Name the images, and set their size."""
        given.size = resolved_size(given.images, given.size)
        if given.images is not None:
            given.images = tuple(label(x, k) for k, x in enumerate(given.images))
