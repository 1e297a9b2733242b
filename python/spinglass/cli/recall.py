"""The command ``spinglass recall``: pictures stored, spoiled, and found again."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from importlib import util
from typing import TYPE_CHECKING, Any, NoReturn

from spinglass.cli.arguments import add_command, add_experiment, width
from spinglass.cli.run import carry_out, page

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
        "Recall pictures from noise. The pictures are stored in a Hopfield network, one spin a "
        "pixel; a part of the pixels of each is flipped, and the network follows "
        "zero-temperature dynamics, in which the energy never rises, to the fixed point. "
        "Without images of your own: five figures of 11 x 11 pixels, the first a cross.",
        _EPILOG,
    )
    if chosen:
        from spinglass.experiments import RecallPictures, RecallPicturesConfig

        images = RecallPicturesConfig.parameters()["images"]
        parser.add_argument(
            "images", nargs="*", metavar=images.letter, help=images.about, default=[]
        )
        quiet = "no notes, only the table"
        add_experiment(parser, RecallPicturesConfig, RecallPictures, _run, _table, quiet)


def _run(chosen: argparse.Namespace) -> int:
    from spinglass import experiments

    complain: Callable[[str], NoReturn] = chosen.parser.error
    for library, name in (("matplotlib", "Matplotlib"), ("PIL", "Pillow")):
        if util.find_spec(library) is None:
            complain(f"pictures need {name}: pip install 'spinglass[plot]'")
    figure = chosen.out / "recall.png"
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


def _table(result: RecallPictures, quiet: bool) -> str:
    """Return one line a picture, of at most 40 columns unless the terminal has more for names."""
    name_width = max(9, min(width() - 31, max(len(name) for name in result.names)))
    lines = [f"{'image':<{name_width}}{'start':>7}{'end':>7}{'flips':>8}{'sweeps':>8}"]
    for k, name in enumerate(result.names):
        short = name if len(name) <= name_width else name[: name_width - 1] + "…"
        lines.append(
            f"{short:<{name_width}}{result.start_overlap[k]:>7.3f}{result.overlap[k]:>7.3f}"
            f"{result.flips[k]:>8}{result.sweeps[k]:>8}{'' if result.converged[k] else '+'}"
        )
    return page(lines, [] if quiet else [_note(result)])


def _note(result: RecallPictures) -> str:
    """Say in words what the table says in numbers."""
    n, n_spins = len(result.names), result.config.size**2
    whole = int((result.overlap == 1).sum())
    note = (
        f"start, end: overlap with the stored picture, 1 if equal, -1 if reversed. {n} "
        f"picture{'s' * (n > 1)} in {n_spins} spins, {whole} recalled without an error, "
    )
    if result.converged.all():
        note += "all at rest."
    else:
        note += f"those with + not at rest after {result.config.max_sweeps} sweeps."
    if whole < n and n > 1:
        note += (
            " Pictures that have much in common blur into one another under Hebb's rule: store "
            "fewer, or less alike."
        )
    return note
