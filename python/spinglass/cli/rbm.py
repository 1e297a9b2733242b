"""The command ``spinglass rbm``: train a restricted Boltzmann machine and say how good it is."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib import util
from math import isfinite
from typing import TYPE_CHECKING, Any, NoReturn

from spinglass.cli.arguments import AND_LIMITS, add_command, add_experiment
from spinglass.cli.run import carry_out, page

if TYPE_CHECKING:
    from spinglass.experiments import RbmTraining

_EPILOG = """\
examples:
  spinglass rbm --digits
  spinglass rbm mnist.npz --components 500 --epochs 30 --batch-size 128
  spinglass rbm mnist.npz --method cd --k 10 --out cd10

Ctrl-C keeps the epochs that are finished; --resume goes on from there, with the same
bits. The table goes to stdout, progress and errors to stderr.
"""

# So many epochs are printed at most.
_ROWS = 12

# Two sides of ln Z that are further apart, in nats, say little about either.
_WIDE = 1.0

# By so many nats images trained on may be likelier than held-out ones before it is said.
_OVERFIT = 2.0


def add(commands: Any, chosen: bool) -> None:
    """Add the parser of the command, with its options if it was chosen."""
    parser = add_command(
        commands,
        "rbm",
        "train a restricted Boltzmann machine on images, its likelihood from two sides",
        "Train a restricted Boltzmann machine on images by contrastive divergence. Left behind are "
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
            help="follow the plain gradient, not that of units less their means",
        )
        option(
            "--resume",
            action="store_true",
            default=False,
            help="go on from the checkpoint that an interrupted training left in --out",
        )
        parser.flags["checkpoint"] = "--resume"
        add_experiment(parser, RbmConfig, RbmTraining, _run, _table, AND_LIMITS)


def _run(chosen: argparse.Namespace) -> int:
    complain: Callable[[str], NoReturn] = chosen.parser.error
    if chosen.digits and chosen.data is not None:
        complain("argument --digits: are images of their own, without DATA.npz")
    if not chosen.digits and chosen.data is None:
        complain("images are needed: give DATA.npz, or --digits for those of scikit-learn")
    if util.find_spec("safetensors") is None:
        complain("models are saved as safetensors: pip install 'spinglass[rbm]'")
    if chosen.digits and util.find_spec("sklearn") is None:
        complain("argument --digits: they come with scikit-learn: pip install scikit-learn")
    checkpoint = chosen.out / "checkpoint.safetensors"
    if chosen.resume and not checkpoint.exists():
        complain(f"argument --resume: there is no {checkpoint} to go on from")
    from spinglass import experiments

    def trained(data: Any, **arguments: Any) -> RbmTraining:
        if not chosen.resume:
            checkpoint.unlink(missing_ok=True)
        try:
            return experiments.rbm(experiments.DIGITS if chosen.digits else data, **arguments)
        except OSError as error:
            complain(
                f"argument DATA.npz: cannot read {error.filename!r}: "
                f"{(error.strerror or str(error)).removeprefix('data: ')}"
            )

    code = carry_out(chosen, trained, checkpoint=checkpoint)
    if code == 0:  # nothing is left to go on with
        for file in (checkpoint, checkpoint.with_suffix(".csv")):
            file.unlink(missing_ok=True)
    return code


def _table(result: RbmTraining, quiet: bool) -> str:
    """Return curves and likelihoods as text of at most 40 columns, notes below."""
    curves = result.curves
    lines = [f"{'epoch':>6}{'pseudo-L':>11}{'wrong':>9}{'log-L':>11}"]
    for row in curves[_spread(curves)]:
        lines.append(
            f"{row['epoch']:>6}{row['pseudo_likelihood']:>11.2f}"
            f"{row['reconstruction_error']:>9.2f}{_number(row['log_likelihood']):>11}"
        )
    found = result.likelihood
    if found is not None:

        def line(name: str, train: float | None, test: float | None) -> str:
            return f"{name:<17}{_number(train):>9}{_number(test):>11}"

        lines += ["", f"{'log-likelihood':<17}{'train':>9}{'held out':>11}"]
        if found.log_partition.method == "exact":
            lines.append(line("exact", found.train.value, found.test.value))
        else:
            lines += [
                line("optimistic", found.train.optimistic, found.test.optimistic),
                line("pessimistic", found.train.pessimistic, found.test.pessimistic),
                line("error of ln Z", found.train.error, found.test.error),
            ]
        lines.append(line("error over images", None, found.test_error))
    return page(lines, _notes(result, quiet))


def _spread(curves: Any) -> list[int]:
    """Return which rows to print: those with a likelihood, not too many, the last among them."""
    known = [k for k in range(len(curves)) if isfinite(curves["log_likelihood"][k])]
    rows = known or list(range(len(curves)))
    return rows[::-1][:: -(-len(rows) // _ROWS) or 1][::-1]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}" if isfinite(value) else "-"


def _notes(result: RbmTraining, quiet: bool) -> list[str]:
    """Say in words what limits the numbers, and, unless quiet, what they are."""
    notes, found = [], result.likelihood
    if found is not None and abs(found.gap) > _WIDE:
        notes.append(
            f"ln Z from below and from above differ by {found.gap:.1f} nats: neither is to be "
            "trusted. More --betas would help, or a machine whose chains mix."
        )
    if len(result.curves) and result.curves["free_energy_gap"][-1] > _OVERFIT:
        notes.append(
            f"Images trained on are likelier than held-out ones by "
            f"{result.curves['free_energy_gap'][-1]:.1f} nats: the machine overfits. More images, "
            "fewer --components or fewer --epochs would help."
        )
    if result.config.binarise == "none":
        notes.append(
            "Grey levels are no states of units 0 and 1: their log-likelihood is not that of data."
        )
    if not quiet:
        notes.append(
            "Nats per image, of held-out images. pseudo-L: n_visible times the mean of "
            "ln p(pixel | all others), no likelihood. wrong: pixels that come back wrong from the "
            "hidden units. log-L: log p(v) = -F(v) - ln Z; forward annealing finds ln Z from "
            "below, which flatters (optimistic), reverse annealing from above (pessimistic)."
        )
    return notes
