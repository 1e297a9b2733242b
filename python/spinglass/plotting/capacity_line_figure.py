"""A figure of the line of critical loads: half-points at several temperatures, and the theory."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from spinglass.plotting.figure import (
    FRAME,
    by_size,
    figure,
    interval_bar,
    on_panels,
    say_none,
    series,
    theory_line,
)
from spinglass.theory import hopfield

if TYPE_CHECKING:
    from spinglass.experiments import CapacityLine

_DISTANCE = "half-point minus theory, in $P/N$"


@figure(((1, 3), (18.0, 5.8)))
def capacity_line(line: CapacityLine, ax: Any = None) -> Any:
    """Draw the half-points of each temperature, size and length of run, and the line of the theory.

    The three panels are the half-points of the longest runs on the phase diagram; their distance
    from the theory against N; and this distance at the largest size of each temperature against the
    number of sweeps. The bar at a temperature is the interval of alpha_c for infinite N.

    Parameters
    ----------
    line : CapacityLine
        Scans at several temperatures.
    ax : matplotlib Axes or sequence of three Axes, optional
        One Axes shows the first panel. By default a new figure shows all three.

    Returns
    -------
    Axes or array of three Axes
        The Axes with the drawing.

    Examples
    --------
    >>> from spinglass.experiments import CapacityLine, capacity
    >>> scan = capacity(100, (0.05, 0.1, 0.2, 0.3), 20, beta=5.0, sweeps=(5, 20))
    >>> capacity_line(CapacityLine((scan,)))[0].get_ylabel()
    'temperature $T$'
    """
    return on_panels(line, ax, _diagram, _against_size, _against_sweeps)


def _known(line: CapacityLine) -> Any:
    """Return the rows of the half-points that are known."""
    points = line.points
    return points[np.isfinite(points["half_point"])]


def _longest(line: CapacityLine) -> Any:
    """Return those of the longest run of each temperature."""
    rows = _known(line)
    longest = {s.config.temperature: max(s.config.sweeps, default=0) for s in line.scans}
    return rows[[row["sweeps"] == longest[row["temperature"]] for row in rows]]


def _diagram(line: CapacityLine, ax: Any) -> None:
    """Draw temperature against load."""
    warmest = max(scan.config.temperature for scan in line.scans)
    temperatures = np.linspace(0.0, min(0.99, 1.25 * warmest + 0.05), 60)
    loads = [hopfield.critical_load(1 / t if t else math.inf) for t in temperatures]
    ax.plot(loads, temperatures, label="replica-symmetric theory", **theory_line())
    rows = _longest(line)
    for n, look in by_size({n for scan in line.scans for n in scan.config.n_spins}):
        mine = rows[rows["n_spins"] == n]
        style = look | {"linestyle": "none", "label": f"$N = {n}$"}
        if len(mine):
            ax.errorbar(mine["half_point"], mine["temperature"], xerr=mine["error"], **style)
    label: str | None = r"$\alpha_c$ for $N \to \infty$, all laws that fit"
    for scan in line.scans:
        alpha = scan.alpha_c
        if math.isfinite(alpha.value):
            middle, arm = np.mean(alpha.interval), np.ptp(alpha.interval) / 2
            place = middle, scan.config.temperature
            ax.errorbar(*place, xerr=arm, label=label, **interval_bar())
            label = None
    if len(rows):  # an interval may be much longer than the line, and is then cut
        ends = [rows["half_point"] + side * np.nan_to_num(rows["error"]) for side in (-1, 1)]
        seen = np.concatenate([*ends, loads])
        margin = 0.08 * np.ptp(seen)
        ax.set_xlim(seen.min() - margin, seen.max() + margin)
    ax.set_ylim(bottom=-0.01)
    ax.set_xlabel("load $P/N$ at which half of the memories are kept")
    ax.set_ylabel("temperature $T$")
    ax.set_title("Where a Hopfield network loses its memories")
    ax.legend(loc="best")


def _against_size(line: CapacityLine, ax: Any) -> None:
    """Draw the distance from the theory against N, after the longest runs."""
    rows = _longest(line)
    for scan, (colour, marker) in zip(line.scans, series(len(line.scans)), strict=True):
        mine = np.sort(rows[rows["temperature"] == scan.config.temperature], order="n_spins")
        if len(mine):
            distance = mine["half_point"] - mine["theory"]
            style = {"color": colour, "marker": marker, "linewidth": 0.8, "label": _run(scan)}
            ax.errorbar(mine["n_spins"], distance, mine["error"], **style)
    ax.axhline(0, **theory_line())
    _each(ax, rows["n_spins"])
    ax.set_xlabel("spins $N$")
    ax.set_ylabel(_DISTANCE)
    ax.set_title("Distance from the theory")
    if len(rows):
        ax.legend(loc="best", **FRAME)
    else:
        say_none(ax, line.scans[0], "no half-point is known")


def _each(ax: Any, numbers: Any) -> None:
    """Let a logarithmic axis name the numbers that were run."""
    ax.set_xscale("log")
    ax.set_xticks(np.unique(numbers), [f"{x}" for x in np.unique(numbers)])
    ax.minorticks_off()


def _run(scan: Any) -> str:
    """Say of which temperature and length the points are."""
    if not scan.config.sweeps:
        return "$T = 0$, end of a descent"
    return f"$T = {scan.config.temperature:.4g}$, {max(scan.config.sweeps)} sweeps"


def _against_sweeps(line: CapacityLine, ax: Any) -> None:
    """Draw the distance from the theory against the length of the runs, at the largest size."""
    rows = _known(line)
    drawn = False
    for scan, (colour, marker) in zip(line.scans, series(len(line.scans)), strict=True):
        mine = rows[(rows["temperature"] == scan.config.temperature) & (rows["sweeps"] > 0)]
        if len(mine):
            largest = mine["n_spins"].max()
            mine = np.sort(mine[mine["n_spins"] == largest], order="sweeps")
            distance = mine["half_point"] - mine["theory"]
            label = f"$T = {scan.config.temperature:.4g}$, $N = {largest}$"
            style = {"color": colour, "marker": marker, "linewidth": 0.8, "label": label}
            ax.errorbar(mine["sweeps"], distance, mine["error"], **style)
            drawn = True
    ax.axhline(0, **theory_line())
    _each(ax, rows["sweeps"][rows["sweeps"] > 0])
    ax.set_xlabel("sweeps of the heat bath")
    ax.set_ylabel(_DISTANCE)
    ax.set_title("Memories that are only metastable")
    if drawn:
        ax.legend(loc="best", **FRAME)
    else:
        say_none(ax, line.scans[0], "no run at a temperature")
