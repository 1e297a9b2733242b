"""Energies, spins, sampling and reconstruction."""

import numpy as np
import pytest

from machines.enumeration import all_states, random_machine, striped
from spinglass import BernoulliRBM, Ising, sample

# A field is a sum of numbers of single precision in fixed point of 24 bits.
SINGLE = 4e-6


@pytest.mark.parametrize("precision", ["full", "fast"])
def test_the_free_energy_is_the_sum_over_hidden_states(precision):
    exact = random_machine(4, 6, seed=1)
    v = all_states(6)
    model = exact.estimator(precision=precision)
    # With 16 bits a weight below 4 is off by up to 2^-14.
    bound = 10 * (SINGLE if precision == "full" else 2**-13)
    assert np.abs(model.free_energy(v) - exact.free_energy(v)).max() < bound
    h = all_states(4)
    energies = np.stack([model.energy(v, np.tile(row, (64, 1))) for row in h])
    summed = -np.log(np.exp(-energies).sum(axis=0))
    assert np.abs(summed - exact.free_energy(v)).max() < 1e-12


@pytest.mark.parametrize(("n_hidden", "n_visible"), [(1, 1), (4, 6), (30, 50)])
def test_the_machine_in_spins_has_the_same_energies(n_hidden, n_visible):
    exact = random_machine(n_hidden, n_visible, seed=2)
    model = exact.estimator()
    ising, offset = model.to_ising()
    assert isinstance(ising, Ising)
    assert ising.n_spins == n_hidden + n_visible
    rng = np.random.default_rng(3)
    v, h = (rng.integers(0, 2, (200, n)) for n in (n_visible, n_hidden))
    energies = model.energy(v, h)
    same = ising.energy(2 * np.hstack([v, h]) - 1) + offset
    assert np.abs(same - energies).max() <= 1e-12 * max(1.0, np.abs(energies).max())


def test_the_machine_in_spins_has_the_same_averages():
    exact = random_machine(3, 4, seed=4)
    ising, _ = exact.estimator().to_ising()
    run = sample(ising, 1.0, 1, n_replicas=20_000, warmup=60, seed=5, dynamics="heat-bath")
    on = (run.final_states[:, :4] + 1) / 2
    means = exact.visible @ all_states(4)
    error = np.sqrt(means * (1 - means) / 20_000)
    assert (np.abs(on.mean(axis=0) - means) < 4 * error).all()


def test_sampling_returns_states_means_or_the_states_along_the_chain():
    model = random_machine(3, 4, seed=6).estimator()
    assert model.sample().shape == (1, 4)
    assert model.sample(5, 3).shape == (5, 4)
    kept = model.sample(5, 10, every=3)
    assert kept.shape == (3, 5, 4)
    assert kept.dtype == np.uint8
    means = model.sample(5, 10, means=True)
    assert means.shape == (5, 4)
    assert ((means > 0) & (means < 1)).all()
    assert model.sample(n_steps=2, initial=np.zeros((7, 4))).shape == (7, 4)
    assert model.sample(7, 2, initial=np.zeros(4)).shape == (7, 4)
    told = []
    model.sample(5, 1000, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (1000, 1000)


def test_a_random_state_repeats_a_call_and_the_model_s_own_goes_on():
    model = random_machine(3, 12, seed=7).estimator(random_state=1)
    v = striped(20, 12, seed=8)
    again = random_machine(3, 12, seed=7).estimator(random_state=1)
    for draw in (
        lambda m, **seed: m.sample(20, 5, **seed),
        lambda m, **seed: m.sample(20, 5, initial=v, **seed),
        lambda m, **seed: m.reconstruct(v, **seed),
        lambda m, **seed: m.reconstruct(v * 0.5, **seed),
        lambda m: m.gibbs(v),
        lambda m: m.gibbs(v * 0.5),
    ):
        first = draw(model)
        assert (first == draw(again)).all()
        assert (first != draw(model)).any()
        draw(again)
    assert (model.sample(20, 5, random_state=3) == again.sample(20, 5, random_state=3)).all()
    assert (model.reconstruct(v, random_state=3) == again.reconstruct(v, random_state=3)).all()


def test_the_means_of_samples_are_the_probabilities_of_their_last_half_step():
    exact = random_machine(3, 4, seed=9)
    n = 40_000
    means = exact.estimator(random_state=10).sample(n, 60, means=True)
    expected = exact.visible @ all_states(4)
    spread = exact.hidden @ (exact.visible_given(all_states(3)) - expected) ** 2
    assert (np.abs(means.mean(axis=0) - expected) < 4 * np.sqrt(spread / n)).all()


@pytest.mark.parametrize("scale", [1, 0.5])
def test_a_reconstruction_is_p_of_v_given_h_given_x(scale):
    exact = random_machine(3, 4, seed=11)
    x, n = scale * np.array([1.0, 0.0, 1.0, 1.0]), 40_000
    found = exact.estimator(random_state=12).reconstruct(np.tile(x, (n, 1)))
    up, h = exact.hidden_given(x[None])[0], all_states(3)
    law = np.where(h == 1, up, 1 - up).prod(axis=1)
    down = exact.visible_given(h)
    mean = law @ down
    error = np.sqrt(law @ (down - mean) ** 2 / n)
    assert (np.abs(found.mean(axis=0) - mean) < 4 * error).all()


def test_a_reconstruction_keeps_what_is_known():
    X = striped(300, 20, seed=13, noise=0.02)
    model = BernoulliRBM(16, n_iter=100, learning_rate=0.1, random_state=0).fit(X)
    known = np.arange(20) < 10
    erased = X.copy()
    erased[:, ~known] = 0
    filled = model.reconstruct(erased, clamp=known, n_steps=50)
    assert (filled[:, known] == X[:, known]).all()
    wrong = ((filled > 0.5) != X)[:, ~known].mean()
    blank = (X[:, ~known] != 0).mean()
    assert wrong < blank / 3
    assert filled.dtype == np.float64
