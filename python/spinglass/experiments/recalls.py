"""Recalls of a given memory from many starts: what the experiments on a memory object share.

A memory is any object with ``patterns`` and ``recall(states, max_sweeps=..., num_threads=...)``. It
is asked for some hundreds of states at a time, so that progress is seen, and Ctrl-C leaves the
starts that are finished. A start is drawn by its number within its block, and the blocks always
have the same size: so start k is the same in every run of a seed.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from spinglass import _arguments
from spinglass._interrupted import Interrupted
from spinglass._progress import Progress, progress_callback
from spinglass.experiments.kinds import Kind
from spinglass.models.patterns import Patterns

BLOCK = 256
"""Starts of a recall. Which spins a start has depends on it."""

# Bytes of a start, and of a spin in a block: start, target, final state, and a copy of each.
_BYTES_PER_START = 100
_BYTES_PER_SPIN = 8 * BLOCK

B = TypeVar("B")
R = TypeVar("R")


@dataclass(frozen=True)
class GivenMemory:
    """A memory that was given: the object, and its patterns as bits."""

    memory: Any
    patterns: Patterns

    def recall(self, states: NDArray[np.int8], **options: Any) -> Ends:
        """Return where the states come to, or say what the memory returned in its place."""
        found = self.memory.recall(states, **options)
        final = _arguments.spin_array(_of(found, "states"), "states of the memory")
        if final.shape != states.shape:
            raise ValueError(
                f"states of the memory must have shape {states.shape}, got {final.shape}"
            )
        count = states.shape[:1]
        energy = _arguments.attribute(found, "energy")
        return Ends(
            states=final,
            converged=given_numbers(_of(found, "converged"), "converged", count) != 0,
            flips=given_numbers(_of(found, "flips"), "flips", count).astype(np.int64),
            energy=np.full(count, np.nan)
            if energy is None
            else given_numbers(energy, "energy", count, finite=False),
        )


@dataclass(frozen=True)
class Ends:
    """Where the states of a block came to; ``energy`` is NaN where the memory has none."""

    states: NDArray[np.int8]
    converged: NDArray[np.bool_]
    flips: NDArray[np.int64]
    energy: NDArray[np.float64]


def _given(memory: Any, name: str, options: tuple[str, ...]) -> GivenMemory:
    """Return the argument ``memory``, or say what it lacks."""
    recall = _arguments.attribute(memory, "recall")
    if not callable(recall) or not _takes(recall, options):
        expected = f"have recall(states, {', '.join(f'{x}=...' for x in options)})"
        raise TypeError(f"{name} must {expected}, got {_arguments.shown(memory)}")
    patterns = _arguments.attribute(memory, "patterns")
    if patterns is None:
        expected = "have patterns, with which states are compared"
        raise TypeError(f"{name} must {expected}, got {_arguments.shown(memory)}")
    return GivenMemory(memory, Patterns._packed_from(patterns, f"patterns of the {name}"))


def _takes(recall: Callable[..., Any], options: tuple[str, ...]) -> bool:
    """Return whether a function takes these options, as far as it says."""
    try:
        takes = inspect.signature(recall).parameters
    except (TypeError, ValueError):  # of some that are written in C
        return True
    return set(options) <= set(takes) or any(x.kind == x.VAR_KEYWORD for x in takes.values())


_OPTIONS = ("max_sweeps", "num_threads")
MEMORY = Kind(partial(_given, options=_OPTIONS))
CLAMPING_MEMORY = Kind(partial(_given, options=("clamp", *_OPTIONS)))


def _of(found: Any, name: str) -> Any:
    value = _arguments.attribute(found, name)
    if value is None:
        raise TypeError(
            f"memory must return a recall that has {name}, got {_arguments.shown(found)}"
        )
    return value


def given_numbers(
    values: Any, name: str, shape: tuple[int, ...], finite: bool = True
) -> NDArray[np.float64]:
    """Return what a memory gave as numbers of a shape."""
    array = _arguments.real_array(values, f"{name} of the memory").astype(np.float64)
    if array.shape != shape:
        raise ValueError(f"{name} of the memory must have shape {shape}, got {array.shape}")
    if finite and not np.isfinite(array).all():
        raise ValueError(f"{name} of the memory must be finite")
    return array


def target_overlaps(states: NDArray[Any], targets: NDArray[np.int8]) -> NDArray[np.float64]:
    """Return the overlap of each state with its target: exact for spins."""
    overlaps: NDArray[np.float64] = (states * targets.astype(np.float64)).mean(axis=1)
    return overlaps


def blocks_of(n_starts: int) -> list[tuple[int, int]]:
    """Return first and last number (not included) of the starts of each block."""
    return [(first, min(first + BLOCK, n_starts)) for first in range(0, n_starts, BLOCK)]


def check_starts(n_starts: int, n_spins: int) -> None:
    """Refuse more starts than fit in memory."""
    needed = _BYTES_PER_START * n_starts + _BYTES_PER_SPIN * n_spins
    _arguments.check_memory(needed, f"{n_starts} starts of {n_spins} spins")


@dataclass(frozen=True)
class Followed(Generic[R]):
    """What came of the blocks that were finished, and what ended the work before the others."""

    parts: list[R]
    done: int
    total: int
    interruption: KeyboardInterrupt | None

    def or_interrupted(self, result: Any) -> Any:
        """Return the result of these parts, or raise what ended the work, with the result."""
        if self.interruption is None:
            return result
        raise Interrupted(result, self.done, self.total, "starts") from self.interruption


def follow(
    blocks: Sequence[B],
    work: Callable[[B], R],
    size: Callable[[B], int],
    progress: Progress,
    description: str,
) -> Followed[R]:
    """Work on the blocks one by one until Ctrl-C, and count the starts that are finished."""
    total = sum(map(size, blocks))
    parts: list[R] = []
    interruption = None
    with progress_callback(progress, description, "starts") as report:
        try:
            done = 0
            for block in blocks:
                parts.append(work(block))
                done += size(block)
                if report is not None:
                    report(done, total)
        except KeyboardInterrupt as error:
            interruption = error
    return Followed(parts, sum(map(size, blocks[: len(parts)])), total, interruption)
