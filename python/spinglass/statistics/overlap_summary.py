r"""Overlaps of replica pairs, each average with its error.

R replicas make R (R - 1) / 2 pairs. Two pairs that share a replica are correlated, so the pairs are
not independent series. Their average at each time is one series, and its autocorrelation time gives
the error. The window is that of the slowest of |q|, q^2 and the link overlap. One mean is
subtracted from all pairs, so that pairs which are stuck at different values widen the window.

The sign of q may be correlated for longer. Then q has a window of its own. The values of stuck
pairs can cancel in the average, so <q> has no error if the signs of pairs changed too seldom.

With three replicas or more, the error is in two cases that of a jackknife over replicas [1]_: if
only few windows fit into the run, and if the means of the pairs of different replicas differ by
more than autocorrelations explain. It leaves out one replica with all its pairs:

    error^2 = (R - 1) / R sum_r (x_r - mean x)^2.

It is never too small on average.

.. [1] J. N. Arvesen, Ann. Math. Stat. 40, 2076 (1969).
   B. Efron, C. Stein, Ann. Stat. 9, 586 (1981).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from spinglass import _arguments
from spinglass._printed import printed
from spinglass._text import counted
from spinglass.statistics.correlation import Floats, Memory, measurements, memory_of
from spinglass.statistics.estimate import Estimate
from spinglass.statistics.summary import (
    averages_table,
    function_of,
    longest_of,
    mean_of,
    note_on,
    signed,
    up_from,
    widened,
)

__all__ = ["OverlapSummary", "summarize_overlaps"]


@printed
@dataclass(frozen=True)
class OverlapSummary:
    """Overlaps of one temperature; ``print`` shows them as a table.

    Attributes
    ----------
    n_spins, n_replicas, n_measurements : int
        N, the number of replicas, and of measurements of each pair.
    beta : float
        Inverse temperature.
    overlap, absolute_overlap, squared_overlap : Estimate
        <q>, <|q|> and <q^2>. Without a field <q> is 0 in equilibrium. It has no error if the sign
        of q changed too seldom.
    binder_ratio : Estimate
        g = (3 - <q^4> / <q^2>^2) / 2: 0 for a normal distribution, 1 for q = +-q_0.
    link_overlap : Estimate or None
        <q_l> of the bonds, if it was measured.
    tau_overlap, tau_absolute_overlap : float
        Integrated autocorrelation times of q and |q|, in measurements; NaN if they never changed.
    n_effective : float
        Number of independent measurements with the same information: those of R/2 pairs without a
        common replica, from the longest autocorrelation time.
    note : str
        A warning about the errors in words, or empty.

    Examples
    --------
    >>> import spinglass
    >>> glass = spinglass.EdwardsAnderson((6, 6), seed=1)
    >>> run = spinglass.sample(glass, 0.5, 1000, n_replicas=4, warmup=100, seed=2)
    >>> 0 < run.overlaps().summary().squared_overlap.value < 1
    True
    """

    n_spins: int
    n_replicas: int
    n_measurements: int
    beta: float
    overlap: Estimate
    absolute_overlap: Estimate
    squared_overlap: Estimate
    binder_ratio: Estimate
    link_overlap: Estimate | None
    tau_overlap: float
    tau_absolute_overlap: float
    n_effective: float
    note: str = ""

    def __str__(self) -> str:
        """Return a table of at most 80 columns."""
        rows = [
            ("overlap", "<q>", self.overlap, "", self.tau_overlap),
            ("", "<|q|>", self.absolute_overlap, "", self.tau_absolute_overlap),
            ("", "<q^2>", self.squared_overlap, "", None),
            ("Binder ratio", "(3-<q^4>/<q^2>^2)/2", self.binder_ratio, "", None),
        ]
        if self.link_overlap is not None:
            rows.append(("link overlap", "<q_l>", self.link_overlap, "", None))
        replicas = counted(self.n_replicas, "replica")
        times = counted(self.n_measurements, "measurement")
        return averages_table(self, f"pairs of {replicas}, {times}", rows)


def summarize_overlaps(
    overlaps: ArrayLike,
    link_overlaps: ArrayLike | None,
    n_replicas: int,
    n_spins: int,
    beta: float,
) -> OverlapSummary:
    """Turn overlaps of all pairs of replicas in equilibrium into averages with errors.

    Parameters
    ----------
    overlaps : array_like, shape (n_pairs, n_measurements)
        q of the pairs (0, 1), (0, 2), ..., (1, 2), ... of independent replicas.
    link_overlaps : array_like, the same shape, or None
        Those of their bonds.
    n_replicas, n_spins : int
        How many replicas and spins there are.
    beta : float
        Inverse temperature of all measurements.

    Returns
    -------
    OverlapSummary
        Errors are NaN where there are too few measurements for one, and for a series that never
        changed: it says nothing of its error.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> spins = rng.choice([-1, 1], size=(3, 1000, 64))  # independent: beta = 0
    >>> q = [(spins[a] * spins[b]).mean(axis=1) for a, b in ((0, 1), (0, 2), (1, 2))]
    >>> print(summarize_overlaps(q, None, 3, 64, 0.0).squared_overlap)  # 1/64 = 0.015625
    0.0156(5)
    """
    q = measurements(overlaps, "overlaps")
    R = _arguments.integer(n_replicas, "n_replicas", at_least=2)
    if np.shape(overlaps) != (R * (R - 1) // 2, q.shape[1]):
        raise ValueError(
            f"overlaps must have a row for each pair of {R} replicas, got shape "
            f"{np.shape(overlaps)}"
        )
    size, square = np.abs(q), q * q
    series = {"|q|": size, "q^2": square}
    if link_overlaps is not None:
        series["q_l"] = measurements(link_overlaps, "link_overlaps")
        if series["q_l"].shape != q.shape:
            raise ValueError(
                f"link_overlaps must have the shape of overlaps, {q.shape}, got "
                f"{series['q_l'].shape}"
            )
    # Around the mean of all pairs: what is stuck shows as a memory that does not end.
    series["q"] = q
    of_pairs = {name: memory_of(rows) for name, rows in series.items()}
    window = max(memory.window for name, memory in of_pairs.items() if name != "q")
    memories = {}
    for name, rows in series.items():
        # q may remember its sign, which no even function of it does.
        wide = max(window, of_pairs[name].window)
        memories[name], of_pairs[name] = through(rows, of_pairs[name], R, wide)
    memories["q"] = signed(q, memories["q"], of_pairs["q"])
    of_q = of_pairs.pop("q")
    longest = longest_of(of_pairs.values())
    ratio = function_of_pairs(_ratio, [square, square * square], memories["q^2"], longest, R)

    def mean(name: str) -> Estimate:
        return mean_of(series[name], memories[name])

    return OverlapSummary(
        n_spins=_arguments.integer(n_spins, "n_spins", at_least=1),
        n_replicas=R,
        n_measurements=q.shape[1],
        beta=_arguments.inverse_temperature(beta),
        overlap=mean("q"),
        absolute_overlap=mean("|q|"),
        squared_overlap=mean("q^2"),
        binder_ratio=up_from(1.0, ratio),
        link_overlap=mean("q_l") if link_overlaps is not None else None,
        tau_overlap=of_q.time,
        tau_absolute_overlap=of_pairs["|q|"].time,
        n_effective=q.shape[1] * (R // 2) / (2.0 * longest),
        note=note_on(of_pairs, {"|q|": size}, "pairs"),
    )


def through(rows: Floats, memory: Memory, n_replicas: int, window: int) -> tuple[Memory, Memory]:
    """Return the memories of the average of pairs and of the pairs, whose own is known.

    As many pairs as have no replica in common are counted as independent.
    """
    average = _of_average(rows, n_replicas, window)
    size = rows.shape[1] * (n_replicas // 2)
    seen = memory.seen_through(window)._replace(size=size, n_replicas=1, apart=average.apart)
    return average, seen


def _of_average(rows: Floats, n_replicas: int, window: int) -> Memory:
    """Return the memory of the average of all pairs, with the spread between replicas."""
    memory = memory_of(rows.mean(axis=0)[None]).seen_through(window)
    if n_replicas == 2:
        return memory
    spread = _spread(_without_each(rows.mean(axis=1), n_replicas))
    if rows.shape[1] == 1:
        memory = memory._replace(changes=int(np.ptp(rows) > 0) * (len(rows) - 1))
    apart = _are_apart(rows, n_replicas, window)
    return memory._replace(n_replicas=n_replicas, spread=spread, apart=apart)


def _are_apart(rows: Floats, n_replicas: int, window: int) -> bool:
    """Return whether replicas differ in the mean of their pairs by more than chance and memory."""
    first, second = np.triu_indices(n_replicas, 1)
    of_each = np.array([rows[(first == r) | (second == r)].mean(axis=0) for r in range(n_replicas)])
    # Deviations of R series from their own mean have (R - 1) / R of the variance.
    memory = memory_of(of_each - of_each.mean(axis=0))
    size = memory.size * (n_replicas - 1) // n_replicas
    return memory._replace(size=size, window=min(window, len(memory.times))).disagrees


def _without_each(of_pairs: Floats, n_replicas: int) -> Floats:
    """Return the averages over the pairs that are left without each of the replicas."""
    first, second = np.triu_indices(n_replicas, 1)
    with_each = np.bincount(first, of_pairs, n_replicas) + np.bincount(second, of_pairs, n_replicas)
    return np.asarray((of_pairs.sum() - with_each) / (len(of_pairs) - n_replicas + 1))


def _spread(left: Floats) -> float:
    """Return the error that a jackknife over replicas has from what each left."""
    return math.sqrt((len(left) - 1) * float(left.var()))


def function_of_pairs(
    of: Callable[..., Floats], rows: list[Floats], memory: Memory, longest: float, n_replicas: int
) -> Estimate:
    """Return a function of averages over pairs with its error, from the memory of the average.

    It is that of the average at each time, or of a jackknife that leaves out a replica.
    """
    if not memory.by_replicas:
        return function_of(of, [one.mean(axis=0)[None] for one in rows], memory, longest)
    value = float(of(*(one.mean(keepdims=True) for one in rows))[0, 0])
    error = _spread(of(*(_without_each(one.mean(axis=1), n_replicas) for one in rows)))
    return Estimate(value, widened(error, min(memory.freedom, n_replicas - 1)))


def _ratio(second: Floats, fourth: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):  # q = 0 always: there is no ratio
        return 1.5 - 0.5 * np.divide(fourth, np.multiply(second, second))
