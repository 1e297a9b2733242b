"""A callback of a fit must not train the model that is being fitted."""

import copy

import numpy as np
import pytest

from spinglass import BernoulliRBM, GaussianBernoulliRBM

ROWS = np.random.default_rng(0).integers(0, 2, (40, 6)).astype(np.float64)


@pytest.mark.parametrize("kind", [BernoulliRBM, GaussianBernoulliRBM])
@pytest.mark.parametrize("method", ["fit", "partial_fit", "fit_transform"])
def test_a_callback_that_trains_its_own_model_is_refused_and_the_model_stays(kind, method):
    model = kind(3, n_iter=4, random_state=0)
    with pytest.raises(RuntimeError, match=r"fit must not be called .* of the same model"):
        model.fit(ROWS, callbacks=[lambda epoch: getattr(model, method)(ROWS)])
    same = kind(3, n_iter=4, random_state=0).fit(ROWS, callbacks=[lambda epoch: True])
    np.testing.assert_array_equal(model.components_, same.components_)
    model.fit(ROWS)  # the fit is over, so it may be fitted again


@pytest.mark.parametrize("kind", [BernoulliRBM, GaussianBernoulliRBM])
def test_a_callback_may_train_a_copy(kind):
    copies = []

    def train_copy(epoch):
        copies.append(copy.deepcopy(epoch.model).fit(ROWS))

    kind(3, n_iter=2, random_state=0).fit(ROWS, callbacks=[train_copy])
    assert len(copies) == 2
