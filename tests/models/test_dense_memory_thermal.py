"""The heat bath of dense associative memories against exact sums over all 2^N states."""

from functools import cache

import numpy as np
import pytest

import dense_reference
import reference
from reference import chi_square_chance
from spinglass import DenseAssociativeMemory

N_REPLICAS = 4000
SEEDS = range(4)
POWERS = [(order, rectified) for order in (2, 3, 4, 5, 6) for rectified in (False, True)]
UPDATES = ["sequential", "random"]

# A right sampler fails one of all these tests once in a thousand choices of the seeds.
FALSE_ALARM = 1e-3 / (len(POWERS) * len(UPDATES) * len(SEEDS))

# P above N, N odd: no sum of an odd number of patterns is a tie, and the energies differ widely.
PATTERNS = reference.random_spins(np.random.default_rng(7), 9, 7)
BETA = 0.4


@cache
def law_and_sweeps(order, rectified, update):
    """Return the exact law, and after how many sweeps every start has forgotten itself.

    The chi-square of R samples of another law p_t is shifted by R sum (p_t - p)^2 / p.
    """
    law = dense_reference.boltzmann(PATTERNS, BETA, order, rectified)
    after = dense_reference.sweep_matrix(PATTERNS, BETA, order, rectified, update)
    n_sweeps = 1
    while N_REPLICAS * ((after - law) ** 2 / law).sum(axis=1).max() > 1e-3:
        after, n_sweeps = after @ after, 2 * n_sweeps
        assert n_sweeps <= 4096, "too cold to sample"
    return law, n_sweeps


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("update", UPDATES)
@pytest.mark.parametrize(("order", "rectified"), POWERS)
def test_states_come_with_the_frequencies_of_the_exact_law(order, rectified, update, seed):
    law, n_sweeps = law_and_sweeps(order, rectified, update)
    memory = DenseAssociativeMemory(PATTERNS, order, rectified=rectified)
    starts = reference.random_spins(np.random.default_rng([seed, 2]), N_REPLICAS, 7)
    states = memory.recall(starts, update, beta=BETA, max_sweeps=n_sweeps, seed=seed).states
    counts = np.bincount(reference.state_numbers(states), minlength=2**7)
    assert chi_square_chance(counts, law) > FALSE_ALARM


def test_the_laws_of_neighbouring_orders_would_be_told_apart():
    memory = DenseAssociativeMemory(PATTERNS, 3)
    starts = reference.random_spins(np.random.default_rng(1), N_REPLICAS, 7)
    n_sweeps = law_and_sweeps(3, False, "sequential")[1]
    states = memory.recall(starts, beta=BETA, max_sweeps=n_sweeps, seed=1).states
    counts = np.bincount(reference.state_numbers(states), minlength=2**7)
    for other in [(2, False), (4, False), (3, True)]:
        assert chi_square_chance(counts, law_and_sweeps(*other, "sequential")[0]) < FALSE_ALARM


@pytest.mark.parametrize("update", UPDATES)
@pytest.mark.parametrize(("order", "rectified"), POWERS)
def test_an_infinite_temperature_tosses_coins(order, rectified, update):
    memory = DenseAssociativeMemory(PATTERNS, order, rectified=rectified)
    starts = np.ones((4000, 7), dtype=np.int8)
    states = memory.recall(starts, update, beta=0.0, max_sweeps=64, seed=order).states
    counts = np.bincount(reference.state_numbers(states), minlength=2**7)
    assert chi_square_chance(counts, np.full(128, 1 / 128)) > 1e-3 / (len(POWERS) * len(UPDATES))


@pytest.mark.parametrize("update", UPDATES)
def test_all_sweeps_are_run_at_finite_temperature(update):
    memory = DenseAssociativeMemory(PATTERNS, 3)
    result = memory.recall(np.ones((5, 7)), update, beta=1e9, max_sweeps=17, seed=1)
    assert (result.sweeps == 17).all()
    assert not result.converged.any()
    assert not result.cycle_length.any()
