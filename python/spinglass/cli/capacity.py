"""The command ``spinglass capacity``: how much a Hopfield network can remember."""

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
    fraction,
    integer,
    real,
    save,
    width,
)

if TYPE_CHECKING:
    from spinglass.experiments import CapacityScan

_EPILOG = """\
examples:
  spinglass capacity
  spinglass capacity --spins 1000 2000 --loads 0.12:0.20:0.004 --out small

Ctrl-C writes the trials that are finished. The table goes to stdout, progress
and errors to stderr.
"""


def add(commands: Any) -> None:
    """Add the parser of the command."""
    about = "measure how many patterns a Hopfield network remembers: alpha_c with an error bar"
    parser = commands.add_parser(
        "capacity",
        help=about,
        description=textwrap.fill(
            "Measure how many patterns a Hopfield network remembers. Random patterns are stored by "
            "Hebb's rule, the network starts at one of them and follows zero-temperature dynamics "
            "to the fixed point. The load (patterns a spin) at which half of the trials keep their "
            "memory is measured for each size and extrapolated to infinite size.",
            width=width(),
        ),
        epilog=_EPILOG,
        formatter_class=Help,
        allow_abbrev=False,
    )
    option = parser.add_argument
    option(
        "--spins",
        type=integer(1),
        nargs="+",
        metavar="N",
        help="sizes (default: 1000 2000 4000 8000)",
    )
    option(
        "--loads",
        type=_loads,
        nargs="+",
        metavar="LOAD",
        help="loads P/N for every size: numbers, or START:STOP:STEP with both ends (default: for "
        "each size 11 loads around its half-point and a few below)",
    )
    option(
        "--instances",
        type=integer(1),
        nargs="+",
        metavar="K",
        help="pattern sets drawn for each load: one number, or one for each size (default: "
        "0.6*10^6/N, between 10 and 600)",
    )
    option(
        "--starts",
        type=integer(1),
        default=2,
        metavar="K",
        help="trials with each pattern set (default: %(default)s)",
    )
    option(
        "--flip",
        type=fraction,
        default=0.0,
        metavar="F",
        help="fraction of spins flipped from the pattern at the start (default: 0)",
    )
    option(
        "--threshold",
        type=fraction,
        default=0.9,
        metavar="M",
        help="a trial keeps its memory if its final overlap is at least M (default: %(default)s)",
    )
    add_common(
        parser, "gives the same trials", "capacity", "trials.csv, summary.json and capacity.png"
    )
    option("--quiet", action="store_true", help="no progress, only the table and what limits it")
    parser.set_defaults(run=_run, parser=parser)


def _run(chosen: argparse.Namespace) -> int:
    from spinglass import experiments

    complain = chosen.parser.error
    loads = None if chosen.loads is None else [a for part in chosen.loads for a in part]
    given: dict[str, Any] = {} if chosen.spins is None else {"n_spins": chosen.spins}
    if chosen.instances is not None:
        many = len(chosen.instances) > 1
        given["n_instances"] = chosen.instances if many else chosen.instances[0]
    made = check_writable(chosen.out, complain)
    try:
        scan = experiments.capacity(
            loads=loads,
            n_starts=chosen.starts,
            flip=chosen.flip,
            threshold=chosen.threshold,
            seed=chosen.seed,
            num_threads=chosen.threads,
            progress=not chosen.quiet,
            **given,
        )
    except experiments.ScanInterrupted as interrupt:
        scan = interrupt.result
        save(scan, chosen.out, complain, figure=False)  # Ctrl-C is not kept waiting for it
        print(
            f"spinglass capacity: interrupted; the {len(scan.trials)} of {scan.config.n_trials} "
            f"trials that were finished are in {chosen.out}",
            file=sys.stderr,
        )
        return 130
    except (ValueError, TypeError, MemoryError) as error:
        if made:
            chosen.out.rmdir()
        name, _, rest = str(error).partition(" ")
        flags = {
            "n_spins": "--spins",
            "n_starts": "--starts",
            "n_instances": "--instances",
            "num_threads": "--threads",
        }
        flag = flags.get(name, f"--{name}" if name == "loads" else None)
        complain(f"argument {flag}: {rest}" if flag else str(error))
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


def _table(scan: CapacityScan, quiet: bool) -> str:
    """Return half-points, alpha_c and theory as text of at most 40 columns, notes below."""
    from spinglass.theory import hopfield

    lines = [f"{'N':>8}  {'half-point':>10}  {'error':>8}"]
    notes = []
    for point in scan.half_points:
        if isfinite(point.value):
            lines.append(f"{point.n_spins:>8}  {point.value:>10.5f}  {point.error:>8.5f}")
        else:
            lines.append(f"{point.n_spins:>8}  {'none':>10}")
            notes.append(f"N = {point.n_spins}: {point.reason}.")
    alpha = scan.alpha_c

    def line(name: str, value: float, digits: int, remark: str = "") -> str:
        number = f"{value:.{digits}f}" if isfinite(value) else "none"
        return f"{name:<20}{number:>8}{remark}"

    lines += [
        "",
        line("alpha_c (N = inf)", alpha.value, 4),
        line("  error", alpha.error, 4),
        line("  exponent spread", alpha.exponent_spread, 4),
        line("exponent x", alpha.exponent, 2),
        line("  error", alpha.exponent_error, 2),
        line("theory (RS)", hopfield.critical_load(), 6),
    ]
    if alpha.note:
        notes.append(f"alpha_c: {alpha.note}.")
    if isfinite(alpha.value) and not quiet:
        notes.append(
            "alpha_c from half-point = alpha_c + A N^(-x). The error has that of x in it; the "
            "spread is half the range of alpha_c over all x that the half-points do not reject at "
            "95 %. Theory: Amit, Gutfreund and Sompolinsky, replica-symmetric."
        )
    if scan.config.flip > 0:
        notes.append(
            "With --flip these are the edges of the basins at that distance, not the capacity: the "
            "theory is that of starts at the patterns themselves."
        )
    for note in notes:
        lines += ["", textwrap.fill(note, width())]
    return "\n".join(lines)


def _loads(text: str) -> list[float]:
    """Parse one number, several with commas, or START:STOP:STEP with both ends included."""
    parts = text.split(":")
    if len(parts) == 1:
        loads = [real(part) for part in text.split(",") if part]
    elif len(parts) == 3:
        start, stop, step = (real(part) for part in parts)
        if step <= 0 or stop < start:
            raise argparse.ArgumentTypeError(
                f"expected START:STOP:STEP with START <= STOP and STEP > 0, got {text!r}"
            )
        steps = floor((stop - start) / step + 1e-6)
        if steps >= 10_000:
            raise argparse.ArgumentTypeError(f"expected fewer than 10000 loads, got {text!r}")
        loads = [round(start + k * step, 12) for k in range(steps + 1)]
    else:
        raise argparse.ArgumentTypeError(f"expected a number or START:STOP:STEP, got {text!r}")
    if not loads or min(loads) <= 0:
        raise argparse.ArgumentTypeError(f"expected loads above 0, got {text!r}")
    return loads
