"""The magnetizations of a lattice as text: measured, exact, and in both approximations."""

from __future__ import annotations

from typing import Any

from spinglass._arguments import flag
from spinglass._text import page


def report(result: Any, quiet: bool = False) -> str:
    """Return magnetizations by temperature as text of at most 60 columns, notes below."""
    quiet = flag(quiet, "quiet")
    from spinglass.statistics import format_estimate

    lines = [f"{'T':>8}{'measured':>14}{'exact':>10}{'naive':>10}{'Bethe':>10}"]
    for row in result.points:
        measured = format_estimate(row["magnetization"], row["magnetization_error"])
        theory = "".join(f"{row[name]:>10.5f}" for name in ("exact", "naive", "bethe"))
        lines.append(f"{row['temperature']:>8.4g}{measured:>14}{theory}")
    note = (
        f"<|m|> of {result.config.size} x {result.config.size} spins; the exact magnetization is "
        "that of the infinite lattice (Yang). The digits in parentheses are the error of the last "
        "ones."
    )
    return page(lines, [] if quiet else [note])
