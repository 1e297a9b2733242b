"""The command ``spinglass capacity``: the storage capacity of a Hopfield network."""

from __future__ import annotations

import argparse
import math
from typing import TYPE_CHECKING, Any

from spinglass.cli.arguments import AND_LIMITS, STORED, add_command, add_experiment, show
from spinglass.cli.run import carry_out

if TYPE_CHECKING:
    from spinglass.experiments import CapacityScan

_EPILOG = """\
examples:
  spinglass capacity
  spinglass capacity --spins 1000 2000 --loads 0.12:0.20:0.004 --out small
  spinglass capacity --spins 500 1000 2000 --temperatures 0 0.1 0.2 0.4
"""


def add(commands: Any, chosen: bool) -> None:
    """Add the parser of the command, with its options if it was chosen."""
    parser = add_command(
        commands,
        "capacity",
        "measure how many patterns a Hopfield network remembers: alpha_c and its uncertainty",
        "Measure how many patterns a Hopfield network remembers. Hebb's rule stores random "
        "patterns. The network starts at one of them and follows zero-temperature dynamics "
        "to the fixed point. The load (patterns a spin) at which half of the trials keep their "
        "memory is measured for each size and extrapolated to infinite size. "
        "With --temperatures a heat bath takes the place of the descent, at each of them.",
        _EPILOG + STORED.format("trials"),
    )
    if chosen:
        from spinglass.experiments import CapacityConfig, CapacityScan

        add_experiment(parser, CapacityConfig, CapacityScan, _run, AND_LIMITS)
        parser.add_argument(
            "--temperatures",
            nargs="+",
            type=_temperature,
            metavar="T",
            help="make a scan at each temperature, 0 for the descent, in a folder of its own in "
            "--out (and a store of its own); and line.csv, line.json and capacity_line.png there",
        )


def _temperature(text: str) -> float:
    from spinglass.experiments.kinds import read_real

    temperature = read_real(text)
    if temperature < 0:
        raise argparse.ArgumentTypeError(f"expected a number >= 0, got {text!r}")
    return temperature


def _run(chosen: argparse.Namespace) -> int:
    temperatures = sorted(set(getattr(chosen, "temperatures", ())))
    if not temperatures:
        return carry_out(chosen)
    from spinglass.experiments import CapacityLine, capacity

    scans = []

    def measured(**arguments: Any) -> CapacityScan:
        scans.append(capacity(**arguments))
        return scans[-1]

    folder, store = chosen.out, getattr(chosen, "store", None)
    for temperature in temperatures:
        here = argparse.Namespace(**vars(chosen))
        here.out = folder / f"T{temperature:g}"
        if store is not None:
            here.store = store.with_stem(f"{store.stem}-T{temperature:g}")
        if temperature == 0:
            vars(here).pop("sweeps", None)  # those of the heat bath
        code = carry_out(here, measured, beta=1 / temperature if temperature else math.inf)
        if code:
            return code
        show("")
    line = CapacityLine(tuple(scans))
    written = line.save(folder, format=chosen.format)
    show(line.report(chosen.quiet))
    if not chosen.quiet:
        show("\nwrote " + "\n      ".join(str(path) for path in written))
    return 0
