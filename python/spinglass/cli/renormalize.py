"""The command ``spinglass renormalize``: the Ising model seen from further and further away."""

from __future__ import annotations

import argparse
from math import isfinite
from typing import TYPE_CHECKING, Any

from spinglass.cli.arguments import add_command, add_common, add_numbers, add_storing, integer
from spinglass.cli.ising import add_sampling, sampling
from spinglass.cli.run import carry_out, page

if TYPE_CHECKING:
    from spinglass.experiments import Renormalization

_EPILOG = """\
examples:
  spinglass renormalize
  spinglass renormalize --size 32 --sweeps 4000 --picture 512
  spinglass renormalize --temperatures 2.22:2.32:0.02

Ctrl-C writes the points that are finished; with --store the same command
goes on later, and 'spinglass status FILE' tells how far it is. The table
goes to stdout, progress and errors to stderr.
"""


def add(commands: Any) -> None:
    """Add the parser of the command."""
    parser = add_command(
        commands,
        "renormalize",
        "coarse-grain the 2D Ising model: the renormalization group in pictures and numbers",
        "Coarse-grain the Ising model on a square lattice. Every block of 2 x 2 spins becomes "
        "one spin, by majority; again and again, the lattice is seen from further away. Below "
        "the critical temperature it looks more ordered at each step, above more disordered, "
        "at it the same: there the correlations of lattices with one step more and one step "
        "less cross.",
        _EPILOG,
    )
    option = parser.add_argument
    option(
        "--size",
        type=integer(1),
        default=128,
        metavar="L",
        help="side of the larger lattice, a power of two from 16 on (default: %(default)s)",
    )
    add_numbers(
        parser,
        "--temperatures",
        "T",
        "temperatures in units of the coupling: numbers, or START:STOP:STEP with both ends "
        "(default: seven around the transition)",
    )
    add_sampling(parser, sweeps=64_000, replicas=32, warmup="a quarter")
    option(
        "--picture",
        type=integer(0),
        default=256,
        metavar="L",
        help="side of the lattices that are shown, a power of two from 16 on; 0 for none "
        "(default: %(default)s)",
    )
    add_storing(parser)
    add_common(
        parser,
        _run,
        same="gives the same points",
        files="points.csv, summary.json and renormalize.png",
    )


def _run(chosen: argparse.Namespace) -> int:
    from spinglass import experiments

    arguments = sampling(chosen) | {"size": chosen.size}
    arguments["picture_size"] = chosen.picture or None  # None: no pictures
    flags = {"picture_size": "--picture"}
    return carry_out(chosen, experiments.renormalize, arguments, _table, flags)


def _table(result: Renormalization, quiet: bool) -> str:
    """Return crossings and exponents by step as text of at most 40 columns, notes below."""
    from spinglass.statistics import format_estimate
    from spinglass.theory import ising2d

    large, small = result.config.sizes
    exponents = result.thermal_exponents
    lines = [f"{'steps':<6}{'lattice':>9}{'beta_c':>13}{'y_t':>11}"]
    notes = []
    for k, found in result.crossings.items():
        side = large >> k
        beta = format_estimate(found.beta, found.beta_error) if isfinite(found.beta) else "none"
        exponent = str(exponents[k]) if k in exponents else "none"
        lines.append(f"{k:<6}{f'{side} x {side}':>9}{beta:>13}{exponent:>11}")
        if found.reason:
            notes.append(f"{k} step{'s' * (k > 1)}: {found.reason}.")
    lines.append(f"{'exact':<15}{ising2d.critical_beta():>13.6f}{1:>11}")
    if not exponents:
        notes.append("No y_t: T_c is not among the temperatures.")
    if not quiet:
        chi_square = result.to_dict()["chi_square_per_point_correlation"]
        words = ""
        if chi_square is not None:
            words = (
                f" Before the first step: chi2 = {chi_square:.2f} a point against the exact one."
            )
        notes.insert(
            0,
            f"beta_c is where the neighbour correlation of L = {large} after so many steps and of "
            f"L = {small} after one less are equal, y_t = log2 lambda the exponent of one coupling "
            "at T_c. The digits in parentheses are the statistical error of the last ones; what "
            f"few steps, small lattices and one coupling leave out is not in it.{words}",
        )
    return page(lines, notes)
