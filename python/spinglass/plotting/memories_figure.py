"""A figure of the table of memories: each capacity measured, beside the published one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spinglass.plotting.figure import FRAME, OnePanel, figure, say_none, series, theory_line

if TYPE_CHECKING:
    from spinglass.experiments import MemoryTable


_ONE: OnePanel = (1, 1), (8.0, 6.6)


@figure(_ONE)
def memories(result: MemoryTable, ax: Any = None) -> Any:
    """Draw the capacity of each memory with its interval, and the published value.

    Parameters
    ----------
    result : MemoryTable
        The table.
    ax : matplotlib Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    Axes
        The Axes with the drawing.

    Raises
    ------
    TypeError
        If the argument is no table of memories.

    Examples
    --------
    >>> from spinglass.experiments import memories as measured
    >>> memories(measured("projection", effort=0.1)).get_xlabel()
    'load at capacity, $P/N$'
    """
    rows = result.table
    places = np.arange(len(rows))[::-1]
    known = np.isfinite(rows["measured"])
    compared = np.isfinite(rows["published"])
    (colour, marker), (other, hollow) = series(2)
    kinds = (
        (known & compared, colour, marker, "measured, and its interval"),
        (known & ~compared, other, hollow, "measured, nothing published"),
    )
    for which, its_colour, its_marker, label in kinds:
        if which.any():
            mine = rows[which]
            reach = np.abs(
                [mine["measured"] - mine["at_least"], mine["at_most"] - mine["measured"]]
            )
            look = {"color": its_colour, "marker": its_marker, "linestyle": "none", "label": label}
            ax.errorbar(mine["measured"], places[which], xerr=reach, **look)
    if compared.any():
        style = theory_line(linestyle="none", marker="|", markersize=15, markeredgewidth=1.8)
        ax.plot(rows["published"][compared], places[compared], label="published", **style)
    if not known.any():
        say_none(ax, result, "no row has a value")
    ax.set_xscale("log")
    ax.set_yticks(places, rows["row"])
    ax.set_ylim(-0.7, len(rows) - 0.3)
    ticks = [x for x in (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0) if known.any() or compared.any()]
    ax.set_xticks(ticks, [f"{x:g}" for x in ticks])
    ax.set_xticks([], minor=True)
    ax.grid(axis="y", alpha=0.25)
    ax.set_xlabel("load at capacity, $P/N$")
    ax.set_title("How much memories hold")
    if ax.get_legend_handles_labels()[1]:
        ax.legend(loc="best", **FRAME)
    return ax
