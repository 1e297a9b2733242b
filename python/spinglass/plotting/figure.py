"""What all figures share: the style, a new figure, and a PNG that leaves pyplot alone."""

from __future__ import annotations

import inspect
import io
import warnings
from collections.abc import Callable, Collection, Iterable
from functools import wraps
from typing import Any, TypeAlias, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

MARKERS = "osD^vP*X"
FRAME: dict[str, Any] = {"framealpha": 0.9, "frameon": True, "edgecolor": "none"}  # of a legend
THEORY = {"color": "black", "linestyle": (0, (5, 2)), "linewidth": 1.6, "zorder": 1}
# Of what is extrapolated to infinite size.
LIMIT: dict[str, Any] = {
    "color": "black", "marker": "o", "markersize": 8, "linestyle": "none", "zorder": 6
}  # fmt: skip
STYLE = {
    "font.size": 12,
    "axes.titlesize": 13,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.fontsize": 10.5,
    "legend.frameon": False,
    "errorbar.capsize": 2.5,
    "lines.markersize": 5.5,
}


Shape: TypeAlias = tuple[int, int] | list[list[int]] | Any
"""Rows and columns of panels, or a mosaic: which panel stands where, -1 for none."""
Layout: TypeAlias = tuple[Shape, tuple[float, float]]
"""The shape of a figure, and its width and height in inches."""

F = TypeVar("F", bound=Callable[..., Any])

FOUR: Layout = (2, 2), (12.5, 9.5)


def figure(layout: Layout | Callable[[Any], Layout]) -> Callable[[F], F]:
    """Let a function that draws on its argument ``ax`` make a new figure if it gets none.

    Parameters
    ----------
    layout : tuple or callable
        That of the figure, or a function that returns it for what is drawn, the first argument.
    """

    def decorate(draw: F) -> F:
        takes = inspect.signature(draw)

        @wraps(draw)
        def drawn(*arguments: Any, **options: Any) -> Any:
            given = takes.bind(*arguments, **options)
            if given.arguments.get("ax") is not None:
                return draw(*arguments, **options)
            with matplotlib().rc_context(STYLE):
                from matplotlib import pyplot

                shape, size = layout_of(drawn, given.args[0])
                new = pyplot.figure(figsize=size, layout="constrained")
                _tell_unfinished(new, given.args[0])
                given.arguments["ax"] = _one_or_all(panels(new, shape))
                return draw(*given.args, **given.kwargs)

        drawn.layout = layout  # type: ignore[attr-defined]
        return cast(F, drawn)

    return decorate


def layout_of(draw: Any, result: Any) -> Layout:
    """Return the layout of the figure that a function makes of a result."""
    layout: Layout = draw.layout(result) if callable(draw.layout) else draw.layout
    return layout


def png(
    draw: Callable[..., Any],
    result: Any,
    shape: Shape = None,
    size: tuple[float, float] | None = None,
) -> bytes:
    """Return the picture that ``draw(result, axes)`` makes, without touching pyplot's state.

    Parameters
    ----------
    draw : callable
        One of the functions here.
    result : object
        What it draws.
    shape : tuple of int or list of list of int, optional
        Rows and columns of panels, or a mosaic: which panel stands where, -1 for none. By default
        that of the function.
    size : tuple of float, optional
        Width and height in inches; 160 dots an inch. By default that of the function.
    """
    own = (shape, size) if shape and size else layout_of(draw, result)
    with matplotlib().rc_context(STYLE), warnings.catch_warnings():
        # A file may have a name in a script that the font lacks.
        warnings.filterwarnings("ignore", "Glyph")
        from matplotlib.figure import Figure

        picture = Figure(figsize=size or own[1], layout="constrained")
        draw(result, _one_or_all(panels(picture, shape or own[0])))
        _tell_unfinished(picture, result)
        content = io.BytesIO()
        picture.savefig(content, format="png", dpi=160)
    return content.getvalue()


def on_panels(result: Any, ax: Any, *draw: Callable[[Any, Any], None], alone: int = 0) -> Any:
    """Draw a function a panel, or of a single one that with the number ``alone``; return ``ax``."""
    axes = flat(ax)
    if len(axes) == 1:
        draw[alone](result, axes[0])
        return ax
    if len(axes) != len(draw):
        words = {2: "two", 4: "four"}[len(draw)]
        raise ValueError(f"ax must be one Axes or {words}, got {len(axes)}")
    for panel, function in zip(axes, draw, strict=True):
        function(result, panel)
    return axes


def _tell_unfinished(figure: Any, result: Any) -> None:
    """Say above all panels of what is only a part."""
    if not getattr(result, "complete", True):
        figure.suptitle("unfinished: of what is done so far", fontsize=13)


def say_none(ax: Any, result: Any, words: str) -> None:
    """Write in an empty panel why it is empty: of what is only a part nobody knows yet."""
    text = words if getattr(result, "complete", True) else "not finished yet"
    behind = {"facecolor": "white", "edgecolor": "none"}
    ax.text(0.5, 0.5, text, transform=ax.transAxes, ha="center", va="center", bbox=behind)


def flat(ax: Any) -> NDArray[np.object_]:
    """Return one Axes, or any arrangement of them, as a flat array."""
    return np.atleast_1d(np.asarray(ax, dtype=object)).ravel()


def panels(figure: Any, shape: Shape) -> NDArray[np.object_]:
    """Divide a figure into Axes, returned in a flat array: row by row, or by their number."""
    if isinstance(shape, tuple):
        return np.asarray(figure.subplots(*shape, squeeze=False), dtype=object).ravel()
    axes = figure.subplot_mosaic(shape, empty_sentinel=-1)
    return np.array([axes[k] for k in sorted(axes)], dtype=object)


def _one_or_all(axes: NDArray[np.object_]) -> Any:
    """Return a single Axes without its array."""
    return axes[0] if len(axes) == 1 else axes


def series(count: int) -> list[tuple[Any, str]]:
    """Return (colour, marker) of each of ``count`` series, dark to light."""
    colours = matplotlib().colormaps["viridis"](np.linspace(0.0, 0.82, count))
    return [(colours[k], MARKERS[k % len(MARKERS)]) for k in range(count)]


def by_size(sizes: Iterable[int]) -> list[tuple[int, dict[str, Any]]]:
    """Return each size with its colour and marker, dark to light with growing size."""
    ascending = sorted(sizes)
    looks = zip(ascending, series(len(ascending)), strict=True)
    return [(n, {"color": colour, "marker": marker}) for n, (colour, marker) in looks]


def points(ax: Any, table: NDArray[Any], x: str, y: str, **look: Any) -> None:
    """Draw a column of a table against another, with its errors."""
    ax.errorbar(table[x], table[y], table[f"{y}_error"], **look)


def residuals(ax: Any, place: list[float], rows: Collection[Any], title: str) -> None:
    """Draw in an inset what a fit leaves, against size: of each its value, error and look."""
    inset = ax.inset_axes(place)
    for n, value, error, look in rows:
        inset.errorbar(n, value, error, **look)
    sizes = [n for n, *_ in rows]
    inset.axhline(0, color="0.35", linewidth=1)
    inset.set_xscale("log")
    inset.set_xticks(sizes, [f"{n // 1000}k" if n % 1000 == 0 else f"{n}" for n in sizes])
    inset.minorticks_off()
    inset.set_title(title, fontsize=10.5)
    inset.tick_params(labelsize=9.5)


def legend_above(ax: Any, loc: str, columns: int = 1) -> None:
    """Make space above what was drawn, and put the legend there."""
    rows = -(-len(ax.get_legend_handles_labels()[1]) // columns)
    bottom, top = ax.get_ylim()
    ax.set_ylim(bottom, bottom + (top - bottom) / (1 - 0.058 * rows))
    ax.legend(loc=loc, ncols=columns, **FRAME)


def near(ax: Any, exact: float, found: list[Any], nbins: int) -> None:
    """Let the axis of inverse temperatures hold all crossings, with the exact one in the middle."""
    reach = max(abs(x.beta - exact) + 1.4 * x.beta_error for x in found)
    ax.set_xlim(exact - 1.1 * reach, exact + 1.1 * reach)
    ax.ticklabel_format(axis="x", useOffset=False)
    ax.xaxis.get_major_locator().set_params(nbins=nbins)


def matplotlib() -> Any:
    """Import Matplotlib, or say where it comes from."""
    try:
        import matplotlib
    except ImportError as error:
        raise ImportError("figures need Matplotlib: pip install 'spinglass[plot]'") from error
    return matplotlib
