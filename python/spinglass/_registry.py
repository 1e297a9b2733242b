"""Rooms that lie above, found by name when they are asked for.

Imports point down only: a result knows nothing of the figure that is drawn of it. It plots itself
all the same, because it asks here for the room that draws. Nothing else in the package points up.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_ROOMS = {"plotting": "spinglass.plotting"}


def above(room: str) -> Any:
    """Return a room that lies above, imported now."""
    return import_module(_ROOMS[room])
