"""The manners of a scikit-learn estimator, with scikit-learn and without."""

import pickle
import subprocess
import sys
import warnings

import numpy as np
import pytest

from inverse.models import drawn, glass
from spinglass import InverseIsing

X = drawn(*glass(5, seed=1), 200, seed=1)


class Signs(InverseIsing):
    """Takes any numbers: up is above the median, or the first of two rows that are equal there."""

    def fit(self, X, y=None, sample_weight=None):
        from sklearn.utils.validation import validate_data

        rows = validate_data(self, X, dtype=np.float64)
        self._medians = np.median(rows, axis=0)
        names = getattr(self, "feature_names_in_", None)
        super().fit(self._signs(rows), sample_weight=sample_weight)
        if names is not None:
            self.feature_names_in_ = names
        return self

    def score(self, X, y=None, sample_weight=None):
        from sklearn.utils.validation import check_is_fitted, validate_data

        check_is_fitted(self)
        rows = validate_data(self, X, dtype=np.float64, reset=False)
        names = self.__dict__.pop("feature_names_in_", None)
        try:
            return super().score(self._signs(rows), sample_weight=sample_weight)
        finally:
            if names is not None:
                self.feature_names_in_ = names

    def _signs(self, rows):
        return np.where(rows > self._medians, 1, -1)


def checked(model):
    from sklearn.utils.estimator_checks import check_estimator

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has no base class of scikit-learn
        return check_estimator(model, on_skip=None, on_fail=None)


def test_scikit_learn_finds_nothing_to_check_but_that_numbers_are_no_spins():
    results = checked(InverseIsing(l2=0.1))
    passed = [result["check_name"] for result in results if result["status"] == "passed"]
    assert len(passed) > 15
    for result in results:
        if result["status"] == "failed":
            error = result["exception"]
            told = [str(error), str(error.__cause__), str(error.__context__)]
            assert any("X must hold only -1 and +1" in text for text in told), result


def test_scikit_learn_finds_nothing_at_all_where_numbers_become_spins():
    results = checked(Signs(l2=0.1))
    failed = {x["check_name"]: x["exception"] for x in results if x["status"] == "failed"}
    assert failed == {}
    assert len([result for result in results if result["status"] == "passed"]) > 35


def test_it_stands_in_a_pipeline_and_a_search():
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    flips = FunctionTransformer(np.negative)
    pipeline = make_pipeline(flips, InverseIsing()).fit(X)
    assert pipeline.score(X) == pytest.approx(InverseIsing().fit(X).score(X), abs=1e-9)
    search = GridSearchCV(InverseIsing(), {"l2": [1e-4, 0.01, 10.0], "method": ["flow", "tap"]})
    assert search.fit(X).best_params_["l2"] < 10.0
    assert search.best_estimator_.couplings_.shape == (5, 5)


def test_clone_takes_every_parameter_and_nothing_that_was_learned():
    from sklearn.base import clone

    parameters = {
        "method": "boltzmann", "l2": 0.1, "tol": 1e-5, "max_iter": 3, "n_chains": 50, "sweeps": 2,
        "learning_rate": 0.1, "random_state": 3, "num_threads": 1, "verbose": 0,
    }  # fmt: skip
    model = InverseIsing(**parameters)
    copied = clone(model.set_params(max_iter=20).fit(X))
    assert copied.get_params() == model.get_params() == {**parameters, "max_iter": 20, "l1": 0.0}
    assert not hasattr(copied, "couplings_")
    assert (copied.fit(X).couplings_ == model.couplings_).all()


def test_what_is_pickled_scores_the_same():
    model = InverseIsing().fit(X)
    again = pickle.loads(pickle.dumps(model))
    assert again.score(X) == model.score(X)
    assert repr(InverseIsing("tap", l2=0.5)) == "InverseIsing(l2=0.5, method='tap')"


class Frame:
    """As much of a DataFrame as an estimator looks at."""

    def __init__(self, values, columns):
        self.values, self.columns = np.asarray(values), columns

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype=dtype)


def test_names_of_columns_are_kept_and_checked():
    names = ["a", "b", "c", "d", "e"]
    model = InverseIsing().fit(Frame(X, names))
    assert model.feature_names_in_.tolist() == names
    with pytest.raises(ValueError, match="The feature names should match"):
        model.score(Frame(X, names[::-1]))
    constant = np.where(np.arange(5) == 2, 1, X)
    with pytest.raises(ValueError, match=r"column 2 \('c'\) of X is \+1 in all samples"):
        model.fit(Frame(constant, names))
    assert not hasattr(model.fit(X), "feature_names_in_")


WITHOUT = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("sklearn", "matplotlib"):
            raise ImportError("blocked")

sys.meta_path.insert(0, Blocked())
import numpy as np
import spinglass

X = np.where(np.random.default_rng(0).random((40, 4)) < 0.3, 1, -1)
model = spinglass.InverseIsing(verbose=1)
try:
    model.score(X)
except spinglass.machines.NotFittedError as error:
    assert "InverseIsing instance is not fitted yet" in str(error)
else:
    raise AssertionError
assert model.fit(X) is model and model.score(X) < 0
assert "Iteration" and "InverseIsing(" in repr(model)
try:
    model.plot()
except ImportError as error:
    assert "spinglass[plot]" in str(error)
else:
    raise AssertionError
assert not any(name.partition(".")[0] == "sklearn" for name in sys.modules)
print("works")
"""


def test_it_works_without_scikit_learn():
    run = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    lines = run.stdout.splitlines()
    assert lines[-1] == "works"
    assert lines[0].startswith("[InverseIsing] Iteration 1, objective = ")


def test_the_plot_shows_every_pair_and_the_error():
    pytest.importorskip("matplotlib")
    couplings, _ = glass(5, seed=1)
    model = InverseIsing().fit(X)
    ax = model.plot(couplings)
    points = ax.lines[0].get_xydata()
    assert len(points) == 10
    error = np.sqrt(np.mean((points[:, 1] - points[:, 0]) ** 2))
    assert f"rms error {error:.3g}" in ax.get_legend().get_texts()[0].get_text()
    picture = model.plot().images[0]
    assert (picture.get_array() == model.couplings_).all()
    with pytest.raises(ValueError, match=r"true_couplings must have shape \(5, 5\)"):
        model.plot(couplings[:3])
    with pytest.raises(ValueError, match="true_couplings must be finite, got NaN in row 1, col"):
        model.plot(np.where(np.arange(25).reshape(5, 5) == 7, np.nan, couplings))


def test_the_plot_takes_sparse_couplings():
    pytest.importorskip("matplotlib")
    from scipy.sparse import csr_array, csr_matrix

    couplings = glass(5, seed=1)[0] * (np.abs(np.subtract.outer(range(5), range(5))) == 1)
    model = InverseIsing().fit(X)
    points = model.plot(couplings).lines[0].get_xydata()
    for sparse in (csr_array, csr_matrix):
        assert (model.plot(sparse(couplings)).lines[0].get_xydata() == points).all()
    with pytest.raises(ValueError, match=r"true_couplings must have shape \(5, 5\), got \(3, 5\)"):
        model.plot(csr_array(couplings[:3]))


def test_progress_counts_iterations():
    seen = []
    model = InverseIsing(max_iter=50).fit(
        X, progress=lambda done, total: seen.append((done, total))
    )
    assert seen == [(k + 1, 50) for k in range(model.n_iter_)]
