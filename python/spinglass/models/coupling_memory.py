"""A memory that is a matrix of couplings, whatever rule made it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass import _core
from spinglass._arguments import check_memory, real_vector, spin_rows
from spinglass._caller import takes_beta
from spinglass._progress import Progress
from spinglass._random import Seed
from spinglass._shapes import Many, One
from spinglass.models.couplings import any_couplings
from spinglass.models.energy import Pairwise
from spinglass.models.incremental_rule import IncrementalRule
from spinglass.models.patterns import Patterns
from spinglass.models.recall import Recall, Update, pattern_overlaps, recalled
from spinglass.models.stored import added, extended, parted, stable_patterns

# Patterns whose fields are asked for at a time.
_AT_ONCE = 256


class CouplingMemory:
    """An associative memory with any couplings J_ij, as the learning rules of `rules` make it.

    Spin i sees the field sum_{j != i} J_ij s_j + h_i. If the couplings are symmetric, the energy is
    E(s) = -1/2 sum_{i != j} J_ij s_i s_j - sum_i h_i s_i, and :func:`~spinglass.sample`,
    :func:`~spinglass.anneal` and :func:`~spinglass.temper` take the memory. If they are not, there
    is no energy and no Boltzmann distribution, and a recall may run in circles.

    Parameters
    ----------
    couplings : array_like, (n_spins, n_spins)
        J_ij, the effect of spin j on spin i: real, finite, zero diagonal. Couplings that are
        symmetric to sixteen units in the last place are made so.
    patterns : Patterns or array_like, (n_patterns, n_spins), optional
        The memories, -1 and +1, with which states are compared. The dynamics does not see them.
    fields : array_like, (n_spins,), optional
        h_i; by default none. A threshold is a field of the other sign.

    Raises
    ------
    ValueError, TypeError
        If the couplings are not square, not finite or have a diagonal, or the patterns or fields
        have another number of spins or hold other values.
    MemoryError
        If the couplings do not fit in memory.

    Notes
    -----
    In a recall the couplings are 32-bit integers in a unit of their row. Where all of a row are
    multiples of one number, as those of Hebb's rule, it is this number, and ties are exact.
    Elsewhere they are finer than single precision, as those of :class:`Ising`. Sums do not drift.
    Energies and fields are float64, from the couplings as given.

    Examples
    --------
    Each pattern calls the next one, so that a recall with all spins at once goes round:

    >>> import spinglass
    >>> patterns = spinglass.random_patterns(4, 200, seed=1)
    >>> couplings = patterns[[1, 2, 3, 0]].T @ patterns.astype(float) / 200
    >>> couplings[range(200), range(200)] = 0
    >>> memory = spinglass.CouplingMemory(couplings, patterns)
    >>> found = memory.recall(patterns[0], "synchronous")
    >>> found.cycle_length, memory.is_symmetric
    (4, False)
    """

    _structure_is_checked = True

    def __init__(
        self,
        couplings: ArrayLike,
        patterns: Patterns | ArrayLike | None = None,
        fields: ArrayLike | None = None,
    ) -> None:
        matrix = any_couplings(couplings)
        n_spins = len(matrix)
        self._rule: IncrementalRule | None = None
        self._patterns = None if patterns is None else Patterns._packed_from(patterns, "patterns")
        if self._patterns is not None and self._patterns.n_spins != n_spins:
            raise ValueError(
                f"patterns must have {n_spins} spins, as the couplings, got "
                f"{self._patterns.n_spins}"
            )
        self._fields = None if fields is None else real_vector(fields, "fields", n_spins)
        # The core compares states with patterns: without any, with one that nobody sees.
        compared = self._patterns or Patterns.from_array(np.ones((1, n_spins), np.int8))
        self._memory = _core.CoupledMemory(compared._packed, matrix, self._fields)
        self._n_spins = n_spins
        self._note: str | None = None

    @classmethod
    def _with_note(
        cls, couplings: ArrayLike, patterns: Patterns, note: str | None
    ) -> CouplingMemory:
        """Return the memory of a learning rule that has something to say of it."""
        memory = cls(couplings, patterns)
        memory._note = note
        return memory

    @classmethod
    def _by(
        cls, rule: IncrementalRule, couplings: NDArray[np.float64], patterns: Patterns
    ) -> CouplingMemory:
        """Return the memory that a rule made, by which it can store more."""
        memory = cls(couplings, patterns)
        memory._rule = rule
        return memory

    def _become(self, couplings: NDArray[np.float64], patterns: Patterns) -> None:
        """Hold other couplings of other patterns, all or none of them."""
        memory = _core.CoupledMemory(patterns._packed, any_couplings(couplings))
        self._memory, self._patterns = memory, patterns

    @property
    def patterns(self) -> Patterns | None:
        """The memories, or None."""
        return self._patterns

    @property
    def n_spins(self) -> int:
        """N."""
        return self._n_spins

    @property
    def n_patterns(self) -> int:
        """P, 0 without patterns."""
        return 0 if self._patterns is None else self._patterns.n_patterns

    @property
    def load(self) -> float:
        """P / N."""
        return self.n_patterns / self.n_spins

    @property
    def fields(self) -> NDArray[np.float64] | None:
        """h_i, or None."""
        return self._fields

    @property
    def is_symmetric(self) -> bool:
        """Whether J_ij = J_ji, so that there is an energy."""
        return self._memory.is_symmetric

    @property
    def note(self) -> str | None:
        """What the learning rule did not reach, or None."""
        return self._note

    def couplings(self) -> NDArray[np.float64]:
        """Return a copy of J_ij, (n_spins, n_spins)."""
        check_memory(8 * self.n_spins**2, f"a copy of the couplings of {self.n_spins} spins")
        return self._memory.couplings()

    def __repr__(self) -> str:
        kind = "symmetric" if self.is_symmetric else "asymmetric"
        patterns = "" if self._patterns is None else f", <{self.n_patterns} patterns>"
        fields = "" if self._fields is None else ", <fields>"
        note = "" if self._note is None else f", note={self._note!r}"
        couplings = f"<{kind} couplings of {self.n_spins} spins>"
        return f"CouplingMemory({couplings}{patterns}{fields}{note})"

    def __reduce__(self) -> tuple[Any, ...]:
        if self._rule is not None:
            return CouplingMemory._by, (self._rule, self.couplings(), self._patterns)
        made_of = self.couplings(), self._patterns, self._fields
        return CouplingMemory, made_of, {"_note": self._note}

    def store(self, patterns: Patterns | ArrayLike) -> None:
        """Add patterns by the rule that made the memory, as if it had had all of them.

        The rules that can are ``rules.hebb``, ``rules.storkey`` and ``rules.projection``. The first
        two give the couplings of all patterns at once, the last one up to rounding. A pattern takes
        some N^2 operations.

        Parameters
        ----------
        patterns : Patterns or array_like, (n_spins,) or (n_patterns, n_spins)
            One pattern or several. Their numbers continue those of the stored ones.

        Raises
        ------
        ValueError, TypeError
            If another rule made the couplings, or none, or the patterns have another number of
            spins or hold other values.
        MemoryError
            If the couplings do not fit in memory.

        Examples
        --------
        >>> import spinglass
        >>> from spinglass import rules
        >>> patterns = spinglass.random_patterns(60, 300, seed=1)
        >>> memory = rules.storkey(patterns[:40])
        >>> memory.store(patterns[40:])
        >>> memory.n_patterns, int(memory.stable_patterns().sum())
        (60, 60)
        """
        if self._rule is None:
            raise ValueError(
                "couplings must be those of rules.hebb, rules.storkey or rules.projection to store "
                "more patterns, got others"
            )
        held, more = self._check_patterns(), added(patterns, self.n_spins)
        check_memory(60 * self.n_spins**2, f"the couplings of {self.n_spins} spins")
        self._become(self._rule.store(self.couplings(), held, more), extended(held, more))

    def forget(self, which: Any) -> None:
        """Remove patterns of Hebb's rule, as if they had never been stored.

        Those that stay keep their order.

        Parameters
        ----------
        which : int, slice or array_like of int or bool
            What ``memory.patterns[which]`` are. At least one pattern must stay.

        Raises
        ------
        IndexError
            If there is no such pattern.
        ValueError, TypeError
            If another rule than ``rules.hebb`` made the couplings, ``which`` is something else, or
            no pattern would stay.

        Examples
        --------
        >>> import spinglass
        >>> from spinglass import rules
        >>> patterns = spinglass.random_patterns(5, 100, seed=1)
        >>> memory = rules.hebb(patterns)
        >>> memory.forget([0, -1])
        >>> bool((memory.couplings() == rules.hebb(patterns[1:4]).couplings()).all())
        True
        """
        if self._rule is None or self._rule.forget is None:
            name = "others" if self._rule is None else f"those of rules.{self._rule.name}"
            raise ValueError(
                f"couplings must be those of rules.hebb to forget patterns, got {name}"
            )
        stay, gone = parted(self._check_patterns(), which)
        if gone is not None:
            check_memory(60 * self.n_spins**2, f"the couplings of {self.n_spins} spins")
            self._become(self._rule.forget(self.couplings(), gone), stay)

    def structure(self) -> Pairwise:
        """Return couplings and fields as the structure of the energy.

        Raises
        ------
        ValueError
            If the couplings are not symmetric.
        """
        self._check_symmetric()
        return Pairwise("spins", self.couplings(), self._fields)

    @overload
    def energy(self, states: One) -> float: ...
    @overload
    def energy(self, states: Many) -> NDArray[np.float64]: ...
    @overload
    def energy(self, states: ArrayLike) -> Any: ...
    def energy(self, states: ArrayLike) -> float | NDArray[np.float64]:
        """Return the energy of a state, or of each state of a batch.

        Parameters
        ----------
        states : array_like, (n_spins,) or (n_states, n_spins)
            Spins -1 and +1.

        Returns
        -------
        float or numpy.ndarray of float64, (n_states,)
            The total energy, not per spin.

        Raises
        ------
        ValueError, TypeError
            If the couplings are not symmetric, or the states have another shape or hold other
            values.
        """
        self._check_symmetric()
        batch, single = spin_rows(states, self.n_spins)
        energies = self._memory.energy(batch)
        return float(energies[0]) if single else energies

    def local_fields(self, states: ArrayLike) -> NDArray[np.float64]:
        """Return sum_j J_ij s_j + h_i for every spin.

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

    def overlaps(self, states: ArrayLike) -> NDArray[np.float64]:
        """Return m^mu = (1/N) sum_i xi_i^mu s_i with every pattern.

        Parameters
        ----------
        states : array_like, (n_spins,) or (n_states, n_spins)

        Returns
        -------
        numpy.ndarray of float64, (n_patterns,) or (n_states, n_patterns)

        Raises
        ------
        ValueError, TypeError
            If there are no patterns, or the states have another shape or hold other values.
        """
        self._check_patterns()
        return pattern_overlaps(self._memory, states, self.n_spins, self.n_patterns)

    def margins(self) -> NDArray[np.float64]:
        """Return the stability of every spin in every pattern.

        It is xi_i^mu h_i^mu / |J_i|, with the field h_i^mu = sum_j J_ij xi_j^mu and the length
        |J_i| of the couplings of spin i. A pattern is a fixed point if none is negative. The margin
        of a neuron is the smallest over the patterns. It does not change with the unit of J.

        Returns
        -------
        numpy.ndarray of float64, (n_patterns, n_spins)
            0 for a spin without couplings.

        Raises
        ------
        ValueError
            If there are no patterns.
        MemoryError
            If they do not fit in memory.

        Examples
        --------
        >>> from spinglass import rules
        >>> rules.hebb([[1, 1, -1, -1]]).margins().round(3)
        array([[1.732, 1.732, 1.732, 1.732]])
        """
        patterns = self._check_patterns()
        N, P = self.n_spins, self.n_patterns
        check_memory(16 * N * N + 8 * N * P, f"the margins of {P} patterns of {N} spins")
        J = self.couplings()
        # The square of a coupling may be no double.
        largest = np.maximum(J.max(axis=1), -J.min(axis=1))
        largest[largest == 0] = 1.0
        J /= largest[:, None]
        lengths = np.sqrt(np.einsum("ij,ij->i", J, J))
        del J
        lengths[lengths == 0] = 1.0
        margins = np.empty((P, N))
        for first in range(0, P, _AT_ONCE):
            some = patterns[first : first + _AT_ONCE]
            fields = self._memory.local_fields(some)
            margins[first : first + len(some)] = some * (fields / largest) / lengths
        return margins

    def stable_patterns(
        self, *, num_threads: int | None = None, progress: Progress = False
    ) -> NDArray[np.bool_]:
        """Return which patterns are fixed points, as :meth:`Hopfield.stable_patterns`.

        Parameters
        ----------
        num_threads : int, optional
            As in :meth:`recall`.
        progress : bool or callable
            True for a bar, or a callable of ``(done, total)`` in patterns.

        Returns
        -------
        numpy.ndarray of bool, (n_patterns,)

        Raises
        ------
        ValueError
            If there are no patterns.
        Interrupted
            On Ctrl-C. It is a KeyboardInterrupt that carries the values of the first patterns.
        """
        return stable_patterns(self, self._check_patterns(), num_threads, progress)

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
            all spins at once.
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
            in sweeps (never found in random order). ``energy`` is NaN if the couplings are not
            symmetric. Without patterns ``pattern`` and ``best_pattern`` are -1 and overlaps NaN.

        Raises
        ------
        ValueError, TypeError
            If an argument has another shape, type or range.
        Interrupted
            On Ctrl-C. It is a KeyboardInterrupt that carries the finished states.

        Notes
        -----
        With symmetric couplings the heat bath in turn or in random order samples the Boltzmann
        distribution exp(-beta E). Otherwise it has a stationary law, but no energy that gives it.
        """
        found = recalled(
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
        return found if self._patterns is not None else _compared_with_none(found)

    def _check_symmetric(self) -> None:
        if not self.is_symmetric:
            raise ValueError(
                "couplings must be symmetric for an energy, got asymmetric ones: recall takes them"
            )

    def _check_patterns(self) -> Patterns:
        if self._patterns is None:
            raise ValueError("patterns must be given to compare states with them, got None")
        return self._patterns


def _compared_with_none(found: Recall) -> Recall:
    """Return a recall that knows no pattern."""
    unknown = {name: np.full_like(found.sweeps, -1)[()] for name in ("pattern", "best_pattern")}
    nan = np.full(np.shape(found.sweeps), np.nan)[()]
    return replace(found, **unknown, start_overlap=nan, overlap=nan, best_overlap=nan)
