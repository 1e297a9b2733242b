"""Steps of a modern Hopfield network on a block of states that stays in the cache."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass.models.pattern_products import Mixture, PatternProducts, squares_of

# With beta M^2 below it all weights are nearly equal, and the logarithm of their mean needs care.
_GENTLE = 1e-3

# Below it beta times any product is nothing beside 1.
_NO_BETA = 1e-290


@dataclass(frozen=True, eq=False)
class Weighed:
    """What is left of products z that have become weights exp(beta (z - max z))."""

    totals: NDArray[Any]
    """Their sums over the patterns."""
    log_mean: NDArray[np.float64]
    """ln(mean exp(beta z)) / beta, in the limits of beta too."""


def weigh(products: NDArray[Any], beta: float, norm: float) -> Weighed:
    """Turn products into weights, in place. ``norm`` is the largest length of a pattern."""
    largest = products.max(axis=1, keepdims=True)
    products -= largest
    if beta == np.inf:
        np.equal(products, 0, out=products, casting="unsafe")
        totals, above = products.sum(axis=1), np.zeros(len(products))
    elif beta * norm**2 < _GENTLE:
        above = products.mean(axis=1, dtype=np.float64)
        _multiply(products, beta)
        np.expm1(products, out=products)
        if beta > _NO_BETA:
            above = np.log1p(products.mean(axis=1, dtype=np.float64)) / beta
        products += 1
        totals = products.sum(axis=1)
    else:
        _multiply(products, beta)
        np.exp(products, out=products)
        totals = products.sum(axis=1)
        above = np.log(totals / np.float64(products.shape[1])) / beta
    return Weighed(totals, largest[:, 0] + above)


def _multiply(products: NDArray[Any], beta: float) -> None:
    """Multiply in place, by factors that are numbers of the products' kind."""
    largest = float(np.finfo(products.dtype).max)
    while beta > largest:
        products *= largest
        beta /= largest
    products *= beta


@dataclass(frozen=True, eq=False)
class SoftmaxSteps:
    """The steps xi <- X^T softmax(beta X xi) among patterns, the longest of length ``norm``."""

    source: PatternProducts
    beta: float
    norm: float

    def scratch(self, n_states: int) -> NDArray[Any]:
        """Return memory for the products of so many states, to be used again and again."""
        return np.empty((n_states, self.source.shape[0]), self.source.dtype)

    def products(
        self, states: NDArray[Any], scratch: NDArray[Any], known: Mixture | None = None
    ) -> NDArray[Any]:
        """Return x_mu . xi of each state, (n_states, n_patterns), in ``scratch``."""
        products = scratch[: len(states)]
        self.source.multiply(states, known, products)
        return products

    def weigh(self, products: NDArray[Any]) -> Weighed:
        """Turn products into weights, in place."""
        with np.errstate(under="ignore", over="ignore"):
            return weigh(products, self.beta, self.norm)

    def energies(self, states: NDArray[Any], weighed: Weighed) -> NDArray[np.float64]:
        """Return E of states whose products were weighed."""
        energies = (squares_of(states) + self.norm**2) / 2 - weighed.log_mean
        energies[energies < 0] = 0.0  # that is rounding
        return energies

    def run(
        self, start: NDArray[Any], max_steps: int, reach: float, keep_weights: bool
    ) -> dict[str, Any]:
        """Update each state until a step moves it by at most ``reach``.

        Returns
        -------
        dict
            A column for each field of the result that is known of a state.
        """
        n_states, n_patterns = len(start), self.source.shape[0]
        columns: dict[str, Any] = {
            "states": np.empty_like(start),
            "pattern": np.zeros(n_states, np.int64),
            "weight": np.zeros(n_states),
            "entropy": np.zeros(n_states),
            "steps": np.zeros(n_states, np.int64),
            "converged": np.zeros(n_states, bool),
            "weights": None,
        }
        if keep_weights:
            columns["weights"] = np.empty((n_states, n_patterns), self.source.dtype)
        running, states, known = np.arange(n_states), start, None
        weights, moved = np.empty((0, n_patterns)), np.empty(0)
        scratch = (
            self.scratch(n_states),
            self.scratch(n_states),
        )  # the weights of the step before stay
        energies = np.zeros((1, n_states))
        for step in range(max_steps + 1):
            products = self.products(states, scratch[step % 2], known)
            weighed = self.weigh(products)
            energies[step, running] = self.energies(states, weighed)
            if step:
                ends = (moved <= reach) | (step == max_steps)
                if ends.any():
                    ended = running[ends]
                    columns["states"][ended] = states[ends]
                    columns["steps"][ended] = step
                    columns["converged"][ended] = moved[ends] <= reach
                    _describe(columns, ended, weights[ends])
                    running, states = running[~ends], states[~ends]
                    products = products[~ends]
                    weighed = Weighed(weighed.totals[~ends], weighed.log_mean[~ends])
            if not running.size:
                break
            weights = products
            new, known = self.source.mix(weights, weighed.totals, known)
            moved = np.linalg.norm(new - states, axis=1)
            states = new
            energies = np.vstack([energies, energies[-1:]])
        columns["energies"], columns["energy"] = energies.T.copy(), energies[-1].copy()
        return columns


def _describe(columns: dict[str, Any], rows: NDArray[np.intp], weights: NDArray[Any]) -> None:
    """Write what is known of the weights, the largest of which is 1, that made up some states."""
    totals = weights.sum(axis=1, dtype=np.float64)
    columns["pattern"][rows] = weights.argmax(axis=1)
    columns["weight"][rows] = 1 / totals
    logarithms = np.log(weights, out=np.zeros_like(weights), where=weights > 0)
    entropy = np.log(totals) - np.einsum("ij,ij->i", weights, logarithms) / totals
    columns["entropy"][rows] = np.maximum(entropy, 0.0)
    if columns["weights"] is not None:
        columns["weights"][rows] = weights / totals[:, None]
