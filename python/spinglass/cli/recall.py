"""The command ``spinglass recall``: recall stored pictures from noisy copies."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from importlib import util
from typing import TYPE_CHECKING, Any, NoReturn

from spinglass.cli.arguments import add_command, add_experiment
from spinglass.cli.run import carry_out

if TYPE_CHECKING:
    from spinglass.experiments import RecallPictures

_EPILOG = """\
examples:
  spinglass recall
  spinglass recall cat.jpg dog.png --flip 0.2
  spinglass recall photos/*.jpg --size 128

The table goes to stdout, errors to stderr.
"""


def add(commands: Any, chosen: bool) -> None:
    """Add the parser of the command, with its options if it was chosen."""
    parser = add_command(
        commands,
        "recall",
        "recall pictures from noise while the energy falls",
        "Recall pictures from noise. A Hopfield network stores the pictures, with one spin for "
        "each pixel. A part of the pixels of each picture is flipped. The network then follows "
        "zero-temperature dynamics to the fixed point, and its energy never rises. "
        "The default images are five figures of 11 x 11 pixels, the first a cross.",
        _EPILOG,
    )
    if chosen:
        from spinglass.experiments import RecallPictures, RecallPicturesConfig

        images = RecallPicturesConfig.parameters()["images"]
        parser.add_argument(
            "images", nargs="*", metavar=images.letter, help=images.about, default=[]
        )
        quiet = "no notes, only the table"
        add_experiment(parser, RecallPicturesConfig, RecallPictures, _run, quiet)


def _run(chosen: argparse.Namespace) -> int:
    from spinglass import experiments

    complain: Callable[[str], NoReturn] = chosen.parser.error
    for library, name in (("matplotlib", "Matplotlib"), ("PIL", "Pillow")):
        if util.find_spec(library) is None:
            complain(f"pictures need {name}: pip install 'spinglass[plot]'")
    figure = chosen.out / f"recall.{chosen.format}"
    for image in chosen.images:
        if os.path.exists(figure) and os.path.exists(image) and os.path.samefile(figure, image):
            complain(f"argument --out: {figure} is one of the images and would be written over")

    def recalled(images: list[str], **arguments: Any) -> RecallPictures:
        try:
            return experiments.recall_pictures(images or None, **arguments)
        except OSError as error:
            complain(
                f"argument IMAGE: cannot read {error.filename!r}: "
                f"{(error.strerror or str(error)).removeprefix('images: ')}"
            )

    return carry_out(chosen, recalled)
