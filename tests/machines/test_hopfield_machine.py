"""A Hopfield network as a machine of two layers: its law is that of the spins, exactly."""

import pickle
import subprocess
import sys

import numpy as np
import pytest

import spinglass
from spinglass import GaussianBernoulliRBM, Hopfield, exact, to_bits, to_spins
from spinglass.machines import hopfield_machine

BETA = 0.7


def network(n_patterns=3, n_spins=8, thresholds=True):
    values = np.linspace(-0.3, 0.4, n_spins) if thresholds else None
    patterns = spinglass.random_patterns(n_patterns, n_spins, seed=1)
    return Hopfield(patterns, thresholds=values)


def machine(model, beta=BETA, **options):
    return GaussianBernoulliRBM.from_hopfield(model, beta, **({"random_state": 0} | options))


def marginal(fitted, units):
    """Return ln of the marginal weights of hidden states, but for a constant."""
    layers = fitted.structure()
    means = units @ layers.weights
    exponents = (layers.visible_biases * means + means**2 / 2) / layers.variances
    return units @ layers.hidden_biases + exponents.sum(axis=1)


@pytest.mark.parametrize("thresholds", [False, True])
@pytest.mark.parametrize(("n_patterns", "n_spins"), [(1, 5), (3, 8), (12, 7)])
def test_the_marginal_law_of_hidden_units_is_that_of_the_spins(n_patterns, n_spins, thresholds):
    model = network(n_patterns, n_spins, thresholds)
    units = (exact.states(n_spins) + 1) / 2
    weights = np.exp(marginal(machine(model), units))
    law = weights / weights.sum()
    # Exponents of at most 2 beta P N, each of whose terms is rounded a few times.
    rounding = 8 * BETA * n_patterns * n_spins * np.finfo(float).eps
    np.testing.assert_allclose(law, exact.distribution(model, BETA), rtol=rounding, atol=0)
    if (n_patterns, n_spins) == (3, 8):
        assert np.abs(law - exact.distribution(model, BETA)).max() < 2e-16


def test_its_log_partition_is_that_of_the_network_and_of_what_is_left_out():
    model = network()
    sums = np.asarray(model.patterns).sum(axis=1)
    expected = (
        exact.log_partition(model, BETA)
        + 3 * (BETA + np.log(2 * np.pi)) / 2
        - BETA * (sums**2).sum() / (2 * 8)
        - BETA * model.thresholds.sum()
    )
    assert machine(model).log_partition().value == pytest.approx(expected, abs=1e-12)


def test_visible_units_are_overlaps_with_noise():
    model = network(4, 50)
    spins = np.random.default_rng(1).choice([-1, 1], (6, 50))
    expected = np.sqrt(BETA * 50) * model.overlaps(spins)
    np.testing.assert_allclose(machine(model).mean(to_bits(spins)), expected, atol=1e-13)
    np.testing.assert_array_equal(machine(model).variances_, np.ones(4))


@pytest.mark.parametrize("thresholds", [False, True])
def test_block_gibbs_samples_the_spins_with_exact_averages(thresholds):
    model, n = network(3, 8, thresholds), 40_000
    spins = to_spins(machine(model).sample_hidden(n, 60, random_state=3))
    energies = model.energy(spins)
    # Independent chains: the error of a mean is that of the law.
    law, states = exact.distribution(model, BETA), exact.states(8)
    exact_energies = model.energy(states)
    spread = np.sqrt(law @ exact_energies**2 - (law @ exact_energies) ** 2)
    assert abs(energies.mean() - exact.mean_energy(model, BETA)) < 5 * spread / np.sqrt(n)
    means = exact.magnetizations(model, BETA)
    errors = np.sqrt((1 - means**2) / n)
    assert (np.abs(spins.mean(axis=0) - means) < 5 * errors).all()
    numbers = (spins > 0) @ (1 << np.arange(8))
    order = (states > 0) @ (1 << np.arange(8))
    counts = np.bincount(numbers, minlength=256)[order]
    # Chi-square of 255 degrees of freedom: mean 255, variance 510 and sum 1/(n p) of its tails.
    chi_square = ((counts - n * law) ** 2 / (n * law)).sum()
    assert abs(chi_square - 255) < 5 * np.sqrt(510 + (1 / (n * law)).sum())


def test_one_step_changes_all_spins_and_keeps_the_law():
    model, n = network(3, 8), 40_000
    fitted = machine(model)
    law, states = exact.distribution(model, BETA), exact.states(8)
    rng = np.random.default_rng(4)
    spins = states[rng.choice(len(law), n, p=law)]
    visible = fitted.mean(to_bits(spins)) + rng.normal(size=(n, 3))
    after = to_spins(fitted.sample_hidden(n, 1, initial=visible, random_state=5))
    means = exact.magnetizations(model, BETA)
    assert (np.abs(after.mean(axis=0) - means) < 5 * np.sqrt((1 - means**2) / n)).all()
    assert ((after != spins).mean(axis=0) > 0.1).all()


def test_hidden_states_are_drawn_given_the_samples():
    fitted = machine(network(2, 400))
    draws = {"n": 50, "n_steps": 7, "random_state": 2}
    hidden, visible = fitted.sample_hidden(**draws), fitted.sample(**draws)
    assert (hidden.shape, visible.shape) == ((50, 400), (50, 2))
    assert set(np.unique(hidden)) == {0.0, 1.0}
    p = fitted.transform(visible)
    # A sum of independent coins, weighted by the log odds that the samples give them.
    odds = np.log(p / (1 - p))
    error = np.sqrt((odds**2 * p * (1 - p)).sum())
    assert abs((odds * (hidden - p)).sum()) < 5 * error
    assert (odds * (hidden - 0.5)).sum() > 5 * error


def test_a_machine_takes_four_times_its_weights_and_asks_for_little_more(monkeypatch):
    size, asked = 1500, []
    monkeypatch.setattr(hopfield_machine, "check_memory", lambda needed, _: asked.append(needed))
    machine(network(3, 8))
    assert 4 <= asked[0] / (8 * 3 * 8) <= 5
    script = f"""
import resource, spinglass
network = spinglass.Hopfield(spinglass.Patterns.random({size}, {size}, seed=1))
few = spinglass.Hopfield(spinglass.Patterns.random(3, 5, seed=1))
spinglass.GaussianBernoulliRBM.from_hopfield(few, 1.0)  # what has to be loaded is
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
spinglass.GaussianBernoulliRBM.from_hopfield(network, 1.0)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    if sys.platform != "linux":
        pytest.skip("the unit of ru_maxrss is that of Linux")
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert int(told.stdout) * 1024 < 5 * 8 * size**2, told.stderr


def test_the_machine_is_an_estimator_as_any_other():
    fitted = machine(network(), num_threads=1)
    assert repr(fitted) == "GaussianBernoulliRBM(n_components=8, num_threads=1, random_state=0)"
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.components_, fitted.components_)
    rows = np.random.default_rng(1).normal(size=(20, 3))
    before = fitted.components_
    assert fitted.transform(rows).shape == (20, 8)
    assert (fitted.partial_fit(rows).components_ != before).any()
    assert (again.components_ == before).all()


def test_without_an_inverse_temperature_the_spins_are_free():
    fitted = machine(network(), beta=0.0)
    assert not fitted.components_.any()
    assert not fitted.intercept_hidden_.any()


@pytest.mark.parametrize(
    ("error", "call", "message"),
    [
        (TypeError, lambda: machine(np.ones((2, 3))), "network must be a Hopfield network"),
        (TypeError, lambda: machine(spinglass.SquareLattice(3)), "network must be a Hopfield"),
        (ValueError, lambda: machine(network(), beta=np.inf), "beta must be finite, got inf"),
        (ValueError, lambda: machine(network(), beta=-1), "beta must be from 0 to"),
        (
            ValueError,
            lambda: machine(Hopfield([[1, -1]], thresholds=[0, 1e60])),
            "network must have thresholds of at most 1e.50 in size, got 1e.60",
        ),
    ],
)
def test_what_is_no_network_or_no_temperature_is_named(error, call, message):
    with pytest.raises(error, match=message):
        call()
