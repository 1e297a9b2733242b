"""Overlaps between replicas: q = (1/N) sum_i s_i^a s_i^b, and its distribution P(q)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from spinglass._arguments import check_memory, flag, integer
from spinglass._printed import printed
from spinglass._registry import drawn_by
from spinglass.statistics import OverlapSummary, summarize_overlaps


@printed
@dataclass(frozen=True, eq=False)
class Overlaps:
    """Overlaps between replicas at one temperature. ``print`` shows their averages.

    Attributes
    ----------
    values : numpy.ndarray of float64, (n_pairs, n_measurements)
        q of each pair a < b, in the order (0, 1), (0, 2), ..., (1, 2), ...
    beta : float
        Inverse temperature.
    n_spins : int
        N. Two values of q differ by a multiple of 2/N.
    link_values : numpy.ndarray of float64, (n_pairs, n_measurements), or None
        Link overlaps q_l = (1/N_b) sum_<ij> s_i^a s_j^a s_i^b s_j^b over the N_b bonds whose
        coupling is not zero, if they were measured. A pair of sites with two bonds counts twice.

    Examples
    --------
    >>> import spinglass
    >>> glass = spinglass.EdwardsAnderson((6, 6), seed=1)
    >>> overlaps = spinglass.sample(glass, 0.5, 500, n_replicas=3, seed=2).overlaps()
    >>> overlaps.values.shape  # the pairs (0, 1), (0, 2) and (1, 2)
    (3, 500)
    >>> q, density = overlaps.distribution()
    """

    values: NDArray[np.float64] = field(repr=False)
    beta: float
    n_spins: int
    link_values: NDArray[np.float64] | None = field(default=None, repr=False)

    @property
    def n_replicas(self) -> int:
        """Number of replicas."""
        return (1 + math.isqrt(1 + 8 * len(self.values))) // 2

    def summary(self) -> OverlapSummary:
        """Return the means and errors of q, |q|, q^2, the Binder ratio and the link overlap.

        Returns
        -------
        spinglass.statistics.OverlapSummary
            It prints as a table. Its errors include correlations in time, and between pairs that
            share a replica.

        Raises
        ------
        ValueError
            If nothing was measured.
        """
        if not self.values.shape[1]:
            raise ValueError("nothing was measured: n_sweeps must be at least `every`")
        return summarize_overlaps(
            self.values, self.link_values, self.n_replicas, self.n_spins, self.beta
        )

    def __str__(self) -> str:
        return str(self.summary()) if self.values.shape[1] else repr(self)

    def distribution(
        self, bins: int | None = None, symmetric: bool = False
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return P(q) as a density: the centres of the bins, and the values.

        Parameters
        ----------
        bins : int, optional
            Number of bins over [-1, 1]. The default is at most 51, and at most the number of
            possible values of q.
        symmetric : bool
            Whether to count each q as -q too. The symmetry of a model without field allows this.

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
        check_memory(40 * count, f"bins: {count} bins")
        values = self.values.ravel()
        if flag(symmetric, "symmetric"):
            values = np.concatenate([values, -values])
        density, edges = np.histogram(values, bins=count, range=(-1.0, 1.0), density=True)
        return (edges[1:] + edges[:-1]) / 2, density

    plot = drawn_by("overlaps", "Draw P(q).")


def overlaps_between(
    states: NDArray[np.int8], beta: float, links: NDArray[np.float64] | None = None
) -> Overlaps:
    """Return the overlaps of all pairs of replicas, (n_replicas, n_measurements, n_spins)."""
    n_replicas, n_measurements, n_spins = states.shape
    pairs = np.triu_indices(n_replicas, 1)
    check_memory(8 * len(pairs[0]) * n_measurements, f"the overlaps of {len(pairs[0])} pairs")
    values = np.empty((len(pairs[0]), n_measurements))
    for k in range(n_measurements):
        spins = states[:, k].astype(np.float32)  # sums of +-1 are exact up to 2^24
        values[:, k] = (spins @ spins.T)[pairs]
    return Overlaps(values / n_spins, beta, n_spins, links)
