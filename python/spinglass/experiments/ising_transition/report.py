"""The sizes and crossings of a scan as text."""

from __future__ import annotations

from math import isfinite
from typing import Any

from spinglass._arguments import flag
from spinglass._text import number, page


def report(scan: Any, quiet: bool = False) -> str:
    """Return sizes, crossings and theory as text of at most 40 columns, notes below."""
    quiet = flag(quiet, "quiet")
    from spinglass.statistics import format_estimate

    content = scan.to_dict()
    lines = [f"{'':>6}{'':>8}{'chi2 a point':>15}{'longest':>10}"]
    lines += [f"{'L':>6}{'points':>8}{'energy':>8}{'heat':>7}{'tau':>10}"]
    for row in content["sizes"]:
        values = [row[f"chi_square_per_point_{x}"] for x in ("energy", "specific_heat")]
        energy, heat = (number(x, 2) for x in values)
        tau = number(row["largest_tau"], 0)
        lines.append(f"{row['L']:>6}{row['n_points']:>8}{energy:>8}{heat:>7}{tau:>10}")
    notes = []
    if scan.crossings:
        lines += ["", f"{'crossing of L':<15}{'beta_c':>13}{'U':>12}"]
    for (first, second), found in scan.crossings.items():
        name = f"{first} and {second}"
        if isfinite(found.beta):
            beta = format_estimate(found.beta, found.beta_error)
            height = format_estimate(found.height, found.height_error)
            lines.append(f"{name:<15}{beta:>13}{height:>12}")
        else:
            lines.append(f"{name:<15}{'none':>13}")
            notes.append(f"L = {name}: {found.reason}.")
    theory = content["theory"]
    lines.append(f"{'exact':<15}{theory['critical_beta']:>13.6f}{theory['binder']:>12.5f}")
    if not scan.crossings:
        lines.insert(-1, "")
    short = scan.points[scan.doubtful]
    if len(short):
        worst = ", ".join(f"L = {p['L']} T = {p['temperature']:g}" for p in short[:3])
        more = f" and {len(short) - 3} more" if len(short) > 3 else ""
        notes.append(
            f"Too short: fewer than 50 autocorrelation times, or fewer than 3 of warmup, at {worst}"
            f"{more}. Take more --sweeps."
        )
    if not quiet:
        notes.insert(
            0,
            "chi2 is against Kaufman's exact energy and specific heat of each lattice, about 1 if "
            "the errors are right; tau is the longest autocorrelation time, in sweeps. The digits "
            "in parentheses are the error of the last ones. U is the Binder cumulant.",
        )
    return page(lines, notes)
