"""The estimator of real numbers: manners, threads, bad input, what goes on with the same bits."""

import copy
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pytest

from machines.exempt import EXEMPT
from spinglass import GaussianBernoulliRBM

_RNG = np.random.default_rng(1)
X = _RNG.normal(size=(45, 6)) + 2 * _RNG.integers(0, 2, (45, 1))
NAMES = (
    "components_", "intercept_hidden_", "intercept_visible_", "variances_", "h_samples_",
)  # fmt: skip


def fitted(X=X, **parameters):
    return GaussianBernoulliRBM(4, **({"n_iter": 3, "random_state": 0} | parameters)).fit(X)


def same(a, b):
    return all((getattr(a, name) == getattr(b, name)).all() for name in NAMES)


def test_scikit_learn_finds_nothing_to_check_but_what_is_random():
    from sklearn.utils.estimator_checks import check_estimator

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*does not inherit from")
        warnings.filterwarnings("ignore", message=".*hidden units are saturated")
        results = check_estimator(
            GaussianBernoulliRBM(n_components=8, n_iter=3),
            expected_failed_checks=EXEMPT,
            on_skip=None,
        )
    assert len([result for result in results if result["status"] == "passed"]) > 45
    assert {x["check_name"] for x in results if x["status"] == "xfail"} == set(EXEMPT)


def test_it_stands_in_a_pipeline_and_a_search():
    from sklearn.base import clone
    from sklearn.model_selection import GridSearchCV
    from sklearn.naive_bayes import GaussianNB
    from sklearn.pipeline import make_pipeline

    y = X[:, 0] > 1
    pipeline = make_pipeline(GaussianBernoulliRBM(3, n_iter=2, random_state=0), GaussianNB())
    assert pipeline.fit(X, y).predict(X).shape == y.shape
    names = list(pipeline[:1].get_feature_names_out())
    assert names == [f"gaussianbernoullirbm{k}" for k in range(3)]
    search = GridSearchCV(pipeline, {"gaussianbernoullirbm__k": [1, 2]}, cv=2).fit(X, y)
    assert search.best_params_["gaussianbernoullirbm__k"] in (1, 2)
    model = fitted(momentum=0.5, variance_rate=0.3, k=2, persistent=False)
    assert same(clone(model).fit(X), model)


WITHOUT = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "sklearn":
            raise ImportError("blocked")

sys.meta_path.insert(0, Blocked())
import numpy as np
import spinglass

X = np.random.default_rng(0).normal(size=(40, 6))
model = spinglass.GaussianBernoulliRBM(3, n_iter=2, verbose=1, random_state=1)
assert not hasattr(model, "components_")
assert model.fit(X) is model and model.fit_transform(X).shape == (40, 3)
assert model.partial_fit(X).score_samples(X).shape == (40,)
assert not any(name.partition(".")[0] == "sklearn" for name in sys.modules)
print("works")
"""


def test_it_works_without_scikit_learn():
    run = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    lines = run.stdout.splitlines()
    assert lines[-1] == "works"
    assert lines[0].startswith("[GaussianBernoulliRBM] Iteration 1, pseudo-likelihood = -")


VARIANTS = [
    {}, {"k": 3}, {"persistent": True}, {"momentum": 0.9}, {"weight_decay": 0.01},
    {"variance_rate": 1.0}, {"variance_rate": 0.0},
]  # fmt: skip


@pytest.mark.parametrize("parameters", VARIANTS)
def test_the_same_seed_gives_the_same_bits_on_any_number_of_threads(parameters):
    wide = np.random.default_rng(2).normal(size=(90, 130))
    models = [
        GaussianBernoulliRBM(
            70, batch_size=32, n_iter=2, random_state=1, num_threads=threads, **parameters
        ).fit(wide)
        for threads in (1, 2, 3)
    ]
    draws = [
        (
            model.transform(wide), model.free_energy(wide), model.score_samples(wide),
            model.reconstruct(wide), model.gibbs(wide), model.sample(40, 10),
        )
        for model in models
    ]  # fmt: skip
    for model, drawn in zip(models[1:], draws[1:], strict=True):
        assert same(model, models[0])
        for one, other in zip(drawn, draws[0], strict=True):
            assert (one == other).all()


@pytest.mark.parametrize("parameters", VARIANTS[1:])
def test_every_parameter_changes_the_training(parameters):
    base, other = fitted(), fitted(**parameters)
    assert (base.components_ != other.components_).any()
    learned = (other.variances_ != fitted(n_iter=0).variances_).all()
    assert learned == (parameters.get("variance_rate") != 0.0)


def test_a_fit_is_its_updates_one_by_one():
    whole = fitted(n_iter=2, momentum=0.5)
    model = fitted(n_iter=0, momentum=0.5)
    for _ in range(2):
        for first in range(0, 45, 10):
            model.partial_fit(X[first : first + 10])
    assert same(model, whole)


def test_what_is_pickled_or_copied_goes_on_with_the_same_bits():
    for parameters in ({"momentum": 0.5}, {"persistent": True}):
        model = fitted(**parameters)
        model.gibbs(X)
        again, other = pickle.loads(pickle.dumps(model)), copy.deepcopy(model)
        assert (again.gibbs(X) == model.gibbs(X)).all()
        for one in (model, again, other):
            one.partial_fit(X[:10]).partial_fit(X[10:20])
        assert same(model, again)
        assert same(model, other)


def test_other_parameters_count_from_the_next_update_and_chains_go_on():
    model = fitted()
    chains, before = model.h_samples_, model.components_
    model.set_params(k=5, momentum=0.9, learning_rate=1e-300)
    model.partial_fit(X[:10])
    assert model._trained.options.k == 5
    assert (model.components_ == before).all()
    assert model.h_samples_.shape == chains.shape
    model.set_params(k=0)
    with pytest.raises(ValueError, match="k must be"):
        model.partial_fit(X)


def test_other_parameters_count_for_what_was_copied_too():
    model = fitted()
    copied = pickle.loads(pickle.dumps(model))
    for one in (model, copied):
        one.set_params(k=5, momentum=0.9).partial_fit(X[:10])
    assert copied._trained.options.k == 5
    assert (copied.components_ == model.components_).all()


def test_training_does_not_depend_on_the_units_of_the_data():
    factor, shift = np.array([1.0, 1e3, 1e-3, 5.0, 1.0, 1e6]), np.array([0, 0, 1, 7, -1e3, 1e6])
    base = fitted(n_iter=30)
    other = fitted(X * factor + shift, n_iter=30)
    assert np.allclose(other.transform(X * factor + shift), base.transform(X), atol=1e-6)
    assert np.allclose(other.components_, base.components_ * factor, rtol=1e-4, atol=1e-6 * factor)


def test_powers_of_two_as_units_change_no_bit():
    rng = np.random.default_rng(4)
    rows = rng.normal(size=(200, 5)) + 14.0 * np.eye(5)[rng.integers(0, 4, 200)]
    factor = 2.0 ** np.array([0, 10, -7, 3, 20])
    base, other = fitted(rows), fitted(rows * factor)
    assert (other.components_ == base.components_ * factor).all()
    assert (other.transform(rows * factor) == base.transform(rows)).all()
    # Growth ends at a unit or at its opposite; it is the one that is on in fewer rows.
    start = fitted(rows, n_iter=0).transform(rows)
    assert (start.mean(axis=0) < 0.5).all()


def test_single_precision_stays_single():
    model = fitted(X.astype(np.float32))
    for values in (
        model.components_, model.variances_, model.transform(X.astype(np.float32)),
        model.sample(2, 3), model.mean([[0, 1, 0, 1]]), model.reconstruct(X), model.gibbs(X),
    ):  # fmt: skip
        assert values.dtype == np.float32
    assert model.transform(X).dtype == np.float64
    assert fitted().sample(2, 3).dtype == np.float64


def test_sparse_integer_and_boolean_data_are_taken_as_they_are():
    from scipy.sparse import csr_array

    whole = np.random.default_rng(3).integers(0, 3, (30, 5))
    expected = fitted(whole.astype(float))
    assert same(fitted(whole), expected)
    assert same(fitted(whole.tolist()), expected)
    assert same(fitted(csr_array(whole)), expected)
    assert same(fitted(np.asfortranarray(whole)), expected)
    assert same(fitted(whole > 1), fitted((whole > 1).astype(float)))


def test_constant_columns_are_harmless():
    flat = X.copy()
    flat[:, 0], flat[:, 1] = 0.0, 0.1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = fitted(flat, n_iter=100, variance_rate=1.0)
    assert np.isfinite(model.components_).all()
    assert (model.variances_[:2] == 1.0).all()
    assert (model.variances_[2:] != X.var(axis=0)[2:]).all()
    assert np.isfinite(fitted(X[:1]).components_).all()
    assert fitted(np.zeros((3, 2))).variances_.tolist() == [1.0, 1.0]


def test_divergence_is_named_and_the_parameters_before_it_are_kept():
    model = GaussianBernoulliRBM(4, learning_rate=1e30, random_state=0)
    with pytest.raises(ValueError, match=r"training diverged at update \d+.*lower learning_rate"):
        model.fit(X)
    assert np.isfinite(model.components_).all()
    model = GaussianBernoulliRBM(
        4, learning_rate=0.1, variance_rate=100.0, persistent=True, random_state=0
    )
    with pytest.raises(ValueError, match="the variance of feature 0 has collapsed") as caught:
        model.fit(np.repeat([[0.0], [1.0]], [999, 1], axis=0))
    assert "the parameters before it are kept" in str(caught.value)
    assert 0 < model.variances_[0] < 1


def test_callbacks_progress_and_interrupts_work_as_in_the_other_machine():
    seen, told = [], []

    def look(epoch):
        seen.append((epoch.number, epoch.updates))
        assert np.isfinite(epoch.pseudo_likelihood)
        assert epoch.reconstruction_error > 0
        return epoch.number == 2

    model = GaussianBernoulliRBM(3, n_iter=4, random_state=0)
    model.fit(X, callbacks=[look], progress=lambda *count: told.append(count))
    assert seen == [(1, 5), (2, 10)]
    assert told[-1] == (10, 20)

    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        model.fit(X, callbacks=[interrupt])
    assert "interrupted after 5 of 20 updates" in caught.value.__notes__[0]


PARAMETERS = [
    ({"n_components": 0}, ValueError, "n_components must be an integer >= 1, got 0"),
    ({"batch_size": 0}, ValueError, "batch_size must be an integer >= 1, got 0"),
    ({"n_iter": -1}, ValueError, "n_iter must be an integer >= 0, got -1"),
    ({"verbose": -1}, ValueError, "verbose must be an integer >= 0, got -1"),
    ({"k": 0}, ValueError, "k must be an integer >= 1, got 0"),
    ({"persistent": "no"}, TypeError, "persistent must be True or False, got 'no'"),
    ({"learning_rate": 0}, ValueError, "learning_rate must be > 0, got 0"),
    ({"learning_rate": "fast"}, TypeError, "learning_rate must be a real number, got 'fast'"),
    ({"learning_rate": lambda *_: -1.0}, ValueError, r"learning_rate\(update\) must be >= 0"),
    ({"variance_rate": -0.1}, ValueError, "variance_rate must be >= 0, got -0.1"),
    ({"variance_rate": np.nan}, ValueError, "variance_rate must be a number, got nan"),
    ({"momentum": 1.0}, ValueError, "momentum must be below 1, got 1.0"),
    ({"weight_decay": -1.0}, ValueError, "weight_decay must be >= 0, got -1.0"),
    ({"num_threads": 0}, ValueError, "num_threads must be an integer >= 1, got 0"),
    ({"random_state": -1}, ValueError, "random_state must be None, an integer >= 0"),
]  # fmt: skip


@pytest.mark.parametrize(("parameters", "error", "message"), PARAMETERS)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_bad_parameters_are_named(parameters, error, message, method):
    model = GaussianBernoulliRBM(**({"n_iter": 1} | parameters))
    with pytest.raises(error, match=message):
        getattr(model, method)(X)
    assert not hasattr(model, "components_")


TABLES = [
    (np.zeros((0, 6)), ValueError, r"0 sample\(s\)"),
    (np.zeros((5, 0)), ValueError, r"0 feature\(s\)"),
    (np.zeros(6), ValueError, "Reshape your data"),
    ([[0.0] * 6, [1.0]], ValueError, "rows of unequal length"),
    (np.full((2, 6), np.nan), ValueError, "got NaN in row 0, column 0"),
    ([[0.0] * 6, [0, 0, -np.inf, 0, 0, 0]], ValueError, r"infinity \(-inf\) in row 1, column 2"),
    (np.full((1, 6), 1e101), ValueError, "at most 1e100"),
    (np.zeros((2, 6), complex), ValueError, "Complex data not supported"),
    ([["a"] * 6], ValueError, "X must hold real numbers, got dtype <U1"),
]  # fmt: skip
METHODS = [
    "partial_fit", "transform", "score_samples", "gibbs", "free_energy", "log_likelihood",
    "reconstruct",
]  # fmt: skip


@pytest.mark.parametrize(("table", "error", "message"), TABLES)
@pytest.mark.parametrize("method", ["fit", *METHODS])
def test_bad_data_are_named(table, error, message, method):
    model = GaussianBernoulliRBM(2, n_iter=1, random_state=0)
    if method != "fit":
        model.fit(X)
    if method == "gibbs":
        message = message.replace("X must hold real", "v must hold real")
    with pytest.raises(error, match=message):
        getattr(model, method)(table)


@pytest.mark.parametrize("method", METHODS)
def test_another_number_of_features_and_a_missing_fit_are_named(method):
    from sklearn.exceptions import NotFittedError

    message = f"{'v' if method == 'gibbs' else 'X'} has 4 features, but GaussianBernoulliRBM is exp"
    with pytest.raises(ValueError, match=message):
        getattr(fitted(), method)(X[:, :4])
    if method != "partial_fit":
        with pytest.raises(NotFittedError, match="This GaussianBernoulliRBM instance is not"):
            getattr(GaussianBernoulliRBM(), method)(X)


def test_learned_arrays_cannot_be_written_to_but_assigned():
    model = fitted()
    for name in NAMES:
        array = getattr(model, name)
        with pytest.raises(ValueError, match="read-only"):
            array += 1
    for name, value, message in (
        ("components_", np.zeros((4, 5)), r"components_ must hold real numbers of shape \(4, 6\)"),
        ("components_", np.full((4, 6), np.nan), "components must be finite"),
        ("variances_", np.zeros(6), "variances must be above"),
        ("variances_", -np.ones(6), "variances must be above"),
        ("intercept_hidden_", ["a"] * 4, "intercept_hidden_ must hold real numbers"),
        ("h_samples_", np.zeros((3, 4)), r"h_samples_ must have shape \(10, 4\), got \(3, 4\)"),
        ("h_samples_", np.full((10, 4), 0.5), "h_samples_ must hold only 0 and 1, got 0.5"),
    ):
        with pytest.raises(ValueError, match=message):
            setattr(model, name, value)
    model.variances_ = np.arange(1.0, 7.0)
    assert model.variances_.tolist() == [1, 2, 3, 4, 5, 6]
    model.h_samples_ = np.ones((10, 4))
    assert (model.h_samples_ == 1).all()


def test_other_bad_arguments_are_named():
    model = fitted()
    for arguments, message in (
        ({"n": 0}, "n must be an integer >= 1, got 0"),
        ({"n_steps": 0}, "n_steps must be an integer >= 1, got 0"),
        ({"initial": [0.0]}, r"initial must have shape \(6,\) or \(1, 6\), got \(1,\)"),
        ({"n": 3, "initial": X[:2]}, r"initial must have shape \(6,\) or \(3, 6\)"),
        ({"initial": [np.nan] * 6}, "initial must hold finite numbers"),
    ):
        for method in (model.sample, model.sample_means):
            with pytest.raises(ValueError, match=message):
                method(**({"n_steps": 2} | arguments))
    with pytest.raises(ValueError, match=r"hidden must have shape \(n_samples, 4\), got \(4,\)"):
        model.mean([0, 1, 0, 1])
    with pytest.raises(ValueError, match=r"hidden must lie in \[0, 1\], got -1"):
        model.mean([[0, 1, 0, -1]])
    with pytest.raises(ValueError, match="visible and hidden must have as many rows, got 45, 1"):
        model.energy(X, [[0, 1, 0, 1]])
    with pytest.raises(ValueError, match="n_components must be at most 30 to be summed over"):
        GaussianBernoulliRBM(31, n_iter=0).fit(X).log_likelihood(X)
    with pytest.raises(MemoryError, match="a machine of 2000000000 x 6 weights"):
        GaussianBernoulliRBM(2 * 10**9).fit(X)
    with pytest.raises(MemoryError, match="n: 2000000000 chains of 6 units"):
        model.sample(2 * 10**9)
    with pytest.raises(TypeError, match="callbacks must be callables, got 3"):
        model.fit(X, callbacks=[3])
