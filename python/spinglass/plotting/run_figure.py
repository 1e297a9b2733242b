"""Figures of runs: energies in time, energies against temperature, P(q), annealing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spinglass.plotting.figure import OnePanel, colours, figure, ink, series, shade

if TYPE_CHECKING:
    from spinglass.sampling.annealings import Annealing
    from spinglass.sampling.ladder_runs import LadderRun
    from spinglass.sampling.overlaps import Overlaps
    from spinglass.sampling.runs import Run

# One panel, and its size in inches.
_ONE: OnePanel = (1, 1), (7.5, 5.2)

# More lines than these make a blot.
_LINES = 8
_POINTS = 2000


@figure(_ONE)
def run(result: Run, ax: Any = None) -> Any:
    """Draw the energy per spin of each replica against sweeps, and the mean with its error.

    At most eight replicas are drawn as lines. The mean is over all replicas.

    Parameters
    ----------
    result : Run
        The result of `spinglass.sample`.
    ax : matplotlib Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    Axes
        The Axes with the drawing.

    Examples
    --------
    >>> import spinglass
    >>> lattice = spinglass.SquareLattice(8)
    >>> run(spinglass.sample(lattice, 0.3, 200, n_replicas=2, seed=1)).get_xlabel()
    'sweeps'
    """
    if np.ndim(result.beta):
        got = type(result).__name__
        raise TypeError(f"result must be a Run, got a {got}, which tempered_run draws")
    mean = result.summary().energy
    sweeps = (
        result.sweeps - result.n_sweeps + result.every * np.arange(1, result.n_measurements + 1)
    )
    _traces(ax, sweeps, result.energy / result.n_spins)
    ax.axhline(mean.value, color=ink(), linewidth=1.4, label=f"mean {mean}")
    if np.isfinite(mean.error):
        band = mean.value - mean.error, mean.value + mean.error
        ax.axhspan(*band, color=ink(), alpha=0.25, linewidth=0)
    ax.set_xlabel("sweeps")
    ax.set_ylabel("energy per spin")
    ax.set_title(f"{_short(result.model)}, $\\beta$ = {result.beta:g}, {result.dynamics}")
    ax.legend(loc="best")
    return ax


@figure(_ONE)
def tempered_run(result: LadderRun, ax: Any = None) -> Any:
    """Draw the energy per spin against inverse temperature, with errors; swap rates in the title.

    Parameters
    ----------
    result : TemperedRun or LadderRun
        The result of `spinglass.temper`, or of `spinglass.sample` at several temperatures.
    ax : matplotlib Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    Axes
        The Axes with the drawing.

    Examples
    --------
    >>> import spinglass
    >>> lattice = spinglass.SquareLattice(8)
    >>> tempered_run(spinglass.temper(lattice, [0.2, 0.3, 0.4], 200, seed=1)).get_ylabel()
    'energy per spin'
    """
    means = [summary.energy for summary in result.summary()]
    exchanges = getattr(result, "swap_rates", None)
    what = "replica" if exchanges is None else "ladder"
    shown = np.isfinite(result.betas)  # zero temperature has no place on the axis
    ax.errorbar(
        result.betas[shown],
        np.array([mean.value for mean in means])[shown],
        yerr=np.nan_to_num([mean.error for mean in means])[shown],
        color=colours(0.4),
        marker="o",
        label=f"{result.n_replicas} {what}s" if result.n_replicas > 1 else f"one {what}",
    )
    rates = np.array([]) if exchanges is None else exchanges[np.isfinite(exchanges)]
    swaps = f", swaps {rates.min():.0%} to {rates.max():.0%}" if rates.size else ""
    ax.set_xlabel(r"inverse temperature $\beta$")
    ax.set_ylabel("energy per spin")
    ax.set_title(f"{_short(result.model)}{swaps}")
    ax.legend(loc="best")
    return ax


@figure(_ONE)
def overlaps(result: Overlaps, ax: Any = None) -> Any:
    """Draw P(q), the distribution of overlaps between replicas.

    Parameters
    ----------
    result : Overlaps
        The result of `overlaps()` of a run.
    ax : matplotlib Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    Axes
        The Axes with the drawing.

    Examples
    --------
    >>> import spinglass
    >>> glass = spinglass.SherringtonKirkpatrick(64, seed=1)
    >>> sampled = spinglass.sample(glass, 0.5, 50, n_replicas=4, seed=2)
    >>> overlaps(sampled.overlaps()).get_xlabel()
    'overlap $q$'
    """
    q, density = result.distribution()
    n_pairs, times = result.values.shape
    label = f"$\\beta$ = {result.beta:g}, {n_pairs} pairs at {times} times"
    ax.stairs(
        density, np.linspace(-1, 1, len(q) + 1), color=colours(0.4), linewidth=1.6, label=label
    )
    ax.set_xlim(-1, 1)
    ax.set_ylim(bottom=0)
    ax.set_xlabel("overlap $q$")
    ax.set_ylabel("$P(q)$")
    ax.set_title(f"Overlaps between replicas, N = {result.n_spins}")
    ax.legend(loc="best")
    return ax


@figure(_ONE)
def annealing(result: Annealing, ax: Any = None) -> Any:
    """Draw the energy per spin of each replica against sweeps, and the lowest energy of all.

    Parameters
    ----------
    result : Annealing
        The result of `spinglass.anneal`.
    ax : matplotlib Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    Axes
        The Axes with the drawing.

    Examples
    --------
    >>> import spinglass
    >>> glass = spinglass.EdwardsAnderson((8, 8), seed=1)
    >>> annealing(spinglass.anneal(glass, n_sweeps=100, seed=2)).get_xlabel()
    'sweeps'
    """
    _traces(ax, np.arange(1, len(result.betas) + 1), result.energy / result.n_spins)
    best = result.best[1] / result.n_spins
    ax.axhline(best, color=ink(), linewidth=1.4, label=f"lowest: {best:.6g}")
    ax.set_xlabel("sweeps")
    ax.set_ylabel("energy per spin")
    betas = (
        f"$\\beta$ = {result.betas[0]:.3g} to {result.betas[-1]:.3g}" if len(result.betas) else ""
    )
    ax.set_title(f"Annealing {_short(result.model)}, {betas}")
    ax.legend(loc="best")
    return ax


def _traces(ax: Any, sweeps: Any, energies: Any) -> None:
    """Draw the first few replicas as lines, thinned to what a figure can show."""
    count = min(len(energies), _LINES)
    step = -(-max(1, energies.shape[1]) // _POINTS)
    for k, (colour, _) in enumerate(series(count)):
        label = f"replica {k}" if count <= 3 else None
        ax.plot(
            sweeps[::step], energies[k, ::step], color=colour, linewidth=0.8, alpha=0.8, label=label
        )
    if count > 3:
        ax.plot(
            [], [], color=shade(0.6), linewidth=0.8, label=f"{count} of {len(energies)} replicas"
        )


def _short(model: str) -> str:
    """Return what a model is called in a title."""
    return model if len(model) <= 48 else model.partition("(")[0]
