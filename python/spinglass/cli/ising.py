"""The command ``spinglass ising``: the Ising model on a square lattice through its transition."""

from __future__ import annotations

from typing import Any

from spinglass.cli.arguments import STORED, add_command, add_experiment
from spinglass.cli.run import carry_out

_EPILOG = """\
examples:
  spinglass ising
  spinglass ising --sizes 8 16 --sweeps 5000 --out small
  spinglass ising --sizes 32 64 --temperatures 2.0:2.6:0.05
"""


def add(commands: Any, chosen: bool) -> None:
    """Add the parser of the command, with its options if it was chosen."""
    parser = add_command(
        commands,
        "ising",
        "take the 2D Ising model through its transition, beside the exact results",
        "Take the Ising model on a square lattice through its transition: energy, "
        "magnetization, specific heat, susceptibility and Binder cumulant of several sizes "
        "against temperature, with errors, beside the exact results of Onsager, Yang and "
        "Kaufman. The critical point is measured where the cumulants of two sizes cross.",
        _EPILOG + STORED.format("points"),
    )
    if chosen:
        from spinglass.experiments import IsingConfig, IsingScan

        add_experiment(parser, IsingConfig, IsingScan, carry_out)
