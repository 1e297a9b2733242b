"""Rooms that lie above, found by name when they are asked for.

Imports point down only: a result knows nothing of the figure that is drawn of it, nor of the
DataFrame that it becomes, and a model nothing of the packages that know it in another form. They
have them all the same, because they ask here for the room that draws, or for the file that adapts
them to another package. Nothing else in the package points up.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, cast, overload

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    Axs: TypeAlias = Sequence[Axes] | NDArray[np.object_]

_ABOVE = {
    "bqm": "spinglass.adapters.bqm",
    "dataframe": "spinglass.adapters.dataframe",
    "dataset": "spinglass.adapters.dataset",
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


class Plot(Protocol):
    """The method ``plot`` of a result with one panel."""

    def __call__(self, ax: Axes | None = None, *arguments: Any, **options: Any) -> Axes:
        """Draw it."""


class PlotOfPanels(Protocol):
    """The method ``plot`` of a result with several panels; one is drawn on a single Axes."""

    @overload
    def __call__(self, ax: Axes) -> Axes: ...
    @overload
    def __call__(self, ax: Axs | None = None) -> NDArray[np.object_]: ...


@overload
def drawn_by(figure: str, draws: str) -> Plot: ...
@overload
def drawn_by(figure: str, draws: str, panels: Literal[True]) -> PlotOfPanels: ...
def drawn_by(figure: str, draws: str, panels: bool = False) -> Plot | PlotOfPanels:
    """Return a method ``plot``, whose docstring begins with what it ``draws``.

    ``figure`` is the function of `spinglass.plotting` that draws. ``panels`` is for type checkers.
    """

    def plot(self: Any, ax: Any = None, *arguments: Any, **options: Any) -> Any:
        return getattr(above("plotting"), figure)(self, ax, *arguments, **options)

    plot.__qualname__ = "plot"
    plot.__doc__ = _PLOT.format(draws=draws, figure=figure)
    return cast(Plot, plot)
