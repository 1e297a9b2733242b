"""Data of the wrong domain: every method of a machine says so, in the same words."""

import warnings

import numpy as np
import pytest
from scipy import sparse

import spinglass
from machines.enumeration import striped
from spinglass import BernoulliRBM, GaussianBernoulliRBM

X = striped(30, 6, seed=1)
GREY = np.random.default_rng(0).random((30, 6))
DOORS = {
    "partial_fit": lambda model, rows: model.partial_fit(rows),
    "transform": lambda model, rows: model.transform(rows),
    "free_energy": lambda model, rows: model.free_energy(rows),
    "score_samples": lambda model, rows: model.score_samples(rows),
    "reconstruct": lambda model, rows: model.reconstruct(rows),
    "gibbs": lambda model, rows: model.gibbs(rows),
    "equilibration": lambda model, rows: model.equilibration(rows, n_steps=8, n_chains=3),
    "fit": lambda model, rows: model.fit(rows),
    "fit_transform": lambda model, rows: model.fit_transform(rows),
    "log_likelihood": lambda model, rows: model.log_likelihood(rows),
}
LIKELIHOOD = "no log-likelihood"


def fitted(estimator=BernoulliRBM):
    # So small a rate that nothing saturates, which would be another warning.
    return estimator(3, n_iter=1, learning_rate=1e-9, random_state=0).fit(X)


def warnings_of(door, model, rows):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        DOORS[door](model, rows)
    return caught


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    "rows",
    [
        (GREY * 255).astype(np.uint8),
        (GREY * 255).astype(np.int64).tolist(),
        GREY.astype(np.float32) - 0.5,
        sparse.csr_array(3.0 * X),
    ],
)
def test_every_method_warns_once_of_values_that_are_no_probabilities(door, rows):
    caught = [str(x.message) for x in warnings_of(door, fitted(), rows)]
    outside = [message for message in caught if "outside [0, 1]" in message]
    assert len(outside) == 1
    assert "to_bits" not in outside[0]
    assert len(caught) == 1 + (door == "log_likelihood")


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("dtype", [np.int8, np.float64])
def test_of_spins_the_warning_names_what_makes_units(door, dtype):
    spins = (2 * X.astype(int) - 1).astype(dtype)
    messages = [str(x.message) for x in warnings_of(door, fitted(), spins)]
    assert any("to_bits turns spins -1 and +1 into units 0 and 1" in x for x in messages)
    assert not warnings_of(door, fitted(), spinglass.to_bits(spins))


@pytest.mark.parametrize("door", DOORS)
def test_the_warning_points_at_the_line_of_the_caller(door):
    assert {x.filename for x in warnings_of(door, fitted(), 2.0 * X)} == {__file__}


@pytest.mark.parametrize("door", DOORS)
def test_grey_levels_are_taken_as_they_are_but_have_no_likelihood(door):
    caught = [str(x.message) for x in warnings_of(door, fitted(), GREY)]
    assert len(caught) == (door == "log_likelihood")
    assert all(LIKELIHOOD in message for message in caught)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("kind", [bool, np.uint8, np.int64, np.float32, np.float64])
def test_units_of_any_dtype_are_not_warned_of(door, kind):
    assert not warnings_of(door, fitted(), X.astype(kind))


@pytest.mark.parametrize("door", sorted(set(DOORS) - {"equilibration"}))
def test_real_numbers_are_the_domain_of_a_machine_of_real_numbers(door):
    assert not warnings_of(door, fitted(GaussianBernoulliRBM), 10 * GREY - 5)


def test_what_must_be_units_says_how_spins_become_such():
    machine, real = fitted(), fitted(GaussianBernoulliRBM)
    spins = 2.0 * X - 1
    form = spinglass.UnitForm(np.ones((2, 2)) - np.eye(2))
    hidden = -np.ones((30, 3))
    for call in (
        lambda: machine.sample(initial=spins),
        lambda: machine.reconstruct(X, clamp=np.ones(6, bool)) + machine.energy(spins, hidden),
        lambda: machine.energy(X, hidden),
        lambda: real.energy(X, hidden),
        lambda: real.mean(hidden),
        lambda: form.energy([1, -1]),
    ):
        with pytest.raises(ValueError, match=r"got -1.*; to_bits turns spins into units"):
            call()


@pytest.mark.parametrize("method", ["fit", "score"])
def test_inference_of_couplings_says_how_units_become_spins(method):
    spins = spinglass.sample(spinglass.SquareLattice(2), 0.1, 1, 200, seed=1).final_states
    model = spinglass.InverseIsing().fit(spins)
    with pytest.raises(ValueError, match=r"X must hold only -1 and .*to_spins turns 0 and 1 into"):
        getattr(model, method)(spinglass.to_bits(spins))
