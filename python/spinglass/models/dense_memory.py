"""Dense associative memories: the Hopfield network with a steeper function of the overlaps.

D. Krotov, J. J. Hopfield, Adv. Neural Inf. Process. Syst. 29, 1172 (2016). The energy is a sum of
F(M_mu) over the patterns, M_mu = sum_i xi_i^mu s_i. F(x) = x^2 is Hopfield's; with F(x) = x^n the
number of patterns that can be stored grows as N^(n - 1), with F(x) = exp(x) exponentially
(M. Demircigil et al., J. Stat. Phys. 168, 288 (2017)).
"""

from __future__ import annotations

from functools import partial
from typing import Any, Literal, TypeAlias, get_args, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass import _core
from spinglass._arguments import check_memory, flag, integer, shown, spin_rows
from spinglass._caller import takes_beta
from spinglass._progress import Progress
from spinglass._random import Seed
from spinglass._shapes import Many, One
from spinglass.models.energy import Unstructured
from spinglass.models.patterns import Patterns
from spinglass.models.recall import Recall, pattern_overlaps, recalled
from spinglass.models.stored import added, extended, parted, stable_patterns

Update = Literal["sequential", "random"]
Order: TypeAlias = int | Literal["exp"]

_HIGHEST_ORDER = 6


class DenseAssociativeMemory:
    """An associative memory whose energy is a power of the overlaps with its patterns.

    With the overlaps M_mu = sum_i xi_i^mu s_i the energy is
    E(s) = -(1 / (n N^(n - 1))) sum_mu F(M_mu), F(x) = x^n. With n = 2 it is that of
    :class:`Hopfield` minus P / 2. The patterns stay bits: P patterns take N P / 8 bytes.

    Parameters
    ----------
    patterns : Patterns or array_like, (n_patterns, n_spins)
        The memories, -1 and +1.
    order : int or "exp"
        n, from 2 to 6. An even order stores the reverse of each pattern with it. ``"exp"`` has the
        energy E(s) = -ln sum_mu exp(M_mu), which is finite for any N.
    rectified : bool
        True for F(x) = x^n where x > 0 and 0 elsewhere: no order then stores the reverses.

    Raises
    ------
    ValueError, TypeError
        If the patterns are empty or hold other values, or the order is none of these; or if
        ``rectified`` is asked of ``"exp"``.
    OverflowError
        If P (N + 2)^n is above 2^124, so that sums of energies are no integers of 128 bits.

    Notes
    -----
    A spin follows the sign of sum_mu F(a + xi_i) - F(a - xi_i), where a is the overlap of the other
    spins, and keeps its value where this is zero (eq. 5 of the paper, which leaves the tie open).
    All of this is done in integers, so ties are exact. With ``"exp"`` the patterns are counted by
    their overlap, and those whose overlap is more than 60 below the largest, which weigh less than
    e^-60 of the nearest, are left out.

    Examples
    --------
    Of 1000 patterns of 200 spins one is found again:

    >>> import spinglass
    >>> patterns = spinglass.Patterns.random(n_patterns=1000, n_spins=200, seed=1)
    >>> memory = spinglass.DenseAssociativeMemory(patterns, order=3)
    >>> start = spinglass.corrupt(patterns[7], flip=0.1, seed=2)
    >>> result = memory.recall(start)
    >>> result.best_pattern, result.overlap, result.converged
    (7, 1.0, True)

    With exponentials, of a thousand patterns of 20 spins as well:

    >>> patterns = spinglass.Patterns.random(n_patterns=1000, n_spins=20, seed=1)
    >>> memory = spinglass.DenseAssociativeMemory(patterns, order="exp")
    >>> memory.recall(spinglass.corrupt(patterns[7], flip=0.05, seed=2)).overlap
    1.0
    """

    _structure_is_checked = True

    def __init__(
        self, patterns: Patterns | ArrayLike, order: Order = 3, *, rectified: bool = False
    ) -> None:
        self._order = _order(order)
        self._rectified = flag(rectified, "rectified")
        if self._rectified and self._order == "exp":
            raise ValueError('rectified must be False with order="exp", which is positive anyway')
        self._hold(Patterns._packed_from(patterns, "patterns"))

    def _hold(self, patterns: Patterns) -> None:
        """Become the memory of these patterns."""
        memory = _memory(patterns, self._order, self._rectified)
        self._patterns, self._memory = patterns, memory

    @property
    def patterns(self) -> Patterns:
        """The stored patterns."""
        return self._patterns

    @property
    def order(self) -> Order:
        """The power n, or ``"exp"``."""
        return self._order

    @property
    def rectified(self) -> bool:
        """Whether F is zero for negative overlaps."""
        return self._rectified

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

    def __repr__(self) -> str:
        rectified = ", rectified=True" if self._rectified else ""
        return (
            f"DenseAssociativeMemory(n_patterns={self.n_patterns}, n_spins={self.n_spins}, "
            f"order={self._order!r}{rectified})"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        made = partial(DenseAssociativeMemory, order=self._order, rectified=self._rectified)
        return made, (self._patterns,)

    def structure(self) -> Unstructured:
        """Return the structure of the energy: N spins, no pairs."""
        return Unstructured("spins", self.n_spins)

    def store(self, patterns: Patterns | ArrayLike) -> None:
        """Add patterns behind those that are stored.

        Parameters
        ----------
        patterns : Patterns or array_like, (n_spins,) or (n_patterns, n_spins)
            One pattern or several. Their numbers continue those of the stored ones.

        Raises
        ------
        ValueError, TypeError
            If they have another number of spins or hold other values.
        MemoryError
            If all of them do not fit in memory.

        Examples
        --------
        >>> import spinglass
        >>> memory = spinglass.DenseAssociativeMemory([[1, -1, 1, 1]])
        >>> memory.store([1, 1, -1, -1])
        >>> memory.n_patterns
        2
        """
        self._hold(extended(self._patterns, added(patterns, self.n_spins)))

    def forget(self, which: Any) -> None:
        """Remove patterns. Those that stay keep their order.

        Parameters
        ----------
        which : int, slice or array_like of int or bool
            What ``memory.patterns[which]`` are. At least one pattern must stay.

        Raises
        ------
        IndexError
            If there is no such pattern.
        ValueError, TypeError
            If ``which`` is something else, or no pattern would stay.

        Examples
        --------
        >>> import spinglass
        >>> memory = spinglass.DenseAssociativeMemory(spinglass.random_patterns(5, 8, seed=1))
        >>> memory.forget([0, -1])
        >>> memory.n_patterns
        3
        """
        self._hold(parted(self._patterns, which)[0])

    def stable_patterns(
        self, *, num_threads: int | None = None, progress: Progress = False
    ) -> NDArray[np.bool_]:
        """Return which stored patterns are fixed points, as :meth:`Hopfield.stable_patterns`.

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
        Interrupted
            On Ctrl-C. It is a KeyboardInterrupt that carries the values of the first patterns.

        Examples
        --------
        >>> import spinglass
        >>> patterns = spinglass.random_patterns(200, 50, seed=1)
        >>> for order in (2, 3, 4):
        ...     memory = spinglass.DenseAssociativeMemory(patterns, order=order)
        ...     print(memory.stable_patterns().sum(), "of 200 are stable")
        0 of 200 are stable
        94 of 200 are stable
        200 of 200 are stable
        """
        return stable_patterns(self, self.patterns, num_threads, progress)

    def overlaps(self, states: ArrayLike) -> NDArray[np.float64]:
        """Return m^mu = (1/N) sum_i xi_i^mu s_i with every pattern.

        Parameters
        ----------
        states : array_like, (n_spins,) or (n_states, n_spins)

        Returns
        -------
        numpy.ndarray of float64, (n_patterns,) or (n_states, n_patterns)
        """
        return pattern_overlaps(self._memory, states, self.n_spins, self.n_patterns)

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
            The total energy, not per spin: a sum of integers that is rounded once.

        Raises
        ------
        ValueError, TypeError
            If the states have another shape or hold other values.

        Examples
        --------
        >>> import spinglass
        >>> memory = spinglass.DenseAssociativeMemory([[1, -1, 1, 1]], order=3)
        >>> memory.energy([1, -1, 1, 1])  # -N / n
        -1.3333333333333333
        """
        batch, single = spin_rows(states, self.n_spins)
        energies = self._memory.energy(batch)
        return float(energies[0]) if single else energies

    def local_fields(self, states: ArrayLike) -> NDArray[np.float64]:
        """Return h_i for every spin: a flip of spin i changes the energy by 2 s_i h_i.

        A spin of negative s_i h_i flips. With more than pairs the field depends on the spin itself.

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
        update : {"sequential", "random"}
            The order of updates in a sweep: sites 0 to N - 1 in turn, or N sites drawn uniformly.
        beta : float
            Inverse temperature of the heat bath. Infinity is zero temperature: a spin flips if the
            energy falls, and keeps its value if it stays the same.
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

        Raises
        ------
        ValueError, TypeError
            If an argument has another shape, type or range.
        Interrupted
            On Ctrl-C. It is a KeyboardInterrupt that carries the finished states.

        Notes
        -----
        The heat bath samples the Boltzmann distribution exp(-beta E). With order 2 the result is
        that of :meth:`Hopfield.recall` with the same seed; only the energy has P / 2 less.
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


def _order(order: Any) -> Order:
    """Return the argument ``order``, or say what it must be."""
    if isinstance(order, str) and order == "exp":
        return "exp"
    expected = f'an integer from 2 to {_HIGHEST_ORDER}, or "exp"'
    if isinstance(order, str):
        raise ValueError(f"order must be {expected}, got {shown(order)}")
    number = integer(order, "order", at_least=2, at_most=None, kind=expected)
    if number > _HIGHEST_ORDER:
        raise ValueError(f"order must be {expected}, got {shown(order)}")
    return number


def _memory(
    patterns: Patterns, order: Order, rectified: bool
) -> _core.DenseMemory | _core.ExponentialMemory:
    """Return the memory of the core."""
    if order == "exp":
        return _core.ExponentialMemory(patterns._packed)
    return _core.DenseMemory(patterns._packed, order, rectified)
