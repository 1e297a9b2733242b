"""The table of memories: what each row measured, and what its trials were."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass._result import Result
from spinglass.experiments.memory_table.config import MemoryTableConfig
from spinglass.experiments.memory_table.report import report
from spinglass.experiments.memory_table.row import Measured
from spinglass.experiments.memory_table.rows import all_rows
from spinglass.experiments.tables import rows_of, table_of

_NUMBERS = ("measured", "error", "at_least", "at_most", "published")
_TEXTS = ("verdict", "about", "criterion", "source", "note")


@dataclass(frozen=True, eq=False)
class MemoryTable(Result, figure="memories", tables={"memories.csv": "table"}):
    """Capacities of memories, measured beside published ones.

    Attributes
    ----------
    config : MemoryTableConfig
        The resolved arguments, with the criterion of each row.
    version : str
        The version of spinglass that computed the result.
    parts : dict
        By the name of each row, and of each that it needs, its `CapacityScan`, or its trials:
        ``trials`` has one row for each, ``value`` what was asked of it.
    """

    config: MemoryTableConfig
    version: str
    parts: dict[str, Any] = field(repr=False)

    report = report

    @property
    def complete(self) -> bool:
        """Whether every trial was finished."""
        return all(part.complete for part in self.parts.values())

    @cached_property
    def measured(self) -> dict[str, Measured]:
        """What each row found, by its name."""
        return {
            name: all_rows()[name].measured(
                self.parts[name], *(self.parts[x] for x in all_rows()[name].needs)
            )
            for name in self.config.rows
        }

    @property
    def table(self) -> NDArray[np.void]:
        """One row for each memory.

        Columns: ``row``, ``measured`` and ``error`` (standard error, if the form of the
        extrapolation holds), ``at_least`` and ``at_most`` (the interval), ``published`` (NaN if
        nothing is), ``verdict``, ``about``, ``criterion``, ``source``, ``note``.
        """
        lines = []
        for name, found in self.measured.items():
            row = all_rows()[name]
            published = math.nan if row.published is None else row.published
            numbers = (found.value, found.error, found.low, found.high, published)
            texts = (row.verdict(found), row.about, row.criterion, row.source, found.note)
            lines.append((name, *numbers, *texts))
        texts_of = ("row", *_TEXTS)
        columns = zip(*((line[0], *line[-len(_TEXTS) :]) for line in lines), strict=True)
        widths = [max(1, *map(len, column)) for column in columns]
        kinds = dict(zip(texts_of, (f"U{width}" for width in widths), strict=True))
        names = ("row", *_NUMBERS, *_TEXTS)
        return table_of(np.dtype([(x, kinds.get(x, "f8")) for x in names]), lines)

    def _summary(self) -> dict[str, Any]:
        return {"memories": rows_of(self.table)}
