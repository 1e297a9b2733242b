"""A memory of sequences: each pattern calls the next one."""

from __future__ import annotations

from functools import partial
from typing import Any, NoReturn, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass import _core
from spinglass._arguments import check_memory, flag, integer, shown, spin_array, spin_rows
from spinglass._caller import takes_beta
from spinglass._interrupted import Interrupted
from spinglass._progress import Progress, progress_callback
from spinglass._random import Seed
from spinglass.models.patterns import Patterns
from spinglass.models.recall import Recall, Update, pattern_overlaps, recalled


class SequenceMemory:
    """An associative memory of patterns in order, where each pattern calls the next one.

    Spin i sees the field h_i = sum_{j != i} J_ij s_j with
    J_ij = (1/N) sum_mu xi_i^{mu + 1} xi_j^mu. The couplings are not symmetric. So there is no
    energy and no Boltzmann distribution, and a recall may run in circles. The couplings are never
    formed: the patterns stay bits, as in :class:`Hopfield`.

    Parameters
    ----------
    patterns : Patterns or array_like, (n_patterns, n_spins)
        The memories in order, -1 and +1.
    cyclic : bool
        Whether the first pattern follows the last one. Otherwise nothing follows it.

    Raises
    ------
    ValueError, TypeError
        If the patterns are empty or hold other values, or there is a single one and ``cyclic`` is
        False, so that nothing follows.
    MemoryError
        If the transitions do not fit in memory: a copy of the patterns, or two if not cyclic.

    Notes
    -----
    With all spins at once (``update="synchronous"``) a state near pattern mu is near pattern mu + 1
    after one sweep, and a cycle of P patterns is found as ``cycle_length`` P. This is the dynamics
    with a theory: up to a load P/N of 0.269 long sequences are recalled
    (``theory.memories.critical_load("sequence")``). In other orders a spin sees spins of both
    patterns, and the sequence is smeared.

    N h_i is an integer, so ties are exact: a zero field keeps the spin.

    References
    ----------
    A. Düring, A. C. C. Coolen, D. Sherrington, J. Phys. A 31, 8607 (1998).

    Examples
    --------
    >>> import spinglass
    >>> patterns = spinglass.random_patterns(5, 500, seed=1)
    >>> memory = spinglass.SequenceMemory(patterns)
    >>> start = spinglass.corrupt(patterns[2], flip=0.2, seed=2)
    >>> memory.recall(start, "synchronous").cycle_length
    5
    """

    def __init__(self, patterns: Patterns | ArrayLike, cyclic: bool = True) -> None:
        self._patterns = Patterns._packed_from(patterns, "patterns")
        self._cyclic = flag(cyclic, "cyclic")
        if self.n_patterns == 1 and not self._cyclic:
            raise ValueError("patterns must be at least 2 unless cyclic is True, got 1")
        copies = 1 if self._cyclic else 2
        check_memory(copies * self._patterns.nbytes, "the transitions between the patterns")
        self._memory = _core.SequenceMemory(self._patterns._packed, self._cyclic)

    @property
    def patterns(self) -> Patterns:
        """The stored patterns, in order."""
        return self._patterns

    @property
    def cyclic(self) -> bool:
        """Whether the first pattern follows the last one."""
        return self._cyclic

    @property
    def n_spins(self) -> int:
        """N."""
        return self._patterns.n_spins

    @property
    def n_patterns(self) -> int:
        """P."""
        return self._patterns.n_patterns

    @property
    def load(self) -> float:
        """P / N."""
        return self.n_patterns / self.n_spins

    @property
    def is_symmetric(self) -> bool:
        """False: a sequence has a direction.

        It is so even where the couplings happen to be symmetric, as those of a cycle of two.
        """
        return False

    def couplings(self) -> NDArray[np.float64]:
        """Return J_ij, the effect of spin j on spin i, as a matrix (n_spins, n_spins).

        `CouplingMemory(memory.couplings(), memory.patterns)` is the same memory, with a matrix.

        Raises
        ------
        MemoryError
            If the matrix does not fit in memory.
        """
        check_memory(8 * self.n_spins**2, f"the couplings of {self.n_spins} spins")
        return self._memory.couplings()

    def __repr__(self) -> str:
        return (
            f"SequenceMemory(n_patterns={self.n_patterns}, n_spins={self.n_spins}, "
            f"cyclic={self._cyclic})"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(SequenceMemory, cyclic=self._cyclic), (self._patterns,)

    def energy(self, states: ArrayLike) -> NoReturn:
        """Raise an error: couplings that are not symmetric have no energy.

        Parameters
        ----------
        states : array_like
            Not looked at.

        Raises
        ------
        ValueError
            Always.
        """
        raise ValueError(
            "states of a sequence have no energy, as its couplings are not symmetric: recall takes "
            f"them, got {shown(states)}"
        )

    def overlaps(self, states: ArrayLike) -> NDArray[np.float64]:
        """Return m^mu = (1/N) sum_i xi_i^mu s_i with every pattern.

        Parameters
        ----------
        states : array_like, (n_spins,) or (n_states, n_spins)
            Spins -1 and +1.

        Returns
        -------
        numpy.ndarray of float64, (n_patterns,) or (n_states, n_patterns)

        Raises
        ------
        ValueError, TypeError
            If the states have another shape or hold other values.
        """
        return pattern_overlaps(self._memory, states, self.n_spins, self.n_patterns)

    def local_fields(self, states: ArrayLike) -> NDArray[np.float64]:
        """Return sum_j J_ij s_j for every spin.

        Parameters
        ----------
        states : array_like, (n_spins,) or (n_states, n_spins)
            Spins -1 and +1.

        Returns
        -------
        numpy.ndarray of float64, shaped as states

        Raises
        ------
        ValueError, TypeError
            If the states have another shape or hold other values.
        """
        batch, single = spin_rows(states, self.n_spins)
        check_memory(8 * batch.size, f"the local fields of {batch.shape[0]} states")
        fields = self._memory.local_fields(batch)
        return fields[0] if single else fields

    @takes_beta
    def recall(
        self,
        states: ArrayLike,
        update: Update = "sequential",
        *,
        beta: float = np.inf,
        max_sweeps: int = 1000,
        clamp: ArrayLike | None = None,
        seed: Seed = None,
        num_threads: int | None = None,
        progress: Progress = False,
    ) -> Recall:
        """Run the dynamics from one state or a batch of them.

        Parameters
        ----------
        states : array_like, (n_spins,) or (n_states, n_spins)
            The starts, -1 and +1. They are not changed.
        update : {"sequential", "random", "synchronous"}
            The order of updates in a sweep: sites 0 to N - 1 in turn, N sites drawn uniformly, or
            all spins at once, which is the order that replays the sequence.
        beta : float
            Inverse temperature of the heat bath. Infinity is zero temperature: a spin follows its
            field, and keeps its value where the field is zero.
        max_sweeps : int
            Largest number of sweeps. At finite temperature all of them are run.
        clamp : array_like of bool, (n_spins,) or as ``states``, optional
            True where a spin keeps its value.
        seed : None, int, numpy.random.SeedSequence or numpy.random.Generator
            Used for random order and at finite temperature. State k of a batch depends only on
            (seed, k).
        num_threads : int, optional
            Number of threads; by default all that the process may use. It does not affect the
            result.
        progress : bool or callable
            True for a bar, or a callable of ``(done, total)`` in states.

        Returns
        -------
        Recall
            With ``cycle_length``, where the dynamics came back to a state: the length of the cycle
            in sweeps (never found in random order). ``energy`` is NaN.

        Raises
        ------
        ValueError, TypeError
            If an argument has another shape, type or range.
        Interrupted
            On Ctrl-C. It is a KeyboardInterrupt that carries the finished states.

        Notes
        -----
        The heat bath has a stationary law, but no energy that gives it.
        """
        return recalled(
            self._memory,
            *spin_rows(states, self.n_spins),
            update,
            updates=get_args(Update),
            beta=beta,
            max_sweeps=max_sweeps,
            clamp=clamp,
            seed=seed,
            num_threads=num_threads,
            progress=progress,
        )

    def replay(
        self,
        state: ArrayLike,
        n_sweeps: int,
        *,
        num_threads: int | None = None,
        progress: Progress = False,
    ) -> NDArray[np.float64]:
        """Return the overlaps with all patterns, sweep by sweep, with all spins at once.

        Parameters
        ----------
        state : array_like, (n_spins,)
            The start, -1 and +1. It is not changed.
        n_sweeps : int
            Number of sweeps, at zero temperature.
        num_threads : int, optional
            As in :meth:`recall`.
        progress : bool or callable
            True for a bar, or a callable of ``(done, total)`` in sweeps.

        Returns
        -------
        numpy.ndarray of float64, (n_sweeps + 1, n_patterns)
            Row t belongs to the state after t sweeps.

        Raises
        ------
        ValueError, TypeError
            If an argument has another shape, type or range.
        MemoryError
            If the overlaps do not fit in memory.
        Interrupted
            On Ctrl-C. It is a KeyboardInterrupt that carries the first rows.

        Examples
        --------
        A start near pattern 1 goes round:

        >>> import spinglass
        >>> patterns = spinglass.random_patterns(4, 500, seed=1)
        >>> memory = spinglass.SequenceMemory(patterns)
        >>> start = spinglass.corrupt(patterns[1], flip=0.2, seed=2)
        >>> memory.replay(start, 4).argmax(axis=1).tolist()
        [1, 2, 3, 0, 1]
        """
        current = spin_array(state, "state", self.n_spins)
        if current.ndim != 1:
            raise ValueError(f"state must have shape ({self.n_spins},), got {current.shape}")
        total = integer(n_sweeps, "n_sweeps", at_least=0)
        check_memory(8 * (total + 1) * self.n_patterns, f"the overlaps of {total} sweeps")
        rows, done = np.empty((total + 1, self.n_patterns)), 0
        with progress_callback(progress, "replay", "sweeps") as report:
            try:
                rows[0] = self.overlaps(current)
                while done < total:
                    current = self.recall(
                        current, "synchronous", max_sweeps=1, num_threads=num_threads
                    ).states
                    rows[done + 1] = self.overlaps(current)
                    done += 1
                    if report is not None:
                        report(done, total)
            except KeyboardInterrupt as interruption:
                raise Interrupted(
                    rows[: done + 1], done, total, "sweeps", np.arange(done)
                ) from interruption
        return rows
