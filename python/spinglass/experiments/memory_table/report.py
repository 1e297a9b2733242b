"""The table of memories as text."""

from __future__ import annotations

from math import isfinite
from typing import Any

from spinglass._arguments import flag
from spinglass._text import number, page, width
from spinglass.statistics import format_estimate

# Characters of a line that says all of a memory; a narrower terminal gets two lines.
_LONGEST = 76


def report(result: Any, quiet: bool = False) -> str:
    """Return a line for each memory, or two of at most 40 characters, and notes below."""
    quiet = flag(quiet, "quiet")
    rows, notes = [("memory", "verdict", "measured", "interval", "published")], []
    for row in result.table:
        known = isfinite(row["measured"])
        value = format_estimate(row["measured"], row["error"]) if known else "none"
        low, high = (number(row[x], 4) for x in ("at_least", "at_most"))
        interval = f"{low} to {high}" if known else ""
        published = number(row["published"], 4) if isfinite(row["published"]) else ""
        rows.append((row["row"], row["verdict"], value, interval, published))
        if row["note"] and not (quiet and known):
            notes.append(f"{row['row']}: {row['note']}.")
    indent = max(len(row[0]) for row in rows)
    lines = []
    for name, verdict, value, interval, published in rows:
        numbers = f"{value:>11}  {interval:>16}  {published:>9}"
        if width() >= _LONGEST:
            lines.append(f"{name:<{indent}}  {numbers}  {verdict}")
        else:
            lines += [f"{name:<{indent}}  {verdict}".rstrip(), numbers.rstrip()]
    if not quiet:
        notes += [f"{row['row']}: {row['about']}; {row['criterion']}." for row in result.table]
        notes.append(
            "An interval of extrapolated half-points is over every form of the law that they do "
            "not reject at 95 %, others are two errors to either side. Reproduced: the published "
            "value lies in it. Where a note has A, half-points are laid beside those of Hebb's "
            "rule: both approach their limits by the same powers of N."
        )
    return page(lines, notes)
