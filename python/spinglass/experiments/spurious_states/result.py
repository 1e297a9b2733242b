"""A census of fixed points: the states, how often they were met, and what they are like."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass._arguments import check_memory
from spinglass._result import Result
from spinglass.experiments.shares import never_zero
from spinglass.experiments.spurious_states.config import SpuriousConfig
from spinglass.experiments.spurious_states.kinds import KINDS, LIKENESS
from spinglass.experiments.spurious_states.report import report
from spinglass.experiments.tables import rows_of
from spinglass.models.pattern_overlaps import overlaps_of_rows

STATE: Any = np.dtype(
    [("count", np.int64), *LIKENESS, ("energy", np.float64), ("energy_per_spin", np.float64)]
)
_SUMMARY: Any = np.dtype(
    [("kind", "U16"), ("n_states", np.int64), ("n_starts", np.int64)]
    + [
        (name, np.float64)
        for name in ("share", "share_error", "energy_per_spin", "energy_per_spin_error")
    ]
)


@dataclass(frozen=True, eq=False)
class SpuriousStates(
    Result, figure="spurious", tables={"states.csv": "states", "kinds.csv": "summary"}
):
    """The fixed points that random starts came to.

    A state is "stored" if its overlap with a pattern is at least 0.9, "reversed" if it is at most
    -0.9, a "mixture of three" if its overlap with the signed majority of three patterns is at least
    0.9, and else "other". The three patterns are those of the largest overlaps in size, each with
    the sign of its overlap. The bound is `spinglass.experiments.spurious_states.kinds.ALIKE`.

    Attributes
    ----------
    config : SpuriousConfig
        The resolved arguments.
    version : str
        The version of spinglass that computed the result.
    states : structured array, (n_states,)
        One row for each different fixed point, those that were met most often first. Columns:
        ``count`` (starts that came to it), ``kind``, ``pattern`` (the one of the largest overlap in
        size), ``overlap`` (with it, signed), ``second`` and ``third`` (the patterns of the next
        largest overlaps; -1 if there are fewer), ``mixture_overlap`` (with the mixture of the
        three; NaN with fewer than three patterns), ``energy`` (total) and ``energy_per_spin`` (NaN
        if the memory has no energy).
    bits : numpy.ndarray of uint8, (n_states, ceil(N / 8))
        The states of the rows, packed as by ``numpy.packbits``; ``spins`` has them unpacked.
    n_unsettled : int
        Number of starts that did not come to rest. They are in no row.
    pattern_energies : numpy.ndarray of float64
        Energies (total) of the patterns, of at most 256; NaN if the memory has no energy.
    """

    config: SpuriousConfig
    version: str
    states: NDArray[np.void] = field(repr=False)
    bits: NDArray[np.uint8] = field(repr=False)
    n_unsettled: int
    pattern_energies: NDArray[np.float64] = field(repr=False)

    report = report

    overlaps_with = overlaps_of_rows("spins", "the fixed points")

    @property
    def n_states(self) -> int:
        """Number of different fixed points."""
        return len(self.states)

    @property
    def n_starts(self) -> int:
        """Number of starts that were finished."""
        return int(self.states["count"].sum()) + self.n_unsettled

    @property
    def complete(self) -> bool:
        """Whether every start was finished."""
        return self.n_starts == self.config.n_starts

    @property
    def spins(self) -> NDArray[np.int8]:
        """The states of the rows as an array of int8, (n_states, N)."""
        n_spins = self.config.n_spins
        check_memory(2 * self.n_states * n_spins, f"{self.n_states} states of {n_spins} spins")
        up = np.unpackbits(self.bits, axis=1, count=n_spins).view(np.int8)
        return 2 * up - 1

    def summary(self) -> NDArray[np.void]:
        """Return how many states and starts are of each kind, and their energy.

        Returns
        -------
        structured array, (4,)
            ``kind``, ``n_states`` (different ones), ``n_starts``, ``share`` (of all starts, those
            that did not come to rest included), ``share_error`` (of independent starts; not zero at
            shares 0 and 1), ``energy_per_spin`` (mean over the starts) and its standard error
            (``energy_per_spin_error``). Energies that are not known are NaN.
        """
        table = np.zeros(len(KINDS), _SUMMARY)
        table["kind"] = KINDS
        table["energy_per_spin"] = table["energy_per_spin_error"] = np.nan
        for row in table:
            mine = self.states[self.states["kind"] == row["kind"]]
            row["n_states"], row["n_starts"] = len(mine), mine["count"].sum()
            if len(mine):
                count, energy = row["n_starts"], mine["energy_per_spin"]
                mean = np.average(energy, weights=mine["count"])
                row["energy_per_spin"] = mean
                if count > 1:
                    scatter = (mine["count"] * (energy - mean) ** 2).sum() / (count - 1)
                    row["energy_per_spin_error"] = np.sqrt(scatter / count)
        n = np.float64(self.n_starts)
        with np.errstate(invalid="ignore", divide="ignore"):
            share = table["n_starts"] / n
            error = np.sqrt(share * (1 - share) / (n - 1))
        table["share"], table["share_error"] = share, never_zero(share, error, n)
        return table

    def _summary(self) -> dict[str, Any]:
        return {
            "n_states": self.n_states,
            "n_starts": self.n_starts,
            "n_unsettled": self.n_unsettled,
            "kinds": rows_of(self.summary()),
            "pattern_energy_per_spin": float(self.pattern_energies.mean() / self.config.n_spins),
        }
