"""Sums over all states of a restricted Boltzmann machine.

Given the units of one layer those of the other are independent. So the states of the smaller layer
are run through, and what the other one adds is known in closed form: a product for units 0 and 1, a
Gaussian for real numbers (whose smaller layer is taken to be the hidden one).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spinglass import _core
from spinglass._arguments import check_memory
from spinglass._progress import Progress, progress_callback
from spinglass.models.energy import Layered
from spinglass.partition.exact.spins import MOST_SPINS, spins_of, too_many

_Floats = NDArray[np.float64]

# States of the smaller layer that are worked on together.
_BLOCK = 2**12

# So many factors of at most 2 have a finite product.
_FACTORS = 1000

# Energies times beta beyond it have few digits left of what tells states apart.
_LARGEST = 1e12


class _Block(NamedTuple):
    """Some states of the smaller layer, with what the other one does given each of them."""

    states: _Floats
    log_weights: _Floats
    means: _Floats  # of the other layer
    energies: _Floats  # mean, of both layers
    entropies: _Floats  # of the other layer


class LayeredSums:
    """Two layers of units 0 and 1. Its variables are the visible units, then the hidden ones."""

    def __init__(self, layers: Layered, num_threads: int | None, progress: Progress) -> None:
        self._layers = layers
        self._threads, self._progress = num_threads, progress
        weights, *biases = (
            x.astype(np.float64)
            for x in (layers.weights, layers.hidden_biases, layers.visible_biases)
        )
        # What is enumerated, and the layer that is summed in closed form.
        self._hidden_first = len(layers.hidden_biases) <= len(layers.visible_biases)
        if not self._hidden_first:
            weights, biases = weights.T, biases[::-1]
        self._weights, (self._bias, self._other_bias) = weights, biases
        if len(self._bias) > MOST_SPINS:
            raise ValueError(too_many("the smaller layer", len(self._bias), _INSTEAD))
        self.n_variables = layers.n_variables

    def log_partition(self, beta: float) -> float:
        """Return ln Z."""
        beta, layers = _finite(beta), self._layers
        weights, b, a = (
            x.astype(np.float32)
            for x in (layers.weights, layers.hidden_biases, layers.visible_biases)
        )
        machine = _core.RbmMachine(weights, b, a, "full")
        with progress_callback(self._progress, "exact sum", "states") as report:
            return machine.log_partition(beta, self._threads, report)

    def free_energy(self, beta: float) -> float:
        """Return F = -ln Z / beta."""
        return -self.log_partition(beta) / beta if beta else -math.inf

    def mean_energy(self, beta: float) -> float:
        """Return <E>."""

        def energy(p: _Floats, block: _Block) -> list[Any]:
            return [p @ block.energies]

        return float(self._averages(beta, energy)[0])

    def entropy(self, beta: float) -> float:
        """Return S in nats."""

        # ln Z + beta <E> would lose its digits in the cold. The entropy of the smaller layer, and
        # the mean of that of the other one given it.
        def both(p: _Floats, block: _Block) -> list[Any]:
            logs = np.log(p, out=np.zeros_like(p), where=p > 0)
            return [p @ logs, p @ block.entropies]

        own, other = self._averages(beta, both, entropy=True)
        return float(other - own)

    def magnetizations(self, beta: float) -> _Floats:
        """Return <x_i> of every variable."""

        def means(p: _Floats, block: _Block) -> list[Any]:
            return [p @ self._in_order(block.states, block.means)]

        return np.asarray(self._averages(beta, means)[0])

    def correlations(self, beta: float) -> _Floats:
        """Return <x_i x_j> of every pair."""
        check_memory(24 * self.n_variables**2, f"correlations of {self.n_variables} units")

        def pairs(p: _Floats, block: _Block) -> list[Any]:
            units = self._in_order(block.states, block.means)
            return [(units.T * p) @ units, p @ self._variances(block.means, beta)]

        second, spread = self._averages(beta, pairs)
        second[np.diag_indices(self.n_variables)] += self._in_order(
            np.zeros(len(self._bias)), spread
        )
        return np.asarray(second)

    def distribution(self, beta: float) -> _Floats:
        """Return the probability of every state."""
        log_weights = -_finite(beta) * self._joint_energies()
        weights = np.exp(log_weights - log_weights.max())
        return np.asarray(weights / weights.sum())

    def ground_states(self) -> NDArray[np.uint8]:
        """Return all states of lowest energy."""
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

    def _completed(self, state: _Floats, tolerance: float) -> _Floats:
        """Return all states of lowest energy with these units of the smaller layer."""
        fields = self._fields(state[None])[0]
        free = np.flatnonzero(np.abs(fields) <= tolerance)
        if len(free) > MOST_SPINS:
            raise ValueError(f"ground states must be few, got 2^{len(free)} of equal energy")
        check_memory(2 ** len(free) * 16 * self.n_variables, f"2^{len(free)} ground states")
        other = np.repeat((fields > 0)[None].astype(float), 2 ** len(free), axis=0)
        other[:, free] = spins_of(np.arange(2 ** len(free)), len(free)) > 0
        return self._in_order(np.repeat(state[None], len(other), axis=0), other)

    def _in_order(self, smaller: _Floats, other: _Floats) -> _Floats:
        """Return columns of the visible units, then of the hidden ones."""
        layers = [other, smaller] if self._hidden_first else [smaller, other]
        return np.concatenate(layers, axis=-1)

    def _states(self) -> Iterator[_Floats]:
        """Yield the states of the smaller layer in blocks."""
        units = len(self._bias)
        total = 2**units
        with progress_callback(self._progress, "exact sum", "states") as report:
            for first in range(0, total, _BLOCK):
                numbers = np.arange(first, min(first + _BLOCK, total))
                yield (spins_of(numbers, units) > 0).astype(np.float64)
                if report is not None:
                    report(int(numbers[-1]) + 1, total)

    def _fields(self, states: _Floats) -> _Floats:
        """Return what each unit of the other layer feels in each state."""
        return np.asarray(states @ self._weights + self._other_bias)

    def _averages(
        self, beta: float, moments: Callable[[_Floats, _Block], list[Any]], entropy: bool = False
    ) -> list[Any]:
        """Return the averages of what ``moments`` sums over a block, given weights of its states.

        Weights are relative to the largest so far: when a larger one comes, all sums shrink. With
        ``entropy`` the first of the sums is that of w ln w, which a common factor shifts.
        """
        largest = sum(np.abs(x).sum() for x in (self._weights, self._bias, self._other_bias))
        if _finite(beta) * largest > _LARGEST:
            raise ValueError(
                f"beta must be at most {_LARGEST / largest:.2g} for this machine, or its energies "
                f"lose their digits, got {beta:g}"
            )
        top, total = -math.inf, 0.0
        sums: list[Any] = []
        for states in self._states():
            block = self._block(states, beta)
            above = max(top, float(block.log_weights.max()))
            shrink, weights = math.exp(top - above), np.exp(block.log_weights - above)
            found = moments(weights, block)
            if sums:
                if entropy:
                    sums[0] += (top - above) * total
                found = [shrink * old + new for old, new in zip(sums, found, strict=True)]
            top, total, sums = above, shrink * total + float(weights.sum()), found
        averages = [x / total for x in sums]
        if entropy:
            averages[0] -= math.log(total)
        return averages

    def _block(self, states: _Floats, beta: float) -> _Block:
        fields = self._fields(states)
        own = states @ self._bias
        log_sums, means, energies, entropies = self._given(fields, beta)
        return _Block(states, beta * own + log_sums, means, energies - own, entropies)

    def _given(self, fields: _Floats, beta: float) -> tuple[_Floats, _Floats, _Floats, _Floats]:
        """Return what the other layer in these fields does, row by row.

        That is what it adds to the logarithm of the weight, its means, its mean energy, and its
        entropy.
        """
        x = beta * fields
        up, size = x > 0, np.abs(x)
        e = np.exp(-size)
        # ln(1 + e^x) = max(x, 0) + ln(1 + e), one logarithm for many factors of at most 2.
        factors = 1.0 + e
        logs = np.zeros(len(x))
        for first in range(0, x.shape[1], _FACTORS):
            logs += np.log(factors[:, first : first + _FACTORS].prod(axis=1))
        means = np.where(up, 1.0, e) / factors
        # That of a unit is |x| e / (1 + e) + ln(1 + e).
        entropies = (size * e / factors).sum(axis=1) + logs
        log_sums = np.where(up, x, 0.0).sum(axis=1) + logs
        return log_sums, means, -(means * fields).sum(axis=1), entropies

    def _variances(self, means: _Floats, beta: float) -> _Floats:
        """Return <x^2> - <x>^2 of the other layer, given each state."""
        return means * (1.0 - means)

    def _joint_energies(self) -> _Floats:
        """Return the energy of every state, numbered as those of spins are."""
        layers = self._layers
        a, b = (x.astype(np.float64) for x in (layers.visible_biases, layers.hidden_biases))
        h = spins_of(np.arange(2 ** len(b)), len(b)) > 0
        v = spins_of(np.arange(2 ** len(a)), len(a)) > 0
        pairs = v @ layers.weights.astype(np.float64).T @ h.T
        return np.asarray(-(pairs + (v @ a)[:, None] + h @ b).ravel())


class GaussianSums(LayeredSums):
    """Visible units that are real numbers: Z is an integral over them."""

    def __init__(self, layers: Layered, num_threads: int | None, progress: Progress) -> None:
        assert layers.variances is not None
        if len(layers.hidden_biases) > MOST_SPINS:
            raise ValueError(too_many("the hidden layer", len(layers.hidden_biases), _FEWER))
        self._threads, self._progress = num_threads, progress
        self._hidden_first = True
        self._spread = layers.variances
        self._weights, self._bias = layers.weights, layers.hidden_biases
        self._other_bias = layers.visible_biases
        self.n_variables = layers.n_variables

    def log_partition(self, beta: float) -> float:
        """Return ln Z."""
        if not _finite(beta) > 0.0:
            raise ValueError(f"beta must be above 0 for real numbers, got {beta}")
        return _core.GaussianRbmMachine(
            self._weights, beta * self._bias, self._other_bias, self._spread / beta
        ).log_partition(self._threads)

    def distribution(self, beta: float) -> _Floats:
        """Return the probability of every state."""
        raise TypeError(_REAL.format("distribution"))

    def ground_states(self) -> NDArray[np.uint8]:
        """Return all states of lowest energy."""
        raise TypeError(_REAL.format("ground_states"))

    def _given(self, fields: _Floats, beta: float) -> tuple[_Floats, _Floats, _Floats, _Floats]:
        b, s = self._other_bias, self._spread
        squares = ((fields**2 - b**2) / (2 * s)).sum(axis=1)
        logs = 0.5 * float(np.log(2 * np.pi * s / beta).sum())
        entropies = np.full(len(fields), 0.5 * len(s) + logs)
        return beta * squares + logs, fields, len(s) / (2 * beta) - squares, entropies

    def _variances(self, means: _Floats, beta: float) -> _Floats:
        return np.broadcast_to(self._spread / beta, means.shape)


_INSTEAD = (
    'its log_partition("ais") estimates ln Z, its sample averages, and its spin_form is a model '
    "for anneal, temper and meanfield"
)
_FEWER = "its sample averages"
_REAL = "{} needs a model whose states can be counted, got real numbers"


def _finite(beta: float) -> float:
    if math.isinf(beta):
        raise ValueError("beta must be finite for a Boltzmann machine, got inf")
    return beta
