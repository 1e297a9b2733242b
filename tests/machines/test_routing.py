"""Weights and other metadata through the tools of scikit-learn."""

import pickle

import numpy as np
import pytest

from machines.enumeration import striped
from spinglass import BernoulliRBM, GaussianBernoulliRBM, InverseIsing

sklearn = pytest.importorskip("sklearn")

X = striped(60, 8, seed=1)
WEIGHTS = np.random.default_rng(2).integers(1, 6, 60).astype(float)


@pytest.fixture
def routed():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


def small(**parameters):
    return BernoulliRBM(3, **({"n_iter": 2, "random_state": 0} | parameters))


def asking(**parameters):
    model = small(**parameters).set_fit_request(sample_weight=True)
    return model.set_score_request(sample_weight=True)


@pytest.mark.usefixtures("routed")
@pytest.mark.parametrize(
    ("model", "rows"),
    [
        (small(), X),
        (GaussianBernoulliRBM(3, n_iter=2, random_state=0), X + 0.25),
        (InverseIsing(l2=0.1), 2 * X.astype(int) - 1),
    ],
    ids=lambda x: type(x).__name__,
)
def test_cross_validation_passes_the_weights_of_each_fold(model, rows):
    from sklearn.model_selection import KFold, cross_validate

    model.set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
    folds = KFold(3)
    found = cross_validate(model, rows, cv=folds, params={"sample_weight": WEIGHTS})
    for (train, test), score in zip(folds.split(rows), found["test_score"], strict=True):
        one = type(model)(**model.get_params()).fit(rows[train], sample_weight=WEIGHTS[train])
        assert one.score(rows[test], sample_weight=WEIGHTS[test]) == score
        assert one.score(rows[test]) != score


@pytest.mark.usefixtures("routed")
def test_a_search_passes_weights_and_finds_the_best_mean_likelihood():
    from sklearn.model_selection import GridSearchCV

    search = GridSearchCV(asking(), {"n_iter": [0, 30], "k": [1, 2]}, cv=3)
    search.fit(X, sample_weight=WEIGHTS)
    assert search.best_params_["n_iter"] == 30
    best = small(**search.best_params_).fit(X, sample_weight=WEIGHTS)
    assert (search.best_estimator_.components_ == best.components_).all()
    assert search.score(X, sample_weight=WEIGHTS) == best.score(X, sample_weight=WEIGHTS)


@pytest.mark.usefixtures("routed")
def test_a_pipeline_passes_weights_under_the_name_that_was_asked_for():
    from sklearn.naive_bayes import GaussianNB
    from sklearn.pipeline import make_pipeline

    y = X[:, 0]
    model = small().set_fit_request(sample_weight="rows")
    pipeline = make_pipeline(model, GaussianNB().set_fit_request(sample_weight=False))
    pipeline.fit(X, y, rows=WEIGHTS)
    expected = small().fit(X, sample_weight=WEIGHTS)
    assert (pipeline[0].components_ == expected.components_).all()


@pytest.mark.usefixtures("routed")
def test_weights_that_nobody_asked_for_are_refused():
    from sklearn.exceptions import UnsetMetadataPassedError
    from sklearn.model_selection import cross_validate

    with pytest.raises(UnsetMetadataPassedError, match="sample_weight"):
        cross_validate(small(), X, params={"sample_weight": WEIGHTS})


@pytest.mark.usefixtures("routed")
def test_requests_are_cloned_pickled_and_changed():
    from sklearn.base import clone

    model = asking().set_partial_fit_request(sample_weight="w")
    for copied in (clone(model), pickle.loads(pickle.dumps(model))):
        request = copied.get_metadata_routing()
        assert request.fit.requests["sample_weight"] is True
        assert request.partial_fit.requests["sample_weight"] == "w"
        assert request.score.requests == {"sample_weight": True}
    copied.set_fit_request(sample_weight=False)
    assert copied.get_metadata_routing().fit.requests["sample_weight"] is False
    assert model.get_metadata_routing().fit.requests["sample_weight"] is True
    assert small().get_metadata_routing().fit.requests["sample_weight"] is None
    assert "callbacks" in small().get_metadata_routing().fit.requests


@pytest.mark.usefixtures("routed")
def test_a_request_for_what_a_method_does_not_take_is_named():
    with pytest.raises(TypeError, match="score takes no 'weights', only sample_weight"):
        small().set_score_request(weights=True)
    with pytest.raises(ValueError, match="sample_weight"):
        small().set_fit_request(sample_weight="not a name")


def test_requests_need_routing_and_weights_do_not():
    from sklearn.pipeline import make_pipeline

    with pytest.raises(RuntimeError, match="enable_metadata_routing=True"):
        small().set_fit_request(sample_weight=True)
    pipeline = make_pipeline(small()).fit(X, bernoullirbm__sample_weight=WEIGHTS)
    expected = small().fit(X, sample_weight=WEIGHTS)
    assert (pipeline[0].components_ == expected.components_).all()
    assert (small().fit_transform(X, sample_weight=WEIGHTS) == expected.transform(X)).all()


def test_cross_validation_scores_the_mean_log_likelihood():
    from sklearn.model_selection import KFold, cross_val_score

    scores = cross_val_score(small(), X, cv=KFold(3))
    expected = [
        small().fit(X[train]).log_likelihood(X[test]).value for train, test in KFold(3).split(X)
    ]
    assert scores.tolist() == expected
