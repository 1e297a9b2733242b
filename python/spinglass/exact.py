"""Exact sums over all states: the public names of `spinglass.partition.exact`."""

from spinglass.partition.exact.averages import (
    correlations,
    distribution,
    entropy,
    free_energy,
    ground_states,
    log_partition,
    magnetizations,
    mean_energy,
    states,
)

__all__ = [
    "correlations",
    "distribution",
    "entropy",
    "free_energy",
    "ground_states",
    "log_partition",
    "magnetizations",
    "mean_energy",
    "states",
]
