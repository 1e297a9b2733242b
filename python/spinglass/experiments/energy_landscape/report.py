"""The lowest minima of a landscape as text."""

from __future__ import annotations

from typing import Any

from spinglass._arguments import flag
from spinglass._text import number, page

# Minima that the table shows.
_ROWS = 12


def report(result: Any, quiet: bool = False) -> str:
    """Return the lowest minima as text of at most 40 columns, notes below."""
    quiet = flag(quiet, "quiet")
    summary = result.to_dict()

    def line(name: str, value: str) -> str:
        return f"{name:<27}{value:>12}"

    lines = [
        line("local minima", str(result.n_minima)),
        line("ground states", str(result.n_ground_states)),
        line("their energy per spin", f"{summary['ground_energy_per_spin']:.5f}"),
        line("their share of all basins", f"{100 * summary['ground_basin_fraction']:.2f}%"),
        "",
    ]
    patterns = "kind" in (result.minima.dtype.names or ())
    last = "  like" if patterns else "  overlap"
    lines.append(f"{'no.':>4}{'energy':>10}{'basin':>8}{'barrier':>9}{last}")
    for k, row in enumerate(result.minima[:_ROWS]):
        end = f" {_like(row)}" if patterns else f"{row['ground_overlap']:>9.3f}"
        lines.append(
            f"{k:>4}{row['energy_per_spin']:>10.5f}{100 * row['basin_fraction']:>7.2f}%"
            f"{number(row['barrier'], 4):>9}{end}"
        )
    rest = result.n_minima - _ROWS
    if rest > 0:
        lines.append(f"and {rest} more in minima.csv")
    return page(lines, [] if quiet else [_note(result, patterns)])


def _like(row: Any) -> str:
    """Return which pattern a minimum is like, if any."""
    if row["kind"] == "mixture":
        return " mixture"
    sign = "-" if row["kind"] == "reversed" else " "
    return f"{sign}pat. {row['pattern']}"


def _note(result: Any, patterns: bool) -> str:
    """Say in words what the columns are."""
    last = (
        "like: the pattern that it overlaps with by 0.75 or more, - if all spins are turned; else "
        "it is a mixture."
        if patterns
        else "overlap: with the first row."
    )
    return (
        "energy: per spin. basin: share of the 2^N states from which steepest descent leads here. "
        "barrier: how far the energy, the total, must rise at least on the way to another minimum "
        f"that is no higher. {last}"
    )
