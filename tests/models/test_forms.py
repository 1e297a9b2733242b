"""The exact change between units 0 and 1 and spins -1 and +1."""

import pickle

import numpy as np
import pytest
from scipy import sparse

import reference
import spinglass
from machines.enumeration import random_machine
from sampling.models import MODELS, random_couplings
from spinglass import SpinForm, UnitForm, exact, spin_form, unit_form
from spinglass.models.energy import Pairwise


def all_units(n):
    return (reference.all_states(n) + 1) // 2


def magnitude(form):
    """The sum of all terms, by absolute value: what rounding is relative to."""
    linear = form.fields if isinstance(form, SpinForm) else form.biases
    return abs(form.couplings).sum() + abs(linear).sum() + abs(form.constant)


@pytest.mark.parametrize("name", MODELS)
def test_energies_of_every_model_are_the_same_in_spins_and_in_units(name):
    model = MODELS[name]
    spins = reference.all_states(model.n_spins)
    energies = model.energy(spins)
    as_spins, as_units = spin_form(model), unit_form(model)
    scale = max(magnitude(as_spins), magnitude(as_units))
    assert abs(as_spins.energy(spins) - energies).max() <= 1e-12 * scale
    assert abs(as_units.energy((spins + 1) // 2) - energies).max() <= 1e-12 * scale
    # The scalar sum, term by term, of one state.
    state, units = spins[5], (spins[5] + 1) // 2
    couplings, form = reference.dense_couplings(model), as_units
    weights = form.couplings.toarray() if sparse.issparse(form.couplings) else form.couplings
    total, pairs = form.constant, [(i, j) for i in range(len(state)) for j in range(i)]
    total -= sum(weights[i, j] * units[i] * units[j] for i, j in pairs)
    total -= sum(b * u for b, u in zip(form.biases, units, strict=True))
    assert abs(total - energies[5]) <= 1e-12 * scale
    np.testing.assert_array_equal(weights, 4 * couplings)


@pytest.mark.parametrize("name", MODELS)
def test_there_and_back_is_the_same_model(name):
    form = spin_form(MODELS[name])
    back = spin_form(unit_form(form))
    scale = magnitude(unit_form(form))
    assert abs(back.couplings - form.couplings).max() == 0
    assert abs(back.fields - form.fields).max() <= 1e-15 * scale
    assert abs(back.constant - form.constant) <= 1e-15 * scale
    spins = reference.all_states(MODELS[name].n_spins)
    difference = form.to_ising().energy(spins) - MODELS[name].energy(spins)
    assert abs(difference).max() <= 1e-12 * scale


@pytest.mark.parametrize("name", MODELS)
def test_sparse_stays_sparse(name):
    model = MODELS[name]
    is_sparse = sparse.issparse(model.to_ising().couplings())
    for form in (spin_form(model), unit_form(model), spin_form(unit_form(model))):
        assert sparse.issparse(form.couplings) == is_sparse
        if is_sparse:
            assert form.couplings.nnz == spin_form(model).couplings.nnz


def test_a_large_sparse_model_forms_no_matrix():
    lattice = spinglass.SquareLattice((600, 500), field=0.5)  # dense: 720 GB
    form = unit_form(lattice)
    up = np.ones(lattice.n_spins)
    assert form.energy(up) == lattice.energy(up) == -300_000 * 2.5
    assert form.energy(0 * up) == form.constant == lattice.energy(-up)
    assert set(form.biases) == {1.0 - 8.0}


@pytest.mark.parametrize(("n_hidden", "n_visible"), [(1, 1), (3, 5), (6, 2)])
def test_the_energy_of_a_machine_is_that_of_its_forms(n_hidden, n_visible):
    machine = random_machine(n_hidden, n_visible, seed=n_hidden).estimator()
    as_units, as_spins = unit_form(machine), spin_form(machine)
    units = all_units(n_visible + n_hidden)
    energies = machine.energy(units[:, :n_visible], units[:, n_visible:])
    scale = max(magnitude(as_units), magnitude(as_spins))
    assert abs(as_units.energy(units) - energies).max() <= 1e-12 * scale
    assert abs(as_spins.energy(2 * units - 1) - energies).max() <= 1e-12 * scale
    assert as_units.constant == 0.0
    model, offset = machine.to_ising()
    assert offset == as_spins.constant
    assert abs(model.energy(2 * units - 1) + offset - energies).max() <= 1e-12 * scale


def test_the_constant_is_what_the_logarithms_of_z_differ_by():
    machine = random_machine(4, 6, seed=2).estimator()
    form = spin_form(machine)
    log_z = exact.log_partition(form.to_ising(), 1.0) - form.constant
    assert log_z == pytest.approx(exact.log_partition(machine), abs=1e-6)


def test_a_quadratic_binary_problem_comes_in_as_arrays():
    rng = np.random.default_rng(1)
    Q = rng.normal(size=(9, 9))
    form = UnitForm(-(Q + Q.T) * (1 - np.eye(9)), -np.diag(Q), 0.25)
    units = all_units(9)
    energies = np.einsum("ai,ij,aj->a", units, Q, units) + 0.25
    np.testing.assert_allclose(form.energy(units), energies, atol=1e-12 * magnitude(form))
    spins = spin_form(form)
    np.testing.assert_allclose(spins.energy(2 * units - 1), energies, atol=1e-12 * magnitude(form))
    states = exact.ground_states(spins.to_ising())
    assert spins.energy(states[0]) == pytest.approx(energies.min())
    assert (unit_form(form), spin_form(spins)) == (form, spins)


def test_couplings_alone_make_a_form():
    assert SpinForm([[0, 2], [2, 0]]).energy([1, -1]) == 2.0
    assert UnitForm([[0, 2], [2, 0]]).energy([True, True]) == -2.0
    assert SpinForm(np.zeros((1, 1)), [3.0], 1.0).energy([[1], [-1]]).tolist() == [-2.0, 4.0]
    assert SpinForm([[0, 2], [2, 0]]).to_ising().fields is None


@pytest.mark.parametrize("kind", [SpinForm, UnitForm])
@pytest.mark.parametrize("make", [np.array, sparse.csr_array])
def test_a_form_is_a_copy_that_cannot_be_written_to(kind, make):
    couplings, linear = make(random_couplings(4, 1)), np.arange(4.0)
    form = kind(couplings, linear)
    before = form.energy(np.ones(4))
    couplings *= 2
    linear *= 2
    assert form.energy(np.ones(4)) == before
    with pytest.raises(ValueError, match="read-only"):
        (form.fields if kind is SpinForm else form.biases)[0] = 1
    data = form.couplings.data if make is sparse.csr_array else form.couplings
    with pytest.raises(ValueError, match="read-only"):
        data[0] = 1
    again = pickle.loads(pickle.dumps(form))
    assert again.energy(np.ones(4)) == before


@pytest.mark.parametrize("kind", [sparse.csr_array, sparse.csr_matrix, sparse.coo_array])
def test_couplings_of_ones_own_may_be_of_any_sparse_kind(kind):
    class Units:
        def structure(self):
            return Pairwise("units", kind(random_couplings(6, 1, 0.5)), np.arange(6.0), 0.5)

    dense = UnitForm(random_couplings(6, 1, 0.5), np.arange(6.0), 0.5)
    units = all_units(6)
    close = {"rtol": 0, "atol": 1e-12 * magnitude(dense)}
    np.testing.assert_allclose(unit_form(Units()).energy(units), dense.energy(units), **close)
    spins = spin_form(Units())
    np.testing.assert_allclose(spins.energy(2 * units - 1), dense.energy(units), **close)


def gaussian_machine():
    return spinglass.GaussianBernoulliRBM(2, n_iter=1, random_state=0).fit(np.eye(3))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: spin_form(np.zeros((2, 2))), TypeError, "model must have an energy.* got ndarray"),
        (lambda: unit_form(None), TypeError, "model must have an energy.* got NoneType"),
        (
            lambda: unit_form(gaussian_machine()),
            TypeError,
            "two layers with real visible variables",
        ),
        (lambda: unit_form(spinglass.BernoulliRBM(2)), ValueError, "not fitted"),
        (lambda: SpinForm([[0, 1], [2, 0]]), ValueError, "couplings must be symmetric"),
        (lambda: UnitForm([[1, 0], [0, 0]]), ValueError, "couplings must have a zero diagonal"),
        (lambda: SpinForm([[0, 1]]), ValueError, "couplings must have shape"),
        (lambda: SpinForm(np.zeros((2, 2)), [1]), ValueError, r"fields must have shape \(2,\)"),
        (lambda: UnitForm(np.zeros((2, 2)), [1, np.nan]), ValueError, "biases must be finite"),
        (lambda: UnitForm(np.zeros((2, 2)), None, np.inf), ValueError, "constant must be finite"),
        (lambda: UnitForm(np.zeros((2, 2))).energy([1, -1]), ValueError, "only 0 and 1, got -1"),
        (lambda: UnitForm(np.zeros((2, 2))).energy([1]), ValueError, r"units must have shape"),
        (lambda: SpinForm(np.zeros((2, 2))).energy([0, 1]), ValueError, "only -1 and"),
        (lambda: SpinForm(np.zeros((2, 2))).energy([1]), ValueError, "spins must have shape"),
        (lambda: UnitForm(np.zeros((2, 2))).energy(np.ones((1, 1, 2))), ValueError, "shape"),
    ],
)
def test_what_is_no_form_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
