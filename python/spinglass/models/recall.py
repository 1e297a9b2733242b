"""Recall of stored patterns: what every memory shares, and what comes out.

A memory is what the core runs; the models check what is theirs, and call the functions here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, Protocol, TypeVar, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass import _core
from spinglass._arguments import (
    array_of,
    check_memory,
    choice,
    clamp_rows,
    integer,
    inverse_temperature,
    spin_rows,
    thread_count,
)
from spinglass._interrupted import Interrupted
from spinglass._printed import printed
from spinglass._progress import Progress, progress_callback
from spinglass._random import Seed, repeatable, seed_word
from spinglass._registry import drawn_by
from spinglass.models.pattern_overlaps import overlaps_of

Update = Literal["sequential", "random", "synchronous"]


class Memory(Protocol):
    """A memory of the core."""

    def overlaps(
        self, states: NDArray[np.int8], num_threads: int | None = None
    ) -> NDArray[np.int64]:
        """Return N m^mu of each state with each pattern."""

    def recall(
        self,
        states: NDArray[np.int8],
        *,
        update: str,
        beta: float,
        max_sweeps: int,
        seed: int,
        clamp: NDArray[np.bool_] | None = None,
        num_threads: int | None = None,
        progress: Any = None,
    ) -> tuple[dict[str, NDArray[Any]], BaseException | None]:
        """Return the columns of a recall, and what ended it before all states were finished."""


@printed
@dataclass(frozen=True, eq=False)
class Recall:
    """The result of a recall.

    For a single state every field except ``states`` is a scalar. For a batch it is an array with
    one value per state.

    Attributes
    ----------
    states : numpy.ndarray of int8, (n_spins,) or (n_states, n_spins)
        The final states. ``overlaps_with`` compares them with patterns that are not stored;
        products of bytes would overflow.
    pattern : int
        Number of the pattern that is nearest to the start: it has the largest overlap (the first of
        several equal ones).
    start_overlap : float
        Overlap of the start with ``pattern``.
    overlap : float
        Overlap of the final state with ``pattern``.
    best_pattern : int
        Number of the pattern of largest overlap with the final state.
    best_overlap : float
        That overlap, with its sign: the reverse of a pattern has no large overlap with it.
    energy : float
        Total energy of the final state.
    sweeps : int
        Number of sweeps, including the one that flipped nothing.
    flips : int
        Number of flips.
    converged : bool
        Whether the run found that the state is a fixed point of the zero-temperature dynamics.
        Always False at finite temperature.
    cycle_length : int
        1 for a fixed point, the number of sweeps of a cycle, 0 if neither was found within
        ``max_sweeps``. Symmetric couplings have no cycle but that of two states, with synchronous
        updates.
    update, beta, max_sweeps
        The dynamics of the run.
    seed : int or numpy.random.SeedSequence
        The seed that was given, or the one that was drawn for None and a Generator. The same seed
        repeats the run.
    version : str
        Version of the package.

    Examples
    --------
    >>> import spinglass
    >>> patterns = spinglass.Patterns.random(n_patterns=10, n_spins=1000, seed=1)
    >>> starts = spinglass.corrupt(patterns[:3], flip=0.2, seed=2)
    >>> found = spinglass.Hopfield(patterns).recall(starts)
    >>> found.best_pattern.tolist(), found.overlap.tolist()
    ([0, 1, 2], [1.0, 1.0, 1.0])
    """

    states: NDArray[np.int8] = field(repr=False)
    pattern: Any
    start_overlap: Any
    overlap: Any
    best_pattern: Any
    best_overlap: Any
    energy: Any
    sweeps: Any
    flips: Any
    converged: Any
    cycle_length: Any
    update: Update
    beta: float
    max_sweeps: int
    seed: int | np.random.SeedSequence
    version: str

    overlaps_with = overlaps_of("states", "the final states")

    plot = drawn_by("recall", "Draw the final overlap of each state against that of its start.")


def pattern_overlaps(
    memory: Memory, states: ArrayLike, n_spins: int, n_patterns: int
) -> NDArray[np.float64]:
    """Return the overlaps of a state, or of each state of a batch, with every pattern."""
    shape = array_of(states, "states", "real numbers -1 and +1").shape
    n_states = shape[0] if len(shape) == 2 else 1
    check_memory(24 * n_states * n_patterns, f"the array of overlaps of {n_states} states")
    batch, single = spin_rows(states, n_spins)
    overlaps = memory.overlaps(batch) / n_spins
    return overlaps[0] if single else overlaps


def recalled(
    memory: Memory,
    batch: NDArray[np.int8],
    single: bool,
    update: Update,
    *,
    updates: tuple[Update, ...],
    beta: float,
    max_sweeps: int,
    clamp: ArrayLike | None,
    seed: Seed,
    num_threads: int | None,
    progress: Progress,
) -> Recall:
    """Run the dynamics of a memory from each state of a batch, or from a single one.

    ``updates`` are those that the memory has.
    """
    beta = inverse_temperature(beta)
    max_sweeps = integer(max_sweeps, "max_sweeps", at_least=1)
    threads = thread_count(num_threads)
    held = None if clamp is None else clamp_rows(clamp, *batch.shape)
    update = cast(Update, choice(update, "update", updates))
    known_seed = repeatable(seed)
    with progress_callback(progress, "recall", "states") as callback:
        columns, interruption = memory.recall(
            batch,
            update=update,
            beta=beta,
            max_sweeps=max_sweeps,
            seed=seed_word(known_seed),
            clamp=held,
            num_threads=threads,
            progress=callback,
        )
    made = partial(
        Recall,
        update=update,
        beta=beta,
        max_sweeps=max_sweeps,
        seed=known_seed,
        version=_core.__version__,
    )
    return result_of(made, columns, interruption, single)


_Result = TypeVar("_Result")


def result_of(
    made: Callable[..., _Result],
    columns: dict[str, NDArray[Any]],
    interruption: BaseException | None,
    single: bool,
) -> _Result:
    """Return what ``made`` makes of the columns of a recall, or raise what interrupted it.

    Of an interrupted recall the finished states are made into a result, which goes along. Those of
    a single state are no arrays.
    """
    is_finished = columns.pop("finished")
    finished, total = np.flatnonzero(is_finished), len(is_finished)
    if interruption is not None:
        columns = {name: column[finished] for name, column in columns.items()}
    if single and finished.size:
        columns = {name: x[0] if x.ndim == 2 else x[0].item() for name, x in columns.items()}
    result = made(**columns)
    if isinstance(interruption, KeyboardInterrupt):
        raise Interrupted(result, finished.size, total, "recalls", finished) from interruption
    if interruption is not None:
        raise interruption
    return result
