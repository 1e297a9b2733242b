"""The command ``spinglass landscape``: every local minimum of a small model, and the barriers."""

from __future__ import annotations

import argparse
from typing import Any

from spinglass.cli.arguments import add_command, add_experiment
from spinglass.cli.run import carry_out

_EPILOG = """\
examples:
  spinglass landscape
  spinglass landscape --spins 24 --disorder pm1 --seed 3
  spinglass landscape --model hopfield --spins 24 --patterns 3

The table goes to stdout, progress and errors to stderr.
"""


def add(commands: Any, chosen: bool) -> None:
    """Add the parser of the command, with its options if it was chosen."""
    parser = add_command(
        commands,
        "landscape",
        "map an energy landscape: all minima, their basins, the barriers between them",
        "Map the energy landscape of a small model, a Sherrington-Kirkpatrick glass or a Hopfield "
        "network of random patterns. The command visits all 2^N states. It finds the local "
        "minima, the number of states that descend to each of them, and the rise of the energy "
        "on the way from one to another.",
        _EPILOG,
    )
    if chosen:
        from spinglass.experiments import Landscape, LandscapeConfig

        add_experiment(parser, LandscapeConfig, Landscape, _run)


def _run(chosen: argparse.Namespace) -> int:
    model = getattr(chosen, "model", "sk")
    for name, its_model in (("n_patterns", "hopfield"), ("disorder", "sk")):
        if name in chosen and model != its_model:
            flag = chosen.parser.flags[name]
            chosen.parser.error(f"argument {flag}: is for --model {its_model}")
    return carry_out(chosen)
