"""Sums over all states of pairs of units 0 and 1: those of the same energy in spins."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinglass._progress import Progress
from spinglass.models.energy import Pairwise, in_spins
from spinglass.partition.exact.spins import SpinSums


class UnitSums:
    """Pairs of units u = (1 + s) / 2, on where spins are up, so that states keep their numbers."""

    def __init__(self, pairs: Pairwise, num_threads: int | None, progress: Progress) -> None:
        self._spins = SpinSums(in_spins(pairs), num_threads, progress)
        self.n_variables = pairs.n_variables
        self.log_partition = self._spins.log_partition
        self.free_energy = self._spins.free_energy
        self.mean_energy = self._spins.mean_energy
        self.entropy = self._spins.entropy
        self.distribution = self._spins.distribution

    def magnetizations(self, beta: float) -> NDArray[np.float64]:
        """Return <u_i> of every unit."""
        return (1.0 + self._spins.magnetizations(beta)) / 2.0

    def correlations(self, beta: float) -> NDArray[np.float64]:
        """Return <u_i u_j> of every pair."""
        means = self._spins.magnetizations(beta)
        pairs = self._spins.correlations(beta)
        return np.asarray((1.0 + means[:, None] + means + pairs) / 4.0)

    def ground_states(self) -> NDArray[np.uint8]:
        """Return all states of lowest energy."""
        return (self._spins.ground_states() > 0).astype(np.uint8)
