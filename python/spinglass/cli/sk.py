"""The command ``spinglass sk``: the Sherrington-Kirkpatrick spin glass in one figure."""

from __future__ import annotations

import argparse
import sys
import textwrap
from importlib import util
from math import floor, isfinite
from typing import TYPE_CHECKING, Any

from spinglass.cli.arguments import (
    Help,
    add_common,
    check_writable,
    integer,
    real,
    save,
    width,
)

if TYPE_CHECKING:
    from spinglass.experiments import SkResult

_EPILOG = """\
examples:
  spinglass sk
  spinglass sk --spins 64 128 256 --instances 50 --out small
  spinglass sk --spins 256 --betas 0.5 0.7 0.9 1.1 1.3 1.5

Ctrl-C writes the glasses that are finished. The table goes to stdout, progress
and errors to stderr.
"""

# A difference of so many standard errors is no chance, among a handful of sizes.
_TOO_FAR = 3.5


def add(commands: Any) -> None:
    """Add the parser of the command."""
    about = "cool Sherrington-Kirkpatrick spin glasses: energy, ground states, overlaps P(q)"
    parser = commands.add_parser(
        "sk",
        help=about,
        description=textwrap.fill(
            "Cool Sherrington-Kirkpatrick spin glasses: N spins, a random coupling of variance 1/N "
            "for every pair. Each glass is tempered on two ladders of temperatures. Measured are "
            "the energy against temperature, the ground-state energy, extrapolated to infinite N, "
            "and the distribution of the overlap between two states of one glass, with Parisi's "
            "theory beside them, and whether all of it is equilibrium.",
            width=width(),
        ),
        epilog=_EPILOG,
        formatter_class=Help,
        allow_abbrev=False,
    )
    option = parser.add_argument
    option(
        "--spins",
        type=integer(2),
        nargs="+",
        metavar="N",
        help="sizes (default: 32 64 128 256 512)",
    )
    option(
        "--instances",
        type=integer(1),
        nargs="+",
        metavar="K",
        help="glasses: one number, or one for each size (default: 12800/N, between 8 and 400)",
    )
    option(
        "--sweeps",
        type=integer(1),
        nargs="+",
        metavar="K",
        help="sweeps at every temperature, of which the second half is measured: one number, or "
        "one for each size (default: 10 N, at least 500)",
    )
    option(
        "--betas",
        type=real,
        nargs="+",
        metavar="B",
        help="inverse temperatures, ascending, for every size (default: for each size from 0.3 to "
        "--beta-max, about 0.8 sqrt(N) of them, so that neighbours exchange equally often)",
    )
    option(
        "--beta-max",
        type=real,
        metavar="B",
        help="the coldest inverse temperature of the default ones (default: 4)",
    )
    option(
        "--disorder",
        choices=("gaussian", "pm1"),
        default="gaussian",
        help="couplings: normal, or of one size and either sign (default: %(default)s)",
    )
    add_common(
        parser, "gives the same glasses and rows", "sk", "four tables, summary.json and sk.png"
    )
    option("--quiet", action="store_true", help="no progress, only the table and what limits it")
    parser.set_defaults(run=_run, parser=parser)


def _run(chosen: argparse.Namespace) -> int:
    from spinglass import experiments

    complain = chosen.parser.error
    if chosen.betas is not None and chosen.beta_max is not None:
        complain("argument --beta-max: is for the default inverse temperatures, without --betas")
    given: dict[str, Any] = {
        "n_spins": chosen.spins,
        "n_instances": _one_or_many(chosen.instances),
        "n_sweeps": _one_or_many(chosen.sweeps),
        "betas": chosen.betas,
        "beta_max": chosen.beta_max,
    }
    made = check_writable(chosen.out, complain)
    try:
        result = experiments.sk(
            disorder=chosen.disorder,
            seed=chosen.seed,
            num_threads=chosen.threads,
            progress=not chosen.quiet,
            **{name: value for name, value in given.items() if value is not None},
        )
    except experiments.SkInterrupted as interrupt:
        result = interrupt.result
        save(result, chosen.out, complain, figure=False)  # Ctrl-C is not kept waiting for it
        print(
            f"spinglass sk: interrupted; the {len(result.instances)} of "
            f"{sum(result.config.n_instances)} glasses that were finished are in {chosen.out}",
            file=sys.stderr,
        )
        return 130
    except (ValueError, TypeError, MemoryError) as error:
        if made:
            chosen.out.rmdir()
        name, _, rest = str(error).partition(" ")
        flags = {
            "n_spins": "--spins",
            "n_instances": "--instances",
            "n_sweeps": "--sweeps",
            "betas": "--betas",
            "beta_max": "--beta-max",
            "num_threads": "--threads",
        }
        complain(f"argument {flags[name]}: {rest}" if name in flags else str(error))
    # Files first: whoever reads the table may go away. And the table even if the disk is full.
    try:
        written = save(result, chosen.out, complain)
    finally:
        print(_table(result, chosen.quiet), flush=True)
    if not chosen.quiet:
        print("\nwrote " + "\n      ".join(str(path) for path in written))
        if util.find_spec("matplotlib") is None:
            print("no figure without Matplotlib: pip install 'spinglass[plot]'")
    return 0


def _one_or_many(values: list[int] | None) -> list[int] | int | None:
    """One number is for all sizes."""
    return values[0] if values is not None and len(values) == 1 else values


def _table(result: SkResult, quiet: bool) -> str:
    """Return ground states, their limit and theory as text of at most 40 columns, notes below."""
    from spinglass.theory.sk import GROUND_STATE_ENERGY as PARISI

    fit = result.ground_energy
    lines = ["ground states, energy per spin"]
    lines.append(f"{'N':>6}  {'glasses':>7}  {'energy':>8}  {'error':>6}  {'agree':>5}")
    for row in result.ground_states:
        lines.append(
            f"{row['n_spins']:>6}  {row['n_instances']:>7}  {row['energy']:>8.5f}"
            f"  {_number(row['energy_error'], 4, 6)}  {floor(100 * row['agree']):>4}%"
        )

    def line(name: str, value: float, digits: int) -> str:
        return f"{name:<24}{_number(value, digits, 9)}"

    lines += [
        "",
        line("N = inf", fit.value, 5),
        line("  error", fit.error, 5),
        line("  shift without smallest", fit.spread, 5),
        line("slope in N^(-2/3)", fit.amplitude, 3),
        line("  error", fit.amplitude_error, 3),
        line("chi-square probability", fit.p_value, 2),
        line("theory (Parisi)", PARISI, 6),
        line("slope in the literature", 0.70, 2),
    ]
    for note in _notes(result, quiet):
        lines += ["", textwrap.fill(note, width())]
    return "\n".join(lines)


def _number(value: float, digits: int, columns: int) -> str:
    return f"{value:.{digits}f}".rjust(columns) if isfinite(value) else "none".rjust(columns)


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
        notes.append("N = inf needs at least two sizes with two glasses each.")
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
            "upper bound of the ground-state energy. error: over glasses. N = inf: fit of "
            "e + a N^(-2/3) to the sizes; the line below its error says how far it moves without "
            "the smallest of them. Literature: Parisi's solution for e, Boettcher (2005) and "
            "Palassini (2008) for a."
        )
    return notes
