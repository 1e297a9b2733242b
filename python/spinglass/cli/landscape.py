"""The command ``spinglass landscape``: every local minimum of a small model, and the barriers."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from spinglass.cli.arguments import add_command, add_experiment
from spinglass.cli.run import carry_out, number, page

if TYPE_CHECKING:
    from spinglass.experiments import Landscape

_EPILOG = """\
examples:
  spinglass landscape
  spinglass landscape --spins 24 --disorder pm1 --seed 3
  spinglass landscape --model hopfield --spins 24 --patterns 3

The table goes to stdout, progress and errors to stderr.
"""

# Minima that the table shows.
_ROWS = 12


def add(commands: Any, chosen: bool) -> None:
    """Add the parser of the command, with its options if it was chosen."""
    parser = add_command(
        commands,
        "landscape",
        "map an energy landscape: all minima, their basins, the barriers between them",
        "Map the energy landscape of a small model, a Sherrington-Kirkpatrick glass or a Hopfield "
        "network of random patterns. All 2^N states are looked at. Found are the local minima, "
        "how many states descend to each of them, and how far the energy must rise to get from "
        "one to another.",
        _EPILOG,
    )
    if chosen:
        from spinglass.experiments import Landscape, LandscapeConfig

        add_experiment(parser, LandscapeConfig, Landscape, _run, _table)


def _run(chosen: argparse.Namespace) -> int:
    model = getattr(chosen, "model", "sk")
    for name, its_model in (("n_patterns", "hopfield"), ("disorder", "sk")):
        if name in chosen and model != its_model:
            flag = chosen.parser.flags[name]
            chosen.parser.error(f"argument {flag}: is for --model {its_model}")
    return carry_out(chosen)


def _table(result: Landscape, quiet: bool) -> str:
    """Return the lowest minima as text of at most 40 columns, notes below."""
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


def _note(result: Landscape, patterns: bool) -> str:
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
