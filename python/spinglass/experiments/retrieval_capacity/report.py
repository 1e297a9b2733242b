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
# Standard errors from which on an estimate is said to differ from what was measured.
_FAR = 5

_GROWTH = {
    "power": "P = A N^x",
    "power_over_log": "P = A N^x / ln N",
    "exponential": "P = A exp(x N)",
}


def report(scan: Any, quiet: bool = False) -> str:
    """Return half-points, alpha_c and theory as text of at most 40 columns, notes below."""
    quiet = flag(quiet, "quiet")
    config, notes = scan.config, []
    in_patterns = bool(config.n_patterns)
    lines = [f"{'N':>8}  {'half-point':>10}  {'error':>8}"]
    for point in scan.half_points:
        if not isfinite(point.value):
            lines.append(f"{point.n_spins:>8}  {'none':>10}")
            notes.append(f"N = {point.n_spins}: {point.reason}.")
        elif in_patterns:
            value, error = point.n_patterns, point.n_patterns_error
            lines.append(f"{point.n_spins:>8}  {value:>10.5g}  {error:>8.2g}")
        else:
            lines.append(f"{point.n_spins:>8}  {point.value:>10.5f}  {point.error:>8.5f}")
        if point.note:
            notes.append(f"N = {point.n_spins}: {point.note}.")
    for sweeps, points in list(scan.half_points_by_sweeps.items())[:-1]:
        lines += ["", f"after {sweeps} sweeps"]
        for point in points:
            known = isfinite(point.value)
            value = f"{point.value:>10.5f}  {point.error:>8.5f}" if known else f"{'none':>10}"
            lines.append(f"{point.n_spins:>8}  {value}")
    lines += _of_growth(scan) if in_patterns else _of_alpha_c(scan)
    if scan._has_stabilities:
        of_errors, far = _of_errors(scan)
        lines += of_errors
        if far and not quiet:
            notes.append(
                f"At N = {', '.join(map(str, far))} the Gaussian estimate differs from the share "
                f"by more than {_FAR} errors: the stabilities are not normally distributed."
            )
    if in_patterns and not quiet:
        notes.append("The half-points are numbers of patterns P, loads are P/N.")
        if not isfinite((fit := scan.growth()).value):
            notes.append(f"growth with N: {fit.note}.")
    if not in_patterns and scan.alpha_c.note:
        notes.append(f"alpha_c: {scan.alpha_c.note}.")
    if not in_patterns and isfinite(scan.alpha_c.value) and not quiet:
        theory = (
            " The theory (Amit, Gutfreund and Sompolinsky, replica-symmetric) is of equilibrium. "
            + (_HEATED if config.sweeps else _DESCENT)
        )
        notes.append(
            "The interval of alpha_c is over every law half-point = alpha_c + A N^(-x) + B N^(-y), "
            "x from 0.2 on, that the half-points do not reject at 95 %; the error of one "
            f"power holds only if B = 0.{theory if config.is_hebb else ''}"
        )
    if config.flip > 0:
        hebb = (
            "With --flip these are the edges of the basins at that distance, not the capacity: the "
            "theory is that of starts at the patterns themselves."
        )
        notes.append(
            hebb if config.is_hebb else f"Starts have {config.flip:g} of the spins flipped."
        )
    return page(lines, notes)


def _line(name: str, value: float, digits: int) -> str:
    return f"{name:<20}{number(value, digits):>8}"


def _of_alpha_c(scan: Any) -> list[str]:
    """Return the lines of the critical load."""
    from spinglass.theory import hopfield

    config, alpha = scan.config, scan.alpha_c
    ended = "end of a descent"
    if config.sweeps:
        ended = f"{config.sweeps[-1]} sweeps at T = {config.temperature:.4g}"
    if config.criterion != "overlap":
        ended = "one update of every spin"
    lines = [
        "",
        f"{ended}, N = inf",
        _line("  alpha_c at least", alpha.interval[0], 4),
        _line("  alpha_c at most", alpha.interval[1], 4),
        "if one power of N",
        _line("  alpha_c", alpha.value, 4),
        _line("  error", alpha.error, 4),
        _line("  exponent spread", alpha.exponent_spread, 4),
        _line("  exponent x", alpha.exponent, 2),
        _line("  error", alpha.exponent_error, 2),
    ]
    if config.is_hebb:
        lines.append(_line("theory (RS)", hopfield.critical_load(config.beta), 6))
    return lines


def _of_growth(scan: Any) -> list[str]:
    """Return the lines of the laws by which P grows with N, if they are known."""
    fits = [fit for law in _GROWTH if isfinite((fit := scan.growth(law)).value)]
    lines = ["", f"{'growth with N':<18}{'x':>9}{'error':>9}"] if fits else []
    for fit in fits:
        lines.append(f"{_GROWTH[fit.law]:<18}{fit.value:>9.4f}{fit.error:>9.2g}")
        chi = f"chi-square, {len(fit.n_spins) - 2} d.f."
        lines.append(f"  {chi:<16}{fit.chi_square:>9.1f}")
    return lines


def _of_errors(scan: Any) -> tuple[list[str], list[int]]:
    """Return the lines of the one-step error nearest to the half-point of each size.

    With them come the sizes where the Gaussian estimate is far from it.
    """
    lines: list[str] = []
    far: list[int] = []
    table = scan.one_step_errors()
    for point in scan.half_points:
        mine = table[table["n_spins"] == point.n_spins]
        if len(mine) and isfinite(point.value):
            row = mine[abs(mine["load"] - point.value).argmin()]
            share = f"{row['error']:>11.2e}{row['gaussian']:>11.2e}"
            lines.append(f"{row['n_spins']:>8}{row['n_patterns']:>10}{share}")
            one_spin = 1 / (row["n_trials"] * row["n_spins"])  # the least error there can be
            if abs(row["error"] - row["gaussian"]) > _FAR * max(row["error_error"], one_spin):
                far.append(point.n_spins)
    head = f"{'N':>8}{'P':>10}{'share':>11}{'Gaussian':>11}"
    return (["", "wrong spins after one update", head, *lines] if lines else []), far
