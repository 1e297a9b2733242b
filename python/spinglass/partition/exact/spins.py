"""Sums over all states of a spin model. The work is the core's."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass import _core
from spinglass._arguments import check_memory
from spinglass._caller import warn_caller
from spinglass._progress import Progress, progress_callback
from spinglass.models.energy import Pairwise

MOST_SPINS = 30

# States of the model that is timed when somebody asks how long a larger one would take.
_PROBE = 21

# Error of beta times an energy, hence of a weight, that goes without a word.
_HARMLESS = 1e-2


class SpinSums:
    """Pairs of spins, and how to run through their states."""

    def __init__(self, pairs: Pairwise, num_threads: int | None, progress: Progress) -> None:
        if pairs.n_variables > MOST_SPINS:
            raise ValueError(too_many("n_spins", pairs.n_variables, _INSTEAD))
        couplings = pairs.dense_couplings()
        self._sums = _core.ExactSums(couplings, pairs.fields)
        self._numbers = couplings, pairs.fields
        self._constant = pairs.constant
        self.n_variables = pairs.n_variables
        self._threads, self._progress = num_threads, progress

    def _run(self, name: str, *arguments: Any) -> Any:
        beta = arguments[0] if arguments else 0.0
        warn_of_rounding(*self._numbers, beta)
        with progress_callback(self._progress, "exact sum", "states") as report:
            return getattr(self._sums, name)(*arguments, self._threads, report)

    def log_partition(self, beta: float) -> float:
        """Return ln Z."""
        moments = self._run("moments", beta, False)
        ground, log_weight = moments["ground_energy"] + self._constant, moments["log_weight"]
        # At zero temperature a ground state of energy 0 weighs 1.
        return float(log_weight - beta * ground) if ground else float(log_weight)

    def free_energy(self, beta: float) -> float:
        """Return F = -ln Z / beta."""
        moments = self._run("moments", beta, False)
        # ln Z / beta would lose its digits at small beta, and a limit at infinite beta.
        with np.errstate(divide="ignore", over="ignore"):
            ground = moments["ground_energy"] + self._constant
            return float(ground - np.divide(moments["log_weight"], beta))

    def mean_energy(self, beta: float) -> float:
        """Return <E>."""
        moments = self._run("moments", beta, False)
        return float(moments["ground_energy"] + self._constant + moments["excess"])

    def entropy(self, beta: float) -> float:
        """Return S in nats."""
        moments = self._run("moments", beta, False)
        above = beta * moments["excess"] if moments["excess"] else 0.0
        return float(moments["log_weight"] + above)

    def magnetizations(self, beta: float) -> NDArray[np.float64]:
        """Return <x_i> of every variable."""
        return np.asarray(self._run("moments", beta, True)["magnetizations"])

    def correlations(self, beta: float) -> NDArray[np.float64]:
        """Return <x_i x_j> of every pair."""
        return np.asarray(self._run("moments", beta, True)["correlations"])

    def distribution(self, beta: float) -> NDArray[np.float64]:
        """Return the probability of every state."""
        return np.asarray(self._run("distribution", beta))

    def ground_states(self) -> NDArray[np.int8]:
        """Return all states of lowest energy."""
        count = round(math.exp(self._run("moments", math.inf, False)["log_weight"]))
        what = f"the {count} ground states of {self.n_variables} spins"
        check_memory(count * (4 + 3 * self.n_variables), what)
        return spins_of(self._run("ground_states"), self.n_variables)


def spins_of(numbers: NDArray[Any], n_spins: int) -> NDArray[np.int8]:
    """Return the states of these numbers; spin 0 is the most significant bit."""
    spins = np.empty((len(numbers), n_spins), np.int8)
    for spin in range(n_spins):
        spins[:, spin] = 2 * (numbers >> (n_spins - 1 - spin) & 1).astype(np.int8) - 1
    return spins


def too_many(name: str, count: int, instead: str) -> str:
    """Return why so many spins or units are not enumerated, and what to do instead."""
    couplings = np.zeros((_PROBE, _PROBE))
    probe = _core.ExactSums(couplings)
    started = time.perf_counter()
    probe.moments(1.0, False)
    seconds = math.log10(2.0) * (count - _PROBE) + math.log10(time.perf_counter() - started)
    return (
        f"{name} must be at most {MOST_SPINS} for a sum over all states, got {count}: 2^{count} "
        f"states would take {_duration(seconds)} on this machine. Instead, {instead}"
    )


def _duration(log10_seconds: float) -> str:
    """Return a rough time in words."""
    for unit, size in (("years", 3.156e7), ("days", 86_400.0), ("hours", 3_600.0), ("minutes", 60)):
        exponent = log10_seconds - math.log10(size)
        if exponent >= 4:
            return f"about 10^{exponent:.0f} {unit}"
        if exponent >= 0.3:
            return f"about {float(f'{10**exponent:.2g}'):g} {unit}"
    return f"about {max(1, round(10**log10_seconds))} s"


_INSTEAD = (
    "estimate_log_partition and meanfield estimate ln Z, sample averages, anneal and temper "
    "look for ground states"
)


def warn_of_rounding(couplings: NDArray[np.float64], fields: Any, beta: float) -> None:
    """Say so if states are told apart otherwise because energies are rounded."""
    numbers = np.abs(
        np.append(couplings[np.triu_indices(len(couplings), 1)], 0.0 if fields is None else fields)
    )
    size = float(numbers.sum())
    if size < 2.0**53 and np.array_equal(numbers, np.rint(numbers)):
        return  # sums are whole numbers
    rounding = size * 2.0**-53
    # A spin in a field of that size changes energies by no more than what the core takes as equal.
    # Missed are larger couplings and fields that differ from each other by no more.
    is_smaller = beta == math.inf and numbers[numbers > 0].min() <= 2 * rounding
    if is_smaller or _HARMLESS < beta * rounding < math.inf:
        warn_caller(
            f"energies are rounded to about {rounding:.3g}, which is no longer small at "
            f"beta = {beta:g}: couplings and fields of that size are lost beside the largest "
            "ones, and the result is that of a model without them",
            RuntimeWarning,
        )
