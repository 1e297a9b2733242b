"""The heat bath at finite temperature against the exact law over all 2^N states."""

from functools import cache

import numpy as np
import pytest

import reference
from reference import chi_square_chance
from spinglass import Hopfield

SEEDS = range(10)

N_REPLICAS = 2000
N_ROUNDS = 2
N_SAMPLES = N_REPLICAS * N_ROUNDS


def planted(n_spins, n_patterns, seed):
    return reference.random_spins(np.random.default_rng(seed), n_patterns, n_spins)


# name: patterns, thresholds, beta, clamp
NETWORKS = {
    "even, no thresholds": (planted(6, 2, seed=1), None, 0.9, None),
    "odd, more patterns than spins": (planted(5, 7, seed=2), None, 0.25, None),
    "two spins": (np.array([[1, -1]]), None, 1.3, None),
    "thresholds": (planted(7, 3, seed=3), np.linspace(-0.8, 0.6, 7), 0.7, None),
    "ten spins": (
        planted(10, 3, seed=4),
        np.array([0.3, 0, 0, -0.5, 0, 0, 1.0, 0, 0, 0]),
        0.6,
        None,
    ),
    "clamped": (planted(6, 3, seed=5), None, 0.8, np.array([1, 0, 0, 1, 0, 0], dtype=bool)),
}
UPDATES = ["sequential", "random", "synchronous"]
CASES = [
    (name, update)
    for name in NETWORKS
    for update in UPDATES
    if (name, update) != ("clamped", "synchronous")
]

# A right sampler fails one of all these tests once in a thousand choices of the ten seeds.
FALSE_ALARM = 1e-3 / (len(CASES) * len(SEEDS))


def reachable(clamp, n_spins):
    """Mark the states whose clamped spins are up, as in every start."""
    states = reference.all_states(n_spins)
    return np.ones(2**n_spins, dtype=bool) if clamp is None else (states[:, clamp] > 0).all(axis=1)


def divergence(laws, exact, allowed):
    """sum (p - exact)^2 / exact over the allowed states, for each row of laws."""
    return ((laws[:, allowed] - exact[allowed]) ** 2 / exact[allowed]).sum(axis=1)


@cache
def exact_law(name, update):
    """Return the stationary law, and the sweeps after which every start has forgotten itself.

    A law p_t other than the stationary p shifts the chi-square of R samples by
    R sum (p_t - p)^2 / p. The sweeps are doubled until the worst start shifts it by less than
    1/1000, nothing beside its standard deviation of at least sqrt(2).
    """
    patterns, thresholds, beta, clamp = NETWORKS[name]
    allowed = reachable(clamp, patterns.shape[1])
    law_of = reference.peretto if update == "synchronous" else reference.boltzmann
    law = np.where(allowed, law_of(patterns, beta, thresholds), 0)
    law /= law.sum()
    after = reference.sweep_matrix(patterns, beta, thresholds, update, clamp)
    n_sweeps = 1
    while N_SAMPLES * divergence(after[allowed], law, allowed).max() > 1e-3:
        after = after @ after
        n_sweeps *= 2
        assert n_sweeps <= 4096, "too cold to sample"
    return law, n_sweeps


def sample(name, update, seed):
    """Count the states of independent replicas, each read off several times along its run."""
    patterns, thresholds, beta, clamp = NETWORKS[name]
    n_spins = patterns.shape[1]
    n_sweeps = exact_law(name, update)[1]
    network = Hopfield(patterns, thresholds=thresholds)
    rng = np.random.default_rng([seed, 1])
    states = reference.random_spins(rng, N_REPLICAS, n_spins)
    if clamp is not None:
        states[:, clamp] = 1
    counts = np.zeros(2**n_spins, dtype=int)
    for round_number in range(N_ROUNDS):
        result = network.recall(
            states,
            update,
            beta=beta,
            max_sweeps=n_sweeps,
            clamp=clamp,
            seed=np.random.SeedSequence(seed, spawn_key=(round_number,)),
        )
        states = result.states
        counts += np.bincount(reference.state_numbers(states), minlength=2**n_spins)
    return counts


@pytest.mark.parametrize(("name", "update"), CASES)
def test_the_law_is_stationary_under_the_exact_sweep(name, update):
    patterns, thresholds, beta, clamp = NETWORKS[name]
    law = exact_law(name, update)[0]
    after = law @ reference.sweep_matrix(patterns, beta, thresholds, update, clamp)
    # Sums of at most 1024 products after each of at most ten visits, none above 1.
    assert np.abs(after - law).max() < 10 * 1024 * np.finfo(float).eps


def test_the_synchronous_law_is_the_only_one():
    # A matrix without zeros has one stationary law (Perron and Frobenius), so what is stationary
    # above is the law of Peretto.
    for name in {name for name, update in CASES if update == "synchronous"}:
        patterns, thresholds, beta, _ = NETWORKS[name]
        assert (reference.sweep_matrix(patterns, beta, thresholds, "synchronous") > 0).all()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("name", "update"), CASES)
def test_states_come_with_the_frequencies_of_the_exact_law(name, update, seed):
    counts = sample(name, update, seed)
    assert chi_square_chance(counts, exact_law(name, update)[0]) > FALSE_ALARM


def test_synchronous_dynamics_does_not_sample_boltzmann():
    name = "even, no thresholds"
    counts = sample(name, "synchronous", 0)
    assert chi_square_chance(counts, exact_law(name, "sequential")[0]) < 1e-9


def test_a_wrong_temperature_would_be_seen():
    patterns, _, beta, _ = NETWORKS["even, no thresholds"]
    for update in ("sequential", "random"):
        counts = sample("even, no thresholds", update, 0)
        for wrong in (0.5 * beta, 2 * beta):
            assert chi_square_chance(counts, reference.boltzmann(patterns, wrong)) < FALSE_ALARM


@pytest.mark.parametrize("update", UPDATES)
def test_all_sweeps_are_run_at_finite_temperature(update):
    patterns, thresholds, _, _ = NETWORKS["thresholds"]
    network = Hopfield(patterns, thresholds=thresholds)
    # So cold that the state comes to rest at once: nobody may conclude from a quiet sweep.
    result = network.recall(np.ones((20, 7)), update, beta=1e9, max_sweeps=17, seed=1)
    assert (result.sweeps == 17).all()
    assert not result.converged.any()
    assert not result.cycle_length.any()


@pytest.mark.parametrize("update", UPDATES)
def test_an_infinite_temperature_tosses_coins(update):
    network = Hopfield(np.ones((5, 8), dtype=np.int8), thresholds=np.full(8, 3.0))
    starts = np.ones((2000, 8), dtype=np.int8)
    result = network.recall(starts, update, beta=0.0, max_sweeps=64, seed=1)
    counts = np.bincount(reference.state_numbers(result.states), minlength=256)
    # Sequential and synchronous sweeps leave no memory; 64 random ones leave a site unvisited with
    # a chance of exp(-64).
    assert chi_square_chance(counts, np.full(256, 1 / 256)) > 1e-3 / len(UPDATES)


@pytest.mark.parametrize("update", ["sequential", "synchronous"])
def test_a_very_cold_heat_bath_is_zero_temperature_where_no_field_is_zero(update):
    # P odd and N even make every N h_i odd, so |h_i| >= 1/N, and beta = 1e6 leaves a chance of
    # exp(-2e6 / N) for a flip against the field.
    patterns = reference.random_spins(np.random.default_rng(5), 9, 40)
    network = Hopfield(patterns)
    states = reference.random_spins(np.random.default_rng(6), 30, 40)
    cold = network.recall(states, update, beta=1e6, max_sweeps=25, seed=1)
    frozen = network.recall(states, update, max_sweeps=25)
    rest = frozen.converged
    assert rest.any()
    np.testing.assert_array_equal(cold.states[rest], frozen.states[rest])
    np.testing.assert_array_equal(cold.flips[rest], frozen.flips[rest])


def test_a_memory_melts_when_it_is_heated():
    # Far below its critical load a network keeps a memory at T = 0.2 and loses it at T = 2,
    # above the temperature 1 + sqrt(load) of the paramagnet.
    patterns = reference.random_spins(np.random.default_rng(1), 10, 1000)
    network = Hopfield(patterns)
    cold = network.recall(patterns, beta=5.0, max_sweeps=60, seed=1)
    hot = network.recall(patterns, beta=0.5, max_sweeps=60, seed=1)
    assert (cold.overlap > 0.9).all()
    assert (np.abs(hot.overlap) < 0.5).all()
