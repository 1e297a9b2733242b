"""Rooms that lie above, found by name when they are asked for.

Imports point down only: a result knows nothing of the figure that is drawn of it. It plots itself
all the same, because it asks here for the room that draws. Nothing else in the package points up.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

_ROOMS = {"plotting": "spinglass.plotting"}


def above(room: str) -> Any:
    """Return a room that lies above, imported now."""
    return import_module(_ROOMS[room])


def drawn_by(figure: str) -> Callable[..., Any]:
    """Return the method ``plot`` of results that a function of `spinglass.plotting` draws."""

    def plot(self: Any, ax: Any = None, *arguments: Any, **options: Any) -> Any:
        return getattr(above("plotting"), figure)(self, ax, *arguments, **options)

    plot.__doc__ = (
        f"Draw this as `spinglass.plotting.{figure}` does, in a new figure or on ``ax``; return "
        "the Axes drawn on (needs Matplotlib)."
    )
    return plot
