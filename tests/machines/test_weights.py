"""Weights of rows: what they mean in the gradient, against exact sums and against repeated rows."""

import numpy as np
import pytest

from machines.enumeration import Exact, all_states, random_machine, state_numbers, striped
from spinglass import BernoulliRBM, GaussianBernoulliRBM, InverseIsing
from spinglass.machines.rows import typical

X = striped(60, 8, seed=1)
WEIGHTS = np.random.default_rng(2).integers(1, 6, 60)
REALS = np.random.default_rng(3).normal(size=(60, 8)) + 3.0 * X
SPINS = 2 * X.astype(int) - 1
NAMES = ("components_", "intercept_hidden_", "intercept_visible_")

MACHINES = [
    (BernoulliRBM, X, {}),
    (BernoulliRBM, X, {"persistent": False, "momentum": 0.5, "centered": True}),
    (BernoulliRBM, X * 0.75 + 0.1, {"sparsity": (0.1, 0.01), "weight_decay": 1e-3}),
    (BernoulliRBM, X, {"tempering": (0.5, 1.0)}),
    (GaussianBernoulliRBM, REALS, {}),
    (GaussianBernoulliRBM, REALS, {"persistent": True, "momentum": 0.5}),
]


def same(a, b):
    return all((getattr(a, name) == getattr(b, name)).all() for name in NAMES)


@pytest.fixture(params=MACHINES, ids=lambda x: f"{x[0].__name__}-{'-'.join(x[2])}")
def machine(request):
    """A function that makes the machine, and its data."""
    kind, rows, parameters = request.param
    return lambda: kind(3, **({"n_iter": 3, "random_state": 0} | parameters)), rows


def test_equal_weights_have_the_bits_of_none(machine):
    make, rows = machine
    plain = make().fit(rows)
    assert same(make().fit(rows, sample_weight=np.full(60, 3.7)), plain)
    assert not same(make().fit(rows, None, WEIGHTS), plain)
    plain.partial_fit(rows)
    weighted = make().fit(rows).partial_fit(rows, sample_weight=[2] * 60)
    assert same(weighted, plain)


def test_a_row_of_weight_zero_is_left_out(machine):
    make, rows = machine
    weights = np.where(np.arange(60) % 3 == 0, 0, WEIGHTS)
    left = weights > 0
    expected = make().fit(rows[left], sample_weight=weights[left])
    assert same(make().fit(rows, sample_weight=weights), expected)
    assert same(make().fit(rows, sample_weight=left), make().fit(rows[left]))


def test_only_ratios_of_weights_matter(machine):
    make, rows = machine
    assert same(
        make().fit(rows, sample_weight=WEIGHTS), make().fit(rows, sample_weight=0.25 * WEIGHTS)
    )


def test_weights_do_not_depend_on_threads(machine):
    make, rows = machine
    fits = [make().set_params(num_threads=n).fit(rows, None, WEIGHTS) for n in (1, 2)]
    assert same(*fits)


@pytest.mark.parametrize("rows", [X, X * 0.75 + 0.1], ids=["units", "numbers"])
def test_an_update_of_units_with_weights_is_that_of_repeated_rows(rows):
    # One update; chains that persist are the same for both.
    def updated(rows, weights=None):
        model = BernoulliRBM(5, learning_rate=1.0, centered=True, random_state=0)
        return model.fit(X, initial_bias="data").partial_fit(rows, sample_weight=weights)

    weighted, repeated = updated(rows, WEIGHTS), updated(np.repeat(rows, WEIGHTS, axis=0))
    # The core multiplies probabilities by weight / largest weight and rounds to 2^-22, with an
    # error below 1 unit a row. Every sum of n rows in single precision adds n 2^-24 of its value.
    n, total = len(rows), WEIGHTS.sum() / WEIGHTS.max()
    bound = n / total * 2**-22 + WEIGHTS.sum() * 2**-24 * 4
    for name in NAMES:
        a, b = getattr(weighted, name), getattr(repeated, name)
        # Centring multiplies means by means, and sums over hidden units for visible biases.
        assert np.abs(a - b).max() < 5 * 5 * bound, name
    assert np.abs(weighted.components_ - updated(rows).components_).max() > 0.01


def test_an_update_of_reals_with_weights_is_that_of_repeated_rows():
    def updated(rows, weights=None):
        model = GaussianBernoulliRBM(4, learning_rate=0.1, persistent=True, random_state=0)
        return model.fit(REALS).partial_fit(rows, sample_weight=weights)

    weighted, repeated = updated(REALS, WEIGHTS), updated(np.repeat(REALS, WEIGHTS, axis=0))
    for name in (*NAMES, "variances_"):
        a, b = getattr(weighted, name), getattr(repeated, name)
        assert np.allclose(a, b, rtol=1e-10, atol=1e-10), name
    assert np.abs(weighted.components_ - updated(REALS).components_).max() > 1e-3


def test_contrastive_divergence_with_weights_is_its_exact_mean():
    exact = random_machine(3, 4, seed=5)
    kinds = all_states(4)[[0, 3, 5, 9, 14, 15]]
    weights = np.array([1.0, 7.0, 0.5, 2.0, 4.0, 0.25])
    share = weights / weights.sum()
    v, step = all_states(4), exact.transition()[state_numbers(kinds)]
    products = exact.hidden_given(v)[:, :, None] * v[:, None, :]
    of_data = np.tensordot(share, products[state_numbers(kinds)], 1)
    expected = of_data - np.tensordot(share @ step, products, 1)
    wrong = of_data - np.tensordot(step.mean(axis=0), products, 1)  # chains without weights
    steps = []
    for seed in range(40):
        model = exact.estimator(persistent=False, learning_rate=1.0, random_state=seed)
        before = model.components_
        model.partial_fit(np.tile(kinds, (500, 1)), sample_weight=np.tile(weights, 500))
        steps.append(model.components_ - before)
    mean = np.mean(steps, axis=0)
    error = np.std(steps, axis=0, ddof=1) / np.sqrt(len(steps))
    assert (np.abs(mean - expected) < 5 * error + 1e-6).all()
    assert (np.abs(wrong - expected) > 20 * error).any()


def test_the_steps_of_an_epoch_are_the_gradient_of_the_weighted_likelihood():
    # Without couplings the chains are those of independent units, whatever the data.
    exact = Exact(np.zeros((2, 4)), np.zeros(2), [0.5, -0.3, 1.0, 0.0])
    kinds = all_states(4)[[1, 3, 5, 9, 14, 15, 15, 15]]
    weights = np.array([1.0, 7.0, 0.5, 2.0, 4.0, 0.25, 9.0, 9.0])
    weights /= weights.mean()
    rate, size = 1e-4, 3  # the last batch has two rows
    steps = []
    for seed in range(50):
        model = exact.estimator(n_chains=1000, random_state=seed)
        before = model.intercept_visible_
        trainer = model._trained.trainer
        for first in range(0, len(kinds), size):
            some = slice(first, first + size)
            model._trained.trainer.update(
                model._data(kinds.astype(np.uint8)), first=first, rows=len(kinds[some]),
                batch_size=size, rates=np.full(1, rate, np.float32), weights=weights[some],
            )  # fmt: skip
        assert trainer.updates == 3
        steps.append(model.intercept_visible_ - before)
    means = exact.visible_given(np.zeros((1, 2)))[0]
    # Each batch is a mean over its rows.
    sizes = np.array([3, 3, 3, 3, 3, 3, 2, 2])
    expected = rate * ((weights / sizes)[:, None] * (kinds - means)).sum(axis=0)
    mean = np.mean(steps, axis=0)
    error = np.std(steps, axis=0, ddof=1) / np.sqrt(len(steps))
    rounding = 3 * 2**-24  # three sums to biases of at most 1
    assert (np.abs(mean - expected) < 5 * error + rounding).all()
    unweighted = rate * ((1 / sizes)[:, None] * (kinds - means)).sum(axis=0)
    assert (np.abs(unweighted - expected) > 20 * error).any()


def test_training_with_weights_maximizes_the_weighted_likelihood():
    # Two visible units with a hidden one can have any law: the best is the weighted frequencies.
    kinds, weights = all_states(2), np.array([4.0, 1.0, 2.0, 3.0])
    rows, each = np.tile(kinds, (250, 1)), np.tile(weights, 250)
    model = BernoulliRBM(
        2, learning_rate=(0.5, 0.0), batch_size=1000, n_chains=2000, n_iter=4000, random_state=0
    )
    model.fit(rows, sample_weight=each)
    shares = weights / weights.sum()
    best = (shares * np.log(shares)).sum()
    score = model.score(kinds, sample_weight=weights)
    assert score <= best + 1e-5
    # Of frequencies of n chains, 2n times the divergence is chi-squared with 3 degrees of freedom,
    # which is above 30 once in a million; the falling rate averages over many updates as well.
    assert best - score < 30 / (2 * 2000)
    assert (
        best - BernoulliRBM(2, n_iter=0, random_state=0).fit(rows).score(kinds, None, weights) > 0.1
    )


def test_the_start_with_the_biases_of_the_data_has_weights():
    def start(rows, weights=None):
        model = BernoulliRBM(3, n_iter=0, random_state=0)
        return model.fit(rows, sample_weight=weights, initial_bias="data").intercept_visible_

    repeated = start(np.repeat(X, WEIGHTS, axis=0))
    assert np.allclose(start(X, WEIGHTS), repeated, rtol=1e-6)
    assert not np.allclose(start(X), repeated, rtol=1e-3)


def test_typical_rows_are_each_as_many_as_the_weight_says():
    numbers = np.arange(60)[:, None]
    for weights in (WEIGHTS, np.where(numbers[:, 0] == 7, 1e9, 1e-9), np.ones(60)):
        counts = np.bincount(typical(numbers, weights)[:, 0], minlength=60)
        assert counts.sum() == 60
        assert (np.abs(counts - 60 * weights / weights.sum()) < 1).all()


def test_machines_of_reals_begin_with_rows_in_proportion_to_their_weights():
    def start(rows, weights=None):
        return GaussianBernoulliRBM(3, n_iter=0, random_state=0).fit(rows, sample_weight=weights)

    assert same(start(REALS, WEIGHTS), start(typical(REALS, WEIGHTS)))
    assert not same(start(REALS, WEIGHTS), start(REALS))


@pytest.mark.parametrize("kind", [BernoulliRBM, GaussianBernoulliRBM])
def test_score_is_the_mean_log_likelihood(kind):
    rows = X if kind is BernoulliRBM else REALS
    model = kind(3, n_iter=2, random_state=0).fit(rows)
    found = model.log_likelihood(rows)
    assert model.score(rows) == found.value == model.score(rows, sample_weight=[2] * 60)
    repeated = model.score(np.repeat(rows, WEIGHTS, axis=0))
    assert model.score(rows, sample_weight=WEIGHTS) == pytest.approx(repeated, rel=1e-12)
    assert found.mean(WEIGHTS) == pytest.approx(repeated, rel=1e-12)
    zero = np.where(np.arange(60) < 50, 0, 1)
    assert model.score(rows, sample_weight=zero) == pytest.approx(model.score(rows[50:]), rel=1e-12)
    before = model.score(rows)
    model.partial_fit(rows)
    assert model.score(rows) == model.log_likelihood(rows).value != before
    model.components_ = 2 * model.components_
    assert model.score(rows) == model.log_likelihood(rows).value


def test_score_of_a_large_machine_is_estimated_once_and_the_same_again():
    rows = striped(50, 40, seed=4)
    model = BernoulliRBM(32, n_iter=5, learning_rate=0.05, random_state=0).fit(rows)
    other = BernoulliRBM(32, n_iter=5, learning_rate=0.05, random_state=0).fit(rows)
    state = model._trained.calls
    assert model.score(rows) == model.score(rows) == other.score(rows)
    assert model._trained.calls == state  # no random numbers of the model are used
    found = model.log_likelihood(rows)
    assert abs(model.score(rows) - found.value) < 5 * np.sqrt(2) * found.error


WRONG = [
    (np.ones(59), r"sample_weight must have shape \(60,\), got \(59,\)"),
    (np.ones((60, 1)), r"sample_weight must have shape \(60,\), got \(60, 1\)"),
    (2.0, r"sample_weight must have shape \(60,\), got \(\)"),
    (np.r_[-1.0, np.ones(59)], "sample_weight must be finite and >= 0, got -1.0"),
    (np.r_[np.nan, np.ones(59)], "sample_weight must be finite and >= 0, got nan"),
    (np.r_[np.inf, np.ones(59)], "sample_weight must be finite and >= 0, got inf"),
    (np.zeros(60), "sample_weight must not be zero for all samples"),
]


@pytest.mark.parametrize(("weights", "message"), WRONG)
@pytest.mark.parametrize("method", ["fit", "partial_fit", "score"])
@pytest.mark.parametrize("kind", [BernoulliRBM, GaussianBernoulliRBM, InverseIsing])
def test_bad_weights_are_named(kind, method, weights, message):
    if kind is InverseIsing:
        model = InverseIsing(l2=0.1).fit(SPINS)
        rows, method = SPINS, "fit" if method == "partial_fit" else method
    else:
        rows = X if kind is BernoulliRBM else REALS
        model = kind(3, n_iter=1, random_state=0).fit(rows)
    with pytest.raises(ValueError, match=message):
        getattr(model, method)(rows, sample_weight=weights)


def test_weights_of_no_numbers_are_refused_by_name():
    with pytest.raises(TypeError, match="sample_weight"):
        BernoulliRBM(3, n_iter=1).fit(X, sample_weight=["a"] * 60)


def test_a_checkpoint_belongs_to_its_weights(tmp_path):
    pytest.importorskip("safetensors")
    whole = BernoulliRBM(3, n_iter=4, random_state=0).fit(X, sample_weight=WEIGHTS)
    file = tmp_path / "half.safetensors"
    BernoulliRBM(3, n_iter=2, random_state=0).fit(X, sample_weight=WEIGHTS, checkpoint=file)
    model = BernoulliRBM(3, n_iter=4, random_state=0)
    with pytest.raises(ValueError, match="to other data than X and sample_weight"):
        model.fit(X, checkpoint=file)
    with pytest.raises(ValueError, match="to other data than X and sample_weight"):
        model.fit(X, sample_weight=WEIGHTS[::-1], checkpoint=file)
    assert same(model.fit(X, sample_weight=WEIGHTS, checkpoint=file), whole)


def test_epochs_are_told_of_rows_in_proportion_to_their_weights():
    weights = np.where(np.arange(60) == 7, 1e9, 1.0)
    seen = []
    model = BernoulliRBM(2, n_iter=1, random_state=0)
    model.fit(X, sample_weight=weights, callbacks=[lambda epoch: seen.append(epoch._some)])
    assert (seen[0] == X[7]).all()
    assert seen[0].shape == X.shape
