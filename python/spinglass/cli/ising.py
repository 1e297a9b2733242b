"""The command ``spinglass ising``: the Ising model on a square lattice through its transition."""

from __future__ import annotations

import argparse
import sys
import textwrap
from importlib import util
from math import floor, isfinite
from typing import TYPE_CHECKING, Any

from spinglass.cli.arguments import Help, add_common, check_writable, integer, real, save, width

if TYPE_CHECKING:
    from spinglass.experiments import IsingScan

DYNAMICS = ("metropolis", "heat-bath", "wolff", "swendsen-wang")

_EPILOG = """\
examples:
  spinglass ising
  spinglass ising --sizes 8 16 --sweeps 5000 --out small
  spinglass ising --sizes 32 64 --temperatures 2.0:2.6:0.05

Ctrl-C writes the points that are finished. The table goes to stdout, progress
and errors to stderr.
"""


def add(commands: Any) -> None:
    """Add the parser of the command."""
    about = "take the 2D Ising model through its transition, beside the exact results"
    parser = commands.add_parser(
        "ising",
        help=about,
        description=textwrap.fill(
            "Take the Ising model on a square lattice through its transition: energy, "
            "magnetization, specific heat, susceptibility and Binder cumulant of several sizes "
            "against temperature, with errors, beside the exact results of Onsager, Yang and "
            "Kaufman. The critical point is measured where the cumulants of two sizes cross.",
            width=width(),
        ),
        epilog=_EPILOG,
        formatter_class=Help,
        allow_abbrev=False,
    )
    option = parser.add_argument
    option(
        "--sizes",
        type=integer(2),
        nargs="+",
        metavar="L",
        help="sides of the lattices (default: 16 32 64 128)",
    )
    option(
        "--temperatures",
        type=temperatures,
        nargs="+",
        metavar="T",
        help="temperatures for every size, in units of the coupling: numbers, or START:STOP:STEP "
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
    add_common(parser, "gives the same points", "ising", "points.csv, summary.json and ising.png")
    option("--quiet", action="store_true", help="no progress, only the table")
    parser.set_defaults(run=_run, parser=parser)


def add_sampling(
    parser: argparse.ArgumentParser, sweeps: int | None, replicas: int, warmup: str
) -> None:
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


def complaint(error: Exception, flags: dict[str, str]) -> str:
    """Return the message of an argument that was refused, under the name of its flag."""
    name, _, rest = str(error).partition(" ")
    known = {"num_threads": "--threads", "n_replicas": "--replicas", "n_sweeps": "--sweeps"}
    flag = (known | {x: f"--{x}" for x in ("sizes", "temperatures", "warmup", "dynamics")}).get(
        name
    )
    flag = flags.get(name, flag)
    return f"argument {flag}: {rest}" if flag else str(error)


def _run(chosen: argparse.Namespace) -> int:
    from spinglass import experiments

    complain = chosen.parser.error
    given: dict[str, Any] = {} if chosen.sizes is None else {"sizes": chosen.sizes}
    if chosen.temperatures is not None:
        given["temperatures"] = [T for part in chosen.temperatures for T in part]
    made = check_writable(chosen.out, complain)
    try:
        scan = experiments.ising(
            n_sweeps=chosen.sweeps,
            n_replicas=chosen.replicas,
            warmup=chosen.warmup,
            dynamics=chosen.dynamics,
            snapshot_size=chosen.snapshot or None,
            seed=chosen.seed,
            num_threads=chosen.threads,
            progress=not chosen.quiet,
            **given,
        )
    except experiments.PointsInterrupted as interrupt:
        save(interrupt.result, chosen.out, complain, figure=False)  # Ctrl-C is not kept waiting
        print(
            f"spinglass ising: interrupted; the {interrupt.done} of {interrupt.total} points that "
            f"were finished are in {chosen.out}",
            file=sys.stderr,
        )
        return 130
    except (ValueError, TypeError, MemoryError) as error:
        if made:
            chosen.out.rmdir()
        complain(complaint(error, {"snapshot_size": "--snapshot"}))
    # Files first: whoever reads the table may go away. And the table even if the disk is full.
    try:
        written = save(scan, chosen.out, complain)
    finally:
        print(_table(scan, chosen.quiet), flush=True)
    if not chosen.quiet:
        print("\nwrote " + "\n      ".join(str(path) for path in written))
        if util.find_spec("matplotlib") is None:
            print("no figure without Matplotlib: pip install 'spinglass[plot]'")
    return 0


def _table(scan: IsingScan, quiet: bool) -> str:
    """Return sizes, crossings and theory as text of at most 40 columns, notes below."""
    from spinglass.experiments.ising_scan import CRITICAL_BINDER
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
    for note in notes:
        lines += ["", textwrap.fill(note, width())]
    return "\n".join(lines)


def temperatures(text: str) -> list[float]:
    """Parse one number, several with commas, or START:STOP:STEP with both ends included."""
    parts = text.split(":")
    if len(parts) == 1:
        values = [real(part) for part in text.split(",") if part]
    elif len(parts) == 3:
        start, stop, step = (real(part) for part in parts)
        if step <= 0 or stop < start:
            raise argparse.ArgumentTypeError(
                f"expected START:STOP:STEP with START <= STOP and STEP > 0, got {text!r}"
            )
        steps = floor((stop - start) / step + 1e-6)
        if steps >= 10_000:
            raise argparse.ArgumentTypeError(
                f"expected fewer than 10000 temperatures, got {text!r}"
            )
        values = [round(start + k * step, 12) for k in range(steps + 1)]
    else:
        raise argparse.ArgumentTypeError(f"expected a number or START:STOP:STEP, got {text!r}")
    if not values or min(values) <= 0:
        raise argparse.ArgumentTypeError(f"expected temperatures above 0, got {text!r}")
    return values
