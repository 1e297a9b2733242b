"""A spin model answers for the order of its sweeps, and for itself with other numbers."""

import numpy as np
import pytest

import reference
import spinglass
from sampling.models import MODELS


@pytest.mark.parametrize("name", MODELS)
def test_a_model_with_other_numbers_has_the_same_energies(name):
    model = MODELS[name]
    order = np.random.default_rng(1).permutation(model.n_spins)
    states = reference.all_states(model.n_spins)
    other = model.reordered(order)
    renumbered = np.ascontiguousarray(states[:, order])
    energies, fields = model.energy(states), model.local_fields(states)
    close = {"rtol": 0, "atol": 1e-12 * abs(energies).max()}
    np.testing.assert_allclose(other.energy(renumbered), energies, **close)
    np.testing.assert_allclose(other.local_fields(renumbered), fields[:, order], **close)


def test_patterns_stay_patterns():
    network = spinglass.Hopfield(spinglass.random_patterns(2, 30, seed=1))
    other = network.reordered(network.reversed_order())
    np.testing.assert_array_equal(other.patterns.to_array(), network.patterns.to_array()[:, ::-1])


@pytest.mark.parametrize("name", MODELS)
def test_a_reversed_sweep_visits_every_site(name):
    order = MODELS[name].reversed_order()
    if order is not None:
        assert sorted(order) == list(range(MODELS[name].n_spins))


def test_lattices_are_swept_colour_by_colour():
    # A checkerboard reversed is one that begins a step to the side.
    assert spinglass.SquareLattice((4, 6)).reversed_order() is None
    assert spinglass.CubicLattice(4).reversed_order() is None
    # Three colours, for sides on which two do not meet: no bond within a colour, last ones first.
    lattice = spinglass.SquareLattice(3)
    order = lattice.reversed_order()
    bonds = lattice.couplings().toarray()
    for first in range(0, 9, 3):
        colour = order[first : first + 3]
        assert not bonds[np.ix_(colour, colour)].any()
    assert order[-1] == 0


def test_other_models_are_swept_in_the_order_of_their_sites():
    assert MODELS["SK"].reversed_order().tolist() == list(range(7, -1, -1))
