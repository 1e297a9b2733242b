"""Sums over all states of spin models and of layered machines."""

from spinglass.partition.exact.averages import (
    MOST_IN_TABLE,
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
    "MOST_IN_TABLE",
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
