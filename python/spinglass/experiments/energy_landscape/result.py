"""An energy landscape: its minima as a table, the tree of barriers, its files."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass import _arguments
from spinglass._result import Result
from spinglass.experiments.energy_landscape.config import LandscapeConfig
from spinglass.experiments.energy_landscape.report import report
from spinglass.experiments.tables import columns
from spinglass.models.hopfield import Hopfield
from spinglass.models.pattern_overlaps import overlaps_of_rows
from spinglass.models.spin_model import SpinModel

MINIMUM = columns(
    "state energy energy_per_spin plateau basin basin_fraction barrier ground_overlap mirror",
    integers="state plateau basin mirror",
)
_OF_PATTERNS: list[Any] = [("pattern", np.int64), ("overlap", np.float64), ("kind", "U8")]

MERGE = columns("energy energy_per_spin state lower higher", integers="state lower higher")

# A minimum is a pattern from this overlap on: halfway from 1/2, that of the mixtures of three
# patterns in a large network, to 1.
RETRIEVED = 0.75


@dataclass(frozen=True, eq=False)
class Landscape(
    Result, figure="landscape", tables={"minima.csv": "_with_spins", "merges.csv": "merges"}
):
    """All local minima of a model and the barriers between them.

    Attributes
    ----------
    config : LandscapeConfig
        The resolved arguments.
    version : str
        The version of spinglass that computed the result.
    model : SpinModel
        The model.
    minima : structured array, (n_minima,)
        One row for each minimum, sorted by energy and then by state. Columns: ``state`` (its
        number, where spin i is up if bit N-1-i is set; for a plateau see below), ``energy``
        (total), ``energy_per_spin``, ``plateau`` (its number of states), ``basin`` (the number of
        states that descend to it), ``basin_fraction``, ``barrier`` (the smallest rise of the energy
        on the way to another minimum that is no higher; NaN if there is none), ``ground_overlap``
        (with the first row), ``mirror`` (the row of the minimum with all spins turned, which may be
        the same; -1 in a model with fields). A Hopfield network also has ``pattern`` (the one of
        the largest overlap, reversed or not), ``overlap`` (signed) and ``kind``: "pattern" and
        "reversed" from an overlap of 0.75 on, else "mixture". The ``state`` of a plateau is the
        lowest number in it. Without fields, two plateaus that are mirror images have states that
        are mirror images: the lowest of one plateau, and its mirror image in the other.
    spins : numpy.ndarray of int8, (n_minima, N)
        The states of the rows. ``overlaps_with`` compares them with patterns; products of bytes
        would overflow.
    merges : structured array, (n_minima - 1,)
        The tree of the regions that join as the energy rises. Columns: ``energy`` of the saddle
        (total), ``energy_per_spin``, ``state`` (its number), and the two regions ``lower`` and
        ``higher``, in the order of their lowest minima. A region k < n_minima is minimum k alone;
        otherwise it is the region that row k - n_minima formed.
    """

    config: LandscapeConfig
    version: str
    model: SpinModel = field(repr=False)
    minima: NDArray[np.void] = field(repr=False)
    spins: NDArray[np.int8] = field(repr=False)
    merges: NDArray[np.void] = field(repr=False)

    report = report

    overlaps_with = overlaps_of_rows("spins", "the minima")

    def __str__(self) -> str:
        config, summary = self.config, self.to_dict()
        said = [config.model]
        if config.n_patterns is not None:
            said.append(f"{config.n_patterns} pattern{'s' if config.n_patterns > 1 else ''}")
        if config.disorder is not None:
            said.append(config.disorder)
        if config.seed is not None:
            said.append(f"seed {config.seed}")
        model = ", ".join(said)
        ground, per_spin = summary["ground_energy"], summary["ground_energy_per_spin"]
        barrier = f"{summary['highest_barrier']:.4f}" if self.n_minima > 1 else "none"
        rows = (
            ("local minima", str(self.n_minima)),
            ("ground states", str(self.n_ground_states)),
            ("ground energy", f"{ground:.4f} ({per_spin:.5f} per spin)"),
            ("highest barrier", barrier),
        )
        lines = [f"  {name:<17}{value}" for name, value in rows]
        return "\n".join([f"Energy landscape of {config.n_spins} spins ({model})", *lines])

    @property
    def n_minima(self) -> int:
        """The number of local minima."""
        return len(self.minima)

    @property
    def n_ground_states(self) -> int:
        """The number of states of lowest energy."""
        lowest = self.minima["energy"] == self.minima["energy"][0]
        return int(self.minima["plateau"][lowest].sum())

    @cached_property
    def _parents(self) -> NDArray[np.int64]:
        """The merge that each lake goes into, as a lake."""
        parents = np.full(2 * self.n_minima - 1, -1)
        made = self.n_minima + np.arange(len(self.merges))
        parents[self.merges["lower"]] = made
        parents[self.merges["higher"]] = made
        return parents

    def saddle(self, i: int, j: int) -> np.void:
        """Return the row of `merges` where the regions of minima ``i`` and ``j`` join.

        Raises
        ------
        ValueError, TypeError
            If they are not two different rows of `minima`.
        """
        most = self.n_minima - 1
        one = _arguments.integer(i, "i", at_least=0, at_most=most)
        other = _arguments.integer(j, "j", at_least=0, at_most=most)
        if one == other:
            raise ValueError(f"i and j must be different minima, got {i} twice")
        while one != other:  # what a merge makes has a larger number than what it is made of
            if one < other:
                one = int(self._parents[one])
            else:
                other = int(self._parents[other])
        row: np.void = self.merges[one - self.n_minima]
        return row

    def barrier(self, i: int, j: int) -> float:
        """Return the smallest rise of the energy on the way from minimum i to minimum j.

        Raises
        ------
        ValueError, TypeError
            If they are not two different rows of `minima`.
        """
        return float(self.saddle(i, j)["energy"] - self.minima["energy"][i])

    def _summary(self) -> dict[str, Any]:
        table = self.minima
        content: dict[str, Any] = {
            "n_minima": self.n_minima,
            "n_ground_states": self.n_ground_states,
            "ground_energy": float(table["energy"][0]),
            "ground_energy_per_spin": float(table["energy_per_spin"][0]),
            "ground_basin_fraction": float(
                table["basin_fraction"][table["energy"] == table["energy"][0]].sum()
            ),
            "highest_barrier": float(np.nanmax(table["barrier"], initial=0.0)),
        }
        if "kind" in (table.dtype.names or ()):
            content["kinds"] = {
                kind: {
                    "minima": int((table["kind"] == kind).sum()),
                    "basin_fraction": float(table["basin_fraction"][table["kind"] == kind].sum()),
                }
                for kind in ("pattern", "reversed", "mixture")
            }
        return content

    def _with_spins(self) -> NDArray[np.void]:
        """Return the table of minima with one column more."""
        n = self.config.n_spins
        kinds: Any = [*self.minima.dtype.descr, ("spins", f"U{n}")]
        table = np.zeros(self.n_minima, kinds)
        for name in self.minima.dtype.names or ():
            table[name] = self.minima[name]
        signs = np.where(self.spins > 0, "+", "-")
        table["spins"] = np.ascontiguousarray(signs).view(f"U{n}")[:, 0]
        return table


def minima_table(
    found: dict[str, Any],
    energies: NDArray[np.float64],
    merges: NDArray[np.void],
    spins: NDArray[np.int8],
    network: Hopfield | None,
    symmetric: bool,
) -> NDArray[np.void]:
    """Return the table of what the core found, with what follows from it."""
    n = spins.shape[1]
    kind: Any = [*MINIMUM.descr, *(_OF_PATTERNS if network else [])]
    table = np.zeros(len(energies), kind)
    for name in ("state", "plateau", "basin"):
        table[name] = found[name]
    table["basin_fraction"] = table["basin"] / 2.0**n
    table["energy"], table["energy_per_spin"] = energies, energies / n
    table["barrier"] = _barriers(energies, merges)
    table["ground_overlap"] = spins @ spins[0].astype(np.float64) / n
    table["mirror"] = _mirrors(table["state"], n) if symmetric else -1
    if network is not None:
        overlaps = np.asarray(network.overlaps(spins))
        table["pattern"] = np.abs(overlaps).argmax(axis=1)
        table["overlap"] = overlaps[np.arange(len(table)), table["pattern"]]
        retrieved = np.abs(table["overlap"]) >= RETRIEVED
        table["kind"] = np.where(
            retrieved, np.where(table["overlap"] > 0, "pattern", "reversed"), "mixture"
        )
    return table


def _barriers(energies: NDArray[np.float64], merges: NDArray[np.void]) -> NDArray[np.float64]:
    """Return how far each minimum is below the lowest saddle to one that is no higher."""
    count = len(energies)
    barriers = np.full(count, math.nan)
    lowest = list(range(count))
    for row in merges.tolist():
        saddle, one, other = row[0], lowest[row[3]], lowest[row[4]]
        for minimum in (one, other):
            if energies[minimum] >= max(energies[one], energies[other]) and math.isnan(
                barriers[minimum]
            ):
                barriers[minimum] = saddle - energies[minimum]
        lowest.append(one)
    return barriers


def _mirrors(states: NDArray[np.int64], n_spins: int) -> NDArray[np.int64]:
    """Return which minimum is each one with all spins turned, in a model without fields."""
    order = np.argsort(states)
    turned = 2**n_spins - 1 - states
    places = np.minimum(np.searchsorted(states[order], turned), len(states) - 1)
    found = order[places]
    # A plateau that holds a state and its mirror image is its own.
    return np.where(states[found] == turned, found, np.arange(len(states)))
