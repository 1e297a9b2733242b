"""The result of annealing: the states that it found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from spinglass._printed import printed
from spinglass._registry import above, drawn_by
from spinglass._text import counted
from spinglass.models.pattern_overlaps import overlaps_of_rows

if TYPE_CHECKING:
    import pandas


@printed
@dataclass(frozen=True, eq=False)
class Annealing:
    """The result of :func:`spinglass.anneal`: the states that it found.

    Attributes
    ----------
    best_states : numpy.ndarray of int8, (n_replicas, n_spins)
        The lowest local minimum that each replica reached. Only held spins can point against their
        local fields. Two states of a replica descend, the best state that it had after a sweep (or
        at its start) and its final state, and the lower minimum is kept. (In an interrupted run
        they have not descended.) ``overlaps_with`` compares the states with patterns; products of
        bytes would overflow.
    best_energy : numpy.ndarray of float64, (n_replicas,)
        Total energies of ``best_states``.
    final_states : numpy.ndarray of int8, (n_replicas, n_spins)
        The state of each replica after its last sweep and before the descent.
    energy : numpy.ndarray of float64, (n_replicas, n_sweeps)
        Total energy after each sweep of this call.
    betas : numpy.ndarray of float64, (n_sweeps,)
        The inverse temperature of each sweep. A run that ended early has fewer sweeps.
    n_spins : int
        N.
    model : str
        Description of the model.
    dynamics : str
        As given.
    clamp : numpy.ndarray of bool, (n_replicas, n_spins), or None
        True where a spin was held.
    sweeps : int
        All sweeps before the final states, including those of the annealings that this one
        continued.
    seed : int or numpy.random.SeedSequence
        The seed that was given, or the one that was drawn for None and a Generator. The same seed
        repeats the run.
    version : str
        Version of the package.

    Examples
    --------
    >>> import spinglass
    >>> glass = spinglass.EdwardsAnderson((8, 8), seed=1)
    >>> found = spinglass.anneal(glass, n_sweeps=200, n_replicas=8, seed=2)
    >>> state, energy = found.best
    >>> bool(energy == found.best_energy.min() == glass.energy(state))
    True
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

    def to_dataframe(self) -> pandas.DataFrame:
        """Return the energies in long form: one row for each replica and sweep.

        Returns
        -------
        pandas.DataFrame
            Columns ``replica``, ``sweep``, ``beta`` (of the sweep) and ``energy`` (after it).

        Raises
        ------
        ImportError
            Without pandas, which ``pip install 'spinglass[tables]'`` brings.
        MemoryError
            If the table does not fit in memory.
        """
        frame: pandas.DataFrame = above("dataframe").of_annealing(self)
        return frame

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

    overlaps_with = overlaps_of_rows("best_states", "the best states")

    plot = drawn_by("annealing", "Draw the energy per spin of each replica against sweeps.")
