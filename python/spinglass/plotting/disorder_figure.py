"""Figures of averages over disorder: samples, and the way of glasses to equilibrium."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from spinglass.experiments.quenched_disorder.equilibration import BINS
from spinglass.plotting.figure import (
    FRAME,
    OnePanel,
    figure,
    ink,
    legend_above,
    on_panels,
    points,
    say_none,
    series,
    shade,
    theory_line,
)
from spinglass.statistics import format_estimate

if TYPE_CHECKING:
    from spinglass.experiments import DisorderAverage, GlassEquilibration

_ONE: OnePanel = (1, 1), (7.0, 5.2)

# Bins of a histogram, at most.
_BINS = 50

# Sweeps from which powers of ten are enough ticks, in those of the first bin.
_TWO_DECADES = 100
# Bins of which each has a label.
_NAMED_BINS = 4

# The overlaps of a pair of replicas: their columns and names.
_OVERLAPS = {
    "absolute_overlap": r"$[\langle |q| \rangle]$, spins",
    "squared_overlap": r"$[\langle q^2 \rangle]$, spins",
    "link_overlap": r"$[\langle q_l \rangle]$, bonds",
}


@figure(_ONE)
def disorder_average(result: DisorderAverage, ax: Any = None, quantity: str | None = None) -> Any:
    """Draw a quantity of all samples as a histogram, with its mean; of arrays the last element.

    Parameters
    ----------
    result : DisorderAverage
        The result of `spinglass.experiments.disorder_average`, complete or not.
    ax : matplotlib Axes, optional
        Where to draw; by default in a new figure.
    quantity : str, optional
        Its name; by default the first that the study returned.

    Returns
    -------
    Axes
        The Axes with the drawing.

    Raises
    ------
    ValueError, TypeError
        If no sample has such a quantity.

    Examples
    --------
    >>> import spinglass
    >>> from spinglass import exact, experiments
    >>> def glass(seed):
    ...     return spinglass.SherringtonKirkpatrick(8, seed=seed)
    >>> def energy(model, seed):
    ...     return {"energy": exact.mean_energy(model, 1.0)}
    >>> disorder_average(experiments.disorder_average(glass, 20, energy)).get_ylabel()
    'samples'
    """
    if quantity is None and not result.values:
        say_none(ax, result, "no sample was finished")
        return ax
    name = next(iter(result.values)) if quantity is None else quantity
    value, error = (np.ravel(x)[-1:] for x in result.mean(name))
    values = result.values[name].reshape(result.n_samples, -1)[:, -1:].ravel()
    values = values[np.isfinite(values)]
    if not values.size:
        say_none(ax, result, f"{name} has no finite values")
        return ax
    bins = min(_BINS, math.ceil(math.sqrt(values.size)))
    ax.hist(values, bins=bins, color=shade(0.3), edgecolor=shade(0.6), label="samples")
    mean = f"mean and its error, {format_estimate(value[0], error[0])}"
    ax.axvline(value[0], color=ink(), linewidth=1.6, label=mean)
    if np.isfinite(error[0]):
        band = value[0] - error[0], value[0] + error[0]
        ax.axvspan(*band, color=ink(), alpha=0.25, linewidth=0)
    ax.set_xlabel(name.replace("_", " "))
    ax.set_ylabel("samples")
    ax.set_title(f"{result.n_samples} samples of disorder")
    ax.legend(loc="best", **FRAME)
    return ax


@figure(((1, 2), (12.5, 5.2)))
def glass_equilibration(result: GlassEquilibration, ax: Any = None) -> Any:
    """Draw the way of glasses to equilibrium: both sides of the identity, and overlaps.

    The first panel has the energy and, for Gaussian couplings, the energy that the link overlap
    tells, which meet in equilibrium. The second has the overlaps, which stop to change. Each point
    is an average over the sweeps of a bin, drawn at its last sweep.

    Parameters
    ----------
    result : GlassEquilibration
        What `DisorderAverage.equilibration` returns.
    ax : matplotlib Axes or sequence of two Axes, optional
        One Axes shows the first panel. By default a new figure shows both.

    Returns
    -------
    Axes or array of two Axes
        The Axes with the drawing.

    Examples
    --------
    >>> import spinglass
    >>> from spinglass.experiments import TemperedGlass, disorder_average
    >>> def glass(seed):
    ...     return spinglass.EdwardsAnderson((4, 4), "gaussian", seed=seed)
    >>> found = disorder_average(glass, 5, TemperedGlass((0.5, 1.0), 100)).equilibration()
    >>> glass_equilibration(found)[0].get_xlabel()
    'sweeps, at the end of a bin'
    """
    return on_panels(result, ax, _energies, _overlaps)


def _energies(result: GlassEquilibration, ax: Any) -> None:
    """Draw both sides of the identity."""
    sides = {"energy": r"energy $[\langle e \rangle]$, comes from above"}
    if result.has_identity:
        formula = r"$-\beta J^2 (N_b / N) (1 - [\langle q_l \rangle])$"
        sides["energy_from_links"] = f"{formula}, from below"
    _draw(result, ax, sides)
    ax.set_ylabel("energy per spin")
    ax.set_title(f"{result.n_samples} samples at $\\beta$ = {result.beta:g}")
    legend_above(ax, "upper right")


def _overlaps(result: GlassEquilibration, ax: Any) -> None:
    """Draw the overlaps, level at the value of the last bin."""
    _draw(result, ax, _OVERLAPS)
    for name in _OVERLAPS:
        ax.axhline(result.bins[name][-1], **theory_line(linewidth=0.8, color=shade(0.5)))
    ax.plot([], [], **theory_line(linewidth=0.8, color=shade(0.5)), label="value in the last bin")
    ax.set_ylabel("overlap of two replicas")
    ax.set_title("Overlaps of spins and of bonds")
    legend_above(ax, "upper right", 2)


def _draw(result: GlassEquilibration, ax: Any, names: dict[str, str]) -> None:
    """Draw columns of the bins against sweeps."""
    bins = result.bins
    for (colour, marker), (name, label) in zip(series(len(names)), names.items(), strict=True):
        look = {"color": colour, "marker": marker, "linewidth": 1.0}
        points(ax, bins, "last_sweep", name, label=label, **look)
    ax.set_xscale("log")
    if len(bins) >= BINS:
        compared = bins["first_sweep"][-BINS], bins["last_sweep"][-1]
        left = max(compared[0], 1)  # of a logarithm
        ax.axvspan(left, compared[1], color=shade(0.12), zorder=0, label=f"last {BINS} bins")
    ends = bins["last_sweep"].tolist()
    if ends[-1] < _TWO_DECADES * ends[0]:
        # Powers of ten would be one tick or none. The last bin is named, and not all of many.
        step = 1 if len(ends) <= _NAMED_BINS else 2
        named = set(ends[::-step])
        ax.set_xticks(ends, [f"{end}" if end in named else "" for end in ends])
        ax.minorticks_off()
    ax.set_xlabel("sweeps, at the end of a bin")
