r"""Single neurons: which can learn all patterns, by the perceptron rule or a linear programme.

A neuron with n inputs has learned when xi_i^mu sum_j J_j xi_j^mu > 0 for all mu. The perceptron
rule finds such couplings if there are any, but it cannot tell that there are none. What it leaves
open after some epochs is decided by a linear programme: how large can the smallest
xi_i^mu J . xi^mu be, with |J_j| <= 1?
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinglass import rules
from spinglass.models.patterns import Patterns

# Neurons of each instance that are asked, and epochs of the rule.
NEURONS, _EPOCHS = 8, 300

# A field below it is the rounding of a linear programme.
_ZERO = 1e-7


def learned(n_spins: int, n_patterns: int, seed: int) -> NDArray[np.float64]:
    """Return 1 for each neuron that can learn the patterns, and 0 for the others."""
    patterns = Patterns.random(n_patterns, n_spins, seed=seed)
    memory = rules.perceptron(patterns, max_epochs=_EPOCHS)
    worst = memory.margins().min(axis=0)
    spins = patterns.to_array().astype(float)
    return np.array([worst[i] > 0 or can_learn(spins, i) for i in range(NEURONS)], dtype=float)


def can_learn(spins: NDArray[np.float64], i: int) -> bool:
    """Return whether neuron i has couplings with which it learns all patterns, the rows."""
    from scipy.optimize import linprog

    signed = spins[:, i, None] * np.delete(spins, i, axis=1)
    P, n = signed.shape
    # The largest field that all patterns can have, with couplings between -1 and 1: 0, or above 0.
    found = linprog(
        np.append(np.zeros(n), -1.0),
        np.hstack([-signed, np.ones((P, 1))]),
        np.zeros(P),
        bounds=[(-1, 1)] * n + [(0, None)],
    )
    if found.status != 0:
        raise RuntimeError(f"a linear programme of {n} couplings was not solved: {found.message}")
    return bool(-found.fun > _ZERO)
