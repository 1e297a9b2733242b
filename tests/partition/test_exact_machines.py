"""Sums over all states of restricted Boltzmann machines."""

import math

import numpy as np
import pytest

import spinglass
from spinglass import exact


def machine(n_hidden, n_visible, seed, scale=1.0):
    random = np.random.default_rng(seed)
    rbm = spinglass.BernoulliRBM(n_hidden, n_iter=1, random_state=0)
    rbm.fit(random.integers(0, 2, (10, n_visible)))
    rbm.components_ = scale * random.normal(size=(n_hidden, n_visible))
    rbm.intercept_hidden_ = scale * random.normal(size=n_hidden)
    rbm.intercept_visible_ = scale * random.normal(size=n_visible)
    return rbm


def joint(rbm):
    """All states of visible and hidden units, and their energies."""
    n_visible, n_hidden = len(rbm.intercept_visible_), len(rbm.intercept_hidden_)
    units = (exact.states(n_visible + n_hidden) > 0).astype(float)
    v, h = units[:, :n_visible], units[:, n_visible:]
    return units, rbm.energy(v, h)


@pytest.mark.parametrize("beta", [0.0, 0.6, 1.0, 2.5])
@pytest.mark.parametrize(("n_hidden", "n_visible"), [(3, 6), (6, 3), (1, 1), (4, 4)])
def test_every_quantity_is_that_of_its_definition(n_hidden, n_visible, beta):
    rbm = machine(n_hidden, n_visible, 1)
    units, energies = joint(rbm)
    weights = np.exp(-beta * energies)
    p = weights / weights.sum()

    def close(found, expected):
        return found == pytest.approx(expected, rel=1e-11, abs=1e-11)

    assert close(exact.log_partition(rbm, beta), math.log(weights.sum()))
    assert close(exact.mean_energy(rbm, beta), p @ energies)
    assert close(exact.entropy(rbm, beta), -(p * np.log(p)).sum())
    assert close(exact.magnetizations(rbm, beta), p @ units)
    assert close(exact.correlations(rbm, beta), (units.T * p) @ units)
    assert close(exact.distribution(rbm, beta), p)
    if beta:
        assert close(exact.free_energy(rbm, beta), -math.log(weights.sum()) / beta)


def test_it_agrees_with_the_estimators_own_sum():
    rbm = machine(8, 40, 2)
    assert exact.log_partition(rbm) == rbm.log_partition("exact").value
    # More states than a block.
    wide = machine(13, 20, 3)
    energy, entropy = exact.mean_energy(wide, 0.7), exact.entropy(wide, 0.7)
    assert exact.free_energy(wide, 0.7) == pytest.approx(energy - entropy / 0.7, rel=1e-12)


def test_ground_states_of_units():
    for seed in range(5):
        rbm = machine(4, 5, seed)
        units, energies = joint(rbm)
        found = exact.ground_states(rbm)
        assert found.dtype == np.uint8
        assert np.array_equal(found, units[energies < energies.min() + 1e-6])
    free = machine(2, 3, 1, scale=0.0)
    assert len(exact.ground_states(free)) == 2**5


def test_real_numbers_have_densities():
    """Against integrals on a grid over the two visible numbers."""
    random = np.random.default_rng(3)
    rbm = spinglass.GaussianBernoulliRBM(2, n_iter=1, random_state=1)
    rbm.fit(random.normal(size=(30, 2)))
    rbm.components_ = [[0.6, -0.3], [0.2, 0.9]]
    beta = 1.4
    axis = np.linspace(-14, 14, 1401)
    v = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    total, energy, mean, square = 0.0, 0.0, np.zeros(2), np.zeros((2, 2))
    for h in [(0, 0), (0, 1), (1, 0), (1, 1)]:
        energies = rbm.energy(v, np.broadcast_to(h, v.shape))
        weights = np.exp(-beta * energies) * (axis[1] - axis[0]) ** 2
        total += weights.sum()
        energy += weights @ energies
        mean += weights @ v
        square += (v.T * weights) @ v

    # The trapezoidal rule converges faster than any power for such functions.
    def close(found, expected):
        return found == pytest.approx(expected, rel=1e-6, abs=1e-6)

    assert close(exact.log_partition(rbm, beta), math.log(total))
    assert close(exact.mean_energy(rbm, beta), energy / total)
    assert close(exact.magnetizations(rbm, beta)[:2], mean / total)
    assert close(exact.correlations(rbm, beta)[:2, :2], square / total)
    assert close(exact.entropy(rbm, beta), math.log(total) + beta * energy / total)
    with pytest.raises(TypeError, match="distribution needs a model whose states can be counted"):
        exact.distribution(rbm)
    for function in (exact.log_partition, exact.mean_energy, exact.entropy):
        with pytest.raises(ValueError, match="beta must be above 0 for real numbers, got 0"):
            function(rbm, 0)


def test_what_cannot_be_summed_is_named():
    message = r"the smaller layer must be at most 30 .* 2\^31 .* log_partition\(\"ais\"\)"
    with pytest.raises(ValueError, match=message):
        exact.log_partition(machine(31, 40, 1))
    with pytest.raises(ValueError, match="beta must be finite for two layers"):
        exact.mean_energy(machine(2, 2, 1), math.inf)
    with pytest.raises(ValueError, match="not fitted"):
        exact.log_partition(spinglass.BernoulliRBM(3))


def test_cold_machines_go_to_their_ground_states():
    rbm = machine(4, 5, 3)
    ground = exact.ground_states(rbm)
    _, energies = joint(rbm)
    gap = np.sort(energies)[len(ground)] - energies.min()
    # What is left above the ground state is e^-50 of it, for each of 2^9 states at most.
    beta = 50.0 / gap
    assert exact.magnetizations(rbm, beta) == pytest.approx(ground.mean(axis=0), abs=1e-12)
    assert exact.entropy(rbm, beta) == pytest.approx(math.log(len(ground)), abs=1e-12)
    for beta in [1e4, 1e9]:
        assert exact.magnetizations(rbm, beta) == pytest.approx(ground.mean(axis=0), abs=1e-2)
        assert exact.entropy(rbm, beta) == pytest.approx(math.log(len(ground)), abs=1e-2)
        assert exact.mean_energy(rbm, beta) == pytest.approx(energies.min(), rel=1e-6)
    with pytest.raises(ValueError, match=r"beta must be at most .* digits, got 1e\+300"):
        exact.entropy(rbm, 1e300)
