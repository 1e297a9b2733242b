"""A figure of a census of fixed points: their energies by kind, beside those of the patterns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spinglass._text import counted
from spinglass.plotting.figure import FRAME, colours, figure, ink, say_none

if TYPE_CHECKING:
    from spinglass.experiments import SpuriousStates

_BINS = 60

# Of stored states and of reversed ones the energies are the same: the dashes are seen on the line.
_LINES = ("-", "--", "-", ":")
_WIDTHS = (1.4, 2.2, 1.4, 1.8)


@figure(((1, 1), (7.5, 5.4)))
def spurious(result: SpuriousStates, ax: Any = None) -> Any:
    """Draw a histogram of the energies of the fixed points, one for each kind.

    The height is the share of the starts, on a logarithmic axis. Lines above mark the energies of
    the stored patterns.

    Parameters
    ----------
    result : SpuriousStates
        The result of `spinglass.experiments.spurious`.
    ax : matplotlib Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    Axes
        The Axes with the drawing.

    Examples
    --------
    >>> import spinglass
    >>> from spinglass.experiments import spurious as count
    >>> network = spinglass.Hopfield(spinglass.random_patterns(5, 100, seed=1))
    >>> spurious(count(network, 100)).get_xlabel()
    'energy per spin'
    """
    table, states = result.summary(), result.states
    marked = result.pattern_energies / result.config.n_spins
    edges = _edges(np.concatenate([states["energy_per_spin"], marked]))
    for k, row in enumerate(table):
        mine = states[states["kind"] == row["kind"]]
        if len(edges) == 0 or not len(mine):
            continue
        share = np.histogram(mine["energy_per_spin"], edges, weights=mine["count"])[0]
        colour = colours(k / (len(table) - 1))
        count = counted(row["n_states"], "state")
        label = f"{row['kind']}: {count}, {100 * row['share']:.3g} %"
        line = {"color": colour, "linestyle": _LINES[k], "linewidth": _WIDTHS[k]}
        ax.stairs(share / result.n_starts, edges, label=label, **line)
        ax.stairs(share / result.n_starts, edges, fill=True, color=colour, alpha=0.2)
    if len(edges):
        top = {"transform": ax.get_xaxis_transform(), "color": ink(), "linestyle": "none"}
        rows = np.full(len(marked), 0.97)
        ax.plot(marked, rows, marker="|", markersize=12, label="stored patterns", **top)
        ax.set_yscale("log")
        ax.set_ylim(bottom=0.5 / max(1, result.n_starts), top=4.0)
        ax.legend(loc="upper right", bbox_to_anchor=(1.0, 0.94), **FRAME)
    else:
        none = "the memory has no energy" if len(states) else "no start came to rest"
        say_none(ax, result, none)
    ax.set_xlabel("energy per spin")
    ax.set_ylabel("share of the random starts")
    unsettled = f", {result.n_unsettled} not at rest" if result.n_unsettled else ""
    starts = counted(result.n_starts, "random start")
    ax.set_title(f"{starts}: {counted(result.n_states, 'fixed point')}{unsettled}")
    return ax


def _edges(energies: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return edges of bins that hold all energies, none if there is no energy."""
    known = energies[np.isfinite(energies)]
    if not len(known):
        return np.empty(0)
    low, high = known.min(), known.max()
    margin = max(0.02 * (high - low), 1e-3 * max(abs(low), abs(high)), 1e-9)
    return np.linspace(low - margin, high + margin, _BINS + 1)
