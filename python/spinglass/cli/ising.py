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
        "measure the 2D Ising model through its transition, and compare with the exact results",
        "Measure the Ising model on a square lattice through its transition: energy, "
        "magnetization, specific heat, susceptibility and Binder cumulant of several sizes "
        "against temperature, with errors. The exact results of Onsager, Yang and Kaufman are "
        "beside them. The crossing of the cumulants of two sizes gives the critical point.",
        _EPILOG + STORED.format("points"),
    )
    if chosen:
        from spinglass.experiments import IsingConfig, IsingScan

        add_experiment(parser, IsingConfig, IsingScan, carry_out)
