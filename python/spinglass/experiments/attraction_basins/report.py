"""The share of starts that come back, and the critical distance, as text."""

from __future__ import annotations

from math import isfinite
from typing import Any

from spinglass._arguments import flag
from spinglass._text import number, page
from spinglass.statistics import format_estimate


def report(result: Any, quiet: bool = False) -> str:
    """Return a line for each distance, of at most 40 columns, notes below."""
    quiet = flag(quiet, "quiet")
    lines = [f"{'distance':>8}{'recovered':>11}{'error':>8}{'overlap':>9}"]
    for row in result.summary():
        lines.append(
            f"{row['distance']:>8.4f}{row['recovered']:>11.3f}{row['recovered_error']:>8.3f}"
            f"{number(row['overlap'], 3):>9}"
        )
    fit, notes = result.fit, []
    value = format_estimate(fit.value, fit.error) if isfinite(fit.value) else "none"
    lines += ["", f"{'critical distance':<20}{value:>16}"]
    if fit.reason:
        notes.append(f"No critical distance: {fit.reason}.")
    if fit.note:
        notes.append(f"Critical distance: {fit.note}.")
    if not quiet:
        notes.append(
            "distance: share of flipped spins. recovered: share of the starts whose final overlap "
            f"with their pattern is at least {result.config.threshold:g}; half of them at the "
            "critical distance."
        )
    return page(lines, notes)
