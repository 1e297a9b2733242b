"""A figure of averages between the temperatures of runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spinglass.plotting.figure import FOUR, colours, figure, on_panels, say_none, shade

if TYPE_CHECKING:
    from spinglass.statistics import Reweighting

# Averages up to this many are points, and more are a line with a band.
_POINTS = 12


@figure(FOUR)
def reweighting(result: Reweighting, ax: Any = None) -> Any:
    r"""Draw averages against inverse temperature: bands are one error wide on either side.

    Four panels show the energy per spin, <|m|>, the specific heat and the Binder cumulant. Marks on
    the upper edge are the temperatures of the runs.

    Parameters
    ----------
    result : Reweighting
        The result of `spinglass.statistics.reweight`.
    ax : matplotlib Axes or sequence of four Axes, optional
        One Axes shows the specific heat. By default a new figure of four panels.

    Returns
    -------
    Axes or array of four Axes
        The Axes with the drawing.

    Examples
    --------
    >>> import numpy as np, spinglass
    >>> run = spinglass.sample(spinglass.SquareLattice(8), 0.4, 2000, n_replicas=4, seed=1)
    >>> found = spinglass.statistics.reweight(run, np.linspace(0.35, 0.45, 21))
    >>> reweighting(found)[2].get_ylabel()
    'specific heat $C$'
    """
    return on_panels(result, ax, _energy, _magnetization, _specific_heat, _binder, alone=2)


def _energy(result: Reweighting, ax: Any) -> None:
    _curve(result, ax, "energy", r"energy per spin $\langle E\rangle/N$")
    ax.set_title(f"{result.n_spins} spins, reweighted")


def _magnetization(result: Reweighting, ax: Any) -> None:
    _curve(result, ax, "absolute_magnetization", r"magnetization $\langle|m|\rangle$")


def _specific_heat(result: Reweighting, ax: Any) -> None:
    _curve(result, ax, "specific_heat", "specific heat $C$")


def _binder(result: Reweighting, ax: Any) -> None:
    _curve(result, ax, "binder_cumulant", "Binder cumulant $U$")


def _curve(result: Reweighting, ax: Any, quantity: str, label: str) -> None:
    estimate, colour = getattr(result, quantity), colours(0.4)
    order = np.argsort(np.atleast_1d(result.beta))
    beta, value, error = (np.atleast_1d(x)[order] for x in (result.beta, *estimate))
    if np.isnan(value).all():
        say_none(ax, result, "the runs do not reach here")
    elif len(beta) <= _POINTS:
        ax.errorbar(beta, value, np.nan_to_num(error), color=colour, marker="o", linewidth=0.9)
    else:
        ax.plot(beta, value, color=colour)
        ax.fill_between(beta, value - error, value + error, color=colour, alpha=0.35, linewidth=0)
    low, high = ax.get_xlim()
    runs = result.run_betas[(low <= result.run_betas) & (result.run_betas <= high)]
    place = ax.get_xaxis_transform()
    ax.plot(runs, np.ones(len(runs)), "|", color=shade(0.6), markersize=12, transform=place)
    ax.set_xlim(low, high)
    ax.set_xlabel(r"inverse temperature $\beta$")
    ax.set_ylabel(label)
