"""A Hopfield network as a machine of two layers: real units that carry the patterns.

A. Barra, A. Bernacchia, E. Santucci and P. Contucci, Neural Netw. 34, 1 (2012). The Gaussian
identity exp(x^2 / 2) = <exp(x z)> over a normal z of unit variance turns each square of an overlap
into a unit z_mu, which couples to the spins and not to the other units. With M_mu = xi^mu . s,

    exp(-beta E(s)) = exp(-beta P / 2 - beta theta . s) <exp(sum_mu sqrt(beta/N) z_mu M_mu)>.

The spins of `GaussianBernoulliRBM` are its hidden units, s = 2h - 1, and z its visible ones. With
X_mu = sum_i xi_i^mu, M_mu = 2 xi^mu . h - X_mu, so

    W_i,mu = 2 sqrt(beta/N) xi_i^mu,   b_mu = -sqrt(beta/N) X_mu,   c_i = -2 beta theta_i,

and unit variances. Its visible units have the means sqrt(beta/N) M_mu = sqrt(beta N) m^mu, given
the spins, and given them all spins are independent: one Gibbs step draws every spin at once.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from spinglass._arguments import check_memory, finite, shown
from spinglass._random import random_word
from spinglass.machines.gaussian_options import GaussianOptions
from spinglass.machines.rows import reals
from spinglass.machines.trained import Trained
from spinglass.models.hopfield import Hopfield

# Inverse temperatures and thresholds: their products are numbers that the core takes.
_LARGEST = 1e50

# Bytes of a weight: a machine and a trainer, each with the transpose of the weights, and the last
# step of a training, which takes memory when there is one.
_BYTES_PER_WEIGHT = 40


def store_network(machine: Any, network: Any, beta: Any) -> None:
    """Give an estimator the parameters of a network, and as many units.

    `GaussianBernoulliRBM.from_hopfield` has the words.
    """
    if not isinstance(network, Hopfield):
        raise TypeError(f"network must be a Hopfield network, got {shown(network)}")
    beta = finite(beta, "beta")
    if not 0.0 <= beta <= _LARGEST:
        raise ValueError(f"beta must be from 0 to {_LARGEST:g}, got {beta:g}")
    n, p = network.n_spins, network.n_patterns
    thresholds = np.zeros(n) if network.thresholds is None else network.thresholds
    if (largest := np.abs(thresholds).max()) > _LARGEST:
        raise ValueError(
            f"network must have thresholds of at most {_LARGEST:g} in size, got {largest:g}"
        )
    check_memory(_BYTES_PER_WEIGHT * n * p, f"network: a machine of {n} x {p} weights")
    machine.n_components = n
    options, word = GaussianOptions.of(machine), random_word(machine.random_state)
    core = options.machine(_parameters(network.patterns.to_array(), beta, thresholds))
    options, trainer = options.begin_at(core, reals(np.zeros((1, p))), word)
    trained: Trained[Any] = Trained(trainer, options, np.dtype(np.float64), word)
    trained.given = trained.options.given(machine)
    machine._trained, machine.n_features_in_ = trained, p


def _parameters(patterns: Any, beta: float, thresholds: Any) -> dict[str, Any]:
    """Return the parameters of the machine of patterns of -1 and +1."""
    scale = np.sqrt(beta / patterns.shape[1])
    return {
        "components": np.multiply(patterns.T, 2 * scale, order="C"),
        "intercept_hidden": -2 * beta * thresholds,
        "intercept_visible": -scale * patterns.sum(axis=1, dtype=np.int64),
        "variances": np.ones(len(patterns)),
    }
