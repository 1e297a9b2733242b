r"""How far does one flip go? Avalanches in a memory.

The memory begins at a stored pattern and relaxes to its fixed point. Then one random spin is turned
and held, and the others follow their fields until they are at rest again. The number of their
flips is the size of the avalanche. Far below capacity the fields of a retrieval state are large,
and nearly no spin follows. Near capacity some fields are nearly zero, and there are large
avalanches, in which the memory may be lost.

A start depends only on (seed, its number).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass import _arguments, _random
from spinglass._core import __version__
from spinglass._progress import Progress
from spinglass.experiments.config import asked
from spinglass.experiments.recalls import (
    BLOCK,
    GivenMemory,
    blocks_of,
    check_starts,
    follow,
    target_overlaps,
)
from spinglass.experiments.spin_avalanches.config import AvalanchesConfig
from spinglass.experiments.spin_avalanches.result import START, Avalanches


@asked(AvalanchesConfig)
def avalanches(
    memory: Any,
    n_starts: int = 1000,
    *,
    max_sweeps: int = 1000,
    seed: _random.Seed = 0,
    num_threads: int | None = None,
    progress: Progress = False,
) -> Avalanches:
    """Turn one spin of a retrieval state, hold it, and count the flips of all others.

    Parameters
    ----------
    memory : Hopfield, CouplingMemory, DenseAssociativeMemory, ...
        Any object with ``patterns`` and ``recall(states, clamp=..., max_sweeps=...,
        num_threads=...)``, which returns an object with ``states``, ``converged`` and ``flips``.
    n_starts : int
        Number of avalanches. Start k begins at the fixed point that pattern k mod P relaxes to.
    max_sweeps : int
        A relaxation ends after this many sweeps.
    seed : None, int, SeedSequence or Generator
        Draws the spins that are turned: start k depends only on (seed, k). ``None`` draws a seed,
        which the result's config records.
    num_threads : int, optional
        Number of threads; by default all that the process may use. The result does not depend on
        it.
    progress : bool or callable
        True shows a bar; a callable gets (starts done, starts in total).

    Returns
    -------
    Avalanches

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
    >>> from spinglass.experiments import avalanches
    >>> patterns = spinglass.random_patterns(65, 500, seed=1)
    >>> below = avalanches(spinglass.Hopfield(patterns[:25]))
    >>> near = avalanches(spinglass.Hopfield(patterns))
    >>> bool(below.mean_size < near.mean_size)
    True
    """
    checked = AvalanchesConfig.check(locals())
    given: GivenMemory = checked.memory
    config = AvalanchesConfig.resolved(checked)
    threads = _arguments.thread_count(num_threads)
    check_starts(config.n_starts, 2 * config.n_spins)
    options: dict[str, Any] = {"max_sweeps": config.max_sweeps, "num_threads": threads}

    def some(block: tuple[int, int]) -> NDArray[np.void]:
        first, last = block
        rows = np.empty(last - first, START)
        rows["start"] = np.arange(first, last)
        rows["pattern"] = rows["start"] % config.n_patterns
        draws = np.random.default_rng(_random.seed_word(config.seed, first // BLOCK))
        rows["site"] = draws.integers(config.n_spins, size=BLOCK)[: len(rows)]
        own, which = np.unique(rows["pattern"], return_inverse=True)
        targets = given.patterns[own]
        rest = given.recall(targets, **options)
        rows["overlap"] = target_overlaps(rest.states, targets)[which]
        place = np.arange(len(rows)), rows["site"]
        turned = rest.states[which]
        turned[place] *= -1
        held = np.zeros(turned.shape, np.bool_)
        held[place] = True
        ends = given.recall(turned, clamp=held, **options)
        rows["size"] = ends.flips
        rows["changed"] = (ends.states != turned).sum(axis=1)
        rows["final_overlap"] = target_overlaps(ends.states, targets[which])
        rows["converged"] = rest.converged[which] & ends.converged
        return rows

    found = follow(
        blocks_of(config.n_starts), some, lambda block: block[1] - block[0], progress, "avalanches"
    )
    starts = np.concatenate([np.empty(0, START), *found.parts])
    result: Avalanches = found.or_interrupted(Avalanches(config, __version__, starts))
    return result
