"""The command ``spinglass renormalize``: block spins of the Ising model."""

from __future__ import annotations

from typing import Any

from spinglass.cli.arguments import STORED, add_command, add_experiment
from spinglass.cli.run import carry_out

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
        "Coarse-grain the Ising model on a square lattice. In each step every block of 2 x 2 "
        "spins becomes one spin, by majority. At each step the lattice looks more ordered below "
        "the critical temperature, and more disordered above. At the critical temperature it "
        "looks the same, and the correlations of lattices with one step more and one step less "
        "cross.",
        _EPILOG + STORED.format("points"),
    )
    if chosen:
        from spinglass.experiments import Renormalization, RenormalizeConfig

        add_experiment(parser, RenormalizeConfig, Renormalization, carry_out)
