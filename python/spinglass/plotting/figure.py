"""Shared by all figures: the style, a new figure, and a PNG that does not affect pyplot."""

from __future__ import annotations

import inspect
import io
import warnings
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeAlias, TypeVar, cast, overload

import numpy as np
from numpy.typing import NDArray

from spinglass._arguments import attribute, choice, real_array, several, shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARKERS = "osD^vP*X<>dp"
"""Markers of sizes and series, in this order."""
FRAME: dict[str, Any] = {"framealpha": 0.9, "frameon": True, "edgecolor": "none"}  # of a legend
STYLE = {
    "font.size": 12,
    "axes.titlesize": "medium",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.fontsize": "small",
    "legend.frameon": False,
    "errorbar.capsize": 2.5,
    "lines.markersize": 5.5,
}
"""Settings of Matplotlib. Sizes of fonts are relative: all of them follow ``font.size``."""


Shape: TypeAlias = tuple[int, int] | list[list[int]] | Any
"""Rows and columns of panels, or a mosaic: which panel stands where, -1 for none."""
Layout: TypeAlias = tuple[Shape, tuple[float, float]]
"""The shape of a figure, and its width and height in inches."""

P = ParamSpec("P")
R = TypeVar("R")
OnePanel: TypeAlias = tuple[tuple[Literal[1], Literal[1]], tuple[float, float]]

FOUR: Layout = (2, 2), (12.5, 9.5)


@overload
def figure(layout: OnePanel) -> Callable[[Callable[P, Any]], Callable[P, Axes]]: ...
@overload
def figure(
    layout: Layout | Callable[[Any], Layout],
) -> Callable[[Callable[P, Any]], Callable[P, Axes | NDArray[np.object_]]]: ...
def figure(
    layout: Layout | Callable[[Any], Layout],
) -> Callable[[Callable[P, Any]], Callable[P, Any]]:
    """Let a function that draws on its argument ``ax`` make a new figure if ``ax`` is None.

    Parameters
    ----------
    layout : tuple or callable
        The layout of the figure, or a function that returns it for the first argument, the result.
    """

    def decorate(draw: Callable[P, Any]) -> Callable[P, Any]:
        takes = inspect.signature(draw)
        drawn_kind = str(next(iter(takes.parameters.values())).annotation)

        @wraps(draw)
        def drawn(*arguments: Any, **options: Any) -> Any:
            given = takes.bind(*arguments, **options)
            _check(given.arguments, drawn_kind)
            if given.arguments.get("ax") is not None:
                return draw(*arguments, **options)
            matplotlib()
            from matplotlib import pyplot

            shape, size = layout_of(drawn, given.args[0])
            # Outside of the style: the first figure chooses the backend, which may set parameters
            # of its own, and these must not end with the style.
            new = pyplot.figure(figsize=_grown(size), layout="constrained")
            with styled():
                _tell_unfinished(new, given.args[0])
                given.arguments["ax"] = panels(new, shape)
                drawn_on = draw(*given.args, **given.kwargs)
                _make_ticks(new)
            return drawn_on

        drawn.layout = layout  # type: ignore[attr-defined]
        return cast(Callable[P, Any], drawn)

    return decorate


def _check(arguments: Mapping[str, Any], kind: str) -> None:
    """Refuse what is no result of the kind that a function draws, or no Axes.

    ``kind`` is the annotation of the first argument. The name of a class is enough, so that
    figures need not import what they draw.
    """
    name, result = next(iter(arguments.items()))
    single, _, many = kind.rpartition(" | ")
    wanted = many.removeprefix("Sequence[").removesuffix("]")
    results = [result] if wanted == many else result
    if single == wanted:
        results = one_or_several(result)
    is_class = wanted.isidentifier() and wanted not in ("Any", "ArrayLike", "object")
    if is_class and not (
        isinstance(results, Sequence)
        and len(results) > 0
        and all(wanted in {x.__name__ for x in type(one).__mro__} for one in results)
    ):
        several = f"a sequence of at least one {wanted}"
        expected = f"of type {kind}" if wanted == kind else several
        raise TypeError(f"{name} must be {expected}, got {shown(result)}")
    ax = arguments.get("ax")
    given = flat(ax) if isinstance(ax, Sequence | np.ndarray) else [ax]
    if ax is not None and not (
        len(given) and all(callable(attribute(panel, "get_figure")) for panel in given)
    ):
        raise TypeError(f"ax must be one Matplotlib Axes or several, got {shown(ax)}")


def one_or_several(results: Any) -> Any:
    """Return one result as a list of it, several as they are."""
    return results if isinstance(results, Sequence) else [results]


def texts_of_each(given: Any, name: str, default: list[str], of: str) -> list[str]:
    """Return the argument ``name``, one text for each of several, or the default if it is None."""
    if given is None:
        return default
    texts = several(given, name)
    if texts is None or not all(isinstance(x, str) for x in texts):
        raise TypeError(f"{name} must be a sequence of texts, got {shown(given)}")
    if len(texts) != len(default):
        raise ValueError(f"{name} must be one for each of {len(default)} {of}, got {len(texts)}")
    return texts


def of_result(layout: Callable[[R], Layout]) -> Callable[[R], Layout]:
    """Let a function that returns a layout refuse what is no result of its kind."""
    name, parameter = next(iter(inspect.signature(layout).parameters.items()))

    @wraps(layout)
    def checked(result: R) -> Layout:
        _check({name: result}, str(parameter.annotation))
        return layout(result)

    return checked


# Inches of a side of a picture, and panels of it: a slip of the pen has more.
_SMALLEST_SIDE = 0.5
_LARGEST_SIDE = 100
_MOST_PANELS = 100

# What keeps the time of day out of a file, by its format.
_UNDATED: dict[str, dict[str, None]] = {
    "png": {},
    "pdf": {"CreationDate": None},
    "svg": {"Date": None},
}


def layout_of(draw: Any, result: Any) -> Layout:
    """Return the layout of the figure that a function draws for a result."""
    layout: Layout = draw.layout(result) if callable(draw.layout) else draw.layout
    return layout


def _grown(size: tuple[float, float]) -> tuple[float, float]:
    """Return a size that leaves to large letters the space that letters of `STYLE` have."""
    with styled():
        factor = max(1.0, matplotlib().rcParams["font.size"] / STYLE["font.size"])
    return factor * size[0], factor * size[1]


def png(
    draw: Callable[..., Any],
    result: Any,
    shape: Shape = None,
    size: tuple[float, float] | None = None,
) -> bytes:
    """Return the result of `picture` as PNG.

    Examples
    --------
    >>> from spinglass import experiments, plotting
    >>> plotting.png(plotting.landscape, experiments.landscape(n_spins=6))[1:4]
    b'PNG'
    """
    return picture(draw, result, shape, size)


def picture(
    draw: Callable[..., Any],
    result: Any,
    shape: Shape = None,
    size: tuple[float, float] | None = None,
    format: str = "png",
) -> bytes:
    """Return the picture that ``draw(result, axes)`` makes, without changing the state of pyplot.

    The same result gives the same bytes, with one version of Matplotlib.

    Parameters
    ----------
    draw : callable
        One of these functions, or your own function, which gets a flat array of Axes.
    result : object
        The result to draw.
    shape : tuple of int or list of list of int, optional
        Rows and columns of panels, or a mosaic with the number of the panel at each place, -1 for
        none. The default is that of the function.
    size : tuple of float, optional
        Width and height in inches, with 160 dots per inch. The default is that of the function,
        which grows with the size of the font.
    format : {"png", "pdf", "svg"}
        Format of the bytes.

    Raises
    ------
    ValueError, TypeError
        If an argument is none of these.

    Examples
    --------
    >>> from spinglass import experiments, plotting
    >>> result = experiments.landscape(n_spins=6)
    >>> plotting.picture(plotting.landscape, result, format="pdf")[:4]
    b'%PDF'
    """
    if not callable(draw) or (not hasattr(draw, "layout") and (shape is None or size is None)):
        what = "a function of spinglass.plotting, or any other with shape and size"
        raise TypeError(f"draw must be {what}, got {shown(draw)}")
    format = choice(format, "format", tuple(_UNDATED))
    if size is not None:
        size = _inches(size)
    if shape is not None:
        shape = _places(shape)
        layout = getattr(draw, "layout", None)
        if isinstance(layout, tuple) and layout[0] == (1, 1) and shape != (1, 1):
            raise ValueError(f"shape must be (1, 1) for a figure of one panel, got {shape}")
    own = (shape, size) if shape is not None and size is not None else layout_of(draw, result)
    with styled(), warnings.catch_warnings():
        # A file may have a name in a script that the font lacks.
        warnings.filterwarnings("ignore", "Glyph")
        from matplotlib.figure import Figure

        new = Figure(figsize=size or _grown(own[1]), layout="constrained")
        axes = panels(new, own[0] if shape is None else shape)
        if hasattr(draw, "layout"):
            draw(result, ax=axes)
        else:
            draw(result, flat(axes))
        _tell_unfinished(new, result)
        content = io.BytesIO()
        # Names in an SVG are drawn by lot otherwise.
        matplotlib().rcParams["svg.hashsalt"] = "spinglass"
        new.savefig(content, format=format, dpi=160, metadata=_UNDATED[format])
    return content.getvalue()


def _inches(size: Any) -> tuple[float, float]:
    """Return width and height as two numbers that a picture can have."""
    numbers = real_array(size, "size")
    within = (numbers >= _SMALLEST_SIDE) & (numbers <= _LARGEST_SIDE)
    if numbers.shape != (2,) or not within.all():
        expected = f"two numbers from {_SMALLEST_SIDE} to {_LARGEST_SIDE}"
        raise ValueError(f"size must be {expected}, got {shown(size)}")
    width, height = numbers.tolist()
    return width, height


def _places(shape: Any) -> Shape:
    """Return rows and columns of panels, or a mosaic: a table of numbers or of mosaics."""
    numbers = _numbers(shape) if isinstance(shape, list) else []
    if numbers and len(numbers) <= _MOST_PANELS and max(map(abs, numbers)) <= _MOST_PANELS:
        return shape
    places = real_array(shape, "shape")
    is_grid = places.shape == (2,) and ((places >= 1) & (places <= _MOST_PANELS)).all()
    is_mosaic = places.ndim == 2 and 0 < places.size <= _MOST_PANELS
    if places.dtype.kind not in "iu" or not (is_grid or is_mosaic):
        expected = f"rows and columns or a mosaic, of at most {_MOST_PANELS} panels"
        raise ValueError(f"shape must be {expected}, got {shown(shape)}")
    return tuple(places.tolist()) if is_grid else places.tolist()


def _numbers(mosaic: list[Any]) -> list[int]:
    """Return all numbers of a mosaic, in any depth; none if it is not one."""
    if not all(isinstance(row, list) and len(row) == len(mosaic[0]) > 0 for row in mosaic):
        return []
    found: list[int] = []
    for place in (place for row in mosaic for place in row):
        inner = [place] if type(place) is int else []
        if isinstance(place, list):
            inner = _numbers(place)
        if not inner:
            return []
        found += inner
    return found


def on_panels(result: Any, ax: Any, *draw: Callable[[Any, Any], None], alone: int = 0) -> Any:
    """Draw one function per panel, or on a single Axes the one with the number ``alone``."""
    axes = flat(ax)
    if len(axes) == 1:
        draw[alone](result, axes[0])
        return ax
    if len(axes) != len(draw):
        words = {2: "two", 3: "three", 4: "four"}[len(draw)]
        raise ValueError(f"ax must be one Axes or {words}, got {len(axes)}")
    for panel, function in zip(axes, draw, strict=True):
        function(result, panel)
    return axes


def _tell_unfinished(figure: Any, result: Any) -> None:
    """Say above all panels of what is only a part."""
    if not getattr(result, "complete", True):
        figure.suptitle("unfinished: of what is done so far", fontsize="medium")


def _make_ticks(figure: Any) -> None:
    """Make the first tick of each axis in the style: the others, made later, are like it."""
    from matplotlib.axis import Axis

    for axis in figure.findobj(Axis):
        axis.get_major_ticks(1)


def say_none(ax: Any, result: Any, words: str) -> None:
    """Write into an empty panel why it is empty; for an incomplete result this is not known yet."""
    text = words if getattr(result, "complete", True) else "not finished yet"
    ax.text(0.5, 0.5, text, transform=ax.transAxes, ha="center", va="center", bbox=_behind())


def _behind() -> dict[str, Any]:
    """Return what hides lines behind a text."""
    return {"facecolor": paper(), "edgecolor": "none", "pad": 1.5}


def flat(ax: Any) -> NDArray[np.object_]:
    """Return one Axes, or any arrangement of them, as a flat array."""
    return np.atleast_1d(np.asarray(ax, dtype=object)).ravel()


def panels(figure: Any, shape: Shape) -> Any:
    """Divide a figure into Axes: one, or a flat array, row by row or by their number."""
    if isinstance(shape, tuple):
        axes = flat(figure.subplots(*shape))
    else:
        named = figure.subplot_mosaic(shape, empty_sentinel=-1)
        axes = np.array([named[k] for k in sorted(named)], dtype=object)
    return axes[0] if len(axes) == 1 else axes


def styled() -> Any:
    """Return a context in which `STYLE` is used for all settings that the user has not changed."""
    mpl = matplotlib()
    untouched = {
        name: value
        for name, value in STYLE.items()
        if mpl.rcParams[name] == mpl.rcParamsDefault[name]
    }
    return mpl.rc_context(untouched)


def ink() -> Any:
    """Return the colour of text in the user's style."""
    return matplotlib().rcParams["text.color"]


def paper() -> Any:
    """Return the colour of the background in the user's style."""
    rc = matplotlib().rcParams
    from matplotlib.colors import to_rgba

    behind = (rc["axes.facecolor"], rc["figure.facecolor"], "white")
    return next(colour for colour in behind if to_rgba(colour)[3] > 0)


def shade(part: float) -> Any:
    """Return a colour between that of paper (0) and that of ink (1), which is grey on white."""
    to_rgb = _to_rgb()
    back, front = np.array(to_rgb(paper())), np.array(to_rgb(ink()))
    return tuple((back + part * (front - back)).tolist())


def _to_rgb() -> Any:
    matplotlib()
    from matplotlib.colors import to_rgb

    return to_rgb


def colours(places: Any, name: str = "viridis") -> Any:
    """Return colours of a map, from far from paper (0) to near (1), which differ in grey too."""
    to_rgb = _to_rgb()
    is_dark = sum(to_rgb(paper())) < sum(to_rgb(ink()))
    first, last = (0.9, 0.38) if is_dark else (0.0, 0.82)
    return matplotlib().colormaps[name](first + (last - first) * np.asarray(places))


def series(count: int) -> list[tuple[Any, str]]:
    """Return the colour and marker of each of ``count`` series, dark to light on white paper."""
    found = colours(np.linspace(0.0, 1.0, count))
    return [(found[k], MARKERS[k % len(MARKERS)]) for k in range(count)]


def theory_line(**more: Any) -> dict[str, Any]:
    """Return the look of a line of theory."""
    return {"color": ink(), "linestyle": (0, (5, 2)), "linewidth": 1.6, "zorder": 1, **more}


def limit_point() -> dict[str, Any]:
    """Return the look of extrapolations to infinite size: a half-filled marker, as no size has."""
    return {
        "color": ink(),
        "marker": "o",
        "markersize": 8,
        "fillstyle": "top",
        "markerfacecoloralt": paper(),
        "linestyle": "none",
        "zorder": 6,
    }


def interval_bar() -> dict[str, Any]:
    """Return the look of the range over all laws that fit, behind a `limit_point`."""
    return {"elinewidth": 7, "capsize": 0, "color": shade(0.22), "zorder": 2, "linestyle": "none"}


def by_size(sizes: Iterable[int]) -> list[tuple[int, dict[str, Any]]]:
    """Return each size with its colour and marker; larger sizes are lighter on white."""
    ascending = sorted(sizes)
    looks = zip(ascending, series(len(ascending)), strict=True)
    return [(n, {"color": colour, "marker": marker}) for n, (colour, marker) in looks]


def points(ax: Any, table: NDArray[Any], x: str, y: str, **look: Any) -> None:
    """Draw a column of a table against another, with its errors."""
    ax.errorbar(table[x], table[y], table[f"{y}_error"], **look)


def residuals(ax: Any, place: list[float], rows: Collection[Any], title: str) -> None:
    """Draw in an inset the residuals of a fit against size, each with its error and look."""
    inset = ax.inset_axes(place)
    for n, value, error, look in rows:
        inset.errorbar(n, value, error, **look)
    sizes = [n for n, *_ in rows]
    inset.axhline(0, color=shade(0.65), linewidth=1)
    inset.set_xscale("log")
    inset.set_xticks(sizes, [f"{n // 1000}k" if n % 1000 == 0 else f"{n}" for n in sizes])
    inset.minorticks_off()
    inset.set_title(title, fontsize="small", bbox=_behind())
    inset.tick_params(labelsize="small")


def legend_above(ax: Any, loc: str, columns: int = 1) -> None:
    """Make space above the drawing, and put the legend there, if there is something to name."""
    rows = -(-len(ax.get_legend_handles_labels()[1]) // columns)
    if rows == 0:
        return
    bottom, top = ax.get_ylim()
    part = min(0.6, 0.0055 * rows * _points_of(matplotlib().rcParams["legend.fontsize"]))
    ax.set_ylim(bottom, bottom + (top - bottom) / (1 - part))
    ax.legend(loc=loc, ncols=columns, **FRAME)


def _points_of(size: Any) -> float:
    """Return the size of a font, which may be a word, in points."""
    from matplotlib.font_manager import FontProperties

    points: float = FontProperties(size=size).get_size_in_points()
    return points


def near(ax: Any, exact: float, found: list[Any], nbins: int) -> None:
    """Let the axis of inverse temperatures show all crossings, with the exact one in the middle."""
    reach = max(abs(x.beta - exact) + 1.4 * x.beta_error for x in found)
    ax.set_xlim(exact - 1.1 * reach, exact + 1.1 * reach)
    ax.ticklabel_format(axis="x", useOffset=False)
    ax.xaxis.get_major_locator().set_params(nbins=nbins)


def matplotlib() -> Any:
    """Import Matplotlib; if it is missing, the error says how to install it."""
    try:
        import matplotlib
    except ImportError as error:
        raise ImportError("figures need Matplotlib: pip install 'spinglass[plot]'") from error
    return matplotlib
