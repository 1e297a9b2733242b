"""The figure of a relaxation: the energy of a circuit of graded neurons as it falls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spinglass.plotting.figure import FRAME, colours, figure, ink, say_none

if TYPE_CHECKING:
    from spinglass.models.relaxation import Relaxation

# More lines than these make a blot.
_LINES = 8

# So that neighbours differ in print.
_STYLES = ("-", "--", "-.", ":")


@figure(((1, 1), (7.5, 5.2)))
def relaxation(result: Relaxation, ax: Any = None) -> Any:
    """Draw the energy of each start against time, and where it came to rest.

    At most eight starts are drawn. A dot is a circuit at rest, an open triangle one that was not
    when the time was over.

    Parameters
    ----------
    result : Relaxation
        The result of `spinglass.GradedHopfield.relax`.
    ax : matplotlib Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    Axes
        The Axes with the drawing.

    Examples
    --------
    >>> import spinglass
    >>> pair = spinglass.GradedHopfield([[0, 1], [1, 0]], gain=3.0)
    >>> relaxation(pair.relax(n_starts=3, seed=1)).get_xlabel()
    'time $t$, in the unit of $RC$'
    """
    paths = result.trajectory if isinstance(result.trajectory, tuple) else (result.trajectory,)
    at_rest = np.atleast_1d(result.converged)
    if not paths or paths[0] is None:
        say_none(ax, result, "no trajectory was kept")
        paths = ()
    for k, path in enumerate(paths[:_LINES]):
        colour = colours(k / _LINES)
        line = {"color": colour, "linewidth": 1.3, "label": f"start {k}"}
        ax.plot(path.times, path.energy, linestyle=_STYLES[k % len(_STYLES)], **line)
        look = {"marker": "o", "color": colour} if at_rest[k] else {"marker": "^", "color": ink()}
        fill = None if at_rest[k] else "none"
        ax.plot(path.times[-1], path.energy[-1], linestyle="none", markerfacecolor=fill, **look)
    ax.set_xlabel("time $t$, in the unit of $RC$")
    ax.set_ylabel("energy $E$")
    ax.set_title(f"{np.count_nonzero(at_rest)} of {len(at_rest)} at rest")
    if len(paths) > 1:
        ax.legend(**FRAME)
    return ax
