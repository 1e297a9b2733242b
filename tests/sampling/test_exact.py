"""Every model and every move against the exact law over all 2^N states."""

import numpy as np
import pytest
from scipy.stats import chi2, norm

import reference
from sampling.models import MODELS, PAIRS
from spinglass import anneal, sample, temper

BETAS = [0.0, 0.2, 0.45]
SEEDS = range(10)

# Each replica is one independent sample: its state after sweeps enough to forget a random start.
# These systems of at most 9 spins forget in a few sweeps at these temperatures; the slow mode, a
# reversal of all spins, is in equilibrium from the start.
N_REPLICAS = 1500
N_SWEEPS = 60

# A right sampler fails one of all these tests once in a thousand choices of the ten seeds.
FALSE_ALARM = 1e-3 / (len(PAIRS) * len(BETAS) * len(SEEDS) * 2)


def chi_square(states, law):
    """Return Pearson's statistic and its degrees of freedom; rare states are counted together."""
    counts = np.bincount(reference.state_numbers(states), minlength=len(law))
    order = np.argsort(law, kind="stable")
    expected = law[order] * len(states)
    # Cut where each bin is expected to hold ten; what is left over joins the last.
    bins = np.minimum(np.floor(np.cumsum(expected) / 10 - 1e-9), len(states) // 10 - 1).astype(int)
    _, bins = np.unique(bins, return_inverse=True)
    expected, counts = np.bincount(bins, expected), np.bincount(bins, counts[order])
    return ((counts - expected) ** 2 / expected).sum(), len(expected) - 1


@pytest.mark.parametrize("beta", BETAS)
@pytest.mark.parametrize(("name", "dynamics"), PAIRS)
def test_states_follow_the_boltzmann_law(name, dynamics, beta):
    model = MODELS[name]
    law, energies = reference.ising_law(model, beta)
    mean = law @ energies
    deviation = np.sqrt(law @ (energies - mean) ** 2 / N_REPLICAS)
    for seed in SEEDS:
        run = sample(model, beta, N_SWEEPS, N_REPLICAS, dynamics, every=N_SWEEPS, seed=seed)
        statistic, freedom = chi_square(run.final_states, law)
        assert statistic < chi2.isf(FALSE_ALARM, freedom), f"seed {seed}"
        distance = abs(run.energy[:, -1].mean() - mean)
        # Where all states have one energy, only rounding is left.
        bound = norm.isf(FALSE_ALARM / 2) * deviation + 1e-6
        assert distance < bound, f"seed {seed}"


@pytest.mark.parametrize("name", MODELS)
def test_tempering_leaves_the_law_of_every_temperature_alone(name):
    model = MODELS[name]
    betas = [0.1, 0.4, 0.9]
    run = temper(model, betas, N_SWEEPS, N_REPLICAS, seed=1, every=N_SWEEPS)
    assert (run.swap_rates > 0.1).all()
    for k, beta in enumerate(betas):
        statistic, freedom = chi_square(run.final_states[:, k], reference.ising_law(model, beta)[0])
        assert statistic < chi2.isf(1e-3 / len(MODELS) / len(betas), freedom), beta


@pytest.mark.parametrize("dynamics", ["metropolis", "heat-bath"])
@pytest.mark.parametrize("name", MODELS)
def test_annealing_finds_the_ground_state_of_a_small_model(name, dynamics):
    model = MODELS[name]
    lowest = reference.ising_law(model, 0.0)[1].min()
    found = anneal(model, (0.1, 5.0), 100, 50, dynamics, seed=3)
    state, energy = found.best
    assert energy == pytest.approx(lowest, abs=1e-9)
    assert model.energy(state) == energy
    np.testing.assert_array_equal(found.best_energy, model.energy(found.best_states))
    assert (found.best_energy <= model.energy(found.final_states) + 1e-9).all()


@pytest.mark.parametrize("dynamics", ["metropolis", "heat-bath"])
@pytest.mark.parametrize("name", MODELS)
def test_without_a_temperature_the_energy_never_rises(name, dynamics):
    model = MODELS[name]
    run = sample(model, np.inf, 20, 50, dynamics, seed=4)
    assert (np.diff(run.energy, axis=1) <= 1e-6).all()
    if dynamics == "heat-bath":  # Metropolis goes on flipping the spins that are free
        fields = model.local_fields(run.final_states)
        assert (fields * run.final_states >= -1e-6).all()


def test_first_moves_are_unbiased_over_seeds_1_to_400():
    # One spin in no field flips, or not, by the first random number of its stream alone.
    model = MODELS["no coupling"]
    ups = np.array(
        [sample(model, 1.0, 1, 1, "heat-bath", seed=seed).final_states[0] for seed in range(1, 401)]
    )
    counts = (ups > 0).sum(axis=0)
    # Binomial(400, 1/2) for each of 6 sites; together with the sum over sites.
    assert (np.abs(counts - 200) < norm.isf(1e-4) * 10).all()
    pairs = np.einsum("ai,aj->ij", ups, ups)[np.triu_indices(6, 1)]
    assert (np.abs(pairs) < norm.isf(1e-4) * 20).all()


@pytest.mark.parametrize("name", ["SK", "Gaussian glass on a lattice", "+-J lattice", "Hopfield"])
def test_first_moves_of_the_glasses_are_unbiased_over_seeds_1_to_400(name):
    # From one state, the probability that each spin has turned after one sweep is a number:
    # the sweep goes through a graph colour by colour, through dense couplings in a shuffled order
    # (that of eight sites here), and through a network in the order of its sites.
    model = MODELS[name]
    n, beta = model.n_spins, 0.5
    couplings, fields = reference.dense_couplings(model), reference.dense_fields(model)
    law = {(1,) * n: 1.0}
    orders = {"SK": [1, 4, 3, 7, 0, 6, 5, 2], "Hopfield": range(n)}
    for site in orders.get(name) or reference.colour_order(couplings):
        moved = {}
        for state, weight in law.items():
            spins = np.array(state)
            up = 1 / (1 + np.exp(-2 * beta * (couplings[site] @ spins + fields[site])))
            for value, chance in ((1, up), (-1, 1 - up)):
                new = (*state[:site], value, *state[site + 1 :])
                moved[new] = moved.get(new, 0.0) + weight * chance
        law = moved
    expected = sum(weight * np.array(state) for state, weight in law.items())
    start = np.ones(n, dtype=np.int8)
    found = np.mean(
        [
            sample(model, beta, 1, 1, "heat-bath", initial=start, seed=seed).final_states[0]
            for seed in range(1, 401)
        ],
        axis=0,
    )
    error = np.sqrt((1 - expected**2) / 400)
    assert (np.abs(found - expected) < norm.isf(1e-4 / n) * error + 1e-9).all()
