"""Figures in the user's style: seen on any paper, in any size of font, and in a grey print."""

import inspect
from itertools import combinations

import numpy as np
import pytest

matplotlib = pytest.importorskip("matplotlib")
pytest.importorskip("matplotlib.pyplot")

from matplotlib import pyplot as plt  # noqa: E402
from matplotlib.collections import Collection  # noqa: E402
from matplotlib.colors import to_rgb, to_rgba  # noqa: E402
from matplotlib.container import BarContainer, ErrorbarContainer  # noqa: E402
from matplotlib.lines import Line2D  # noqa: E402
from matplotlib.patches import Patch  # noqa: E402
from matplotlib.text import Text  # noqa: E402

from plotting.drawings import MADE, drawn_from  # noqa: E402
from spinglass import plotting  # noqa: E402
from spinglass.plotting.figure import MARKERS, STYLE, colours, series, shade  # noqa: E402

GROUND = "#d55e00"  # an orange, seen on white and on black
DRAWN_ALONE = {"rbm"}  # all of its panels are functions of their own


@pytest.fixture(autouse=True)
def no_figure_and_no_style_is_left():
    with matplotlib.rc_context():
        yield
    plt.close("all")


def figure_of(name):
    return np.ravel(getattr(plotting, name)(*drawn_from(name)))[0].figure


def luminance(colour):
    """Return how light a colour is, after WCAG 2: from 0, black, to 1, white."""
    parts = np.array(to_rgb(colour))
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def lightness(colour):
    """Return L* of CIE 1976, in which equal steps look equal: from 0 to 100."""
    y = luminance(colour)
    return 116 * np.cbrt(y) - 16 if y > 0.008856 else 903.3 * y


def test_there_is_a_drawing_of_every_function_that_takes_axes():
    takes_axes = {
        name
        for name in plotting.__all__
        if callable(function := getattr(plotting, name))
        and "ax" in inspect.signature(function).parameters
    }
    assert set(MADE) == takes_axes - DRAWN_ALONE


@pytest.mark.parametrize("style", ["default", "dark_background", "Solarize_Light2"])
@pytest.mark.parametrize("name", MADE)
def test_what_is_drawn_is_seen_on_the_paper_and_told_apart_in_a_grey_print(name, style):
    with plt.style.context(style):
        figure = figure_of(name)
        paper = matplotlib.rcParams["axes.facecolor"]
        for ax in figure.axes:
            looks = [look_of(handle) for handle in ax.get_legend_handles_labels()[0]]
            for look in looks:
                assert contrast(look["colour"], paper) >= 1.2, look
            for one, other in combinations(looks, 2):
                if one["kind"] == other["kind"]:
                    distance = lightness(one["colour"]) - lightness(other["colour"])
                    assert abs(distance) >= 10, (one, other)
        for text in figure.findobj(Text):
            if text.get_text().strip() and text.get_visible() and text.get_color() != GROUND:
                behind = text.get_bbox_patch()
                around = behind.get_facecolor() if behind else paper
                assert contrast(text.get_color(), around) >= 3.0  # of large text, in WCAG 2


def look_of(handle):
    """Return what tells a series apart in print: the kind of mark, and its colour."""
    if isinstance(handle, ErrorbarContainer):
        handle = handle.lines[0] or handle.lines[2][0]
    if isinstance(handle, BarContainer):
        handle = handle[0]
    if isinstance(handle, Line2D):
        marker, line = handle.get_marker(), handle.get_linestyle()
        filled = to_rgba(handle.get_markerfacecolor()) == to_rgba(handle.get_color())
        dashes = str(handle._unscaled_dash_pattern) if line != "None" else ""
        face = (filled, handle.get_fillstyle()) if marker != "None" else ()
        return {"kind": ("line", marker, face, line, dashes), "colour": handle.get_color()}
    if isinstance(handle, Collection):  # of points, or a band as an error bar
        shape = handle.get_paths()[0].vertices.shape
        faces, edges = handle.get_facecolor(), handle.get_edgecolor()
        filled = len(faces) > 0
        return {"kind": ("points", shape, filled), "colour": (faces if filled else edges)[0][:3]}
    assert isinstance(handle, Patch)
    filled, *own, alpha = handle.get_fill(), *handle.get_facecolor()
    mixed = alpha * np.array(own) + (1 - alpha) * np.array(shade(0))
    return {"kind": ("patch", filled), "colour": mixed if filled else handle.get_edgecolor()}


@pytest.mark.parametrize("style", ["default", "dark_background", "grayscale"])
@pytest.mark.parametrize("count", [2, 5, 12, 13, 24, 40])
def test_any_two_series_differ_in_marker_or_in_lightness(count, style):
    with plt.style.context(style):
        looks = series(count)
        assert len({marker for _, marker in looks}) == min(count, len(MARKERS))
        for (one, marker), (other, same) in combinations(looks, 2):
            if marker == same:
                assert abs(lightness(one) - lightness(other)) >= 10
        values = [lightness(colour) for colour, _ in looks]
        steps = np.diff(values)
        assert (steps > 0).all() or (steps < 0).all()
        assert all(contrast(colour, shade(0)) >= 1.35 for colour in colours(np.linspace(0, 1, 9)))


@pytest.mark.parametrize("name", MADE)
def test_all_texts_follow_the_users_size_of_font(name):
    with matplotlib.rc_context({"font.size": 18.0}):
        figure = figure_of(name)
    figure.canvas.draw()  # what is made only now has the size as well
    texts = [x for x in figure.findobj(Text) if x.get_text().strip() and x.get_visible()]
    for text in texts:
        named = [18.0 * scale for scale in matplotlib.font_manager.font_scalings.values()]
        assert min(abs(text.get_fontsize() - size) for size in named) < 1e-9, text


@pytest.mark.parametrize("size", [12.0, 24.0])
@pytest.mark.parametrize("name", MADE)
def test_no_text_is_cut_or_runs_into_the_title_of_a_neighbour(name, size):
    with matplotlib.rc_context({"font.size": size}):
        figure = figure_of(name)
    figure.canvas.draw()
    width, height = figure.bbox.size
    for text in figure.findobj(Text):
        if text.get_text().strip() and text.get_visible() and not text.get_clip_on():
            box = text.get_window_extent()
            assert -1 <= box.x0 <= box.x1 <= width + 1, text
            assert -1 <= box.y0 <= box.y1 <= height + 1, text
    titles = [ax.title.get_window_extent() for ax in figure.axes if ax.get_title()]
    assert not any(one.overlaps(other) for one, other in combinations(titles, 2))


def test_a_figure_grows_with_the_font():
    def size_with(font):
        with matplotlib.rc_context({"font.size": font}):
            return figure_of("run").get_size_inches()

    assert size_with(24) == pytest.approx(2 * size_with(12))
    assert size_with(8) == pytest.approx(size_with(12))


def test_the_style_of_the_package_gives_way_where_the_user_has_chosen():
    assert matplotlib.rcParams["font.size"] == 10
    plain = plotting.run(*drawn_from("run"))
    assert plain.title.get_fontsize() == STYLE["font.size"]
    assert not plain.spines["top"].get_visible()
    with matplotlib.rc_context({"axes.titlesize": 30, "font.size": 7, "legend.frameon": True}):
        mine = plotting.run(*drawn_from("run"))
        assert mine.title.get_fontsize() == 30
        assert mine.xaxis.label.get_fontsize() == 7
        assert not mine.spines["top"].get_visible()
    assert matplotlib.rcParams["font.size"] == 10


def test_axes_of_the_user_keep_what_they_have():
    with plt.style.context("dark_background"):
        panel = plt.figure().subplots()
        plotting.run(*drawn_from("run"), ax=panel)
        (mean,) = (x for x in panel.lines if str(x.get_label()).startswith("mean"))
        assert to_rgb(mean.get_color()) == (1, 1, 1)
        assert panel.spines["top"].get_visible()
        assert panel.title.get_fontsize() == 12  # "large" of 10


def test_the_public_look_of_theory_has_the_colour_of_text():
    assert plotting.THEORY["color"] == "black"
    with plt.style.context("dark_background"):
        assert plotting.THEORY["color"] == "white"
    with pytest.raises(AttributeError, match="no attribute 'THEORIES'"):
        plotting.THEORIES  # noqa: B018


@pytest.mark.parametrize(
    ("format", "begins"), [("png", b"\x89PNG"), ("pdf", b"%PDF"), ("svg", b"<?xml")]
)
def test_a_picture_of_any_format_has_the_same_bytes_again(format, begins):
    first, second = (
        plotting.picture(plotting.run, *drawn_from("run"), format=format) for _ in range(2)
    )
    assert first == second
    assert first.startswith(begins)
    assert matplotlib.rcParams["svg.hashsalt"] is None


def test_a_function_of_the_users_draws_on_a_flat_array():
    seen = []
    picture = plotting.png(lambda result, axes: seen.append((result, axes)), 3, (1, 1), (2.0, 1.0))
    ((result, axes),) = seen
    assert picture.startswith(b"\x89PNG")
    assert (result, axes.shape) == (3, (1,))
