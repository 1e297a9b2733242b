"""A figure of the capacity scan: retrieval, overlap, the two peaks, and the limit of infinite N."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spinglass.plotting.capacity_growth_figure import growth_of_one
from spinglass.plotting.figure import (
    FOUR,
    FRAME,
    by_size,
    figure,
    ink,
    interval_bar,
    legend_above,
    limit_point,
    on_panels,
    points,
    residuals,
    say_none,
    shade,
    theory_line,
)
from spinglass.theory import hopfield

if TYPE_CHECKING:
    from spinglass.experiments import CapacityScan, HalfPoint

# What is asked of a memory.
_WHAT = {"overlap": "Retrieval", "fixed_point": "Stability"}

# Beyond so many sizes insets and labels would cover the data.
MOST_SIZES = 6


@figure(FOUR)
def capacity(scan: CapacityScan, ax: Any = None) -> Any:
    """Draw a capacity scan.

    The four panels are the retrieval probability against load with the fitted curves and
    half-points; the mean final overlap against load with the replica-symmetric curve; the histogram
    of final overlaps near the half-points; and the half-points with their extrapolation to infinite
    N. A scan of numbers of patterns has P in place of the load, and its last panel is the growth of
    the half-points with N. A scan of fixed points has the one-step error, with its Gaussian
    estimate, in place of the histogram, if its rows have stabilities. Only recalls with Hebb's rule
    have a theory beside them.

    Parameters
    ----------
    scan : CapacityScan
        The result of `spinglass.experiments.capacity`, complete or not.
    ax : matplotlib Axes or sequence of four Axes, optional
        One Axes shows the first panel. By default a new figure shows all four.

    Returns
    -------
    Axes or array of four Axes
        The Axes with the drawing.

    Examples
    --------
    >>> from spinglass.experiments import capacity as measure
    >>> scan = measure(200, loads=(0.1, 0.2, 0.3), n_instances=5, n_starts=2)
    >>> [panel.get_xlabel() for panel in capacity(scan)][:2]
    ['load $P/N$', 'load $P/N$']
    """
    last = growth_of_one if scan.config.n_patterns else _extrapolation
    third = _errors if scan._has_stabilities else _histogram
    return on_panels(scan, ax, _retrieval, _overlap, third, last)


def _series(scan: CapacityScan) -> list[tuple[int, dict[str, Any]]]:
    """Return the sizes that have trials, and their looks."""
    return [x for x in by_size(scan.config.n_spins) if x[0] in scan.trials["n_spins"]]


def _has_theory(scan: CapacityScan) -> bool:
    return scan.config.is_hebb and not scan.config.n_patterns


def _variable(scan: CapacityScan, ax: Any) -> str:
    """Name the axis of what was varied, and return its column."""
    if not scan.config.n_patterns:
        ax.set_xlabel("load $P/N$")
        return "load"
    from matplotlib.ticker import LogLocator

    ax.set_xscale("log")
    counts = scan.trials["n_patterns"]
    if len(counts):
        ax.set_xlim(0.8 * counts.min(), 1.25 * counts.max())
        if counts.max() < 20 * counts.min():  # powers of ten would be one or two labels
            ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            ax.xaxis.set_major_formatter("{x:,.0f}")
    ax.xaxis.set_minor_formatter("")
    ax.set_xlabel("stored patterns $P$")
    return "n_patterns"


def _across(half: HalfPoint) -> Any:
    """Return loads from where nearly all memories are kept to where nearly none is."""
    if half.law == "weibull":
        return half.value * np.exp(half.width * np.linspace(-3.5, 1.8, 200))
    root, reach = math.sqrt(half.value), 3 * half.width
    return np.linspace(max(0.0, root - reach) ** 2, (root + reach) ** 2, 200)


def _retrieval(scan: CapacityScan, ax: Any) -> None:
    """Draw retrieval probability against load: data, fits, half-points, theory."""
    table, halves = scan.summary(), {p.n_spins: p for p in scan.half_points}
    variable, edges = _variable(scan, ax), []
    for n, look in _series(scan):
        rows, half, colour = table[table["n_spins"] == n], halves[n], look["color"]
        points(ax, rows, variable, "retrieval", linestyle="none", label=f"$N = {n}$", **look)
        if math.isfinite(half.value):
            loads = _across(half)
            unit = n if variable == "n_patterns" else 1
            edges += [loads[0], loads[-1]]
            ax.plot(unit * loads, half.probability(loads), color=colour, linewidth=1.4)
            place = [unit * half.value] * 2
            ax.plot(place, [0.5, -0.05], color=colour, linewidth=1, linestyle=":", zorder=1)
    theory, alpha = hopfield.critical_load(scan.config.beta), scan.alpha_c
    if _has_theory(scan):
        ax.axvline(theory, label=f"replica-symmetric theory, {theory:.4f}", **theory_line())
    if math.isfinite(alpha.value) and variable == "load":
        ax.axvspan(
            *alpha.interval,
            color=shade(0.18),
            zorder=0,
            label=rf"$\alpha_c$ for $N\to\infty$, {_between(alpha.interval)}",
        )
        edges += [alpha.value - 2 * alpha.error]
        edges += [theory - 0.003] if _has_theory(scan) else []
    if edges and variable == "load":
        ax.set_xlim(max(0.0, min(edges)), max(edges))
    ax.axhline(0.5, color=shade(0.4), linewidth=0.8, zorder=0)
    ax.set_ylim(-0.03, 1.05)
    is_stable = scan.config.criterion == "fixed_point"
    which = "no unstable spin" if is_stable else f"overlap ≥ {scan.config.threshold:.3g}"
    ax.set_ylabel(f"share of trials with {which}")
    flip = scan.config.flip
    start = f"from {flip:g} of the spins flipped" if flip else "of a stored pattern"
    heat = "" if math.isinf(scan.config.beta) else f" at $T = {scan.config.temperature:.3g}$"
    what = _WHAT[scan.config.criterion]
    ax.set_title(f"{what} {start}{heat} (dotted: half-points)")
    legend_above(ax, "upper right")
    ax.set_yticks(np.linspace(0, 1, 6))  # no share is larger


def _overlap(scan: CapacityScan, ax: Any) -> None:
    """Draw mean final overlap against load, and in the inset that of the trials that remember."""
    table, kept = scan.summary(), scan.trials[scan.kept()]
    variable = _variable(scan, ax)
    inset = _overlap_of_theory(scan, ax, table) if _has_theory(scan) else None
    for n, look in _series(scan):
        style = look | {"linewidth": 0.8}
        points(ax, table[table["n_spins"] == n], variable, "overlap", label=f"$N = {n}$", **style)
        if inset is None:
            continue
        mine = kept[kept["n_spins"] == n]
        counts, index = np.unique(mine["n_patterns"], return_inverse=True)
        share = np.bincount(index, minlength=len(counts))
        mean = np.bincount(index, mine["overlap"], len(counts)) / np.maximum(share, 1)
        well = share >= 20
        inset.plot(counts[well] / n, mean[well], **style | {"linestyle": "none", "markersize": 4})
    if variable == "load":
        ax.set_xlim(left=0)
    bottom = 0.0
    if len(table) and not _has_theory(scan):  # overlaps that stay near 1 fill the upper half
        bottom = max(0.0, 2 * float(np.nanmin(table["overlap"])) - 1)
    ax.set_ylim(bottom, 1.03 - 0.03 * bottom)
    ended = "" if scan.config.abandon is None else ", if not abandoned"
    final = "final overlap" if scan.config.criterion == "overlap" else "overlap after one update,"
    ax.set_ylabel(rf"mean {final} $m${ended}")
    ax.set_title("Overlap with the pattern started from")
    if inset is not None:
        ax.legend(loc="upper left", bbox_to_anchor=(0.02, 0.95), **FRAME)
    elif not _has_theory(scan):
        ax.legend(loc="lower left", **FRAME)
    else:
        legend_above(ax, "upper right")
        ax.set_yticks(np.linspace(0, 1, 6))  # no overlap is larger


def _overlap_of_theory(scan: CapacityScan, ax: Any, table: Any) -> Any:
    """Draw the replica-symmetric overlap, and return the inset, if there is space for one."""
    beta = scan.config.beta
    critical, at_critical = hopfield.critical_load(beta), hopfield.critical_overlap(beta)
    loads = critical * np.linspace(0.0, 1.0, 120) ** 0.5
    curve = [hopfield.retrieval_overlap(float(a), beta) for a in loads[:-1]] + [at_critical]
    # Where the curves fall below the critical load, or are many, there is no space for the inset.
    fallen = table["load"][table["overlap"] < 0.9]
    is_early = fallen.size and fallen.min() < 0.6 * table["load"].max()
    roomy = scan.config.flip == 0 and len(scan.config.n_spins) <= MOST_SIZES and not is_early
    inset = ax.inset_axes([0.09, 0.09, 0.45, 0.43]) if roomy else None
    for axis, extra in ((ax, {"label": "replica-symmetric theory"}), (inset, {})):
        if axis is not None:
            axis.plot(loads, curve, color=ink(), linewidth=1.8, zorder=5, **extra)
            axis.plot([critical] * 2, [at_critical, 0], **theory_line())
    if inset is not None:
        inset.set_xlim(0.08, 0.2)
        inset.set_ylim(0.945 if math.isinf(beta) else at_critical - 0.02, 1.0)
        inset.set_title("trials that remember", fontsize="small")
        inset.tick_params(labelsize="small")
    return inset


def _histogram(scan: CapacityScan, ax: Any) -> None:
    """Draw the final overlaps at the loads where between a quarter and three quarters remember."""
    table, trials = scan.summary(), scan.trials
    mixed = table[(table["retrieval"] > 0.25) & (table["retrieval"] < 0.75)]
    for n, look in _series(scan):
        bins = _bins(n)
        counts = mixed["n_patterns"][mixed["n_spins"] == n]
        here = (trials["n_spins"] == n) & np.isin(trials["n_patterns"], counts) & scan.ended
        mine = trials["overlap"][here]
        if len(mine) == 0:
            continue
        share = np.histogram(mine, bins)[0] / len(mine)
        ax.stairs(share, bins, color=look["color"], linewidth=1.6)
        middle = (bins[1:] + bins[:-1]) / 2
        ax.plot(middle, share, linestyle="none", label=f"$N = {n}$", **look)
    ax.axvline(scan.config.threshold, color=shade(0.5), linewidth=1, linestyle=":")
    ax.set_xlim(0, max(1.01, 1 + 1 / min(scan.config.n_spins)))
    ax.set_ylim(bottom=0)
    ax.set_xlabel(r"final overlap $m$ of a trial")
    widths = sorted({f"{np.diff(_bins(n)[:2])[0]:.2g}" for n in scan.config.n_spins}, key=float)
    ax.set_ylabel(f"share of trials in a bin of {' to '.join(widths[:: max(1, len(widths) - 1)])}")
    among = "kept or lost, little between" if scan.config.is_hebb else "where trials end"
    among = among if scan.ended.all() else "trials that were not abandoned"
    ax.set_title(f"Near the half-point: {among}")
    if ax.get_legend_handles_labels()[0]:
        ax.legend(loc="upper center", **FRAME)
    else:
        say_none(
            ax,
            scan,
            "no load at which between a quarter\nand three quarters of the trials remember",
        )


def _bins(n_spins: int) -> NDArray[np.float64]:
    """Return edges of bins that hold equally many of the overlaps 1, 1 - 2/N, ... down to 0.

    An edge lies between two of them, so that no bin is empty or full by rounding.
    """
    held = max(1, round(n_spins / 100))
    steps = np.arange(0, n_spins + 2 + 2 * held, 2 * held)[::-1]
    edges: NDArray[np.float64] = 1 + (1 - steps) / n_spins
    return edges


def _errors(scan: CapacityScan, ax: Any) -> None:
    """Draw the share of wrong spins after one update, and its Gaussian estimate."""
    table, variable = scan.one_step_errors(), _variable(scan, ax)
    for n, look in _series(scan):
        mine = table[(table["n_spins"] == n) & (table["error"] > 0)]
        points(ax, mine, variable, "error", linestyle="none", label=f"$N = {n}$", **look)
        ax.plot(mine[variable], mine["gaussian"], color=look["color"], linewidth=1.2)
    ax.set_yscale("log")
    if (table["error"] > 0).any():
        ax.set_ylim(bottom=table["error"][table["error"] > 0].min() / 3)
    else:
        say_none(ax, scan, "no spin was wrong")
    ax.set_ylabel("share of wrong spins after one update")
    ax.set_title("One-step error (lines: Gaussian estimates)")
    if ax.get_legend_handles_labels()[0]:
        ax.legend(loc="lower right", **FRAME)


def _extrapolation(scan: CapacityScan, ax: Any) -> None:
    """Draw half-points against N^(-x), the fitted law, and where it meets N = infinity."""
    alpha, theory = scan.alpha_c, hopfield.critical_load(scan.config.beta)
    x = alpha.exponent if math.isfinite(alpha.exponent) else 0.5
    halves = {p.n_spins: p for p in scan.half_points if math.isfinite(p.value)}
    looks = [(n, look) for n, look in _series(scan) if n in halves]
    for k, (n, look) in enumerate(looks):
        place, value = n**-x, halves[n].value
        ax.errorbar(place, value, halves[n].error, markersize=7, **look)
        # By turns above and below the law: near ones would run into each other.
        side, offset = ("right", (-7, 9)) if k % 2 else ("left", (7, -17))
        ax.annotate(f"$N = {n}$", (place, value), offset, textcoords="offset points", ha=side)
    if _has_theory(scan):
        ax.axhline(theory, label=f"replica-symmetric theory, {theory:.4f}", **theory_line())
    if math.isfinite(alpha.value):
        reach = 1.22 * min(halves) ** -x
        if math.isfinite(alpha.amplitude):
            u = np.array([0.0, reach])
            ax.plot(u, alpha.value + alpha.amplitude * u, color=shade(0.65), zorder=1)
        # From its middle: the value of one power alone may be outside of it.
        middle, arm = np.mean(alpha.interval), np.ptp(alpha.interval) / 2
        label = rf"$\alpha_c$ of all laws that fit: {_between(alpha.interval)}"
        ax.errorbar(0, middle, arm, label=label, **interval_bar())
        label = rf"of one power: $\alpha_c = {alpha.value:.4f} \pm {alpha.error:.4f}$"
        ax.errorbar(0, alpha.value, alpha.error, label=label, **limit_point())
        ax.set_xlim(-0.03 * reach, reach)
    else:
        ax.margins(x=0.2)  # for the sizes beside the points
    if 2 < len(alpha.residuals) <= MOST_SIZES:
        left = dict(zip(alpha.n_spins, alpha.residuals, strict=True))
        rows = [(n, 1e4 * left[n], 1e4 * halves[n].error, look) for n, look in looks if n in left]
        residuals(ax, [0.66, 0.15, 0.31, 0.22], rows, "half-point − law, in 10⁻⁴")
    if not halves:
        say_none(ax, scan, "no half-point: the loads bracket none")
    exponent = f"x = {alpha.exponent:.2f} ± {alpha.exponent_error:.2f}"
    ax.set_xlabel(f"$N^{{-x}}$,  {exponent}" if math.isfinite(alpha.exponent) else "$N^{-1/2}$")
    ax.set_ylabel("half-point (load $P/N$)")
    ax.locator_params(axis="x", nbins=5)
    ax.set_title(r"To infinite $N$:  half-point $= \alpha_c + A\,N^{-x}$")
    legend_above(ax, "upper left")


def _between(interval: tuple[float, float]) -> str:
    """Return an interval in words."""
    return f"{interval[0]:.4f} to {interval[1]:.4f}"
