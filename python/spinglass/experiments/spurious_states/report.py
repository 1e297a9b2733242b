"""How many starts came to states of each kind, as text."""

from __future__ import annotations

from typing import Any

from spinglass._arguments import flag
from spinglass._text import counted, number, page
from spinglass.experiments.spurious_states.kinds import ALIKE


def report(result: Any, quiet: bool = False) -> str:
    """Return a line for each kind, of at most 40 columns, notes below."""
    quiet = flag(quiet, "quiet")
    lines = [f"{'kind':<16}{'states':>7}{'share':>8}{'energy':>9}"]
    for row in result.summary():
        lines.append(
            f"{row['kind']:<16}{row['n_states']:>7}{number(row['share'], 3):>8}"
            f"{number(row['energy_per_spin'], 4):>9}"
        )
    if result.n_unsettled:
        share = result.n_unsettled / result.n_starts
        lines.append(f"{'not at rest':<16}{'':>7}{share:>8.3f}")
    energy = float(result.pattern_energies.mean() / result.config.n_spins)
    lines += ["", f"{'energy per spin of the patterns':<31}{number(energy, 4):>9}"]
    notes = []
    if not quiet:
        notes.append(
            f"{counted(result.n_starts, 'random start')} came to "
            f"{counted(result.n_states, 'fixed point')}. energy: per spin, mean over the starts. A "
            f"state is of a kind if its overlap with the pattern, or the mixture, is at least "
            f"{ALIKE:g}."
        )
    return page(lines, notes)
