"""Estimates of ln Z: from below, from above, and from both sides together.

Chains that are annealed from a simple law to the law of a model estimate Z by weights whose mean is
Z. The logarithm of a mean of few weights is too small on average (Jensen), so the estimate of ln Z
comes from below. Chains of the reversal, from samples of the model, estimate 1/Z, so that estimate
of ln Z comes from above. `spinglass.partition.chain_weights` combines the chains. Ising models and
Boltzmann machines share all of this.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np

from spinglass import _core
from spinglass._printed import printed
from spinglass._registry import drawn_by
from spinglass.partition.chain_weights import (
    Floats,
    bridge,
    effective_sample_size,
    log_mean,
    overlap,
    widened,
)
from spinglass.statistics.estimate import format_estimate

# The spread of weights is itself not known from fewer chains than these.
TRUSTED_CHAINS = 10

# Part of a normal distribution below one standard deviation.
_ONE_ABOVE = 0.8413447460685429

# Two directions that differ by more of their standard errors than these disagree.
TRUSTED_ERRORS = 4.0


@printed
@dataclass(frozen=True, eq=False)
class LogPartition:
    """An estimate of ln Z, or its exact value.

    Attributes
    ----------
    value : float
        The value in nats: exact, the estimate of one side, the middle of two sides, or the bridge
        of both.
    error : float
        0 for an exact value, which only has the rounding of a sum. For one side it is the error of
        that side, as ``lower_error``. For the middle of two sides it includes half the gap. For the
        bridge it is the standard error.
    method : str
        ``"exact"``, ``"ais"`` (from below), ``"reverse-ais"`` (from above), ``"two-sided"`` (midway
        between these), or ``"bridge"`` (Bennett's acceptance ratio of both).
    lower, upper : float or None
        The estimates from below and from above, in nats. Each is a bound only on average, and the
        upper one only if ``upper_is_bound``.
    lower_error, upper_error : float or None
        Their standard errors. They are widened such that two of them cover 95 %, although they are
        estimated from few uneven weights.
    gap : float or None
        upper - lower.
    upper_is_bound : bool
        Whether the chains of the reversal started from exact samples (or the value is exact).
    warning : str or None
        The reason not to trust the estimate.
    log_weights, reverse_log_weights : numpy.ndarray of float64, (n_chains,), or None
        ln Z as estimated by each chain of annealed importance sampling and of its reversal.
    log_base : float or None
        ln Z of the first model of the annealing: N ln 2 at beta = 0, or that of independent units.
    beta : float
        Inverse temperature.
    n_chains, n_betas : int
        Numbers of chains and inverse temperatures of the annealing; 0 if exact.
    seed : int or numpy.random.SeedSequence
        Seed of the random streams.
    model : str
        Description of the model.
    version : str
        Version of the package.

    Examples
    --------
    >>> import spinglass
    >>> from spinglass import exact
    >>> glass = spinglass.SherringtonKirkpatrick(12, seed=1)
    >>> found = spinglass.estimate_log_partition(glass, "bridge", betas=100, seed=2)
    >>> abs(found.value - exact.log_partition(glass)) < 4 * found.error
    True
    """

    value: float
    error: float
    method: str
    lower: float | None
    upper: float | None
    lower_error: float | None
    upper_error: float | None
    gap: float | None
    upper_is_bound: bool
    warning: str | None
    log_weights: Floats | None = field(repr=False)
    reverse_log_weights: Floats | None = field(repr=False)
    log_base: float | None = field(repr=False)
    beta: float
    n_chains: int
    n_betas: int
    seed: int | np.random.SeedSequence
    model: str = ""
    version: str = _core.__version__

    def __str__(self) -> str:
        known = self.method == "exact"
        value = f"{self.value:.10g}" if known else format_estimate(self.value, self.error)
        lines = [f"ln Z = {value} ({self.method})"]
        sides = ((self.lower, self.lower_error, "below"), (self.upper, self.upper_error, "above"))
        for bound, error, side in () if known else sides:
            if bound is not None and error is not None:
                is_bound = side == "below" or self.upper_is_bound
                note = ", a bound on average" if is_bound else ""
                lines.append(f"  from {side}: {format_estimate(bound, error)}{note}")
        if self.warning:
            lines.append(f"  not to be trusted: {self.warning}")
        return "\n".join(lines)

    @property
    def lower_is_bound(self) -> bool:
        """Whether there is a ``lower`` estimate, which is always a bound on average."""
        return self.lower is not None

    @property
    def works(self) -> Floats | None:
        """Work done on each annealed chain, times beta. The mean of exp(-work) is Z / Z_0."""
        return self._since_base(self.log_weights, -1)

    @property
    def reverse_works(self) -> Floats | None:
        """Work done on each chain of the reversal, times beta."""
        return self._since_base(self.reverse_log_weights, 1)

    @property
    def effective_sample_size(self) -> float | None:
        """The number of equal weights that are as informative as those of the annealed chains."""
        return None if self.log_weights is None else effective_sample_size(self.log_weights)

    @property
    def reverse_effective_sample_size(self) -> float | None:
        """The number of equal weights that are as informative as those of the reversal."""
        logs = self.reverse_log_weights
        return None if logs is None else effective_sample_size(-logs)

    @property
    def overlap(self) -> float | None:
        """The overlap of the two histograms, from 0 to 1, or None with one direction only.

        It is the integral of p q / (the mean of p and q, weighted by the numbers of chains).
        """
        if self.log_weights is None or self.reverse_log_weights is None:
            return None
        return overlap(self.log_weights, self.reverse_log_weights)

    plot = drawn_by(
        "log_partition",
        "Draw what each chain says of ln Z, and the true one if ``exact`` is given.",
    )

    def _since_base(self, logs: Floats | None, sign: int) -> Floats | None:
        if logs is None or self.log_base is None:
            return None
        return np.asarray(sign * (logs - self.log_base))


def exactly(value: float, seed: int | np.random.SeedSequence, **about: Any) -> LogPartition:
    """Return the result of an exact sum."""
    about = {"log_base": None, "beta": 1.0, **about}
    return LogPartition(
        value, 0.0, "exact", value, value, 0.0, 0.0, 0.0, True, None, None, None,
        n_chains=0, n_betas=0, seed=seed, **about,
    )  # fmt: skip


def from_chains(
    ais: Floats | None,
    reverse_ais: Floats | None,
    bridged: bool = False,
    trusted_gap: float | None = None,
    **about: Any,
) -> LogPartition:
    """Return the result of the chains of one direction, or of both.

    Parameters
    ----------
    ais, reverse_ais : numpy.ndarray of float64, (n_chains,), or None
        ln Z by each chain.
    bridged : bool
        Whether two directions give Bennett's estimate, or the middle of their own estimates.
    trusted_gap : float, optional
        Largest difference of two trusted sides, in nats; by default several of their standard
        errors.
    **about
        The fields of `LogPartition` that do not follow from these.
    """
    lower = lower_error = upper = upper_error = gap = None
    doubts = []
    if ais is not None:
        lower, lower_error = log_mean(ais)
        value, error, method, n_chains = lower, lower_error, "ais", len(ais)
    if reverse_ais is not None:
        minus_upper, upper_error = log_mean(-reverse_ais)
        upper = -minus_upper
        value, error, method, n_chains = upper, upper_error, "reverse-ais", len(reverse_ais)
    if ais is not None and reverse_ais is not None:
        lower, upper = cast(float, lower), cast(float, upper)
        errors = cast(float, lower_error), cast(float, upper_error)
        gap = upper - lower
        if trusted_gap is None:  # sums of energies round, too
            trusted_gap = TRUSTED_ERRORS * math.hypot(*errors) + 1e-12 * abs(lower)
        if abs(gap) > trusted_gap:
            reach = widened(errors[0], ais), widened(errors[1], -reverse_ais)
            doubts.append(_disagreement(lower, upper, *reach))
        value, method = (lower + upper) / 2, "two-sided"
        error = math.hypot(errors[0] / 2, errors[1] / 2, gap / 2)
        if bridged:
            method = "bridge"
            value, own = bridge(ais, reverse_ais)
            # Where nothing overlaps Bennett's error is without a meaning; two sides still have one.
            # Sides that have changed places contradict each other by as much as they differ.
            error = max(own, -gap) if gap < -trusted_gap else min(own, error)
            shared = 2 * overlap(ais, reverse_ais) * min(len(ais), len(reverse_ais))
            if shared < min(TRUSTED_CHAINS, n_chains / 2):
                doubts.append(
                    f"the two directions have {shared:.1f} chains in common, too few for the error "
                    "to be believed"
                )
    negated = None if reverse_ais is None else -reverse_ais
    if ais is not None and lower_error is not None:
        lower_error = widened(lower_error, ais)
    if negated is not None and upper_error is not None:
        upper_error = widened(upper_error, negated)
    if method in ("ais", "reverse-ais"):
        error = cast(float, lower_error if negated is None else upper_error)
    sides = [side for side in (ais, negated) if side is not None]
    if len(sides) == 1 or not bridged:
        doubts += [_fewness(side) for side in sides if _is_few(side)]
    if n_chains < TRUSTED_CHAINS and not doubts and any(np.ptp(side) > 0 for side in sides):
        doubts.append(f"{n_chains} chains are too few for the error to be believed")
    return LogPartition(
        value, error, method, lower, upper, lower_error, upper_error, gap,
        warning="; ".join(doubts) or None,
        log_weights=ais, reverse_log_weights=reverse_ais, n_chains=n_chains, **about,
    )  # fmt: skip


def _disagreement(lower: float, upper: float, lower_error: float, upper_error: float) -> str:
    why = (
        "the chains were too fast (more betas would help), or the reverse chains did not start "
        "in equilibrium"
        if upper > lower
        else "the reverse chains did not start in equilibrium"
    )
    return (
        f"forward annealing says ln Z = {lower:.2f}({lower_error:.2f}), reverse annealing "
        f"{upper:.2f}({upper_error:.2f}) nats, and neither is to be trusted: {why}"
    )


def _is_few(logs: Floats) -> bool:
    return _worth(logs) < min(TRUSTED_CHAINS, len(logs) / 2)


def _worth(logs: Floats) -> float:
    """Return how many equal weights these are worth, also if the largest has not been seen yet.

    Of normal logs of variance s^2, n e^{-s^2}. s is the distance from the median to one standard
    deviation above: stragglers below carry no weight.
    """
    if len(logs) < TRUSTED_CHAINS:  # a spread that is not known
        return effective_sample_size(logs)
    deviation = float(np.quantile(logs, _ONE_ABOVE) - np.median(logs))
    return min(effective_sample_size(logs), len(logs) * math.exp(-deviation * deviation))


def _fewness(logs: Floats) -> str:
    return (
        f"the weights of {len(logs)} chains are worth {_worth(logs):.1f} equal "
        "ones, too few for the error to be believed: more betas would help"
    )
