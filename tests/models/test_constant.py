"""A constant is part of every energy that is reported, and of nothing else."""

import pickle

import numpy as np
import pytest
from scipy import sparse

import spinglass
from sampling.models import random_couplings
from spinglass import Ising, exact, experiments, meanfield

N, CONSTANT, BETA = 9, -37.25, 0.6
J = random_couplings(N, 1, 0.6)
H = np.linspace(-1, 1, N)
WITH, WITHOUT = Ising(J, H, constant=CONSTANT), Ising(J, H)


def test_the_energy_of_every_state_has_it():
    states = exact.states(N)
    np.testing.assert_allclose(
        WITH.energy(states), WITHOUT.energy(states) + CONSTANT, rtol=0, atol=1e-12
    )
    assert WITH.energy(states[3]) == WITH.energy(states)[3]
    for form, x in ((spinglass.spin_form(WITH), states), (spinglass.unit_form(WITH), states > 0)):
        np.testing.assert_allclose(form.energy(x), WITH.energy(states), rtol=0, atol=1e-12)


def reported(model):
    """Return the energies that every search and sampler reports, and what else it returns."""
    options = {"n_sweeps": 20, "n_replicas": 3, "seed": 1}
    run = spinglass.sample(model, BETA, **options)
    tempered = spinglass.temper(model, [0.3, BETA], **options)
    annealed = spinglass.anneal(model, **options)
    descent = spinglass.descend(model, exact.states(N))
    estimate = run.summary().energy
    energies = {
        "sample": run.energy,
        "temper": tempered.energy,
        "anneal": annealed.energy,
        "best": annealed.best_energy,
        "descend": descent.energy,
        "mean per spin": N * estimate.value,
        "exact": exact.mean_energy(model, BETA),
        "coldest": exact.mean_energy(model, np.inf),
        "mean field": meanfield.naive(model, BETA, seed=1).best.energy,
        "Bethe": meanfield.bethe(model, BETA, seed=1).best.energy,
        "minima": experiments.landscape(model).minima["energy"],
        "free energy": exact.free_energy(model, BETA),
    }
    others = {
        "states": run.final_states,
        "tempered states": tempered.final_states,
        "best states": annealed.best_states,
        "minima": descent.states,
        "specific heat": run.summary().specific_heat.value,
        "entropy": exact.entropy(model, BETA),
        "magnetizations": exact.magnetizations(model, BETA),
        "distribution": exact.distribution(model, BETA),
        "range": spinglass.annealing_range(model),
    }
    return energies, others


def test_everything_that_is_an_energy_has_it_and_nothing_else_has():
    (energies, others), (bare, same) = reported(WITH), reported(WITHOUT)
    for name, value in energies.items():
        np.testing.assert_allclose(value, bare[name] + CONSTANT, rtol=1e-12, err_msg=name)
    for name, value in others.items():
        np.testing.assert_allclose(value, same[name], rtol=1e-9, atol=1e-11, err_msg=name)


@pytest.mark.parametrize("method", ["ais", "reverse-ais", "bridge"])
def test_an_estimate_of_ln_z_has_it(method):
    found = spinglass.estimate_log_partition(WITH, method, beta=BETA, betas=40, seed=1)
    bare = spinglass.estimate_log_partition(WITHOUT, method, beta=BETA, betas=40, seed=1)
    assert found.value == pytest.approx(bare.value - BETA * CONSTANT, rel=1e-12)
    assert exact.log_partition(WITH, BETA) == pytest.approx(
        exact.log_partition(WITHOUT, BETA) - BETA * CONSTANT, rel=1e-12
    )


def test_a_target_is_an_energy_with_it():
    ground = exact.mean_energy(WITH, np.inf)
    found = spinglass.anneal(WITH, n_sweeps=10_000, n_replicas=4, target=ground, seed=1)
    assert len(found.betas) < 10_000
    assert found.best[1] == pytest.approx(ground, rel=1e-12)


def test_it_tells_models_apart():
    run = spinglass.sample(WITH, BETA, 5, seed=1)
    assert spinglass.sample(pickle.loads(pickle.dumps(WITH)), BETA, 5, initial=run).sweeps == 10
    assert spinglass.sample(spinglass.SpinForm(J, H, CONSTANT), BETA, 5, initial=run).sweeps == 10
    for other in (WITHOUT, Ising(J, H, constant=CONSTANT + 1e-9)):
        with pytest.raises(ValueError, match="initial must be a run of the same model"):
            spinglass.sample(other, BETA, 5, initial=run)
    options = {"beta": BETA, "betas": 40, "n_chains": 100, "seed": 1}
    found = spinglass.temper(WITH, [0.3, BETA], 20, n_replicas=100, seed=1)
    spinglass.estimate_log_partition(WITH, "reverse-ais", initial=found, **options)
    with pytest.raises(ValueError, match="initial must be a run of the same model"):
        spinglass.estimate_log_partition(WITHOUT, "reverse-ais", initial=found, **options)


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
def test_constant_and_labels_survive_pickling(form):
    model = Ising(form(J), H, constant=CONSTANT, labels=list("abcdefghi"), layout="dense")
    copy = pickle.loads(pickle.dumps(model))
    assert copy.constant == CONSTANT
    assert copy.labels == tuple("abcdefghi")
    assert repr(copy) == repr(model)
    assert "constant=-37.25" in repr(model)
    assert "constant" not in repr(WITHOUT)


def test_labels_are_numbers_unless_others_are_given():
    assert WITH.labels == range(N)
    assert Ising(J, labels=range(N)).labels == Ising(J, labels=list(range(N))).labels == range(N)
    assert Ising(J, labels=range(1, N + 1)).labels == tuple(range(1, N + 1))
    assert spinglass.SquareLattice(3).constant == 0.0


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"constant": np.nan}, ValueError, "constant must be a number, got nan"),
        ({"constant": np.inf}, ValueError, "constant must be finite, got inf"),
        ({"constant": "1"}, TypeError, "constant must be a real number"),
        ({"constant": 1e151}, ValueError, "couplings, fields and constant must be at most 1e"),
        ({"labels": "abc"}, ValueError, "labels must be 9 names, got 3"),
        ({"labels": 3}, TypeError, "labels must be a sequence of hashable names"),
        ({"labels": set("abcdefghi")}, TypeError, "labels must be in the order of the spins, got"),
        ({"labels": [[]] * 9}, TypeError, "labels must be a sequence of hashable names"),
        ({"labels": "abcdefgha"}, ValueError, "labels must all be different, got 'a' 2 times"),
    ],
)
def test_what_is_no_constant_or_no_labels_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        Ising(J, **arguments)
