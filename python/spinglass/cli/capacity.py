"""The command ``spinglass capacity``: the storage capacity of a Hopfield network."""

from __future__ import annotations

import argparse
import math
from typing import TYPE_CHECKING, Any

from spinglass.cli.arguments import AND_LIMITS, STORED, add_command, add_experiment, show
from spinglass.cli.run import carry_out, check

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


def _at(chosen: argparse.Namespace, temperature: float) -> argparse.Namespace:
    """Return what was chosen for one of the temperatures, with its folder and its store."""
    here = argparse.Namespace(**vars(chosen))
    name = f"T{temperature}".removesuffix(".0")
    here.out = chosen.out / name
    store = getattr(chosen, "store", None)
    if store is not None:
        here.store = store.with_stem(f"{store.stem}-{name}")
    if temperature == 0:
        vars(here).pop("sweeps", None)  # those of the heat bath
    return here


def _run(chosen: argparse.Namespace) -> int:
    temperatures = sorted(set(getattr(chosen, "temperatures", ())))
    if not temperatures:
        return carry_out(chosen)
    from spinglass.experiments import CapacityLine, capacity

    scans = []

    def measured(**arguments: Any) -> CapacityScan:
        scans.append(capacity(**arguments))
        return scans[-1]

    each = [(_at(chosen, t), {"beta": 1 / t if t else math.inf}) for t in temperatures]
    for here, beta in each:  # before the first of them, which may take hours
        check(here, **beta)
    for here, beta in each:
        code = carry_out(here, measured, **beta)
        if code:
            return code
        show("")
    line = CapacityLine(tuple(scans))
    written = line.save(chosen.out, format=chosen.format)
    show(line.report(chosen.quiet))
    if not chosen.quiet:
        show("\nwrote " + "\n      ".join(str(path) for path in written))
    return 0
