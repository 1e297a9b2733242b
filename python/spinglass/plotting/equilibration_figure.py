"""A figure of the mixing of a machine: autocorrelation, and energies from two kinds of starts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from spinglass.plotting.figure import FRAME, figure, ink, on_panels, series, shade

if TYPE_CHECKING:
    from spinglass.machines import Equilibration


@figure(((1, 2), (12.5, 5.0)))
def equilibration(result: Equilibration, ax: Any = None) -> Any:
    """Draw the autocorrelation of chains, and the energies of chains from data and random states.

    Parameters
    ----------
    result : Equilibration
        The result of `BernoulliRBM.equilibration`.
    ax : matplotlib Axes or sequence of two Axes, optional
        One Axes shows the autocorrelation. Two, or a new figure, show the free energies too.

    Returns
    -------
    Axes or array of two Axes
        The Axes with the drawing.

    Examples
    --------
    >>> import numpy as np
    >>> import spinglass
    >>> X = np.random.default_rng(1).integers(0, 2, (50, 6))
    >>> model = spinglass.BernoulliRBM(3, random_state=1).fit(X)
    >>> equilibration(model.equilibration(X, n_steps=50))[0].get_xlabel()
    'lag (Gibbs steps)'
    """
    return on_panels(result, ax, _memory, _energies)


def _memory(result: Equilibration, ax: Any) -> None:
    lags = np.arange(1, max(2, len(result.autocorrelation) // 2))
    ax.plot(lags, result.autocorrelation[lags], color=series(2)[0][0], label="visible states")
    more = "> " if result.is_bound else ""
    time = f"mixing time {more}{result.mixing_time:.3g}"
    ax.axvline(result.mixing_time, color=ink(), linestyle=(0, (5, 2)), label=time)
    ax.axvline(
        result.k, color=shade(0.5), linestyle=(0, (1, 1)), linewidth=2.0, label=f"k = {result.k}"
    )
    ax.axhline(0.0, color=shade(0.2), linewidth=0.8, zorder=0)
    ax.set_xscale("log")
    ax.set_ylim(top=1.05)
    ax.set_xlabel("lag (Gibbs steps)")
    ax.set_ylabel(r"autocorrelation $\rho$")
    ax.set_title(f"Memory of {2 * result.n_chains} chains")
    ax.legend(loc="best", **FRAME)


def _energies(result: Equilibration, ax: Any) -> None:
    for (colour, marker), name, energy, error in zip(
        series(2),
        ("from data", "from random states"),
        (result.data_free_energy, result.random_free_energy),
        (result.data_error, result.random_error),
        strict=True,
    ):
        ax.errorbar(
            result.steps, energy, error, color=colour, marker=marker, label=name, linewidth=1.0
        )
    if math.isfinite(result.meeting_step):
        label = f"agree from step {result.meeting_step:.0f}"
        ax.axvline(result.meeting_step, color=ink(), linestyle=(0, (5, 2)), label=label)
    ax.set_xscale("log")
    ax.set_xlabel("Gibbs steps")
    ax.set_ylabel("mean free energy (nats)")
    agree = "agree" if math.isfinite(result.meeting_step) else "do not agree"
    ax.set_title(f"Two kinds of starts {agree}")
    ax.legend(loc="best", **FRAME)
