"""What sampling leaves behind: time series, states, and what follows from them.

A run knows its units: energies are total, magnetizations per spin, both float64; rows are replicas
and columns measurements. It carries what is needed to go on from where it ended.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from spinglass._arguments import integer
from spinglass._printed import counted, printed
from spinglass._registry import drawn_by
from spinglass.models.pattern_overlaps import overlaps_of
from spinglass.sampling import run_files
from spinglass.sampling.overlaps import Overlaps, overlaps_between
from spinglass.statistics import Estimate, OverlapSummary, Summary, summarize

# Measurements whose means and errors take half a second: a notebook shows a run unasked.
_SOON = 1_000_000

_R = TypeVar("_R", bound="Run | Annealing")


def unaltered(run: _R) -> _R:
    """Mark a run as made of one piece: states, streams and sweeps belong together.

    A copy keeps the mark, what `dataclasses.replace` makes has none. (A digest would cost more than
    a short call on a large lattice.)
    """
    object.__setattr__(run, "_is_unaltered", True)
    return run


@printed
@dataclass(frozen=True, eq=False)
class Run:
    """A sampled model: what :func:`spinglass.sample` returns.

    Attributes
    ----------
    energy : numpy.ndarray of float64, (n_replicas, n_measurements)
        Total energies.
    magnetization : numpy.ndarray of float64, (n_replicas, n_measurements)
        (1/N) sum_i s_i, signed.
    final_states : numpy.ndarray of int8, (n_replicas, n_spins)
        Where the run ended. Products of bytes overflow: ``run.overlaps_with(pattern)`` is
        ``final_states @ pattern / n_spins`` without that.
    states : numpy.ndarray of int8, (n_replicas, n_measurements, n_spins), or None
        The state of each measurement, if they were to be kept. :func:`spinglass.overlaps` compares
        them with patterns.
    acceptance : numpy.ndarray of float64, (n_replicas,)
        Flipped spins per spin and sweep, warmup included; in cluster moves the mean part of all
        spins that a sweep flips.
    beta : float
        Inverse temperature.
    n_spins : int
        N.
    model : str
        What was sampled.
    dynamics, warmup, n_sweeps, every
        As given; ``n_sweeps`` is what was done, if the run was interrupted.
    clamp : numpy.ndarray of bool, (n_replicas, n_spins), or None
        True where a spin was held.
    sweeps : int
        Sweeps that lie behind the final states: warmup, and earlier runs that this one continued.
    seed : int or numpy.random.SeedSequence
        What was given, or drawn for None and a Generator; given again it repeats the run.
    version : str
        Of the package.
    """

    energy: NDArray[np.float64] = field(repr=False)
    magnetization: NDArray[np.float64] = field(repr=False)
    final_states: NDArray[np.int8] = field(repr=False)
    states: NDArray[np.int8] | None = field(repr=False)
    acceptance: NDArray[np.float64] = field(repr=False)
    beta: Any
    n_spins: int
    model: str
    dynamics: str
    warmup: int
    n_sweeps: int
    every: int
    clamp: NDArray[np.bool_] | None = field(repr=False)
    sweeps: int
    seed: int | np.random.SeedSequence
    version: str
    # A digest of the model.
    _identity: str = field(repr=False)
    # What the random streams remember; None if the run ended out of step and cannot go on.
    _streams: NDArray[np.uint64] | None = field(repr=False)
    # Overlaps of pairs, (n_pairs, n_measurements), and those of their bonds, if measured.
    _overlaps: NDArray[np.float64] | None = field(default=None, repr=False, kw_only=True)
    _link_overlaps: NDArray[np.float64] | None = field(default=None, repr=False, kw_only=True)
    _is_unaltered: ClassVar[bool] = False

    @property
    def n_replicas(self) -> int:
        """Number of independent replicas."""
        return int(self.energy.shape[0])

    @property
    def n_measurements(self) -> int:
        """Number of measurements of each replica."""
        return int(self.energy.shape[-1])

    def summary(self) -> Any:
        """Return the means and errors of energy, magnetization, specific heat, and others.

        Returns
        -------
        spinglass.statistics.Summary
            Prints as a table. Its errors allow for correlations in time; where there is none, as
            of a run that never moved, it is NaN and a note says why.

        Raises
        ------
        ValueError
            If nothing was measured.
        """
        return self._summary(self.energy, self.magnetization, self.beta)

    def __str__(self) -> str:
        """Return what was run, and its summary if anything was measured and that is soon done."""
        if self.energy.size > _SOON:
            return f"{self._about()}\nsummary() has the means of {self.energy.size} measurements"
        return "\n".join([self._about(), *([str(self.summary())] if self.n_measurements else [])])

    def _about(self) -> str:
        warmup = f" after {self.warmup} of warmup" if self.warmup else ""
        rate = f", acceptance {np.mean(self.acceptance):.3g}" if self.acceptance.size else ""
        sweeps = counted(self.n_sweeps, "sweep")
        return f"{self.model}, {self.dynamics}: {sweeps}{warmup}{rate}"

    def _summary(self, energy: Any, magnetization: Any, beta: float) -> Summary:
        if not self.n_measurements:
            raise ValueError("nothing was measured: n_sweeps must be at least `every`")
        return summarize(energy, magnetization, self.n_spins, beta)

    def overlaps(self) -> Overlaps:
        """Return the overlaps of all pairs of replicas, and so P(q).

        The overlap of replicas a and b is q = (1/N) sum_i s_i^a s_i^b. They are what the run
        measured (``measure=`` of :func:`spinglass.sample`), or else follow from its kept states.

        Returns
        -------
        Overlaps

        Raises
        ------
        ValueError
            If there is only one replica, or the run neither measured overlaps nor kept states.
        """
        return self._overlaps_at((), float(self.beta))

    def _overlaps_at(self, place: Any, beta: float) -> Overlaps:
        if self.n_replicas < 2:
            raise ValueError("overlaps need at least 2 replicas, got 1: set n_replicas")
        links = None if self._link_overlaps is None else self._link_overlaps[place]
        if self._overlaps is not None:
            return Overlaps(self._overlaps[place], beta, self.n_spins, links)
        if self.states is None:
            raise ValueError(
                f"this run of {self.n_replicas} replicas measured no overlaps and kept no states: "
                'run it with measure=("overlap",), or with keep_states=True'
            )
        return overlaps_between(self.states[(slice(None), *place)], beta, links)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the run to a file, whole or not at all.

        An ``.npz`` file of its arrays and their digest, without pickle. A run that is loaded can be
        continued.

        Parameters
        ----------
        path : path
            Nothing is added to its name. A link is followed; a folder, a pipe or a device is not
            replaced.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        run_files.save(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a run that :meth:`save` has written; ``Run.load`` reads tempered runs too.

        Parameters
        ----------
        path : path

        Raises
        ------
        ValueError
            If the file is none of these, or damaged. Nothing in it is run. Files of earlier
            versions have no digest that would tell a changed byte.
        OSError
            If it cannot be read, or is no regular file.
        MemoryError
            If it does not fit in memory.
        """
        run: Self = run_files.load((cls, *cls.__subclasses__()), path)
        return unaltered(run)

    overlaps_with = overlaps_of("final_states", "the final states")

    plot = drawn_by(
        "run", "Draw the energy per spin of each replica against sweeps, and its mean with error."
    )


@printed
@dataclass(frozen=True, eq=False)
class TemperedRun(Run):
    """A run on a ladder of temperatures: what :func:`spinglass.temper` returns.

    ``energy`` and ``magnetization`` are (n_replicas, n_betas, n_measurements), ``final_states``
    (n_replicas, n_betas, n_spins), ``states`` (n_replicas, n_betas, n_measurements, n_spins),
    ``acceptance`` (n_replicas, n_betas); a replica is a whole ladder. ``beta`` is the array of
    inverse temperatures, ascending. The other attributes are those of :class:`Run`.

    Attributes
    ----------
    swap_rates : numpy.ndarray of float64, (n_betas - 1,)
        Accepted part of the exchanges tried between each temperature and the next, all ladders
        together; nan where none was tried.
    round_trips : numpy.ndarray of int64, (n_replicas,)
        Journeys of a state from the hottest temperature to the coldest and back.
    """

    swap_rates: NDArray[np.float64]
    round_trips: NDArray[np.int64]
    # Which walker of its ladder is at each temperature.
    _order: NDArray[np.uint32] = field(repr=False)

    @property
    def betas(self) -> NDArray[np.float64]:
        """The inverse temperatures, ascending."""
        return np.asarray(self.beta)

    def summary(self) -> Summaries:
        """Return one summary a temperature.

        Returns
        -------
        Summaries
            A list of :class:`spinglass.statistics.Summary` that prints as a table.
        """
        return Summaries(
            self._summary(self.energy[:, k], self.magnetization[:, k], float(beta))
            for k, beta in enumerate(self.betas)
        )

    def overlaps(self, index: int = -1) -> Overlaps:
        """Return the overlaps of all pairs of ladders at one temperature, and so P(q).

        Parameters
        ----------
        index : int
            Which temperature, as an index into ``betas``; by default the coldest.

        Returns
        -------
        Overlaps
            As of :meth:`Run.overlaps`.

        Raises
        ------
        ValueError
            If there is only one ladder, or the run neither measured overlaps nor kept states.
        IndexError
            If there is no such temperature.
        """
        index = integer(index, "index", at_least=-(2**63))
        if not -len(self.betas) <= index < len(self.betas):
            raise IndexError(f"index must be one of {len(self.betas)} betas, got {index}")
        return self._overlaps_at((index,), float(self.betas[index]))

    def overlap_summary(self) -> Summaries:
        """Return one summary of the overlaps a temperature.

        Returns
        -------
        Summaries
            A list of :class:`spinglass.statistics.OverlapSummary` that prints as a table.

        Raises
        ------
        ValueError
            As :meth:`overlaps`.
        """
        return Summaries(self.overlaps(k).summary() for k in range(len(self.betas)))

    def _about(self) -> str:
        rates = self.swap_rates[np.isfinite(self.swap_rates)]
        swaps = f", swaps {rates.min():.0%} to {rates.max():.0%}" if rates.size else ""
        ladders = counted(self.n_replicas, "ladder")
        temperatures = counted(len(self.betas), "temperature")
        trips = counted(int(self.round_trips.sum()), "round trip")
        return f"{super()._about()}\n{ladders} of {temperatures}{swaps}, {trips}"

    plot = drawn_by("tempered_run", "Draw the energy per spin against beta, with errors.")


# What a table of summaries shows, and what it is called there.
_COLUMNS = {
    Summary: {
        "energy": "<E>/N",
        "absolute_magnetization": "<|m|>",
        "specific_heat": "C",
        "binder_cumulant": "Binder U",
    },
    OverlapSummary: {
        "absolute_overlap": "<|q|>",
        "squared_overlap": "<q^2>",
        "binder_ratio": "Binder g",
        "link_overlap": "<q_l>",
    },
}


@printed
class Summaries(list[Any]):
    """The summaries of a ladder, one a temperature; prints as a table.

    Its attributes are those of all its summaries: ``summaries.energy`` is an ``Estimate`` of arrays
    ``value`` and ``error``, ``summaries.beta`` an array.
    """

    def __getattr__(self, name: str) -> Any:
        if name not in {field.name for one in self[:1] for field in fields(one)}:
            raise AttributeError(f"Summaries has no attribute {name!r}")
        values = [getattr(one, name) for one in self]
        return Estimate.of(values) if isinstance(values[0], Estimate) else np.array(values)

    def __repr__(self) -> str:
        return f"<Summaries of {counted(len(self), 'temperature')}>"

    def __str__(self) -> str:
        columns = {"beta": "beta"} | (_COLUMNS[type(self[0])] if self else {})
        shown = [name for name in columns if all(getattr(one, name) is not None for one in self)]
        rows = [[columns[name] for name in shown]]
        rows += [[f"{one.beta:.4g}", *(str(getattr(one, x)) for x in shown[1:])] for one in self]
        return "\n".join("".join(f"{entry:>15}" for entry in row) for row in rows)


@printed
@dataclass(frozen=True, eq=False)
class Annealing:
    """The states an annealing found: what :func:`spinglass.anneal` returns.

    Attributes
    ----------
    best_states : numpy.ndarray of int8, (n_replicas, n_spins)
        The lowest local minimum that each replica came to: no spin but a held one points against
        its local field. They are where the best state that it had after a sweep (or at its start)
        and its final state descend to. (An interrupted run has the best states as they were.)
        ``overlaps_with`` compares them with patterns, where products of bytes would overflow.
    best_energy : numpy.ndarray of float64, (n_replicas,)
        Its total energy.
    final_states : numpy.ndarray of int8, (n_replicas, n_spins)
        Where each replica ended, after its last sweep and before the descent.
    energy : numpy.ndarray of float64, (n_replicas, n_sweeps)
        Total energy after each sweep of this call.
    betas : numpy.ndarray of float64, (n_sweeps,)
        The inverse temperature of each sweep; fewer than were asked for if the run ended early.
    n_spins : int
        N.
    model : str
        What was annealed.
    dynamics : str
        As given.
    clamp : numpy.ndarray of bool, (n_replicas, n_spins), or None
        True where a spin was held.
    sweeps : int
        Sweeps that lie behind the final states, also those of annealings that it continued.
    seed : int or numpy.random.SeedSequence
        What was given, or drawn for None and a Generator; given again it repeats the run.
    version : str
        Of the package.
    """

    best_states: NDArray[np.int8] = field(repr=False)
    best_energy: NDArray[np.float64]
    final_states: NDArray[np.int8] = field(repr=False)
    energy: NDArray[np.float64] = field(repr=False)
    betas: NDArray[np.float64] = field(repr=False)
    n_spins: int
    model: str
    dynamics: str
    clamp: NDArray[np.bool_] | None = field(repr=False)
    sweeps: int
    seed: int | np.random.SeedSequence
    version: str
    # What the random streams remember; None if the run ended out of step and cannot go on.
    _streams: NDArray[np.uint64] | None = field(repr=False)
    # The content of the model, which alone tells whether another is the same.
    _identity: str = field(repr=False)
    _is_unaltered: ClassVar[bool] = False

    @property
    def n_replicas(self) -> int:
        """Number of independent searches."""
        return len(self.best_energy)

    @property
    def best(self) -> tuple[NDArray[np.int8], float]:
        """The best state of all replicas, and its energy."""
        replica = int(np.argmin(self.best_energy))
        return self.best_states[replica], float(self.best_energy[replica])

    def __str__(self) -> str:
        energy = self.best[1]
        found = np.count_nonzero(self.best_energy <= energy + 1e-9 * max(1.0, abs(energy)))
        cooled = (
            f", beta from {self.betas[0]:.4g} to {self.betas[-1]:.4g}" if len(self.betas) else ""
        )
        return (
            f"{self.model}, {self.dynamics}: {counted(len(self.betas), 'sweep')}{cooled}\n"
            f"lowest energy {energy:.10g} ({energy / self.n_spins:.6g} per spin), "
            f"in {found} of {counted(self.n_replicas, 'replica')}"
        )

    overlaps_with = overlaps_of("best_states", "the best states")

    plot = drawn_by("annealing", "Draw the energy per spin of each replica against sweeps.")
