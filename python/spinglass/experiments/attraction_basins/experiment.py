r"""How far may a start be? The basins of attraction of the patterns of a memory.

A start is a stored pattern of which a share d of the spins is flipped, d the Hamming distance in
units of N. It comes back if the recall ends at an overlap with the pattern of at least a threshold.
The share of starts that come back falls from 1 to 0 as d grows, and more steeply in larger
networks. The distance at which it is 1/2 is the critical distance, the radius of the basin for
random directions.

A start depends only on (seed, d, its number), so that more starts go on with those of fewer.

References
----------
I. Kanter, H. Sompolinsky, Phys. Rev. A 35, 380 (1987), for the projection rule.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass import _arguments, _random
from spinglass._core import __version__, corrupt_states
from spinglass._progress import Progress
from spinglass.experiments.attraction_basins.config import BasinsConfig
from spinglass.experiments.attraction_basins.result import START, Basins
from spinglass.experiments.config import asked
from spinglass.experiments.recalls import (
    BLOCK,
    GivenMemory,
    blocks_of,
    check_starts,
    follow,
    target_overlaps,
)


@asked(BasinsConfig)
def basins(
    memory: Any,
    distances: Iterable[float] | float | None = None,
    *,
    n_starts: int = 1000,
    threshold: float = 0.9,
    max_sweeps: int = 1000,
    seed: _random.Seed = 0,
    num_threads: int | None = None,
    progress: Progress = False,
) -> Basins:
    """Measure how far from a stored pattern a start may be to come back to it.

    Parameters
    ----------
    memory : Hopfield, CouplingMemory, DenseAssociativeMemory, ...
        Any object with ``patterns`` and ``recall(states, max_sweeps=..., num_threads=...)``, which
        returns an object with ``states``, ``converged`` and ``flips``.
    distances : sequence of float, optional
        Shares d of the spins that are flipped at the start, round(d N) of them, between 0 and 1.
        By default 0.05 to 0.5 in steps of 0.025. Distances that round to the same number of spins
        are one.
    n_starts : int
        Number of starts at each distance. Start k begins at pattern k mod P.
    threshold : float
        A start comes back if the overlap of its final state with its pattern is at least this.
    max_sweeps : int
        A recall ends after this many sweeps.
    seed : None, int, SeedSequence or Generator
        Chooses the flipped spins: start k of a distance depends only on (seed, distance, k).
        ``None`` draws a seed, which the result's config records.
    num_threads : int, optional
        Number of threads; by default all that the process may use. The result does not depend on
        it.
    progress : bool or callable
        True shows a bar; a callable gets (starts done, starts in total).

    Returns
    -------
    Basins

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range, or the memory lacks something.
    MemoryError
        If the starts do not fit in memory.
    Interrupted
        On Ctrl-C. It is a KeyboardInterrupt that carries the result of the finished starts.

    Examples
    --------
    >>> import spinglass
    >>> from spinglass.experiments import basins
    >>> patterns = spinglass.random_patterns(20, 200, seed=1)
    >>> found = {
    ...     rule: basins(getattr(spinglass.rules, rule)(patterns), n_starts=100)
    ...     for rule in ("hebb", "projection")
    ... }
    >>> bool(found["hebb"].critical_distance < found["projection"].critical_distance)
    True
    """
    checked = BasinsConfig.check(locals())
    given: GivenMemory = checked.memory
    config = BasinsConfig.resolved(checked)
    threads = _arguments.thread_count(num_threads)
    check_starts(config.n_starts * len(config.flipped), config.n_spins)

    def some(block: tuple[int, int, int]) -> NDArray[np.void]:
        first, last, n_flips = block
        rows = np.empty(last - first, START)
        rows["start"] = np.arange(first, last)
        rows["pattern"] = rows["start"] % config.n_patterns
        rows["distance"] = n_flips / config.n_spins
        targets = given.patterns[rows["pattern"]]
        word = _random.seed_word(config.seed, n_flips, first // BLOCK)
        starts = corrupt_states(targets, n_flips, word)
        ends = given.recall(starts, max_sweeps=config.max_sweeps, num_threads=threads)
        rows["overlap"] = target_overlaps(ends.states, targets)
        rows["converged"] = ends.converged
        return rows

    # Every distance has its first starts before any has more: an interrupted result has them all.
    blocks = [(*block, n) for block in blocks_of(config.n_starts) for n in config.flipped]
    found = follow(blocks, some, lambda block: block[1] - block[0], progress, "basins")
    starts = np.concatenate([np.empty(0, START), *found.parts])
    order = np.lexsort([starts["start"], starts["distance"]])
    result: Basins = found.or_interrupted(Basins(config, __version__, starts[order]))
    return result
