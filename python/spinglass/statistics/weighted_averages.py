r"""Averages over weighted measurements at each inverse temperature, and their errors.

`reweighting` tells what the weights are, and how the errors follow from the same averages without
each block.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import scipy  # its submodules load when first used: --help does not wait for them
from numpy.typing import NDArray

from spinglass import _arguments
from spinglass._text import counted
from spinglass.statistics.correlation import Floats
from spinglass.statistics.mixture import mixture, pieces
from spinglass.statistics.samples import Samples
from spinglass.statistics.summary import reaching_up, widened

_ENOUGH = 50.0  # independent measurements that carry an average
_UNDERRATED = 5.0  # the factor by which those that met too little of a tail are too many
_STEPS = 8  # from one temperature of the runs to the next, where their overlap is looked at
_AT_THE_EDGE = 0.05  # share of the weight at the last energy that was seen

Moments: TypeAlias = dict[tuple[str, int], Floats]
"""Sums over measurements, by what is summed and by the power of the energy beside it."""
Function: TypeAlias = Callable[[Moments], Floats]


class WeightedAverages:
    """Sums over all measurements at each beta, and the same without each block."""

    def __init__(self, samples: Samples, betas: Floats, reference: float) -> None:
        self._samples, self._n = samples, len(betas)
        energy, place = np.unique(samples.energy, return_inverse=True)
        self.origin = float(np.average(samples.energy, weights=samples.weight))
        energy -= self.origin
        size = np.abs(samples.magnetization)
        series = {"": np.ones(len(size)), "|m|": size, "m^2": size**2, "m^4": size**4}
        series |= samples.observables
        shape = len(samples.run_of_block), len(energy)
        where = samples.block, place.reshape(-1)
        matrices = {
            name: scipy.sparse.coo_array((samples.weight * x, where), shape=shape).tocsc()
            for name, x in series.items()
        }
        weight = matrices[""].sum(axis=0)
        table = np.zeros((shape[0], len(samples.betas)))
        np.add.at(table, (samples.block, samples.state), samples.weight)
        counts = table.sum(axis=0)
        deviation = samples.weight * (samples.energy - self.origin)
        mean = np.bincount(samples.state, deviation, len(counts)) / counts
        self._mixture = mixture(samples.betas, energy, weight, counts, mean)
        # Between the temperatures of the runs: how well they overlap.
        steps = np.arange(_STEPS) / _STEPS
        between = samples.betas[:-1, None] + np.diff(samples.betas)[:, None] * steps
        self._way = np.append(between, samples.betas[-1])
        self._betas = np.append(betas, reference)
        self._sum(matrices, weight, table)

    def _sum(self, matrices: dict[str, Any], weight: Floats, table: Floats) -> None:
        """Sum up, in pieces of the energies."""
        mix, betas = self._mixture, self._betas
        # Of the way between the runs nothing but the number of measurements is wanted.
        everywhere, n = np.append(betas, self._way), len(betas)
        parts = list(pieces(len(mix.energy), len(everywhere) + len(mix.betas)))
        top = np.max([mix.log_weights(piece, everywhere).max(axis=0) for piece in parts], axis=0)
        powers = {name: (0, 1) if name else (0, 1, 2) for name in matrices}
        keys = [(name, power) for name in matrices for power in powers[name]]
        needed = 24 * len(keys) * len(table) * n
        _arguments.check_memory(needed, f"beta: averages at {self._n} without each block")
        of_blocks: Moments = {key: np.zeros((len(table), n)) for key in keys}
        slopes: Moments = {key: np.zeros((len(mix.betas), n)) for key in keys}
        gradient, (sums, squares) = -table, np.zeros((2, len(everywhere)))
        for piece in parts:
            shares, q = mix.shares(piece), np.exp(mix.log_weights(piece, everywhere) - top)
            sums += weight[piece] @ q
            squares += weight[piece] @ q**2
            gradient += matrices[""][:, piece] @ shares
            rights = [q[:, :n] * mix.energy[piece, None] ** power for power in range(3)]
            inside = {name: matrix[:, piece] for name, matrix in matrices.items()}
            # One product of matrices for each power: BLAS wakes its threads for every call.
            columns = np.array([x.sum(axis=0) for x in inside.values()])
            moving = (columns[:, :, None] * shares).swapaxes(1, 2).reshape(-1, len(shares))
            for power, right in enumerate(rights):
                several = (moving @ right).reshape(len(inside), -1, n)
                for name, slope in zip(inside, several, strict=True):
                    if power in powers[name]:
                        of_blocks[name, power] += inside[name] @ right
                        slopes[name, power] += slope
        self.total = {key: x.sum(axis=0) for key, x in of_blocks.items()}
        # Without a block the offsets are elsewhere; D then divides by more or by less.
        moved = gradient @ _inverse(mix.curvature, float(table.sum()))
        self.without = {key: self.total[key] - of_blocks[key] - moved @ slopes[key] for key in keys}
        self._top = top[:n]
        self._n_effective, on_the_way = np.split(sums**2 / squares, [n])
        is_gap = (on_the_way < _ENOUGH) & (len(mix.betas) > 1)
        self._gaps = self._way[is_gap]  # temperatures between those of the runs that no run reaches
        ends = [slice(0, 1), slice(len(weight) - 1, len(weight))]
        self._at_ends = [
            weight[end][0] * np.exp(mix.log_weights(end, betas)[0] - self._top) / self.total["", 0]
            for end in ends
        ]

    @property
    def n_effective(self) -> Floats:
        """The independent measurements that carry each average."""
        return np.asarray(self._n_effective[: self._n])

    def estimate(self, function: Function, limit: float | None = None) -> tuple[Floats, Floats]:
        """Return a function of the sums, with its error; NaN where too few measurements are."""
        value, error = self._jackknifed(function, limit)
        few = ~(self._n_effective >= _ENOUGH)
        value[few] = error[few] = np.nan
        return value[: self._n], error[: self._n]

    def _jackknifed(self, function: Function, limit: float | None) -> tuple[Floats, Floats]:
        with np.errstate(all="ignore"):  # without a block there may be nothing to divide by
            value = np.asarray(function(self.total), dtype=float)
            without = np.asarray(function(self.without), dtype=float)
            best, parts, freedoms = value.copy(), [], []
            for run, factor in enumerate(self._samples.shortfall):
                here = without[self._samples.run_of_block == run]
                freedoms.append(len(here) - 1)
                best += freedoms[-1] * (value - here.mean(axis=0))
                parts.append(freedoms[-1] * here.var(axis=0) * factor**2)
            variance = np.sum(parts, axis=0)
            # Satterthwaite: the degrees of freedom of a sum of variances.
            squares = sum(part**2 / max(n, 1) for part, n in zip(parts, freedoms, strict=True))
            freedom = variance**2 / squares
        error = np.sqrt(variance)
        known = (error > 0.0) & np.isfinite(best) & (min(freedoms) > 0)
        error = np.array(
            [
                widened(float(x), float(n)) if is_known else np.nan
                for x, n, is_known in zip(error, freedom, known, strict=True)
            ]
        )
        if limit is not None:
            distances = np.abs(best - limit)
            pairs = zip(error, distances, strict=True)
            error = np.array([reaching_up(float(x), float(d)) for x, d in pairs])
        return best, error

    def log_partition_ratio(self) -> tuple[Floats, Floats]:
        """Return ln Z - ln Z(reference) with its error; NaN beyond a gap between runs."""
        start = self._n

        def logarithm(M: Moments) -> Floats:
            return np.log(M["", 0] / M["", 0][..., start : start + 1])

        value, error = self.estimate(logarithm)
        beta, reference = self._betas[:start], self._betas[start]
        value += self._top[:start] - self._top[start] - (beta - reference) * self.origin
        value[beta == reference] = error[beta == reference] = 0.0
        low, high = np.minimum(beta, reference), np.maximum(beta, reference)
        is_broken = ((low[:, None] < self._gaps) & (self._gaps < high[:, None])).any(axis=1)
        few = self._n_effective < _ENOUGH
        value[is_broken | few[:-1] | few[-1]] = np.nan
        error[np.isnan(value)] = np.nan
        return value, error

    def note(self) -> str:
        """Say what is wrong, the worst first."""
        betas, own, notes = self._betas[: self._n], self._samples.betas, []
        few, fewer = (self.n_effective < x for x in (_ENOUGH, _UNDERRATED * _ENOUGH))
        if few.any():
            notes.append(
                f"fewer than {_ENOUGH:g} independent measurements reach "
                f"beta = {_listed(betas, few)}"
            )
        if self._n_effective[self._n] < _ENOUGH:
            notes.append(
                f"fewer than {_ENOUGH:g} reach the reference, beta = {self._betas[self._n]:.4g}: "
                "differences of ln Z are not known"
            )
        if len(gaps := self._gaps):
            where = f"{gaps.min():.4g} to {gaps.max():.4g}" if len(gaps) > 1 else f"{gaps[0]:.4g}"
            notes.append(f"the runs do not overlap at beta = {where}: ln Z is not known across it")
        if (doubtful := fewer & ~few).any():
            notes.append(
                f"fewer than {_UNDERRATED * _ENOUGH:g} reach beta = {_listed(betas, doubtful)}, "
                "and errors may be too small there, those of variances above all"
            )
        for outside, end, word in ((betas < own[0], 1, "highest"), (betas > own[-1], 0, "lowest")):
            share = self._at_ends[end][: self._n]
            if (edge := outside & ~few & (share > _AT_THE_EDGE)).any():
                notes.append(
                    f"the {word} energy of the runs has {share[edge].max():.0%} of the weight at "
                    f"beta = {_listed(betas, edge)}: if there are others beyond it, which the runs "
                    "did not meet, the errors are too small"
                )
        if said := self._samples.notes:
            beta, first = next(iter(said.items()))
            others = f" (and {counted(len(said) - 1, 'other')} like it)" if len(said) > 1 else ""
            notes.append(f"at beta = {beta:.4g}{others}: {first}")
        return "; ".join(notes)


def _inverse(curvature: Floats, total: float) -> Floats:
    """Return the inverse in the directions that the runs know something of."""
    values, vectors = np.linalg.eigh(curvature)
    known = values > 1e-12 * total
    return np.asarray(vectors[:, known] / values[known] @ vectors[:, known].T)


def _listed(betas: Floats, flagged: NDArray[np.bool_]) -> str:
    """Return which betas are flagged, in ranges: "0.1, 0.3 to 0.5"."""
    order = np.argsort(betas, kind="stable")
    runs = np.split(betas[order], np.flatnonzero(np.diff(flagged[order])) + 1)
    chosen = runs[0 if flagged[order[0]] else 1 :: 2]
    ends = [dict.fromkeys(f"{x:.4g}" for x in (run[0], run[-1])) for run in chosen]
    return ", ".join(" to ".join(pair) for pair in ends)
