"""The Hopfield network: an associative memory without a weight matrix.

J. J. Hopfield, Proc. Natl. Acad. Sci. USA 79, 2554 (1982). P patterns are stored in the couplings
J_ij = (1/N) sum_mu xi_i^mu xi_j^mu, J_ii = 0 (eq. 2 there, for spins -1 and +1 and divided by N),
which are never formed: the network keeps the N P bits of its patterns.
"""

from __future__ import annotations

from functools import partial
from typing import Any, get_args

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from spinglass import _core
from spinglass._arguments import check_memory, real_vector, shown
from spinglass._caller import takes_beta
from spinglass._progress import Progress
from spinglass._random import Seed
from spinglass.models.ising import Ising
from spinglass.models.patterns import Patterns
from spinglass.models.recall import Recall, Update, pattern_overlaps, recalled
from spinglass.models.spin_model import SpinModel
from spinglass.models.stored import stable_patterns


class Hopfield(SpinModel):
    """A Hopfield network with the Hebb rule, zero diagonal and no weight matrix.

    The energy is E(s) = -1/2 sum_{i != j} J_ij s_i s_j + sum_i theta_i s_i.

    Parameters
    ----------
    patterns : Patterns or array_like, (n_patterns, n_spins)
        The memories, -1 and +1.
    thresholds : array_like, (n_spins,), optional
        theta_i: spin i turns up if sum_j J_ij s_j > theta_i. The comparison is exact; N theta_i is
        rounded once, to the nearest double.

    Raises
    ------
    ValueError, TypeError
        If the patterns are empty or hold other values, or the thresholds are not N finite numbers.

    Notes
    -----
    With M_mu = sum_i xi_i^mu s_i, N h_i = sum_mu xi_i^mu M_mu - P s_i is an integer, so fields,
    ties and zero-temperature dynamics are exact. The theory of the capacity is that of Amit,
    Gutfreund and Sompolinsky, Phys. Rev. Lett. 55, 1530 (1985), in
    :mod:`spinglass.theory.hopfield`.

    Examples
    --------
    >>> import spinglass
    >>> patterns = spinglass.random_patterns(n_patterns=20, n_spins=500, seed=1)
    >>> network = spinglass.Hopfield(patterns)
    >>> start = spinglass.corrupt(patterns[3], flip=0.2, seed=2)
    >>> result = network.recall(start)
    >>> result.best_pattern, result.overlap, result.converged
    (3, 1.0, True)
    """

    def __init__(
        self, patterns: Patterns | ArrayLike, *, thresholds: ArrayLike | None = None
    ) -> None:
        self._patterns = Patterns._packed_from(patterns, "patterns")
        self._thresholds = (
            None if thresholds is None else real_vector(thresholds, "thresholds", self.n_spins)
        )
        self._network = _core.HopfieldNetwork(self._patterns._packed, self._thresholds)
        self._model = self._network.spin_model()

    @property
    def patterns(self) -> Patterns:
        """The stored patterns."""
        return self._patterns

    @property
    def thresholds(self) -> NDArray[np.float64] | None:
        """The thresholds, or None."""
        return self._thresholds

    @property
    def fields(self) -> NDArray[np.float64] | None:
        """The fields, which are the thresholds with the other sign, or None."""
        return None if self._thresholds is None else -self._thresholds

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
        """P / N, called alpha in the literature."""
        return self.n_patterns / self.n_spins

    def __repr__(self) -> str:
        thresholds = "" if self._thresholds is None else ", thresholds=..."
        return f"Hopfield(n_patterns={self.n_patterns}, n_spins={self.n_spins}{thresholds})"

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(Hopfield, thresholds=self._thresholds), (self._patterns,)

    def to_ising(self) -> Ising:
        """Return the same model with its couplings as a dense matrix.

        Raises
        ------
        MemoryError
            If the matrix does not fit in memory. The message says how much it needs.
        """
        return Ising(self.couplings(), self.fields)

    def stable_patterns(
        self, *, num_threads: int | None = None, progress: Progress = False
    ) -> NDArray[np.bool_]:
        """Return which stored patterns are fixed points of the zero-temperature dynamics.

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

        Notes
        -----
        The comparison is exact. A spin in a zero field keeps its value, so it is no error.

        Examples
        --------
        Patterns that have much in common disturb one another:

        >>> import numpy as np, spinglass
        >>> patterns = spinglass.random_patterns(8, 40, seed=1)
        >>> alike = np.concatenate([patterns, spinglass.corrupt(patterns, flip=0.1, seed=2)])
        >>> network = spinglass.Hopfield(alike)
        >>> print(f"{(~network.stable_patterns()).sum()} of {len(alike)} patterns are not stable")
        14 of 16 patterns are not stable
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
        return pattern_overlaps(self._network, states, self.n_spins, self.n_patterns)

    def couplings(self, dtype: DTypeLike = np.float64) -> NDArray[Any]:
        """Return the dense coupling matrix, which the network itself never forms.

        Parameters
        ----------
        dtype : dtype
            A float dtype gives J_ij; an integer dtype gives N J_ij exactly.

        Returns
        -------
        numpy.ndarray, (n_spins, n_spins)
            Symmetric, zero diagonal.

        Raises
        ------
        MemoryError
            If the matrix does not fit in memory. The message says how much it needs.
        OverflowError
            If an N J_ij does not fit in the integer dtype.
        TypeError
            If the dtype is neither integer nor float.
        """
        try:
            wanted = np.dtype(dtype)
        except Exception:
            message = f"dtype must be a real float or integer dtype, got {shown(dtype)}"
            raise TypeError(message) from None
        if wanted.kind not in "iuf":
            raise TypeError(f"dtype must be a real float or integer dtype, got {wanted}")
        # The core writes the common dtypes; the others are converted from the widest of its own.
        native = wanted.newbyteorder("=")
        if native.kind == "u":
            native = np.dtype(np.int64)
        elif native.kind == "f" and native.itemsize not in (4, 8):
            native = np.dtype(np.float64)
        copies = native.itemsize + (wanted.itemsize if native != wanted else 0)
        check_memory(
            copies * self.n_spins**2,
            f"couplings: a {self.n_spins} x {self.n_spins} matrix of {wanted}",
        )
        matrix = np.zeros((self.n_spins, self.n_spins), native)
        self._network.couplings(matrix)
        if wanted.kind == "u":
            worst = matrix.min() if matrix.min() < 0 else matrix.max()
            if worst < 0 or worst > np.iinfo(wanted).max:
                raise OverflowError(f"dtype: N J = {worst} does not fit in {wanted}")
        return matrix.astype(wanted, copy=False)

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
            all sites at once.
        beta : float
            Inverse temperature of the heat bath. Infinity is zero temperature: a spin follows the
            sign of its field, and a spin in a zero field keeps its value.
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
        Sequential and random heat bath sample the Boltzmann distribution exp(-beta E). The
        synchronous heat bath has another stationary law (Peretto, Biol. Cybern. 50, 51 (1984)).
        """
        return recalled(
            self._network,
            *self._batch(states),
            update,
            updates=get_args(Update),
            beta=beta,
            max_sweeps=max_sweeps,
            clamp=clamp,
            seed=seed,
            num_threads=num_threads,
            progress=progress,
        )
