"""The ground states of glasses and their limit as text."""

from __future__ import annotations

from math import floor, isfinite
from typing import Any

from spinglass._arguments import flag
from spinglass._text import number, page

# A difference of so many standard errors is no chance, among a handful of sizes.
_TOO_FAR = 3.5


def report(result: Any, quiet: bool = False) -> str:
    """Return ground states, their limit and theory as text of at most 40 columns, notes below."""
    quiet = flag(quiet, "quiet")
    from spinglass.theory.sk import GROUND_STATE_ENERGY as PARISI

    fit = result.ground_energy
    lines = ["ground states, energy per spin"]
    lines.append(f"{'N':>6}  {'glasses':>7}  {'energy':>8}  {'error':>6}  {'agree':>5}")
    for row in result.ground_states:
        lines.append(
            f"{row['n_spins']:>6}  {row['n_instances']:>7}  {row['energy']:>8.5f}"
            f"  {number(row['energy_error'], 4):>6}  {floor(100 * row['agree']):>4}%"
        )

    def line(name: str, value: float, digits: int) -> str:
        return f"{name:<24}{number(value, digits):>9}"

    lines += [
        "",
        line("N = inf, at least", fit.interval[0], 5),
        line("N = inf, at most", fit.interval[1], 5),
        line("straight in N^(-2/3)", fit.value, 5),
        line("  error", fit.error, 5),
        line("  shift without smallest", fit.spread, 5),
        line("slope in N^(-2/3)", fit.amplitude, 3),
        line("  error", fit.amplitude_error, 3),
        line("chi-square probability", fit.p_value, 2),
        line("theory (Parisi)", PARISI, 6),
        line("slope in the literature", 0.70, 2),
    ]
    return page(lines, _notes(result, quiet))


def _notes(result: Any, quiet: bool) -> list[str]:
    """Say in words what limits the numbers, and, unless quiet, what they are."""
    fit, states = result.ground_energy, result.ground_states
    notes = []
    for row in states:
        if row["agree"] < 0.5:
            notes.append(
                f"N = {row['n_spins']}: the ladders agree on too few glasses, the energy is only "
                "an upper bound and not in the fit; more --sweeps would help."
            )
    if isfinite(fit.value):
        left_out = [int(n) for n in states["n_spins"] if n not in fit.n_spins]
        small = [str(n) for n in left_out if n < fit.n_spins[0]]
        if small:
            notes.append(
                f"N = {', '.join(small)}: not in the fit, too small for a straight line in "
                "N^(-2/3)."
            )
    else:
        notes.append("N = inf cannot be known from fewer than three sizes with two glasses each.")
    if result.config.disorder == "gaussian":
        for row in result.coldest:
            if row["difference"] > _TOO_FAR * row["difference_error"]:
                notes.append(
                    f"N = {row['n_spins']}: at beta = {row['beta']:g} the energy is more than "
                    f"{_TOO_FAR:g} standard errors above what the overlap tells: not in "
                    "equilibrium; more --sweeps would help."
                )
    if not quiet:
        notes.append(
            "agree: share of glasses on which both ladders found the same lowest energy; it is an "
            "upper bound of the ground-state energy. error: over glasses. N = inf: e over every "
            "law e + a N^(-2/3) + b N^(-y), y from 0.8 to 2, that the sizes do not reject at 95 %. "
            "Straight: the fit with b = 0, and how far it moves without the smallest size. "
            "Literature: Parisi's solution for e, Boettcher (2005) and Palassini (2008) for a."
        )
    return notes
