"""Belief propagation: exact on trees, not on rings, and never out of numbers."""

import math

import numpy as np
import pytest

import reference
import spinglass
from partition.meanfield_models import FORMS, Truth, random_forest, random_model, ring
from spinglass import meanfield


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("n_trees", [1, 4])
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("beta", [0.3, 1.0, 6.0])
def test_trees_and_forests_are_exact(seed, n_trees, form, beta):
    model = random_forest(11, seed, n_trees, form)
    truth = Truth(model, beta)
    found = meanfield.bethe(model, beta, damping=0.0, seed=seed)
    assert found.converged
    assert len(found.solutions) == 1  # whatever the start
    x = found.best
    assert x.log_partition == pytest.approx(truth.log_partition, abs=1e-9)
    assert x.free_energy == pytest.approx(-truth.log_partition / beta, abs=1e-9)
    assert x.energy == pytest.approx(truth.energy, abs=1e-8)
    assert x.entropy == pytest.approx(truth.log_partition + beta * truth.energy, abs=1e-8)
    np.testing.assert_allclose(x.magnetizations, truth.magnetizations, atol=1e-9)
    assert found.bonds.shape == (11 - n_trees, 2)
    i, j = found.bonds.T
    assert np.all(i < j)
    assert np.all(reference.dense_couplings(model)[i, j] != 0)
    np.testing.assert_allclose(x.correlations, truth.correlations[i, j], atol=1e-9)


def test_a_tree_ends_after_its_longest_path():
    # Without damping the messages of a chain are final after as many iterations as it has bonds.
    n = 30
    J = np.diag(np.ones(n - 1), 1)
    chain = spinglass.Ising(J + J.T, np.linspace(-1, 1, n))
    found = meanfield.bethe(chain, 0.8, damping=0.0, seed=1)
    assert max(max(x.iterations) for x in found.solutions) <= n
    damped = meanfield.bethe(chain, 0.8, seed=1)
    np.testing.assert_allclose(damped.best.magnetizations, found.best.magnetizations, atol=1e-8)


@pytest.mark.parametrize("coupling", [1.0, -1.0])
@pytest.mark.parametrize("n_spins", [3, 4, 7])
def test_a_ring_is_not_exact_and_misses_its_second_eigenvalue(n_spins, coupling):
    K = 0.9 * coupling
    x = meanfield.bethe(ring(n_spins, coupling), 0.9, seed=1).best
    truth = Truth(ring(n_spins, coupling), 0.9)
    assert x.log_partition == pytest.approx(n_spins * math.log(2 * math.cosh(K)))
    missing = math.log1p(math.tanh(K) ** n_spins)
    assert truth.log_partition - x.log_partition == pytest.approx(missing)
    np.testing.assert_allclose(x.correlations, math.tanh(K), atol=1e-9)
    assert abs(truth.correlations[0, 1] - math.tanh(K)) > 0.01


@pytest.mark.parametrize("seed", range(15))
def test_of_a_ferromagnet_it_is_a_bound(seed):
    # Ruozzi, Adv. Neural Inf. Process. Syst. 25, 117 (2012): for couplings >= 0, with any fields.
    model = random_model(9, seed, density=0.7)
    ferromagnet = spinglass.Ising(np.abs(reference.dense_couplings(model)), model.fields)
    for beta in (0.4, 1.5):
        for x in meanfield.bethe(ferromagnet, beta, seed=seed).solutions:
            assert x.log_partition <= Truth(ferromagnet, beta).log_partition + 1e-9


def test_of_others_it_is_no_bound():
    frustrated = ring(3, -1.0)
    x = meanfield.bethe(frustrated, 1.0, seed=1).best
    assert x.free_energy < -Truth(frustrated, 1.0).log_partition - 0.1


def test_what_is_left_of_a_residual_enters_the_free_energy_squared():
    model = random_model(12, 3)
    exact = meanfield.bethe(model, 0.8, n_starts=1, tolerance=1e-14).best
    for tolerance in (1e-3, 1e-4, 1e-5):
        x = meanfield.bethe(model, 0.8, n_starts=1, tolerance=tolerance).best
        off = np.abs(x.magnetizations - exact.magnetizations).max()
        assert off > tolerance / 100
        assert abs(x.log_partition - exact.log_partition) < 30 * tolerance**2


@pytest.mark.parametrize("strength", [1e-9, 1e-3, 1.0, 30.0, 1e3, 1e8, 1e100])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_pair_is_exact_at_every_strength(strength, sign):
    J = sign * strength
    pair = spinglass.Ising([[0, J], [J, 0]], [0.4, -0.1])
    found = meanfield.bethe(pair, 1.0, damping=0.0, seed=1)
    assert found.converged
    x = found.best
    equal, opposite = J + np.log(2 * np.cosh(0.3)), -J + np.log(2 * np.cosh(0.5))
    log_partition = np.logaddexp(equal, opposite)
    assert x.log_partition == pytest.approx(log_partition, rel=1e-13)
    correlation = math.tanh((equal - opposite) / 2)
    assert x.correlations[0] == pytest.approx(correlation, rel=1e-6)
    p = 1 / (1 + math.exp(min(700.0, opposite - equal)))  # of equal spins
    m = p * math.tanh(0.3) + (1 - p) * math.tanh(0.5)
    if strength < 1e9:  # beyond, a message of 10^100 leaves no digit for a field of 0.4
        assert x.magnetizations[0] == pytest.approx(m, abs=1e-6)


def test_spins_that_are_held_hold_their_neighbours():
    chain = spinglass.Ising([[0, 1, 0], [1, 0, 1], [0, 1, 0]], [1e9, 0, 0])
    x = meanfield.bethe(chain, 1.0, damping=0.0, seed=1).best
    np.testing.assert_allclose(x.magnetizations, [1, math.tanh(1), math.tanh(1) ** 2], atol=1e-6)


def test_correlations_of_the_lattice_lie_between_independence_and_truth_above_its_transition():
    lattice = spinglass.SquareLattice(4)
    truth = Truth(lattice, 0.25)
    found = meanfield.bethe(lattice, 0.25, n_starts=1)
    i, j = found.bonds.T
    assert len(found.bonds) == 32
    np.testing.assert_allclose(found.best.correlations, math.tanh(0.25), atol=1e-8)
    assert np.all(found.best.correlations < truth.correlations[i, j])
    energy = -found.best.correlations.sum()
    assert found.best.energy == pytest.approx(energy)
