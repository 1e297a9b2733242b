"""Rules that dream: what a memory finds from a random start loses a part of its couplings.

J. J. Hopfield, D. I. Feinstein, R. G. Palmer, Nature 304, 158 (1983); L. Serricchio et al., Neural
Netw. 186, 107216 (2025), which reinforces a pattern in every dream.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass import _core
from spinglass._arguments import check_memory, finite, integer, shown, thread_count
from spinglass._interrupted import Interrupted
from spinglass._progress import Progress, progress_callback
from spinglass._random import Seed, seed_word
from spinglass.models.coupling_memory import CouplingMemory
from spinglass.models.hopfield import Hopfield
from spinglass.models.patterns import Patterns

# Twice the sums of so many products, and of as many again, are integers of 32 bits.
_MOST = 2**29 - 1


def unlearned(
    patterns: Patterns | ArrayLike,
    dreams: int,
    rate: float,
    *,
    seed: Seed = None,
    num_threads: int | None = None,
    progress: Progress = False,
) -> CouplingMemory:
    """Return the memory of Hebb's rule after dreams, each of which is unlearned.

    A dream starts at a random state and ends at the fixed point s that the memory finds from there.
    Then

        J_ij <- J_ij - (rate / N) s_i s_j,   J_ii = 0.

    A fair number of dreams removes states that are mixtures of patterns, and patterns are found
    from farther away; too many remove the patterns as well.

    Parameters
    ----------
    patterns : Patterns or array_like, (n_patterns, n_spins)
        The memories, -1 and +1.
    dreams : int
        How many there are.
    rate : float
        How much of a state is unlearned, beside 1 for a pattern: positive.
    seed : None, int, numpy.random.SeedSequence or numpy.random.Generator
        Determines the starts. Dream k depends only on (seed, k) and on the dreams before.
    num_threads : int, optional
        Number of threads; by default all that the process may use. It does not affect the result.
    progress : bool or callable
        True for a bar, or a callable of ``(done, total)`` in dreams.

    Returns
    -------
    CouplingMemory

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.
    MemoryError
        If the couplings do not fit in memory.
    Interrupted
        On Ctrl-C. It is a KeyboardInterrupt that carries the memory after the dreams so far.

    Notes
    -----
    In a dream the sites are visited in turn, 0 to N - 1, at zero temperature: a spin follows its
    field, and keeps its value where the field is zero. N J_ij is an integer minus ``rate`` times an
    integer. Fields are computed so, and the result is the same on every machine.

    References
    ----------
    J. J. Hopfield, D. I. Feinstein, R. G. Palmer, Nature 304, 158 (1983).

    Examples
    --------
    >>> import spinglass
    >>> from spinglass import rules
    >>> patterns = spinglass.random_patterns(60, 200, seed=1)
    >>> before = rules.hebb(patterns)
    >>> after = rules.unlearned(patterns, 2000, 0.02, seed=2)
    >>> [int(memory.stable_patterns().sum()) for memory in (before, after)]
    [0, 60]
    """
    return _after_dreams(
        patterns, integer(dreams, "dreams", at_least=0, at_most=_MOST), rate, seed, num_threads,
        progress, unit="dreams", reinforce=False,
    )  # fmt: skip


def daydreaming(
    patterns: Patterns | ArrayLike,
    steps: int,
    rate: float,
    *,
    seed: Seed = None,
    num_threads: int | None = None,
    progress: Progress = False,
) -> CouplingMemory:
    """Return the memory of Hebb's rule after steps that reinforce a pattern and unlearn a dream.

    In a step a random pattern xi is reinforced, and the fixed point s that the memory finds from a
    random start is unlearned:

        J_ij <- J_ij + (rate / N) (xi_i xi_j - s_i s_j),   J_ii = 0.

    Where dreams are patterns the two cancel on average. So this rule does not destroy what is
    stored, however many steps there are.

    Parameters
    ----------
    patterns : Patterns or array_like, (n_patterns, n_spins)
        The memories, -1 and +1.
    steps : int
        How many there are.
    rate : float
        How much of a state is learned or unlearned, beside 1 for a pattern: positive. Papers call
        its inverse the time scale tau.
    seed : None, int, numpy.random.SeedSequence or numpy.random.Generator
        Determines the starts and the patterns. Step k depends only on (seed, k) and on the steps
        before.
    num_threads : int, optional
        Number of threads; by default all that the process may use. It does not affect the result.
    progress : bool or callable
        True for a bar, or a callable of ``(done, total)`` in steps.

    Returns
    -------
    CouplingMemory

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.
    MemoryError
        If the couplings do not fit in memory.
    Interrupted
        On Ctrl-C. It is a KeyboardInterrupt that carries the memory after the steps so far.

    Notes
    -----
    Dreams are those of :func:`unlearned`, and so is the arithmetic.

    References
    ----------
    L. Serricchio, D. Bocchi, C. Chilin, R. Marino, M. Negri, C. Cammarota, F. Ricci-Tersenghi,
    Neural Netw. 186, 107216 (2025).

    Examples
    --------
    >>> import spinglass
    >>> from spinglass import rules
    >>> patterns = spinglass.random_patterns(60, 200, seed=1)
    >>> memory = rules.daydreaming(patterns, 2000, 0.05, seed=2)
    >>> starts = spinglass.corrupt(patterns, flip=0.1, seed=3)
    >>> bool((memory.recall(starts).overlap > 0.97).mean() > 0.9)
    True
    """
    return _after_dreams(
        patterns, integer(steps, "steps", at_least=0, at_most=_MOST), rate, seed, num_threads,
        progress, unit="steps", reinforce=True,
    )  # fmt: skip


def _after_dreams(
    patterns: Patterns | ArrayLike,
    n_dreams: int,
    rate: float,
    seed: Seed,
    num_threads: int | None,
    progress: Progress,
    *,
    unit: str,
    reinforce: bool,
) -> CouplingMemory:
    """Return Hebb's memory after so many dreams, with or without a pattern in each."""
    kept = Patterns._packed_from(patterns, "patterns")
    N, P = kept.n_spins, kept.n_patterns
    known_rate = finite(rate, "rate")
    if known_rate <= 0:
        raise ValueError(f"rate must be positive, got {shown(rate)}")
    # No sum of a spin's couplings is more than this.
    if not math.isfinite(2.0 * N * (P + 2.0 * known_rate * n_dreams)):
        raise ValueError(f"rate must give finite couplings, got {shown(rate)}")
    threads = thread_count(num_threads)
    check_memory(36 * N**2 + 8 * reinforce * n_dreams, f"the couplings of {N} spins")
    word = seed_word(seed)
    drawn: NDArray[np.int64] | None = None
    if reinforce:
        drawn = np.random.default_rng(word).integers(P, size=n_dreams)
    stored = Hopfield(kept).couplings("int32")
    with progress_callback(progress, unit, unit) as callback:
        dreamt, done, interruption = _core.dream(
            kept._packed,
            stored,
            rate=known_rate,
            n_dreams=n_dreams,
            seed=word,
            reinforced=drawn,
            num_threads=threads,
            progress=callback,
        )
    couplings: NDArray[Any] = dreamt * -known_rate
    couplings += stored
    couplings /= N
    memory = CouplingMemory(couplings, kept)
    if isinstance(interruption, KeyboardInterrupt):
        raise Interrupted(memory, done, n_dreams, unit) from interruption
    if interruption is not None:
        raise interruption
    return memory
