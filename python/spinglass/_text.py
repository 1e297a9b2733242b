"""Lines of text: columns, counts, numbers, and notes as wide as the terminal."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterable
from math import isfinite


def pairs(rows: Iterable[tuple[str, str]]) -> list[str]:
    """Return names and values as lines of two columns."""
    known = list(rows)
    indent = max((len(name) for name, _ in known), default=0)
    return [f"  {name:<{indent}}  {value}" for name, value in known]


def counted(number: int, what: str) -> str:
    """Return a number and what it counts, one or several."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def width() -> int:
    """Return the width for running text: the terminal's, at most 80."""
    return max(20, min(80, shutil.get_terminal_size().columns))


def number(value: float | None, digits: int) -> str:
    """Return a number with so many decimal digits, or "none"."""
    return "none" if value is None or not isfinite(value) else f"{value:.{digits}f}"


def page(lines: Iterable[str], notes: Iterable[str]) -> str:
    """Return the lines of a table, and the notes below them as wide as the terminal allows."""
    parts = list(lines)
    for note in notes:
        parts += ["", textwrap.fill(note, width())]
    return "\n".join(parts)
