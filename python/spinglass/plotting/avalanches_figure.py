"""A figure of avalanches: the share of those of at least some size, for one memory or several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from spinglass.plotting.figure import (
    FRAME,
    OnePanel,
    figure,
    one_or_several,
    say_none,
    series,
    texts_of_each,
)

if TYPE_CHECKING:
    from spinglass.experiments import Avalanches

_ONE: OnePanel = (1, 1), (7.5, 5.4)

# Markers on a line.
_MARKED = 15


@figure(_ONE)
def avalanches(
    results: Avalanches | Sequence[Avalanches],
    ax: Any = None,
    *,
    labels: Sequence[str] | None = None,
) -> Any:
    """Draw the share of avalanches of at least s flips against s, both axes logarithmic.

    Some of the points have error bars, equally far from each other on the axis.

    Parameters
    ----------
    results : Avalanches or sequence of Avalanches
        The results of `spinglass.experiments.avalanches`, one for each memory.
    ax : matplotlib Axes, optional
        Where to draw; by default in a new figure.
    labels : sequence of str, optional
        A name for each memory; by default its words in the config.

    Returns
    -------
    Axes
        The Axes with the drawing.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> import spinglass
    >>> from spinglass.experiments import avalanches as measure
    >>> network = spinglass.Hopfield(spinglass.random_patterns(20, 100, seed=1))
    >>> avalanches(measure(network, 200), labels=["Hebb"]).get_xscale()
    'log'
    """
    each = one_or_several(results)
    names = texts_of_each(labels, "labels", [result.config.memory for result in each], "results")
    is_empty = True
    for result, name, (colour, marker) in zip(each, names, series(len(each)), strict=True):
        table = result.distribution()
        table = table[table["share"] > 0]
        is_empty &= not len(table)
        label = name if len(table) else f"{name}: none in {len(result.starts)}"
        ax.plot([], [], color=colour, marker=marker, label=label)
        if not len(table):
            continue
        # A share holds from the size before to its own.
        ax.step(table["size"], table["share"], where="pre", color=colour, linewidth=1.3)
        at = np.geomspace(1, table["size"][-1], _MARKED)
        few = np.unique(np.searchsorted(table["size"], at - 1e-9 * at))
        error = table["share_error"][few]
        low = np.minimum(error, 0.9 * table["share"][few])  # a logarithm has no zero
        look = {"color": colour, "marker": marker, "linestyle": "none"}
        ax.errorbar(table["size"][few], table["share"][few], [low, error], **look)
    if is_empty:
        say_none(ax, each[0], "no spin followed")
    ax.set_xscale("log")
    ax.set_yscale("log")
    fewest = max(1, max(len(result.starts) for result in each))
    ax.set_ylim(0.4 / fewest, 1.6)
    ax.set_xlim(left=0.85)
    ax.set_xlabel("flips that a turned spin sets off, $s$")
    ax.set_ylabel("share of avalanches of at least $s$ flips")
    ax.set_title("Avalanches in a memory")
    ax.legend(loc="best", **FRAME)
    return ax
