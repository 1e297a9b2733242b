"""The command ``spinglass sk``: the Sherrington-Kirkpatrick spin glass in one figure."""

from __future__ import annotations

import argparse
from typing import Any

from spinglass.cli.arguments import AND_LIMITS, STORED, add_command, add_experiment
from spinglass.cli.run import carry_out

_EPILOG = """\
examples:
  spinglass sk
  spinglass sk --spins 64 128 256 --instances 50 --out small
  spinglass sk --spins 256 --betas 0.5 0.7 0.9 1.1 1.3 1.5
"""


def add(commands: Any, chosen: bool) -> None:
    """Add the parser of the command, with its options if it was chosen."""
    parser = add_command(
        commands,
        "sk",
        "cool Sherrington-Kirkpatrick spin glasses: energy, ground states, overlaps P(q)",
        "Cool Sherrington-Kirkpatrick spin glasses: N spins, a random coupling of variance 1/N "
        "for every pair. Each glass is tempered on two ladders of temperatures. The command "
        "measures the energy against temperature, the ground-state energy, extrapolated to "
        "infinite N, and the distribution of the overlap between two states of one glass. It "
        "compares them with Parisi's theory, and tests whether the glasses are in equilibrium.",
        _EPILOG + STORED.format("glasses"),
    )
    if chosen:
        from spinglass.experiments import SkConfig, SkResult

        add_experiment(parser, SkConfig, SkResult, _run, AND_LIMITS)


def _run(chosen: argparse.Namespace) -> int:
    if "betas" in chosen and "beta_max" in chosen:
        chosen.parser.error(
            "argument --beta-max: is for the default inverse temperatures, without --betas"
        )
    return carry_out(chosen)
