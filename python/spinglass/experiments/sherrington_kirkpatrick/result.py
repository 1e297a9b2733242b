"""The result of tempered Sherrington-Kirkpatrick glasses: energies, ground states and overlaps."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass._arguments import integer
from spinglass._result import Result
from spinglass.experiments.legs import leg_ends
from spinglass.experiments.sherrington_kirkpatrick.config import SkConfig
from spinglass.experiments.sherrington_kirkpatrick.ground_state import (
    AMPLITUDE,
    GroundEnergy,
    extrapolate,
)
from spinglass.experiments.sherrington_kirkpatrick.instance import SkInstance
from spinglass.experiments.sherrington_kirkpatrick.report import report
from spinglass.experiments.sherrington_kirkpatrick.tables import (
    BOTH,
    both,
    table_of,
)
from spinglass.experiments.tables import mean_and_error, rows_of

# Energies per spin that differ by less are equal: the rest is rounding.
SAME = 1e-9

# Sizes at which fewer of the ladders agree have not found their ground states.
_AGREEMENT = 0.5

# Bins of P(q), at most.
_BINS = 65


@dataclass(frozen=True, eq=False)
class SkResult(
    Result,
    figure="sk",
    tables={
        "instances.csv": "_instance_table",
        "temperatures.csv": "temperatures",
        "equilibration.csv": "legs",
        "overlaps.csv": "_overlap_table",
    },
):
    """Tempered glasses of one or several sizes, and the quantities that follow from them.

    Every error is the standard error over glasses. It is NaN for a single glass.

    Attributes
    ----------
    config : SkConfig
        The resolved arguments.
    version : str
        The version of spinglass that computed the result.
    instances : tuple of SkInstance
        One entry for each glass, by size and number; some are missing if interrupted.
    """

    config: SkConfig
    version: str
    instances: tuple[SkInstance, ...] = field(repr=False)

    report = report

    @property
    def complete(self) -> bool:
        """Whether every glass was finished."""
        return len(self.instances) == sum(self.config.n_instances)

    def of_size(self, n_spins: int) -> list[SkInstance]:
        """Return the glasses of one size."""
        n_spins = integer(n_spins, "n_spins", at_least=1)
        return [x for x in self.instances if x.n_spins == n_spins]

    @property
    def _sizes(self) -> list[tuple[int, int, list[SkInstance]]]:
        """The place in the config, N, and the glasses, of each size that has any; N ascending."""
        sizes = sorted((n, k) for k, n in enumerate(self.config.n_spins))
        return [(k, n, self.of_size(n)) for n, k in sizes if self.of_size(n)]

    @cached_property
    def ground_states(self) -> NDArray[np.void]:
        """The ground states, one row for each size.

        ``n_spins``, ``n_instances``, ``energy`` (mean over glasses of the lower of the two ladders,
        per spin), ``energy_error``, ``agree`` (share of glasses on which both ladders found the
        same lowest energy), ``gap`` (mean difference between the ladders, per spin).
        """
        rows = []
        for _, n, glasses in self._sizes:
            lowest = np.array([x.lowest for x in glasses])
            gaps = np.ptp(lowest, axis=1)
            mean, error = mean_and_error(lowest.min(axis=1))
            gap = float(gaps[gaps > SAME].sum()) / len(gaps)
            rows.append((n, len(glasses), mean, error, float((gaps <= SAME).mean()), gap))
        return table_of("n_spins n_instances energy energy_error agree gap", rows)

    @cached_property
    def ground_energy(self) -> GroundEnergy:
        """The ground-state energy per spin, extrapolated to infinite N.

        The fit does not use sizes at which the ladders agree on fewer than half of the glasses.
        """
        table = self.ground_states
        table = table[table["agree"] >= _AGREEMENT]
        return extrapolate(table["n_spins"], table["energy"], table["energy_error"])

    @cached_property
    def temperatures(self) -> NDArray[np.void]:
        """The second half of all sweeps, one row for each size and temperature.

        ``n_spins``, ``beta``, ``n_instances``, ``energy`` (per spin), ``energy_error``,
        ``square_overlap`` (<q^2>), ``square_overlap_error``, ``from_overlap`` (the energy that
        follows from the overlap, -(beta/2)(1 - <q^2>)), ``difference`` (``energy`` minus
        ``from_overlap``, zero in equilibrium for Gaussian couplings), ``difference_error``,
        ``swap_rate`` (with the next temperature; NaN for the last).
        """
        rows = []
        for k, n, glasses in self._sizes:
            rates = [*np.mean([x.swap_rates for x in glasses], axis=0), math.nan]
            for place, beta in enumerate(self.config.betas[k]):
                rows.append((n, beta, len(glasses), *both(glasses, -1, place, beta), rates[place]))
        return table_of(f"n_spins beta n_instances {BOTH} swap_rate", rows)

    @cached_property
    def legs(self) -> NDArray[np.void]:
        """The approach to equilibrium at the coldest temperature, one row for each size and leg.

        A leg starts after ``first_sweep`` and ends with ``last_sweep``. The other columns are those
        of `temperatures`.
        """
        rows = []
        for k, n, glasses in self._sizes:
            beta, first = self.config.betas[k][-1], 0
            for leg, last in enumerate(leg_ends(self.config.n_sweeps[k])):
                rows.append((n, beta, first, last, *both(glasses, leg, -1, beta)))
                first = last
        return table_of(f"n_spins beta first_sweep last_sweep {BOTH}", rows)

    @property
    def coldest(self) -> NDArray[np.void]:
        """The rows of `temperatures` at the coldest temperature of each size.

        This temperature reaches equilibrium last.
        """
        table = self.temperatures
        return np.asarray(table[np.diff(table["n_spins"], append=0) != 0])

    def distribution(self, n_spins: int, index: int = -1) -> NDArray[np.void]:
        """Return P(q) of one size at one temperature, averaged over its glasses.

        Without a field P(q) is symmetric, so each q is counted as -q too. All bins hold the same
        number of the N + 1 values that q can have. They are symmetric about 0, and the outermost
        may reach beyond 1.

        Parameters
        ----------
        n_spins : int
            A size with at least one finished glass.
        index : int
            The temperature, as an index into the betas of this size; by default the coldest.

        Returns
        -------
        structured array, (n_bins,)
            ``q`` (the middle of the bin), ``density``, ``density_error`` (NaN of one glass).

        Raises
        ------
        ValueError, TypeError
            If no glass of this size was run, or there is no temperature of this index.
        """
        glasses = self.of_size(n_spins)
        if not glasses:
            raise ValueError(f"n_spins must be a size that was run, got {n_spins}")
        n_betas = len(glasses[0].overlaps)
        index = integer(index, "index", at_least=-n_betas, at_most=n_betas - 1)
        counts = np.array([x.overlaps[index] for x in glasses], dtype=np.float64)
        counts += counts[:, ::-1]
        each = -(-(n_spins + 1) // _BINS) | 1  # odd
        # From the middle outwards: in the middle there is a value for even N, a gap for odd N.
        bins = np.floor((np.arange(n_spins + 1) - n_spins / 2) / each + (n_spins % 2 == 0) / 2)
        middles = (np.unique(bins) + (n_spins % 2) / 2) * each * 2 / n_spins
        edges = np.flatnonzero(np.diff(bins, prepend=-np.inf))
        density = np.add.reduceat(counts, edges, axis=1)
        density /= counts.sum(axis=1, keepdims=True) * each * 2 / n_spins
        means, errors = mean_and_error(density)
        return table_of("q density density_error", zip(middles, means, errors, strict=True))

    def _summary(self) -> dict[str, Any]:
        from spinglass.theory.sk import GROUND_STATE_ENERGY

        return {
            "ground_energy": asdict(self.ground_energy),
            "ground_states": rows_of(self.ground_states),
            "coldest": rows_of(self.coldest),
            "theory": {"ground_energy": GROUND_STATE_ENERGY, "amplitude": AMPLITUDE},
            "n_instances": len(self.instances),
        }

    def _instance_table(self) -> NDArray[np.void]:
        """Return one row a glass."""
        rows = (
            (x.n_spins, x.instance, *x.lowest.tolist(), x.swap_rates.min(initial=1), x.round_trips)
            for x in self.instances
        )
        return table_of("n_spins instance lowest_0 lowest_1 swap_rate round_trips", rows)

    def _overlap_table(self) -> NDArray[np.void]:
        """Return P(q) at every temperature."""
        rows = (
            (n, beta, *row)
            for k, n, _ in self._sizes
            for place, beta in enumerate(self.config.betas[k])
            for row in self.distribution(n, place).tolist()
        )
        return table_of("n_spins beta q density density_error", rows)
