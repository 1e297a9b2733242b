"""What was recalled as text, one line a picture."""

from __future__ import annotations

from typing import Any

from spinglass._arguments import flag
from spinglass._text import page, width


def report(result: Any, quiet: bool = False) -> str:
    """Return one line a picture, of at most 40 columns unless the terminal has more for names."""
    quiet = flag(quiet, "quiet")
    name_width = max(9, min(width() - 31, max(len(name) for name in result.names)))
    lines = [f"{'image':<{name_width}}{'start':>7}{'end':>7}{'flips':>8}{'sweeps':>8}"]
    for k, name in enumerate(result.names):
        short = name if len(name) <= name_width else name[: name_width - 1] + "…"
        lines.append(
            f"{short:<{name_width}}{result.start_overlap[k]:>7.3f}{result.overlap[k]:>7.3f}"
            f"{result.flips[k]:>8}{result.sweeps[k]:>8}{'' if result.converged[k] else '+'}"
        )
    return page(lines, [] if quiet else [_note(result), *_unstable(result)])


def _unstable(result: Any) -> list[str]:
    """Say of how many pictures the network would not even keep a whole copy."""
    unstable = int((~result.stable).sum())
    are = "is" if unstable == 1 else "are"
    stored = f"{len(result.stable)} stored picture{'s' * (len(result.stable) > 1)}"
    return [f"{unstable} of {stored} {are} not stable."] if unstable else []


def _note(result: Any) -> str:
    """Say in words what the table says in numbers."""
    n, n_spins = len(result.names), result.config.size**2
    whole = int((result.overlap == 1).sum())
    note = (
        f"start, end: overlap with the stored picture, 1 if equal, -1 if reversed. {n} "
        f"picture{'s' * (n > 1)} in {n_spins} spins, {whole} recalled without an error, "
    )
    if result.converged.all():
        note += "all at rest."
    else:
        note += f"those with + not at rest after {result.config.max_sweeps} sweeps."
    if whole < n and n > 1:
        note += (
            " Pictures that have much in common blur into one another under Hebb's rule: store "
            "fewer, or less alike."
        )
    return note
