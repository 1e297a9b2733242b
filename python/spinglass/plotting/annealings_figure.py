"""A figure of annealed importance sampling: ln Z from both sides, more and more slowly annealed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from spinglass._arguments import finite
from spinglass.plotting.figure import FRAME, figure, series, theory_line

if TYPE_CHECKING:
    from spinglass.partition.log_partition import LogPartition


@figure(((1, 1), (7.5, 5.2)))
def annealings(results: Sequence[LogPartition], exact: float | None = None, ax: Any = None) -> Any:
    """Draw ln Z from below and from above against the number of inverse temperatures.

    Parameters
    ----------
    results : sequence of LogPartition
        Results of one machine, annealed more and more slowly.
    exact : float, optional
        The true ln Z, if it is known.
    ax : matplotlib Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    Axes
        The Axes with the drawing.

    Examples
    --------
    >>> import numpy as np
    >>> import spinglass
    >>> X = np.random.default_rng(1).integers(0, 2, (50, 6))
    >>> model = spinglass.BernoulliRBM(3, random_state=1).fit(X)
    >>> sides = [model.log_partition("ais", betas=n) for n in (10, 100)]
    >>> annealings(sides, exact=model.log_partition("exact").value).get_xscale()
    'log'
    """
    forward, backward = (look[0] for look in series(2))
    sides = (
        ("upper", "reverse annealing: from above", backward, "v"),
        ("lower", "forward annealing: from below", forward, "^"),
    )
    for side, label, colour, marker in sides:
        known = sorted(
            (x.n_betas, getattr(x, side), getattr(x, f"{side}_error"))
            for x in results
            if x.n_betas and getattr(x, side) is not None
        )
        if known:
            n_betas, value, error = np.array(known).T
            ax.errorbar(n_betas, value, error, color=colour, marker=marker, label=label)
    if exact is not None:
        exact = finite(exact, "exact")
        ax.axhline(exact, label="exact", **theory_line())
    ax.set_xscale("log")
    ax.set_xticks(sorted({x.n_betas for x in results if x.n_betas}))
    ax.xaxis.set_major_formatter("{x:g}")
    ax.xaxis.set_minor_formatter("")
    ax.set_xlabel("inverse temperatures of the annealing")
    ax.set_ylabel(r"$\ln Z$ [nats]")
    ax.set_title(r"Two sides close in on $\ln Z$")
    ax.legend(loc="lower right", **FRAME)
    return ax
