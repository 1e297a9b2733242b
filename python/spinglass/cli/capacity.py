"""The command ``spinglass capacity``: the storage capacity of a Hopfield network."""

from __future__ import annotations

from typing import Any

from spinglass.cli.arguments import AND_LIMITS, STORED, add_command, add_experiment
from spinglass.cli.run import carry_out

_EPILOG = """\
examples:
  spinglass capacity
  spinglass capacity --spins 1000 2000 --loads 0.12:0.20:0.004 --out small
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
        "memory is measured for each size and extrapolated to infinite size.",
        _EPILOG + STORED.format("trials"),
    )
    if chosen:
        from spinglass.experiments import CapacityConfig, CapacityScan

        add_experiment(parser, CapacityConfig, CapacityScan, carry_out, AND_LIMITS)
