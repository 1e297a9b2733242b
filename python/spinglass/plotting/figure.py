"""What all figures share: the style, a new figure, and a PNG that leaves pyplot alone."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

MARKERS = "osD^vP*X"
THEORY = {"color": "black", "linestyle": (0, (5, 2)), "linewidth": 1.6, "zorder": 1}
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


def png(
    draw: Callable[[Any, Any], Any],
    result: Any,
    shape: tuple[int, int] | list[list[int]] = (2, 2),
    size: tuple[float, float] = (12.5, 9.5),
) -> bytes:
    """Return the picture that ``draw(result, axes)`` makes, without touching pyplot's state.

    Parameters
    ----------
    draw : callable
        One of the functions here.
    result : object
        What it draws.
    shape : tuple of int or list of list of int
        Rows and columns of panels, or a mosaic: which panel stands where, -1 for none.
    size : tuple of float
        Width and height in inches; 160 dots an inch.
    """
    with matplotlib().rc_context(STYLE), warnings.catch_warnings():
        # A file may have a name in a script that the font lacks.
        warnings.filterwarnings("ignore", "Glyph")
        from matplotlib.figure import Figure

        figure = Figure(figsize=size, layout="constrained")
        draw(result, panels(figure, shape))
        _tell_unfinished(figure, result)
        picture = io.BytesIO()
        figure.savefig(picture, format="png", dpi=160)
    return picture.getvalue()


def in_new_figure(
    draw: Callable[[Any, Any], Any],
    result: Any,
    shape: tuple[int, int] | list[list[int]] = (2, 2),
    size: tuple[float, float] = (12.5, 9.5),
) -> Any:
    """Return what ``draw(result, ax)`` returns on a new figure of pyplot's.

    The parameters are those of `png`; of a single panel ``ax`` is the Axes, else their array.
    """
    with matplotlib().rc_context(STYLE):
        from matplotlib import pyplot

        figure = pyplot.figure(figsize=size, layout="constrained")
        _tell_unfinished(figure, result)
        axes = panels(figure, shape)
        return draw(result, axes[0] if len(axes) == 1 else axes)


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


def panels(figure: Any, shape: tuple[int, int] | list[list[int]]) -> NDArray[np.object_]:
    """Divide a figure into Axes, returned in a flat array: row by row, or by their number."""
    if isinstance(shape, tuple):
        return np.asarray(figure.subplots(*shape, squeeze=False), dtype=object).ravel()
    axes = figure.subplot_mosaic(shape, empty_sentinel=-1)
    return np.array([axes[k] for k in sorted(axes)], dtype=object)


def series(count: int) -> list[tuple[Any, str]]:
    """Return (colour, marker) of each of ``count`` series, dark to light."""
    colours = matplotlib().colormaps["viridis"](np.linspace(0.0, 0.82, count))
    return [(colours[k], MARKERS[k % len(MARKERS)]) for k in range(count)]


def matplotlib() -> Any:
    """Import Matplotlib, or say where it comes from."""
    try:
        import matplotlib
    except ImportError as error:
        raise ImportError("figures need Matplotlib: pip install 'spinglass[plot]'") from error
    return matplotlib
