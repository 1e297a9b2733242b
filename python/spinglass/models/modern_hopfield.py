"""The modern Hopfield network: continuous states, and an update that is softmax attention.

H. Ramsauer et al., Hopfield Networks is All You Need, ICLR (2021), arXiv:2008.02217. The energy of
a state xi among P patterns x_mu, the longest of length M, is

    E = -lse(beta, X xi) + xi . xi / 2 + ln(P) / beta + M^2 / 2

with lse(beta, z) = ln(sum_mu exp(beta z_mu)) / beta. The update xi <- X^T softmax(beta X xi) never
raises it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass import _core
from spinglass._arguments import (
    check_memory,
    flag,
    integer,
    inverse_temperature,
    real,
    real_array,
    shown,
)
from spinglass._caller import takes_beta
from spinglass._interrupted import Interrupted
from spinglass._progress import Progress, progress_callback
from spinglass._shapes import Many, One
from spinglass.models.modern_recall import ModernRecall, joined
from spinglass.models.pattern_products import finite_copy, largest_norm, products_of, squares_of
from spinglass.models.patterns import Patterns
from spinglass.models.softmax_steps import SoftmaxSteps

# States that are updated together: fewer make a slow product of matrices, more would keep no cache.
_FEWEST, _MOST = 16, 256

# Bytes of their products with the patterns, at most.
_BLOCK_BYTES = 1 << 28


class ModernHopfield:
    """A Hopfield network of continuous states, whose update is softmax attention.

    With the length M of the longest pattern the energy is
    E(xi) = -ln(mean_mu exp(beta x_mu . xi)) / beta + xi . xi / 2 + M^2 / 2. It lies between 0 and
    2 M^2 where |xi| <= M, as it does after a step.

    Parameters
    ----------
    patterns : Patterns or array_like, (n_patterns, n_units)
        The memories, finite numbers. An array of float32 is kept as such, and any other real array
        as float64. Packed patterns, and integer arrays that hold only -1 and +1, are kept as bits:
        their products with states of -1 and +1, and with mixtures of a few patterns, are popcounts.
        (Sets of up to 2^22 components are unpacked besides, 32 MB, for mixtures of many.)
    beta : float
        Inverse temperature of the softmax, from 0 to infinity. At infinity the update gives the
        pattern of the largest product (the mean of several equal ones), at 0 the mean of all.

    Raises
    ------
    ValueError, TypeError
        If the patterns are empty, not finite or too large for their squares, or beta is negative.

    Notes
    -----
    The matrix products are NumPy's and run on the threads of its BLAS. Nothing is learned: the
    patterns are both the keys and the values of the attention.

    BLAS sums in an order that depends on the number of states, so results of another batch are
    equal but for rounding. At an infinite beta, or a large one, rounding decides between real
    patterns whose products are equal or nearly so, and a recall may end elsewhere. With patterns
    that are kept as bits, an infinite beta, and starts of -1 and +1 (or other integers), a recall
    is exact: its products are ratios of integers, equal ones are equal, and neither the batch nor
    the order of the patterns affects the states.

    Examples
    --------
    >>> import numpy as np, spinglass
    >>> patterns = np.random.default_rng(1).normal(size=(50, 64))
    >>> network = spinglass.ModernHopfield(patterns, beta=1.0)
    >>> found = network.recall(patterns[3] + 0.5)
    >>> found.pattern, found.converged, bool(found.entropy < 0.01)
    (3, True, True)
    """

    @takes_beta
    def __init__(self, patterns: Patterns | ArrayLike, beta: float = 1.0) -> None:
        beta = inverse_temperature(beta)
        self._patterns = products_of(patterns)
        self._squares = self._patterns.squares()
        norm = largest_norm(self._squares, self._patterns.dtype, "patterns")
        self._steps = SoftmaxSteps(self._patterns, beta, norm)

    @property
    def patterns(self) -> Patterns | NDArray[Any]:
        """The patterns: packed, or an array that cannot be written to."""
        return self._patterns.patterns

    @property
    def beta(self) -> float:
        """The inverse temperature of the softmax."""
        return self._steps.beta

    @property
    def n_patterns(self) -> int:
        """P."""
        return self._patterns.shape[0]

    @property
    def n_units(self) -> int:
        """Number of components of a state."""
        return self._patterns.shape[1]

    @property
    def largest_norm(self) -> float:
        """M, the length of the longest pattern."""
        return self._steps.norm

    def __repr__(self) -> str:
        return (
            f"ModernHopfield(n_patterns={self.n_patterns}, n_units={self.n_units}, "
            f"beta={self.beta:g})"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return ModernHopfield, (self.patterns, self.beta)

    def energy(self, states: One | Many | ArrayLike) -> Any:
        """Return the energy of a state, or of each state of a batch.

        Parameters
        ----------
        states : array_like, (n_units,) or (n_states, n_units)

        Returns
        -------
        float or numpy.ndarray of float64, (n_states,)
            Between (|xi| - M)^2 / 2 and (|xi| + M)^2 / 2, so between 0 and 2 M^2 where |xi| <= M.

        Raises
        ------
        ValueError, TypeError
            If the states have another shape, or are not finite or too large.

        Examples
        --------
        >>> import spinglass
        >>> network = spinglass.ModernHopfield([[3.0, 4.0]])
        >>> network.energy([3.0, 4.0]), network.energy([0.0, 0.0])
        (0.0, 12.5)
        """
        batch, single = self._batch(states)
        energies, scratch = np.empty(len(batch)), self._scratch(len(batch))
        for rows in self._blocks(len(batch)):
            weighed = self._steps.weigh(self._steps.products(batch[rows], scratch))
            energies[rows] = self._steps.energies(batch[rows], weighed)
        return float(energies[0]) if single else energies

    def weights(self, states: ArrayLike) -> NDArray[Any]:
        """Return softmax(beta X xi), the weights that the next step gives to the patterns.

        Parameters
        ----------
        states : array_like, (n_units,) or (n_states, n_units)

        Returns
        -------
        numpy.ndarray, (n_patterns,) or (n_states, n_patterns)
            float64, or float32 if the patterns are.

        Raises
        ------
        ValueError, TypeError
            If the states have another shape, or are not finite or too large.
        MemoryError
            If the weights do not fit in memory.
        """
        batch, single = self._batch(states)
        self._check_weights(len(batch))
        weights = self._steps.scratch(len(batch))
        for rows in self._blocks(len(batch)):
            products = self._steps.products(batch[rows], weights[rows])
            products /= self._steps.weigh(products).totals[:, None]
        return weights[0] if single else weights

    def update(self, states: ArrayLike) -> NDArray[Any]:
        """Return X^T softmax(beta X xi), one step: attention to the patterns.

        Parameters
        ----------
        states : array_like, (n_units,) or (n_states, n_units)

        Returns
        -------
        numpy.ndarray, shaped as states
            float64, or float32 if the patterns are.

        Raises
        ------
        ValueError, TypeError
            If the states have another shape, or are not finite or too large.
        """
        batch, single = self._batch(states)
        scratch = self._scratch(len(batch))
        for rows in self._blocks(len(batch)):
            products = self._steps.products(batch[rows], scratch)
            totals = self._steps.weigh(products).totals
            batch[rows] = self._patterns.mix(products, totals, None)[0]
        return batch[0] if single else batch

    def recall(
        self,
        states: ArrayLike,
        *,
        max_steps: int = 100,
        tol: float = 1e-6,
        weights: bool = False,
        progress: Progress = False,
    ) -> ModernRecall:
        """Update a state, or each of a batch, until it moves no more.

        Parameters
        ----------
        states : array_like, (n_units,) or (n_states, n_units)
            The starts, finite numbers. They are not changed.
        max_steps : int
            Largest number of steps.
        tol : float
            A state has converged when a step moves it by at most ``tol`` times the length of the
            longest pattern.
        weights : bool
            Whether the result has the weights of the patterns in the final states.
        progress : bool or callable
            True for a bar, or a callable of ``(done, total)`` in states.

        Returns
        -------
        ModernRecall

        Raises
        ------
        ValueError, TypeError
            If an argument has another shape, type or range.
        MemoryError
            If the weights do not fit in memory.
        Interrupted
            On Ctrl-C. It is a KeyboardInterrupt that carries the finished states.
        """
        batch, single = self._batch(states)
        max_steps = integer(max_steps, "max_steps", at_least=1)
        if not 0.0 <= (tol := real(tol, "tol")) < np.inf:
            raise ValueError(f"tol must be finite and >= 0, got {shown(tol)}")
        if flag(weights, "weights"):
            self._check_weights(len(batch))
        reach, interruption = tol * self.largest_norm, None
        parts = [self._steps.run(batch[:0], max_steps, reach, weights)]
        with progress_callback(progress, "recall", "states") as report:
            try:
                for rows in self._blocks(len(batch)):
                    parts.append(self._steps.run(batch[rows], max_steps, reach, weights))
                    if report is not None:
                        report(rows.stop, len(batch))
            except KeyboardInterrupt as error:
                interruption = error
        columns = joined(parts)
        finished = len(columns["states"])
        if single and finished:
            columns = {
                name: x if x is None else x[0].item() if x.ndim == 1 else x[0]
                for name, x in columns.items()
            }
        result = ModernRecall(
            **columns,
            beta=self.beta,
            max_steps=max_steps,
            tol=tol,
            version=_core.__version__,
        )
        if interruption is not None:
            raise Interrupted(
                result, finished, len(batch), "states", np.arange(finished)
            ) from interruption
        return result

    def separation(self) -> NDArray[np.float64]:
        """Return how well each pattern stands apart: the least of x_mu . x_mu - x_mu . x_nu.

        Returns
        -------
        numpy.ndarray of float64, (n_patterns,)
            Delta_mu, the minimum over the other patterns nu (Ramsauer et al.);
            infinity if there is no other. A negative value says that a longer pattern shadows this
            one.

        Examples
        --------
        >>> import spinglass
        >>> spinglass.ModernHopfield([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]]).separation()
        array([0., 2., 0.])
        """
        separations = np.empty(self.n_patterns)
        for rows in self._blocks(self.n_patterns):
            separations[rows] = self._separation(np.arange(rows.start, rows.stop))
        return separations

    def retrieval_bound(self, pattern: int, state: ArrayLike) -> Any:
        """Return how far one step from a state can end from the fixed point near a pattern.

        With the separation Delta of the pattern x, and the fixed point x* that a recall from it
        finds, it is 2 (P - 1) M exp(-beta (Delta - 2 M max(|xi - x|, |x* - x|)))
        (Ramsauer et al.).

        Parameters
        ----------
        pattern : int
            The number of the pattern.
        state : array_like, (n_units,) or (n_states, n_units)
            Where the step begins.

        Returns
        -------
        float or numpy.ndarray of float64, (n_states,)
            A bound on the distance between the new state and x*. It says nothing where it exceeds
            2 M. It is proved for states near x*; infinity if the formula overflows.

        Raises
        ------
        ValueError, TypeError
            If there is no such pattern, or the states have another shape or are not finite.

        Examples
        --------
        >>> import numpy as np, spinglass
        >>> patterns = np.random.default_rng(1).normal(size=(50, 64))
        >>> network = spinglass.ModernHopfield(patterns)
        >>> network.retrieval_bound(3, patterns[3] + 0.01) < 1e-3
        True
        """
        number = integer(pattern, "pattern", at_least=0, at_most=self.n_patterns - 1)
        batch, single = self._batch(state, "state")
        memory = self._patterns.rows(np.array([number]))
        fixed = self.recall(memory, max_steps=1000, tol=0.0).states
        away, drift = (
            np.linalg.norm(x.astype(np.float64) - memory, axis=1) for x in (batch, fixed)
        )
        distances = np.maximum(away, drift)
        if (most := 2.0 * (self.n_patterns - 1) * self.largest_norm) == 0.0:  # nothing else
            bounds = np.zeros(len(batch))
        else:
            gap = self._separation(np.array([number])) - 2 * self.largest_norm * distances
            exponent = np.zeros(len(batch))
            np.multiply(-self.beta, gap, out=exponent, where=gap != 0)  # at an infinite beta too
            with np.errstate(over="ignore", under="ignore"):
                bounds = most * np.exp(exponent)
        return float(bounds[0]) if single else bounds

    def _separation(self, numbers: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return those of some patterns."""
        scratch = self._steps.scratch(len(numbers))
        products = self._steps.products(self._patterns.rows(numbers), scratch).astype(np.float64)
        products[np.arange(len(numbers)), numbers] = -np.inf
        separations: NDArray[np.float64] = self._squares[numbers] - products.max(axis=1)
        return separations

    def _batch(self, states: ArrayLike, name: str = "states") -> tuple[NDArray[Any], bool]:
        """Return a copy of the states as rows, and whether it was one."""
        array = real_array(states, name)
        if array.ndim not in (1, 2) or array.shape[-1] != self.n_units:
            raise ValueError(
                f"{name} must have shape ({self.n_units},) or (n_states, {self.n_units}), "
                f"got {array.shape}"
            )
        batch = finite_copy(np.atleast_2d(array), self._patterns.dtype, name)
        if batch.size:
            largest_norm(squares_of(batch), batch.dtype, name)
        return batch, array.ndim == 1

    def _check_weights(self, n_states: int) -> None:
        needed = n_states * self.n_patterns * self._patterns.dtype.itemsize
        check_memory(needed, f"the weights of {self.n_patterns} patterns in {n_states} states")

    @property
    def _at_once(self) -> int:
        """How many states are worked on together."""
        bytes_of_state = self.n_patterns * self._patterns.dtype.itemsize
        return max(_FEWEST, min(_MOST, _BLOCK_BYTES // bytes_of_state))

    def _blocks(self, n_states: int) -> Iterator[slice]:
        each = self._at_once
        return (slice(k, min(k + each, n_states)) for k in range(0, n_states, each))

    def _scratch(self, n_states: int) -> NDArray[Any]:
        return self._steps.scratch(min(n_states, self._at_once))
