"""ln Z and averages: exact sums, annealed importance sampling, mean field."""

from spinglass.partition.estimate import estimate_log_partition
from spinglass.partition.log_partition import LogPartition

__all__ = ["LogPartition", "estimate_log_partition"]
