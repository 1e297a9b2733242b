"""A figure of basins: how many starts come back from each distance, for one memory or several."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from spinglass.plotting.figure import (
    FRAME,
    OnePanel,
    figure,
    one_or_several,
    points,
    say_none,
    series,
    shade,
    texts_of_each,
)
from spinglass.statistics import format_estimate

if TYPE_CHECKING:
    from spinglass.experiments import Basins

_ONE: OnePanel = (1, 1), (7.5, 5.4)


@figure(_ONE)
def basins(
    results: Basins | Sequence[Basins], ax: Any = None, *, labels: Sequence[str] | None = None
) -> Any:
    """Draw the share of starts that come back to their pattern against their distance from it.

    A line is the fitted law. Where it is 1/2, a dotted line marks the critical distance.

    Parameters
    ----------
    results : Basins or sequence of Basins
        The results of `spinglass.experiments.basins`, one for each memory.
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
    >>> from spinglass.experiments import basins as measure
    >>> network = spinglass.Hopfield(spinglass.random_patterns(5, 100, seed=1))
    >>> basins(measure(network, n_starts=50), labels=["Hebb"]).get_ylabel()
    'share of starts with overlap ≥ 0.9'
    """
    each = one_or_several(results)
    names = texts_of_each(labels, "labels", [result.config.memory for result in each], "results")
    for result, name, (colour, marker) in zip(each, names, series(len(each)), strict=True):
        table, fit = result.summary(), result.fit
        label = name
        if math.isfinite(fit.value):
            label = f"{name}, $d_c = {format_estimate(fit.value, fit.error)}$"
            distances = np.linspace(0.0, table["distance"].max(), 300)
            ax.plot(distances, fit.probability(distances), color=colour, linewidth=1.4)
            marked = {"color": colour, "linewidth": 1, "linestyle": ":", "zorder": 1}
            ax.plot([fit.value] * 2, [0.5, -0.05], **marked)
        look = {"color": colour, "marker": marker, "linestyle": "none", "label": label}
        points(ax, table, "distance", "recovered", **look)
    if not any(len(result.starts) for result in each):
        say_none(ax, each[0], "no start was finished")
    ax.axhline(0.5, color=shade(0.4), linewidth=0.8, zorder=0)
    ax.set_ylim(-0.03, 1.05)
    ax.set_xlim(left=0.0)
    thresholds = sorted({result.config.threshold for result in each})
    ax.set_xlabel("distance of the start (share of flipped spins) $d$")
    ax.set_ylabel(f"share of starts with overlap ≥ {' or '.join(f'{x:g}' for x in thresholds)}")
    ax.set_title("Basins of attraction (dotted: critical distances)")
    if ax.get_legend_handles_labels()[1]:
        ax.legend(loc="best", **FRAME)
    return ax
