"""What a recall of a memory of low activity finds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass._printed import printed
from spinglass.models.recall import Update


@printed
@dataclass(frozen=True, eq=False)
class SparseRecall:
    """The result of a recall of a memory of low activity.

    For a single state every field except ``states`` is a scalar. For a batch it is an array with
    one value per state.

    Attributes
    ----------
    states : numpy.ndarray of int8, (n_units,) or (n_states, n_units)
        The final states, 0 and 1.
    pattern : int
        Number of the pattern of the largest overlap with the start (the first of several).
    start_overlap : float
        That overlap, m = (1 / (N f (1-f))) sum_i (eta_i - f) V_i.
    overlap : float
        Overlap of the final state with ``pattern``. With f N active units in the pattern it is the
        share of them that are on minus the share of the others that are.
    best_pattern : int
        Number of the pattern of the largest overlap with the final state.
    best_overlap : float
        That overlap.
    activity : float
        The share of active units of the final state.
    energy : float
        Total energy of the final state.
    sweeps, flips, converged, cycle_length
        As of :class:`Recall`.
    update, beta, max_sweeps
        The dynamics of the run.
    seed : int or numpy.random.SeedSequence
        The seed that was given, or the one that was drawn for None and a Generator.
    version : str
        Version of the package.

    Examples
    --------
    >>> import numpy as np, spinglass
    >>> patterns = np.random.default_rng(1).random((50, 500)) < 0.1
    >>> found = spinglass.SparseHopfield(patterns).recall(patterns[:3])
    >>> found.best_pattern.tolist(), found.converged.tolist()
    ([0, 1, 2], [True, True, True])
    """

    states: NDArray[np.int8] = field(repr=False)
    pattern: Any
    start_overlap: Any
    overlap: Any
    best_pattern: Any
    best_overlap: Any
    activity: Any
    energy: Any
    sweeps: Any
    flips: Any
    converged: Any
    cycle_length: Any
    update: Update
    beta: float
    max_sweeps: int
    seed: int | np.random.SeedSequence
    version: str
