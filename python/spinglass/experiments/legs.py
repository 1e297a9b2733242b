"""Legs of a run, each as long as all before it: bins of equal width in the logarithm of time."""

from __future__ import annotations


def leg_ends(n_sweeps: int) -> list[int]:
    """Return the sweeps at which the legs end: n, n/2, n/4, ... down to 16, ascending.

    Examples
    --------
    >>> leg_ends(100)
    [25, 50, 100]
    """
    ends = [n_sweeps]
    while ends[-1] >= 32:
        ends.append(ends[-1] // 2)
    return ends[::-1]
