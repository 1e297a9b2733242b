r"""A network in which each spin has K inputs, drawn at random, of which few are mutual.

B. Derrida, E. Gardner, A. Zippelius, Europhys. Lett. 4, 167 (1987). In the limit K << ln N the
overlap of a memory is m = erf(m / sqrt(2 alpha)), alpha = P / K. There is no jump: m^2 falls to
zero at alpha = 2 / pi, linearly, and no half-point marks it. The limit is out of reach. Here K is
a few dozens, m^2 is measured below 2 / pi, continued to zero by a parabola in alpha for each K, and
from there to infinite K in 1 / K.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spinglass.experiments.memory_table.row import Measured
from spinglass.experiments.memory_table.trials import MemoryTrials

# Spins of a network, sweeps until the overlap has settled, and those that are averaged.
SPINS, _SWEEPS, _AVERAGED = 200_000, 40, 20


def overlap(n_inputs: int, n_patterns: int, seed: int) -> NDArray[np.float64]:
    """Return the square of the overlap with a pattern, after sweeps of all spins at once.

    A tie is decided by lot. The square of a mean that scatters is too large by its variance: the
    product of the means of two halves of the network is not.
    """
    random = np.random.default_rng(seed)
    inputs = random.integers(0, SPINS, (SPINS, n_inputs), dtype=np.int32)
    patterns = random.choice(np.array([-1, 1], np.int8), (n_patterns, SPINS))
    bonds = np.zeros((SPINS, n_inputs), np.int8 if n_patterns < 128 else np.int16)
    for pattern in patterns:
        bonds += pattern[:, None] * pattern[inputs]
    pattern = patterns[0]
    spins, sums = pattern.copy(), np.zeros(SPINS)
    for sweep in range(_SWEEPS + _AVERAGED):
        fields = np.einsum("ij,ij->i", bonds, spins[inputs], dtype=np.int32)
        ties = np.flatnonzero(fields == 0)
        fields[ties] = random.choice((-1, 1), len(ties))
        spins = np.sign(fields).astype(np.int8)
        if sweep >= _SWEEPS:
            sums += spins * pattern
    one, other = sums.reshape(2, -1).mean(axis=1) / _AVERAGED
    return np.array([one * other])


def zero(found: MemoryTrials) -> Measured:
    """Return the load at which m^2 reaches zero, extrapolated to infinite K."""
    zeros_of = {n: _zero(n, *found.means(n)) for n in found.config.n_spins if found.complete}
    known = [(n, *x) for n, x in zeros_of.items() if np.isfinite(x).all()]
    if len(known) < 2:
        return Measured(note="fewer than two numbers of inputs have a load at which m^2 is zero")
    inputs, zeros, errors = np.array(known).T
    fit, covariance = np.polyfit(1 / inputs, zeros, 1, w=1 / errors, cov="unscaled")
    error = float(np.sqrt(covariance[1, 1]))
    # How far the last step goes is as uncertain as it is long.
    reach = 2 * error + abs(fit[1] - zeros[-1])
    note = f"from K = {', '.join(f'{k:.0f}' for k in inputs)} to infinite K"
    return Measured(float(fit[1]), error, float(fit[1] - reach), float(fit[1] + reach), note)


def _zero(
    n: int, counts: NDArray[np.int64], squares: NDArray[np.float64], errors: NDArray[np.float64]
) -> tuple[float, float]:
    """Return where a parabola through the squares is zero, with its error."""
    loads, errors = counts / n, np.maximum(errors, 1 / SPINS)
    fit, covariance = np.polyfit(loads, squares, 2, w=1 / errors, cov="unscaled")
    roots = np.roots(fit)
    real = roots[np.isreal(roots)].real
    beyond = real[real > loads[-1]]
    if not len(beyond):
        return np.nan, np.nan
    root = beyond.min()
    gradient = np.array([root**2, root, 1.0]) / np.polyval(np.polyder(fit), root)
    return float(root), float(np.sqrt(gradient @ covariance @ gradient))
