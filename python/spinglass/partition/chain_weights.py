"""Estimates of ln Z from the weights of annealed chains, of one direction or of both.

Chains that are annealed from a simple law to the law of a model estimate Z by weights whose mean is
Z (C. Jarzynski, Phys. Rev. Lett. 78, 2690 (1997); R. M. Neal, Stat. Comput. 11, 125 (2001)), and
the chains of the reversal estimate 1/Z (R. B. Grosse, Z. Ghahramani and R. P. Adams,
arXiv:1511.02543 (2015)). The two distributions of the ln Z of a chain, p(x) and q(x) of the
reversal, cross at ln Z (G. E. Crooks, Phys. Rev. E 60, 2721 (1999)):

    q(x) = p(x) exp(x - ln Z),

so ln Z is the midpoint of a logistic regression of the direction on x. This is the acceptance ratio
method of C. H. Bennett, J. Comput. Phys. 22, 245 (1976), with the error of M. R. Shirts, E. Bair,
G. Hooker and V. S. Pande, Phys. Rev. Lett. 91, 140601 (2003); X.-L. Meng and W. H. Wong, Stat.
Sinica 6, 831 (1996).
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

_WITHIN_TWO = 0.9772498680518208  # the normal distribution up to two standard deviations


def log_mean(logs: Floats) -> tuple[float, float]:
    """Return the logarithm of the mean of exp(logs), and its standard error to first order."""
    weights = np.exp(logs - logs.max())
    error = float(weights.std(ddof=1) / (weights.mean() * math.sqrt(len(logs))))
    return float(logs.max() + np.log(weights.mean())), error


def widened(error: float, logs: Floats) -> float:
    """Return an error of `log_mean` such that two of it cover the true value in 95 % of cases.

    The spread of uneven weights is as uncertain as the spread of as many normal numbers as the
    effective sample size says, so the deviations follow Student's t. A set that lacks the rare
    large weights has too small a mean and too small a spread. Therefore two errors reach as far as
    two errors of the logarithm of the mean do upwards. This covers chains whose work has a normal
    law (measured in the tests).
    """
    from scipy.special import expm1, stdtrit

    freedom = max(effective_sample_size(logs) - 1.0, 1.0)
    error *= float(stdtrit(freedom, _WITHIN_TWO)) / 2.0
    relative = min(2.0 * error, 2.0)
    return error * float(expm1(relative)) / relative if relative else error


def effective_sample_size(logs: Floats) -> float:
    """Return (sum w)^2 / sum w^2 of w = exp(logs): A. Kong, Univ. of Chicago, TR 348 (1992)."""
    weights = np.exp(logs - logs.max())
    return float(weights.sum() ** 2 / (weights**2).sum())


def bridge(ais: Floats, reverse_ais: Floats) -> tuple[float, float]:
    """Return Bennett's estimate of ln Z from the chains of both directions, and its error.

    Among the chains that estimate x, there are exp(x - ln Z) chains of the reversal for each chain
    of the annealing (times the ratio of their numbers). The likelihood is largest where the
    expected numbers equal the true ones.
    """
    from scipy.optimize import brentq
    from scipy.special import expit, log_expit, logsumexp

    shift = math.log(len(reverse_ais) / len(ais))

    def balance(middle: float) -> float:
        """Compare, in logarithms, the chains that look as if of the other direction."""
        as_reverse = logsumexp(log_expit(ais - middle + shift))
        return float(as_reverse - logsumexp(log_expit(middle - reverse_ais - shift)))

    lowest = min(float(ais.min()), float(reverse_ais.min())) + shift - 50.0
    highest = max(float(ais.max()), float(reverse_ais.max())) + shift + 50.0
    value = float(brentq(balance, lowest, highest, xtol=1e-12))
    information = _information(ais, reverse_ais, value)
    if information == 0.0:
        return value, math.inf
    # Shirts et al. take a difference, which loses a tiny error. Bennett has the relative errors of
    # the two means whose ratio it is, which do not know how little two histograms share.
    difference = 1 / information - 1 / len(ais) - 1 / len(reverse_ais)
    squares = sum(
        float(shares.var() / (shares.mean() ** 2 * len(shares)))
        for shares in (expit(ais - value + shift), expit(value - reverse_ais - shift))
    )
    return value, math.sqrt(max(difference, squares))


def overlap(ais: Floats, reverse_ais: Floats) -> float:
    """Return the overlap, from 0 to 1, of the two histograms of ln Z as estimated by one chain."""
    value, _ = bridge(ais, reverse_ais)
    return _information(ais, reverse_ais, value) * (1 / len(ais) + 1 / len(reverse_ais))


def _information(ais: Floats, reverse_ais: Floats, value: float) -> float:
    """Return the sum of P(direction | x) P(the other | x) over all chains."""
    from scipy.special import expit

    x = np.concatenate([ais, reverse_ais]) - value + math.log(len(reverse_ais) / len(ais))
    return float((expit(x) * expit(-x)).sum())
