"""An average over disorder as text."""

from __future__ import annotations

from typing import Any

import numpy as np

from spinglass._arguments import flag
from spinglass._text import counted, page
from spinglass.experiments.quenched_disorder.equilibration import AXES
from spinglass.statistics import format_estimate

# Characters of a line about the models.
_LONGEST = 72


def report(result: Any, quiet: bool = False) -> str:
    """Return the mean of each quantity as text, the last element of arrays, and notes below."""
    quiet = flag(quiet, "quiet")
    model = result.config.model
    lines = [
        f"{counted(result.n_samples, 'sample')}, the first seed's model:",
        model if len(model) <= _LONGEST else f"{model[:_LONGEST]}...",
        "",
    ]
    rows = [("quantity", "shape", "mean")]
    for name, estimate in result.summary().items():
        if result.has_bins and name in AXES:
            continue
        value, error = (np.ravel(x) for x in estimate)
        shape = " x ".join(map(str, np.shape(estimate.value)))
        known = format_estimate(value[-1], error[-1]) if value.size else "none"
        rows.append((name, shape, known))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, shape, known in rows:
        lines.append(f"{name:<{widths[0]}}  {shape:>{widths[1]}}  {known:>{widths[2]}}")
    notes = []
    if result.has_bins:
        found = result.equilibration()
        notes.append(f"At beta = {found.beta:g}: {found.verdict}.")
    if not quiet:
        notes.append(
            "Errors are standard errors over samples. Of an array the last element is shown"
            f"{': the coldest temperature in the last bin' if result.has_bins else ''}."
        )
    return page(lines, notes)
