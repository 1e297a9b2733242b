"""Rules that let every neuron learn until it answers with its own spin in all patterns.

Neuron i sees the other spins of a pattern and must answer with xi_i: its field, times xi_i, must be
above a margin. The couplings are asymmetric. They hold up to 2 N random patterns; no couplings hold
more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass import _core
from spinglass._arguments import check_memory, finite, integer, thread_count
from spinglass._interrupted import Interrupted
from spinglass._progress import Progress, progress_callback
from spinglass.models.coupling_memory import CouplingMemory
from spinglass.models.patterns import Patterns


def perceptron(
    patterns: Patterns | ArrayLike,
    *,
    margin: float = 0.0,
    max_epochs: int = 1000,
    num_threads: int | None = None,
    progress: Progress = False,
) -> CouplingMemory:
    """Return the memory of the perceptron rule, with a margin or without.

    Each neuron i begins without couplings. It sees one pattern after the other and learns, with

        J_ij <- J_ij + xi_i xi_j for j != i,

    those with xi_i sum_j J_ij xi_j <= margin |J_i|, again and again until there is none.

    Parameters
    ----------
    patterns : Patterns or array_like, (n_patterns, n_spins)
        The memories, -1 and +1. Their order matters.
    margin : float
        kappa, the stability (see :meth:`CouplingMemory.margins`) that all spins of all patterns
        shall exceed: finite, at least 0. Random patterns of N spins have such couplings up to
        ``theory.memories.gardner_load(margin)`` N patterns: 2 N for 0, 0.52 N for 1.
    max_epochs : int
        Largest number of times that a neuron sees all patterns.
    num_threads : int, optional
        Number of threads; by default all that the process may use. It does not affect the result.
    progress : bool or callable
        True for a bar, or a callable of ``(done, total)`` in neurons.

    Returns
    -------
    CouplingMemory
        Its couplings are integers, so that recall and fields are exact. Where neurons did not learn
        all patterns, its ``note`` says how many and what the worst margin is.

    Raises
    ------
    ValueError, TypeError
        If the patterns are empty or hold other values, or another argument is not as described.
    MemoryError
        If the couplings or the overlaps of the patterns do not fit in memory.
    Interrupted
        On Ctrl-C. It is a KeyboardInterrupt that carries the memory in which the ``finished``
        neurons have couplings.

    Notes
    -----
    If there are couplings with a larger margin, the rule ends (Gardner). Otherwise it never does,
    and ``max_epochs`` stops it. A neuron also stops before |J_i| exceeds 2^30.

    The unit of J matters at finite temperature only: fields are of the order of |J_i|.

    The core keeps the fields of all patterns: an update adds a row of their P x P overlaps.

    References
    ----------
    E. Gardner, J. Phys. A 21, 257 (1988).

    Examples
    --------
    More patterns than spins:

    >>> import spinglass
    >>> from spinglass import rules
    >>> patterns = spinglass.random_patterns(60, 50, seed=1)
    >>> memory = rules.perceptron(patterns)
    >>> bool((memory.margins() > 0).all()), memory.note
    (True, None)

    And more than there are couplings for:

    >>> rules.perceptron(spinglass.random_patterns(150, 50, seed=1), max_epochs=100).note
    '50 of 50 neurons did not learn all patterns in 100 epochs; worst margin -3.4'
    """
    kept = _checked(patterns)
    kappa = finite(margin, "margin")
    if kappa < 0:
        raise ValueError(f"margin must be at least 0, got {kappa:g}")
    epochs = integer(max_epochs, "max_epochs", at_least=1)

    def shortfall(neurons: dict[str, NDArray[Any]]) -> str | None:
        left = ~neurons["converged"]
        if not left.any():
            return None
        what = "learn all patterns" if kappa == 0 else f"reach a margin of {kappa:g}"
        worst = neurons["margin"][left].min()
        return (
            f"{left.sum()} of {len(left)} neurons did not {what} in {epochs} epochs; "
            f"worst margin {worst:.2g}"
        )

    rule = _core.perceptron_rule, {"margin": kappa, "max_epochs": epochs}
    return _learned(kept, rule, shortfall, num_threads, progress)


def minover(
    patterns: Patterns | ArrayLike,
    *,
    tolerance: float = 0.05,
    max_updates: int = 100_000,
    num_threads: int | None = None,
    progress: Progress = False,
) -> CouplingMemory:
    """Return a memory whose margins are close to the largest ones.

    Each neuron i begins without couplings. Again and again it learns, as in :func:`perceptron`, the
    pattern of the smallest xi_i sum_j J_ij xi_j, the first of several. Its margin, the smallest
    stability, tends to the largest that any couplings have.

    Parameters
    ----------
    patterns : Patterns or array_like, (n_patterns, n_spins)
        The memories, -1 and +1.
    tolerance : float
        A neuron stops when its margin is known to be within this share of the largest one: at least
        0, below 1.
    max_updates : int
        Largest number of updates of a neuron.
    num_threads : int, optional
        Number of threads; by default all that the process may use. It does not affect the result.
    progress : bool or callable
        True for a bar, or a callable of ``(done, total)`` in neurons.

    Returns
    -------
    CouplingMemory
        Its couplings are integers, so that recall and fields are exact. Where neurons were stopped
        by ``max_updates``, its ``note`` says how many and how far they are.

    Raises
    ------
    ValueError, TypeError
        If the patterns are empty or hold other values, or another argument is not as described.
    MemoryError
        If the couplings or the overlaps of the patterns do not fit in memory.
    Interrupted
        On Ctrl-C. It is a KeyboardInterrupt that carries the memory in which the ``finished``
        neurons have couplings.

    Notes
    -----
    After A updates no couplings have a margin above |J_i| / A: those of length 1 and margin kappa
    have a product of at least A kappa with J_i, and of at most |J_i|. So it is known how close the
    largest margin is. A neuron also stops before |J_i| exceeds 2^30.

    References
    ----------
    W. Krauth, M. Mezard, J. Phys. A 20, L745 (1987). They stop at a smallest field that is given.

    Examples
    --------
    Wider margins than the perceptron rule has:

    >>> import spinglass
    >>> from spinglass import rules
    >>> patterns = spinglass.random_patterns(25, 50, seed=1)
    >>> found = [rule(patterns).margins().min() for rule in (rules.perceptron, rules.minover)]
    >>> [round(float(margin), 2) for margin in found]
    [0.03, 0.79]
    """
    kept = _checked(patterns)
    share = finite(tolerance, "tolerance")
    if not 0 <= share < 1:
        raise ValueError(f"tolerance must be at least 0 and below 1, got {share:g}")
    updates = integer(max_updates, "max_updates", at_least=1)

    def shortfall(neurons: dict[str, NDArray[Any]]) -> str | None:
        left, margin = ~neurons["converged"], neurons["margin"]
        total, notes = len(left), []
        if (lost := left & (margin <= 0)).any():
            notes.append(
                f"{lost.sum()} of {total} neurons did not learn all patterns in {updates} updates; "
                f"worst margin {margin[lost].min():.2g}"
            )
        if (short := left & (margin > 0)).any():
            ratio = (margin[short] / neurons["bound"][short]).min()
            notes.append(
                f"{short.sum()} of {total} neurons may be short of the largest margin by more than "
                f"{share:g} of it after {updates} updates; at worst by {1 - ratio:.2g}"
            )
        return "; ".join(notes) or None

    rule = _core.minover_rule, {"tolerance": share, "max_updates": updates}
    return _learned(kept, rule, shortfall, num_threads, progress)


def _checked(patterns: Patterns | ArrayLike) -> Patterns:
    kept = Patterns._packed_from(patterns, "patterns")
    N, P = kept.shape[1], kept.shape[0]
    check_memory(
        36 * N * N + 4 * P * P + N * P, f"couplings of {N} spins, overlaps of {P} patterns"
    )
    return kept


def _learned(
    patterns: Patterns,
    rule: tuple[Callable[..., Any], dict[str, Any]],
    shortfall: Callable[[dict[str, NDArray[Any]]], str | None],
    num_threads: int | None,
    progress: Progress,
) -> CouplingMemory:
    """Return the memory that a rule of the core makes.

    ``shortfall`` says what its neurons did not reach.
    """
    learn, arguments = rule
    threads = thread_count(num_threads)
    with progress_callback(progress, "learning", "neurons") as callback:
        neurons, interruption = learn(
            patterns._packed, **arguments, num_threads=threads, progress=callback
        )
    couplings = neurons.pop("couplings")
    finished = np.flatnonzero(neurons.pop("finished"))
    if interruption is None:
        return CouplingMemory._with_note(couplings, patterns, shortfall(neurons))
    if not isinstance(interruption, KeyboardInterrupt):
        raise interruption
    done, total = finished.size, len(couplings)
    note = f"interrupted when {done} of {total} neurons were ready; the others have no couplings"
    memory = CouplingMemory._with_note(couplings, patterns, note)
    raise Interrupted(memory, done, total, "neurons", finished) from interruption
