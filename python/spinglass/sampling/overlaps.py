"""Overlaps between replicas: q = (1/N) sum_i s_i^a s_i^b, and its distribution P(q)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from spinglass._arguments import check_memory, integer
from spinglass._printed import printed
from spinglass._registry import drawn_by


@printed
@dataclass(frozen=True, eq=False)
class Overlaps:
    """Overlaps between replicas at one temperature.

    Attributes
    ----------
    values : numpy.ndarray of float64, (n_pairs, n_measurements)
        q of each pair a < b, in the order (0, 1), (0, 2), ..., (1, 2), ...
    beta : float
        Inverse temperature.
    n_spins : int
        N: overlaps are multiples of 2/N apart.
    """

    values: NDArray[np.float64] = field(repr=False)
    beta: float
    n_spins: int

    def distribution(
        self, bins: int | None = None, symmetric: bool = False
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return P(q) as a density: the centres of the bins, and the values.

        Parameters
        ----------
        bins : int, optional
            Number of bins over [-1, 1]; by default at most 51, and no more than there are values
            of q.
        symmetric : bool
            Count each q as -q too, as the symmetry of a model without field allows.

        Returns
        -------
        q, density : numpy.ndarray of float64, (bins,)
            The densities times the width of a bin sum to 1.

        Raises
        ------
        ValueError
            If ``bins`` is below 1.
        """
        count = min(51, self.n_spins + 1) if bins is None else integer(bins, "bins", at_least=1)
        values = self.values.ravel()
        if symmetric:
            values = np.concatenate([values, -values])
        density, edges = np.histogram(values, bins=count, range=(-1.0, 1.0), density=True)
        return (edges[1:] + edges[:-1]) / 2, density

    plot = drawn_by("overlaps", "Draw P(q).")


def overlaps_between(states: NDArray[np.int8], beta: float) -> Overlaps:
    """Return the overlaps of all pairs of replicas, (n_replicas, n_measurements, n_spins)."""
    n_replicas, n_measurements, n_spins = states.shape
    if n_replicas < 2:
        raise ValueError("overlaps need at least 2 replicas, got 1: set n_replicas")
    pairs = np.triu_indices(n_replicas, 1)
    check_memory(8 * len(pairs[0]) * n_measurements, f"the overlaps of {len(pairs[0])} pairs")
    values = np.empty((len(pairs[0]), n_measurements))
    for k in range(n_measurements):
        spins = states[:, k].astype(np.float32)  # sums of +-1 are exact up to 2^24
        values[:, k] = (spins @ spins.T)[pairs]
    return Overlaps(values / n_spins, beta, n_spins)
