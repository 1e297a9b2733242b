"""A figure of the line of critical loads: half-points at several temperatures, and the theory."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from spinglass.plotting.figure import by_size, figure, interval_bar, theory_line
from spinglass.theory import hopfield

if TYPE_CHECKING:
    from spinglass.experiments import CapacityLine


@figure(((1, 1), (8.5, 6.2)))
def capacity_line(line: CapacityLine, ax: Any = None) -> Any:
    """Draw the half-points of each temperature and size, and the line of the theory.

    Open markers are the shorter runs of the heat bath, filled ones the longest. The bar at a
    temperature is the interval of alpha_c for infinite N.

    Parameters
    ----------
    line : CapacityLine
        Scans at several temperatures.
    ax : matplotlib Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    Axes
        The Axes with the drawing.

    Examples
    --------
    >>> from spinglass.experiments import CapacityLine, capacity
    >>> scan = capacity(100, (0.05, 0.1, 0.2, 0.3), 20, beta=5.0, sweeps=(5, 20))
    >>> capacity_line(CapacityLine((scan,))).get_ylabel()
    'temperature $T$'
    """
    warmest = max(scan.config.temperature for scan in line.scans)
    temperatures = np.linspace(0.0, min(0.99, 1.25 * warmest + 0.05), 60)
    loads = [hopfield.critical_load(1 / t if t else math.inf) for t in temperatures]
    ax.plot(loads, temperatures, label="replica-symmetric theory", **theory_line())
    sizes = {n for scan in line.scans for n in scan.config.n_spins}
    for n, look in by_size(sizes):
        label: str | None = f"$N = {n}$"
        for scan in line.scans:
            runs = list((scan.half_points_by_sweeps or {0: scan.half_points}).values())
            for k, points in enumerate(runs):
                longest = k == len(runs) - 1
                style = look if longest else look | {"fillstyle": "none"}
                for point in points:
                    if point.n_spins == n and math.isfinite(point.value):
                        ax.errorbar(
                            point.value,
                            scan.config.temperature,
                            xerr=point.error,
                            linestyle="none",
                            label=label if longest else None,
                            **style,
                        )
                        label = None if longest else label
    label = r"$\alpha_c$ for $N \to \infty$, all laws that fit"
    for scan in line.scans:
        alpha = scan.alpha_c
        if math.isfinite(alpha.value):
            middle, arm = np.mean(alpha.interval), np.ptp(alpha.interval) / 2
            place = middle, scan.config.temperature
            ax.errorbar(*place, xerr=arm, label=label, **interval_bar())
            label = None
    lengths = max((scan.config.sweeps for scan in line.scans), key=len)
    if len(lengths) > 1:
        shorter = " and ".join(str(x) for x in lengths[:-1])
        ax.plot([], [], "o", color="grey", fillstyle="none", label=f"after {shorter} sweeps")
    ax.set_ylim(bottom=-0.01)
    ax.set_xlabel("load $P/N$ at which half of the memories are kept")
    ax.set_ylabel("temperature $T$")
    ax.set_title("Where a Hopfield network loses its memories")
    ax.legend(loc="best")
    return ax
