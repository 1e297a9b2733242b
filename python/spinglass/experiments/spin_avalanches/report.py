"""How large avalanches are, as text."""

from __future__ import annotations

from math import isfinite
from typing import Any

from spinglass._arguments import flag
from spinglass._text import counted, number, page
from spinglass.statistics import format_estimate


def report(result: Any, quiet: bool = False) -> str:
    """Return the mean and the largest size, of at most 40 columns, notes below."""
    quiet = flag(quiet, "quiet")
    summary, mean = result.to_dict(), result.mean_size

    def line(name: str, value: str) -> str:
        return f"{name:<26}{value:>14}"

    size = format_estimate(mean.value, mean.error) if isfinite(mean.value) else "none"
    lines = [
        line("starts", str(len(result.starts))),
        line("mean size", size),
        line("largest size", str(summary["largest_size"])),
        line("share with any flip", number(summary["share_of_any"], 4)),
        line("mean overlap before", number(summary["mean_overlap"], 4)),
        line("mean overlap after", number(summary["mean_final_overlap"], 4)),
    ]
    notes = []
    if result.n_unsettled:
        notes.append(f"{counted(result.n_unsettled, 'start')} did not come to rest.")
    if not quiet:
        notes.append(
            "size: flips of all other spins, until they are at rest, after one spin of a retrieval "
            "state was turned and held. overlap: with the pattern."
        )
    return page(lines, notes)
