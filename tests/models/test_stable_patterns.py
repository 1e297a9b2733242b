"""Which stored patterns are fixed points, by brute force; grey levels are told what they need."""

import re

import numpy as np
import pytest

import reference
import spinglass
from spinglass import DenseAssociativeMemory, Hopfield, Interrupted
from spinglass.experiments import recall_pictures


@pytest.mark.parametrize("thresholds", [None, np.linspace(-0.2, 0.2, 30)])
@pytest.mark.parametrize("n_patterns", [1, 4, 12, 40])
def test_a_pattern_is_stable_if_no_spin_opposes_its_field(n_patterns, thresholds):
    patterns = spinglass.random_patterns(n_patterns, 30, seed=n_patterns)
    matrix = reference.integer_couplings(patterns)
    bounds = np.zeros(30) if thresholds is None else 30 * thresholds
    expected = [
        not any(reference.is_turned(matrix, bounds, state, site) for site in range(30))
        for state in patterns.astype(int)
    ]
    found = Hopfield(patterns, thresholds=thresholds).stable_patterns(num_threads=1)
    assert found.dtype == np.bool_
    assert found.tolist() == expected


@pytest.mark.parametrize("order", [2, 3, 4, "exp"])
def test_a_pattern_of_a_dense_memory_is_stable_if_no_flip_lowers_the_energy(order):
    patterns = spinglass.random_patterns({3: 50, 4: 200}.get(order, 12), 16, seed=3)
    memory = DenseAssociativeMemory(patterns, order)
    gains = patterns * memory.local_fields(patterns)  # half of what a flip costs
    found = memory.stable_patterns(num_threads=1)
    assert found.tolist() == (gains >= 0).all(axis=1).tolist()
    assert order == "exp" or 0 < found.sum() < len(patterns)
    if order == 2:
        np.testing.assert_array_equal(found, Hopfield(patterns).stable_patterns())


def test_more_patterns_than_are_asked_at_once_are_all_told():
    patterns = spinglass.Patterns.random(400, 6000, seed=1)
    seen = []
    network = Hopfield(patterns)
    stable = network.stable_patterns(progress=lambda done, total: seen.append((done, total)))
    assert seen == [(256, 400), (400, 400)]
    moved = network.recall(patterns[200:], max_sweeps=1).flips > 0
    np.testing.assert_array_equal(stable[200:], ~moved)
    assert 0 < moved.sum() < 200


def test_ctrl_c_keeps_what_is_known():
    def stop(done, total):
        raise KeyboardInterrupt

    network = Hopfield(spinglass.Patterns.random(300, 400, seed=1))
    with pytest.raises(Interrupted) as caught:
        network.stable_patterns(progress=stop)
    assert (caught.value.done, caught.value.total, caught.value.unit) == (256, 300, "patterns")
    np.testing.assert_array_equal(caught.value.result, network.stable_patterns()[:256])


def test_pictures_that_are_not_stable_are_counted_in_one_line():
    images = np.random.default_rng(2).normal(size=(12, 5, 5))
    result = recall_pictures(images, flip=0.1)
    unstable = int((~result.stable).sum())
    moved = Hopfield(result.stored.reshape(12, 25)).recall(result.stored.reshape(12, 25)).flips > 0
    np.testing.assert_array_equal(result.stable, ~moved)
    assert 1 < unstable < 12
    assert f"{unstable} of 12 stored pictures are not stable." in result.report().splitlines()
    assert "not stable" not in result.report(quiet=True)
    assert result.to_dataframe()["stable"].tolist() == result.stable.tolist()
    assert "not stable" not in recall_pictures().report()


GREY = [np.array([[0.0, 0.5, 1.0, 0.2]]), np.array([[0, 17, 255, 3]], np.uint8)]


@pytest.mark.parametrize("image", [*GREY, np.array([[0, 17, 100, 3]], np.int8)])
def test_grey_levels_are_told_what_makes_spins_of_them(image):
    what = r"must hold only -1 and \+1, got 0(\.0)?; a spin has two states: grey levels need a "
    with pytest.raises(ValueError, match="patterns " + what) as caught:
        Hopfield(image)
    assert str(caught.value).count(";") == 1
    with pytest.raises(ValueError, match="states " + what):
        spinglass.corrupt(image)
    advice = re.search(r"np\.where\(.*\), 1, -1\)", str(caught.value))[0]
    spins = eval(advice, {"np": np, "x": image})
    assert Hopfield(spins).n_patterns == 1


@pytest.mark.parametrize(
    ("values", "hint"),
    [
        ([[0, 1, 1]], r"got 0; to_spins turns bits 0/1 into spins$"),
        ([[1, -1, 2]], r"got 2$"),
        ([[1.0, np.nan, 5.0]], r"got nan$"),
    ],
)
def test_what_is_no_grey_level_is_not_called_one(values, hint):
    with pytest.raises(ValueError, match=hint):
        Hopfield(values)
