r"""What all mean-field methods are given: couplings, fields and temperature of a model.

With spins s_i = -1, +1 and E(s) = -1/2 sum_{i != j} J_ij s_i s_j - sum_i h_i s_i + c, a product
Q(s) = prod_i (1 + m_i s_i) / 2 of independent spins with magnetizations m has

    E[m] = -1/2 m.J.m - h.m + c,      S[m] = sum_i S(m_i),
    S(m) = -(1+m)/2 ln((1+m)/2) - (1-m)/2 ln((1-m)/2).

Units 0 and 1 are u = (1 + s) / 2, which changes no energy: m_i = 2 <u_i> - 1 then, and a unit is on
with probability (1 + m_i) / 2. In the batches here the last axis is the start, so that one product
with J serves all starts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spinglass import _arguments
from spinglass.models.couplings import symmetric_couplings
from spinglass.models.energy import HasEnergy, in_spins, structure_of

Floats: TypeAlias = NDArray[np.float64]

# The square of beta times a local field, which TAP forms, must still be a number.
_LARGEST = 1e150


@dataclass(frozen=True, eq=False)
class Problem:
    """The couplings, fields, constant and inverse temperature of one model in spins.

    Attributes
    ----------
    couplings : numpy.ndarray or scipy.sparse.csr_array, (N, N)
        J_ij, sparse if the model is.
    fields : numpy.ndarray, (N, 1)
        h_i.
    constant : float
        c.
    beta : float
        Finite and >= 0.
    """

    couplings: Any
    fields: Floats
    constant: float
    beta: float

    @property
    def n_spins(self) -> int:
        """N."""
        return len(self.fields)

    @property
    def is_sparse(self) -> bool:
        """Whether the couplings are a sparse matrix."""
        return not isinstance(self.couplings, np.ndarray)

    def local_fields(self, m: Floats) -> Floats:
        """Return sum_j J_ij m_j + h_i of each column of m."""
        return np.asarray(self.couplings @ m + self.fields)

    def energy(self, m: Floats) -> Floats:
        """Return E[m], the mean energy of independent spins, of each column of m."""
        pairs = np.einsum("is,is->s", m, self.couplings @ m)
        return np.asarray(-0.5 * pairs - (self.fields * m).sum(axis=0) + self.constant)

    def elbo(self, m: Floats) -> Floats:
        """Return S[m] - beta E[m] = -beta F[m] of each column of m."""
        return np.asarray(spin_entropy(m).sum(axis=0) - self.beta * self.energy(m))


def problem_of(model: HasEnergy, beta: Any) -> Problem:
    """Check a model and an inverse temperature, and return what the methods need of them.

    Raises
    ------
    TypeError, ValueError
        If the energy has no pairs of spins or units, or beta is negative, infinite or too large.
    """
    pairs = in_spins(structure_of(model))
    couplings, n = symmetric_couplings(pairs.couplings), pairs.n_variables
    given = np.zeros(n) if pairs.fields is None else pairs.fields
    fields = _arguments.real_vector(given, "fields", n)
    constant = _arguments.finite(pairs.constant, "constant")
    beta = _arguments.inverse_temperature(beta)
    if math.isinf(beta):
        raise ValueError(
            "beta must be finite, got inf: at zero temperature mean field is a search for ground "
            "states, for which there are spinglass.anneal and spinglass.exact.ground_states"
        )
    largest = float(np.max(abs(couplings).sum(axis=1) + np.abs(fields)))
    if beta * largest > _LARGEST:
        raise ValueError(
            f"beta must be at most {_LARGEST / largest:.3g} for the couplings and fields of this "
            f"model, got {beta:g}"
        )
    return Problem(couplings, fields[:, None], constant, beta)


def spin_entropy(m: Floats) -> Floats:
    """Return the entropy in nats of independent spins of magnetization m, each: 0 at -1 and +1."""
    from scipy.special import entr

    return np.asarray(entr(0.5 + 0.5 * m) + entr(0.5 - 0.5 * m))


def log_two_cosh(x: Floats) -> Floats:
    """Return ln(2 cosh x), which overflows nowhere."""
    size = np.abs(x)
    return np.asarray(size + np.log1p(np.exp(-2.0 * size)))
