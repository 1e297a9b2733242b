"""The result of a scan of the Ising model: its points, and the quantities that follow from them."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass import _random
from spinglass._arguments import choice, integer
from spinglass._printed import printed
from spinglass._result import Result
from spinglass.experiments.ising_transition.config import IsingConfig
from spinglass.experiments.ising_transition.report import report
from spinglass.experiments.tables import columns
from spinglass.statistics import Crossing, crossing
from spinglass.theory import ising2d

POINT = columns(
    "L beta temperature energy energy_error magnetization magnetization_error "
    "specific_heat specific_heat_error susceptibility susceptibility_error binder "
    "binder_error tau_energy tau_magnetization n_measurements exact_energy "
    "exact_specific_heat",
    integers="L n_measurements",
)

# The cumulant at the critical point of an infinite periodic square: Kamieniarz and Bloete,
# J. Phys. A 26, 201 (1993).
CRITICAL_BINDER = 0.61069

# Where the cumulant falls steeply, and a cubic in beta follows it.
_STEEP = (0.4, 0.655)

# Quantities that have exact values on every lattice.
_EXACT = ("energy", "specific_heat")

# In autocorrelation times: what all replicas together need for errors that can be trusted, and what
# each needs to forget its start.
_ENOUGH, _FORGOTTEN = 50.0, 3.0


@printed
@dataclass(frozen=True, eq=False)
class Snapshot:
    """One lattice at one temperature.

    Attributes
    ----------
    temperature : float
        T.
    spins : numpy.ndarray of int8, (L, L)
        -1 and +1.
    """

    temperature: float
    spins: NDArray[np.int8] = field(repr=False)


@dataclass(frozen=True, eq=False)
class IsingScan(Result, figure="ising", tables={"points.csv": "points"}):
    """The points of a scan and the quantities that follow from them.

    Attributes
    ----------
    config : IsingConfig
        The resolved arguments.
    version : str
        The version of spinglass that computed the result.
    points : structured array
        One row for each size and temperature: ``L``, ``beta``, ``temperature``; per spin
        ``energy``, ``magnetization`` (<|m|>), ``specific_heat``, ``susceptibility`` (connected:
        beta N (<m^2> - <|m|>^2)), and ``binder`` (the cumulant), each with its ``_error``;
        ``tau_energy`` and ``tau_magnetization`` (of |m|) in sweeps; ``n_measurements`` of all
        replicas; and Kaufman's ``exact_energy`` and ``exact_specific_heat`` of that lattice. There
        are fewer rows than ``config.n_points`` if the scan was interrupted. Errors and times are
        NaN where nothing ever changed.
    snapshots : tuple of Snapshot
        Larger lattices as pictures.
    """

    config: IsingConfig
    version: str
    points: NDArray[np.void] = field(repr=False)
    snapshots: tuple[Snapshot, ...] = field(repr=False)

    report = report

    @property
    def complete(self) -> bool:
        """Whether every point was finished."""
        return len(self.points) == self.config.n_points

    def of_size(self, size: int) -> NDArray[np.void]:
        """Return the points of one size; none of a size that was not measured."""
        return np.asarray(self.points[self.points["L"] == integer(size, "size", at_least=1)])

    def deviations(self, quantity: str) -> NDArray[np.float64]:
        """Return (measured - exact) / error of ``"energy"`` or ``"specific_heat"``.

        NaN where a point has no error, for example because no spin was flipped.
        """
        p, quantity = self.points, choice(quantity, "quantity", _EXACT)
        error = np.where(p[f"{quantity}_error"] > 0, p[f"{quantity}_error"], np.nan)
        return np.asarray((p[quantity] - p[f"exact_{quantity}"]) / error)

    def energy_deviations(self) -> NDArray[np.float64]:
        """Return the difference of each energy from Kaufman's exact one, in standard errors."""
        return self.deviations("energy")

    @property
    def doubtful(self) -> NDArray[np.bool_]:
        """True for points with fewer than 50 autocorrelation times, or fewer than 3 of warmup.

        It is also True for points where no spin was flipped, whose tau is NaN.
        """
        p = self.points
        sizes, tau = p["L"].tolist(), _longest(p)
        measured = p["n_measurements"] * [self.config.every(L) for L in sizes]
        before = [self.config.total(L) - self.config.sweeps(L) for L in sizes]
        return np.asarray(~((measured >= _ENOUGH * tau) & (before >= _FORGOTTEN * tau)))

    @cached_property
    def crossings(self) -> dict[tuple[int, int], Crossing]:
        """The crossing of the Binder cumulants for each pair of sizes (smaller, larger)."""
        found = {}
        for pair in combinations(sorted(self.config.sizes), 2):
            curves = []
            for size in pair:
                p = self.of_size(size)
                p = p[(p["binder"] > _STEEP[0]) & (p["binder"] < _STEEP[1])]
                curves.append((p["beta"], p["binder"], p["binder_error"]))
            seed = _random.seed_word(self.config.seed, *pair)
            found[pair] = crossing(curves[0], curves[1], seed=seed)
        return found

    @property
    def critical_beta(self) -> Crossing:
        """The crossing of the two largest sizes, where the finite-size shift is smallest."""
        if len(self.config.sizes) < 2:
            return Crossing(reason="one size alone has no crossing")
        first, second = sorted(self.config.sizes)[-2:]
        return self.crossings[first, second]

    def _summary(self) -> dict[str, Any]:
        z, z_heat = self.deviations("energy"), self.deviations("specific_heat")
        sizes = []
        for size in self.config.sizes:
            here = self.points["L"] == size
            p = self.points[here]
            sizes.append(
                {
                    "L": size,
                    "n_points": len(p),
                    "chi_square_per_point_energy": mean_square(z[here]),
                    "chi_square_per_point_specific_heat": mean_square(z_heat[here]),
                    "largest_tau": float(max(_longest(p), default=math.nan)),
                    "doubtful_temperatures": p["temperature"][self.doubtful[here]].tolist(),
                }
            )
        return {
            "critical_beta": asdict(self.critical_beta),
            "crossings": [
                {"L": list(pair), **asdict(found)} for pair, found in self.crossings.items()
            ],
            "sizes": sizes,
            "theory": {"critical_beta": ising2d.critical_beta(), "binder": CRITICAL_BINDER},
            "n_points": len(self.points),
        }


def _longest(points: NDArray[np.void]) -> NDArray[np.float64]:
    """Return the longer autocorrelation time of each point, in sweeps."""
    return np.asarray(np.fmax(points["tau_energy"], points["tau_magnetization"]))


def mean_square(deviations: NDArray[np.float64]) -> float:
    """Return chi-square per point; NaN if no point has an error."""
    known = deviations[np.isfinite(deviations)]
    return float(np.mean(known**2)) if len(known) else math.nan
