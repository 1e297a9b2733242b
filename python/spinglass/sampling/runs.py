"""The results of sampling: time series, states, and quantities that follow from them.

Energies are total, magnetizations per spin, both float64. Rows are replicas and columns
measurements. A run contains everything that is needed to continue it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass._arguments import choice, flag
from spinglass._caller import takes_beta
from spinglass._printed import printed
from spinglass._registry import above, drawn_by
from spinglass._text import counted
from spinglass.models.pattern_overlaps import overlaps_of_rows
from spinglass.sampling import run_files
from spinglass.sampling.observables.measured import KINDS
from spinglass.sampling.observables.observable import Observable
from spinglass.sampling.observables.structure_factor import (
    OverlapStructureFactor,
    StructureFactor,
    smallest,
)
from spinglass.sampling.overlaps import Overlaps, overlaps_between
from spinglass.sampling.summaries import Summaries
from spinglass.statistics import (
    Estimate,
    ObservableSummary,
    Reweighting,
    Summary,
    correlation_length,
    reweight,
    summarize,
    summarize_observable,
)
from spinglass.statistics.observable_summary import stacked
from spinglass.statistics.summary import slowest_of

if TYPE_CHECKING:
    import pandas
    import xarray
    from typing_extensions import TypeVar as TypeVarWithDefault

    # What `summary` returns and what `beta` is: those of a run at one temperature by default.
    S = TypeVarWithDefault("S", bound="Summary | Summaries[Summary]", default=Summary)
    B = TypeVarWithDefault("B", bound="float | NDArray[np.float64]", default=float)
else:
    S, B = TypeVar("S"), TypeVar("B")

# Measurements whose means and errors take half a second: a notebook shows a run unasked.
_SOON = 1_000_000

_R = TypeVar("_R")


def unaltered(run: _R) -> _R:
    """Mark a run as unaltered: its states, streams and sweeps belong together.

    A copy keeps the mark; a run from `dataclasses.replace` has none. (A digest would cost more than
    a short call on a large lattice.)
    """
    object.__setattr__(run, "_is_unaltered", True)
    return run


def _kinds(kind: type[Run[Any, Any]]) -> tuple[type[Run[Any, Any]], ...]:
    """Return a kind of run and all that are of its kind."""
    return (kind, *(one for below in kind.__subclasses__() for one in _kinds(below)))


@printed
@dataclass(frozen=True, eq=False)
class Run(Generic[S, B]):
    """The result of :func:`spinglass.sample`.

    Attributes
    ----------
    energy : numpy.ndarray of float64, (n_replicas, n_measurements)
        Total energies.
    magnetization : numpy.ndarray of float64, (n_replicas, n_measurements)
        (1/N) sum_i s_i, signed.
    final_states : numpy.ndarray of int8, (n_replicas, n_spins)
        The states at the end of the run. ``run.overlaps_with(pattern)`` is
        ``final_states @ pattern / n_spins`` without the overflow of products of bytes.
    states : numpy.ndarray of int8, (n_replicas, n_measurements, n_spins), or None
        The states at the measurements, if they were kept. :func:`spinglass.overlaps` compares them
        with patterns.
    acceptance : numpy.ndarray of float64, (n_replicas,)
        Flipped spins per spin and sweep, including the warmup. With cluster moves it is the mean
        fraction of spins that a sweep flips.
    beta : float
        Inverse temperature.
    n_spins : int
        N.
    model : str
        Description of the sampled model.
    dynamics, warmup, n_sweeps, every
        As given. If the run was interrupted, ``n_sweeps`` is the number of finished sweeps.
    clamp : numpy.ndarray of bool, (n_replicas, n_spins), or None
        True where a spin was held.
    sweeps : int
        All sweeps before the final states, including the warmup and the earlier runs that this run
        continued.
    seed : int or numpy.random.SeedSequence
        The seed that was given, or the one that was drawn for None and a Generator. The same seed
        repeats the run.
    version : str
        Version of the package.
    measured : dict of numpy.ndarray of float64
        What ``measure`` of :func:`spinglass.sample` asked for, by its name: (n_replicas,
        n_measurements), or (n_pairs, n_measurements) for what is measured of pairs of replicas, in
        the order (0, 1), (0, 2), ..., (1, 2), .... Axes of the observable come last. A function
        may be measured less often than the rest.

    Examples
    --------
    >>> import spinglass
    >>> run = spinglass.sample(spinglass.SquareLattice(8), 0.3, 500, n_replicas=4, seed=1)
    >>> run.energy.shape, run.final_states.shape, run.seed
    ((4, 500), (4, 64), 1)
    >>> longer = spinglass.sample(spinglass.SquareLattice(8), 0.3, 500, initial=run)
    >>> bool((longer.energy[:, 0] != run.energy[:, 0]).any())
    True
    """

    energy: NDArray[np.float64] = field(repr=False)
    magnetization: NDArray[np.float64] = field(repr=False)
    final_states: NDArray[np.int8] = field(repr=False)
    states: NDArray[np.int8] | None = field(repr=False)
    acceptance: NDArray[np.float64] = field(repr=False)
    beta: B
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
    measured: dict[str, NDArray[np.float64]] = field(default_factory=dict, repr=False, kw_only=True)
    # What was measured, in the order of `measured`.
    _observables: tuple[Observable, ...] = field(default=(), repr=False, kw_only=True)
    _is_unaltered: ClassVar[bool] = False

    @property
    def n_replicas(self) -> int:
        """Number of independent replicas."""
        return int(self.energy.shape[0])

    @property
    def n_measurements(self) -> int:
        """Number of measurements of each replica."""
        return int(self.energy.shape[-1])

    def summary(self) -> S:
        """Return the means and errors of energy, magnetization, specific heat, and others.

        Returns
        -------
        spinglass.statistics.Summary
            It prints as a table. Its errors include correlations in time. An error that cannot be
            estimated, as in a run that never moved, is NaN, and a note says why.

        Raises
        ------
        ValueError
            If nothing was measured.
        """
        summary: Any = self._summary(self.energy, self.magnetization, float(self.beta))
        return cast(S, summary)

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
        self._check_measured()
        return summarize(energy, magnetization, self.n_spins, beta)

    def overlaps(self) -> Overlaps:
        """Return the overlaps of all pairs of replicas, from which P(q) follows.

        The overlap of replicas a and b is q = (1/N) sum_i s_i^a s_i^b. The overlaps were measured
        during the run (``measure=`` of :func:`spinglass.sample`), or are computed from the kept
        states.

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
        found = {name: self.measured.get(name) for name in ("overlap", "link_overlap")}
        at = (slice(None), *place)
        q, links = (None if series is None else series[at] for series in found.values())
        if q is not None:
            return Overlaps(q, beta, self.n_spins, links)
        if self.states is None:
            raise ValueError(
                f"this run of {self.n_replicas} replicas measured no overlaps and kept no states: "
                'run it with measure=("overlap",), or with keep_states=True'
            )
        return overlaps_between(self.states[at], beta, links)

    def observable(self, name: str) -> ObservableSummary:
        """Return the mean of a series, with its error and autocorrelation time.

        Parameters
        ----------
        name : str
            A name in ``measured``, or ``"energy"`` (total) or ``"magnetization"``.

        Returns
        -------
        spinglass.statistics.ObservableSummary
            Its numbers have the shape of one measurement. For a run at several temperatures these
            are the first axis. An error that cannot be estimated is NaN, as it is where a sign
            turned too seldom in ``"magnetization"``, ``"overlap"`` and what else changes its sign
            with all spins.

        Raises
        ------
        ValueError
            If nothing was measured, or nothing of this name, or what a function returned is not
            finite.

        Examples
        --------
        >>> import spinglass
        >>> lattice = spinglass.SquareLattice(8)
        >>> run = spinglass.sample(
        ...     lattice, 0.3, 2000, 4, measure=["abs_magnetization"], warmup=100, seed=1
        ... )
        >>> run.observable("abs_magnetization").mean == run.summary().absolute_magnetization
        True
        """
        series = {"energy": self.energy, "magnetization": self.magnetization} | self.measured
        choice(name, "name", tuple(series))
        self._check_measured(name)
        kind = KINDS.get(name)
        of_pairs = kind is not None and kind.of_pairs
        is_odd = name == "magnetization" or (kind is not None and kind.is_odd)
        each = []
        for at, window in self._windows():
            rows = series[name][at]
            # In its own measurements, which of a function may be fewer.
            wide = max(1, window * rows.shape[1] // self.n_measurements)
            each.append(summarize_observable(rows, name, self.n_replicas, of_pairs, wide, is_odd))
        return stacked(each) if self.energy.ndim > 2 else each[0]

    def _windows(self) -> Iterator[tuple[Any, int]]:
        """Yield the place of each temperature, and the window of all series there."""
        for place in np.ndindex(self.energy.shape[1:-1]):
            at = (slice(None), *place)
            yield at, slowest_of(self.energy[at], self.magnetization[at])

    def correlation_length(self, name: str = "structure_factor") -> Estimate:
        """Return the second-moment correlation length, from measured structure factors.

        Parameters
        ----------
        name : {"structure_factor", "overlap_structure_factor"}
            Which of them. Wave vectors of the smallest |k| are averaged.

        Returns
        -------
        spinglass.statistics.Estimate
            xi in lattice spacings, from :func:`spinglass.statistics.correlation_length`; NaN where
            S(0) is not above S(k). For a run at several temperatures it is an array. The note of
            :meth:`observable` of this name says where the error may be too small.

        Raises
        ------
        ValueError
            If the run did not measure it, or not at k = 0 and another k.

        Examples
        --------
        >>> import spinglass
        >>> glass = spinglass.EdwardsAnderson((6, 6), seed=1)
        >>> measure = [spinglass.OverlapStructureFactor()]
        >>> ladder = spinglass.temper(glass, [0.3, 0.6], 500, n_replicas=2, measure=measure, seed=1)
        >>> xi = ladder.correlation_length("overlap_structure_factor")
        >>> bool(xi.value[1] > xi.value[0] > 0)
        True
        """
        choice(name, "name", (StructureFactor.name, OverlapStructureFactor.name))
        kept = {one.name: one for one in self._observables}.get(name)
        if kept is None:
            raise ValueError(
                f"this run did not measure {name}: run it with measure=[{KINDS[name].__name__}()]"
            )
        self._check_measured()
        at_zero, lowest, momentum = smallest(cast(StructureFactor, kept))
        series = self.measured[name]
        zero, others = series[..., at_zero], series[..., lowest].mean(axis=-1)
        each = [
            correlation_length(
                zero[at], others[at], momentum, self.n_replicas, kept.of_pairs, window
            )
            for at, window in self._windows()
        ]
        return Estimate.of(each) if self.energy.ndim > 2 else each[0]

    def _check_measured(self, name: str = "energy") -> None:
        series = self.measured.get(name, self.energy)
        if not series.shape[self.energy.ndim - 1]:
            raise ValueError("nothing was measured: n_sweeps must be at least `every`")

    def to_dataframe(self, pairs: bool = False) -> pandas.DataFrame:
        """Return the measurements in long form: one row for each replica and measurement.

        Parameters
        ----------
        pairs : bool
            Whether to return what was measured of pairs of replicas instead, one row for each
            pair and measurement.

        Returns
        -------
        pandas.DataFrame
            Columns ``replica``, ``sweep``, ``energy`` and ``magnetization``, or ``first``,
            ``second`` (the replicas of the pair), ``sweep``, and those of ``overlap``,
            ``link_overlap`` and ``overlap_structure_factor`` that were measured. Kept states give
            ``overlap`` as well. A tempered run has ``beta`` before ``sweep``, which counts sweeps
            after the warmup.

        Raises
        ------
        ValueError
            With ``pairs``, if nothing was measured of pairs and no states were kept.
        ImportError
            Without pandas, which ``pip install 'spinglass[tables]'`` brings.
        MemoryError
            If the table does not fit in memory.
        """
        frame: pandas.DataFrame = above("dataframe").of_run(self, flag(pairs, "pairs"))
        return frame

    def to_xarray(self) -> xarray.Dataset:
        """Return everything that was measured, with its dimensions, as an xarray.Dataset.

        Returns
        -------
        xarray.Dataset
            ``energy`` and ``magnetization`` have the dimensions ``chain`` (replicas), ``draw``
            (measurements) and, for a tempered run, ``beta``. Measured overlaps have ``pair``
            instead of ``chain``, states ``spin`` last. The coordinate ``sweep`` of draws counts
            sweeps after the warmup. Attributes say what was run: model, dynamics, seed, version
            and others. Arrays are shared with the run, not copied.

        Raises
        ------
        ImportError
            Without xarray, which ``pip install 'spinglass[xarray]'`` brings.
        """
        found: xarray.Dataset = above("dataset").of_run(self)
        return found

    def to_datatree(self) -> xarray.DataTree:
        """Return the same in groups, as ArviZ 1 has it (InferenceData).

        Returns
        -------
        xarray.DataTree
            The group ``posterior`` has energies, magnetizations, and states that were kept.
            ``sample_stats`` has acceptance, exchanges and final states. ``overlaps`` has measured
            overlaps.

        Raises
        ------
        ImportError
            Without xarray, which ``pip install 'spinglass[xarray]'`` brings.
        """
        tree: xarray.DataTree = above("dataset").tree_of_run(self)
        return tree

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the run to a file, completely or not at all.

        The file is an ``.npz`` file of the arrays and their digest, without pickle. A run that is
        loaded can be continued.

        Parameters
        ----------
        path : path
            Name of the file, to which nothing is added. A link is followed. A folder, a pipe or a
            device is not replaced.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        run_files.save(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Run[Any, Any]:
        """Read a run that :meth:`save` wrote. ``Run.load`` reads those at several temperatures too.

        Parameters
        ----------
        path : path

        Raises
        ------
        ValueError
            If the file is not such a file, or is damaged. No code in it is executed. Files of
            earlier versions have no digest, so a changed byte is not always found.
        OSError
            If the file cannot be read, or is not a regular file.
        MemoryError
            If the run does not fit in memory.
        """
        run: Run[Any, Any] = run_files.load(_kinds(cls), path)
        return unaltered(run)

    @takes_beta
    def reweight(
        self, beta: ArrayLike, observables: Any = None, *, reference: float | None = None
    ) -> Reweighting:
        """Return averages at other temperatures: :func:`spinglass.statistics.reweight` of this run.

        Several runs are given to that function together. What the run does not know is NaN.
        """
        return reweight(self, beta, observables, reference=reference)

    overlaps_with = overlaps_of_rows("final_states", "the final states")

    plot = drawn_by(
        "run", "Draw the energy per spin of each replica against sweeps, and its mean with error."
    )
