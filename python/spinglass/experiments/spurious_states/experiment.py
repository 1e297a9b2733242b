r"""Which states does a memory fall into that are no patterns? A census of its fixed points.

Starts are random, each spin -1 or +1 with probability 1/2. The recall takes each to a fixed point,
which is a stored pattern, a reversed one, a mixture of three patterns or another state. How these
kinds are told apart is said in `kinds.py` beside this. A fixed point is counted as often as starts
come to it, so that a share is the share of all states in the basins of a kind.

A start depends only on (seed, its number).

References
----------
D. J. Amit, H. Gutfreund, H. Sompolinsky, Phys. Rev. A 32, 1007 (1985), for the mixtures.
"""

from __future__ import annotations

from typing import Any, NamedTuple

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
    given_numbers,
)
from spinglass.experiments.spurious_states.config import SpuriousConfig
from spinglass.experiments.spurious_states.kinds import likeness
from spinglass.experiments.spurious_states.result import STATE, SpuriousStates
from spinglass.models.patterns import Patterns


@asked(SpuriousConfig)
def spurious(
    memory: Any,
    n_starts: int = 1000,
    *,
    max_sweeps: int = 1000,
    seed: _random.Seed = 0,
    num_threads: int | None = None,
    progress: Progress = False,
) -> SpuriousStates:
    """Count the fixed points that random starts come to, by their kind.

    Parameters
    ----------
    memory : Hopfield, CouplingMemory, DenseAssociativeMemory, ...
        Any object with ``patterns`` and ``recall(states, max_sweeps=..., num_threads=...)``, which
        returns an object with ``states``, ``converged``, ``flips`` and, if there is an energy,
        ``energy``.
    n_starts : int
        Number of random starts.
    max_sweeps : int
        A recall ends after this many sweeps. Starts that are not at rest then are only counted.
    seed : None, int, SeedSequence or Generator
        Draws the starts: start k depends only on (seed, k). ``None`` draws a seed, which the
        result's config records.
    num_threads : int, optional
        Number of threads; by default all that the process may use. The result does not depend on
        it.
    progress : bool or callable
        True shows a bar; a callable gets (starts done, starts in total).

    Returns
    -------
    SpuriousStates

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
    With one pattern there is nothing but the pattern and its reverse:

    >>> import spinglass
    >>> from spinglass.experiments import spurious
    >>> network = spinglass.Hopfield(spinglass.random_patterns(1, 101, seed=1))
    >>> found = spurious(network, 200)
    >>> found.n_states, sorted(found.states["kind"].tolist())
    (2, ['reversed', 'stored'])
    """
    checked = SpuriousConfig.check(locals())
    given: GivenMemory = checked.memory
    config = SpuriousConfig.resolved(checked)
    threads = _arguments.thread_count(num_threads)
    check_starts(config.n_starts, 2 * config.n_spins)
    _arguments.check_memory(
        config.n_starts * -(-config.n_spins // 8), f"{config.n_starts} states as bits"
    )

    def some(block: tuple[int, int]) -> _Counted:
        first, last = block
        word = _random.seed_word(config.seed, first // BLOCK)
        starts = Patterns.random(BLOCK, config.n_spins, seed=word)[: last - first]
        ends = given.recall(starts, max_sweeps=config.max_sweeps, num_threads=threads)
        return _counted(ends.states[ends.converged], ends.energy[ends.converged], given.patterns)

    found = follow(
        blocks_of(config.n_starts), some, lambda block: block[1] - block[0], progress, "spurious"
    )
    states, bits = _joined(found.parts, config.n_spins)
    has_energy = bool(np.isfinite(states["energy"]).any())
    result: SpuriousStates = found.or_interrupted(
        SpuriousStates(
            config=config,
            version=__version__,
            states=states,
            bits=bits,
            n_unsettled=found.done - int(states["count"].sum()),
            pattern_energies=_energies_of_patterns(given, has_energy),
        )
    )
    return result


class _Counted(NamedTuple):
    """The different states of a block."""

    rows: NDArray[np.void]
    bits: NDArray[np.uint8]


def _counted(
    states: NDArray[np.int8], energies: NDArray[np.float64], patterns: Patterns
) -> _Counted:
    """Return the different ones of these states as rows, in the order in which they came."""
    bits = np.packbits(states > 0, axis=1)
    _, first, which = np.unique(bits, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rows = np.empty(len(first), STATE)
    rows["count"] = np.bincount(which.ravel(), minlength=len(first))[order]
    first = first[order]
    rows["energy"], n_spins = energies[first], states.shape[1]
    rows["energy_per_spin"] = rows["energy"] / n_spins
    like = likeness(states[first], patterns)
    for name in like.dtype.names or ():
        rows[name] = like[name]
    return _Counted(rows, bits[first])


def _joined(parts: list[_Counted], n_spins: int) -> tuple[NDArray[np.void], NDArray[np.uint8]]:
    """Return the states of all blocks, each once, those that were met most often first."""
    rows = np.concatenate([np.empty(0, STATE), *(part.rows for part in parts)])
    n_bytes = -(-n_spins // 8)
    bits = np.concatenate([np.empty((0, n_bytes), np.uint8), *(part.bits for part in parts)])
    _, first, which = np.unique(bits, axis=0, return_index=True, return_inverse=True)
    counts = np.bincount(which.ravel(), rows["count"], len(first)).astype(np.int64)
    order = np.lexsort([first, -counts])
    states = rows[first[order]]
    states["count"] = counts[order]
    return states, bits[first[order]]


def _energies_of_patterns(given: GivenMemory, has_energy: bool) -> NDArray[np.float64]:
    """Return the energies of the first patterns, NaN if the memory has none."""
    some = given.patterns[:BLOCK]
    energy = _arguments.attribute(given.memory, "energy")
    if not has_energy or not callable(energy):
        return np.full(len(some), np.nan)
    return given_numbers(energy(some), "energy", (len(some),), finite=False)
