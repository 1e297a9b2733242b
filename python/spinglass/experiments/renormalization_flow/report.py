"""The crossings and exponents of each step as text."""

from __future__ import annotations

from math import isfinite
from typing import Any

from spinglass._arguments import flag
from spinglass._text import page


def report(result: Any, quiet: bool = False) -> str:
    """Return crossings and exponents by step as text of at most 40 columns, notes below."""
    quiet = flag(quiet, "quiet")
    from spinglass.statistics import format_estimate
    from spinglass.theory import ising2d

    large, small = result.config.sizes
    exponents = result.thermal_exponents
    lines = [f"{'steps':<6}{'lattice':>9}{'beta_c':>13}{'y_t':>11}"]
    notes = []
    for k, found in result.crossings.items():
        side = large >> k
        beta = format_estimate(found.beta, found.beta_error) if isfinite(found.beta) else "none"
        exponent = str(exponents[k]) if k in exponents else "none"
        lines.append(f"{k:<6}{f'{side} x {side}':>9}{beta:>13}{exponent:>11}")
        if found.reason:
            notes.append(f"{k} step{'s' * (k > 1)}: {found.reason}.")
    lines.append(f"{'exact':<15}{ising2d.critical_beta():>13.6f}{1:>11}")
    if not exponents:
        notes.append("No y_t: T_c is not among the temperatures.")
    if not quiet:
        chi_square = result.to_dict()["chi_square_per_point_correlation"]
        words = ""
        if chi_square is not None:
            words = (
                f" Before the first step: chi2 = {chi_square:.2f} a point against the exact one."
            )
        notes.insert(
            0,
            f"beta_c is where the neighbour correlation of L = {large} after so many steps and of "
            f"L = {small} after one less are equal, y_t = log2 lambda the exponent of one coupling "
            "at T_c. The digits in parentheses are the statistical error of the last ones; what "
            f"few steps, small lattices and one coupling leave out is not in it.{words}",
        )
    return page(lines, notes)
