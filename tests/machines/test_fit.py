"""What happens in a fit: schedules, callbacks, progress, saturation, divergence, threads."""

import pickle
import warnings

import numpy as np
import pytest

from machines.enumeration import Exact, random_machine, striped
from spinglass import BernoulliRBM

X = striped(45, 8, seed=1)


def fitted(X=X, **parameters):
    return BernoulliRBM(4, **({"n_iter": 3, "random_state": 0} | parameters)).fit(X)


def test_a_fit_is_its_updates_one_by_one():
    whole = fitted(n_iter=2)
    model = fitted(n_iter=0)
    for _ in range(2):
        for first in range(0, 45, 10):
            model.partial_fit(X[first : first + 10])
    assert (model.components_ == whole.components_).all()
    assert (model.h_samples_ == whole.h_samples_).all()


VARIANTS = [
    {}, {"k": 3}, {"persistent": False}, {"n_chains": 33}, {"tempering": [0.0, 0.4, 1.0]},
    {"momentum": 0.9}, {"weight_decay": 0.01}, {"sparsity": (0.1, 0.5)}, {"centered": True},
    {"precision": "fast"},
]  # fmt: skip


@pytest.mark.parametrize("parameters", VARIANTS)
def test_the_same_seed_gives_the_same_bits_on_any_number_of_threads(parameters):
    # Large enough to be shared, and batches that do not divide the data.
    wide = striped(300, 300, seed=2)
    models = [
        BernoulliRBM(
            200, batch_size=128, n_iter=1, random_state=1, num_threads=threads, **parameters
        ).fit(wide)
        for threads in (1, 2, 3, 7)
    ]
    for model in models[1:]:
        assert (model.components_ == models[0].components_).all()
        assert (model.h_samples_ == models[0].h_samples_).all()
        assert (model.transform(wide) == models[0].transform(wide)).all()


@pytest.mark.parametrize("parameters", VARIANTS[1:])
def test_every_parameter_changes_the_training(parameters):
    base, other = fitted(), fitted(**parameters)
    assert (base.components_ != other.components_).any()


def test_learning_rates_follow_their_schedule():
    n = 15  # updates of three epochs

    def falling(update, n_updates):
        return 0.2 * (1 - update / n_updates)

    pair, function = fitted(learning_rate=(0.2, 0.0)), fitted(learning_rate=falling)
    assert np.abs(pair.components_ - function.components_).max() < 1e-6
    asked = []
    fitted(learning_rate=lambda update, total: asked.append((update, total)) or 0.1)
    assert asked == [(update, n) for update in range(n)]
    # Outside of a fit nobody knows how many updates there will be.
    model = BernoulliRBM(4, learning_rate=falling, random_state=0).partial_fit(X)
    constant = BernoulliRBM(4, learning_rate=0.2, random_state=0).partial_fit(X)
    assert (model.components_ == constant.components_).all()


def test_a_new_learning_rate_counts_from_the_next_update():
    a, b = fitted(n_iter=0), fitted(n_iter=0, learning_rate=0.3)
    a.set_params(learning_rate=0.3)
    assert (a.partial_fit(X).components_ == b.partial_fit(X).components_).all()


def test_other_parameters_count_from_the_next_update_and_chains_go_on():
    model = fitted()
    chains = model.h_samples_
    model.set_params(k=5, momentum=0.9, sparsity=(0.1, 0.1))
    model.learning_rate = 1e-30
    before = model.components_
    model.partial_fit(X[:10])
    assert model._trained.options.k == 5
    assert (model.components_ == before).all()
    assert model.h_samples_.shape == chains.shape
    model.set_params(k=0)
    with pytest.raises(ValueError, match="k must be"):
        model.partial_fit(X)
    model.set_params(k=1, tempering=[0.5, 1.0])
    with pytest.raises(ValueError, match="tempering cannot change"):
        model.partial_fit(X)


def test_other_parameters_count_for_what_was_copied_too():
    model = fitted()
    copied = pickle.loads(pickle.dumps(model))
    for one in (model, copied):
        one.set_params(k=5, momentum=0.9).partial_fit(X[:10])
    assert copied._trained.options.k == 5
    assert (copied.components_ == model.components_).all()


def test_callbacks_see_every_epoch_and_can_end_the_fit():
    seen = []

    def look(epoch):
        seen.append(epoch)
        assert epoch.pseudo_likelihood < 0
        assert 0 < epoch.reconstruction_error < 1

    model = BernoulliRBM(4, n_iter=5, learning_rate=(0.2, 0.0), random_state=0)
    model.fit(X, callbacks=[look, lambda epoch: epoch.number == 3])
    assert [epoch.number for epoch in seen] == [1, 2, 3]
    assert [epoch.updates for epoch in seen] == [5, 10, 15]
    assert {epoch.n_epochs for epoch in seen} == {5}
    assert seen[-1].learning_rate == pytest.approx(0.2 * (1 - 14 / 25))
    assert seen[0].model is model
    assert model._trained.trainer.updates == 15


def test_looking_does_not_change_the_training():
    def look(epoch):
        assert epoch.pseudo_likelihood < 0
        assert epoch.reconstruction_error > 0

    plain = fitted()
    looked = BernoulliRBM(4, n_iter=3, random_state=0).fit(X, callbacks=[look])
    shown = BernoulliRBM(4, n_iter=3, random_state=0).fit(X, progress=True)
    assert (plain.components_ == looked.components_).all()
    assert (plain.components_ == shown.components_).all()
    assert (plain.gibbs(X) == looked.gibbs(X)).all()


def test_progress_counts_updates_and_shows_how_it_learns(capsys):
    BernoulliRBM(4, n_iter=4, random_state=0).fit(X, progress=True)
    lines = capsys.readouterr().err.splitlines()
    assert lines[-1].startswith("BernoulliRBM: 20 of 20 updates")
    assert "pseudo-likelihood -" in lines[-1]
    assert "error 0." in lines[-1]
    told = []
    fitted_model = BernoulliRBM(4, n_iter=4, random_state=0)
    fitted_model.fit(X, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (20, 20)
    assert told == sorted(told)


def test_biases_can_begin_at_the_means_of_the_data():
    model = BernoulliRBM(4, n_iter=0, random_state=0)
    assert not model.fit(X).intercept_visible_.any()
    means = X.mean(axis=0)
    expected = np.log((means + 0.01) / (1.01 - means))
    found = model.fit(X, initial_bias="data").intercept_visible_
    assert np.abs(found - expected).max() < 1e-6
    assert np.isfinite(model.fit(np.zeros((3, 8)), initial_bias="data").intercept_visible_).all()
    with pytest.raises(ValueError, match='initial_bias must be "zeros" or "data", got \'half\''):
        model.fit(X, initial_bias="half")


def test_a_second_fit_starts_anew():
    model = fitted()
    first = model.components_
    assert (model.fit(X).components_ == first).all()
    generator = np.random.default_rng(0)
    model = BernoulliRBM(4, n_iter=1, random_state=generator)
    assert (model.fit(X).components_ != model.fit(X).components_).any()


def test_a_training_that_diverges_is_named_and_keeps_what_was():
    model = BernoulliRBM(4, learning_rate=1e9, n_iter=50, random_state=0, weight_decay=1e9)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # saturated before that
        with pytest.raises(ValueError, match="training diverged at update") as caught:
            model.fit(X)
    assert "lower learning_rate" in str(caught.value)
    assert np.isfinite(model.components_).all()
    assert np.isfinite(model.transform(X)).all()


def test_saturated_units_are_named_once():
    with pytest.warns(RuntimeWarning, match="4 of 4 hidden units are saturated") as caught:
        BernoulliRBM(4, learning_rate=1000.0, n_iter=5, random_state=0).fit(X)
    assert len(caught) == 1


def test_the_centred_gradient_does_not_care_what_is_called_one():
    """Data and their complement: the same machine with 0 and 1 exchanged (Cho, Raiko, Ilin 2013).

    Exchanging the visible values maps (W, b, a) to (-W, b + W 1, -a). Where chance plays no part,
    one centred update of both machines commutes with that map; the plain gradient's does not.
    """
    exact = random_machine(4, 7, seed=3, width=0.3)
    a = np.where(np.arange(7) % 2 == 0, 60.0, -60.0)  # visible units that do not depend on chance

    def updated(rows, W, b, a, centered):
        model = BernoulliRBM(4, n_iter=0, centered=centered, random_state=0).fit(rows)
        model.components_, model.intercept_hidden_, model.intercept_visible_ = W, b, a
        model.partial_fit(rows)
        return model.components_, model.intercept_hidden_, model.intercept_visible_

    rows = striped(10, 7, seed=4)
    differences = {}
    for centered in (True, False):
        W, b, _ = updated(rows, exact.W, exact.b, a, centered)
        W2, b2, _ = updated(1 - rows, -exact.W, exact.b + exact.W.sum(axis=1), -a, centered)
        differences[centered] = max(np.abs(W + W2).max(), np.abs(b + W.sum(axis=1) - b2).max())
    # Seven weights of single precision and of probabilities with 22 bits, at rate 0.1.
    assert differences[True] < 1e-5
    assert differences[False] > 1e-3


def test_data_and_their_complement_are_learned_equally_well_if_centred():
    rows = striped(120, 8, seed=11)

    def likelihoods(data, centered):
        scores = []
        for seed in range(12):
            model = BernoulliRBM(
                5, centered=centered, learning_rate=0.2, n_iter=60, batch_size=40, random_state=seed
            ).fit(data)
            exact = Exact(model.components_, model.intercept_hidden_, model.intercept_visible_)
            scores.append(-exact.free_energy(data).mean() - exact.log_partition)
        return np.mean(scores), np.std(scores, ddof=1) / np.sqrt(len(scores))

    apart = {}
    for centered in (True, False):
        (one, error), (other, other_error) = (likelihoods(x, centered) for x in (rows, 1 - rows))
        apart[centered] = abs(one - other) / np.hypot(error, other_error)
        means = rows.mean(axis=0)
        independent = (means * np.log(means) + (1 - means) * np.log(1 - means)).sum()
        assert one > independent + 0.5  # couplings were learned
    assert apart[True] < 4
    assert apart[False] > 4


def test_weights_that_grow_beyond_measure_are_named():
    X = np.random.default_rng(0).integers(0, 2, (256, 32))
    model = BernoulliRBM(
        16, learning_rate=1e6, centered=True, batch_size=64, n_iter=1, random_state=0
    )
    with pytest.warns(RuntimeWarning, match="some weight is .* the training diverges"):
        model.fit(X)


def test_numpys_true_ends_a_fit_too():
    epochs = []

    def stop(epoch):
        epochs.append(epoch.number)
        return np.float64(epoch.number) >= 3

    BernoulliRBM(2, n_iter=20, random_state=0).fit(np.eye(4), callbacks=[stop])
    assert epochs == [1, 2, 3]
