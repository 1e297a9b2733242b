"""Sums over all states of spin models, held against slow sums and against thermodynamics."""

import math

import numpy as np
import pytest

import spinglass
from sampling.models import MODELS
from spinglass import exact, theory

BETAS = [0.0, 0.1, 0.7, 3.0]


def slow(model, beta):
    """ln Z, <E>, <s_i>, <s_i s_j>, p of every state, in the way of the definition."""
    states = exact.states(model.n_spins).astype(float)
    energies = model.energy(states)
    weights = np.exp(-beta * (energies - energies.min()))
    log_z = np.log(weights.sum()) - beta * energies.min()
    p = weights / weights.sum()
    return log_z, p @ energies, p @ states, (states.T * p) @ states, p


# A few roundings of each of 2^9 terms.
def close(found, expected):
    return found == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("beta", BETAS)
@pytest.mark.parametrize("name", MODELS)
def test_every_quantity_is_that_of_its_definition(name, beta):
    model = MODELS[name]
    log_z, energy, means, pairs, p = slow(model, beta)
    assert close(exact.log_partition(model, beta), log_z)
    assert close(exact.mean_energy(model, beta), energy)
    assert close(exact.entropy(model, beta), log_z + beta * energy)
    assert close(exact.magnetizations(model, beta), means)
    assert close(exact.correlations(model, beta), pairs)
    assert close(exact.distribution(model, beta), p)
    if beta:
        assert close(exact.free_energy(model, beta), -log_z / beta)


@pytest.mark.parametrize("name", MODELS)
def test_ground_states_are_those_of_lowest_energy(name):
    model = MODELS[name]
    states = exact.states(model.n_spins)
    energies = model.energy(states)
    lowest = states[energies < energies.min() + 1e-9]
    found = exact.ground_states(model)
    assert np.array_equal(found, lowest)
    assert found.dtype == np.int8
    # Zero temperature: each of them as probable as the others.
    assert close(exact.magnetizations(model, math.inf), lowest.mean(axis=0))
    assert close(exact.entropy(model, math.inf), math.log(len(lowest)))
    assert close(exact.free_energy(model, math.inf), energies.min())
    assert close(exact.mean_energy(model, math.inf), energies.min())
    p = exact.distribution(model, math.inf)
    assert np.count_nonzero(p) == len(lowest)


@pytest.mark.parametrize("beta", BETAS[1:])
def test_thermodynamic_identities_hold(beta):
    model = spinglass.Ising(
        spinglass.SherringtonKirkpatrick(13, seed=3).couplings(), np.linspace(-0.5, 0.7, 13)
    )
    energy, entropy = exact.mean_energy(model, beta), exact.entropy(model, beta)
    assert close(exact.free_energy(model, beta), energy - entropy / beta)
    p = exact.distribution(model, beta)
    assert close(entropy, -(p * np.log(p)).sum())
    # A central difference: its error is d^2/6 times the third derivative of ln Z, of order N^3 at
    # the very most, and the roundings of ln Z over 2 d.
    d = 1e-4
    slope = (exact.log_partition(model, beta + d) - exact.log_partition(model, beta - d)) / (2 * d)
    assert -slope == pytest.approx(energy, abs=d**2 * 13**3 / 6 + 1e-13 / d)


def test_no_distribution_of_the_same_energy_has_more_entropy():
    """The Boltzmann distribution maximises S at given <E>, so S - beta <E> over all others."""
    model = spinglass.SherringtonKirkpatrick(8, seed=1)
    beta, random = 0.9, np.random.default_rng(2)
    p = exact.distribution(model, beta)
    energies = model.energy(exact.states(8))
    constraints = np.stack([np.ones_like(energies), energies])
    best = exact.entropy(model, beta)
    for size in [1e-3, 0.1, 0.9]:
        for _ in range(20):
            # A change that keeps the sum and the mean energy, and leaves all of them positive.
            change = random.normal(size=len(p)) * p
            change -= constraints.T @ np.linalg.lstsq(constraints.T, change, rcond=None)[0]
            q = p + change * size / max(np.max(-change / p), 1e-300)
            assert q.min() > 0
            assert q.sum() == pytest.approx(1.0, abs=1e-12)
            assert q @ energies == pytest.approx(p @ energies, abs=1e-12)
            assert -(q * np.log(q)).sum() < best


def test_free_energies_differ_by_the_divergence():
    """D_KL(Q||P) = beta (F[Q] - F), for any Q."""
    model, beta = spinglass.SherringtonKirkpatrick(9, seed=4), 0.8
    p = exact.distribution(model, beta)
    q = np.random.default_rng(5).dirichlet(np.ones(len(p)))
    energies = model.energy(exact.states(9))
    variational = q @ energies + (q * np.log(q)).sum() / beta
    divergence = (q * np.log(q / p)).sum()
    assert close(beta * (variational - exact.free_energy(model, beta)), divergence)


def test_the_square_lattice_has_kaufmans_partition_function():
    for shape in [(4, 4), (5, 5), (3, 8)]:
        lattice = spinglass.SquareLattice(shape)
        for beta in [0.2, 0.44, 1.0]:
            expected = theory.kaufman.finite_log_partition(shape, beta)
            assert exact.log_partition(lattice, beta) == pytest.approx(expected, rel=1e-12)


def test_a_table_reshaped_has_an_axis_for_each_spin():
    model = spinglass.Ising(np.zeros((3, 3)), [0.0, 1.0, -2.0])
    p = exact.distribution(model).reshape(2, 2, 2)
    up = [p[1].sum(), p[:, 1].sum(), p[:, :, 1].sum()]
    assert close(up, (1 + np.tanh([0.0, 1.0, -2.0])) / 2)


def test_free_spins_and_separate_parts_multiply():
    parts = [spinglass.SherringtonKirkpatrick(n, seed=n).couplings() for n in (4, 7)]
    both = np.zeros((13, 13))
    both[:4, :4], both[4:11, 4:11] = parts
    log_zs = [exact.log_partition(spinglass.Ising(part), 1.3) for part in parts]
    # Two spins are free.
    expected = sum(log_zs) + 2 * math.log(2)
    assert close(exact.log_partition(spinglass.Ising(both), 1.3), expected)


def test_without_couplings_all_states_are_equal():
    model = spinglass.Ising(np.zeros((11, 11)))
    for beta in [0.0, 1.0, 1e300, math.inf]:
        assert close(exact.log_partition(model, beta), 11 * math.log(2))
        assert close(exact.entropy(model, beta), 11 * math.log(2))
        assert exact.mean_energy(model, beta) == 0.0
    assert len(exact.ground_states(model)) == 2**11


def test_extremes_of_temperature_have_their_limits():
    model = spinglass.SquareLattice(3, coupling=2.0)
    assert exact.free_energy(model, 0.0) == exact.free_energy(model, -0.0) == -math.inf
    assert exact.free_energy(model, 5e-324) == -math.inf
    assert exact.log_partition(model, math.inf) == math.inf
    assert exact.log_partition(spinglass.SquareLattice((2, 3), coupling=1e-200), math.inf) > 0
    # Colder and colder, with numbers of any size.
    for scale in [1e-290, 1.0, 1e140]:
        scaled = spinglass.Ising(model.to_ising().couplings() * scale)
        beta = 1.0 / scale
        assert exact.entropy(scaled, beta) == pytest.approx(exact.entropy(model, 1.0), rel=1e-12)
        assert close(exact.entropy(scaled, 1e5 / scale), math.log(2))


def test_equal_energies_stay_equal_though_their_couplings_are_rounded():
    # Multiples of 1/7 are no doubles; the exact model has states of equal energy in many ways.
    random = np.random.default_rng(6)
    integers = np.triu(random.integers(-3, 4, (12, 12)), 1)
    integers += integers.T
    rounded = spinglass.Ising(integers / 7)
    whole = exact.ground_states(spinglass.Ising(integers))
    assert np.array_equal(exact.ground_states(rounded), whole)


def test_threads_do_not_change_a_bit():
    model = spinglass.SherringtonKirkpatrick(15, seed=9)
    runs = [exact.correlations(model, 1.1, num_threads=count) for count in (1, 2, 5)]
    assert all(run.tobytes() == runs[0].tobytes() for run in runs)


def test_progress_is_told():
    seen = []
    exact.log_partition(
        spinglass.SherringtonKirkpatrick(24, seed=1), progress=lambda *x: seen.append(x)
    )
    assert seen[-1][0] <= seen[-1][1] == 2**25


def test_a_model_too_large_is_told_how_long_it_would_take():
    for n in [31, 1000]:
        with pytest.raises(ValueError, match=rf"n_spins must be at most 30 .* 2\^{n} states"):
            exact.log_partition(spinglass.SherringtonKirkpatrick(n, seed=1))
    message = r"would take about 10\^29\d\d years .* estimate_log_partition and meanfield"
    with pytest.raises(ValueError, match=message):
        exact.ground_states(spinglass.SquareLattice(100))
    with pytest.raises(ValueError, match="at most 20 spins"):
        exact.distribution(spinglass.SherringtonKirkpatrick(21, seed=1))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((np.zeros((3, 3)),), TypeError, "model must have an energy .* got ndarray"),
        ((MODELS["SK"], -1.0), ValueError, "beta must be >= 0"),
        ((MODELS["SK"], math.nan), ValueError, "beta must be a number"),
        ((MODELS["SK"], "cold"), TypeError, "beta must be a real number"),
    ],
)
def test_bad_arguments_are_named(arguments, error, message):
    with pytest.raises(error, match=message):
        exact.log_partition(*arguments)


def test_states_are_numbered_with_spin_zero_first():
    assert exact.states(3)[4].tolist() == [1, -1, -1]
    for bad in [0, 31]:
        with pytest.raises(ValueError, match="n_spins must be"):
            exact.states(bad)
