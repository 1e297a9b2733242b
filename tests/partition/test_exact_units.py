"""Exact sums look at the structure of an energy: forms are summed as models are."""

import numpy as np
import pytest

import spinglass
from partition.structured_models import STRUCTURES, spin_energies
from spinglass import exact
from spinglass.models.energy import Pairwise, Unstructured


def some_model(seed=3, n=7):
    rng = np.random.default_rng(seed)
    couplings = np.triu(rng.normal(size=(n, n)), 1)
    return spinglass.Ising(couplings + couplings.T, rng.normal(size=n))


def units(n):
    return (exact.states(n) + 1) // 2


def test_sums_over_units_are_sums_over_their_states():
    form = spinglass.unit_form(some_model())
    states, beta = units(7), 0.7
    energies = form.energy(states)
    weights = np.exp(-beta * energies)
    law = weights / weights.sum()
    assert exact.log_partition(form, beta) == pytest.approx(np.log(weights.sum()), rel=1e-12)
    assert exact.mean_energy(form, beta) == pytest.approx(law @ energies, rel=1e-12)
    assert exact.entropy(form, beta) == pytest.approx(-law @ np.log(law), rel=1e-12)
    assert np.allclose(exact.distribution(form, beta), law, rtol=1e-12)
    assert np.allclose(exact.magnetizations(form, beta), law @ states, atol=1e-13)
    pairs = np.einsum("s,si,sj->ij", law, states, states)
    assert np.allclose(exact.correlations(form, beta), pairs, atol=1e-13)
    ground = exact.ground_states(form)
    assert ground.dtype == np.uint8
    assert ground.tolist() == [states[energies.argmin()].tolist()]


def test_a_constant_belongs_to_the_energy():
    model = some_model()
    form = spinglass.spin_form(model)
    shifted = spinglass.SpinForm(form.couplings, form.fields, 2.5)
    for beta in (0.3, 1.0, np.inf):
        for function in (exact.free_energy, exact.mean_energy):
            assert function(shifted, beta) == pytest.approx(function(model, beta) + 2.5, rel=1e-12)
        assert exact.entropy(shifted, beta) == exact.entropy(model, beta)
    assert exact.log_partition(shifted, 0.3) == pytest.approx(
        exact.log_partition(model, 0.3) - 0.75, rel=1e-12
    )


def test_a_machine_and_its_pairs_have_the_same_sums():
    machine = spinglass.BernoulliRBM(3, n_iter=2, random_state=0).fit(np.eye(5))
    pairs = spinglass.unit_form(machine)
    for function in (exact.log_partition, exact.mean_energy, exact.entropy):
        assert function(pairs, 0.8) == pytest.approx(function(machine, 0.8), rel=1e-6)
    assert np.allclose(exact.correlations(pairs), exact.correlations(machine), atol=1e-6)


def test_a_model_of_ones_own_is_summed_by_its_structure():
    class Ring:
        def structure(self):
            couplings = np.roll(np.eye(5), 1, axis=1)
            return Pairwise("spins", couplings + couplings.T)

    ring = 5 * np.log(2 * np.cosh(1.0)) + np.log1p(np.tanh(1.0) ** 5)
    assert exact.log_partition(Ring()) == pytest.approx(ring, rel=1e-12)


def test_what_has_neither_pairs_nor_layers_is_refused_by_its_structure():
    class Opaque:
        def structure(self):
            return Unstructured("spins", 5)

    with pytest.raises(TypeError, match="must have pairs or two layers, got an energy without"):
        exact.log_partition(Opaque())
    with pytest.raises(TypeError, match="must have pairs of spins or units, or two layers"):
        spinglass.spin_form(Opaque())


@pytest.mark.parametrize("name", STRUCTURES)
def test_every_structure_has_the_sums_over_its_states(name):
    model, beta = STRUCTURES[name], 0.6
    states, energies = spin_energies(model)
    weights = np.exp(-beta * energies)
    law = weights / weights.sum()
    # Weights of a machine are in fixed point of 24 bits in ln Z, at most 9 of them on.
    close = {"abs": 1e-5 if hasattr(model, "components_") else 1e-11}
    assert exact.log_partition(model, beta) == pytest.approx(np.log(weights.sum()), **close)
    assert exact.free_energy(model, beta) == pytest.approx(-np.log(weights.sum()) / beta, **close)
    assert exact.mean_energy(model, beta) == pytest.approx(law @ energies, abs=1e-11)
    assert exact.entropy(model, beta) == pytest.approx(-law @ np.log(law), abs=1e-11)
    np.testing.assert_allclose(exact.distribution(model, beta), law, atol=1e-13)
    are_spins = getattr(model.structure(), "variables", "units") == "spins"
    x = states if are_spins else (states + 1) // 2
    np.testing.assert_allclose(exact.magnetizations(model, beta), law @ x, atol=1e-12)
    pairs = np.einsum("s,si,sj->ij", law, x, x)
    np.testing.assert_allclose(exact.correlations(model, beta), pairs, atol=1e-12)
    ground = x[energies <= energies.min() + 1e-9]
    assert sorted(exact.ground_states(model).tolist()) == sorted(ground.tolist())
