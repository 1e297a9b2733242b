"""The results of sampling at several temperatures: side by side, and with exchanges."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import cast

import numpy as np
from numpy.typing import NDArray

from spinglass._arguments import integer
from spinglass._printed import printed
from spinglass._registry import drawn_by
from spinglass._text import counted
from spinglass.sampling.overlaps import Overlaps
from spinglass.sampling.runs import Run
from spinglass.sampling.summaries import Summaries
from spinglass.statistics import OverlapSummary, Summary


@printed
@dataclass(frozen=True, eq=False)
class LadderRun(Run[Summaries[Summary], NDArray[np.float64]]):
    """The result of :func:`spinglass.sample` at several temperatures, which do not exchange states.

    ``energy`` and ``magnetization`` are (n_replicas, n_betas, n_measurements), ``final_states``
    (n_replicas, n_betas, n_spins), ``states`` (n_replicas, n_betas, n_measurements, n_spins),
    ``acceptance`` (n_replicas, n_betas), and what was measured besides (n_replicas, n_betas,
    n_measurements, ...) or (n_pairs, n_betas, n_measurements, ...). ``beta`` is the ascending array
    of inverse temperatures. The other attributes are those of :class:`Run`.

    Examples
    --------
    >>> import spinglass
    >>> run = spinglass.sample(spinglass.SquareLattice(8), [0.2, 0.3, 0.4], 500, 2, seed=1)
    >>> run.energy.shape, run.summary().energy.value.shape
    ((2, 3, 500), (3,))
    """

    @property
    def betas(self) -> NDArray[np.float64]:
        """The inverse temperatures, ascending."""
        return np.asarray(self.beta)

    def summary(self) -> Summaries[Summary]:
        """Return one summary per temperature.

        Returns
        -------
        Summaries
            A list of :class:`spinglass.statistics.Summary` that prints as a table. An error that
            cannot be estimated is NaN.
        """
        return Summaries(
            self._summary(self.energy[:, k], self.magnetization[:, k], float(beta))
            for k, beta in enumerate(self.betas)
        )

    def overlaps(self, index: int = -1) -> Overlaps:
        """Return the overlaps of all pairs of replicas at one temperature, from which P(q) follows.

        Parameters
        ----------
        index : int
            Index of the temperature in ``betas``; by default the coldest.

        Returns
        -------
        Overlaps
            As for :meth:`Run.overlaps`.

        Raises
        ------
        ValueError
            If there is only one replica, or the run neither measured overlaps nor kept states.
        IndexError
            If there is no such temperature.
        """
        index = integer(index, "index", at_least=-(2**63))
        if not -len(self.betas) <= index < len(self.betas):
            raise IndexError(f"index must be one of {len(self.betas)} betas, got {index}")
        return self._overlaps_at((index,), float(self.betas[index]))

    def overlap_summary(self) -> Summaries[OverlapSummary]:
        """Return one summary of the overlaps per temperature.

        Returns
        -------
        Summaries
            A list of :class:`spinglass.statistics.OverlapSummary` that prints as a table. An error
            that cannot be estimated is NaN.

        Raises
        ------
        ValueError
            As :meth:`overlaps`.
        """
        return Summaries(self.overlaps(k).summary() for k in range(len(self.betas)))

    def _about(self) -> str:
        replicas = counted(self.n_replicas, "replica")
        return f"{super()._about()}\n{replicas} at {counted(len(self.betas), 'temperature')}"

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> LadderRun | TemperedRun:
        """Read a run that :meth:`save` wrote, as :meth:`Run.load`."""
        return cast("LadderRun | TemperedRun", super().load(path))

    plot = drawn_by("tempered_run", "Draw the energy per spin against beta, with errors.")


@printed
@dataclass(frozen=True, eq=False)
class TemperedRun(LadderRun):
    """The result of :func:`spinglass.temper`: a run on a ladder of temperatures.

    A replica is a whole ladder. The shapes of ``energy`` and others are those of
    :class:`LadderRun`, and so are the other attributes.

    Attributes
    ----------
    swap_rates : numpy.ndarray of float64, (n_betas - 1,)
        Fraction of accepted exchanges between each temperature and the next, over all ladders; nan
        where no exchange was tried.
    round_trips : numpy.ndarray of int64, (n_replicas,)
        Number of times that a state went from the hottest temperature to the coldest and back.

    Examples
    --------
    >>> import spinglass
    >>> glass = spinglass.EdwardsAnderson((6, 6), seed=1)
    >>> run = spinglass.temper(glass, [0.5, 1.0, 1.5], 500, n_replicas=2, seed=2)
    >>> run.energy.shape, run.swap_rates.shape
    ((2, 3, 500), (2,))
    """

    swap_rates: NDArray[np.float64]
    round_trips: NDArray[np.int64]
    # Which walker of its ladder is at each temperature.
    _order: NDArray[np.uint32] = field(repr=False)

    def _about(self) -> str:
        rates = self.swap_rates[np.isfinite(self.swap_rates)]
        swaps = f", swaps {rates.min():.0%} to {rates.max():.0%}" if rates.size else ""
        ladders = counted(self.n_replicas, "ladder")
        temperatures = counted(len(self.betas), "temperature")
        trips = counted(int(self.round_trips.sum()), "round trip")
        return f"{Run._about(self)}\n{ladders} of {temperatures}{swaps}, {trips}"

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> TemperedRun:
        """Read a tempered run that :meth:`save` wrote, as :meth:`Run.load`."""
        return cast(TemperedRun, super().load(path))
