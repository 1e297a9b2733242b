"""Bad input never reaches a kernel: the exception names the argument and what was expected."""

import warnings

import numpy as np
import pytest

from machines.enumeration import striped
from spinglass import BernoulliRBM

X = striped(20, 5, seed=1)

PARAMETERS = [
    ({"n_components": 0}, ValueError, "n_components must be an integer >= 1, got 0"),
    ({"n_components": 2.5}, TypeError, "n_components must be an integer"),
    ({"batch_size": 0}, ValueError, "batch_size must be an integer >= 1, got 0"),
    ({"n_iter": -1}, ValueError, "n_iter must be an integer >= 0, got -1"),
    ({"verbose": -1}, ValueError, "verbose must be an integer >= 0, got -1"),
    ({"verbose": "yes"}, TypeError, "verbose must be an integer"),
    ({"k": 0}, ValueError, "k must be an integer >= 1, got 0"),
    ({"k": True}, TypeError, "k must be an integer >= 1, got True"),
    ({"persistent": "no"}, TypeError, "persistent must be True or False, got 'no'"),
    ({"n_chains": 0}, ValueError, "n_chains must be an integer >= 1, got 0"),
    ({"learning_rate": 0}, ValueError, "learning_rate must be > 0, got 0"),
    ({"learning_rate": -0.1}, ValueError, "learning_rate must be > 0, got -0.1"),
    ({"learning_rate": np.nan}, ValueError, "learning_rate must be a number, got nan"),
    ({"learning_rate": np.inf}, ValueError, "learning_rate must be finite, got inf"),
    ({"learning_rate": "fast"}, TypeError, "learning_rate must be a real number, got 'fast'"),
    ({"learning_rate": (0.1,)}, ValueError, r"learning_rate must be \(first, last\)"),
    ({"learning_rate": (0.1, -0.1)}, ValueError, "learning_rate must not be negative"),
    ({"learning_rate": lambda *_: -1.0}, ValueError, r"learning_rate\(update\) must be >= 0"),
    ({"learning_rate": lambda *_: "x"}, TypeError, r"learning_rate\(update\) must be a real"),
    ({"momentum": 1.0}, ValueError, "momentum must be below 1, got 1.0"),
    ({"momentum": -0.1}, ValueError, "momentum must be between 0 and 1, got -0.1"),
    ({"weight_decay": -1.0}, ValueError, "weight_decay must be >= 0, got -1.0"),
    ({"sparsity": 0.1}, TypeError, r"sparsity must be None or \(target, cost\), got 0.1"),
    ({"sparsity": (0.0, 1.0)}, ValueError, "0 < target < 1"),
    ({"sparsity": (0.5, -1.0)}, ValueError, "cost >= 0"),
    ({"centered": 1}, TypeError, "centered must be True or False, got 1"),
    ({"precision": "double"}, ValueError, 'precision must be "full" or "fast", got \'double\''),
    ({"num_threads": 0}, ValueError, "num_threads must be an integer >= 1, got 0"),
    ({"tempering": [0.0, 0.5]}, ValueError, "tempering must end at beta = 1, got 0.5"),
    ({"tempering": [0.5, 0.2, 1.0]}, ValueError, "tempering must ascend strictly"),
    ({"tempering": [-1.0, 1.0]}, ValueError, "tempering must be numbers >= 0, got -1"),
    ({"tempering": [0.5, 1.0], "persistent": False}, ValueError, "persistent must be True"),
    ({"random_state": -1}, ValueError, "random_state must be None, an integer >= 0"),
    ({"random_state": "x"}, TypeError, "random_state must be None, an integer >= 0"),
]  # fmt: skip


@pytest.mark.parametrize(("parameters", "error", "message"), PARAMETERS)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_bad_parameters_are_named(parameters, error, message, method):
    model = BernoulliRBM(**({"n_iter": 1} | parameters))
    with pytest.raises(error, match=message):
        getattr(model, method)(X)
    assert not hasattr(model, "components_")


TABLES = [
    (np.zeros((0, 5)), ValueError, r"0 sample\(s\) \(shape=\(0, 5\)\) while a minimum of 1"),
    (np.zeros((5, 0)), ValueError, r"0 feature\(s\) \(shape=\(5, 0\)\) while a minimum of 1"),
    ([], ValueError, "Expected 2D array, got 1D array"),
    (np.zeros(5), ValueError, "Reshape your data"),
    (1.0, ValueError, "Expected 2D array, got scalar array"),
    (np.zeros((2, 2, 5)), ValueError, r"\(n_samples, n_features\), got \(2, 2, 5\)"),
    ([[0, 1, 0, 1, 0], [0, 1]], ValueError, "rows of unequal length"),
    (np.full((2, 5), np.nan), ValueError, "got NaN in row 0, column 0"),
    ([[0, 1, 0, 1, 0], [0, 0, -np.inf, 0, 0]], ValueError, r"infinity \(-inf\) in row 1, column 2"),
    (np.full((1, 5), 1e300), ValueError, r"single precision, got 1e\+300"),
    (np.zeros((2, 5), complex), ValueError, "Complex data not supported"),
    ([["a"] * 5], ValueError, "X must hold real numbers, got dtype <U1"),
    (np.array([[{}] * 5]), TypeError, "argument must be a string or a real number"),
    (np.ma.masked_equal(np.eye(5), 1), ValueError, "masked values"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "error", "message"), TABLES)
@pytest.mark.parametrize("method", ["fit", "partial_fit", "transform", "score_samples", "gibbs"])
def test_bad_data_are_named(table, error, message, method):
    model = BernoulliRBM(2, n_iter=1)
    if method not in ("fit", "partial_fit"):
        model.fit(X)
    if method == "gibbs":
        message = message.replace("X must hold real", "v must hold real")
    with pytest.raises(error, match=message):
        getattr(model, method)(table)


METHODS = [
    "partial_fit", "transform", "score_samples", "gibbs", "free_energy", "log_likelihood",
    "reconstruct", "equilibration",
]  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
def test_another_number_of_features_is_named(method):
    model = BernoulliRBM(2, n_iter=1).fit(X)
    name = "v" if method == "gibbs" else "X"
    message = f"{name} has 4 features, but BernoulliRBM is expecting 5 features as input"
    with pytest.raises(ValueError, match=message):
        getattr(model, method)(X[:, :4])


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint8, np.int64, np.float16, ">f8", object])
def test_whole_numbers_and_booleans_are_the_same_data(dtype):
    expected = BernoulliRBM(2, n_iter=2, random_state=0).fit(X.astype(float))
    model = BernoulliRBM(2, n_iter=2, random_state=0).fit(X.astype(dtype))
    assert (model.components_ == expected.components_).all()
    assert (model.transform(X.astype(dtype)) == expected.transform(X)).all()
    model.partial_fit(X.astype(dtype))
    expected.partial_fit(X.tolist())
    assert (model.components_ == expected.components_).all()


def test_the_layout_of_an_array_does_not_matter():
    expected = BernoulliRBM(2, n_iter=1, random_state=0).fit(X)
    wide = np.zeros((40, 10))
    wide[::2, ::2] = X
    readonly = X.copy()
    readonly.flags.writeable = False
    for same in (np.asfortranarray(X), wide[::2, ::2], readonly):
        model = BernoulliRBM(2, n_iter=1, random_state=0).fit(same)
        model.partial_fit(same)
        assert (model.transform(same) == model.transform(X)).all()
    assert expected.components_.shape == (2, 5)


@pytest.mark.parametrize("values", [X * 255, X * -1.0, X.astype(np.float32) * 1.5])
@pytest.mark.parametrize("method", ["fit", "partial_fit", "fit_transform"])
def test_values_outside_the_unit_interval_give_one_warning(values, method):
    # So small a rate that nothing saturates, which would be a second warning.
    model = BernoulliRBM(2, n_iter=3, learning_rate=1e-9)
    with pytest.warns(UserWarning, match=r"outside \[0, 1\]") as caught:
        getattr(model, method)(values)
    assert len(caught) == 1
    assert np.isfinite(model.components_).all()


def test_bytes_above_one_do_not_wrap_around():
    model = BernoulliRBM(2, n_iter=0, random_state=0).fit(X)
    grey = np.random.default_rng(0).integers(0, 256, (50, 5), dtype=np.uint8)
    with pytest.warns(UserWarning, match=r"outside \[0, 1\]"):
        assert (model.score_samples(grey) == model.score_samples(grey.astype(float))).all()


def test_a_batch_larger_than_the_data_is_allowed():
    model = BernoulliRBM(2, batch_size=64, n_iter=2).fit(X)
    assert model.h_samples_.shape == (64, 2)
    assert model._trained.trainer.updates == 2


def test_constant_and_empty_columns_are_harmless():
    flat = X.copy()
    flat[:, 0], flat[:, 1] = 0, 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for centered in (False, True):
            model = BernoulliRBM(3, n_iter=50, centered=centered, random_state=0).fit(flat)
            assert np.isfinite(model.components_).all()
            drawn = model.sample(200, 50).mean(axis=0)
            assert drawn[0] < 0.5 < drawn[1]
        BernoulliRBM(2, n_iter=2).fit(np.zeros((10, 3)))


def test_learned_arrays_cannot_be_written_to_but_assigned():
    model = BernoulliRBM(2, n_iter=1, random_state=0).fit(X)
    for name in ("components_", "intercept_hidden_", "intercept_visible_", "h_samples_"):
        array = getattr(model, name)
        assert array is getattr(model, name)  # one copy serves until the next update
        with pytest.raises(ValueError, match="read-only"):
            array += 1
    kept = model.components_
    model.partial_fit(X)
    assert (model.components_ != kept).any()

    model.components_ = kept * 2
    assert (model.components_ == kept * 2).all()
    assert np.allclose(model.transform(X)[:, 0], 1 / (1 + np.exp(
        -(X @ (2 * kept[0]) + model.intercept_hidden_[0]))), atol=1e-5)  # fmt: skip
    model.intercept_hidden_ = [1, 2]
    assert model.intercept_hidden_.tolist() == [1.0, 2.0]
    model.h_samples_ = np.ones((10, 2))
    assert (model.h_samples_ == 1).all()

    for name, value, message in (
        ("components_", np.zeros((2, 4)), r"components_ must hold real numbers of shape \(2, 5\)"),
        ("components_", np.full((2, 5), np.nan), "components_ must hold finite numbers"),
        ("intercept_visible_", [1e300] * 5, "intercept_visible_ must hold finite numbers"),
        ("intercept_hidden_", ["a", "b"], "intercept_hidden_ must hold real numbers"),
        ("h_samples_", np.zeros((3, 2)), r"h_samples_ must have shape \(10, 2\), got \(3, 2\)"),
        ("h_samples_", np.full((10, 2), 0.5), "h_samples_ must hold only 0 and 1, got 0.5"),
    ):
        with pytest.raises(ValueError, match=message):
            setattr(model, name, value)
    with pytest.raises(AttributeError, match="not fitted"):
        BernoulliRBM().components_ = kept


SAMPLING = [
    ({"n": 0}, "n must be an integer >= 1, got 0"),
    ({"n_steps": 0}, "n_steps must be an integer >= 1, got 0"),
    ({"every": 0}, "every must be an integer >= 1, got 0"),
    ({"every": 1, "means": True}, "every must be None"),
    ({"clamp": [True] * 5}, "clamp needs initial"),
    ({"initial": [0, 1]}, r"initial must have shape \(5,\) or \(n_samples, 5\), got \(2,\)"),
    ({"initial": [0.5] * 5}, "initial must hold only 0 and 1, got 0.5"),
    ({"n": 3, "initial": X[:2]}, r"initial must have shape \(5,\) or \(3, 5\)"),
    ({"initial": X[0], "clamp": [True]}, r"clamp must have shape \(5,\), got \(1,\)"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "message"), SAMPLING)
def test_bad_arguments_of_sampling_are_named(arguments, message):
    model = BernoulliRBM(2, n_iter=1).fit(X)
    with pytest.raises(ValueError, match=message):
        model.sample(**({"n_steps": 2} | arguments))


def test_other_bad_arguments_are_named():
    model = BernoulliRBM(2, n_iter=1).fit(X)
    with pytest.raises(TypeError, match="clamp must be a boolean mask, got dtype int64"):
        model.reconstruct(X, clamp=np.array([1, 0, 1, 0, 1]))
    with pytest.raises(ValueError, match="clamp must hold booleans, got masked values"):
        model.reconstruct(X, clamp=np.ma.masked_equal([True, False, True, False, True], True))
    with pytest.raises(ValueError, match="clamp must be an array of booleans, got rows of"):
        model.reconstruct(X, clamp=[[True] * 5, [True]])
    with pytest.raises(ValueError, match="X must hold only 0 and 1"):
        model.reconstruct(X * 0.5, clamp=np.ones(5, bool))
    with pytest.raises(ValueError, match='method must be "auto", "exact", "ais" or "reverse-ais"'):
        model.log_partition("bridge")
    for betas in (1, [0.0], [0.0, 0.5], [0.5, 1.0], [0.0, 0.7, 0.3, 1.0]):
        with pytest.raises(ValueError, match="betas must"):
            model.log_partition("ais", betas=betas)
    with pytest.raises(ValueError, match="n_chains must be an integer >= 2, got 1"):
        model.log_partition("ais", n_chains=1)
    with pytest.raises(ValueError, match="n_steps must be an integer >= 8, got 7"):
        model.equilibration(n_steps=7)
    with pytest.raises(ValueError, match="visible and hidden must have as many rows, got 2, 1"):
        model.energy(X[:2], [[0, 1]])
    with pytest.raises(TypeError, match="callbacks must be a sequence"):
        model.fit(X, callbacks=print)
    with pytest.raises(TypeError, match="callbacks must be callables, got 3"):
        model.fit(X, callbacks=[3])
    with pytest.raises(TypeError, match="progress must be False, True or a callable"):
        model.fit(X, progress="bar")
    with pytest.raises(ValueError, match="every needs checkpoint"):
        model.fit(X, every=2)


def test_what_does_not_fit_in_memory_is_named():
    with pytest.raises(MemoryError, match="n_iter: the learning rates of"):
        BernoulliRBM(2, n_iter=2**50).fit(X)
    with pytest.raises(MemoryError, match="a machine of 2000000000 x 5 weights"):
        BernoulliRBM(2 * 10**9, n_iter=1).fit(X)
    model = BernoulliRBM(2, n_iter=1).fit(X)
    with pytest.raises(MemoryError, match="n: 2000000000 chains of 5 units"):
        model.sample(2 * 10**9)
    with pytest.raises(MemoryError, match="every: the states kept"):
        model.sample(100, 10**12, every=1)


UNFITTED = [
    "transform", "score_samples", "gibbs", "free_energy", "log_likelihood", "reconstruct",
    "sample", "log_partition", "equilibration", "to_ising", "get_feature_names_out",
]  # fmt: skip


@pytest.mark.parametrize("method", UNFITTED)
def test_what_needs_a_fit_says_so(method):
    from sklearn.exceptions import NotFittedError

    data = [X] if method in METHODS else []
    with pytest.raises(NotFittedError, match="This BernoulliRBM instance is not fitted yet"):
        getattr(BernoulliRBM(), method)(*data)
