"""The command ``spinglass renormalize``: the Ising model seen from further and further away."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

from spinglass.cli.arguments import STORED, add_command, add_experiment
from spinglass.cli.run import carry_out, page

if TYPE_CHECKING:
    from spinglass.experiments import Renormalization

_EPILOG = """\
examples:
  spinglass renormalize
  spinglass renormalize --size 32 --sweeps 4000 --picture 512
  spinglass renormalize --temperatures 2.22:2.32:0.02
"""


def add(commands: Any, chosen: bool) -> None:
    """Add the parser of the command, with its options if it was chosen."""
    parser = add_command(
        commands,
        "renormalize",
        "coarse-grain the 2D Ising model: the renormalization group in pictures and numbers",
        "Coarse-grain the Ising model on a square lattice. Every block of 2 x 2 spins becomes "
        "one spin, by majority; again and again, the lattice is seen from further away. Below "
        "the critical temperature it looks more ordered at each step, above more disordered, "
        "at it the same: there the correlations of lattices with one step more and one step "
        "less cross.",
        _EPILOG + STORED.format("points"),
    )
    if chosen:
        from spinglass.experiments import Renormalization, RenormalizeConfig

        add_experiment(parser, RenormalizeConfig, Renormalization, carry_out, _table)


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
