"""Machines drawn: every pixel in its place, one scale about zero, and what is written beside it."""

import types

import numpy as np
import pytest

from spinglass import BernoulliRBM

plotting = pytest.importorskip("spinglass.plotting")
pytest.importorskip("matplotlib")
from matplotlib.figure import Figure  # noqa: E402

KINDS = ("epoch", "pseudo_likelihood", "log_likelihood", "optimistic", "pessimistic")


@pytest.fixture
def ax():
    return Figure().add_subplot()


def curves(optimistic, pessimistic):
    rows = [
        (k + 1, -10.0 + k, (a + b) / 2, a, b)
        for k, (a, b) in enumerate(zip(optimistic, pessimistic, strict=True))
    ]
    return np.array(rows, dtype=[(name, float) for name in KINDS])


def labels(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def test_filters_stand_in_a_grid_on_one_scale_about_zero(ax):
    weights = np.random.default_rng(1).normal(size=(7, 12))
    assert plotting.filters(weights, (3, 4), ax=ax) is ax
    image = ax.images[0]
    drawn = np.asarray(np.ma.filled(image.get_array(), np.nan))
    assert drawn.shape == (3 * 4 + 1, 3 * 5 + 1)
    for k in range(7):
        row, column = divmod(k, 3)
        cell = drawn[row * 4 + 1 : row * 4 + 4, column * 5 + 1 : column * 5 + 5]
        np.testing.assert_array_equal(cell, weights[k].reshape(3, 4))
    assert np.isnan(drawn[9:, 6:]).all()
    low, high = image.get_clim()
    assert low == -high
    assert 0 < high <= np.abs(weights).max()


def test_signs_of_weights_differ_in_lightness(ax):
    plotting.filters(np.ones((4, 4)), ax=ax)
    colours = ax.images[0].get_cmap()(np.linspace(0, 1, 50))[:, :3]
    lightness = colours @ [0.299, 0.587, 0.114]
    assert (np.diff(lightness) > 0).all()
    assert lightness[-1] - lightness[0] > 0.7


def test_at_most_so_many_filters_are_drawn_and_the_rest_is_counted(ax):
    model = types.SimpleNamespace(components_=np.zeros((30, 9)))
    assert (
        plotting.filters(model, count=16, ax=ax).get_title() == "Weights of 16 of 30 hidden units"
    )


def test_a_row_is_a_chain_and_a_column_a_number_of_steps(ax):
    states = np.random.default_rng(2).integers(0, 2, (3, 4, 9))
    plotting.chains(states, [0, 1, 10, 100], ax=ax)
    drawn = np.asarray(np.ma.filled(ax.images[0].get_array(), np.nan))
    np.testing.assert_array_equal(drawn[5:8, 9:12], states[1, 2].reshape(3, 3))
    assert labels(ax.xaxis) == ["0", "1", "10", "100"]
    assert labels(ax.yaxis) == ["1", "2", "3"]
    assert "held-out" in ax.get_xlabel()


def test_three_rows_an_image_and_more_images_go_on_below(ax):
    whole = np.random.default_rng(3).integers(0, 2, (5, 4)).astype(float)
    hole = np.array([False, True, False, True])
    plotting.reconstructions(whole, hole, whole / 2, (2, 2), columns=3, ax=ax)
    assert labels(ax.yaxis) == ["original", "erased", "filled in"] * 2
    drawn = np.asarray(np.ma.filled(ax.images[0].get_array(), np.nan))
    assert drawn.shape == (6 * 3 + 1, 3 * 3 + 1)
    np.testing.assert_array_equal(drawn[10:12, 1:3], whole[3].reshape(2, 2))
    erased = drawn[13:15, 1:3]
    assert (erased[:, 1] < 0).all()  # neither ink nor paper
    np.testing.assert_array_equal(erased[:, 0], whole[3, [0, 2]])
    np.testing.assert_array_equal(drawn[16:18, 4:6], whole[4].reshape(2, 2) / 2)
    assert np.isnan(drawn[10:, 7:]).all()


def test_an_exact_likelihood_is_one_curve_and_two_sides_are_two_with_a_band(ax):
    plotting.learning_curves(curves([-9, -8, -7], [-9, -8, -7]), ax=ax)
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == ["pseudo-likelihood", "log-likelihood"]
    other = Figure().add_subplot()
    plotting.learning_curves(curves([-9, -8, np.nan], [-9.5, -9, np.nan]), ax=other)
    names = [text.get_text() for text in other.get_legend().get_texts()]
    assert names[1:] == ["log-likelihood, optimistic", "log-likelihood, pessimistic"]
    np.testing.assert_array_equal(other.lines[1].get_xdata(), [1, 2])
    assert len(other.collections) == 1


def test_both_sides_of_annealing_stand_against_the_temperatures(ax):
    rows = np.random.default_rng(1).integers(0, 2, (50, 6))
    model = BernoulliRBM(3, random_state=1).fit(rows)
    results = [
        model.log_partition(method, betas=n, random_state=n)
        for n in (100, 10)
        for method in ("ais", "reverse-ais")
    ]
    plotting.annealings(results, exact=2.0, ax=ax)
    up = ax.containers[1].lines[0]
    np.testing.assert_array_equal(up.get_xdata(), [10, 100])
    np.testing.assert_array_equal(up.get_ydata(), [results[2].lower, results[0].lower])
    assert any((np.asarray(line.get_ydata()) == 2.0).all() for line in ax.lines)


def test_a_shape_that_does_not_fit_is_named(ax):
    with pytest.raises(ValueError, match="image_shape must have 9 pixels, got 2 x 4 = 8"):
        plotting.filters(np.zeros((2, 9)), (2, 4), ax=ax)
