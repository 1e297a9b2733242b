"""The command ``spinglass capacity``: how much a Hopfield network can remember."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

from spinglass.cli.arguments import AND_LIMITS, STORED, add_command, add_experiment
from spinglass.cli.run import carry_out, number, page

if TYPE_CHECKING:
    from spinglass.experiments import CapacityScan

_EPILOG = """\
examples:
  spinglass capacity
  spinglass capacity --spins 1000 2000 --loads 0.12:0.20:0.004 --out small
"""


def add(commands: Any, chosen: bool) -> None:
    """Add the parser of the command, with its options if it was chosen."""
    parser = add_command(
        commands,
        "capacity",
        "measure how many patterns a Hopfield network remembers: alpha_c, and how well it is known",
        "Measure how many patterns a Hopfield network remembers. Random patterns are stored by "
        "Hebb's rule, the network starts at one of them and follows zero-temperature dynamics "
        "to the fixed point. The load (patterns a spin) at which half of the trials keep their "
        "memory is measured for each size and extrapolated to infinite size.",
        _EPILOG + STORED.format("trials"),
    )
    if chosen:
        from spinglass.experiments import CapacityConfig, CapacityScan

        add_experiment(parser, CapacityConfig, CapacityScan, carry_out, _table, AND_LIMITS)


def _table(scan: CapacityScan, quiet: bool) -> str:
    """Return half-points, alpha_c and theory as text of at most 40 columns, notes below."""
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

    lines += [
        "",
        "end of a descent, N = inf",
        line("  alpha_c at least", alpha.interval[0], 4),
        line("  alpha_c at most", alpha.interval[1], 4),
        "if one power of N",
        line("  alpha_c", alpha.value, 4),
        line("  error", alpha.error, 4),
        line("  exponent spread", alpha.exponent_spread, 4),
        line("  exponent x", alpha.exponent, 2),
        line("  error", alpha.exponent_error, 2),
        line("theory (RS)", hopfield.critical_load(), 6),
    ]
    if alpha.note:
        notes.append(f"alpha_c: {alpha.note}.")
    if isfinite(alpha.value) and not quiet:
        notes.append(
            "The interval of alpha_c is over every law half-point = alpha_c + A N^(-x) + B N^(-y), "
            "x from 0.2 on, that the half-points do not reject at 95 %; the error below holds "
            "only if B = 0. Measured is where a descent at zero temperature ends that begins at a "
            "pattern. The theory (Amit, Gutfreund and Sompolinsky, replica-symmetric) is of "
            "equilibrium, which need not be the same."
        )
    if scan.config.flip > 0:
        notes.append(
            "With --flip these are the edges of the basins at that distance, not the capacity: the "
            "theory is that of starts at the patterns themselves."
        )
    return page(lines, notes)
