"""The time in which the chains of a machine become independent of their starts.

A. Decelle, C. Furtlehner and B. Seoane, Adv. Neural Inf. Process. Syst. 34, 5345 (2021): a machine
whose chains mix more slowly than its k steps was trained out of equilibrium. It may give good
samples after k steps and bad ones later, and its likelihood says nothing about them. Two things are
measured. Chains from the data and from random states should reach the same energies, and the
autocorrelation of their states should decay within k steps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass import _core
from spinglass._arguments import check_memory, integer, thread_count
from spinglass._printed import printed
from spinglass._progress import Progress, progress_callback
from spinglass._random import RandomState, seed_word
from spinglass._registry import drawn_by
from spinglass.machines.chains import chains_from
from spinglass.machines.trained import Machine, fitted, rows_of

# The autocorrelation is summed up to this many times its own sum (Sokal 1989).
_WINDOW = 5.0

# Mean free energies that differ by fewer standard errors are the same.
_STANDARD_ERRORS = 3.0

# Numbers that are Fourier-transformed together.
_NUMBERS_AT_A_TIME = 2**22


@printed
@dataclass(frozen=True, eq=False)
class Equilibration:
    """The result of ``BernoulliRBM.equilibration``: how fast the chains of a machine mix.

    Attributes
    ----------
    mixing_time : float
        Integrated autocorrelation time of the visible states, 1/2 + sum_t rho(t), in Gibbs steps,
        over the second half of all chains.
    is_bound : bool
        Whether the chains were too short to see the autocorrelation decay. The mixing time is then
        longer than ``mixing_time``.
    meeting_step : float
        From this measured step on, the mean free energies of both kinds of chains agree within
        three standard errors. It is infinite if they never do.
    k : int
        Steps between two updates in training.
    autocorrelation : numpy.ndarray of float64, (n_lags,)
        rho(t), t = 0, 1, .... The mean over all chains is subtracted from each unit.
    steps : numpy.ndarray of int, (n_measurements,)
        The steps at which the free energies below were measured.
    data_free_energy, random_free_energy : numpy.ndarray of float64, (n_measurements,)
        Mean free energy of the chains that started from data and from random states, in nats.
    data_error, random_error : numpy.ndarray of float64, (n_measurements,)
        Their standard errors.
    n_chains, n_steps : int
        Number of chains of each kind, and steps of each chain.
    seed : int
        Seed of the random streams.
    version : str
        Version of the package.

    Examples
    --------
    >>> import numpy as np
    >>> import spinglass
    >>> X = np.random.default_rng(1).integers(0, 2, (200, 6))
    >>> machine = spinglass.BernoulliRBM(3, random_state=1).fit(X)
    >>> machine.equilibration(X, random_state=2).mixing_time < 5  # steps
    True
    """

    mixing_time: float
    is_bound: bool
    meeting_step: float
    k: int
    autocorrelation: NDArray[np.float64] = field(repr=False)
    steps: NDArray[np.int64] = field(repr=False)
    data_free_energy: NDArray[np.float64] = field(repr=False)
    random_free_energy: NDArray[np.float64] = field(repr=False)
    data_error: NDArray[np.float64] = field(repr=False)
    random_error: NDArray[np.float64] = field(repr=False)
    n_chains: int
    n_steps: int
    seed: int
    version: str

    plot = drawn_by(
        "equilibration",
        "Draw how chains forget, and how those from data and from random states meet.",
        panels=True,
    )


def equilibration(
    self: Machine[_core.RbmMachine],
    X: Any = None,
    *,
    n_steps: int = 1000,
    n_chains: int = 100,
    random_state: RandomState = None,
    progress: Progress = False,
) -> Equilibration:
    """Measure the mixing time of the chains, which should be compared with k.

    Parameters
    ----------
    X : array_like or sparse matrix, (n_samples, n_features), optional
        Data from which one half of the chains start; by default the chains of the training. The
        other half starts from random states.
    n_steps : int
        Gibbs steps, at least 8.
    n_chains : int
        Chains of each kind, at least 2.
    random_state : None, int, SeedSequence, Generator or RandomState
        None continues the random numbers of the model.
    progress : bool or callable
        True for a bar, or a callable of ``(done, total)`` in steps.

    Returns
    -------
    Equilibration
    """
    trained = fitted(self)
    n_steps = integer(n_steps, "n_steps", at_least=8, at_most=2**31 - 1)
    n_chains = integer(n_chains, "n_chains", at_least=2, at_most=2**31 - 1)
    rows = None if X is None else rows_of(self, X)
    threads = thread_count(self.num_threads)
    machine, word = trained.machine, trained.next_word(random_state)
    check_memory(
        4 * n_steps * n_chains * machine.n_visible, f"{2 * n_chains} chains of {n_steps} steps"
    )
    with progress_callback(progress, "chains from data", "steps") as report:
        if rows is None:
            chains = trained.trainer.hidden()
            began = machine.gibbs_from_hidden(
                np.resize(chains, (n_chains, machine.n_hidden)), n_steps, seed_word(word, 0),
                every=1, num_threads=threads, progress=report,
            )[3]  # fmt: skip
        else:
            # Rows at equal distances: data are often sorted.
            some = np.linspace(0, len(rows), min(n_chains, len(rows)), endpoint=False)
            starts = np.resize(rows[some.astype(int)], (n_chains, rows.shape[1]))
            began = chains_from(self, starts, n_steps, seed_word(word, 1), 1, report)[1]
    uniform = _core.random_spins(seed_word(word, 2), n_chains, machine.n_visible, threads)
    with progress_callback(progress, "chains from random states", "steps") as report:
        random = machine.gibbs(
            (uniform > 0).astype(np.uint8), n_steps, seed_word(word, 3), every=1,
            num_threads=threads, progress=report,
        )[3]  # fmt: skip
    return _compared(machine, began, random, trained.options.k, word, threads)


def _compared(
    machine: _core.RbmMachine,
    from_data: NDArray[np.uint8] | None,
    from_random: NDArray[np.uint8] | None,
    k: int,
    seed: int,
    threads: int | None,
) -> Equilibration:
    """Compare chains, (n_steps, n_chains, n_visible), that began at data and at random states."""
    assert from_data is not None  # states were asked for
    assert from_random is not None
    n_steps, n_chains, n = from_data.shape
    steps = np.unique(np.geomspace(1, n_steps, 40).astype(int))
    energies, errors = [], []
    for states in (from_data, from_random):
        seen = np.ascontiguousarray(states[steps - 1].reshape(-1, n))
        free = machine.free_energy(_core.RbmData(seen), threads).reshape(len(steps), n_chains)
        energies.append(free.mean(axis=1))
        errors.append(free.std(axis=1, ddof=1) / math.sqrt(n_chains))
    half = n_steps // 2
    memory = _autocorrelation(np.concatenate([from_data[half:], from_random[half:]], axis=1))
    time, is_bound = _integrated(memory)
    apart = np.abs(energies[0] - energies[1]) > _STANDARD_ERRORS * np.hypot(*errors)
    meeting = math.inf if apart[-1] else float(steps[np.flatnonzero(np.r_[True, apart])[-1]])
    return Equilibration(
        mixing_time=time,
        is_bound=is_bound,
        meeting_step=meeting,
        k=k,
        autocorrelation=memory,
        steps=steps,
        data_free_energy=energies[0],
        random_free_energy=energies[1],
        data_error=errors[0],
        random_error=errors[1],
        n_chains=n_chains,
        n_steps=n_steps,
        seed=seed,
        version=_core.__version__,
    )


def _autocorrelation(states: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return rho(t) of states (n_steps, n_chains, n_units), summed over units before dividing."""
    import scipy.fft

    n_steps, n_chains, n_units = states.shape
    means = states.mean(axis=(0, 1))
    length = scipy.fft.next_fast_len(2 * n_steps - 1, real=True)  # no product wraps around
    power = np.zeros(length // 2 + 1)
    chunk = max(1, _NUMBERS_AT_A_TIME // (length * n_chains))
    for first in range(0, n_units, chunk):
        some = slice(first, first + chunk)
        series = states[:, :, some] - means[some].astype(np.float32)
        transform = scipy.fft.rfft(series.reshape(n_steps, -1).T, length, axis=1)
        power += (transform.real**2 + transform.imag**2).sum(axis=0)
    products = scipy.fft.irfft(power, length)[:n_steps] / np.arange(n_steps, 0, -1)
    if products[0] <= 0.0:  # every unit is frozen: no memory can be seen, none can be excluded
        return np.ones(n_steps)
    return np.asarray(products / products[0], dtype=np.float64)


def _integrated(memory: NDArray[np.float64]) -> tuple[float, bool]:
    times = 0.5 + np.cumsum(memory[1:])
    lags = np.arange(1, len(memory))
    # Beyond a quarter of the series a lag is measured on too little to be believed.
    closed = (lags >= _WINDOW * times) & (lags <= max(1, len(memory) // 4))
    if closed.any():
        return max(0.5, float(times[closed.argmax()])), False
    return max(0.5, float(times[: max(1, len(memory) // 4)].max())), True
