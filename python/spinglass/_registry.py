"""Rooms that lie above, found by name when they are asked for.

Imports point down only: a result knows nothing of the figure that is drawn of it, and a model
nothing of the packages that know it in another form. A result plots itself all the same, because it
asks here for the room that draws, and a model asks for its adapter. Nothing else in the package
points up.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

_ABOVE = {
    "bqm": "spinglass.adapters.bqm",
    "graph": "spinglass.adapters.graph",
    "plotting": "spinglass.plotting",
    "qubo": "spinglass.adapters.qubo",
}


def above(name: str) -> Any:
    """Return what lies above under this name, imported now."""
    return import_module(_ABOVE[name])


_PLOT = """{draws}

Parameters
----------
ax : matplotlib.axes.Axes or several of them, optional
    Where to draw; a new figure by default.
*arguments, **options
    What else `spinglass.plotting.{figure}` takes.

Returns
-------
matplotlib.axes.Axes or numpy.ndarray of them

Raises
------
ImportError
    Without Matplotlib, which ``pip install 'spinglass[plot]'`` brings.
"""


def drawn_by(figure: str, draws: str) -> Callable[..., Any]:
    """Return a method ``plot``, whose docstring begins with what it ``draws``.

    ``figure`` is the function of `spinglass.plotting` that draws.
    """

    def plot(self: Any, ax: Any = None, *arguments: Any, **options: Any) -> Any:
        return getattr(above("plotting"), figure)(self, ax, *arguments, **options)

    plot.__qualname__ = "plot"
    plot.__doc__ = _PLOT.format(draws=draws, figure=figure)
    return plot
