"""Sums over all states of two layers that are coupled across only, as in a Boltzmann machine.

The variables of one layer are independent given the states of the other. So the sum runs through
the states of the smaller layer (of the hidden one, if the visible variables are real numbers), and
that over the other layer is known in closed form: `spinglass.partition.exact.independent_layer`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spinglass import _core
from spinglass._arguments import check_memory
from spinglass._progress import Progress, progress_callback
from spinglass.models.energy import Layered
from spinglass.partition.exact.independent_layer import Floats, Given, RealNumbers, Units
from spinglass.partition.exact.spins import MOST_SPINS, spins_of, too_many

# States of the smaller layer that are worked on together.
_BLOCK = 2**12

# Energies times beta beyond it have few digits left of what tells states apart.
_LARGEST = 1e12

# Returns sums over a block of states, given their weights, the states, and the other layer in each.
_Moments: TypeAlias = Callable[[Floats, Floats, Given], list[Any]]


class LayeredSums:
    """Two layers. Its variables are the visible ones, then the hidden units."""

    def __init__(self, layers: Layered, num_threads: int | None, progress: Progress) -> None:
        self._layers = layers
        self._threads, self._progress = num_threads, progress
        self._variances = layers.variances if layers.visible == "real" else None
        weights, b, a = self._arrays(np.float64)
        # What is enumerated, and the layer that is summed in closed form.
        self._hidden_first = self._variances is not None or len(b) <= len(a)
        if not self._hidden_first:
            weights, b, a = weights.T, a, b
        self._weights, self._bias, self._other_bias = weights, b, a
        self._other = Units() if self._variances is None else RealNumbers(a, self._variances)
        if len(b) > MOST_SPINS:
            what, instead = ("smaller", _INSTEAD) if self._variances is None else ("hidden", _FEWER)
            raise ValueError(too_many(f"the {what} layer", len(b), instead))
        self.n_variables = layers.n_variables

    def _arrays(self, dtype: type[np.floating[Any]]) -> Iterator[NDArray[Any]]:
        """Return weights, hidden biases and visible biases."""
        layers = self._layers
        arrays = layers.weights, layers.hidden_biases, layers.visible_biases
        return (x.astype(dtype) for x in arrays)

    def log_partition(self, beta: float) -> float:
        """Return ln Z."""
        beta, s = self._checked(beta), self._variances
        weights, b, a = self._arrays(np.float64)
        if s is not None:
            machine = _core.GaussianRbmMachine(weights, beta * b, a, s / beta)
            return machine.log_partition(self._threads)
        single = [x.astype(np.float32) for x in (weights, b, a)]
        if any((x != y).any() for x, y in zip((weights, b, a), single, strict=True)):
            return self._sums(beta, lambda *_: [])[1]  # the core's machines are of 32-bit floats
        units = _core.RbmMachine(single[0], single[1], single[2])
        with progress_callback(self._progress, "exact sum", "states") as report:
            return units.log_partition(beta, self._threads, report)

    def free_energy(self, beta: float) -> float:
        """Return F = -ln Z / beta."""
        return -self.log_partition(beta) / beta if beta else -math.inf

    def mean_energy(self, beta: float) -> float:
        """Return <E>."""

        def energy(p: Floats, states: Floats, other: Given) -> list[Any]:
            return [p @ (other.energies - states @ self._bias)]

        return float(self._averages(beta, energy)[0])

    def entropy(self, beta: float) -> float:
        """Return S in nats."""

        # ln Z + beta <E> would lose its digits in the cold. The entropy of the smaller layer, and
        # the mean of that of the other one given it.
        def both(p: Floats, states: Floats, other: Given) -> list[Any]:
            logs = np.log(p, out=np.zeros_like(p), where=p > 0)
            return [p @ logs, p @ other.entropies]

        own, other = self._averages(beta, both, entropy=True)
        return float(other - own)

    def magnetizations(self, beta: float) -> Floats:
        """Return <x_i> of every variable."""

        def means(p: Floats, states: Floats, other: Given) -> list[Any]:
            return [p @ self._in_order(states, other.means)]

        return np.asarray(self._averages(beta, means)[0])

    def correlations(self, beta: float) -> Floats:
        """Return <x_i x_j> of every pair."""
        check_memory(24 * self.n_variables**2, f"correlations of {self.n_variables} units")

        def pairs(p: Floats, states: Floats, other: Given) -> list[Any]:
            units = self._in_order(states, other.means)
            return [(units.T * p) @ units, p @ self._other.conditional_variances(other.means, beta)]

        second, variances = self._averages(beta, pairs)
        second[np.diag_indices(self.n_variables)] += self._in_order(
            np.zeros(len(self._bias)), variances
        )
        return np.asarray(second)

    def distribution(self, beta: float) -> Floats:
        """Return the probability of every state."""
        self._check_countable("distribution")
        log_weights = -self._checked(beta) * self._joint_energies()
        weights = np.exp(log_weights - log_weights.max())
        return np.asarray(weights / weights.sum())

    def ground_states(self) -> NDArray[np.uint8]:
        """Return all states of lowest energy."""
        self._check_countable("ground_states")
        tolerance = 2.0**-40 * sum(
            float(np.abs(x).sum()) for x in (self._weights, self._bias, self._other_bias)
        )
        lowest, found = math.inf, np.empty((0, len(self._bias)))
        for states in self._states():
            energies = -(states @ self._bias) - np.maximum(self._fields(states), 0.0).sum(axis=1)
            if energies.min() < lowest - tolerance:
                found = found[:0]
            lowest = min(lowest, float(energies.min()))
            found = np.concatenate([found, states[energies <= lowest + tolerance]])
        rows = [self._completed(state, tolerance) for state in found]
        return np.asarray(np.concatenate(rows), np.uint8)

    def _check_countable(self, what: str) -> None:
        if self._variances is not None:
            raise TypeError(f"{what} needs a model whose states can be counted, got real numbers")

    def _checked(self, beta: float) -> float:
        if math.isinf(beta):
            raise ValueError("beta must be finite for two layers, got inf")
        if self._variances is not None and not beta > 0.0:
            raise ValueError(f"beta must be above 0 for real numbers, got {beta}")
        return beta

    def _completed(self, state: Floats, tolerance: float) -> Floats:
        """Return all states of lowest energy with these units of the smaller layer."""
        fields = self._fields(state[None])[0]
        free = np.flatnonzero(np.abs(fields) <= tolerance)
        if len(free) > MOST_SPINS:
            raise ValueError(f"ground states must be few, got 2^{len(free)} of equal energy")
        check_memory(2 ** len(free) * 16 * self.n_variables, f"2^{len(free)} ground states")
        other = np.repeat((fields > 0)[None].astype(float), 2 ** len(free), axis=0)
        other[:, free] = spins_of(np.arange(2 ** len(free)), len(free)) > 0
        return self._in_order(np.repeat(state[None], len(other), axis=0), other)

    def _in_order(self, smaller: Floats, other: Floats) -> Floats:
        """Return columns of the visible units, then of the hidden ones."""
        layers = [other, smaller] if self._hidden_first else [smaller, other]
        return np.concatenate(layers, axis=-1)

    def _states(self) -> Iterator[Floats]:
        """Yield the states of the smaller layer in blocks."""
        units = len(self._bias)
        total = 2**units
        with progress_callback(self._progress, "exact sum", "states") as report:
            for first in range(0, total, _BLOCK):
                numbers = np.arange(first, min(first + _BLOCK, total))
                yield (spins_of(numbers, units) > 0).astype(np.float64)
                if report is not None:
                    report(int(numbers[-1]) + 1, total)

    def _fields(self, states: Floats) -> Floats:
        """Return what each unit of the other layer feels in each state."""
        return np.asarray(states @ self._weights + self._other_bias)

    def _averages(self, beta: float, moments: _Moments, entropy: bool = False) -> list[Any]:
        """Return the averages of what ``moments`` sums over a block of weighted states."""
        return self._sums(beta, moments, entropy)[0]

    def _sums(
        self, beta: float, moments: _Moments, entropy: bool = False
    ) -> tuple[list[Any], float]:
        """Return these averages, and ln Z.

        Weights are relative to the largest so far: when a larger one comes, all sums shrink. With
        ``entropy`` the first of the sums is that of w ln w, which a common factor shifts.
        """
        largest = sum(np.abs(x).sum() for x in (self._weights, self._bias, self._other_bias))
        if self._checked(beta) * largest > _LARGEST:
            raise ValueError(
                f"beta must be at most {_LARGEST / largest:.2g} for this machine, or its energies "
                f"lose their digits, got {beta:g}"
            )
        top, total = -math.inf, 0.0
        sums: list[Any] = []
        for states in self._states():
            other = self._other.given(self._fields(states), beta)
            log_weights = beta * (states @ self._bias) + other.log_weights
            above = max(top, float(log_weights.max()))
            shrink, weights = math.exp(top - above), np.exp(log_weights - above)
            found = moments(weights, states, other)
            if sums:
                if entropy:
                    sums[0] += (top - above) * total
                found = [shrink * old + new for old, new in zip(sums, found, strict=True)]
            top, total, sums = above, shrink * total + float(weights.sum()), found
        averages = [x / total for x in sums]
        if entropy:
            averages[0] -= math.log(total)
        return averages, top + math.log(total)

    def _joint_energies(self) -> Floats:
        """Return the energy of every state, numbered as those of spins are."""
        weights, b, a = self._arrays(np.float64)
        h = spins_of(np.arange(2 ** len(b)), len(b)) > 0
        v = spins_of(np.arange(2 ** len(a)), len(a)) > 0
        pairs = v @ weights.T @ h.T
        return np.asarray(-(pairs + (v @ a)[:, None] + h @ b).ravel())


_INSTEAD = (
    'its log_partition("ais") estimates ln Z, its sample averages, and its spin_form is a model '
    "for anneal, temper and meanfield"
)
_FEWER = "its sample averages"
