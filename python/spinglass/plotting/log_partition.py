"""Annealed importance sampling drawn: what each chain says of ln Z."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spinglass.plotting.figure import in_new_figure, series

if TYPE_CHECKING:
    from spinglass.rbm import LogPartition


def log_partition(result: LogPartition, ax: Any = None) -> Any:
    """Draw the log-weights of the chains, going up and coming down, and what they average to.

    Where the two histograms overlap, both sides can be trusted.

    Parameters
    ----------
    result : LogPartition
        What `BernoulliRBM.log_partition` returned.
    ax : matplotlib Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    Axes
        What was drawn on.

    Examples
    --------
    >>> import numpy as np
    >>> import spinglass
    >>> X = np.random.default_rng(1).integers(0, 2, (50, 6))
    >>> model = spinglass.BernoulliRBM(3, random_state=1).fit(X)
    >>> log_partition(model.log_partition("ais", betas=50)).get_ylabel()
    'chains'
    """
    if ax is None:
        return in_new_figure(log_partition, result, (1, 1), (7.5, 5.2))
    sides = [
        (result.log_weights, result.lower, "up, from below", "-"),
        (result.reverse_log_weights, result.upper, "down, from above", (0, (5, 2))),
    ]
    known = [logs for logs, _, _, _ in sides if logs is not None]
    if known:
        edges = np.histogram_bin_edges(np.concatenate(known), bins=30)
        for (colour, _), (logs, mean, name, style) in zip(series(2), sides, strict=True):
            if logs is not None and mean is not None:
                ax.hist(logs, bins=edges, color=colour, alpha=0.55, label=f"annealing {name}")
                label = rf"$\ln Z$ = {mean:.2f}"
                ax.axvline(mean, color=colour, linestyle=style, linewidth=2.0, label=label)
    else:
        ax.axvline(result.value, color="black", label=rf"exact: $\ln Z$ = {result.value:.2f}")
    gap = f", gap {result.gap:.2f} nats" if known and result.gap is not None else ""
    ax.set_xlabel(r"$\ln Z$ by one chain (nats)")
    ax.set_ylabel("chains")
    ax.set_title(f"Partition function, {result.method}{gap}")
    ax.legend(loc="best")
    return ax
