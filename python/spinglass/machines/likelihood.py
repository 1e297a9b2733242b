"""The partition function and the likelihood of a restricted Boltzmann machine.

ln Z is summed exactly if one layer has at most 30 units. For larger layers, annealed importance
sampling (R. Salakhutdinov and I. Murray, Proc. 25th ICML, 872 (2008), after R. M. Neal, Stat.
Comput. 11, 125 (2001)) weights chains that go from a machine without couplings to this one. The
estimate of Z has the mean Z, so by Jensen's inequality the estimate of ln Z is too low on average,
and the likelihood is too high. Chains in the other direction, from equilibrium to the machine
without couplings, have the opposite error (R. B. Grosse, Z. Ghahramani and R. P. Adams,
arXiv:1511.02543 (2015)). The true value lies between the two, if the chains were in equilibrium.
The gap between the two measures how well ln Z is known (`spinglass.partition.log_partition`).
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeAlias, cast, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass import _core
from spinglass._arguments import array_of, check_memory, choice, integer, real_array, shown
from spinglass._estimator import weighted
from spinglass._printed import printed
from spinglass._progress import Progress, progress_callback
from spinglass._random import seed_word
from spinglass.machines.trained import Trained
from spinglass.partition.annealed import annealed
from spinglass.partition.log_partition import LogPartition, exactly

Method: TypeAlias = Literal["auto", "exact", "ais", "reverse-ais"]

EXACT_UNITS = 30
_AUTO_UNITS = 25

# Nats. Two sides that differ by more say that annealing is too fast or the chains are not mixed.
TRUSTED_GAP = 1.0


@printed
@dataclass(frozen=True, eq=False)
class LogLikelihood:
    """The mean log-likelihood of rows of data, ln p(v) = -F(v) - ln Z.

    Attributes
    ----------
    value : float
        Mean over the rows, in nats, with ``log_partition.value``.
    error : float
        Error of ln Z and of the free energies, whose weights the core rounds to 24 bits (16 with
        ``precision="fast"``). So it is not 0 even if ln Z is exact. It does not include the
        variation of the mean between different sets of rows.
    pessimistic, optimistic : float or None
        The mean with ln Z from above and from below. ``"ais"`` alone gives the optimistic side.
    rows : numpy.ndarray of float64, (n_samples,)
        ln p(v) of each row, with ``log_partition.value``.
    log_partition : LogPartition
        The ln Z that was used.

    Examples
    --------
    >>> import numpy as np
    >>> import spinglass
    >>> X = np.random.default_rng(1).integers(0, 2, (200, 6))
    >>> machine = spinglass.BernoulliRBM(3, random_state=1).fit(X)
    >>> found = machine.log_likelihood(X)
    >>> found.optimistic == found.value == found.pessimistic  # exact
    True
    """

    value: float
    error: float
    pessimistic: float | None
    optimistic: float | None
    rows: NDArray[np.float64] = field(repr=False)
    log_partition: LogPartition = field(repr=False)

    def mean(self, sample_weight: ArrayLike | None = None) -> float:
        """Return the mean over the rows, each of which counts as its weight says.

        Parameters
        ----------
        sample_weight : array_like, (n_samples,), optional
            All alike by default: the mean is ``value``.
        """
        values, weights = weighted(self.rows, sample_weight)
        if weights is None and len(values) == len(self.rows):
            return self.value
        return float(np.average(values, weights=weights))


def fingerprint(trained: Trained[Any]) -> str:
    """Return a digest of the present parameters."""
    digest = hashlib.sha256()
    for name in trained.options.PARAMETERS:
        values = getattr(trained.machine, name)()
        digest.update(f"{name} {values.shape}".encode())
        digest.update((values + values.dtype.type(0)).tobytes())  # -0.0 is 0
    return digest.hexdigest()


def rounding(machine: _core.RbmMachine) -> float:
    """Return the standard error of a free energy that comes from the rounding of the weights.

    A field sums at most n_visible weights and a bias. The rounding error of each is uniform within
    a unit. The free energy changes by at most the sum of the changes of the fields.
    """
    return math.sqrt(machine.n_hidden * (machine.n_visible + 1) / 12) / machine.scale


def log_likelihood(
    free_energy: NDArray[np.float64], known: LogPartition, machine: str, rounding: float = 0.0
) -> LogLikelihood:
    """Return the likelihood of rows of these free energies, of this error, under this machine."""
    if not isinstance(known, LogPartition):
        raise TypeError(f"log_partition must be a LogPartition, got {shown(known)}")
    if known.model != machine:
        raise ValueError(
            "log_partition must be that of this machine with its present parameters, got that of "
            "others"
        )
    mean = -float(free_energy.mean())
    return LogLikelihood(
        value=mean - known.value,
        error=math.hypot(known.error, rounding),
        pessimistic=None if known.upper is None else mean - known.upper,
        optimistic=None if known.lower is None else mean - known.lower,
        rows=-free_energy - known.value,
        log_partition=known,
    )


def log_partition(
    trained: Trained[_core.RbmMachine],
    method: Method,
    n_chains: int,
    betas: int | ArrayLike,
    warmup: int,
    word: int,
    threads: int | None,
    progress: Progress,
) -> LogPartition:
    """Sum or estimate ln Z, with the arguments of ``BernoulliRBM.log_partition``."""
    method = cast(Method, choice(method, "method", get_args(Method)))
    machine = trained.machine
    smaller = min(machine.n_hidden, machine.n_visible)
    if method == "exact" or (method == "auto" and smaller <= _AUTO_UNITS):
        return _exact(trained, smaller, word, threads, progress)
    n_chains = integer(n_chains, "n_chains", at_least=2, at_most=2**31 - 1)
    # Measured: 204 bytes of a chain of 9 units, below 2100 of one of 834.
    units = machine.n_hidden + machine.n_visible
    check_memory(n_chains * (200 + 3 * units), f"n_chains: {n_chains} chains of {units} units")
    path = _MachinePath(
        trained,
        n_chains,
        schedule(betas),
        integer(warmup, "warmup", at_least=1, at_most=2**31 - 1),
        word,
        threads,
        progress,
    )
    way = "two-sided" if method == "auto" else method
    return annealed(path, way, fingerprint(trained), trusted_gap=TRUSTED_GAP)


@dataclass(frozen=True)
class _MachinePath:
    """From independent units with the means of the data to a machine."""

    trained: Trained[_core.RbmMachine]
    n_chains: int
    betas: NDArray[np.float64]
    warmup: int
    seed: int
    threads: int | None
    progress: Progress

    @cached_property
    def _equilibrium(self) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Visible states and means after the warmup, which starts from the chains of training."""
        chains = self.trained.trainer.hidden()
        hidden, word = np.resize(chains, (self.n_chains, chains.shape[1])), seed_word(self.seed, 0)
        with progress_callback(self.progress, "equilibrium", "steps") as report:
            states, _, means, _ = self.trained.machine.gibbs_from_hidden(
                hidden, self.warmup, word, num_threads=self.threads, progress=report
            )
        return states, means

    @cached_property
    def _base(self) -> NDArray[np.float32]:
        """The visible biases of the first machine; its hidden units have none."""
        rates = self.trained.data_means
        return _base_rates(self._equilibrium[1].mean(axis=0) if rates is None else rates)

    @property
    def log_base(self) -> float:
        visible = float(np.logaddexp(0.0, self._base, dtype=float).sum())
        return self.trained.machine.n_hidden * math.log(2.0) + visible

    def ais(self) -> NDArray[np.float64]:
        return self.log_base + self._annealed("forward annealing", 1, None)

    def starts(self) -> tuple[NDArray[np.uint8], bool]:
        return self._equilibrium[0], False

    def reverse_ais(self, starts: NDArray[np.uint8]) -> NDArray[np.float64]:
        return self.log_base - self._annealed("reverse annealing", 2, starts)

    def _annealed(
        self, what: str, child: int, starts: NDArray[np.uint8] | None
    ) -> NDArray[np.float64]:
        word, base = seed_word(self.seed, child), self._base
        with progress_callback(self.progress, what, "steps") as report:
            return self.trained.machine.annealed(
                self.betas,
                n_chains=self.n_chains,
                seed=word,
                base=base,
                start=starts,
                num_threads=self.threads,
                progress=report,
            )


def _exact(
    trained: Trained[_core.RbmMachine],
    smaller: int,
    word: int,
    threads: int | None,
    progress: Progress,
) -> LogPartition:
    if smaller > EXACT_UNITS:
        raise ValueError(
            f'method="exact" sums over the smaller layer, of at most {EXACT_UNITS} units, got '
            f'{smaller}: "ais" estimates'
        )
    with progress_callback(progress, "exact sum", "states") as report:
        value = trained.machine.log_partition(1.0, threads, report)
    return exactly(value, word, model=fingerprint(trained))


def _base_rates(means: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the biases of independent units that are on as often as these.

    Any will do for the estimate to be right; near ones make it precise. Those of the data cover all
    that was learned, also what stuck chains do not show. Smoothed, so that no unit is certain.
    """
    rates = 0.99 * np.clip(means.astype(np.float64), 0.0, 1.0) + 0.005
    return np.asarray(np.log(rates / (1 - rates)), dtype=np.float32)


def schedule(betas: int | ArrayLike) -> NDArray[np.float64]:
    """Return the inverse temperatures of an annealing, 0 to 1.

    A given number of them is distributed as by Salakhutdinov and Murray: 500 of 14,500 up to 0.5,
    4,000 up to 0.9, and the rest above, where the machine freezes.
    """
    if array_of(betas, "betas", "real numbers").ndim == 0:
        count = integer(betas, "betas", at_least=2, at_most=2**31 - 1)
        check_memory(32 * count, f"betas: {count} temperatures")
        return np.interp(
            np.linspace(0.0, 1.0, count), [0.0, 500 / 14_500, 4_500 / 14_500, 1.0],
            [0.0, 0.5, 0.9, 1.0],
        )  # fmt: skip
    values = np.array(real_array(betas, "betas"), dtype=np.float64)
    if values.ndim != 1 or len(values) < 2 or values[0] != 0.0 or values[-1] != 1.0:
        raise ValueError(
            "betas must be a list that begins with 0 and ends with 1, or a number >= 2"
        )
    if not (np.diff(values) > 0).all():
        raise ValueError("betas must ascend strictly")
    return values
