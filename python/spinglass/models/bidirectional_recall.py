"""What a recall of a bidirectional memory finds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from spinglass._printed import printed

Side = Literal["x", "y"]


@printed
@dataclass(frozen=True, eq=False)
class BidirectionalRecall:
    """The result of a recall of a bidirectional memory.

    For a single start every field except ``x`` and ``y`` is a scalar. For a batch it is an array
    with one value per start.

    Attributes
    ----------
    x : numpy.ndarray of int8, (n_x,) or (n_states, n_x)
        The final states of the first layer.
    y : numpy.ndarray of int8, (n_y,) or (n_states, n_y)
        Those of the second layer.
    pattern : int
        Number of the pair that is nearest to the start, in the layer of the start (the first of
        several equal ones).
    start_overlap : float
        Overlap of the start with it.
    overlap_x, overlap_y : float
        Overlaps of the final states of the layers with ``pattern``.
    best_pattern : int
        Number of the pair of largest overlap with both layers together.
    best_overlap : float
        That overlap, (1/N) (sum_i x_i^mu x_i + sum_j y_j^mu y_j), with its sign.
    energy : float
        Total energy of the final state.
    sweeps : int
        Number of sweeps, including the one that flipped nothing. A sweep updates both layers.
    flips : int
        Number of flips. What the other layer becomes in the first sweep is no flip, as it had no
        state before.
    converged : bool
        Whether the run found that the state is a fixed point of the zero-temperature dynamics.
        Always False at finite temperature.
    side : {"x", "y"}
        The layer of the start.
    beta, max_sweeps
        The dynamics of the run.
    seed : int or numpy.random.SeedSequence
        The seed that was given, or the one that was drawn for None and a Generator.
    version : str
        Version of the package.

    Examples
    --------
    >>> import spinglass
    >>> x = spinglass.random_patterns(5, 300, seed=1)
    >>> y = spinglass.random_patterns(5, 200, seed=2)
    >>> found = spinglass.BidirectionalMemory(x, y).recall(x[:3])
    >>> found.best_pattern.tolist(), found.overlap_y.tolist()
    ([0, 1, 2], [1.0, 1.0, 1.0])
    """

    x: NDArray[np.int8] = field(repr=False)
    y: NDArray[np.int8] = field(repr=False)
    pattern: Any
    start_overlap: Any
    overlap_x: Any
    overlap_y: Any
    best_pattern: Any
    best_overlap: Any
    energy: Any
    sweeps: Any
    flips: Any
    converged: Any
    side: Side
    beta: float
    max_sweeps: int
    seed: int | np.random.SeedSequence
    version: str
