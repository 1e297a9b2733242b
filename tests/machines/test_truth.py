"""Gibbs steps and gradients against sums over all states."""

import numpy as np
import pytest
from scipy.stats import chi2

from machines.enumeration import all_states, chi_square, random_machine, state_numbers, striped

SEEDS = range(10)

# Chance that a right sampler fails one of the chi-square tests of this file.
FALSE_ALARM = 1e-3 / 100


def assert_law(numbers, law):
    statistic, freedom = chi_square(numbers, law)
    assert chi2.sf(statistic, freedom) > FALSE_ALARM, (statistic, freedom)


@pytest.mark.parametrize("precision", ["full", "fast"])
def test_the_gradient_of_long_chains_is_the_exact_one(precision):
    exact = random_machine(4, 6, seed=1)
    X = striped(50, 6, seed=2)
    n_chains, rate = 100_000, 1.0
    model = exact.estimator(
        k=200, n_chains=n_chains, learning_rate=rate, precision=precision, random_state=3
    )
    before = [model.components_, model.intercept_hidden_, model.intercept_visible_]
    model.partial_fit(X)
    after = [model.components_, model.intercept_hidden_, model.intercept_visible_]

    v = all_states(6)
    p = exact.hidden_given(v)  # both statistics use probabilities of the hidden units
    measured = [p[:, :, None] * v[:, None, :], p, v.astype(float)]
    q = exact.hidden_given(X)
    data = [q.T @ X / len(X), q.mean(axis=0), X.mean(axis=0)]
    for old, new, statistic, positive in zip(before, after, measured, data, strict=True):
        mean = np.tensordot(exact.visible, statistic, 1)
        variance = np.tensordot(exact.visible, statistic**2, 1) - mean**2
        error = np.sqrt(variance / n_chains)
        assert (np.abs((new - old) / rate - (positive - mean)) < 4 * error).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_one_gibbs_step_has_the_exact_transition_matrix(seed):
    exact = random_machine(3, 4, seed=4)
    model = exact.estimator(random_state=seed)
    n = 20_000
    starts = np.repeat(all_states(4), n, axis=0)
    numbers = state_numbers(model.gibbs(starts)).reshape(16, n)
    statistic = freedom = 0
    for row, law in zip(numbers, exact.transition(), strict=True):
        one, free = chi_square(row, law)
        statistic, freedom = statistic + one, freedom + free
    assert freedom > 16 * 10
    # Too good is as wrong as too bad: chains that share random numbers.
    assert FALSE_ALARM < chi2.sf(statistic, freedom) < 1 - FALSE_ALARM


@pytest.mark.parametrize("kind", [np.uint8, bool, np.float32, np.float64])
def test_a_real_number_enters_the_gibbs_step_as_it_is(kind):
    exact = random_machine(3, 4, seed=4)
    model = exact.estimator(random_state=1)
    fraction = 0.25 if np.dtype(kind).kind == "f" else 1
    start = np.array([fraction, 0, 1, 0]).astype(kind)
    up = exact.hidden_given(start.astype(float)[None])[0]
    h = all_states(3)
    law = np.where(h == 1, up, 1 - up).prod(axis=1)
    v = all_states(4)[:, None]
    down = exact.visible_given(h)
    law = (np.where(v == 1, down, 1 - down).prod(axis=2) * law).sum(axis=1)
    assert_law(state_numbers(model.gibbs(np.tile(start, (50_000, 1)))), law)


@pytest.mark.parametrize("k", [1, 2, 7])
def test_steps_leave_the_exact_distribution_as_it_is(k):
    exact = random_machine(3, 4, seed=5, width=2.0)
    rng = np.random.default_rng(6)
    n = 100_000
    v = all_states(4)[rng.choice(16, n, p=exact.visible)]
    h = all_states(3)[rng.choice(8, n, p=exact.hidden)]
    model = exact.estimator(random_state=7, k=k, n_chains=n, learning_rate=1e-30)

    drawn = model.sample(n_steps=k, initial=v)
    assert drawn.shape == (n, 4)
    assert_law(state_numbers(drawn), exact.visible)

    # The chains of the training, at parameters that do not move.
    model.h_samples_ = h
    model.partial_fit(v[:10])
    assert (model.components_ == exact.W).all()
    assert_law(state_numbers(model.h_samples_), exact.hidden)


def test_tempered_chains_come_to_the_exact_distribution():
    exact = random_machine(3, 4, seed=5, width=2.0)
    n = 50_000
    model = exact.estimator(
        random_state=8, n_chains=n, tempering=[0.0, 0.5, 1.0], learning_rate=1e-30, k=50
    )
    model.partial_fit(all_states(4))
    assert model.h_samples_.shape == (n, 3)
    assert_law(state_numbers(model.h_samples_), exact.hidden)


def test_clamped_units_keep_their_value_and_the_rest_is_drawn_given_them():
    exact = random_machine(3, 5, seed=9)
    model = exact.estimator(random_state=10)
    held = np.array([True, False, True, False, False])
    start = np.array([1, 0, 0, 0, 0])
    drawn = model.sample(40_000, 60, initial=start, clamp=held)
    assert (drawn[:, 0] == 1).all()
    assert (drawn[:, 2] == 0).all()
    v = all_states(5)
    law = np.where((v[:, 0] == 1) & (v[:, 2] == 0), exact.visible, 0.0)
    assert_law(state_numbers(drawn), law / law.sum())


def test_samples_from_random_starts_have_the_exact_distribution():
    exact = random_machine(3, 4, seed=11)
    drawn = exact.estimator(random_state=12).sample(50_000, 60)
    assert drawn.dtype == np.uint8
    assert_law(state_numbers(drawn), exact.visible)


def test_contrastive_divergence_starts_at_the_data():
    # One step from one state: the negative statistics are those of the exact transition.
    exact = random_machine(3, 4, seed=13)
    start, n = np.array([1, 0, 1, 1]), 200_000
    model = exact.estimator(persistent=False, learning_rate=1.0, random_state=14)
    before = model.intercept_visible_
    model.partial_fit(np.tile(start, (n, 1)))
    after_step = exact.transition()[state_numbers(start[None])[0]] @ all_states(4)
    error = np.sqrt(after_step * (1 - after_step) / n)
    measured = start - (model.intercept_visible_ - before)
    assert (np.abs(measured - after_step) < 4 * error).all()
