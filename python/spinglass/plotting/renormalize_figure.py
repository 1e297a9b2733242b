"""A figure of block spins: a lattice after more and more steps, and the fixed point."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from spinglass.plotting.figure import (
    FRAME,
    figure,
    flat,
    near,
    of_result,
    paper,
    points,
    say_none,
    series,
    shade,
    theory_line,
)
from spinglass.plotting.ising_figure import critical_line, draw_spins
from spinglass.theory import ising2d

if TYPE_CHECKING:
    from spinglass.experiments import Renormalization

CURVES = 3


@of_result
def renormalize_layout(result: Renormalization) -> tuple[Any, tuple[float, float]]:
    """Return the places of the panels in the figure, and its size in inches.

    The pictures have their own mosaic, so that labels of the panels below do not move them apart.

    Examples
    --------
    >>> from spinglass import experiments, plotting
    >>> flow = experiments.renormalize(16, n_sweeps=100, picture_size=None)
    >>> plotting.renormalize_layout(flow)
    ([[0, 1, 2]], (15.5, 4.8))
    """
    below = [list(range(CURVES))]
    if not result.flows:
        return below, (15.5, 4.8)
    first, pictures = CURVES, []
    for flow in result.flows:
        pictures.append(list(range(first, first + len(flow.levels))))
        first += len(flow.levels)
    return [[pictures], [below]], (15.5, 12.4)


@figure(renormalize_layout)
def renormalize(result: Renormalization, ax: Any = None) -> Any:
    r"""Draw the flow of block spins, the crossing of their correlations, and the exponent.

    Rows of pictures are temperatures, columns are steps. Each spin of a later column is the
    majority of 2 x 2 spins of the column before. Every picture shows the whole lattice.

    Parameters
    ----------
    result : Renormalization
        The result of `spinglass.experiments.renormalize`, complete or not.
    ax : matplotlib Axes or sequence of Axes, optional
        One Axes shows the correlations against temperature. Three Axes show these, the crossings
        and the exponents. With one more Axes for each picture, temperature by temperature, the
        pictures are drawn too. By default a new figure.

    Returns
    -------
    Axes or array of Axes
        The Axes with the drawing.

    Examples
    --------
    >>> from spinglass.experiments import renormalize as measure
    >>> result = measure(16, n_sweeps=200, picture_size=None)
    >>> [panel.get_xlabel() for panel in renormalize(result)][1:]
    ['inverse temperature $\\beta_c$ of the crossing', 'step $k$']
    """
    axes = flat(ax)
    pictures = [(row, k) for row, flow in enumerate(result.flows) for k in range(len(flow.levels))]
    if len(axes) not in (1, CURVES, CURVES + len(pictures)):
        raise ValueError(
            f"ax must be one Axes, {CURVES} or {CURVES + len(pictures)}, got {len(axes)}"
        )
    draw = (_correlations, _crossings, _exponents)
    for panel, function in zip(axes, draw, strict=False):
        function(result, panel)
    for panel, (row, k) in zip(axes[CURVES:], pictures, strict=False):
        _picture(result, row, k, panel)
    return ax if len(axes) == 1 else axes


def _picture(result: Renormalization, row: int, k: int, ax: Any) -> None:
    flow = result.flows[row]
    spins, critical = flow.levels[k], 1.0 / ising2d.critical_beta()
    draw_spins(ax, spins)
    if row == 0:
        ax.set_title("the lattice" if k == 0 else f"{k} step{'s' * (k > 1)}")
    if k == 0:
        where = "at" if abs(flow.temperature / critical - 1) < 1e-3 else ""
        where = where or ("below" if flow.temperature < critical else "above")
        ax.set_ylabel(f"{where} $T_c$\n$T$ = {flow.temperature:g}")
    if row == len(result.flows) - 1:
        ax.set_xlabel(f"{len(spins)} × {len(spins)} spins")


def _correlations(result: Renormalization, ax: Any) -> None:
    """Draw the correlations of both lattices, blocked to the same size, against temperature."""
    large, small = result.config.sizes
    steps = result.config.steps(large)
    for k, (colour, marker) in zip(range(1, steps + 1), series(steps), strict=True):
        for size, step in ((large, k), (small, k - 1)):
            p = result.curve(size, step)
            full = size == large
            look = {
                "color": colour,
                "marker": marker,
                "markerfacecolor": colour if full else paper(),
                "linestyle": "-" if full else (0, (3, 2)),
                "label": f"both {large >> k} × {large >> k}" if full else None,
            }
            points(ax, p, "temperature", "correlation", linewidth=1.2, **look)
    critical_line(ax, 1.0 / ising2d.critical_beta())
    of_large, of_small = (large, "$k$", "-", shade(0.7)), (small, "$k-1$", "--", paper())
    for size, words, line, face in (of_large, of_small):
        if size not in result.points["L"]:
            continue
        ax.plot([], [], line, marker="o", color=shade(0.7), markerfacecolor=face,
                label=f"$L = {size}$, {words} steps")  # fmt: skip
    ax.set_xlabel("temperature $T$  (in units of $J$)")
    ax.set_ylabel("correlation of neighbouring block spins")
    ax.set_title("One step more or less: equal at $T_c$")
    ax.legend(loc="lower left", **FRAME)


def _crossings(result: Renormalization, ax: Any) -> None:
    """Draw the crossing of each number of steps, with its error."""
    exact, large = ising2d.critical_beta(), result.config.size
    label = rf"exact: $\ln(1+\sqrt{{2}})/2$ = {exact:.6f}"
    critical_line(ax, exact, label)
    found = {k: x for k, x in result.crossings.items() if math.isfinite(x.beta)}
    looks = series(result.config.steps(large))
    for k, crossing in found.items():
        colour, marker = looks[k - 1]
        ax.errorbar(crossing.beta, k, xerr=crossing.beta_error, color=colour, marker=marker)
    ax.set_yticks(list(result.crossings), [str(k) for k in result.crossings])
    ax.set_ylim(len(result.crossings) + 0.6, -0.2)
    ax.set_xlabel(r"inverse temperature $\beta_c$ of the crossing")
    ax.set_ylabel("steps $k$")
    ax.set_title("Blocking wipes out what is not universal")
    if found:
        near(ax, exact, list(found.values()), nbins=4)
    else:
        say_none(ax, result, "no crossing was seen")
    ax.legend(loc="upper right", **FRAME)


def _exponents(result: Renormalization, ax: Any) -> None:
    """Draw y_t of each step."""
    ax.axhline(1.0, label=r"exact: $y_t = 1/\nu = 1$", **theory_line())
    found = {k: x for k, x in result.thermal_exponents.items() if math.isfinite(x.value)}
    looks = series(result.config.steps(result.config.size))
    for k, estimate in found.items():
        colour, marker = looks[k - 1]
        error = np.nan_to_num(estimate.error)
        ax.errorbar(k, estimate.value, error, color=colour, marker=marker)
    if not found:
        say_none(ax, result, "$T_c$ is not among the temperatures")
    lowest = min([0.8, *(x.value - 2 * np.nan_to_num(x.error) for x in found.values())])
    ax.set_ylim(lowest - 0.02, 1.12)
    steps = range(1, len(looks) + 1)
    ax.set_xticks(list(steps))
    ax.set_xlim(0.5, len(looks) + 0.5)
    ax.set_xlabel("step $k$")
    ax.set_ylabel(r"thermal exponent $y_t = \log_2\lambda$")
    ax.set_title("How fast the flow leaves $T_c$ (one coupling)")
    ax.legend(loc="upper right", **FRAME)
