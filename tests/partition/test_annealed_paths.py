"""Annealed importance sampling along any path of models that begins with a known ln Z."""

import warnings
from dataclasses import dataclass

import numpy as np
import pytest
from scipy.special import expit, logsumexp
from scipy.stats import norm

import reference
from spinglass import Interrupted
from spinglass.partition.annealed import annealed

PATTERNS = reference.random_spins(np.random.default_rng(1), 3, 8)


def energy(states):
    """A dense associative memory, which has no pairs: E = -sum_mu (xi^mu . s)^4 / N^3."""
    return -((states @ PATTERNS.T) ** 4).sum(axis=-1) / 8.0**3


@dataclass(frozen=True)
class MemoryPath:
    """From uniform states to the memory at ``betas[-1]``, one sweep of heat bath a model."""

    betas: np.ndarray
    n_chains: int
    seed: int
    log_base: float = 8 * np.log(2)

    def ais(self):
        rng = np.random.default_rng([self.seed, 0])
        states, logs = reference.random_spins(rng, self.n_chains, 8), self.log_base
        for below, beta in zip(self.betas, self.betas[1:], strict=False):
            logs = logs - (beta - below) * energy(states)
            states = sweep(states, beta, range(8), rng)
        return logs

    def starts(self):
        states = reference.all_states(8)
        weights = np.exp(-self.betas[-1] * energy(states))
        rng = np.random.default_rng([self.seed, 1])
        return states[rng.choice(256, self.n_chains, p=weights / weights.sum())], True

    def reverse_ais(self, starts):
        rng = np.random.default_rng([self.seed, 2])
        states, logs = starts, self.log_base
        for beta, below in zip(self.betas[:0:-1], self.betas[-2::-1], strict=True):
            states = sweep(states, beta, range(7, -1, -1), rng)
            logs = logs - (beta - below) * energy(states)
        return logs


def sweep(states, beta, order, rng):
    states = states.copy()
    for site in order:
        sides = []
        for value in (-1, 1):
            states[:, site] = value
            sides.append(energy(states))
        up = rng.random(len(states)) < expit(beta * (sides[0] - sides[1]))
        states[:, site] = np.where(up, 1, -1)
    return states


LADDER = np.linspace(0, 0.8, 40)
TRUTH = logsumexp(-0.8 * energy(reference.all_states(8)))
METHODS = ["ais", "reverse-ais", "two-sided", "bridge"]


@pytest.mark.parametrize("method", METHODS)
def test_a_path_of_ones_own_has_the_sum_over_its_states(method):
    found = annealed(MemoryPath(LADDER, 400, 1), method, "memory")
    assert abs(found.value - TRUTH) < norm.isf(1e-3 / 8) * found.error < 0.3
    assert (found.method, found.model, found.seed) == (method, "memory", 1)
    assert (found.beta, found.n_betas, found.n_chains) == (0.8, 40, 400)
    assert found.log_base == MemoryPath.log_base
    assert (found.log_weights is None) == (method == "reverse-ais")
    assert (found.reverse_log_weights is None) == (method == "ais")
    assert found.upper_is_bound == (method != "ais")


def test_each_direction_has_the_chains_that_it_has_with_the_other():
    alone, back, both = (
        annealed(MemoryPath(LADDER, 20, 2), method, "") for method in ("ais", *METHODS[1:3])
    )
    np.testing.assert_array_equal(alone.log_weights, both.log_weights)
    np.testing.assert_array_equal(back.reverse_log_weights, both.reverse_log_weights)


@dataclass(frozen=True)
class StoppedPath(MemoryPath):
    """One whose second direction is stopped by Ctrl-C."""

    def reverse_ais(self, starts):
        raise KeyboardInterrupt


@pytest.mark.parametrize("method", METHODS[2:])
def test_a_direction_that_was_finished_outlives_an_interruption(method):
    with pytest.raises(Interrupted, match="1 of 2 directions") as stopped:
        annealed(StoppedPath(LADDER, 20, 2), method, "memory")
    alone, kept = annealed(MemoryPath(LADDER, 20, 2), "ais", "memory"), stopped.value.result
    np.testing.assert_array_equal(alone.log_weights, kept.log_weights)
    assert (kept.method, kept.value, kept.error) == ("ais", alone.value, alone.error)
    with pytest.raises(KeyboardInterrupt) as stopped:
        annealed(StoppedPath(LADDER, 20, 2), "reverse-ais", "memory")
    assert not isinstance(stopped.value, Interrupted)


def test_what_is_not_to_be_trusted_is_said_where_the_estimate_was_asked_for():
    def estimate():
        return annealed(MemoryPath(LADDER[::39], 3, 3), "ais", "")

    with pytest.warns(UserWarning, match="too few") as said:
        found = estimate()
    assert str(said[0].message) == found.warning
    assert said[0].filename == __file__
    lines = [said[0].lineno]
    with warnings.catch_warnings(record=True) as deeper:
        warnings.simplefilter("always")
        annealed(MemoryPath(LADDER[::39], 3, 3), "ais", "")
    assert deeper[0].lineno != lines[0]
    # A wider gap than two sides are trusted with.
    with pytest.warns(UserWarning, match="neither is to be trusted"):
        annealed(MemoryPath(LADDER, 400, 1), "two-sided", "", trusted_gap=0.0)
