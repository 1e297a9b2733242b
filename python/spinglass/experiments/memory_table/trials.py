"""Trials of a row that no capacity scan has: a function of N, P and a seed gives their numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spinglass.experiments.retrieval_capacity.finite_size import HalfPoint, half_point
from spinglass.experiments.tables import columns, mean_and_error
from spinglass.runner.task import Experiment, Finished, Rows, Share, Task, expect, joined

Trial: TypeAlias = Callable[[int, int, int], NDArray[np.float64]]
"""Takes N, P and the seed of an instance, and returns a number for each of its trials."""

# Seconds of a task.
_TASK = 0.5

TRIAL = columns(
    "n_spins n_patterns instance start value", integers="n_spins n_patterns instance start"
)


@dataclass(frozen=True)
class TrialsConfig:
    """A grid: for each N its numbers of patterns, and instances of each."""

    n_spins: tuple[int, ...]
    n_patterns: tuple[tuple[int, ...], ...]
    n_instances: tuple[int, ...]
    n_starts: int
    seed: int


@dataclass(frozen=True, eq=False)
class MemoryTrials:
    """The numbers of all trials."""

    config: TrialsConfig
    trials: NDArray[np.void] = field(repr=False)

    @property
    def complete(self) -> bool:
        """Whether every trial was finished."""
        config = self.config
        counts = zip(config.n_patterns, config.n_instances, strict=True)
        return len(self.trials) == config.n_starts * sum(len(p) * k for p, k in counts)

    def half_points(self, threshold: float) -> tuple[HalfPoint, ...]:
        """Return the load at which half of the numbers are at least a threshold, for each size."""
        return tuple(self._half_point(n, threshold) for n in self.config.n_spins)

    def _half_point(self, n: int, threshold: float) -> HalfPoint:
        rows = self.trials[self.trials["n_spins"] == n]
        keys, where = np.unique(rows[["n_patterns", "instance"]], return_inverse=True)
        kept = np.bincount(where.ravel(), rows["value"] >= threshold, len(keys))
        tried = np.bincount(where.ravel(), minlength=len(keys))
        seed = np.random.SeedSequence(self.config.seed, spawn_key=(n,))
        return half_point(n, keys["n_patterns"] / n, kept, tried, seed=seed)

    def means(self, n: int) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """Return for each P the mean of all numbers and its error, from instances."""
        rows = self.trials[self.trials["n_spins"] == n]
        counts = np.unique(rows["n_patterns"])
        found = [_mean(rows[rows["n_patterns"] == p]) for p in counts]
        values, errors = np.array(found).reshape(-1, 2).T
        return counts, values, errors


def _mean(rows: NDArray[np.void]) -> tuple[Any, Any]:
    """Return the mean and its error, from the means of instances."""
    instances, where = np.unique(rows["instance"], return_inverse=True)
    sums = np.bincount(where.ravel(), rows["value"], len(instances))
    return mean_and_error(sums / np.bincount(where.ravel(), minlength=len(instances)))


class TrialsExperiment(Experiment):
    """The grid of these trials: a task is some instances of one N and P."""

    unit, config_type = "trials", TrialsConfig

    def __init__(
        self, config: TrialsConfig, trial: Trial, seconds: Callable[[int, int], float]
    ) -> None:
        super().__init__(config)
        self.trial, self.seconds = trial, seconds

    def tasks(self) -> list[Task]:
        """Return the tasks, by size and number of patterns."""
        config, tasks = self.config, []
        for n, counts, total in zip(
            config.n_spins, config.n_patterns, config.n_instances, strict=True
        ):
            for p in counts:
                each = self.seconds(n, p)
                at_a_time = max(1, int(_TASK / each))
                for first in range(0, total, at_a_time):
                    last = min(first + at_a_time, total)
                    tasks.append(
                        Task(
                            key=f"N={n} P={p} instances {first} to {last - 1}",
                            stream=(n, p),
                            arguments=(first, last),
                            cost=(last - first) * each,
                            memory=64 * n * max(n, p),
                            units=(last - first) * config.n_starts,
                        )
                    )
        return tasks

    def work(self, task: Task, share: Share) -> Rows:
        """Return the numbers of some instances."""
        (n, p), (first, last) = task.stream, task.arguments
        table = np.empty((last - first, self.config.n_starts), TRIAL)
        table["n_spins"], table["n_patterns"] = n, p
        table["start"] = np.arange(self.config.n_starts)
        for k, row in enumerate(table):
            if share.progress is not None:
                share.progress(k, last - first)
            row["instance"] = first + k
            row["value"] = self.trial(n, p, task.seed(self.config.seed, first + k))
        return {"trials": table.ravel()}

    def check_rows(self, task: Task, rows: Rows) -> None:
        """Refuse fewer trials than the task has, and those of another one."""
        (n, p), (first, last) = task.stream, task.arguments
        whose = {"n_spins": [n], "n_patterns": [p], "instance": range(first, last)}
        expect(rows, "trials", (task.units,), TRIAL, **whose)

    def result(self, finished: Finished) -> MemoryTrials:
        """Return the trials that are finished."""
        return MemoryTrials(self.config, joined(finished, "trials", TRIAL))
