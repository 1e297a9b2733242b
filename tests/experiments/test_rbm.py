"""A machine trained and measured: truth, curves, resumed bits, files, and what is bad input."""

import csv
import importlib
import itertools
import json
import math
import pickle

import numpy as np
import pytest

from spinglass import BernoulliRBM
from spinglass.experiments import Interrupted, rbm
from spinglass.experiments.rbm_training.images import load_images
from spinglass.experiments.rbm_training.measures import pseudo_likelihood
from spinglass.experiments.rbm_training.pictures import ERASED, with_halves_erased

room = importlib.import_module("spinglass.experiments.rbm_training.experiment")
training = importlib.import_module("spinglass.experiments.rbm_training.training")


def bars(count=400, size=4, seed=1):
    """Images of a lit row or column, a few pixels of them wrong."""
    rng = np.random.default_rng(seed)
    images = np.zeros((count, size, size), dtype=np.uint8)
    for image, place, row in zip(
        images, rng.integers(0, size, count), rng.integers(0, 2, count), strict=True
    ):
        image[(place, slice(None)) if row else (slice(None), place)] = 1
    return images ^ (rng.random(images.shape) < 0.02)


SMALL = {"n_components": 6, "n_epochs": 5, "batch_size": 20, "n_chains": 20, "n_betas": 100}


@pytest.fixture(scope="module")
def result():
    return rbm(bars(), seed=3, **SMALL)


@pytest.fixture(scope="module")
def larger():
    """One with more units than are summed exactly."""
    options = {**SMALL, "n_components": 40, "n_epochs": 12, "n_chains": 100, "n_betas": 1000}
    return rbm(bars(600, 6), seed=3, **options)


# ---- what is measured --------------------------------------------------------------------------


def test_the_likelihood_of_a_small_machine_is_that_of_all_its_states(result):
    model = result.model
    states = np.array(list(itertools.product([0, 1], repeat=16)), dtype=np.uint8)
    fields = states @ model.components_.T.astype(float) + model.intercept_hidden_
    energies = -(states @ model.intercept_visible_.astype(float)) - np.logaddexp(0, fields).sum(1)
    log_z = np.logaddexp.reduce(-energies)
    test = load_images(bars(), seed=3).test
    places = test @ (1 << np.arange(15, -1, -1))
    assert result.likelihood.log_partition.method == "exact"
    assert result.likelihood.test.value == pytest.approx(-(energies[places].mean() + log_z), 1e-5)
    assert result.curves["log_likelihood"][-1] == pytest.approx(result.likelihood.test.value)
    assert result.likelihood.gap == 0


def test_training_makes_images_likelier_and_better_reconstructed(result):
    assert result.curves["log_likelihood"][-1] > result.curves["log_likelihood"][0]
    assert result.curves["reconstruction_error"][-1] < result.curves["reconstruction_error"][0]


def test_two_sides_are_measured_where_a_sum_would_be_too_long(larger):
    known = larger.likelihood.log_partition
    assert known.method == "two-sided"
    sides = larger.likelihood.test
    assert sides.optimistic - sides.pessimistic == pytest.approx(known.upper - known.lower)
    looked = np.isfinite(larger.curves["log_likelihood"])
    assert looked[0]
    assert looked[-1]
    assert 2 < looked.sum() < len(looked)
    # A tenth of the temperatures: errors of both, added up with room for the bias.
    error = math.hypot(sides.error, larger.curves["log_likelihood_error"][-1])
    assert larger.curves["log_likelihood"][-1] == pytest.approx(sides.value, abs=5 * error + 0.3)


def test_the_gap_between_free_energies_is_that_between_likelihoods(larger):
    found = larger.likelihood
    assert larger.curves["free_energy_gap"][-1] == pytest.approx(
        found.train.value - found.test.value, abs=1e-6
    )


def test_a_long_training_is_looked_at_a_hundred_times_the_last_epoch_among_them():
    epochs = rbm(bars(40), **{**SMALL, "n_components": 30, "n_epochs": 333}).curves["epoch"]
    assert len(epochs) == 100
    assert (epochs[0], epochs[-1]) == (1, 333)
    for n_epochs in (1, 2, 9, 10, 99, 100, 101, 5000):
        looks, annealings = training.schedule(n_epochs)
        assert annealings <= looks
        assert {1, n_epochs} <= annealings
        assert (len(looks), len(annealings)) == (min(100, n_epochs), min(10, n_epochs))


def test_the_pseudo_likelihood_of_few_rows_is_the_exact_one(result):
    rows = load_images(bars(), seed=3).test
    exact = np.zeros(len(rows))
    for pixel in range(16):
        flipped = rows.copy()
        flipped[:, pixel] ^= 1
        rise = result.model.free_energy(flipped) - result.model.free_energy(rows)
        exact -= np.logaddexp(0, -rise)
    np.testing.assert_allclose(pseudo_likelihood(result.model, rows, 1), exact, rtol=1e-5)


def test_the_learning_rate_falls_to_nothing_or_stays():
    linear = rbm(bars(), learning_rate=0.2, **SMALL).curves["learning_rate"]
    assert (np.diff(linear) < 0).all()
    assert 0 < linear[-1] <= 0.2 / 5 / 10
    constant = rbm(bars(), learning_rate=0.2, schedule="constant", **SMALL).curves
    np.testing.assert_array_equal(constant["learning_rate"], 0.2)


def test_contrastive_divergence_starts_at_the_images_and_persistent_chains_go_on():
    assert rbm(bars(), method="cd", k=3, **SMALL).model.persistent is False
    model = rbm(bars(), centered=False, **SMALL).model
    assert (model.persistent, model.centered, model.k) == (True, False, 1)


def test_without_a_number_there_are_as_many_epochs_as_make_20_000_updates(monkeypatch):
    monkeypatch.setattr(room, "train", lambda *given: None)
    monkeypatch.setattr(room, "_looked_at", lambda *given: given[2])
    assert rbm(bars(400), batch_size=10).n_epochs == 556
    assert rbm(bars(400), batch_size=1, n_epochs=3).n_epochs == 3
    monkeypatch.setattr("spinglass.experiments.rbm_training.config.UPDATES", 10)
    assert rbm(bars(400), batch_size=10).n_epochs == 10


# ---- pictures ----------------------------------------------------------------------------------


def test_what_is_not_erased_stays_and_what_is_follows_the_machine(result):
    assert result.erased.mean() == 0.5
    known = ~result.erased
    np.testing.assert_array_equal(result.filled[known], result.shown[known])
    assert ((result.filled >= 0) & (result.filled <= 1)).all()


def test_halves_are_filled_in_with_their_exact_conditional_probability(result):
    model = result.model
    images = load_images(bars(), seed=3).test
    shown, erased, filled = with_halves_erased(model, images, 4, seed=5)
    halves = np.array(list(itertools.product([0, 1], repeat=8)), dtype=np.uint8)
    for image, hole, found in zip(shown, erased, filled, strict=True):
        every = np.repeat(image[None], len(halves), axis=0)
        every[:, hole] = halves
        weights = np.exp(-(f := model.free_energy(every)) + f.min())
        exact = weights @ every / weights.sum()
        # 300 steps, correlated: an error of 0.1 is what 25 independent ones would have.
        np.testing.assert_allclose(found, exact, rtol=0, atol=0.5)
        assert np.abs(found - exact)[hole].mean() < 0.12
    assert len(shown) == 2 * ERASED


def test_chains_start_at_held_out_images(result):
    images = load_images(bars(), seed=3).test[:10]
    assert result.chain_steps[0] == 0
    np.testing.assert_array_equal(result.chains[:, 0], images)
    assert result.chains.shape == (10, len(result.chain_steps), 16)
    assert (result.chains[:, -1] != images).any()


def test_a_few_held_out_images_are_enough():
    few = rbm(bars(12), **SMALL)
    assert few.config.n_held_out == 1
    assert len(few.chains) == len(few.shown) == 1
    assert math.isnan(few.likelihood.test_error)
    few.to_dict()


# ---- the same again ----------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_bits_on_any_number_of_threads(result):
    for threads in (1, 3):
        again = rbm(bars(), seed=3, num_threads=threads, **SMALL)
        np.testing.assert_array_equal(again.curves, result.curves)
        np.testing.assert_array_equal(again.model.components_, result.model.components_)
        np.testing.assert_array_equal(again.chains, result.chains)
        np.testing.assert_array_equal(again.filled, result.filled)
        assert again.likelihood.to_dict() == result.likelihood.to_dict()
        assert again.config == result.config
    other = rbm(bars(), seed=4, **SMALL)
    assert (other.model.components_ != result.model.components_).any()


def test_an_interrupted_training_goes_on_with_the_bits_of_one_that_was_not(result, tmp_path):
    file = tmp_path / "checkpoint.safetensors"

    def interrupt(done, total):
        if done >= 40:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted) as caught:
        rbm(bars(), seed=3, checkpoint=file, progress=interrupt, **SMALL)
    left = caught.value.result
    assert (caught.value.done, caught.value.total) == (3, 5)
    assert 2 <= len(left.curves) <= 3
    assert not left.complete
    np.testing.assert_array_equal(left.curves, result.curves[: len(left.curves)])
    again = rbm(bars(), seed=3, checkpoint=file, **SMALL)
    np.testing.assert_array_equal(again.curves, result.curves)
    np.testing.assert_array_equal(again.model.components_, result.model.components_)
    np.testing.assert_array_equal(again.chains, result.chains)
    assert file.exists()
    pictures = rbm(bars(), seed=3, checkpoint=file, **SMALL)
    np.testing.assert_array_equal(pictures.curves, result.curves)
    np.testing.assert_array_equal(pictures.chains, result.chains)


def test_ctrl_c_before_the_first_row_leaves_a_training_that_goes_on(result, tmp_path, monkeypatch):
    file = tmp_path / "checkpoint.safetensors"

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("spinglass.experiments.rbm_training.training.row_of_curves", interrupted)
        with pytest.raises(Interrupted):
            rbm(bars(), seed=3, checkpoint=file, **SMALL)
    assert file.exists()
    assert not file.with_suffix(".csv").exists()
    again = rbm(bars(), seed=3, checkpoint=file, **SMALL)
    np.testing.assert_array_equal(again.curves, result.curves)
    np.testing.assert_array_equal(again.model.components_, result.model.components_)


def test_a_row_that_ctrl_c_came_before_is_measured_when_the_training_goes_on(
    result, tmp_path, monkeypatch
):
    file = tmp_path / "checkpoint.safetensors"
    measure = training.row_of_curves

    def interrupted(model, images, epoch, *rest):
        if epoch == 3:
            raise KeyboardInterrupt
        return measure(model, images, epoch, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(training, "row_of_curves", interrupted)
        with pytest.raises(Interrupted) as caught:
            rbm(bars(), seed=3, checkpoint=file, **SMALL)
    assert caught.value.done == 3
    assert len(caught.value.result.curves) == 2
    again = rbm(bars(), seed=3, checkpoint=file, **SMALL)
    np.testing.assert_array_equal(again.curves, result.curves)


def test_a_checkpoint_of_another_training_is_refused_and_kept(tmp_path):
    file = tmp_path / "checkpoint.safetensors"

    def interrupt(done, total):
        if done >= 40:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted):
        rbm(bars(), checkpoint=file, progress=interrupt, **SMALL)
    before = file.read_bytes()
    for changed in ({"n_components": 7}, {"seed": 5}, {"learning_rate": 0.3}):
        with pytest.raises(ValueError, match="checkpoint"):
            rbm(bars(), checkpoint=file, **{**SMALL, **changed})
    (tmp_path / "checkpoint.csv").write_text("something else")
    with pytest.raises(ValueError, match="checkpoint must come with a table of epoch,"):
        rbm(bars(), checkpoint=file, **SMALL)
    assert file.read_bytes() == before


def test_an_interrupt_while_the_machine_is_measured_keeps_all_epochs(monkeypatch):
    def interrupted(*given):
        raise KeyboardInterrupt

    monkeypatch.setattr(room, "run_chains", interrupted)
    with pytest.raises(Interrupted) as caught:
        rbm(bars(), **SMALL)
    assert caught.value.done == caught.value.total == 5
    assert not caught.value.result.complete


# ---- files -------------------------------------------------------------------------------------


def test_files_hold_the_machine_the_curves_and_the_numbers(result, tmp_path):
    pytest.importorskip("matplotlib")
    names = ["model.safetensors", "curves.csv", "summary.json", "rbm.png"]
    assert [path.name for path in result.save(tmp_path)] == names
    model = BernoulliRBM.load(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(model.components_, result.model.components_)
    with open(tmp_path / "curves.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["epoch"]) for row in rows] == [1, 2, 3, 4, 5]
    for row, curve in zip(rows, result.curves, strict=True):
        assert float(row["log_likelihood"]) == curve["log_likelihood"]
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["likelihood"]["test"]["value"] == result.likelihood.test.value
    assert summary["config"]["n_components"] == 6
    assert summary["complete"] is True
    assert (tmp_path / "rbm.png").read_bytes().startswith(b"\x89PNG")


def test_an_unfinished_training_is_written_without_a_figure_and_draws_what_there_is(tmp_path):
    plotting = pytest.importorskip("spinglass.plotting")
    pytest.importorskip("matplotlib")

    def interrupt(done, total):
        if done >= 40:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted) as caught:
        rbm(bars(), progress=interrupt, **SMALL)
    left = pickle.loads(pickle.dumps(caught.value)).result
    (tmp_path / "rbm.png").write_text("of an earlier run")
    written = [path.name for path in left.save(tmp_path, figure=False)]
    assert written == ["model.safetensors", "curves.csv", "summary.json"]
    assert not (tmp_path / "rbm.png").exists()
    assert json.loads((tmp_path / "summary.json").read_text())["likelihood"] is None
    assert plotting.png(plotting.rbm, left).startswith(b"\x89PNG")


def test_a_result_pickles_and_stays_itself(result):
    again = pickle.loads(pickle.dumps(result))
    np.testing.assert_array_equal(again.curves, result.curves)
    np.testing.assert_array_equal(again.model.components_, result.model.components_)
    assert again.config == result.config


# ---- bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"n_components": 0}, "n_components must be an integer >= 1, got 0"),
        ({"n_epochs": 0}, "n_epochs must be an integer >= 1, got 0"),
        ({"batch_size": 0}, "batch_size must be an integer >= 1, got 0"),
        ({"learning_rate": 0}, "learning_rate must be above 0, got 0"),
        ({"learning_rate": math.nan}, "learning_rate must be a number, got nan"),
        ({"k": 0}, "k must be an integer >= 1, got 0"),
        ({"method": "tap"}, 'method must be "pcd" or "cd", got \'tap\''),
        ({"schedule": "cosine"}, 'schedule must be "linear" or "constant"'),
        ({"binarise": "half"}, 'binarise must be "bernoulli", "threshold" or "none"'),
        ({"n_chains": 1}, "n_chains must be an integer >= 2, got 1"),
        ({"n_betas": 3}, "n_betas must be an integer >= 20, got 3"),
        ({"seed": -1}, "seed must be"),
        ({"num_threads": 0}, "num_threads must be an integer >= 1, got 0"),
        ({"data": np.zeros((3, 2, 2, 2))}, "data must hold one 2-D or 3-D array"),
        ({"checkpoint": "missing/folder/file"}, "checkpoint must be in a folder that exists"),
    ],
)
def test_bad_input_is_named(changed, message):
    arguments = {"data": bars(40), **SMALL, **changed}
    with pytest.raises((ValueError, TypeError)) as caught:
        rbm(arguments.pop("data"), **arguments)
    assert message in str(caught.value)
