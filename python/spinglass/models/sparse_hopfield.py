"""Memories of low activity: units 0 and 1, few of which are active, and a threshold.

M. V. Tsodyks, M. V. Feigelman, Europhys. Lett. 6, 101 (1988). With spins s = 2V - 1 it is a memory
of couplings and fields, and that is what runs.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass._arguments import (
    array_of,
    check_memory,
    copied,
    finite,
    real_array,
    shown,
    units_hint,
)
from spinglass._caller import takes_beta
from spinglass._interrupted import Interrupted
from spinglass._progress import Progress
from spinglass._random import Seed
from spinglass._shapes import Many, One
from spinglass.models.coupling_memory import CouplingMemory
from spinglass.models.energy import Pairwise, in_spins
from spinglass.models.hebbian_rules import covariance_couplings
from spinglass.models.patterns import Patterns
from spinglass.models.recall import Recall, Update
from spinglass.models.sparse_recall import SparseRecall
from spinglass.theory.memories import optimal_threshold


class SparseHopfield:
    """A Hopfield network of units 0 and 1 whose patterns have few active units.

    With the activity f, the share of active units of all patterns eta, the couplings are
    J_ij = (1 / (N f (1-f))) sum_mu (eta_i^mu - f)(eta_j^mu - f), J_ii = 0. Unit i is on if
    sum_j J_ij V_j is above the threshold theta, off if it is below, and stays if they are equal.
    The energy is E(V) = -1/2 sum_{i != j} J_ij V_i V_j + theta sum_i V_i. The smaller f is, the
    more patterns are stored: ``theory.memories.critical_load("low-activity", activity=f)`` N.

    Parameters
    ----------
    patterns01 : array_like, (n_patterns, n_units)
        The memories, 0 and 1 (or booleans), not all equal.
    threshold : "optimal" or float
        theta. ``"optimal"`` is ``theory.memories.optimal_threshold`` at the load and the activity
        of the patterns. At least half of the units must then be silent.

    Raises
    ------
    ValueError, TypeError
        If the patterns are empty, hold other values or are all equal, or the threshold is no
        number.
    MemoryError
        If the couplings do not fit in memory.

    Notes
    -----
    Theory is about patterns of equal activity. Patterns that are drawn unit by unit differ in it,
    and near the critical load many of them are lost in networks of thousands of units.

    Couplings and threshold are 32-bit integers in a unit of their row in a recall, as those of
    :class:`CouplingMemory`, so a field that equals the threshold may be taken for one that is off
    by rounding.

    References
    ----------
    M. V. Tsodyks, M. V. Feigelman, Europhys. Lett. 6, 101 (1988).

    Examples
    --------
    Patterns with 5 % of active units, at a load that is three times the largest one of spins:

    >>> import numpy as np, spinglass
    >>> patterns = np.random.default_rng(1).random((400, 1000)).argsort(axis=1) < 50
    >>> memory = spinglass.SparseHopfield(patterns)
    >>> found = memory.recall(patterns[:20])
    >>> memory.load, bool((found.overlap > 0.9).all())
    (0.4, True)
    """

    _structure_is_checked = True

    def __init__(
        self, patterns01: ArrayLike, threshold: float | Literal["optimal"] = "optimal"
    ) -> None:
        self._hold(_spins_of(patterns01, "patterns01"), threshold)

    def _hold(self, patterns: Patterns, threshold: Any) -> None:
        """Become the memory of patterns of spins."""
        N = patterns.n_spins
        check_memory(44 * N * N, f"the couplings of {N} units")
        self._couplings, mean = covariance_couplings(patterns)
        self._activity = (1 + mean) / 2
        if isinstance(threshold, str) and threshold == "optimal":
            if self._activity > 0.5:
                raise ValueError(
                    "patterns01 must have at most half of their units active with "
                    f'threshold="optimal", got a share of {self._activity:g}'
                )
            self._threshold = optimal_threshold(patterns.n_patterns / N, self._activity)
        elif isinstance(threshold, str):
            raise ValueError(f'threshold must be "optimal" or a number, got {shown(threshold)}')
        else:
            self._threshold = finite(threshold, "threshold")
        in_pairs = in_spins(self.structure())
        self._constant = in_pairs.constant
        self._spins = CouplingMemory(in_pairs.couplings, patterns, in_pairs.fields)
        # How many units are active in each pattern.
        ones = self._spins._memory.overlaps(np.ones((1, N), np.int8))[0]
        self._active = (N + ones) // 2

    @property
    def patterns(self) -> NDArray[np.int8]:
        """The memories, 0 and 1, (n_patterns, n_units)."""
        return _units(self._spin_patterns.to_array())

    @property
    def _spin_patterns(self) -> Patterns:
        return self._spins._check_patterns()

    @property
    def n_units(self) -> int:
        """N."""
        return self._spins.n_spins

    @property
    def n_patterns(self) -> int:
        """P."""
        return self._spins.n_patterns

    @property
    def load(self) -> float:
        """P / N."""
        return self._spins.load

    @property
    def activity(self) -> float:
        """f, the share of active units of all patterns."""
        return self._activity

    @property
    def threshold(self) -> float:
        """Theta."""
        return self._threshold

    def couplings(self) -> NDArray[np.float64]:
        """Return a copy of J_ij, (n_units, n_units)."""
        check_memory(8 * self.n_units**2, f"a copy of the couplings of {self.n_units} units")
        return self._couplings.copy()

    def __repr__(self) -> str:
        return (
            f"SparseHopfield(n_patterns={self.n_patterns}, n_units={self.n_units}, "
            f"activity={self._activity:.4g}, threshold={self._threshold:.4g})"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(_made, threshold=self._threshold), (self._spin_patterns,)

    def structure(self) -> Pairwise:
        """Return couplings and threshold as the structure of the energy, in units 0 and 1."""
        return Pairwise("units", self._couplings, np.full(len(self._couplings), -self._threshold))

    @overload
    def energy(self, states01: One) -> float: ...
    @overload
    def energy(self, states01: Many) -> NDArray[np.float64]: ...
    @overload
    def energy(self, states01: ArrayLike) -> Any: ...
    def energy(self, states01: ArrayLike) -> float | NDArray[np.float64]:
        """Return the energy of a state, or of each state of a batch.

        Parameters
        ----------
        states01 : array_like, (n_units,) or (n_states, n_units)
            Units 0 and 1.

        Returns
        -------
        float or numpy.ndarray of float64, (n_states,)
            E(V) = -1/2 sum_{i != j} J_ij V_i V_j + theta sum_i V_i, total. A state without active
            units has 0, up to rounding.

        Raises
        ------
        ValueError, TypeError
            If the states have another shape or hold other values.
        """
        energies = self._spins.energy(spins := self._rows(states01)) + self._constant
        return float(energies) if spins.ndim == 1 else energies

    def local_fields(self, states01: ArrayLike) -> NDArray[np.float64]:
        """Return sum_j J_ij V_j for every unit, which is compared with the threshold.

        Parameters
        ----------
        states01 : array_like, (n_units,) or (n_states, n_units)
            Units 0 and 1.

        Returns
        -------
        numpy.ndarray of float64, shaped as states01

        Raises
        ------
        ValueError, TypeError
            If the states have another shape or hold other values.
        """
        return 2 * self._spins.local_fields(self._rows(states01)) + self._threshold

    def overlaps(self, states01: ArrayLike) -> NDArray[np.float64]:
        """Return m^mu = (1 / (N f (1-f))) sum_i (eta_i^mu - f) V_i with every pattern.

        Parameters
        ----------
        states01 : array_like, (n_units,) or (n_states, n_units)
            Units 0 and 1.

        Returns
        -------
        numpy.ndarray of float64, (n_patterns,) or (n_states, n_patterns)

        Raises
        ------
        ValueError, TypeError
            If the states have another shape or hold other values.
        """
        spins = self._rows(states01)
        overlaps = self._overlaps(np.atleast_2d(spins))
        return overlaps[0] if spins.ndim == 1 else overlaps

    def _overlaps(self, spins: NDArray[np.int8]) -> NDArray[np.float64]:
        """Return the overlaps of a batch of states, which are spins."""
        N, f = self.n_units, self._activity
        check_memory(32 * len(spins) * self.n_patterns, f"the overlaps of {len(spins)} states")
        on = (spins > 0).sum(axis=1, dtype=np.int64)[:, None]
        # sum eta V = sum (1 + xi)(1 + s) / 4
        both = (self._spins._memory.overlaps(spins) - N + 2 * (on + self._active)) // 4
        overlaps: NDArray[np.float64] = (both - f * on) / (N * f * (1 - f))
        return overlaps

    def _rows(self, states01: ArrayLike) -> NDArray[np.int8]:
        """Return states as spins, one or a batch."""
        states = array_of(states01, "states01", "numbers 0 and 1")
        N = self.n_units
        if states.ndim not in (1, 2) or states.shape[-1] != N:
            expected = f"({N},) or (n_states, {N})"
            raise ValueError(f"states01 must have shape {expected}, got {states.shape}")
        return _spins(states, "states01")

    @takes_beta
    def recall(
        self,
        states01: ArrayLike,
        update: Update = "sequential",
        *,
        beta: float = np.inf,
        max_sweeps: int = 1000,
        clamp: ArrayLike | None = None,
        seed: Seed = None,
        num_threads: int | None = None,
        progress: Progress = False,
    ) -> SparseRecall:
        """Run the dynamics from one state or a batch of them.

        Parameters
        ----------
        states01 : array_like, (n_units,) or (n_states, n_units)
            The starts, 0 and 1. They are not changed.
        update : {"sequential", "random", "synchronous"}
            The order of updates in a sweep: units 0 to N - 1 in turn, N units drawn uniformly, or
            all units at once.
        beta : float
            Inverse temperature of the heat bath, in units of the energy. Infinity is zero
            temperature.
        max_sweeps : int
            Largest number of sweeps. At finite temperature all of them are run.
        clamp : array_like of bool, (n_units,) or as ``states01``, optional
            True where a unit keeps its value.
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
        SparseRecall

        Raises
        ------
        ValueError, TypeError
            If an argument has another shape, type or range.
        Interrupted
            On Ctrl-C. It is a KeyboardInterrupt that carries the finished states.
        """
        starts = self._rows(states01)
        try:
            found = self._spins.recall(
                starts,
                update,
                beta=beta,
                max_sweeps=max_sweeps,
                clamp=clamp,
                seed=seed,
                num_threads=num_threads,
                progress=progress,
            )
        except Interrupted as kept:
            finished = np.zeros(0, np.intp) if kept.finished is None else kept.finished
            result = self._in_units(kept.result, np.atleast_2d(starts)[finished])
            raise Interrupted(result, kept.done, kept.total, kept.unit, finished) from kept
        return self._in_units(found, starts)

    def _in_units(self, found: Recall, starts: NDArray[np.int8]) -> SparseRecall:
        """Return what the recall of spins found, in units and with the overlaps of units."""
        start, end = (np.atleast_2d(x) for x in (starts, found.states))
        before, after = self._overlaps(start), self._overlaps(end)
        rows, pattern, best_pattern = np.arange(len(start)), before.argmax(1), after.argmax(1)
        columns = {
            "pattern": pattern,
            "start_overlap": before[rows, pattern],
            "overlap": after[rows, pattern],
            "best_pattern": best_pattern,
            "best_overlap": after[rows, best_pattern],
            "activity": (end > 0).mean(axis=1),
        }
        if found.states.ndim == 1:
            columns = {name: x[0].item() for name, x in columns.items()}
        return SparseRecall(
            states=_units(found.states),
            **columns,
            energy=found.energy + self._constant,
            sweeps=found.sweeps,
            flips=found.flips,
            converged=found.converged,
            cycle_length=found.cycle_length,
            update=found.update,
            beta=found.beta,
            max_sweeps=found.max_sweeps,
            seed=found.seed,
            version=found.version,
        )


def _made(patterns: Patterns, threshold: float) -> SparseHopfield:
    """Return the memory of patterns of spins: for pickles."""
    memory = SparseHopfield.__new__(SparseHopfield)
    memory._hold(patterns, threshold)
    return memory


def _spins_of(patterns01: ArrayLike, name: str) -> Patterns:
    """Return patterns of 0 and 1 as those of spins."""
    given = array_of(patterns01, name, "numbers 0 and 1")
    if given.ndim != 2 or 0 in given.shape:
        raise ValueError(f"{name} must have shape (n_patterns, n_units), got {given.shape}")
    spins = _spins(given, name)
    if (spins == spins[0, 0]).all():
        raise ValueError(f"{name} must have active and silent units, got all {spins[0, 0] > 0:d}")
    return Patterns.from_array(spins)


def _spins(units: NDArray[Any], name: str) -> NDArray[np.int8]:
    """Return units 0 and 1 as spins, or say that they are none."""
    given = real_array(units, name, "numbers 0 and 1")
    values = copied(given, given.dtype)  # what is checked is ours
    valid = np.equal(values, 0) | np.equal(values, 1)
    if not valid.all():
        culprit = values[~valid].ravel()[0]
        raise ValueError(f"{name} must hold only 0 and 1, got {culprit}{units_hint(culprit)}")
    return (2 * values.astype(np.int8) - 1).astype(np.int8)


def _units(spins: NDArray[np.int8]) -> NDArray[np.int8]:
    return (spins > 0).astype(np.int8)
