"""The network of Hopfield and Tank: a tour, or any assignment, as a state of graded neurons.

J. J. Hopfield and D. W. Tank, Biol. Cybern. 52, 141 (1985). Neuron (X, i) is on, V_Xi = 1, if city
X is stop i. With outputs V between 0 and 1 the energy is (eq. 8 and 9 there)

    E = A/2 sum_X sum_{i != j} V_Xi V_Xj + B/2 sum_i sum_{X != Y} V_Xi V_Yi
        + C/2 (sum_Xi V_Xi - n_eff)^2 + D sum_XY sum_ij d_XY F_ij V_Xi V_Yj.

The first two terms forbid a city two stops, and a stop two cities; the third asks for n neurons
that are on. The last is D times the length of the tour, with the flow F_{i,i+1} = 1 around the
ring. For symmetric distances it is that of the paper, D/2 sum d_XY V_Xi (V_{Y,i+1} + V_{Y,i-1}).
Any other flow makes it the cost of a quadratic assignment (T. C. Koopmans and M. Beckmann,
Econometrica 25, 53 (1957)): location X gets facility i. What the units settle by is symmetric in
any case: of d_XY F_ij and d_YX F_ji only the sum counts.

With V = (1 + s) / 2 this is a `GradedHopfield` network of outputs s between -1 and +1: couplings
T / 2 and currents I + T 1 / 2, where T and I are those of V. Its energy is twice the one here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass._arguments import (
    check_memory,
    copied,
    finite,
    integer,
    real_array,
    shown,
)
from spinglass._interrupted import Interrupted
from spinglass._printed import printed
from spinglass._progress import Progress
from spinglass._random import Seed, repeatable
from spinglass._text import counted
from spinglass.models.couplings import DENSE_BYTES
from spinglass.models.energy import Pairwise, in_spins
from spinglass.models.graded_hopfield import STIFFEST, GradedHopfield
from spinglass.models.ising import Ising
from spinglass.models.relaxation import Method, Relaxation, drawn

# Entries of tours of states that are no tour.
_NONE = -1

# Distances, flows and the parameters of the energy: their products are still doubles.
_LARGEST = 1e30


@printed
@dataclass(frozen=True, eq=False)
class Tours:
    """The result of :meth:`HopfieldTank.solve`: the tours that the network found, and how often.

    Attributes
    ----------
    tours : numpy.ndarray of int64, (n_starts, n_cities)
        The city at each stop (of an assignment: the location of each facility), -1 if the final
        state is no tour.
    valid : numpy.ndarray of bool, (n_starts,)
        Whether the final state is a tour: every stop has one city, and every city one stop.
    lengths : numpy.ndarray of float64, (n_starts,)
        The length of each tour (or the cost of an assignment), NaN if it is none.
    relaxation : Relaxation
        The final states of the network, whether they are at rest, and the energies.

    Examples
    --------
    >>> import numpy as np, spinglass
    >>> corners = np.array([0, 1, 1 + 1j, 1j])
    >>> tank = spinglass.HopfieldTank(abs(corners[:, None] - corners))
    >>> found = tank.solve(n_starts=10, seed=1)
    >>> found.tours.shape, found.valid.dtype
    ((10, 4), dtype('bool'))
    """

    tours: NDArray[np.int64] = field(repr=False)
    valid: NDArray[np.bool_]
    lengths: NDArray[np.float64]
    relaxation: Relaxation = field(repr=False)

    @property
    def best(self) -> tuple[NDArray[np.int64], float]:
        """The shortest tour and its length; NaN if no start gave a tour."""
        lengths = np.where(self.valid, self.lengths, np.inf)
        start = int(lengths.argmin())
        return self.tours[start], float(self.lengths[start])

    def __str__(self) -> str:
        n = self.valid.size
        valid, at_rest = self.valid.sum(), np.count_nonzero(self.relaxation.converged)
        shortest = f", the shortest {self.best[1]:.6g}" if valid else ""
        return f"{counted(n, 'start')}: {valid} valid{shortest}; {at_rest} at rest"


class HopfieldTank:
    """The network of Hopfield and Tank for tours and for quadratic assignments.

    Parameters
    ----------
    distances : array_like, (n, n)
        d_XY: finite, >= 0, zero diagonal, at least 2 cities. They need not be symmetric: a tour has
        the length of its direction.
    A, B, C, D : float
        Weights of the four terms of the energy, >= 0.
    u0 : float
        Width of the response of a neuron, V = (1 + tanh(u / u0)) / 2; positive.
    n_eff : float, optional
        How many neurons the third term asks for. The default is 1.5 n; the paper has 15 for 10
        cities. At n, a state that leaves out a city may have less energy than every tour, because
        its way is shorter.
    flow : array_like, (n, n), optional
        F_ij of a quadratic assignment: finite, >= 0, zero diagonal. By default 1 from each stop to
        the next, around the ring: a tour.

    Raises
    ------
    ValueError, TypeError
        If distances or flow have another shape or hold other values, or a weight is out of range.
    MemoryError
        If the n^2 x n^2 couplings do not fit in memory.

    Notes
    -----
    The defaults are those of the paper, for 10 cities in a unit square. Most starts end in states
    that are no tour (G. V. Wilson and G. S. Pawley, Biol. Cybern. 58, 63 (1988), were the first to
    say so); docs/graded.md has the shares. :func:`anneal` on the same energy does better:
    ``spinglass.anneal(tank)``, and :meth:`tours` reads its states.

    Examples
    --------
    >>> import numpy as np, spinglass
    >>> rng = np.random.default_rng(1)
    >>> cities = rng.random((6, 2))
    >>> distances = np.linalg.norm(cities[:, None] - cities, axis=2)
    >>> tank = spinglass.HopfieldTank(distances)
    >>> annealed = spinglass.anneal(tank, n_sweeps=2000, n_replicas=4, seed=1)
    >>> tour = tank.tours(annealed.best[0])
    >>> sorted(tour.tolist()), bool(tank.lengths(tour) < tank.lengths(np.arange(6)))
    ([0, 1, 2, 3, 4, 5], True)
    """

    def __init__(
        self,
        distances: ArrayLike,
        A: float = 500.0,
        B: float = 500.0,
        C: float = 200.0,
        D: float = 500.0,
        u0: float = 0.02,
        n_eff: float | None = None,
        *,
        flow: ArrayLike | None = None,
    ) -> None:
        self._distances = _matrix(distances, "distances", None)
        n = len(self._distances)
        ring = np.roll(np.eye(n), 1, axis=1)
        self._flow = ring if flow is None else _matrix(flow, "flow", n)
        self._weights = tuple(
            _within(value, name, 0.0) for name, value in (("A", A), ("B", B), ("C", C), ("D", D))
        )
        self._u0 = _within(u0, "u0", 1e-30)
        self._n_eff = 1.5 * n if n_eff is None else _within(n_eff, "n_eff", 0.0)
        couplings, inputs, _ = self._quadratic()
        currents = inputs + couplings.sum(axis=1) / 2
        steepest = float((abs(couplings).sum(axis=1) / 2 + abs(currents)).max()) / STIFFEST
        if self._u0 < steepest:
            expected = f"at least {steepest:g} for these weights and distances"
            raise ValueError(f"u0 must be {expected}, got {self._u0:g}")
        self._network = GradedHopfield(couplings / 2, 1 / self._u0, currents=currents)

    @property
    def n_cities(self) -> int:
        """Number of cities and stops, n."""
        return len(self._distances)

    @property
    def distances(self) -> NDArray[np.float64]:
        """d_XY, (n, n)."""
        return self._distances

    @property
    def flow(self) -> NDArray[np.float64]:
        """F_ij, (n, n)."""
        return self._flow

    @property
    def network(self) -> GradedHopfield:
        """The circuit of the n^2 neurons; neuron X n + i is that of city X and stop i."""
        return self._network

    def structure(self) -> Pairwise:
        """Return the energy of neurons that are on (+1) or off (-1), as pairs of spins."""
        couplings, inputs, constant = self._quadratic()
        # V^2 = V: a coupling to itself is a bias.
        biases = inputs + couplings.diagonal() / 2
        np.fill_diagonal(couplings, 0.0)
        return in_spins(Pairwise("units", couplings, biases, constant))

    _structure_is_checked = True

    def to_ising(self) -> Ising:
        """Return the same energy as an :class:`Ising` model of n^2 spins.

        Raises
        ------
        MemoryError
            If the couplings do not fit in memory.

        Examples
        --------
        >>> import numpy as np, spinglass
        >>> tank = spinglass.HopfieldTank([[0, 1, 2], [1, 0, 1], [2, 1, 0]], n_eff=3)
        >>> tour = 2 * np.eye(3) - 1  # city X at stop X
        >>> tank.to_ising().energy(tour.ravel()), 500 * tank.lengths([0, 1, 2])
        (2000.0, 2000.0)
        """
        form = self.structure()
        return Ising(form.couplings, form.fields, constant=form.constant)

    def __repr__(self) -> str:
        A, B, C, D = self._weights
        words = f"A={A:g}, B={B:g}, C={C:g}, D={D:g}, u0={self._u0:g}, n_eff={self._n_eff:g}"
        return f"HopfieldTank(<distances of {self.n_cities} cities>, {words})"

    def tours(self, states: ArrayLike) -> NDArray[np.int64]:
        """Return the tours that states of neurons stand for.

        Parameters
        ----------
        states : array_like, (n^2,) or (n_states, n^2)
            Outputs or spins, finite: a neuron is on where it is positive.

        Returns
        -------
        numpy.ndarray of int64, (n,) or (n_states, n)
            The city at each stop, -1 for states that are no tour.

        Raises
        ------
        ValueError, TypeError
            If the states have another shape or are not finite.
        """
        n, array = self.n_cities, real_array(states, "states")
        if array.ndim not in (1, 2) or array.shape[-1] != n * n:
            raise ValueError(
                f"states must have shape ({n * n},) or (n_states, {n * n}), got {array.shape}"
            )
        values = np.atleast_2d(copied(array, np.float64))
        if not np.isfinite(values).all():
            raise ValueError(f"states must be finite, got {values[~np.isfinite(values)][0]}")
        tours = self._tours(values > 0)
        return tours[0] if array.ndim == 1 else tours

    def lengths(self, tours: ArrayLike) -> Any:
        """Return the lengths of tours, sum_ij d F_ij over the cities at stops i and j.

        Parameters
        ----------
        tours : array_like of int, (n,) or (n_tours, n)
            The city at each stop; -1 throughout for none.

        Returns
        -------
        float or numpy.ndarray of float64, (n_tours,)
            NaN for none.

        Raises
        ------
        ValueError, TypeError
            If a row is no order of the cities.
        """
        n, array = self.n_cities, real_array(tours, "tours", "integers")
        if array.ndim not in (1, 2) or array.shape[-1] != n:
            raise ValueError(f"tours must have shape ({n},) or (n_tours, {n}), got {array.shape}")
        rows = np.atleast_2d(copied(array, array.dtype))
        orders = rows[~(rows == _NONE).all(axis=1)]
        wrong = (np.sort(orders, axis=1) != np.arange(n)).any(axis=1)
        if wrong.any():
            came = shown(orders[wrong][0].tolist())
            raise ValueError(
                f"tours must hold the cities 0 to {n - 1} once each, or only -1, got {came}"
            )
        lengths = self._lengths(rows.astype(np.int64))
        return float(lengths[0]) if array.ndim == 1 else lengths

    def solve(
        self,
        n_starts: int = 1,
        *,
        max_time: float | None = None,
        method: Method | None = None,
        keep_trajectory: bool = False,
        max_seconds: float | None = None,
        seed: Seed = None,
        progress: Progress = False,
    ) -> Tours:
        """Relax the network from random starts, and read the tours.

        Parameters
        ----------
        n_starts : int
            Independent starts. As in the paper all potentials are equal but for a uniform random
            part between -0.1 u0 and 0.1 u0, and the outputs add up to about n.
        max_time, method, keep_trajectory, max_seconds, progress
            As in :meth:`GradedHopfield.relax`. The time constant is 1.
        seed : None, int, numpy.random.SeedSequence or numpy.random.Generator
            Start k depends only on (seed, k).

        Returns
        -------
        Tours

        Raises
        ------
        ValueError, TypeError
            If an argument has another type or range.
        MemoryError
            If the starts do not fit in memory.
        Interrupted
            On Ctrl-C. It is a KeyboardInterrupt that carries the starts that are finished.
        """
        n = self.n_cities
        known_seed = repeatable(seed)
        count = integer(n_starts, "n_starts", at_least=1)
        check_memory(24 * count * n * n, f"n_starts: {count} starts of {n} x {n} neurons")
        # V = 1 / n, the same for all neurons.
        level = -self._u0 * np.log(n - 1) / 2
        initial = np.empty((count, n * n))
        for k, start in enumerate(initial):
            start[...] = level + drawn(self._network, known_seed, k)
        try:
            found = self._network.relax(
                initial, max_time=max_time, method=method, keep_trajectory=keep_trajectory,
                max_seconds=max_seconds, seed=known_seed, progress=progress,
            )  # fmt: skip
        except Interrupted as interruption:
            kept = interruption
            raise Interrupted(
                self._read(kept.result), kept.done, kept.total, kept.unit, kept.finished
            ) from interruption
        return self._read(found)

    def _read(self, found: Relaxation) -> Tours:
        tours = self._tours(found.states > 0)
        return Tours(tours, tours[:, 0] != _NONE, self._lengths(tours), found)

    def _tours(self, on: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return the tours of neurons that are on, (n_states, n^2)."""
        n = self.n_cities
        squares = on.reshape(-1, n, n)
        valid = (squares.sum(axis=2) == 1).all(axis=1) & (squares.sum(axis=1) == 1).all(axis=1)
        return np.where(valid[:, None], squares.argmax(axis=1), _NONE)

    def _lengths(self, tours: NDArray[np.int64]) -> NDArray[np.float64]:
        lengths = np.full(len(tours), np.nan)
        for k in np.flatnonzero(tours[:, 0] != _NONE):
            lengths[k] = (self._distances[np.ix_(tours[k], tours[k])] * self._flow).sum()
        return lengths

    def _quadratic(self) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
        """Return T, I and c of E = -1/2 V T V - I V + c, with outputs V between 0 and 1."""
        n, (A, B, C, D) = self.n_cities, self._weights
        one, all_others = np.eye(n), 1 - np.eye(n)
        costs = np.kron(self._distances, self._flow)
        couplings = -A * np.kron(one, all_others) - B * np.kron(all_others, one) - C
        couplings -= D * (costs + costs.T)
        return couplings, np.full(n * n, C * self._n_eff), C * self._n_eff**2 / 2


def _matrix(values: ArrayLike, name: str, n: int | None) -> NDArray[np.float64]:
    """Return a square matrix of finite numbers >= 0 without a diagonal."""
    array = real_array(values, name)
    expected = "(n, n) with n >= 2" if n is None else f"({n}, {n})"
    if (
        array.ndim != 2
        or array.shape[0] != array.shape[1]
        or len(array) != (n or max(2, len(array)))
    ):
        raise ValueError(f"{name} must have shape {expected}, got {array.shape}")
    check_memory(3 * DENSE_BYTES * array.size**2, f"{name}: the couplings of {array.size} neurons")
    matrix = copied(array, np.float64)
    valid = (matrix >= 0) & (matrix <= _LARGEST)
    if not valid.all():
        culprit = matrix[~valid][0]
        raise ValueError(f"{name} must be finite, >= 0 and at most {_LARGEST:g}, got {culprit:g}")
    if matrix.diagonal().any():
        place = int(np.flatnonzero(matrix.diagonal())[0])
        came = f"{matrix[place, place]:g} at ({place}, {place})"
        raise ValueError(f"{name} must have a zero diagonal, got {came}")
    matrix.flags.writeable = False
    return matrix


def _within(value: Any, name: str, least: float) -> float:
    number = finite(value, name)
    if not least <= number <= _LARGEST:
        raise ValueError(f"{name} must be from {least:g} to {_LARGEST:g}, got {number:g}")
    return number
