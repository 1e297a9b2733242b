"""Figures of mean field: on the lattice beside exact results, and the solutions of any model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spinglass.plotting.figure import FRAME, figure, flat, ink, on_panels, points, series

if TYPE_CHECKING:
    from spinglass.experiments import MeanFieldLattice
    from spinglass.partition.meanfield.solution import MeanField

_NAMES = {"naive": "naive mean field", "bethe": "Bethe approximation"}
_MOST = 6  # solutions that fit a panel
_LINES = {"naive": (0, (5, 2)), "bethe": (0, (1, 1.2))}


@figure(((1, 2), (12.5, 4.9)))
def meanfield(result: MeanFieldLattice, ax: Any = None) -> Any:
    """Draw the square lattice: mean field, Bethe approximation, measurements and exact results.

    The first panel shows the magnetization against temperature. The second shows how far the free
    energies of both approximations lie above the exact one.

    Parameters
    ----------
    result : MeanFieldLattice
        The result of `spinglass.experiments.meanfield`, complete or not.
    ax : matplotlib Axes or sequence of two Axes, optional
        One Axes shows the magnetization. By default a new figure shows both panels.

    Returns
    -------
    Axes or array of two Axes
        The Axes with the drawing.

    Examples
    --------
    >>> from spinglass.experiments import meanfield as measure
    >>> found = measure(8, [2.0, 3.0, 4.5], n_sweeps=200)
    >>> [panel.get_xlabel() for panel in meanfield(found)][:1]
    ['temperature $T$  (in units of $J$)']
    """
    return on_panels(result, ax, _magnetization, _free_energy)


def _temperature_axis(result: MeanFieldLattice, ax: Any) -> None:
    ax.set_xlabel("temperature $T$  (in units of $J$)")
    low, high = result.curves["temperature"][[0, -1]]
    ax.set_xlim(low - 0.03 * (high - low), high + 0.03 * (high - low))


def _looks() -> dict[str, dict[str, Any]]:
    """Return how each approximation is drawn: its own colour and its own dashes."""
    colours = series(3)
    return {
        name: {"color": colours[k][0], "linestyle": _LINES[name], "linewidth": 2.2}
        for name, k in (("naive", 1), ("bethe", 2))
    }


def _exact() -> dict[str, Any]:
    """Return how exact results are drawn."""
    return {"color": ink(), "linewidth": 1.8, "zorder": 2}


def _magnetization(result: MeanFieldLattice, ax: Any) -> None:
    from spinglass.experiments.mean_field_lattice.result import CRITICAL_TEMPERATURES

    curves = result.curves
    T = curves["temperature"]
    for name, look in _looks().items():
        label = f"{_NAMES[name]}, $T_c$ = {CRITICAL_TEMPERATURES[name]:.4g}"
        known = np.isfinite(curves[name])
        ax.plot(T[known], curves[name][known], label=label, **look)
    critical = CRITICAL_TEMPERATURES["exact"]
    ax.plot(T, curves["exact"], label=f"exact, $L=\\infty$, $T_c$ = {critical:.4g}", **_exact())
    L = result.config.size
    look = {"color": series(3)[0][0], "marker": "o", "linestyle": "none", "zorder": 3}
    label = rf"Monte Carlo, $\langle|m|\rangle$ of ${L}\times{L}$"
    points(ax, result.points, "temperature", "magnetization", label=label, **look)
    ax.set_ylim(-0.03, 1.38)  # the legend stands above the curves
    ax.set_yticks(np.linspace(0.0, 1.0, 6))
    ax.set_ylabel("magnetization $m$")
    ax.set_title("Mean field stays ordered at too high a temperature")
    ax.legend(loc="upper right", **FRAME)
    _temperature_axis(result, ax)


def _free_energy(result: MeanFieldLattice, ax: Any) -> None:
    curves = result.curves
    T, exact = curves["temperature"], curves["exact_free_energy"]
    for name, look in _looks().items():
        excess = curves[f"{name}_free_energy"] - exact
        known = np.isfinite(excess)
        ax.plot(T[known], excess[known], label=_NAMES[name], **look)
    L = result.config.size
    ax.axhline(0.0, label=rf"exact, ${L}\times{L}$ (Kaufman)", **_exact())
    ax.set_ylabel(r"$(F - F_\mathrm{exact})/N$  (in units of $J$)")
    ax.set_title("Free energy per spin: how much too high")
    ax.legend(loc="best", **FRAME)
    _temperature_axis(result, ax)


@figure(((1, 1), (6.4, 5.6)))
def solutions(result: MeanField, ax: Any = None) -> Any:
    """Draw the magnetizations of each mean-field solution, in ascending order.

    Parameters
    ----------
    result : MeanField
        The result of a method of `spinglass.meanfield`. If it has more than six solutions, the six
        of lowest free energy are drawn.
    ax : matplotlib Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import spinglass
    >>> from spinglass import meanfield as methods
    >>> found = methods.naive(spinglass.SherringtonKirkpatrick(50, seed=1), beta=2.0, seed=1)
    >>> solutions(found).get_ylabel()
    'magnetization $m_i$'
    """
    from spinglass.partition.meanfield.solution import NAMES

    (panel,) = flat(ax)
    shown = result.solutions[:_MOST]
    n = result.model.n_spins
    for x, (colour, marker) in zip(shown, series(len(shown)), strict=True):
        starts = f"{x.n_starts} start{'' if x.n_starts == 1 else 's'}"
        panel.plot(
            (np.arange(n) + 0.5) / n,
            np.sort(x.magnetizations),
            color=colour,
            marker=marker,
            markevery=max(1, n // 12),
            linewidth=1.4,
            label=f"$F/N$ = {x.free_energy / n:.5f}, {starts}",
        )
    panel.set_xlim(0.0, 1.0)
    panel.set_ylim(-1.05, 1.05)
    panel.set_xlabel("share of the spins")
    panel.set_ylabel("magnetization $m_i$")
    count = len(result.solutions)
    which = f"the lowest {_MOST} of {count} solutions" if count > _MOST else f"solutions: {count}"
    panel.set_title(f"{NAMES[result.method]}, $\\beta$ = {result.beta:g}, {which}")
    if shown:
        below = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.15)}
        panel.legend(ncols=2 if len(shown) > 1 else 1, **below)
    else:
        panel.text(0.5, 0.0, "no start converged", ha="center", va="center")
    return panel
