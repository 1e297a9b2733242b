r"""How much do memories hold? One table of capacities, each measured beside what was published.

A row is a memory with its own criterion, because one threshold cannot serve all. Where the overlap
jumps at the critical load, a pattern counts as kept if the overlap at the end is above the middle
between the theory's overlap at the jump and that of lost trials. Half-points of several sizes are
extrapolated: those of Hebb's rule as in `capacity`, those of most others beside them. Other rows
ask other things: whether patterns are independent, whether a neuron can learn them, where an
overlap without a jump reaches zero.

Rows of descents are those of `capacity(memory=...)` with the same seed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from spinglass import _random
from spinglass._core import __version__
from spinglass._progress import Progress
from spinglass.experiments.config import asked, measured
from spinglass.experiments.memory_table.config import MemoryTableConfig
from spinglass.experiments.memory_table.result import MemoryTable
from spinglass.experiments.memory_table.rows import all_rows
from spinglass.runner.loop import StorePath, Where
from spinglass.runner.task import Experiment, Finished, Rows, Share, Task


@asked(MemoryTableConfig)
def memories(
    rows: str | Sequence[str] | None = None,
    *,
    effort: float = 1.0,
    seed: _random.Seed = 0,
    num_threads: int | None = None,
    progress: Progress = False,
    store: StorePath = None,
    executor: Where = None,
) -> MemoryTable:
    """Measure the capacities of memories of many rules, beside what was published.

    Parameters
    ----------
    rows : str or sequence of str, optional
        The rows, each once; by default all. `MemoryTableConfig` has the names.
    effort : float
        Instances of all rows, in units of those with which a row takes about a minute or two.
        Errors fall with its square root.
    seed : None, int, SeedSequence or Generator
        Determines all random numbers. ``None`` draws a seed, which the result's config records.
    num_threads : int, optional
        Number of threads; by default all that the process may use. The result does not depend on
        it.
    progress : bool or callable
        True shows a bar with the time left; a callable gets (trials done, trials in total).
    store : path, optional
        An SQLite file that keeps every finished piece. The same call with this file continues the
        table where it stopped.
    executor : concurrent.futures.Executor, str or distributed.Client, optional
        Where the trials run, as in `capacity`.

    Returns
    -------
    MemoryTable
        With the scan or the trials of each row.

    Raises
    ------
    ValueError, TypeError
        If a row is unknown or an argument out of range.
    Interrupted
        On Ctrl-C. It is a KeyboardInterrupt that carries the table of the finished trials.
    StoreError
        If the store cannot be used, or another process works on it.

    Notes
    -----
    Each row has its own criterion: ``config.criteria``, and a column of the table. A verdict asks
    whether the published value lies in the interval of the measured one. For extrapolated
    half-points that is the range over all forms of the law that they do not reject.

    Examples
    --------
    >>> from spinglass.experiments import memories
    >>> table = memories("projection", effort=0.1)
    >>> table.table[["row", "verdict"]].tolist()
    [('projection', 'reproduced')]

    References
    ----------
    Those of `spinglass.theory.memories`, and of each row in the column ``source``.
    """
    return measured(MemoryTableExperiment, MemoryTable, locals())


class MemoryTableExperiment(Experiment):
    """The grids of all rows: a task of the table is one of a row."""

    name, unit, config_type = "memories", "trials", MemoryTableConfig

    def __init__(self, config: MemoryTableConfig) -> None:
        super().__init__(config)
        needed = [name for row in config.rows for name in (*all_rows()[row].needs, row)]
        self.parts = {
            name: all_rows()[name].part(config.effort, config.seed)
            for name in dict.fromkeys(needed)
        }

    def with_seed(self, seed: int) -> MemoryTableExperiment:
        """Return the same table with another seed in all of its rows."""
        return MemoryTableExperiment(dataclasses.replace(self.config, seed=seed))

    def tasks(self) -> list[Task]:
        """Return the tasks of all rows."""
        return [
            dataclasses.replace(task, key=f"{name}: {task.key}", arguments=(name, task))
            for name, part in self.parts.items()
            for task in part.tasks()
        ]

    def work(self, task: Task, share: Share) -> Rows:
        """Return the trials of a task of a row."""
        name, inner = task.arguments
        return self.parts[name].work(inner, share)

    def check_rows(self, task: Task, rows: Rows) -> None:
        """Refuse what the row refuses."""
        name, inner = task.arguments
        self.parts[name].check_rows(inner, rows)

    def result(self, finished: Finished) -> MemoryTable:
        """Return the table of the trials that are finished."""
        found = {}
        for name, part in self.parts.items():
            own = [
                (task.arguments[1], rows) for task, rows in finished if task.arguments[0] == name
            ]
            found[name] = part.result(own)
        return MemoryTable(self.config, __version__, found)
