"""The command ``spinglass rbm``: train a restricted Boltzmann machine and measure its quality."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib import util
from typing import TYPE_CHECKING, Any, NoReturn

from spinglass.cli.arguments import AND_LIMITS, add_command, add_experiment
from spinglass.cli.run import carry_out

if TYPE_CHECKING:
    from spinglass.experiments import RbmTraining

_EPILOG = """\
examples:
  spinglass rbm --digits
  spinglass rbm mnist.npz --components 500 --epochs 30 --batch-size 128
  spinglass rbm mnist.npz --method cd --k 10 --out cd10

Ctrl-C keeps the epochs that are finished. --resume continues from there, and the result
is the same as without the stop. The table goes to stdout, progress and errors to stderr.
"""


def add(commands: Any, chosen: bool) -> None:
    """Add the parser of the command, with its options if it was chosen."""
    parser = add_command(
        commands,
        "rbm",
        "train a restricted Boltzmann machine on images, and measure its likelihood",
        "Train a restricted Boltzmann machine on images by contrastive divergence. It writes "
        "the model, the learning curves on held-out images, and a figure: curves, filters, samples "
        "along the chain, half-erased images filled in. The log-likelihood is exact where a layer "
        "has at most 25 units, and otherwise estimated from both sides by annealed importance "
        "sampling.",
        _EPILOG,
    )
    if chosen:
        from spinglass.experiments import RbmConfig, RbmTraining

        data = RbmConfig.parameters()["data"]
        option = parser.add_argument
        option("data", nargs="?", metavar=data.letter, help=data.about, default=None)
        option(
            "--digits",
            action="store_true",
            default=False,
            help="scikit-learn's 1797 digits of 8 x 8 pixels",
        )
        option(
            "--uncentered",
            dest="centered",
            action="store_false",
            help="use the plain gradient, not that of units minus their means",
        )
        option(
            "--resume",
            action="store_true",
            default=False,
            help="continue from the checkpoint of an interrupted training in --out",
        )
        parser.flags["checkpoint"] = "--resume"
        add_experiment(parser, RbmConfig, RbmTraining, _run, AND_LIMITS)


def _run(chosen: argparse.Namespace) -> int:
    complain: Callable[[str], NoReturn] = chosen.parser.error
    if chosen.digits and chosen.data is not None:
        complain("argument --digits: are images of their own, without DATA.npz")
    if not chosen.digits and chosen.data is None:
        complain("images are needed: give DATA.npz, or --digits for those of scikit-learn")
    if util.find_spec("safetensors") is None:
        complain("models are saved as safetensors: pip install 'spinglass[rbm]'")
    if chosen.digits and util.find_spec("sklearn") is None:
        complain("argument --digits: they come with scikit-learn: pip install 'spinglass[sklearn]'")
    checkpoint = chosen.out / "checkpoint.safetensors"
    if chosen.resume and not checkpoint.exists():
        complain(f"argument --resume: there is no {checkpoint} to continue from")
    from spinglass import experiments

    def trained(data: Any, **arguments: Any) -> RbmTraining:
        if not chosen.resume and checkpoint.is_file():
            checkpoint.unlink()
        try:
            return experiments.rbm(experiments.DIGITS if chosen.digits else data, **arguments)
        except OSError as error:
            name = "--out" if error.filename == str(checkpoint) else "DATA.npz"
            complain(
                f"argument {name}: cannot read {error.filename!r}: "
                f"{(error.strerror or str(error)).removeprefix('data: ')}"
            )

    code = carry_out(chosen, trained, checkpoint=checkpoint)
    if code == 0:  # nothing is left to go on with
        for file in (checkpoint, checkpoint.with_suffix(".csv")):
            file.unlink(missing_ok=True)
    return code
