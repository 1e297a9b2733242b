"""The command ``spinglass sk``: the Sherrington-Kirkpatrick spin glass in one figure."""

from __future__ import annotations

import argparse
from math import floor, isfinite
from typing import TYPE_CHECKING, Any

from spinglass.cli.arguments import AND_LIMITS, STORED, add_command, add_experiment
from spinglass.cli.run import carry_out, number, page

if TYPE_CHECKING:
    from spinglass.experiments import SkResult

_EPILOG = """\
examples:
  spinglass sk
  spinglass sk --spins 64 128 256 --instances 50 --out small
  spinglass sk --spins 256 --betas 0.5 0.7 0.9 1.1 1.3 1.5
"""

# A difference of so many standard errors is no chance, among a handful of sizes.
_TOO_FAR = 3.5


def add(commands: Any, chosen: bool) -> None:
    """Add the parser of the command, with its options if it was chosen."""
    parser = add_command(
        commands,
        "sk",
        "cool Sherrington-Kirkpatrick spin glasses: energy, ground states, overlaps P(q)",
        "Cool Sherrington-Kirkpatrick spin glasses: N spins, a random coupling of variance 1/N "
        "for every pair. Each glass is tempered on two ladders of temperatures. Measured are "
        "the energy against temperature, the ground-state energy, extrapolated to infinite N, "
        "and the distribution of the overlap between two states of one glass, with Parisi's "
        "theory beside them, and whether all of it is equilibrium.",
        _EPILOG + STORED.format("glasses"),
    )
    if chosen:
        from spinglass.experiments import SkConfig, SkResult

        add_experiment(parser, SkConfig, SkResult, _run, _table, AND_LIMITS)


def _run(chosen: argparse.Namespace) -> int:
    if "betas" in chosen and "beta_max" in chosen:
        chosen.parser.error(
            "argument --beta-max: is for the default inverse temperatures, without --betas"
        )
    return carry_out(chosen)


def _table(result: SkResult, quiet: bool) -> str:
    """Return ground states, their limit and theory as text of at most 40 columns, notes below."""
    from spinglass.theory.sk import GROUND_STATE_ENERGY as PARISI

    fit = result.ground_energy
    lines = ["ground states, energy per spin"]
    lines.append(f"{'N':>6}  {'glasses':>7}  {'energy':>8}  {'error':>6}  {'agree':>5}")
    for row in result.ground_states:
        lines.append(
            f"{row['n_spins']:>6}  {row['n_instances']:>7}  {row['energy']:>8.5f}"
            f"  {number(row['energy_error'], 4):>6}  {floor(100 * row['agree']):>4}%"
        )

    def line(name: str, value: float, digits: int) -> str:
        return f"{name:<24}{number(value, digits):>9}"

    lines += [
        "",
        line("N = inf, at least", fit.interval[0], 5),
        line("N = inf, at most", fit.interval[1], 5),
        line("straight in N^(-2/3)", fit.value, 5),
        line("  error", fit.error, 5),
        line("  shift without smallest", fit.spread, 5),
        line("slope in N^(-2/3)", fit.amplitude, 3),
        line("  error", fit.amplitude_error, 3),
        line("chi-square probability", fit.p_value, 2),
        line("theory (Parisi)", PARISI, 6),
        line("slope in the literature", 0.70, 2),
    ]
    return page(lines, _notes(result, quiet))


def _notes(result: SkResult, quiet: bool) -> list[str]:
    """Say in words what limits the numbers, and, unless quiet, what they are."""
    fit, states = result.ground_energy, result.ground_states
    notes = []
    for row in states:
        if row["agree"] < 0.5:
            notes.append(
                f"N = {row['n_spins']}: the ladders agree on too few glasses, the energy is only "
                "an upper bound and not in the fit; more --sweeps would help."
            )
    if isfinite(fit.value):
        left_out = [int(n) for n in states["n_spins"] if n not in fit.n_spins]
        small = [str(n) for n in left_out if n < fit.n_spins[0]]
        if small:
            notes.append(
                f"N = {', '.join(small)}: not in the fit, too small for a straight line in "
                "N^(-2/3)."
            )
    else:
        notes.append("N = inf cannot be known from fewer than three sizes with two glasses each.")
    if result.config.disorder == "gaussian":
        for row in result.coldest:
            if row["difference"] > _TOO_FAR * row["difference_error"]:
                notes.append(
                    f"N = {row['n_spins']}: at beta = {row['beta']:g} the energy is more than "
                    f"{_TOO_FAR:g} standard errors above what the overlap tells: not in "
                    "equilibrium; more --sweeps would help."
                )
    if not quiet:
        notes.append(
            "agree: share of glasses on which both ladders found the same lowest energy; it is an "
            "upper bound of the ground-state energy. error: over glasses. N = inf: e over every "
            "law e + a N^(-2/3) + b N^(-y), y from 0.8 to 2, that the sizes do not reject at 95 %. "
            "Straight: the fit with b = 0, and how far it moves without the smallest size. "
            "Literature: Parisi's solution for e, Boettcher (2005) and Palassini (2008) for a."
        )
    return notes
