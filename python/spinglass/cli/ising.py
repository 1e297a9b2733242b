"""The command ``spinglass ising``: the Ising model on a square lattice through its transition."""

from __future__ import annotations

import argparse
from math import isfinite
from typing import TYPE_CHECKING, Any

from spinglass.cli.arguments import (
    Parser,
    add_command,
    add_common,
    add_numbers,
    add_storing,
    integer,
)
from spinglass.cli.run import carry_out, given, page

if TYPE_CHECKING:
    from spinglass.experiments import IsingScan

DYNAMICS = ("metropolis", "heat-bath", "wolff", "swendsen-wang")

_EPILOG = """\
examples:
  spinglass ising
  spinglass ising --sizes 8 16 --sweeps 5000 --out small
  spinglass ising --sizes 32 64 --temperatures 2.0:2.6:0.05

Ctrl-C writes the points that are finished; with --store the same command
goes on later, and 'spinglass status FILE' tells how far it is. The table
goes to stdout, progress and errors to stderr.
"""


def add(commands: Any) -> None:
    """Add the parser of the command."""
    parser = add_command(
        commands,
        "ising",
        "take the 2D Ising model through its transition, beside the exact results",
        "Take the Ising model on a square lattice through its transition: energy, "
        "magnetization, specific heat, susceptibility and Binder cumulant of several sizes "
        "against temperature, with errors, beside the exact results of Onsager, Yang and "
        "Kaufman. The critical point is measured where the cumulants of two sizes cross.",
        _EPILOG,
    )
    option = parser.add_argument
    option(
        "--sizes",
        type=integer(2),
        nargs="+",
        metavar="L",
        help="sides of the lattices (default: 16 32 64 128)",
    )
    add_numbers(
        parser,
        "--temperatures",
        "T",
        "temperatures for every size, in units of the coupling: numbers, or START:STOP:STEP "
        "with both ends (default: for each size about ten around its transition and a few far "
        "from it)",
    )
    add_sampling(parser, sweeps=None, replicas=32, warmup="half")
    option(
        "--snapshot",
        type=integer(0),
        default=512,
        metavar="L",
        help="side of the lattices that are shown below, at and above the transition; 0 for none "
        "(default: %(default)s)",
    )
    add_storing(parser)
    add_common(
        parser,
        _run,
        same="gives the same points",
        files="points.csv, summary.json and ising.png",
    )


def add_sampling(parser: Parser, sweeps: int | None, replicas: int, warmup: str) -> None:
    """Add the flags that say how a point is sampled."""
    option = parser.add_argument
    option(
        "--sweeps",
        type=integer(1),
        default=sweeps,
        metavar="K",
        help="sweeps of each replica that are measured (default: "
        f"{sweeps or '10000, from L = 32 on in proportion to L'})",
    )
    option(
        "--warmup",
        type=integer(0),
        metavar="K",
        help=f"sweeps before these, from all spins up (default: {warmup} as many)",
    )
    option(
        "--replicas",
        type=integer(1),
        default=replicas,
        metavar="K",
        help="independent lattices a point (default: %(default)s)",
    )
    option(
        "--dynamics",
        choices=DYNAMICS,
        default="metropolis",
        metavar="NAME",
        help=f"how spins move: {', '.join(DYNAMICS)} (default: %(default)s)",
    )


def sampling(chosen: argparse.Namespace) -> dict[str, Any]:
    """Return the arguments that these flags stand for, and the temperatures."""
    return given(
        temperatures=chosen.temperatures,
        n_sweeps=chosen.sweeps,
        n_replicas=chosen.replicas,
        warmup=chosen.warmup,
        dynamics=chosen.dynamics,
        progress=not chosen.quiet,
    )


def _run(chosen: argparse.Namespace) -> int:
    from spinglass import experiments

    arguments = sampling(chosen) | given(sizes=chosen.sizes)
    arguments["snapshot_size"] = chosen.snapshot or None  # None: no snapshots
    flags = {"snapshot_size": "--snapshot"}
    return carry_out(chosen, experiments.ising, arguments, _table, flags)


def _table(scan: IsingScan, quiet: bool) -> str:
    """Return sizes, crossings and theory as text of at most 40 columns, notes below."""
    from spinglass.experiments.ising_transition.result import CRITICAL_BINDER
    from spinglass.statistics import format_estimate
    from spinglass.theory import ising2d

    content = scan.to_dict()
    lines = [f"{'':>6}{'':>8}{'chi2 a point':>15}{'longest':>10}"]
    lines += [f"{'L':>6}{'points':>8}{'energy':>8}{'heat':>7}{'tau':>10}"]
    for row in content["sizes"]:
        values = [row[f"chi_square_per_point_{x}"] for x in ("energy", "specific_heat")]
        energy, heat = ("none" if x is None else f"{x:.2f}" for x in values)
        tau = "none" if row["largest_tau"] is None else f"{row['largest_tau']:.0f}"
        lines.append(f"{row['L']:>6}{row['n_points']:>8}{energy:>8}{heat:>7}{tau:>10}")
    notes = []
    if scan.crossings:
        lines += ["", f"{'crossing of L':<15}{'beta_c':>13}{'U':>12}"]
    for (first, second), found in scan.crossings.items():
        name = f"{first} and {second}"
        if isfinite(found.beta):
            beta = format_estimate(found.beta, found.beta_error)
            height = format_estimate(found.height, found.height_error)
            lines.append(f"{name:<15}{beta:>13}{height:>12}")
        else:
            lines.append(f"{name:<15}{'none':>13}")
            notes.append(f"L = {name}: {found.reason}.")
    lines.append(f"{'exact':<15}{ising2d.critical_beta():>13.6f}{CRITICAL_BINDER:>12.5f}")
    if not scan.crossings:
        lines.insert(-1, "")
    short = scan.points[scan.doubtful]
    if len(short):
        worst = ", ".join(f"L = {p['L']} T = {p['temperature']:g}" for p in short[:3])
        more = f" and {len(short) - 3} more" if len(short) > 3 else ""
        notes.append(
            f"Too short: fewer than 50 autocorrelation times, or fewer than 3 of warmup, at {worst}"
            f"{more}. Take more --sweeps."
        )
    if not quiet:
        notes.insert(
            0,
            "chi2 is against Kaufman's exact energy and specific heat of each lattice, about 1 if "
            "the errors are right; tau is the longest autocorrelation time, in sweeps. The digits "
            "in parentheses are the error of the last ones. U is the Binder cumulant.",
        )
    return page(lines, notes)
