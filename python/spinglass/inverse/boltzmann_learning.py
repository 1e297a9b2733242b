"""Boltzmann learning finds the couplings whose model has the moments of the data.

The gradient of the likelihood of the samples is <s_i s_j>_data - <s_i s_j>_model by J_ij, and
<s_i>_data - <s_i>_model by h_i (Ackley, Hinton and Sejnowski, Cogn. Sci. 9, 147 (1985)). The
model's moments come from heat-bath chains that persist from update to update. Without chains they
come from sums over all states.

Each step follows the gradient in the metric of a Gaussian model with the covariance C of the data
(Amari, Neural Comput. 10, 251 (1998)). For couplings of s - m, and fields h + J m, its Fisher
information has two blocks, C x C and C, and l2 is added to the first. With the eigenvectors v_a of
C and its eigenvalues lambda_a, the step along v_a v_b^T is G_ab / (lambda_a lambda_b + l2). So
strongly and weakly correlated spins need about the same number of updates. The metric is good only
near the data. Learning therefore begins at the result of pseudo-likelihood, with chains at samples,
and no update moves a parameter far. The rate falls as 1 / sqrt(t). The second half of the updates
is averaged, which removes most of the noise of the chains (Polyak and Juditsky, SIAM J. Control
Optim. 30, 838 (1992)).
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spinglass._random import seed_word
from spinglass.inverse.conditional import beginning
from spinglass.inverse.minimization import DivergingError, Objective, Report
from spinglass.inverse.samples import Samples
from spinglass.inverse.solution import Solution
from spinglass.models.ising import Ising
from spinglass.partition.exact import averages as exact
from spinglass.sampling.sampling import sample

Array = NDArray[np.float64]

# What is added to every variance, so that the metric of singular data is no singular one.
_RIDGE = 0.05

# The longest step of a coupling or field in an update.
_LONGEST = 0.5

# Updates after which the rate begins to fall.
_KNEE = 10

# Sweeps before the moments of the averaged model are looked at.
_LAST_SWEEPS = 20

# The root mean square of the last moments' errors, in units of what the chains' number explains.
_NOISE = 2.0

# Couplings that may be on their way to infinity, and those that are.
_STRONG = 1.0
_LARGE = 6.0

# Couplings beyond this are no learning.
_ABSURD = 30.0


class Chains(NamedTuple):
    """What learning by chains asks for."""

    n_chains: int
    sweeps: int
    learning_rate: float
    n_updates: int
    word: int
    threads: int | None


class _Learning:
    def __init__(self, samples: Samples, l2: float, chains: Chains, start: Solution | None) -> None:
        self._samples, self._l2, self._chains = samples, l2, chains
        m, n = samples.magnetizations, len(samples.magnetizations)
        values, self._basis = np.linalg.eigh(samples.correlations - np.outer(m, m))
        values = np.maximum(values, 0.0) + _RIDGE
        self._scale = 1 / (np.outer(values, values) + l2)
        self._by_fields = (self._basis / values) @ self._basis.T
        self.couplings, self.fields = np.zeros((n, n)), np.arctanh(m)
        if start is not None:
            self.couplings, self.fields = start.couplings, start.fields
        random = np.random.default_rng(chains.word)
        self._states = samples.rows[
            random.choice(len(samples.rows), chains.n_chains, p=samples.shares)
        ]
        self._drawn = 0

    def gradient(self, sweeps: int) -> tuple[Array, Array]:
        """Return that by couplings and by fields, without l2, after more sweeps of the chains."""
        chains = self._chains
        run = sample(
            Ising(self.couplings, self.fields),
            1.0,
            sweeps,
            chains.n_chains,
            "heat-bath",
            every=sweeps,
            initial=self._states,
            measure=(),
            seed=seed_word(chains.word, self._drawn),
            num_threads=chains.threads,
        )
        self._states, self._drawn = run.final_states, self._drawn + 1
        model = Samples.of(run.final_states, None, chains.threads)
        by_couplings = self._samples.correlations - model.correlations
        by_fields = self._samples.magnetizations - model.magnetizations
        return by_couplings, by_fields

    def ascend(self, rate: float, pair_gradient: Array, field_gradient: Array) -> None:
        """Go up along the gradient in the metric."""
        m, basis = self._samples.magnetizations, self._basis
        both = np.outer(m, field_gradient)
        centred = pair_gradient - both - both.T - self._l2 * self.couplings
        change = basis @ (self._scale * (basis.T @ centred @ basis)) @ basis.T
        change = (change + change.T) / 2
        field_change = self._by_fields @ field_gradient - change @ m
        np.fill_diagonal(change, 0.0)
        longest = rate * max(np.abs(change).max(), np.abs(field_change).max())
        rate *= min(1.0, _LONGEST / longest) if longest else 1.0
        self.couplings = self.couplings + rate * change
        self.fields = self.fields + rate * field_change


def learn(samples: Samples, l2: float, chains: Chains, report: Report) -> Solution:
    """Follow the gradient of the likelihood."""
    # Without it learning begins with independent spins.
    start = beginning(samples, l2, chains.threads)
    learning = _Learning(samples, l2, chains, start)
    couplings, fields = np.zeros_like(learning.couplings), np.zeros_like(learning.fields)
    half = chains.n_updates // 2
    for update in range(chains.n_updates):
        before = learning.couplings
        pair_gradient, field_gradient = learning.gradient(chains.sweeps)
        rate = chains.learning_rate / np.sqrt(1 + update / _KNEE)
        learning.ascend(rate, pair_gradient, field_gradient)
        largest = max(np.abs(learning.couplings).max(), np.abs(learning.fields).max())
        if largest > _ABSURD:
            raise DivergingError(
                f"the couplings run away ({largest:.1f} after {update + 1} updates): set l2 above "
                "0, give more samples, or lower learning_rate"
            )
        penalised = pair_gradient - l2 * before
        error = float(max(np.abs(penalised).max(), np.abs(field_gradient).max()))
        report(update + 1, float("nan"), error)
        if update >= half:
            couplings += learning.couplings / (chains.n_updates - half)
            fields += learning.fields / (chains.n_updates - half)
    learning.couplings, learning.fields = couplings, fields
    pair_gradient, field_gradient = learning.gradient(_LAST_SWEEPS)
    excess = _excess(samples, pair_gradient, field_gradient, l2, couplings, chains.n_chains)
    found = Solution(
        couplings,
        fields,
        chains.n_updates,
        excess <= _NOISE,
        message=(
            f"after {chains.n_updates} updates the moments of the chains are off by {excess:.1f} "
            "times their noise: raise max_iter or sweeps, or lower learning_rate"
        ),
    )
    return found if start is not None else doubted(found, samples, l2, chains.threads)


def doubted(found: Solution, samples: Samples, l2: float, threads: int | None) -> Solution:
    """Return what was found, not as converged if the samples seem to have no best couplings.

    Only the pseudo-likelihood is asked. Where it has no maximum, the likelihood may still have one,
    but that takes samples that are all lowest in energy among their neighbours, and yet differ in
    energy: hence the doubt.

    Raises
    ------
    DivergingError
        If couplings are stronger than any that samples could bound so.
    """
    largest = np.abs(found.couplings).max()
    if l2 or largest < _STRONG or beginning(samples, l2, threads) is not None:
        return found
    why = "the pseudo-likelihood of X has no maximum, and the likelihood most likely none either"
    what = "set l2 above 0, or add samples"
    if largest > _LARGE:
        raise DivergingError(f"the couplings run away ({largest:.1f}), as {why}: {what}", found)
    message = f"{why}; couplings are at {largest:.1f} and would run away: {what}"
    return replace(found, converged=False, message=message)


def _excess(
    samples: Samples,
    pair_gradient: Array,
    field_gradient: Array,
    l2: float,
    couplings: Array,
    n_chains: int,
) -> float:
    """Return the root mean square of what is left, over what independent chains would leave."""
    upper = np.triu_indices(len(field_gradient), 1)
    left = np.concatenate([(pair_gradient - l2 * couplings)[upper], field_gradient])
    means = np.concatenate([samples.correlations[upper], samples.magnetizations])
    # Those of the model: with l2 they are not those of the samples.
    means -= np.concatenate([pair_gradient[upper], field_gradient])
    variances = np.maximum(1 - means**2, 1 / n_chains) / n_chains
    return float(np.sqrt(np.mean(left**2 / variances)))


def likelihood(samples: Samples, threads: int | None) -> Objective:
    """Return minus the mean log-likelihood of the samples, with sums over all states."""
    correlations, m = samples.correlations, samples.magnetizations

    def objective(couplings: Array, fields: Array) -> tuple[float, Array, Array, Array]:
        model = Ising(couplings, fields)
        log_z = exact.log_partition(model, num_threads=threads)
        energy = -(couplings * correlations).sum() / 2 - fields @ m
        means = exact.magnetizations(model, num_threads=threads)
        pair_gradient = exact.correlations(model, num_threads=threads) - correlations
        np.fill_diagonal(pair_gradient, 0.0)
        return log_z + energy, pair_gradient, means - m, np.maximum(1 - m**2, 1e-3)

    return objective
