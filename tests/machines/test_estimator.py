"""The manners of a scikit-learn estimator, with scikit-learn and without."""

import copy
import inspect
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pytest

from machines.enumeration import striped
from machines.exempt import EXEMPT
from spinglass import BernoulliRBM

X = striped(60, 8, seed=1)


def small(**parameters):
    return BernoulliRBM(3, **({"n_iter": 2, "random_state": 0} | parameters))


def same_parameters(a, b):
    names = ("components_", "intercept_hidden_", "intercept_visible_", "h_samples_")
    return all((getattr(a, name) == getattr(b, name)).all() for name in names)


def test_scikit_learn_finds_nothing_to_check_but_what_is_random():
    from sklearn.utils.estimator_checks import check_estimator

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its data lie outside [0, 1]
        results = check_estimator(
            BernoulliRBM(n_iter=5),
            expected_failed_checks=EXEMPT,
            on_skip=None,
        )
    passed = [result for result in results if result["status"] == "passed"]
    assert len(passed) > 45
    assert {x["check_name"] for x in results if x["status"] == "xfail"} == set(EXEMPT)


def test_the_defaults_are_those_of_scikit_learn():
    from sklearn.neural_network import BernoulliRBM as Original

    ours = inspect.signature(BernoulliRBM).parameters
    for name, parameter in inspect.signature(Original).parameters.items():
        assert ours[name].default == parameter.default
        assert ours[name].kind == parameter.kind


def test_it_stands_in_a_pipeline_a_union_and_a_search():
    import sklearn
    from sklearn.model_selection import GridSearchCV
    from sklearn.naive_bayes import GaussianNB
    from sklearn.pipeline import make_pipeline, make_union

    y = X[:, 0]
    pipeline = make_pipeline(small(), GaussianNB())
    assert pipeline.fit(X, y).predict(X).shape == y.shape
    assert list(pipeline[:1].get_feature_names_out()) == [f"bernoullirbm{k}" for k in range(3)]
    assert "BernoulliRBM(n_components=3, n_iter=2, random_state=0)" in repr(pipeline)
    assert "BernoulliRBM" in pipeline._repr_html_()
    assert make_union(small(), small(k=2)).fit_transform(X).shape == (60, 6)
    with sklearn.config_context(enable_metadata_routing=True):
        assert pipeline.fit(X, y).predict(X).shape == y.shape
    grid = {"bernoullirbm__n_components": [2, 4], "bernoullirbm__k": [1, 2]}
    search = GridSearchCV(pipeline, grid, cv=2).fit(X, y)
    assert search.best_params_["bernoullirbm__k"] in (1, 2)


def test_clone_takes_every_parameter_and_nothing_that_was_learned():
    from sklearn.base import clone

    parameters = {
        "learning_rate": (0.2, 0.0), "batch_size": 7, "k": 2, "n_chains": 5, "momentum": 0.5,
        "tempering": (0.5, 1.0), "sparsity": (0.1, 0.01), "centered": True, "precision": "fast",
        "weight_decay": 1e-4, "num_threads": 1, "verbose": 0,
    }  # fmt: skip
    model = small(**parameters).set_output(transform="default").fit(X)
    copied = clone(model)
    assert copied.get_params() == model.get_params()
    assert parameters.items() <= copied.get_params().items()
    assert not hasattr(copied, "components_")
    assert same_parameters(copied.fit(X), model)


def test_what_is_pickled_or_copied_goes_on_with_the_same_bits():
    model = small(momentum=0.5).fit(X)
    model.gibbs(X)
    again = pickle.loads(pickle.dumps(model))
    other = copy.deepcopy(model)
    assert (again.gibbs(X) == model.gibbs(X)).all()
    for one in (model, again, other):
        one.partial_fit(X[:10]).partial_fit(X[10:20])
    assert same_parameters(model, again)
    assert same_parameters(model, other)
    assert (again.transform(X) == model.transform(X)).all()


def test_set_params_refuses_what_is_no_parameter():
    model = small().set_params(k=3, momentum=0.1)
    assert (model.k, model.momentum) == (3, 0.1)
    with pytest.raises(ValueError, match="Invalid parameter 'epochs'"):
        model.set_params(epochs=3)
    assert (
        repr(model) == "BernoulliRBM(k=3, momentum=0.1, n_components=3, n_iter=2, random_state=0)"
    )


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_data_frames_come_out_if_they_were_asked_for(kind):
    library = pytest.importorskip(kind)
    model = small().set_output(transform=kind).fit(X)
    frame = model.transform(X)
    assert isinstance(frame, library.DataFrame)
    assert list(frame.columns) == ["bernoullirbm0", "bernoullirbm1", "bernoullirbm2"]
    assert (frame.to_numpy() == model.set_output(transform="default").transform(X)).all()
    import sklearn

    with sklearn.config_context(transform_output=kind):
        assert isinstance(small().fit_transform(X), library.DataFrame)


def test_set_output_refuses_an_unknown_container():
    with pytest.raises(ValueError, match='"default", "pandas" or "polars", got \'table\''):
        small().set_output(transform="table")


class Frame:
    """As much of a DataFrame as an estimator looks at."""

    def __init__(self, values, columns):
        self.values, self.columns = np.asarray(values), columns

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype=dtype)


def test_names_of_columns_are_kept_and_checked():
    names = [f"pixel {k}" for k in range(8)]
    model = small().fit(Frame(X, names))
    assert model.feature_names_in_.tolist() == names
    model.transform(Frame(X, names))
    with pytest.raises(ValueError, match="The feature names should match"):
        model.transform(Frame(X, names[::-1]))
    with pytest.raises(ValueError, match=r"unseen at fit: \['another'\]"):
        model.transform(Frame(X, [*names[:-1], "another"]))
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        model.transform(X)
    with pytest.warns(UserWarning, match="fitted without feature names"):
        small().fit(X).transform(Frame(X, names))
    with pytest.raises(TypeError, match="all input features have string names"):
        small().fit(Frame(X, [*names[:-1], 7]))
    model.fit(X)
    assert not hasattr(model, "feature_names_in_")


WITHOUT = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "sklearn":
            raise ImportError("blocked")

sys.meta_path.insert(0, Blocked())
import pickle
import numpy as np
import spinglass
from spinglass.machines import NotFittedError

X = (np.random.default_rng(0).random((40, 6)) < 0.3).astype(float)
model = spinglass.BernoulliRBM(3, n_iter=2, verbose=1, random_state=1)
try:
    model.transform(X)
except NotFittedError as error:
    assert isinstance(error, ValueError) and isinstance(error, AttributeError)
    assert "is not fitted yet" in str(error)
else:
    raise AssertionError
assert not hasattr(model, "components_")
assert model.set_params(k=2).get_params()["k"] == 2
assert model.fit(X) is model and model.fit_transform(X).shape == (40, 3)
assert model.partial_fit(X) is model
assert model.score_samples(X).shape == (40,) and model.gibbs(X).shape == (40, 6)
assert list(model.get_feature_names_out()) == ["bernoullirbm0", "bernoullirbm1", "bernoullirbm2"]
assert model.set_output(transform="default").transform(X).shape == (40, 3)
assert (pickle.loads(pickle.dumps(model)).components_ == model.components_).all()
assert "BernoulliRBM(" in repr(model) and model._repr_mimebundle_().keys() == {"text/plain"}
assert not any(name.partition(".")[0] == "sklearn" for name in sys.modules)
print("works")
"""


def test_it_works_without_scikit_learn():
    run = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1] == "works"


def test_importing_the_package_imports_no_optional_one():
    script = """
import sys, spinglass
spinglass.BernoulliRBM(2, n_iter=1).fit([[0, 1], [1, 0]])
found = {"sklearn", "safetensors", "matplotlib", "pandas"} & set(sys.modules)
assert not found, found
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
