"""Estimates of ln Z look at the structure of an energy: forms, machines, classes of one's own."""

import pickle

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import norm

import spinglass
from partition.structured_models import FIELDS, STRUCTURES, Pairs, spin_energies
from sampling.models import random_couplings
from spinglass import estimate_log_partition

METHODS = ["ais", "reverse-ais", "bridge"]
BETA = 0.9

# A right estimate is farther off in one of a thousand choices of the seeds.
ERRORS = norm.isf(1e-3 / (2 * len(STRUCTURES) * len(METHODS)))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", STRUCTURES)
def test_every_structure_of_pairs_has_the_sum_over_its_states(name, method):
    model = STRUCTURES[name]
    truth = logsumexp(-BETA * spin_energies(model)[1])
    found = estimate_log_partition(model, method, beta=BETA, betas=100, n_chains=300, seed=1)
    assert abs(found.value - truth) < ERRORS * found.error < 0.5
    assert (found.beta, found.model) == (BETA, repr(model))
    # So few variables have a table of all states to start from.
    assert found.upper_is_bound == (method != "ais")


@pytest.mark.parametrize("method", METHODS)
def test_a_constant_adds_to_every_chain_what_it_adds_to_ln_z(method):
    form = spinglass.SpinForm(random_couplings(9, 4), FIELDS, 12.5)
    options = {"method": method, "beta": BETA, "betas": 100, "n_chains": 20, "seed": 1}
    found, plain = (estimate_log_partition(x, **options) for x in (form, form.to_ising()))
    for name in ("log_weights", "reverse_log_weights"):
        chains, bare = getattr(found, name), getattr(plain, name)
        assert (chains is None) == (bare is None)
        if bare is not None:
            np.testing.assert_array_equal(chains, bare - BETA * 12.5)
    assert found.log_base == plain.log_base == pytest.approx(9 * np.log(2))


@pytest.mark.parametrize("method", METHODS)
def test_variables_that_do_not_interact_are_exact(method):
    units = Pairs("units", np.zeros((9, 9)), FIELDS, 0.25)
    found = estimate_log_partition(units, method, beta=2.0, betas=5, n_chains=4, seed=1)
    truth = np.logaddexp(0, 2.0 * FIELDS).sum() - 0.5
    assert found.value == pytest.approx(truth, rel=1e-12)
    assert found.error < 1e-7


def test_a_machine_starts_where_its_spins_are_said_to():
    machine = STRUCTURES["machine"]
    states, energies = spin_energies(machine)
    law = np.exp(-energies - logsumexp(-energies))
    draws = np.random.default_rng(2).choice(len(law), 300, p=law)
    found = estimate_log_partition(
        machine, "reverse-ais", betas=100, n_chains=300, initial=states[draws],
        initial_is_exact=True, seed=3,
    )  # fmt: skip
    assert found.upper_is_bound
    assert abs(found.value - logsumexp(-energies)) < ERRORS * found.error < 0.5
    assert found.beta == 1.0


def test_couplings_that_are_none_are_named():
    with pytest.raises(ValueError, match="couplings must be symmetric"):
        estimate_log_partition(Pairs("spins", np.array([[0.0, 1.0], [2.0, 0.0]])))
    with pytest.raises(ValueError, match=r"fields must have shape \(2,\), got \(3,\)"):
        estimate_log_partition(Pairs("spins", np.zeros((2, 2)), np.ones(3)))


def test_the_result_pickles_and_names_its_form():
    form = spinglass.UnitForm(np.zeros((3, 3)), [1.0, 2.0, 3.0])
    found = pickle.loads(pickle.dumps(estimate_log_partition(form, betas=3, n_chains=3, seed=1)))
    assert found.model == "UnitForm(<dense couplings of 3 units>, biases=..., constant=0)"
