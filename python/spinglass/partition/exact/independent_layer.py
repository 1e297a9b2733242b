"""One layer given the states of the other: its variables are independent then.

A unit x = 0 or 1 in a field f has p(x) ~ exp(beta f x). A real number v has p(v) ~ exp(-beta
((v - b)^2 / (2 s) - (f - b) v / s)), a normal law of mean f and variance s / beta: f is b plus what
the other layer adds to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

# So many factors of at most 2 have a finite product.
_FACTORS = 1000


class Given(NamedTuple):
    """A layer in given fields, one row a state of the other layer."""

    log_weights: Floats  # ln of the sum over its states
    means: Floats
    energies: Floats  # mean
    entropies: Floats


class Units:
    """Units 0 and 1."""

    def given(self, fields: Floats, beta: float) -> Given:
        """Return sums and averages of the layer in these fields."""
        x = beta * fields
        positive, size = x > 0, np.abs(x)
        e = np.exp(-size)
        # ln(1 + e^x) = max(x, 0) + ln(1 + e), one logarithm for many factors of at most 2.
        factors = 1.0 + e
        logs = np.zeros(len(x))
        for first in range(0, x.shape[1], _FACTORS):
            logs += np.log(factors[:, first : first + _FACTORS].prod(axis=1))
        means = np.where(positive, 1.0, e) / factors
        # That of a unit is |x| e / (1 + e) + ln(1 + e).
        entropies = (size * e / factors).sum(axis=1) + logs
        log_weights = np.where(positive, x, 0.0).sum(axis=1) + logs
        return Given(log_weights, means, -(means * fields).sum(axis=1), entropies)

    def conditional_variances(self, means: Floats, beta: float) -> Floats:
        """Return <x^2> - <x>^2 of every variable, given its mean."""
        return means * (1.0 - means)


@dataclass(frozen=True)
class RealNumbers:
    """Real numbers of these biases b and variances s (at beta = 1)."""

    biases: Floats
    variances: Floats

    def given(self, fields: Floats, beta: float) -> Given:
        """Return sums and averages of the layer in these fields."""
        b, s = self.biases, self.variances
        squares = ((fields**2 - b**2) / (2 * s)).sum(axis=1)
        logs = 0.5 * float(np.log(2 * np.pi * s / beta).sum())
        entropies = np.full(len(fields), 0.5 * len(s) + logs)
        return Given(beta * squares + logs, fields, len(s) / (2 * beta) - squares, entropies)

    def conditional_variances(self, means: Floats, beta: float) -> Floats:
        """Return <x^2> - <x>^2 of every variable, given its mean."""
        return np.broadcast_to(self.variances / beta, means.shape)
