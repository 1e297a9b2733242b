"""The learning curves and likelihoods of a training as text."""

from __future__ import annotations

from math import isfinite
from typing import Any

from spinglass._arguments import flag
from spinglass._text import page

# So many epochs are printed at most.
_ROWS = 12

# Two sides of ln Z that are further apart, in nats, say little about either.
_WIDE = 1.0

# By so many nats images trained on may be likelier than held-out ones before it is said.
_OVERFIT = 2.0


def report(result: Any, quiet: bool = False) -> str:
    """Return curves and likelihoods as text of at most 40 columns, notes below."""
    quiet = flag(quiet, "quiet")
    curves = result.curves
    lines = [f"{'epoch':>6}{'pseudo-L':>11}{'wrong':>9}{'log-L':>11}"]
    for row in curves[_spread(curves)]:
        lines.append(
            f"{row['epoch']:>6}{row['pseudo_likelihood']:>11.2f}"
            f"{row['reconstruction_error']:>9.2f}{_number(row['log_likelihood']):>11}"
        )
    found = result.likelihood
    if found is not None:

        def line(name: str, train: float | None, test: float | None) -> str:
            return f"{name:<17}{_number(train):>9}{_number(test):>11}"

        lines += ["", f"{'log-likelihood':<17}{'train':>9}{'held out':>11}"]
        if found.log_partition.method == "exact":
            lines.append(line("exact", found.train.value, found.test.value))
        else:
            lines += [
                line("optimistic", found.train.optimistic, found.test.optimistic),
                line("pessimistic", found.train.pessimistic, found.test.pessimistic),
                line("error of ln Z", found.train.error, found.test.error),
            ]
        lines.append(line("error over images", None, found.test_error))
    return page(lines, _notes(result, quiet))


def _spread(curves: Any) -> list[int]:
    """Return which rows to print: those with a likelihood, not too many, the last among them."""
    known = [k for k in range(len(curves)) if isfinite(curves["log_likelihood"][k])]
    rows = known or list(range(len(curves)))
    return rows[::-1][:: -(-len(rows) // _ROWS) or 1][::-1]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}" if isfinite(value) else "-"


def _notes(result: Any, quiet: bool) -> list[str]:
    """Say in words what limits the numbers, and, unless quiet, what they are."""
    notes, found = [], result.likelihood
    if found is not None and abs(found.gap) > _WIDE:
        notes.append(
            f"ln Z from below and from above differ by {found.gap:.1f} nats: neither is to be "
            "trusted. More --betas would help, or a machine whose chains mix."
        )
    if len(result.curves) and result.curves["free_energy_gap"][-1] > _OVERFIT:
        notes.append(
            f"Images trained on are likelier than held-out ones by "
            f"{result.curves['free_energy_gap'][-1]:.1f} nats: the machine overfits. More images, "
            "fewer --components or fewer --epochs would help."
        )
    if result.config.binarise == "none":
        notes.append(
            "Grey levels are no states of units 0 and 1: their log-likelihood is not that of data."
        )
    if not quiet:
        notes.append(
            "Nats per image, of held-out images. pseudo-L: n_visible times the mean of "
            "ln p(pixel | all others), no likelihood. wrong: pixels that come back wrong from the "
            "hidden units. log-L: log p(v) = -F(v) - ln Z; forward annealing finds ln Z from "
            "below, which flatters (optimistic), reverse annealing from above (pessimistic)."
        )
    return notes
