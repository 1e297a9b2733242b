"""What a recall of a modern Hopfield network finds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass._printed import printed


@printed
@dataclass(frozen=True, eq=False)
class ModernRecall:
    """The result of a recall of a modern Hopfield network.

    For a single state every field but ``states``, ``energies`` and ``weights`` is a scalar. For a
    batch it is an array with one value per state.

    Attributes
    ----------
    states : numpy.ndarray, (n_units,) or (n_states, n_units)
        The final states, float64, or float32 if the patterns are.
    pattern : int
        Number of the pattern of the largest weight in the final state (the first of several).
    weight : float
        That weight, between 1/P and 1.
    entropy : float
        Entropy of the weights, -sum_mu w_mu ln w_mu, in nats. Near 0 the state is one pattern. The
        exponential of the entropy is how many patterns it mixes: a metastable state is an average
        of several similar patterns, and no failure.
    energy : float
        Energy of the final state.
    energies : numpy.ndarray of float64, (n + 1,) or (n_states, n + 1)
        The energy of the start and after each step, where n is the largest number of steps. A state
        that has stopped keeps its last energy.
    steps : int
        Number of updates.
    converged : bool
        Whether the last step moved the state by at most ``tol`` times the length of the longest
        pattern.
    weights : numpy.ndarray or None, (n_patterns,) or (n_states, n_patterns)
        The weights with which the patterns make up the final state, if they were asked for.
    beta, max_steps, tol
        What was asked.
    version : str
        Version of the package.

    Examples
    --------
    >>> import numpy as np, spinglass
    >>> patterns = np.random.default_rng(1).normal(size=(50, 64))
    >>> found = spinglass.ModernHopfield(patterns).recall(patterns[:3] + 0.3)
    >>> found.pattern.tolist(), found.converged.all().item()
    ([0, 1, 2], True)
    """

    states: NDArray[Any] = field(repr=False)
    pattern: Any
    weight: Any
    entropy: Any
    energy: Any
    energies: NDArray[np.float64]
    steps: Any
    converged: Any
    weights: NDArray[Any] | None
    beta: float
    max_steps: int
    tol: float
    version: str


def joined(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the columns of some states and then of others as those of all."""
    longest = max(part["energies"].shape[1] for part in parts)
    for part in parts:  # a state that has stopped keeps its last energy
        missing = longest - part["energies"].shape[1]
        part["energies"] = np.pad(part["energies"], ((0, 0), (0, missing)), mode="edge")
    return {
        name: None if first is None else np.concatenate([part[name] for part in parts])
        for name, first in parts[0].items()
    }
