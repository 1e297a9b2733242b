"""The partition function: exact, from below, from above; and the likelihood that follows."""

import pickle
import warnings

import numpy as np
import pytest

from machines.enumeration import all_states, random_machine, striped
from spinglass import BernoulliRBM, GaussianBernoulliRBM, Ising, estimate_log_partition

SIZES = [(1, 1), (2, 9), (9, 2), (5, 5), (8, 12)]


@pytest.mark.parametrize(("n_hidden", "n_visible"), SIZES)
@pytest.mark.parametrize("method", ["exact", "auto"])
def test_the_exact_sum_is_the_sum_over_all_states(n_hidden, n_visible, method):
    exact = random_machine(n_hidden, n_visible, seed=1)
    known = exact.estimator().log_partition(method)
    # Weights and biases below 4 in fixed point of 24 bits or better, at most 20 of them on.
    assert abs(known.value - exact.log_partition) < 20 * 2**-21
    assert (known.method, known.error, known.gap) == ("exact", 0.0, 0.0)
    assert known.lower == known.upper == known.value


def closed_form(n_hidden, n_visible):
    """A machine without couplings, and its ln Z."""
    a, b = np.linspace(-3, 3, n_visible), np.linspace(-1, 1, n_hidden)
    log_partition = np.logaddexp(0, a).sum() + np.logaddexp(0, b).sum()
    machine = BernoulliRBM(n_hidden, n_iter=0, random_state=0).fit(np.zeros((1, n_visible)))
    machine.components_ = np.zeros((n_hidden, n_visible))
    machine.intercept_hidden_, machine.intercept_visible_ = b, a
    return machine, log_partition


def test_a_machine_without_couplings_is_known_in_closed_form():
    machine, known = closed_form(40, 50)
    found = machine.log_partition("auto", betas=500, warmup=10)
    assert found.method == "two-sided"
    assert found.lower_error < 0.2
    assert abs(found.lower - known) < 4 * found.lower_error
    assert abs(found.upper - known) < 4 * found.upper_error
    small, known = closed_form(30, 31)
    with pytest.raises(ValueError, match="at most 30 units, got 40"):
        machine.log_partition("exact")
    assert abs(small.log_partition("auto", betas=500).value - known) < 0.5


@pytest.mark.parametrize("seed", range(5))
def test_annealing_comes_from_both_sides(seed):
    exact = random_machine(6, 8, seed=seed, width=1.5)
    model = exact.estimator(random_state=seed)
    up = model.log_partition("ais", betas=1000, n_chains=400)
    down = model.log_partition("reverse-ais", betas=1000, n_chains=400, warmup=300)
    for found in (up, down):
        assert found.error < 0.05
        assert abs(found.value - exact.log_partition) < 4 * found.error
    assert (up.method, up.value, up.upper, up.gap) == ("ais", up.lower, None, None)
    assert (down.method, down.value, down.lower) == ("reverse-ais", down.upper, None)
    assert up.log_weights.shape == down.reverse_log_weights.shape == (400,)


@pytest.mark.filterwarnings("ignore:2 chains are too few")
def test_quick_annealing_errs_to_its_own_side():
    exact = random_machine(6, 8, seed=3, width=2.0)
    model = exact.estimator(random_state=0)
    ups, downs = [], []
    for _ in range(60):
        ups.append(model.log_partition("ais", betas=4, n_chains=2).value)
        downs.append(model.log_partition("reverse-ais", betas=4, n_chains=2).value)
    # Jensen: a mean of two chains is biased, and by more than the error of 60 such means.
    for values, side in ((ups, -1), (downs, 1)):
        mean, error = np.mean(values), np.std(values, ddof=1) / np.sqrt(60)
        assert side * (mean - exact.log_partition) > 3 * error


def test_two_sides_that_differ_are_named():
    rng = np.random.default_rng(4)
    model = closed_form(30, 30)[0]
    model.components_ = rng.normal(scale=1.5, size=(30, 30))
    with pytest.warns(UserWarning, match="neither is to be trusted"):
        found = model.log_partition("auto", betas=3, n_chains=10, warmup=200)
    assert found.warning is not None
    assert found.gap == found.upper - found.lower
    assert found.error >= abs(found.gap) / 2
    assert found.lower < found.value < found.upper
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert closed_form(30, 30)[0].log_partition("auto", betas=500).warning is None


def test_the_likelihood_says_which_side_it_is_on():
    exact = random_machine(4, 6, seed=5)
    model = exact.estimator()
    X = striped(30, 6, seed=6)
    rows = -exact.free_energy(X) - exact.log_partition
    found = model.log_likelihood(X)
    assert np.abs(found.rows - rows).max() < 1e-4
    assert abs(found.value - rows.mean()) < 1e-4
    assert found.pessimistic == found.optimistic == found.value
    assert 0.0 < found.error < 1e-5
    # All states together have probability one.
    assert np.exp(model.log_likelihood(all_states(6)).rows).sum() == pytest.approx(1, abs=1e-4)

    up = model.log_partition("ais", betas=100)
    found = model.log_likelihood(X, up)
    assert found.log_partition is up
    assert (found.optimistic, found.pessimistic) == (found.value, None)
    assert found.error == pytest.approx(up.error, abs=1e-9)
    down = model.log_likelihood(X, "reverse-ais")
    assert (down.optimistic, down.pessimistic) == (None, down.value)


@pytest.mark.parametrize("precision", ["full", "fast"])
@pytest.mark.parametrize(("n_hidden", "n_visible"), [(8, 12), (12, 300)])
def test_an_exact_likelihood_says_how_far_the_weights_are_rounded(n_hidden, n_visible, precision):
    deviations = []
    for seed in range(30):
        exact = random_machine(n_hidden, n_visible, seed=seed, width=0.5)
        model = exact.estimator(precision=precision)
        X = striped(1, n_visible, seed=seed)
        found = model.log_likelihood(X, "exact")
        truth = -exact.free_energy(X)[0] - found.log_partition.value
        deviations.append((found.rows[0] - truth) / found.error)
    # The error assumes all units on, so it is too large if anything, by a factor of a few: the mean
    # square of 30 numbers of variance 1 is below 2.25 (chi-square, 1e-4).
    assert 1e-3 < np.mean(np.square(deviations)) < 2.25


def test_the_same_seed_gives_the_same_estimate_on_any_number_of_threads():
    found = []
    for threads in (1, 2, 3):
        model = BernoulliRBM(40, n_iter=1, random_state=0, num_threads=threads)
        model.fit(striped(100, 60, seed=7))
        found.append(model.log_partition("auto", betas=300, warmup=20, random_state=1))
    for other in found[1:]:
        assert (other.log_weights == found[0].log_weights).all()
        assert (other.reverse_log_weights == found[0].reverse_log_weights).all()


def test_a_result_pickles_and_draws_itself():
    pytest.importorskip("matplotlib").use("Agg")
    model = random_machine(4, 6, seed=5).estimator()
    for method in ("exact", "ais", "reverse-ais"):
        found = model.log_partition(method, betas=50, n_chains=20)
        assert pickle.loads(pickle.dumps(found)).value == found.value
        ax = found.plot()
        assert found.method in ax.get_title()
        assert f"{found.value:.2f}" in " ".join(x.get_text() for x in ax.get_legend().texts)


def test_the_partition_function_of_another_machine_is_refused():
    X = np.array([[0, 1, 1], [1, 0, 1]])
    model = BernoulliRBM(2, n_iter=1, random_state=0).fit(X)
    known = model.log_partition()
    assert model.log_likelihood(X, known).value == model.log_likelihood(X).value
    model.partial_fit(X)
    with pytest.raises(ValueError, match="log_partition must be that of this machine"):
        model.log_likelihood(X, known)


@pytest.mark.parametrize(("method", "legs"), [("ais", 1), ("reverse-ais", 2)])
def test_chains_that_start_from_independent_units_wait_for_no_equilibrium(method, legs):
    model, steps = random_machine(4, 6, seed=5).estimator(), []
    model.log_partition(
        method, betas=60, warmup=31, progress=lambda done, total: steps.append((done, total))
    )
    ends = [total for done, total in steps if done == total]
    assert len(ends) == legs
    assert (31 in ends) == (method == "reverse-ais")


@pytest.mark.parametrize("estimator", [BernoulliRBM, GaussianBernoulliRBM])
def test_a_partition_function_is_that_of_its_own_parameters(estimator):
    X = striped(20, 6, seed=8)
    model, other = (estimator(3, n_iter=1, random_state=seed).fit(X) for seed in (1, 2))
    known = model.log_partition()
    for stranger in (other.log_partition(), estimate_log_partition(Ising([[0, 1], [1, 0]]))):
        with pytest.raises(ValueError, match="log_partition must be that of this machine"):
            model.log_likelihood(X, stranger)
    again = pickle.loads(pickle.dumps(model))
    assert again.log_likelihood(X, known).value == model.log_likelihood(X).value
    again.intercept_visible_ = np.zeros(6)
    zero = again.log_partition()
    again.intercept_visible_ = -np.zeros(6)
    assert again.log_likelihood(X, zero).value == again.log_likelihood(X).value
    with pytest.raises(ValueError, match="log_partition must be that of this machine"):
        again.log_likelihood(X, known)
