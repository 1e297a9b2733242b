"""A figure of annealed importance sampling: the ln Z of each chain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spinglass._arguments import finite
from spinglass.plotting.figure import figure, ink, series, theory_line

if TYPE_CHECKING:
    from spinglass.partition.log_partition import LogPartition


@figure(((1, 1), (7.5, 6.0)))
def log_partition(result: LogPartition, ax: Any = None, exact: float | None = None) -> Any:
    """Draw the ln Z of each forward and reverse chain, and the estimate that follows from both.

    The two histograms cross at ln Z. Where they overlap, both sides can be trusted.

    Parameters
    ----------
    result : LogPartition
        The result of `estimate_log_partition` or `BernoulliRBM.log_partition`.
    ax : matplotlib Axes, optional
        Where to draw; by default in a new figure.
    exact : float, optional
        The true ln Z, if it is known.

    Returns
    -------
    Axes
        The Axes with the drawing.

    Examples
    --------
    >>> import spinglass
    >>> glass = spinglass.SherringtonKirkpatrick(50, seed=1)
    >>> found = spinglass.estimate_log_partition(glass, "bridge", beta=0.5, betas=50, seed=2)
    >>> log_partition(found).get_ylabel()
    'chains'
    """
    sides = [
        (result.log_weights, result.lower, result.lower_error, "forward", "from below", "-"),
        (
            result.reverse_log_weights, result.upper, result.upper_error, "reverse",
            "from above" if result.upper_is_bound else "no bound", (0, (5, 2)),
        ),
    ]  # fmt: skip
    known = [logs for logs, *_ in sides if logs is not None]
    if known:
        edges = np.histogram_bin_edges(np.concatenate(known), bins=40)
        for (colour, _), (logs, mean, error, way, bound, style) in zip(
            series(2), sides, strict=True
        ):
            if logs is not None and mean is not None and error is not None:
                ax.hist(logs, bins=edges, color=colour, alpha=0.55, label=f"{way} annealing")
                label = rf"{bound}: $\ln Z$ = {mean:.2f} $\pm$ {error:.2f}"
                ax.axvline(mean, color=colour, linestyle=style, linewidth=2.0, label=label)
    if result.method in ("bridge", "exact"):
        plus_minus = rf" $\pm$ {result.error:.2f}" if result.error else ""
        label = rf"{result.method}: $\ln Z$ = {result.value:.2f}{plus_minus}"
        ax.axvline(result.value, color=ink(), linestyle="-.", linewidth=1.6, label=label)
    if exact is not None:
        exact = finite(exact, "exact")
        ax.axvline(exact, label=rf"exact: $\ln Z$ = {exact:.2f}", **theory_line(zorder=3))
    gap = f", gap {result.gap:.2f} nats" if known and result.gap is not None else ""
    ax.set_xlabel(r"$\ln Z$ by one chain (nats)")
    ax.set_ylabel("chains")
    ax.set_title(f"Partition function, {result.method}{gap}")
    # Below: the histograms leave no corner free, and the lines none of the middle.
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.13), ncol=2)
    return ax
