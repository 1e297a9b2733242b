"""What each method finds is what it should: held against exact data and against NumPy."""

import numpy as np
import pytest

import spinglass
from inverse.models import drawn, exact_data, glass, objective
from spinglass import InverseIsing

BOTH = ["pseudolikelihood", "flow"]


def error(model, couplings, fields):
    return max(np.abs(model.couplings_ - couplings).max(), np.abs(model.fields_ - fields).max())


@pytest.mark.parametrize("method", [*BOTH, "boltzmann"])
def test_exact_data_give_the_couplings_back(method):
    couplings, fields = glass(6, seed=1, width=1.0)
    states, chances = exact_data(couplings, fields)
    model = InverseIsing(method, tol=1e-7, n_chains=None)
    model.fit(states, sample_weight=chances)
    assert model.converged_
    assert error(model, couplings, fields) < 1e-5  # the gradient over the smallest curvature


def test_mean_field_and_tap_are_exact_to_the_orders_that_they_promise():
    couplings, fields = glass(6, seed=2)
    errors = {"mean-field": [], "tap": []}
    for scale in (0.1, 0.05):
        states, chances = exact_data(scale * couplings, fields)
        for method, found in errors.items():
            model = InverseIsing(method).fit(states, sample_weight=chances)
            found.append(np.abs(model.couplings_ - scale * couplings).max())
    naive, tap = (np.divide(*errors[method]) for method in ("mean-field", "tap"))
    assert 3.5 < naive < 4.5  # the next term is of second order
    assert 7.0 < tap < 9.0  # the next term is of third order


def test_chains_learn_what_the_pseudo_likelihood_finds():
    couplings, fields = glass(12, seed=3)
    rows = drawn(couplings, fields, 5000, seed=1)
    learned = InverseIsing("boltzmann", max_iter=200, random_state=1).fit(rows)
    best = InverseIsing("boltzmann", n_chains=None).fit(rows)
    assert learned.converged_
    # The Fisher information of a coupling is near 1: the error of 100 averages over 1000 chains,
    # correlated over about two updates each, is 0.005 in each of 78 parameters.
    assert np.sqrt(np.mean((learned.couplings_ - best.couplings_) ** 2)) < 0.01
    truth = np.sqrt(np.mean((learned.couplings_ - couplings) ** 2))
    assert truth < 2.0 / np.sqrt(5000)
    assert learned.objective_ is None
    again = InverseIsing("boltzmann", max_iter=200, random_state=1, num_threads=1).fit(rows)
    assert np.allclose(again.couplings_, learned.couplings_, atol=1e-8)


def almost_equal(share, n_samples=3000):
    """Return samples of eight spins and of one that is the first, but for a share."""
    rows = drawn(*glass(8, seed=1), n_samples, seed=1)
    flips = np.random.default_rng(3).random(n_samples) < share
    return np.column_stack([rows, rows[:, 0] * np.where(flips, -1, 1)])


def noise_of_chains(model, l2, n_draws):
    """Return the standard errors of couplings i < j and fields, from independent draws."""
    n = len(model.fields_)
    states, chances = exact_data(model.couplings_, model.fields_)
    pairs = np.triu_indices(n, 1)
    features = np.column_stack([states[:, pairs[0]] * states[:, pairs[1]], states]).astype(float)
    features -= chances @ features / chances.sum()
    information = (features * chances[:, None]).T @ features / chances.sum()
    penalty = np.diag(np.where(np.arange(len(information)) < len(pairs[0]), l2, 0.0))
    response = np.linalg.inv(information + penalty)
    return np.sqrt(np.diag(response @ information @ response) / n_draws)


@pytest.mark.parametrize(
    ("rows", "l2"),
    [
        (almost_equal(0.0), 0.01),
        (almost_equal(0.0), 0.1),
        (almost_equal(0.0), 1.0),
        (almost_equal(0.02), 0.0),
        (almost_equal(0.02), 0.1),
        (almost_equal(0.005), 0.0),
        (np.random.default_rng(1).choice([-1, 1], (10, 14)), 0.1),
    ],
)
def test_chains_learn_strong_correlations_as_sums_over_states_do(rows, l2):
    # Far below the noise of the chains, and above where rounding ends every search: 2e-8 here.
    best = InverseIsing("boltzmann", l2=l2, n_chains=None, tol=1e-7).fit(rows)
    learned = InverseIsing("boltzmann", l2=l2, max_iter=400, random_state=1).fit(rows)
    assert learned.converged_
    pairs = np.triu_indices(rows.shape[1], 1)
    error = np.concatenate(
        [(learned.couplings_ - best.couplings_)[pairs], learned.fields_ - best.fields_]
    )
    # 200 updates of 1000 chains are averaged, and the average makes up for what one update hands on
    # to the next. A factor of 3 is for the slowest pairs, which turn over in 20 updates.
    noise = noise_of_chains(best, l2, 1000 * 200)
    assert np.sqrt(np.mean((error / noise) ** 2)) < 3.0


def test_chains_learn_from_fewer_samples_than_spins():
    rows = np.random.default_rng(1).choice([-1, 1], (20, 40))
    model = InverseIsing("boltzmann", l2=0.1, max_iter=200, random_state=1).fit(rows)
    assert model.converged_
    run = spinglass.sample(
        model.to_ising(), 1.0, 100, n_replicas=5000, seed=1, dynamics="heat-bath"
    )
    states = run.final_states.astype(float)
    pairs = np.triu_indices(40, 1)
    slopes = (rows.T @ rows / 20 - states.T @ states / 5000)[pairs]
    left = slopes - 0.1 * model.couplings_[pairs]
    # Of those 5000 samples, and of the 100 updates of 1000 chains that were averaged.
    noise = np.sqrt(1 / 5000 + 1 / 100_000)
    assert np.sqrt(np.mean(left**2)) < 2.0 * noise


def test_couplings_that_only_grow_are_no_convergence_of_boltzmann_learning():
    rows = np.random.default_rng(1).choice([-1, 1], (2000, 5))
    rows[:, 4] = np.sign(rows[:, 0] + rows[:, 1] + rows[:, 2])
    with pytest.raises(ValueError, match="the couplings run away"):
        InverseIsing("boltzmann", n_chains=None).fit(rows)
    model = InverseIsing("boltzmann", n_chains=500, max_iter=200, random_state=1)
    with pytest.warns(RuntimeWarning, match="pseudo-likelihood of X has no maximum"):
        model.fit(rows)
    assert not model.converged_
    for n_chains in (None, 500):
        assert model.set_params(l2=0.05, n_chains=n_chains).fit(rows).converged_


def test_chains_that_learned_too_little_say_so():
    couplings, fields = glass(12, seed=3, width=2.0)
    rows = drawn(couplings, fields, 1000, seed=1)
    # They start with the pseudo-likelihood, which differs by part of the noise of 1000 samples.
    model = InverseIsing(
        "boltzmann", l2=0.01, max_iter=2, learning_rate=0.01, n_chains=100_000, random_state=1
    )
    with pytest.warns(RuntimeWarning, match="moments of the chains are off"):
        model.fit(rows)
    assert not model.converged_


def test_naive_mean_field_is_worse_than_tap_is_worse_than_pseudo_likelihood():
    couplings, fields = glass(16, seed=4, width=0.6, field_width=0.5)
    states, chances = exact_data(couplings, fields)
    errors = []
    for method in ("mean-field", "tap", "pseudolikelihood"):
        model = InverseIsing(method).fit(states, sample_weight=chances)
        errors.append(np.sqrt(np.mean((model.couplings_ - couplings) ** 2)))
    naive, tap, pseudo = errors
    assert naive > 1.2 * tap
    assert tap > 10 * pseudo


def test_complex_roots_of_tap_are_counted_and_replaced_by_their_real_part():
    # Two spins that are mostly up, but hardly ever both down.
    states = np.array([[1, 1], [-1, -1], [1, -1], [-1, 1]])
    model = InverseIsing("tap").fit(states, sample_weight=[0.6, 0.002, 0.199, 0.199])
    assert model.n_negative_discriminants_ == 1
    m = 0.598
    assert model.couplings_[0, 1] == pytest.approx(-1 / (4 * m * m))
    weak = InverseIsing("tap").fit(states, sample_weight=[0.3, 0.3, 0.2, 0.2])
    assert weak.n_negative_discriminants_ == 0
    naive = InverseIsing("mean-field").fit(states)
    assert not hasattr(naive, "n_negative_discriminants_")


@pytest.mark.parametrize("method", [*BOTH, "mean-field", "tap", "boltzmann"])
def test_independent_spins_have_no_couplings(method):
    fields = np.array([0.5, -0.2, 0.0, 1.0, 0.1])
    states, chances = exact_data(np.zeros((5, 5)), fields)
    model = InverseIsing(method, n_chains=None).fit(states, sample_weight=chances)
    assert error(model, 0.0, fields) < 1e-6


@pytest.mark.parametrize("method", BOTH)
@pytest.mark.parametrize(("l1", "l2"), [(0.0, 0.0), (0.0, 0.05), (0.03, 0.0), (0.02, 0.02)])
def test_the_gradient_vanishes_where_a_fit_ends(method, l1, l2):
    couplings, fields = glass(20, seed=5, width=1.0)
    run = spinglass.sample(
        spinglass.Ising(couplings, fields), 1.0, 50, n_replicas=1500, seed=1, dynamics="heat-bath"
    )
    rows = run.final_states.astype(float)
    model = InverseIsing(method, l1=l1, l2=l2, tol=1e-6).fit(run.final_states)
    found = model.couplings_
    value, slopes, field_slopes = objective(method, rows, found, model.fields_)
    assert np.abs(field_slopes).max() <= 1.01e-6
    pairs = np.triu_indices(20, 1)
    slopes = slopes[pairs] + l2 * found[pairs]
    zero = found[pairs] == 0
    assert np.abs(slopes + l1 * np.sign(found[pairs]))[~zero].max() <= 1.01e-6
    assert (np.abs(slopes[zero]) <= l1 + 1e-6).all()
    assert zero.any() == (l1 > 0)
    penalty = l1 * np.abs(found[pairs]).sum() + l2 / 2 * (found[pairs] ** 2).sum()
    assert model.objective_ == pytest.approx(value + penalty, rel=1e-12)
    assert (found == found.T).all()
    assert not found.diagonal().any()


@pytest.mark.parametrize("method", BOTH)
@pytest.mark.parametrize("l2", [1e-3, 1e-2, 0.1])
@pytest.mark.parametrize("shape", [(20, 40), (25, 30)])
def test_few_samples_with_a_penalty_take_few_iterations(method, l2, shape):
    from scipy.optimize import minimize

    rows, n = np.random.default_rng(1).choice([-1, 1], shape).astype(float), shape[1]
    pairs = np.triu_indices(n, 1)

    def plain(x):
        couplings = np.zeros((n, n))
        couplings[pairs] = x[n:]
        couplings += couplings.T
        value, slopes, field_slopes = objective(method, rows, couplings, x[:n])
        gradient = np.concatenate([field_slopes, slopes[pairs] + l2 * x[n:]])
        return value + l2 / 2 * (x[n:] ** 2).sum(), gradient

    tol = 1e-8
    options = {"gtol": tol, "ftol": 0.0, "maxiter": 5000, "maxfun": 10**5}
    best = minimize(
        plain, np.zeros(n + len(pairs[0])), jac=True, method="L-BFGS-B", options=options
    )
    model = InverseIsing(method, l2=l2, tol=tol).fit(rows)
    assert model.converged_
    assert model.n_iter_ < 120
    # Where the curvature is l2 at least, gradients below tol leave at most sqrt(pairs) tol / l2.
    assert np.abs(model.couplings_[pairs] - best.x[n:]).max() < 4 * np.sqrt(best.x.size) * tol / l2


def test_l1_finds_the_bonds_of_a_sparse_graph():
    couplings = np.zeros((10, 10))
    for i in range(10):
        couplings[i, (i + 1) % 10] = couplings[(i + 1) % 10, i] = 0.6 if i % 2 else -0.6
    rows = drawn(couplings, np.zeros(10), 4000, seed=2)
    model = InverseIsing(l1=0.12).fit(rows)
    assert ((model.couplings_ != 0) == (couplings != 0)).all()
    assert (np.sign(model.couplings_) == np.sign(couplings)).all()


def test_l2_shrinks_couplings_more_and_more():
    couplings, fields = glass(8, seed=6)
    rows = drawn(couplings, fields, 300, seed=3)
    for method in (*BOTH, "mean-field", "boltzmann"):
        norms = [
            np.linalg.norm(InverseIsing(method, l2=l2, n_chains=None).fit(rows).couplings_)
            for l2 in (0.0, 0.1, 1.0, 10.0)
        ]
        assert (np.diff(norms) < 0).all()
        assert norms[-1] < 0.2 * norms[0]


@pytest.mark.parametrize("method", [*BOTH, "mean-field", "tap"])
def test_the_order_of_spins_and_what_is_called_up_do_not_matter(method):
    couplings, fields = glass(9, seed=7)
    rows = drawn(couplings, fields, 400, seed=4)
    model = InverseIsing(method, tol=1e-8, max_iter=50)
    try:
        plain = model.fit(rows)
    except RuntimeWarning:  # at rounding
        plain = model.set_params(tol=1e-7).fit(rows)
    order = np.random.default_rng(1).permutation(9)
    signs = np.where(np.arange(9) % 3, 1, -1)
    other = InverseIsing(method, tol=model.tol).fit(signs[order] * rows[:, order])
    flips = np.outer(signs, signs)[np.ix_(order, order)]
    assert np.allclose(other.couplings_, flips * plain.couplings_[np.ix_(order, order)], atol=1e-6)
    assert np.allclose(other.fields_, signs[order] * plain.fields_[order], atol=1e-6)


def test_weights_are_repetitions():
    couplings, fields = glass(9, seed=8)
    rows = drawn(couplings, fields, 200, seed=5)
    counts = np.random.default_rng(2).integers(0, 4, 200)
    weighted = InverseIsing().fit(rows, sample_weight=counts)
    repeated = InverseIsing().fit(np.repeat(rows, counts, axis=0))
    assert error(weighted, repeated.couplings_, repeated.fields_) < 1e-5
    score = weighted.score(rows, sample_weight=counts)
    assert score == pytest.approx(weighted.score(np.repeat(rows, counts, axis=0)))


def test_the_score_is_the_mean_log_pseudo_likelihood():
    couplings, fields = glass(9, seed=9)
    rows = drawn(couplings, fields, 300, seed=6)
    model = InverseIsing().fit(rows)
    value, _, _ = objective("pseudolikelihood", rows, model.couplings_, model.fields_)
    assert model.score(rows) == pytest.approx(-value)
    assert model.score(rows) == pytest.approx(-model.objective_)
    other = drawn(couplings, fields, 300, seed=7)
    assert model.score(rows) > InverseIsing().fit(other).score(rows)


def test_the_model_can_be_sampled():
    couplings, fields = glass(9, seed=10)
    states, chances = exact_data(couplings, fields)
    model = InverseIsing(tol=1e-7).fit(states, sample_weight=chances).to_ising()
    assert isinstance(model, spinglass.Ising)
    assert np.allclose(spinglass.exact.distribution(model), chances, atol=1e-6)
