"""A memory of pairs of patterns: two layers that recall each other.

B. Kosko, IEEE Trans. Syst. Man Cybern. 18, 49 (1988).
"""

from __future__ import annotations

from functools import partial
from typing import Any, cast, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass import _core
from spinglass._arguments import (
    array_of,
    check_memory,
    choice,
    integer,
    inverse_temperature,
    spin_array,
    spin_rows,
    thread_count,
)
from spinglass._caller import takes_beta
from spinglass._progress import Progress, progress_callback
from spinglass._random import Seed, repeatable, seed_word
from spinglass.models.bidirectional_recall import BidirectionalRecall, Side
from spinglass.models.energy import Pairwise
from spinglass.models.patterns import Patterns
from spinglass.models.recall import result_of


class BidirectionalMemory:
    """An associative memory of pairs (x^mu, y^mu), recalled from either half.

    The energy of the states x and y of the two layers is E(x, y) = -sum_ji y_j W_ji x_i with
    W_ji = (1/N) sum_mu y_j^mu x_i^mu and N = N_x + N_y. There are no couplings within a layer. W is
    never formed: the patterns stay bits, as in :class:`Hopfield`.

    Parameters
    ----------
    x : Patterns or array_like, (n_patterns, n_x)
        The halves of the first layer, -1 and +1.
    y : Patterns or array_like, (n_patterns, n_y)
        The halves of the second layer, -1 and +1, in the same order.

    Raises
    ------
    ValueError, TypeError
        If the patterns are empty or hold other values, or there are not as many of both.

    Notes
    -----
    It is the :class:`Hopfield` network of the joined patterns (x^mu, y^mu), without the couplings
    within the layers: hence the factor 1/N. Kosko has none, which changes neither ties nor what
    the dynamics does at zero temperature.

    All spins of a layer are updated at once, then those of the other. As spins of a layer do not
    see each other, the energy falls with every flip, and the run ends at a fixed point. N times a
    field is an integer, so ties are exact: a zero field keeps the spin. :func:`~spinglass.sample`,
    :func:`~spinglass.anneal` and :mod:`spinglass.exact` take the memory as a model of N spins, x
    before y.

    References
    ----------
    B. Kosko, IEEE Trans. Syst. Man Cybern. 18, 49 (1988).

    Examples
    --------
    >>> import spinglass
    >>> x = spinglass.random_patterns(10, 400, seed=1)
    >>> y = spinglass.random_patterns(10, 200, seed=2)
    >>> memory = spinglass.BidirectionalMemory(x, y)
    >>> found = memory.recall(spinglass.corrupt(x[3], flip=0.1, seed=3))
    >>> found.best_pattern, found.overlap_x, found.overlap_y
    (3, 1.0, 1.0)
    >>> bool((memory.recall(y[3], side="y").x == x[3]).all())
    True
    """

    _structure_is_checked = True

    def __init__(self, x: Patterns | ArrayLike, y: Patterns | ArrayLike) -> None:
        self._x = Patterns._packed_from(x, "x")
        self._y = Patterns._packed_from(y, "y")
        if self._x.n_patterns != self._y.n_patterns:
            raise ValueError(
                f"y must have {self._x.n_patterns} patterns, as x, got {self._y.n_patterns}"
            )
        self._memory = _core.BidirectionalMemory(self._x._packed, self._y._packed)

    @property
    def x(self) -> Patterns:
        """The halves of the first layer."""
        return self._x

    @property
    def y(self) -> Patterns:
        """The halves of the second layer."""
        return self._y

    @property
    def n_x(self) -> int:
        """Spins of the first layer."""
        return self._x.n_spins

    @property
    def n_y(self) -> int:
        """Spins of the second layer."""
        return self._y.n_spins

    @property
    def n_spins(self) -> int:
        """N, the spins of both layers."""
        return self.n_x + self.n_y

    @property
    def n_patterns(self) -> int:
        """P."""
        return self._x.n_patterns

    @property
    def load(self) -> float:
        """P / N."""
        return self.n_patterns / self.n_spins

    def couplings(self) -> NDArray[np.float64]:
        """Return W_ji, (n_y, n_x).

        Raises
        ------
        MemoryError
            If the matrix does not fit in memory.
        """
        check_memory(8 * self.n_x * self.n_y, f"the couplings of {self.n_y} x {self.n_x} spins")
        return self._memory.couplings()

    def __repr__(self) -> str:
        return f"BidirectionalMemory(n_patterns={self.n_patterns}, n_x={self.n_x}, n_y={self.n_y})"

    def __reduce__(self) -> tuple[Any, ...]:
        return BidirectionalMemory, (self._x, self._y)

    def structure(self) -> Pairwise:
        """Return the couplings of all N spins, x before y, as the structure of the energy.

        Raises
        ------
        MemoryError
            If the matrix does not fit in memory.
        """
        n_x, N = self.n_x, self.n_spins
        check_memory(8 * N * N + 8 * n_x * self.n_y, f"the couplings of {N} spins")
        matrix, W = np.zeros((N, N)), self._memory.couplings()
        matrix[n_x:, :n_x] = W
        matrix[:n_x, n_x:] = W.T
        return Pairwise("spins", matrix)

    def energy(self, x: ArrayLike, y: ArrayLike) -> Any:
        """Return the energy of a pair of states, or of each pair of a batch.

        Parameters
        ----------
        x : array_like, (n_x,) or (n_states, n_x)
            States of the first layer, -1 and +1.
        y : array_like, (n_y,) or (n_states, n_y)
            States of the second layer, as many.

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
        >>> memory = spinglass.BidirectionalMemory([[1, -1, 1]], [[1, 1, -1]])
        >>> memory.energy([1, -1, 1], [1, 1, -1])  # -N_x N_y / N
        -1.5
        """
        of_x, of_y = spin_array(x, "x", self.n_x), spin_array(y, "y", self.n_y)
        if of_x.ndim > 2 or of_x.shape[:-1] != of_y.shape[:-1]:
            raise ValueError(
                f"x and y must have shapes ({self.n_x},) and ({self.n_y},), or that of as many "
                f"states, got {of_x.shape} and {of_y.shape}"
            )
        energies = self._memory.energy(np.atleast_2d(of_x), np.atleast_2d(of_y))
        return float(energies[0]) if of_x.ndim == 1 else energies

    def overlaps(self, states: ArrayLike, *, side: Side = "x") -> NDArray[np.float64]:
        """Return the overlaps of states of a layer with its half of every pattern.

        Parameters
        ----------
        states : array_like, (n_x,) or (n_states, n_x); for y (n_y,) or (n_states, n_y)
            Spins -1 and +1.
        side : {"x", "y"}
            The layer of the states.

        Returns
        -------
        numpy.ndarray of float64, (n_patterns,) or (n_states, n_patterns)
            (1/N_x) sum_i x_i^mu x_i, or that of y.

        Raises
        ------
        ValueError, TypeError
            If an argument has another shape or holds other values.
        """
        layer = self._layer(side)
        shape = array_of(states, "states", "real numbers -1 and +1").shape
        n_states = shape[0] if len(shape) == 2 else 1
        check_memory(24 * n_states * self.n_patterns, f"the overlaps of {n_states} states")
        batch, single = spin_rows(states, layer.n_spins)
        overlaps = self._memory.overlaps(batch, side=side) / layer.n_spins
        return overlaps[0] if single else overlaps

    def local_fields(self, states: ArrayLike, *, side: Side = "x") -> NDArray[np.float64]:
        """Return the fields that states of a layer cause in the other one.

        Parameters
        ----------
        states : array_like, (n_x,) or (n_states, n_x); for y (n_y,) or (n_states, n_y)
            Spins -1 and +1.
        side : {"x", "y"}
            The layer of the states.

        Returns
        -------
        numpy.ndarray of float64
            sum_i W_ji x_i for every spin of y, or sum_j W_ji y_j for every spin of x; for a batch
            one row a state.

        Raises
        ------
        ValueError, TypeError
            If an argument has another shape or holds other values.
        """
        layer = self._layer(side)
        batch, single = spin_rows(states, layer.n_spins)
        n_fields = len(batch) * (self.n_spins - layer.n_spins)
        check_memory(16 * n_fields, f"the local fields of {len(batch)} states")
        fields = self._memory.local_fields(batch, side=side)
        return fields[0] if single else fields

    @takes_beta
    def recall(
        self,
        states: ArrayLike,
        *,
        side: Side = "x",
        beta: float = np.inf,
        max_sweeps: int = 1000,
        seed: Seed = None,
        num_threads: int | None = None,
        progress: Progress = False,
    ) -> BidirectionalRecall:
        """Recall pairs from states of one layer.

        A sweep updates the other layer and then this one. In the first sweep a spin of the other
        layer is +1 where its field is zero.

        Parameters
        ----------
        states : array_like, (n_x,) or (n_states, n_x); for y (n_y,) or (n_states, n_y)
            The starts, -1 and +1. They are not changed.
        side : {"x", "y"}
            The layer of the states.
        beta : float
            Inverse temperature of the heat bath. Infinity is zero temperature: a spin follows its
            field, and keeps its value where the field is zero.
        max_sweeps : int
            Largest number of sweeps. At finite temperature all of them are run.
        seed : None, int, numpy.random.SeedSequence or numpy.random.Generator
            Used at finite temperature. State k of a batch depends only on (seed, k).
        num_threads : int, optional
            Number of threads; by default all that the process may use. It does not affect the
            result.
        progress : bool or callable
            True for a bar, or a callable of ``(done, total)`` in states.

        Returns
        -------
        BidirectionalRecall

        Raises
        ------
        ValueError, TypeError
            If an argument has another shape, type or range.
        MemoryError
            If the states of both layers do not fit in memory.
        Interrupted
            On Ctrl-C. It is a KeyboardInterrupt that carries the finished states.
        """
        batch, single = spin_rows(states, self._layer(side).n_spins)
        check_memory(2 * len(batch) * self.n_spins, f"{len(batch)} states of both layers")
        beta = inverse_temperature(beta)
        max_sweeps = integer(max_sweeps, "max_sweeps", at_least=1)
        threads = thread_count(num_threads)
        known_seed = repeatable(seed)
        with progress_callback(progress, "recall", "states") as callback:
            columns, interruption = self._memory.recall(
                batch,
                side=side,
                beta=beta,
                max_sweeps=max_sweeps,
                seed=seed_word(known_seed),
                num_threads=threads,
                progress=callback,
            )
        made = partial(
            BidirectionalRecall,
            side=side,
            beta=beta,
            max_sweeps=max_sweeps,
            seed=known_seed,
            version=_core.__version__,
        )
        return result_of(made, columns, interruption, single)

    def _layer(self, side: Any) -> Patterns:
        """Return the halves of a layer."""
        side = cast(Side, choice(side, "side", get_args(Side)))
        return self._x if side == "x" else self._y
