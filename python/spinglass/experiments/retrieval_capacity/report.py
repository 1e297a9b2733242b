"""The half-points and alpha_c of a scan as text."""

from __future__ import annotations

from math import isfinite
from typing import Any

from spinglass._arguments import flag
from spinglass._text import number, page

_DESCENT = (
    "Measured is where a descent at zero temperature ends that begins at a pattern, which need not "
    "be the same."
)
_HEATED = (
    "Measured is the overlap at the end of runs that begin at a pattern. A memory that is lost "
    "slowly still counts in a short run, so compare the lengths of runs."
)


def report(scan: Any, quiet: bool = False) -> str:
    """Return half-points, alpha_c and theory as text of at most 40 columns, notes below."""
    quiet = flag(quiet, "quiet")
    from spinglass.theory import hopfield

    lines = [f"{'N':>8}  {'half-point':>10}  {'error':>8}"]
    notes = []
    for point in scan.half_points:
        if isfinite(point.value):
            lines.append(f"{point.n_spins:>8}  {point.value:>10.5f}  {point.error:>8.5f}")
        else:
            lines.append(f"{point.n_spins:>8}  {'none':>10}")
            notes.append(f"N = {point.n_spins}: {point.reason}.")
    alpha = scan.alpha_c

    def line(name: str, value: float, digits: int) -> str:
        return f"{name:<20}{number(value, digits):>8}"

    beta = scan.config.beta
    for sweeps, points in list(scan.half_points_by_sweeps.items())[:-1]:
        lines += ["", f"after {sweeps} sweeps"]
        lines += [
            f"{point.n_spins:>8}  {point.value:>10.5f}  {point.error:>8.5f}"
            for point in points
            if isfinite(point.value)
        ]
    ended = "end of a descent"
    if scan.config.sweeps:
        ended = f"{scan.config.sweeps[-1]} sweeps at T = {scan.config.temperature:.4g}"
    lines += [
        "",
        f"{ended}, N = inf",
        line("  alpha_c at least", alpha.interval[0], 4),
        line("  alpha_c at most", alpha.interval[1], 4),
        "if one power of N",
        line("  alpha_c", alpha.value, 4),
        line("  error", alpha.error, 4),
        line("  exponent spread", alpha.exponent_spread, 4),
        line("  exponent x", alpha.exponent, 2),
        line("  error", alpha.exponent_error, 2),
        line("theory (RS)", hopfield.critical_load(beta), 6),
    ]
    if alpha.note:
        notes.append(f"alpha_c: {alpha.note}.")
    if isfinite(alpha.value) and not quiet:
        notes.append(
            "The interval of alpha_c is over every law half-point = alpha_c + A N^(-x) + B N^(-y), "
            "x from 0.2 on, that the half-points do not reject at 95 %; the error of one "
            "power holds only if B = 0. The theory (Amit, Gutfreund and Sompolinsky, "
            "replica-symmetric) is of equilibrium. " + (_HEATED if scan.config.sweeps else _DESCENT)
        )
    if scan.config.flip > 0:
        notes.append(
            "With --flip these are the edges of the basins at that distance, not the capacity: the "
            "theory is that of starts at the patterns themselves."
        )
    return page(lines, notes)
