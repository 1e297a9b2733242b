"""The same as scikit-learn's machine, where it is meant to be the same."""

import re

import numpy as np
import pytest
from scipy.special import expit
from sklearn.neural_network import BernoulliRBM as Original

from machines.enumeration import Exact, random_machine, striped
from spinglass import BernoulliRBM

# Fields are sums of single-precision numbers below 8 with 24 bits, probabilities have 22 bits, and
# the logistic function of single precision a relative error below 1e-6.
PROBABILITY = 2e-6


def original(exact, **parameters):
    """scikit-learn's estimator with the parameters of a known machine."""
    model = Original(exact.n_hidden, **({"n_iter": 0, "random_state": 0} | parameters))
    model.fit(np.zeros((1, exact.n_visible)))
    model.components_ = np.array(exact.W)
    model.intercept_hidden_ = np.array(exact.b)
    model.intercept_visible_ = np.array(exact.a)
    return model


def real_rows(n_rows, n_features, seed):
    return np.random.default_rng(seed).random((n_rows, n_features))


@pytest.mark.parametrize("X", [striped(30, 6, seed=1), real_rows(30, 6, seed=2)])
def test_transform_gives_the_same_probabilities(X):
    exact = random_machine(4, 6, seed=3)
    ours, theirs = exact.estimator().transform(X), original(exact).transform(X)
    assert ours.shape == theirs.shape == (30, 4)
    assert np.abs(ours - theirs).max() < PROBABILITY


@pytest.mark.parametrize("X", [striped(30, 6, seed=1), real_rows(30, 6, seed=2)])
@pytest.mark.parametrize("random_state", [0, 17])
def test_score_samples_flips_the_same_units_and_gives_the_same_scores(X, random_state):
    exact = random_machine(4, 6, seed=3)
    ours = exact.estimator(random_state=random_state).score_samples(X)
    theirs = original(exact, random_state=random_state).score_samples(X)
    # Six times the difference of two free energies; each field has single precision.
    assert np.abs(ours - theirs).max() < 6 * 2 * 4 * 4e-6


def test_score_samples_of_many_rows_is_that_of_each():
    exact = random_machine(4, 6, seed=3)
    X = striped(10_000, 6, seed=4)
    ours = exact.estimator(random_state=5).score_samples(X)
    theirs = original(exact, random_state=5).score_samples(X)
    assert np.abs(ours - theirs).max() < 6 * 2 * 4 * 4e-6


def saturated(seed):
    """A machine whose visible units do not depend on chance, and whose hidden units hardly do."""
    rng = np.random.default_rng(seed)
    signs = np.where(rng.random(7) < 0.5, 1.0, -1.0)
    return Exact(rng.normal(scale=0.3, size=(4, 7)), rng.normal(size=4), 60.0 * signs)


@pytest.mark.parametrize("X", [striped(10, 7, seed=6), real_rows(10, 7, seed=7)])
def test_an_update_without_chance_is_the_same_update(X):
    exact = saturated(8)
    ours, theirs = exact.estimator(learning_rate=0.1), original(exact, learning_rate=0.1)
    ours.partial_fit(X)
    theirs.partial_fit(X)
    for name in ("components_", "intercept_hidden_", "intercept_visible_"):
        step = getattr(theirs, name) - getattr(ours, name)
        # Two means of probabilities, and single precision of the parameter itself.
        bound = 0.1 * 2 * PROBABILITY + 2**-23 * np.abs(getattr(theirs, name)).max()
        assert np.abs(step).max() < bound, name


@pytest.mark.parametrize("n_rows", [1, 4, 25])
def test_each_phase_is_averaged_over_its_own_number_of_rows(n_rows):
    # scikit-learn divides the sum over its 10 chains by the number of data rows.
    exact = saturated(8)
    X = striped(n_rows, 7, seed=9)
    model = exact.estimator(learning_rate=0.1).partial_fit(X)
    v = (exact.a > 0).astype(float)
    q, p = expit(X @ exact.W.T + exact.b), expit(v @ exact.W.T + exact.b)
    step = 0.1 * (q.T @ X / n_rows - np.outer(p, v))
    assert np.abs(model.components_ - exact.W - step).max() < 0.1 * 2 * PROBABILITY + 2**-23
    step = 0.1 * (q.mean(axis=0) - p)
    assert np.abs(model.intercept_hidden_ - exact.b - step).max() < 0.1 * 2 * PROBABILITY + 2**-22


@pytest.mark.parametrize("batch_size", [10, 64])
def test_a_fit_starts_from_the_same_shapes_and_law(batch_size):
    X = striped(40, 30, seed=10)
    for model in (
        kind(50, n_iter=0, batch_size=batch_size, random_state=1).fit(X)
        for kind in (BernoulliRBM, Original)
    ):
        assert model.components_.shape == (50, 30)
        # 1500 normal numbers: mean and variance within five standard errors.
        assert abs(model.components_.mean()) < 5 * 0.01 / np.sqrt(1500)
        assert abs(model.components_.std() / 0.01 - 1) < 5 / np.sqrt(2 * 1500)
        assert model.h_samples_.shape == (batch_size, 50)
        assert not model.h_samples_.any()
        assert not model.intercept_hidden_.any()
        assert not model.intercept_visible_.any()
        assert model.n_features_in_ == 30


def test_learning_comes_to_the_same_likelihood():
    X = striped(120, 8, seed=11)
    scores = {}
    for kind in (BernoulliRBM, Original):
        found = []
        for seed in range(16):
            model = kind(5, learning_rate=0.2, n_iter=60, random_state=seed).fit(X)
            exact = Exact(model.components_, model.intercept_hidden_, model.intercept_visible_)
            found.append(-exact.free_energy(X).mean() - exact.log_partition)
        scores[kind] = np.array(found)
    ours, theirs = scores[BernoulliRBM], scores[Original]
    error = np.hypot(*(x.std(ddof=1) / np.sqrt(len(x)) for x in (ours, theirs)))
    assert abs(ours.mean() - theirs.mean()) < 4 * error
    assert ours.mean() > -8 * np.log(2) + 1  # something was learned


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_of_the_data_is_kept(dtype):
    X = striped(30, 6, seed=1).astype(dtype)
    ours, theirs = (kind(4, n_iter=1).fit(X) for kind in (BernoulliRBM, Original))
    for name in ("components_", "intercept_hidden_", "intercept_visible_", "h_samples_"):
        assert getattr(ours, name).dtype == getattr(theirs, name).dtype == dtype
    for other in (np.float32, np.float64, np.uint8):
        expected = theirs.transform(X.astype(other)).dtype
        assert ours.transform(X.astype(other)).dtype == expected
    assert ours.gibbs(X).dtype == theirs.gibbs(X).dtype == np.bool_


def test_the_lines_of_verbose_are_the_same(capsys):
    X = striped(30, 6, seed=1)
    lines = {}
    for kind in (BernoulliRBM, Original):
        kind(4, n_iter=3, verbose=1, random_state=0).fit(X)
        lines[kind] = capsys.readouterr().out.splitlines()
    number = re.compile(r"-?\d+\.\d\d")
    ours, theirs = ([number.sub("#", line) for line in x] for x in lines.values())
    assert ours == theirs
    assert len(ours) == 3


def test_sparse_data_are_the_same_data():
    from scipy import sparse

    X = striped(30, 6, seed=1)
    model = BernoulliRBM(4, n_iter=2, random_state=0).fit(X)
    for form in (sparse.csr_matrix, sparse.csc_array, sparse.coo_array):
        other = BernoulliRBM(4, n_iter=2, random_state=0).fit(form(X.astype(float)))
        assert (other.components_ == model.components_).all()
        assert (other.transform(form(X)) == model.transform(X)).all()
        assert (other.score_samples(form(X)) == model.score_samples(X)).all()
    real = real_rows(30, 6, seed=2) * (X > 0)
    a = BernoulliRBM(4, n_iter=2, random_state=0).fit(real)
    b = BernoulliRBM(4, n_iter=2, random_state=0).fit(sparse.csr_array(real))
    assert (a.components_ == b.components_).all()
    twice = sparse.coo_array(([1.0, 1.0], ([0, 0], [1, 1])), shape=(2, 6))
    with pytest.warns(UserWarning, match="outside"):
        BernoulliRBM(2, n_iter=1).fit(twice)


def test_without_a_random_state_the_global_one_of_numpy_counts():
    X = striped(30, 6, seed=1)
    found = []
    for seed in (1, 1, 2):
        np.random.seed(seed)  # noqa: NPY002 (scikit-learn's habit)
        found.append(BernoulliRBM(4, n_iter=1).fit(X).components_)
    assert (found[0] == found[1]).all()
    assert (found[0] != found[2]).any()
