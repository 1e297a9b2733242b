"""The stored patterns of a memory: which are stable, and how sets of them are cut and joined."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from spinglass import _core
from spinglass._arguments import array_of, check_memory, shown
from spinglass._interrupted import Interrupted
from spinglass._progress import Progress, progress_callback
from spinglass.models.patterns import Patterns
from spinglass.models.recall import Recall

# Patterns whose spins are bytes at a time.
_AT_ONCE = 256


class Network(Protocol):
    """What recalls states."""

    def recall(self, states: Any, *, max_sweeps: int, num_threads: int | None) -> Recall:
        """Run the dynamics."""


def stable_patterns(
    network: Network, patterns: Patterns, num_threads: int | None, progress: Progress
) -> NDArray[np.bool_]:
    """Return which patterns are fixed points of the zero-temperature dynamics of a network."""
    total = patterns.n_patterns
    stable, done = np.zeros(total, np.bool_), 0
    with progress_callback(progress, "stable patterns", "patterns") as report:
        try:
            while done < total:
                some = patterns[done : done + _AT_ONCE]
                moved = network.recall(some, max_sweeps=1, num_threads=num_threads)
                stable[done : done + len(some)] = moved.flips == 0
                done += len(some)
                if report is not None:
                    report(done, total)
        except KeyboardInterrupt as interruption:
            raise Interrupted(
                stable[:done], done, total, "patterns", np.arange(done)
            ) from interruption
    return stable


def places(which: Any, n_patterns: int) -> Any:
    """Return the argument ``which`` as an index of so many patterns, or say what it must be."""
    kind = "numbers of patterns"
    if isinstance(which, slice):
        try:
            range(n_patterns)[which]
        except (TypeError, ValueError):
            raise TypeError(f"which must hold {kind}, got {shown(which)}") from None
        return which
    places = array_of(which, "which", kind)
    is_mask = places.dtype == np.bool_
    if places.ndim > 1 or (is_mask and places.shape != (n_patterns,)):
        expected = "a number, a list of them or a mask of shape"
        raise ValueError(f"which must be {expected} ({n_patterns},), got shape {places.shape}")
    if is_mask:
        return places
    # Integers that no type holds are objects.
    is_huge = places.dtype == object and all(type(x) is int for x in places.flat)
    if places.dtype.kind not in "iu" and places.size and not is_huge:
        raise TypeError(f"which must hold {kind}, got dtype {places.dtype}")
    beyond = (places >= n_patterns) | (places < -n_patterns)
    if beyond.any():
        wrong = shown(places[beyond].ravel().tolist()[0])
        raise IndexError(f"which must hold {kind}, of which there are {n_patterns}, got {wrong}")
    return places.astype(np.intp)


def added(patterns: Any, n_spins: int) -> Patterns:
    """Return the argument ``patterns``, one or several, as a set of so many spins."""
    if not isinstance(patterns, Patterns):
        given = array_of(patterns, "patterns", "real numbers -1 and +1")
        is_one = given.ndim == 1 and given.size
        patterns = given[None] if is_one else given
    packed = Patterns._packed_from(patterns, "patterns")
    if packed.n_spins != n_spins:
        raise ValueError(f"patterns must have {n_spins} spins, got {packed.n_spins}")
    return packed


def extended(patterns: Patterns, more: Patterns) -> Patterns:
    """Return more patterns behind those of a set."""
    return joined([(patterns, 0, patterns.n_patterns), (more, 0, more.n_patterns)])


def parted(patterns: Patterns, which: Any) -> tuple[Patterns, Patterns | None]:
    """Return the patterns of a set that stay without those of the argument ``which``, and these.

    None go if ``which`` is empty.
    """
    stays = np.ones(patterns.n_patterns, dtype=bool)
    stays[places(which, patterns.n_patterns)] = False
    if not stays.any():
        raise ValueError("which must leave at least one pattern, got all of them")
    return _taken(patterns, stays), None if stays.all() else _taken(patterns, ~stays)


def _taken(patterns: Patterns, mask: NDArray[np.bool_]) -> Patterns:
    ends = np.flatnonzero(np.diff(mask, prepend=False, append=False)).tolist()
    runs = zip(ends[::2], ends[1::2], strict=True)
    return joined([(patterns, first, last) for first, last in runs])


def joined(parts: list[tuple[Patterns, int, int]]) -> Patterns:
    """Return the patterns of these parts of sets, from one number to another, as one set."""
    n_patterns, n_spins = sum(last - first for _, first, last in parts), parts[0][0].n_spins
    check_memory(n_spins * -(-n_patterns // 512) * 64, f"{n_patterns} patterns of {n_spins} spins")
    packed = [(patterns._packed, first, last) for patterns, first, last in parts]
    return Patterns._wrap(_core.PackedPatterns.joined(packed))
