"""Pseudo-likelihood and flow: objectives that are sums over spins and samples.

Both are sums over sites of a decreasing function of s_i f_i, ln(1 + exp(-2 s_i f_i)) and
exp(-s_i f_i). They diverge wherever the likelihood does. The reason is that couplings and fields
whose energy is lowest in every sample have s_i f_i >= 0 there, because a single flip does not lower
the energy. All spins of all samples have s_i f_i = 0 only if a spin never changes. So if the
pseudo-likelihood has a maximum, the likelihood has one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from spinglass.inverse.minimization import Descent, DivergingError, Objective, Penalty, Report
from spinglass.inverse.samples import Samples
from spinglass.inverse.solution import Solution

# What a spin against its field adds at least to a sample's pseudo-likelihood and flow.
_WRONG = {"pseudolikelihood": float(np.log(2)), "flow": 1.0}

# The gradient and the iterations of what is only a beginning.
_BEGINNING = 1e-4
_MOST_ITERATIONS = 200


def conditional(data: Any, method: str, threads: int | None) -> Objective:
    """Return pseudo-likelihood or flow of the core's data."""
    evaluate = data.pseudolikelihood if method == "pseudolikelihood" else data.flow

    def objective(couplings: Any, fields: Any) -> Any:
        couplings, fields = (np.ascontiguousarray(x, np.float64) for x in (couplings, fields))
        return evaluate(couplings, fields, threads)

    return objective


def fit_conditional(
    samples: Samples,
    method: str,
    penalty: Penalty,
    tol: float,
    max_iter: int,
    report: Report,
    threads: int | None,
) -> Solution:
    """Minimise pseudo-likelihood or flow."""
    objective = conditional(samples.data, method, threads)
    wrong = samples.smallest_share * _WRONG[method]
    return Descent(objective, samples, penalty, tol, max_iter, report, wrong).run()


def beginning(samples: Samples, l2: float, threads: int | None) -> Solution | None:
    """Return about the maximum of the pseudo-likelihood, or None if there is none."""
    # Each coupling is in two of its terms, and in one of the likelihood.
    penalty = Penalty(0.0, 2 * l2)
    method, silent = "pseudolikelihood", _silent
    try:
        return fit_conditional(
            samples, method, penalty, _BEGINNING, _MOST_ITERATIONS, silent, threads
        )
    except DivergingError:
        return None


def _silent(iteration: int, value: float, gradient: float) -> None:
    """Report nothing."""
