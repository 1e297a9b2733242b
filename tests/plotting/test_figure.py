"""One mechanism for all figures: a layout registered once, new figures, panels, pictures."""

import inspect

import pytest

matplotlib = pytest.importorskip("matplotlib")
pytest.importorskip("matplotlib.pyplot")

from matplotlib.figure import Figure  # noqa: E402

from spinglass import plotting  # noqa: E402
from spinglass.plotting.figure import figure, on_panels, png  # noqa: E402


@pytest.fixture(autouse=True)
def no_figure_is_left():
    yield
    matplotlib.pyplot.close("all")


@figure(lambda result: ((1, result), (2.0 * result, 1.0)))
def draw(result, words="", ax=None):
    """Draw as many panels as the number says."""
    return on_panels((result, words), ax, _title, _label)


def _title(result, ax):
    ax.set_title(f"{result[0]} {result[1]}")


def _label(result, ax):
    ax.set_xlabel(result[1])


def test_without_axes_a_figure_of_the_layout_is_made():
    axes = draw(2, "words")
    assert [ax.get_title() for ax in axes] == ["2 words", ""]
    assert axes[1].get_xlabel() == "words"
    assert axes[0].figure.get_size_inches().tolist() == [4.0, 1.0]
    single = draw(1, words="alone")
    assert single.get_title() == "1 alone"


def test_on_axes_of_the_callers_no_figure_is_made():
    before = matplotlib.pyplot.get_fignums()
    panels = Figure().subplots(1, 2)
    assert (draw(2, ax=panels) == panels).all()
    assert draw(2, "last", panels[0]) is panels[0]
    assert panels[0].get_title() == "2 last"
    assert matplotlib.pyplot.get_fignums() == before


def test_a_wrong_number_of_axes_is_told():
    with pytest.raises(ValueError, match="ax must be one Axes or two, got 3"):
        draw(2, ax=Figure().subplots(1, 3))


def test_a_picture_has_the_layout_of_its_function_or_that_which_is_given():
    def width(picture):
        return int.from_bytes(picture[16:20], "big")

    assert width(png(draw, 2)) == 640
    assert width(png(draw, 2, (1, 2), (3.0, 1.0))) == 480


def test_what_a_figure_takes_and_says_is_seen_through_the_mechanism():
    assert list(inspect.signature(draw).parameters) == ["result", "words", "ax"]
    assert draw.__doc__.startswith("Draw as many panels")


@pytest.mark.parametrize("name", [x for x in plotting.__all__ if callable(getattr(plotting, x))])
def test_every_function_that_takes_axes_has_a_layout_of_its_own(name):
    function = getattr(plotting, name)
    assert hasattr(function, "layout") == ("ax" in inspect.signature(function).parameters)
