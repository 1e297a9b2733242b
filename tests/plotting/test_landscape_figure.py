"""The tree as it is drawn: no lines cross, mirror images face each other, many are left out."""

from itertools import pairwise

import numpy as np
import pytest

import spinglass
from spinglass.experiments import landscape

pytest.importorskip("matplotlib")

from matplotlib.figure import Figure

from spinglass import plotting
from spinglass.plotting.landscape_figure import leaf_order

RESULTS = {
    "SK": landscape(n_spins=16, seed=3),
    "+-J": landscape(n_spins=13, disorder="pm1", seed=1),
    "Hopfield": landscape("hopfield", n_spins=14, seed=2),
    "in a field": landscape(
        spinglass.Ising(spinglass.SherringtonKirkpatrick(14, seed=2).couplings(), [0.1] * 14)
    ),
    "one minimum": landscape(spinglass.Ising(np.zeros((3, 3)), [1, 2, 3])),
    "no couplings": landscape(spinglass.Ising(np.zeros((3, 3)))),
    "many equal": landscape(spinglass.Ising(np.eye(12) - 1)),
}


def drawn(result, **given):
    panels = Figure(figsize=(9, 4)).subplots(1, 2)
    plotting.landscape(result, panels)
    return panels


def lines_of(panel):
    from matplotlib.collections import LineCollection

    (lines,) = (x for x in panel.collections if isinstance(x, LineCollection))
    return [segment for path in lines.get_segments() for segment in pairwise(path)]


@pytest.mark.parametrize("name", RESULTS)
def test_no_lines_of_the_tree_cross(name):
    result = RESULTS[name]
    if result.n_minima > 400:
        pytest.skip("only a part is drawn")
    segments = lines_of(drawn(result)[0])
    upright = [(a[0], *sorted((a[1], b[1]))) for a, b in segments if a[0] == b[0]]
    level = [(a[1], *sorted((a[0], b[0]))) for a, b in segments if a[1] == b[1] and a[0] != b[0]]
    for x, low, high in upright:
        for y, left, right in level:
            assert not (left < x < right and low < y < high)


@pytest.mark.parametrize("name", RESULTS)
def test_each_lake_stands_together(name):
    result = RESULTS[name]
    order = leaf_order(result, result.n_minima)
    assert sorted(order) == list(range(result.n_minima))
    place = {minimum: k for k, minimum in enumerate(order)}
    lakes = [[k] for k in range(result.n_minima)]
    for row in result.merges[:500]:
        lakes.append(lakes[row["lower"]] + lakes[row["higher"]])
        places = [place[k] for k in lakes[-1]]
        assert max(places) - min(places) == len(places) - 1


def test_a_glass_is_drawn_as_a_mirror_image_of_itself():
    result = RESULTS["SK"]
    order = leaf_order(result)
    assert [int(result.minima["mirror"][k]) for k in order] == order[::-1]


def test_of_too_many_minima_the_lowest_are_drawn():
    result = RESULTS["many equal"]
    assert result.n_minima == 924
    assert sorted(leaf_order(result, 50)) == list(range(50))
    assert "the lowest 400 drawn" in drawn(result)[0].get_title()


@pytest.mark.parametrize("name", RESULTS)
def test_every_landscape_can_be_drawn(name):
    result = RESULTS[name]
    picture = plotting.png(plotting.landscape, result, *plotting.landscape_layout(result))
    assert picture.startswith(b"\x89PNG")
    panel = Figure().subplots()
    assert result.plot(panel) is panel
    with pytest.raises(ValueError, match="ax must be one Axes or two, got 3"):
        result.plot([panel] * 3)


@pytest.mark.parametrize("name", RESULTS)
def test_no_axis_of_shares_goes_beyond_one_and_no_share_lies_outside(name):
    result = RESULTS[name]
    low, high = drawn(result)[1].get_ylim()
    shares = result.minima["basin_fraction"]
    assert low < shares.min()
    assert shares.max() <= high <= 1


def test_the_legend_says_what_colour_the_ground_states_have():
    for name, text in (("SK", "ground state"), ("Hopfield", "number of a\nground state")):
        names = [entry.get_text() for entry in drawn(RESULTS[name])[1].get_legend().get_texts()]
        assert names.count(text) == 1


def test_the_legend_hides_no_minimum():
    for result in RESULTS.values():
        figure = Figure(figsize=(16, 7.5), layout="constrained")
        panels = figure.subplots(1, 2)
        plotting.landscape(result, panels)
        figure.draw_without_rendering()
        legend = panels[1].get_legend().get_window_extent()
        assert legend.x0 >= panels[1].get_window_extent().x1
        assert legend.x1 <= figure.bbox.x1


def test_patterns_are_named_in_the_legend():
    names = {text.get_text() for text in drawn(RESULTS["Hopfield"])[1].get_legend().get_texts()}
    kinds = RESULTS["Hopfield"].minima
    assert ("mixture" in names) == ("mixture" in kinds["kind"])
    for number in np.unique(kinds["pattern"][kinds["kind"] == "pattern"]):
        assert f"pattern {number}" in names
