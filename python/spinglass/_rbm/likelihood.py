"""The partition function of a restricted Boltzmann machine, and the likelihood that follows.

ln Z is summed exactly where one layer has at most 30 units. Beyond, annealed importance sampling
(R. Salakhutdinov and I. Murray, Proc. 25th ICML, 872 (2008), after R. M. Neal, Stat. Comput. 11,
125 (2001)) weighs chains that go from a machine without couplings to this one. Its estimate of Z
has the right mean, so by Jensen's inequality that of ln Z lies below on average, and the likelihood
looks better than it is. Chains that go the other way, from equilibrium to the machine without
couplings, err to the other side (R. B. Grosse, Z. Ghahramani and R. P. Adams, arXiv:1511.02543
(2015)): the truth lies between, if the chains were in equilibrium. The gap between the two says how
much is known.
"""

from __future__ import annotations

import hashlib
import math
import warnings
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias, cast, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass import _core
from spinglass._arguments import choice, integer, real_array, seed_word
from spinglass._rbm.trained import Trained
from spinglass.progress import Progress, progress_callback

Method: TypeAlias = Literal["auto", "exact", "ais", "reverse-ais"]

EXACT_UNITS = 30
_AUTO_UNITS = 25

# Nats. Two sides that differ by more say that annealing is too fast or the chains are not mixed.
TRUSTED_GAP = 1.0


@dataclass(frozen=True, eq=False)
class LogPartition:
    """What is known of ln Z.

    Attributes
    ----------
    value : float
        The estimate, in nats: exact, of one side, or midway between the two.
    error : float
        0 if exact; the standard error over chains; with two sides, half the gap too.
    method : str
        ``"exact"``, ``"ais"`` (from below), ``"reverse-ais"`` (from above), or ``"two-sided"``.
    lower, upper : float or None
        The estimates from below and from above, in nats. Each is a bound on average only.
    lower_error, upper_error : float or None
        Their standard errors.
    gap : float or None
        upper - lower.
    warning : str or None
        Why the estimate is not to be trusted.
    log_weights, reverse_log_weights : numpy.ndarray of float64 or None
        ln Z as each chain estimates it, going up and coming down.
    n_chains, n_betas : int
        Of the annealing; 0 if exact.
    seed : int
        Of its random streams.
    version : str
        Of the package.
    machine : str
        A digest of the parameters that it belongs to.
    """

    value: float
    error: float
    method: str
    lower: float | None
    upper: float | None
    lower_error: float | None
    upper_error: float | None
    gap: float | None
    warning: str | None
    log_weights: NDArray[np.float64] | None = field(repr=False)
    reverse_log_weights: NDArray[np.float64] | None = field(repr=False)
    n_chains: int
    n_betas: int
    seed: int
    version: str
    machine: str = field(default="", repr=False)

    def plot(self, ax: Any = None) -> Any:
        """Draw what each chain says of ln Z, going up and coming down.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        matplotlib.axes.Axes
        """
        from spinglass import plotting

        return plotting.log_partition(self, ax=ax)


@dataclass(frozen=True, eq=False)
class LogLikelihood:
    """The mean log-likelihood of rows of data, ln p(v) = -F(v) - ln Z.

    Attributes
    ----------
    value : float
        Mean over the rows, in nats, with ``log_partition.value``.
    error : float
        That of ln Z. It does not say how the mean would differ for other rows.
    pessimistic, optimistic : float or None
        The mean with ln Z from above and from below. Upward annealing alone is the optimistic side.
    rows : numpy.ndarray of float64, (n_samples,)
        ln p of each row, with ``log_partition.value``.
    log_partition : LogPartition
        What was taken for ln Z.
    """

    value: float
    error: float
    pessimistic: float | None
    optimistic: float | None
    rows: NDArray[np.float64] = field(repr=False)
    log_partition: LogPartition = field(repr=False)


def fingerprint(machine: _core.RbmMachine) -> str:
    """Return a digest of the parameters."""
    digest = hashlib.sha256()
    for values in (
        machine.components(), machine.intercept_hidden(), machine.intercept_visible(),
    ):  # fmt: skip
        digest.update(values.tobytes())
    return digest.hexdigest()


def log_likelihood(
    free_energy: NDArray[np.float64], known: LogPartition, machine: str = ""
) -> LogLikelihood:
    """Return the likelihood of rows of these free energies under this machine."""
    if known.machine != machine:
        raise ValueError(
            "log_partition must be that of this machine with its present parameters, got that of "
            "others"
        )
    mean = -float(free_energy.mean())
    return LogLikelihood(
        value=mean - known.value,
        error=known.error,
        pessimistic=None if known.upper is None else mean - known.upper,
        optimistic=None if known.lower is None else mean - known.lower,
        rows=-free_energy - known.value,
        log_partition=known,
    )


def log_partition(
    trained: Trained,
    method: Method,
    n_chains: int,
    betas: int | ArrayLike,
    warmup: int,
    word: int,
    threads: int | None,
    progress: Progress,
) -> LogPartition:
    """Sum or estimate ln Z; the arguments are those of ``BernoulliRBM.log_partition``."""
    method = cast(Method, choice(method, "method", get_args(Method)))
    machine = trained.machine
    smaller = min(machine.n_hidden, machine.n_visible)
    if method == "exact" or (method == "auto" and smaller <= _AUTO_UNITS):
        known = _exact(machine, smaller, word, threads, progress)
        return replace(known, machine=fingerprint(machine))
    n_chains = integer(n_chains, "n_chains", at_least=2, at_most=2**31 - 1)
    ladder = schedule(betas)
    warmup = integer(warmup, "warmup", at_least=1, at_most=2**31 - 1)
    chains = trained.trainer.hidden()
    hidden = np.resize(chains, (n_chains, chains.shape[1]))
    with progress_callback(progress, "equilibrium", "steps") as report:
        states, _, means, _ = machine.gibbs_from_hidden(
            hidden, warmup, seed_word(word, 0), num_threads=threads, progress=report
        )
    rates = trained.data_means
    base = _base_rates(means.mean(axis=0) if rates is None else rates)
    log_base = machine.n_hidden * math.log(2.0) + float(np.logaddexp(0.0, base, dtype=float).sum())
    up = down = None
    if method in ("auto", "ais"):
        with progress_callback(progress, "annealing up", "steps") as report:
            up = log_base + machine.annealed(
                ladder, n_chains, seed_word(word, 1), base, None, threads, report
            )
    if method in ("auto", "reverse-ais"):
        with progress_callback(progress, "annealing down", "steps") as report:
            down = log_base - machine.annealed(
                ladder, n_chains, seed_word(word, 2), base, states, threads, report
            )
    return replace(_estimate(up, down, len(ladder), word), machine=fingerprint(machine))


def _exact(
    machine: _core.RbmMachine, smaller: int, word: int, threads: int | None, progress: Progress
) -> LogPartition:
    if smaller > EXACT_UNITS:
        raise ValueError(
            f'method="exact" sums over the smaller layer, of at most {EXACT_UNITS} units, got '
            f'{smaller}: "ais" estimates'
        )
    with progress_callback(progress, "exact sum", "states") as report:
        value = machine.log_partition(threads, report)
    return LogPartition(
        value, 0.0, "exact", value, value, 0.0, 0.0, 0.0, None, None, None, 0, 0, word,
        _core.__version__,
    )  # fmt: skip


def _base_rates(means: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the biases of independent units that are on as often as these.

    Any will do for the estimate to be right; near ones make it precise. Those of the data cover all
    that was learned, also what stuck chains do not show. Smoothed, so that no unit is certain.
    """
    rates = 0.99 * np.clip(means.astype(np.float64), 0.0, 1.0) + 0.005
    return np.asarray(np.log(rates / (1 - rates)), dtype=np.float32)


def schedule(betas: int | ArrayLike) -> NDArray[np.float64]:
    """Return the inverse temperatures of an annealing, 0 to 1.

    A number of them is shared out as by Salakhutdinov and Murray: 500 of 14,500 up to 0.5, 4,000 up
    to 0.9, the rest beyond, where the machine freezes.
    """
    if np.ndim(betas) == 0:
        count = integer(betas, "betas", at_least=2, at_most=2**31 - 1)
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


def _estimate(
    up: NDArray[np.float64] | None, down: NDArray[np.float64] | None, n_betas: int, word: int
) -> LogPartition:
    lower = lower_error = upper = upper_error = gap = warning = None
    n_chains = 0
    if up is not None:
        lower, lower_error = _log_mean(up)
        value, error, method, n_chains = lower, lower_error, "ais", len(up)
    if down is not None:
        negative, upper_error = _log_mean(-down)
        upper = -negative
        value, error, method, n_chains = upper, upper_error, "reverse-ais", len(down)
    if lower is not None and upper is not None and lower_error is not None:
        gap = upper - lower
        value, method = (lower + upper) / 2, "two-sided"
        error = math.hypot(lower_error / 2, cast(float, upper_error) / 2, gap / 2)
        if abs(gap) > TRUSTED_GAP:
            warning = (
                f"annealing up says ln Z = {lower:.2f}, annealing down {upper:.2f} nats: neither "
                "is to be trusted. More betas, or a longer warmup, would bring them closer"
            )
            warnings.warn(warning, UserWarning, stacklevel=5)
    return LogPartition(
        value, error, method, lower, upper, lower_error, upper_error, gap, warning, up, down,
        n_chains, n_betas, word, _core.__version__,
    )  # fmt: skip


def _log_mean(logs: NDArray[np.float64]) -> tuple[float, float]:
    """Return ln of the mean of exp(logs), and its standard error to first order."""
    weights = np.exp(logs - logs.max())
    error = float(weights.std(ddof=1) / (weights.mean() * math.sqrt(len(logs))))
    return float(logs.max() + np.log(weights.mean())), error
