"""The arguments of the table of memories."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from spinglass import _arguments
from spinglass.experiments.config import Config, derived, parameter
from spinglass.experiments.kinds import POSITIVE, SEED, Kind, each_once

NAMES = (
    "hebb",
    "clipped",
    "diluted-0.9",
    "diluted-0.5",
    "diluted-0.25",
    "diluted-0.1",
    "diluted-extremely",
    "sequence",
    "low-activity-0.1",
    "low-activity-0.05",
    "projection",
    "projection-5",
    "projection-10",
    "projection-20",
    "storkey",
    "storkey-stable",
    "perceptron",
    "unlearned",
    "daydreaming",
)


def _name(value: Any, name: str) -> str:
    word: str = _arguments.choice(value, name, NAMES)
    return word


@dataclass(frozen=True)
class MemoryTableConfig(Config):
    """All arguments of a table of memories, resolved. Equal configs give equal tables."""

    rows: tuple[str, ...] = parameter(
        each_once(Kind(_name, choices=NAMES)), "rows of the table", "ROW", default="all"
    )
    effort: float = parameter(POSITIVE, "instances, in units of those of a table of minutes", "X")
    seed: int = parameter(SEED, "the same seed gives the same trials", "S")
    criteria: tuple[str, ...] = derived("what counts as kept, for each row")

    @classmethod
    def resolve(cls, given: SimpleNamespace) -> None:
        """Name all rows if none was asked for, and the criterion of each."""
        from spinglass.experiments.memory_table.rows import all_rows

        given.rows = NAMES if given.rows is None else given.rows
        given.criteria = tuple(all_rows()[name].criterion for name in given.rows)
