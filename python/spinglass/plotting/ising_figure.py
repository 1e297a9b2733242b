"""A figure of the Ising model at its transition: measurements on exact curves, and pictures."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from spinglass.plotting.figure import (
    FRAME,
    by_size,
    colours,
    figure,
    flat,
    near,
    of_result,
    points,
    say_none,
    shade,
    theory_line,
)
from spinglass.theory import ising2d

if TYPE_CHECKING:
    from spinglass.experiments import IsingScan

CURVES = 6
SPINS = ("#2a1745", "#f6f3ea")  # -1 dark, +1 light


@of_result
def ising_layout(scan: IsingScan) -> tuple[list[list[int]], tuple[float, float]]:
    """Return the places of the panels in the figure of a scan, and its size in inches.

    Examples
    --------
    >>> from spinglass import experiments, plotting
    >>> scan = experiments.ising([4, 8], [2.0, 2.5], n_sweeps=100, snapshot_size=None)
    >>> plotting.ising_layout(scan)
    ([[0, 1, 2], [3, 4, 5]], (15.5, 9.2))
    """
    rows = [[0, 1, 2], [3, 4, 5]]
    if scan.snapshots:
        pictures = list(range(CURVES, CURVES + len(scan.snapshots)))
        rows.append((pictures + [-1] * 3)[:3])
    return rows, (15.5, 4.6 * len(rows))


@figure(ising_layout)
def ising(scan: IsingScan, ax: Any = None) -> Any:
    r"""Draw a scan of the Ising model.

    Six panels show energy, magnetization, specific heat and susceptibility against temperature, the
    Binder cumulant, and the crossings of the cumulants of each pair of sizes. Further panels show
    one snapshot each. Thin lines are Kaufman's exact results for each size, dashed lines those of
    the infinite lattice.

    Parameters
    ----------
    scan : IsingScan
        The result of `spinglass.experiments.ising`, complete or not.
    ax : matplotlib Axes or sequence of Axes, optional
        One Axes shows the energy, 6 + k Axes show the six panels and k snapshots. By default a new
        figure.

    Returns
    -------
    Axes or array of Axes
        The Axes with the drawing.

    Examples
    --------
    >>> from spinglass.experiments import ising as measure
    >>> scan = measure([4, 8], [2.0, 2.3, 2.6], n_sweeps=200, snapshot_size=None)
    >>> [panel.get_ylabel() for panel in ising(scan)][:2]
    ['energy per spin $E/N$', 'magnetization $\\langle|m|\\rangle$']
    """
    axes = flat(ax)
    shown = len(axes) - CURVES
    if len(axes) != 1 and not 0 <= shown <= len(scan.snapshots):
        raise ValueError(
            f"ax must be one Axes or {CURVES} to {CURVES + len(scan.snapshots)}, got {len(axes)}"
        )
    draw = (_energy, _magnetization, _specific_heat, _susceptibility, _binder, _crossings)
    for panel, function in zip(axes, draw, strict=False):
        function(scan, panel)
    for k, panel in enumerate(axes[CURVES:]):
        _snapshot(scan, k, panel)
    return ax if len(axes) == 1 else axes


def draw_spins(ax: Any, spins: Any) -> None:
    """Draw a lattice: +1 is light, -1 is dark, and all spins are squares of one size."""
    from matplotlib.colors import ListedColormap

    colours = ListedColormap(list(SPINS))
    ax.imshow(spins, cmap=colours, vmin=-1, vmax=1, interpolation="nearest")
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_visible(True)
    ax.spines[:].set_color(shade(0.5))


def critical_line(ax: Any, value: float, label: str | None = None) -> None:
    """Draw a dotted vertical line at the transition of the infinite lattice."""
    ax.axvline(value, color=shade(0.55), linewidth=1.2, linestyle=":", zorder=0, label=label)


def _points(
    scan: IsingScan, ax: Any, quantity: str, line: bool = False, labels: bool = True
) -> None:
    """Draw the points of one quantity for every size, against temperature."""
    style = {"markersize": 4.5, "linestyle": "-" if line else "none", "linewidth": 0.9}
    for L, look in by_size(scan.config.sizes):
        p = scan.of_size(L)
        label = f"$L = {L}$" if labels and len(p) else None
        points(ax, p, "temperature", quantity, label=label, **look, **style)
    _temperature_axis(scan, ax)


def _temperature_axis(scan: IsingScan, ax: Any) -> None:
    low, high = _range(scan)
    ax.set_xlim(low - 0.03 * (high - low), high + 0.03 * (high - low))
    ax.set_xlabel("temperature $T$  (in units of $J$)")
    critical = 1.0 / ising2d.critical_beta()
    if low < critical < high:
        critical_line(ax, critical)


def _range(scan: IsingScan) -> tuple[float, float]:
    """Return the lowest and the highest temperature, apart from one another."""
    grid = [T for row in scan.config.temperatures for T in row]
    low, high = min(grid), max(grid)
    return (low, high) if low < high else (0.95 * low, 1.05 * high)


def _temperatures(scan: IsingScan) -> Any:
    """Return temperatures for smooth curves, dense where these are steep."""
    low, high = _range(scan)
    critical = 1.0 / ising2d.critical_beta()
    steep = critical + 0.4 * np.linspace(-1, 1, 202) ** 3
    grid = np.concatenate([np.linspace(low, high, 160), steep])
    return np.unique(grid[(grid >= low) & (grid <= high)])


def _exact(scan: IsingScan, ax: Any, finite: Any, infinite: Any, name: str) -> None:
    """Draw Kaufman's curve for each size and the infinite lattice's."""
    T = _temperatures(scan)
    for L, look in by_size(scan.config.sizes):
        curve = finite((L, L), 1.0 / T)
        ax.plot(T, curve, color=look["color"], linewidth=1.1, zorder=1)
    ax.plot([], [], color=shade(0.7), linewidth=1.1, label="exact, same $L$ (Kaufman)")
    ax.plot(T, infinite(1.0 / T), label=f"exact, $L = \\infty$ ({name})", **theory_line())


def _energy(scan: IsingScan, ax: Any) -> None:
    _exact(scan, ax, ising2d.finite_energy, ising2d.energy, "Onsager")
    _points(scan, ax, "energy", labels=False)
    ax.set_ylabel("energy per spin $E/N$")
    z = scan.deviations("energy")
    known = z[np.isfinite(z)]
    ax.set_title("Energy, on the exact curves")
    ax.legend(loc="lower right", **FRAME)
    if not len(known):
        return
    inset = ax.inset_axes([0.13, 0.62, 0.38, 0.2])
    for L, look in by_size(scan.config.sizes):
        here = scan.points["L"] == L
        T = scan.points["temperature"][here]
        inset.plot(T, z[here], linestyle="none", markersize=3, **look)
    inset.axhspan(-1, 1, color=shade(0.12), zorder=0)
    reach = max(3.2, 1.1 * float(np.abs(known).max()))
    inset.set_ylim(-reach, reach)
    inset.tick_params(labelsize="small")
    words = f"(measured − Kaufman) / error\n$\\chi^2$ = {np.mean(known**2):.2f} a point"
    inset.set_title(words, fontsize="small")


def _magnetization(scan: IsingScan, ax: Any) -> None:
    T = _temperatures(scan)
    curve = ising2d.magnetization(1.0 / T)
    ax.plot(T, curve, label="exact, $L = \\infty$ (Yang)", **theory_line())
    _points(scan, ax, "magnetization", line=True)
    ax.set_ylim(-0.03, 1.05)
    ax.set_ylabel(r"magnetization $\langle|m|\rangle$")
    ax.set_title("The lattice orders below $T_c$")
    ax.legend(loc="best", **FRAME)


def _specific_heat(scan: IsingScan, ax: Any) -> None:
    _exact(scan, ax, ising2d.finite_specific_heat, ising2d.specific_heat, "Onsager")
    _points(scan, ax, "specific_heat", labels=False)
    top = np.nanmax([*scan.points["specific_heat"], *scan.points["exact_specific_heat"], 0.1])
    ax.set_ylim(0, 1.35 * float(top))
    ax.set_ylabel("specific heat per spin $C/N$")
    ax.set_title(r"Specific heat: the peak grows as $\ln L$")
    ax.legend(loc="upper right", **FRAME)


def _susceptibility(scan: IsingScan, ax: Any) -> None:
    _points(scan, ax, "susceptibility", line=True)
    if (scan.points["susceptibility"] > 0).any():
        ax.set_yscale("log")
    ax.set_ylabel(r"susceptibility $\beta N(\langle m^2\rangle - \langle|m|\rangle^2)$")
    ax.set_title("Susceptibility: the peak grows as $L^{7/4}$")
    ax.legend(loc="best", **FRAME)


def _binder(scan: IsingScan, ax: Any) -> None:
    """Draw the cumulants, and in the inset their crossing."""
    from spinglass.experiments.ising_transition.result import CRITICAL_BINDER

    critical = 1.0 / ising2d.critical_beta()
    label = f"$U^*$ = {CRITICAL_BINDER} (Kamieniarz, Blöte)"
    ax.axhline(CRITICAL_BINDER, label=label, **theory_line())
    _points(scan, ax, "binder", line=True)
    ax.set_ylim(-0.06, 0.78)
    ax.set_ylabel(r"Binder cumulant $1 - \langle m^4\rangle / 3\langle m^2\rangle^2$")
    ax.set_title("Cumulants of all sizes cross at $T_c$")
    near = np.abs(scan.points["temperature"] / critical - 1.0) < 0.014
    if np.count_nonzero(near) >= 2 * len(scan.config.sizes):
        inset = ax.inset_axes([0.56, 0.43, 0.34, 0.34])
        inset.axhline(CRITICAL_BINDER, **theory_line())
        _points(scan, inset, "binder", line=True)
        inset.set_xlim(critical * 0.988, critical * 1.012)
        inset.set_ylim(0.55, 0.665)
        inset.set_xlabel("")
        inset.tick_params(labelsize="small")
        inset.yaxis.tick_right()
        inset.spines["right"].set_visible(True)
        inset.spines["left"].set_visible(False)
    handles, labels = ax.get_legend_handles_labels()
    ax.legend(handles[:1], labels[:1], loc="upper right", **FRAME)


def _crossings(scan: IsingScan, ax: Any) -> None:
    """Draw where each pair of sizes crosses, with its error."""
    found = list(scan.crossings.items())
    exact = ising2d.critical_beta()
    critical_line(ax, exact, rf"exact: $\ln(1+\sqrt{{2}})/2$ = {exact:.6f}")
    best = scan.critical_beta
    shown = [(k, x) for k, (_, x) in enumerate(found) if math.isfinite(x.beta)]
    for k, x in shown:
        look: dict[str, Any] = {"color": colours(0.5), "marker": "s", "linestyle": "none"}
        if x is best:
            look |= {"color": colours(0.0), "marker": "o", "label": "the two largest sizes"}
        ax.errorbar(x.beta, k, xerr=x.beta_error, **look)
    ax.set_yticks(range(len(found)), [f"{a} and {b}" for (a, b), _ in found])
    ax.set_ylim(len(found) - 0.4, -1.2)
    ax.set_xlabel(r"inverse temperature $\beta_c$ of the crossing")
    ax.set_ylabel("sizes $L$")
    ax.set_title("Where the cumulants of two sizes cross")
    if shown:
        near(ax, exact, [x for _, x in shown], nbins=5)
    else:
        why = "no crossing was seen" if found else "one size alone has no crossing"
        say_none(ax, scan, why)
    ax.legend(loc="upper right", **FRAME)


def _snapshot(scan: IsingScan, k: int, ax: Any) -> None:
    shot = scan.snapshots[k]
    draw_spins(ax, shot.spins)
    exact = 1.0 / ising2d.critical_beta()
    away = abs(shot.temperature / exact - 1.0)
    where = (
        "at $T_c$" if away < 1e-3 else "below $T_c$" if shot.temperature < exact else "above $T_c$"
    )
    ax.set_title(f"$T$ = {shot.temperature:g}, {where}")
    ax.set_xlabel(f"{len(shot.spins)} × {len(shot.spins)} spins, started with all up")
