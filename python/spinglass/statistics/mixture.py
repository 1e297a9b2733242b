r"""Runs at several temperatures as one: the weights of their measurements in a common ensemble.

The multiple-histogram equations of Ferrenberg and Swendsen [1]_, without histograms [2]_, pool the
measurements of K inverse temperatures as if all were drawn from the mixture with the density

    D(E) = sum_k exp(c_k - beta_k E),        c_k = ln N_k - ln Z(beta_k),

per state. N_k is the number of independent measurements at beta_k. A measurement then has the
weight exp(-beta E) / D(E) at any other beta. The c_k are such that N_k of the mixture's
measurements belong to beta_k. This is at the minimum of the convex function

    sum_n w_n ln D(E_n) - sum_k N_k c_k,

w_n the independent measurements that measurement n stands for. This is multinomial logistic
regression of the temperature on the energy [3]_. The sums go over distinct energies, of which a
model with integer couplings has few. All c_k may be shifted by one number.

.. [1] A. M. Ferrenberg, R. H. Swendsen, Phys. Rev. Lett. 61, 2635 (1988) and 63, 1195 (1989).
.. [2] M. R. Shirts, J. D. Chodera, J. Chem. Phys. 129, 124105 (2008).
.. [3] C. J. Geyer, Estimating normalizing constants and reweighting mixtures (Minnesota, 1994).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import scipy  # its submodules load when first used: --help does not wait for them

from spinglass.statistics.correlation import Floats

_PIECE = 2**21  # numbers of a table of energies by temperatures that are in memory at a time
_POLISHED = 2  # steps of Newton after the search, which ends where its objective is all rounding


class Mixture(NamedTuple):
    """The density D over the distinct energies that were measured."""

    betas: Floats  # (K,)
    energy: Floats  # (U,), relative to an origin
    offsets: Floats  # c, (K,)
    log_density: Floats  # ln D, (U,)
    curvature: Floats  # the Hessian of the convex function at c, (K, K)

    def shares(self, piece: slice) -> Floats:
        """Return the probabilities that a measurement of each energy belongs to each beta."""
        exponents = self.offsets - np.outer(self.energy[piece], self.betas)
        return np.exp(exponents - self.log_density[piece, None])

    def log_weights(self, piece: slice, beta: Floats) -> Floats:
        """Return the logarithm of exp(-beta E) / D(E), (energies, betas)."""
        return -np.outer(self.energy[piece], beta) - self.log_density[piece, None]


def pieces(n_energies: int, n_columns: int) -> Iterator[slice]:
    """Yield the energies in pieces, whose tables of so many columns fit in memory."""
    step = max(_PIECE // max(n_columns, 1), 1)
    for first in range(0, n_energies, step):
        yield slice(first, first + step)


def mixture(betas: Floats, energy: Floats, weight: Floats, counts: Floats, mean: Floats) -> Mixture:
    """Solve for the c_k.

    Parameters
    ----------
    betas : ndarray, (K,)
        Ascending, all different.
    energy, weight : ndarray, (U,)
        Distinct energies, and the independent measurements that have them.
    counts, mean : ndarray, (K,)
        N_k, and the mean energy of the measurements at each beta: the slope of -ln Z, whose
        integral is where the search begins.
    """
    log_ratio = np.diff(betas) * (mean[1:] + mean[:-1]) / 2  # of Z(beta_k) to Z(beta_k+1)
    start = np.log(counts) + np.concatenate([[0.0], np.cumsum(log_ratio)])
    total = weight.sum()
    log_density = np.empty(len(energy))

    def at(offsets: Floats) -> tuple[float, Floats, Floats]:
        """Return the convex function a measurement, its gradient and its Hessian."""
        value, shared = 0.0, np.zeros(len(betas))
        curvature = np.zeros((len(betas), len(betas)))
        for piece in pieces(len(energy), len(betas)):
            exponents = offsets - np.outer(energy[piece], betas)
            log_density[piece] = scipy.special.logsumexp(exponents, axis=1)
            shares = np.exp(exponents - log_density[piece, None])
            weighted = weight[piece, None] * shares
            value += float(weight[piece] @ log_density[piece])
            shared += weighted.sum(axis=0)
            curvature -= shares.T @ weighted
        curvature[np.diag_indices(len(betas))] += shared
        return (value - counts @ offsets) / total, (shared - counts) / total, curvature / total

    offsets = start
    if len(betas) > 1:
        offsets = _minimum(at, start)
    _, _, curvature = at(offsets)
    return Mixture(betas, energy, offsets, log_density, total * curvature)


def _minimum(at: Any, start: Floats) -> Floats:
    """Return where the gradient is zero; the first offset stays as it is."""
    found: dict[bytes, Any] = {}

    def inner(free: Floats) -> Any:
        key = free.tobytes()
        if key not in found:
            found.clear()
            found[key] = at(np.concatenate([start[:1], free]))
        return found[key]

    free = scipy.optimize.minimize(
        lambda x: inner(x)[0],
        start[1:],
        jac=lambda x: inner(x)[1][1:],
        hess=lambda x: inner(x)[2][1:, 1:],
        method="trust-exact",
        options={"gtol": 1e-7},
    ).x
    for _ in range(_POLISHED):
        _, gradient, curvature = inner(free)
        # Temperatures without a common energy leave a direction free: the shortest step is none.
        free = free - np.linalg.lstsq(curvature[1:, 1:], gradient[1:])[0]
    return np.concatenate([start[:1], free])
