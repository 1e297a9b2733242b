"""The command ``spinglass memories``: capacities of memories beside published ones."""

from __future__ import annotations

from typing import Any

from spinglass.cli.arguments import AND_LIMITS, STORED, add_command, add_experiment
from spinglass.cli.run import carry_out

_EPILOG = """\
examples:
  spinglass memories --store memories.sqlite
  spinglass memories --rows hebb clipped diluted-0.5
  spinglass memories --rows projection perceptron --effort 0.2 --out quick
"""


def add(commands: Any, chosen: bool) -> None:
    """Add the parser of the command, with its options if it was chosen."""
    parser = add_command(
        commands,
        "memories",
        "measure how much memories of other rules hold, beside published capacities",
        "Measure the capacities of memories, one row for each learning rule. Each row has its own "
        "criterion, which the table states: the overlap at the end of a recall, linear "
        "independence, what a single neuron can learn. Half-points of several sizes are "
        "extrapolated, and compared with the published value where there is one. With "
        "--effort 0.5 all rows took 24 minutes on two cores.",
        _EPILOG + STORED.format("trials"),
    )
    if chosen:
        from spinglass.experiments import MemoryTable, MemoryTableConfig

        add_experiment(parser, MemoryTableConfig, MemoryTable, carry_out, AND_LIMITS)
