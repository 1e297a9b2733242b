"""The result of block spins: their correlations, and the quantities that follow from them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass import _random
from spinglass._arguments import integer
from spinglass._printed import printed
from spinglass._result import Result
from spinglass.experiments.ising_transition.result import mean_square
from spinglass.experiments.renormalization_flow.config import RenormalizeConfig
from spinglass.experiments.renormalization_flow.report import report
from spinglass.experiments.tables import columns
from spinglass.statistics import Crossing, Estimate, crossing
from spinglass.theory import ising2d

LEVEL = columns(
    "L step side beta temperature correlation correlation_error exact_correlation "
    "thermal_exponent thermal_exponent_error tau n_measurements",
    integers="L step side n_measurements",
)

# The curves are compared within a narrow range, where a cubic follows them.
_DEGREE = 3

# A temperature counts as critical if the lattice cannot tell: |T / T_c - 1| L below this.
_CRITICAL = 0.05


@printed
@dataclass(frozen=True, eq=False)
class Flow:
    """One lattice and its block lattices after each step.

    Attributes
    ----------
    temperature : float
        T.
    levels : tuple of numpy.ndarray of int8
        The spins, (L, L), then the block spins of each step, (L / 2, L / 2), (L / 4, L / 4), ...
    """

    temperature: float
    levels: tuple[NDArray[np.int8], ...] = field(repr=False)


@dataclass(frozen=True, eq=False)
class Renormalization(Result, figure="renormalize", tables={"points.csv": "points"}):
    """Correlations of block spins and the quantities that follow from them.

    Attributes
    ----------
    config : RenormalizeConfig
        The resolved arguments.
    version : str
        The version of spinglass that computed the result.
    points : structured array
        One row for each lattice, temperature and step: ``L``, ``step`` (0 for the lattice itself),
        ``side`` (of the block lattice), ``beta``, ``temperature``, ``correlation`` (of nearest
        neighbours) with ``correlation_error``, ``exact_correlation`` (Kaufman, of step 0),
        ``thermal_exponent`` with its error (of the step that gave this block lattice), ``tau`` (of
        the correlation, in sweeps) and ``n_measurements`` of all replicas. Missing values are NaN.
    flows : tuple of Flow
        Larger lattices as pictures.
    """

    config: RenormalizeConfig
    version: str
    points: NDArray[np.void] = field(repr=False)
    flows: tuple[Flow, ...] = field(repr=False)

    report = report

    @property
    def complete(self) -> bool:
        """Whether every point was finished."""
        return bool(np.count_nonzero(self.points["step"] == 0) == self.config.n_points)

    def curve(self, size: int, step: int) -> NDArray[np.void]:
        """Return the rows of one lattice after one number of steps, by temperature."""
        size, step = integer(size, "size", at_least=1), integer(step, "step", at_least=0)
        chosen = (self.points["L"] == size) & (self.points["step"] == step)
        return np.asarray(self.points[chosen])

    def deviations(self) -> NDArray[np.float64]:
        """Return (measured - exact) / error of the unblocked correlations; NaN without error."""
        p = self.points[self.points["step"] == 0]
        error = np.where(p["correlation_error"] > 0, p["correlation_error"], np.nan)
        return np.asarray((p["correlation"] - p["exact_correlation"]) / error)

    @cached_property
    def crossings(self) -> dict[int, Crossing]:
        """The crossing of L blocked k times with L / 2 blocked k - 1 times, for each k."""
        large, small = self.config.sizes
        found = {}
        for k in range(1, self.config.steps(large) + 1):
            curves = [
                (p["beta"], p["correlation"], p["correlation_error"])
                for p in (self.curve(large, k), self.curve(small, k - 1))
            ]
            seed = _random.seed_word(self.config.seed, large, k)
            found[k] = crossing(curves[0], curves[1], seed=seed, degree=_DEGREE)
        return found

    @property
    def thermal_exponents(self) -> dict[int, Estimate]:
        """The exponents y_t = log2 lambda of L at T_c, by step; empty if T_c was not measured.

        The errors are statistical.
        """
        large = self.config.size
        rows = self.points[(self.points["L"] == large) & (self.points["step"] > 0)]
        away = np.abs(rows["temperature"] * ising2d.critical_beta() - 1.0) * large
        rows = rows[away < _CRITICAL]
        return {
            int(row["step"]): Estimate(
                float(row["thermal_exponent"]), float(row["thermal_exponent_error"])
            )
            for row in rows
        }

    def _summary(self) -> dict[str, Any]:
        return {
            "crossings": [{"step": k, **asdict(found)} for k, found in self.crossings.items()],
            "thermal_exponents": [
                {"step": k, **asdict(found)} for k, found in self.thermal_exponents.items()
            ],
            "chi_square_per_point_correlation": mean_square(self.deviations()),
            "theory": {"critical_beta": ising2d.critical_beta(), "thermal_exponent": 1.0},
            "n_points": int(np.count_nonzero(self.points["step"] == 0)),
        }
