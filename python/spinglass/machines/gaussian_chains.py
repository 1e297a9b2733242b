"""Gibbs sampling of real visible units: samples, which have noise, and means, which have none.

Each step ends with hidden states, given these samples.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass import _core
from spinglass._arguments import (
    check_memory,
    copied,
    integer,
    real_array,
    thread_count,
    units_hint,
)
from spinglass._progress import Progress, progress_callback
from spinglass._random import RandomState, seed_word
from spinglass.machines.rows import named, reals
from spinglass.machines.trained import Machine, Rows, fitted, rows_of


def mean(self: Machine[_core.GaussianRbmMachine], hidden: ArrayLike) -> NDArray[np.floating[Any]]:
    """Return E(v|h) = b + h W, the centre of the samples given ``hidden``, without noise.

    Parameters
    ----------
    hidden : array_like, (n_samples, n_components)
        Units 0 and 1, or probabilities of independent hidden units.

    Returns
    -------
    numpy.ndarray, (n_samples, n_features)
    """
    trained = fitted(self)
    array, units = copied(real_array(hidden, "hidden"), np.float64), trained.machine.n_hidden
    if array.ndim != 2 or array.shape[1] != units or not len(array):
        raise ValueError(f"hidden must have shape (n_samples, {units}), got {array.shape}")
    within = (array >= 0) & (array <= 1)
    if not within.all():
        culprit = array[~within][0]
        raise ValueError(f"hidden must lie in [0, 1], got {culprit}{units_hint(culprit)}")
    return trained.machine.visible_means(reals(array), thread_count(self.num_threads)).astype(
        trained.dtype
    )


def reconstruct(self: Machine[_core.GaussianRbmMachine], X: Any) -> NDArray[np.floating[Any]]:
    """Return the mean of v after one Gibbs step from ``X``, exactly: b + P(h=1|v=X) W.

    No random number is drawn. :meth:`gibbs` does the same step with hidden units and noise drawn.

    Parameters
    ----------
    X : array_like or sparse matrix, (n_samples, n_features)

    Returns
    -------
    numpy.ndarray, (n_samples, n_features)
    """
    return reconstructed(self, rows_of(self, X)).astype(fitted(self).dtype)


def sample(
    self: Machine[_core.GaussianRbmMachine],
    n: int = 1,
    n_steps: int = 1000,
    *,
    initial: ArrayLike | None = None,
    random_state: RandomState = None,
    progress: Progress = False,
) -> NDArray[np.floating[Any]]:
    """Draw visible states by Gibbs sampling, with their noise.

    Parameters
    ----------
    n : int
        Number of independent chains. With the default 1 it is the number of rows of ``initial``.
    n_steps : int
        Gibbs steps of each chain.
    initial : array_like, (n_features,) or (n, n_features), optional
        Visible states to start from. By default each hidden unit starts at 0 or 1 with equal
        probability.
    random_state : None, int, SeedSequence, Generator or RandomState
        None continues the random numbers of the model.
    progress : bool or callable
        True for a bar, or a callable of ``(done, total)`` in chains.

    Returns
    -------
    numpy.ndarray, (n, n_features)
    """
    return _drawn(self, n, n_steps, initial, random_state, progress)[0]


def sample_means(
    self: Machine[_core.GaussianRbmMachine],
    n: int = 1,
    n_steps: int = 1000,
    *,
    initial: ArrayLike | None = None,
    random_state: RandomState = None,
    progress: Progress = False,
) -> NDArray[np.floating[Any]]:
    """Return the means of what :meth:`sample` draws, given the same hidden states.

    The means are smoother, but they are not samples, because they have no noise. With the same
    arguments and the same ``random_state``, only the noise differs between the two methods.

    Parameters
    ----------
    n, n_steps, initial, random_state, progress
        As in :meth:`sample`.

    Returns
    -------
    numpy.ndarray, (n, n_features)
    """
    return _drawn(self, n, n_steps, initial, random_state, progress)[1]


def sample_hidden(
    self: Machine[_core.GaussianRbmMachine],
    n: int = 1,
    n_steps: int = 1000,
    *,
    initial: ArrayLike | None = None,
    random_state: RandomState = None,
    progress: Progress = False,
) -> NDArray[np.floating[Any]]:
    """Draw hidden states by Gibbs sampling: those given the visible states of :meth:`sample`.

    Parameters
    ----------
    n, n_steps, initial, random_state, progress
        As in :meth:`sample`. The same ``random_state`` gives hidden states given its samples.

    Returns
    -------
    numpy.ndarray, (n, n_components)
        0 and 1.
    """
    return _drawn(self, n, n_steps, initial, random_state, progress)[2]


def gibbs(self: Machine[_core.GaussianRbmMachine], v: Any) -> NDArray[np.floating[Any]]:
    """Do one Gibbs step from visible states: draw h given v, then v given h, with noise.

    Parameters
    ----------
    v : array_like, (n_samples, n_features)

    Returns
    -------
    numpy.ndarray, (n_samples, n_features)
    """
    rows, trained = rows_of(self, v, "v"), fitted(self)
    with named("v"):
        data = reals(rows)
    drawn = trained.machine.gibbs(data, 1, trained.next_word(), thread_count(self.num_threads))[0]
    return drawn.astype(trained.dtype)


def reconstructed(
    self: Machine[_core.GaussianRbmMachine], rows: Rows, word: int = 0
) -> NDArray[np.float64]:
    """Return the means of the visible units after one step from ``rows``; nothing is drawn."""
    machine, threads = fitted(self).machine, thread_count(self.num_threads)
    p = machine.hidden_probabilities(reals(rows), threads)
    return machine.visible_means(reals(p), threads)


def _drawn(
    model: Machine[_core.GaussianRbmMachine],
    n: int,
    n_steps: int,
    initial: ArrayLike | None,
    random_state: RandomState,
    progress: Progress,
) -> tuple[NDArray[Any], ...]:
    """Return samples, their means, and their hidden states."""
    trained = fitted(model)
    machine, units = trained.machine, trained.machine.n_visible
    n = integer(n, "n", at_least=1, at_most=2**31 - 1)
    n_steps = integer(n_steps, "n_steps", at_least=1, at_most=2**53)
    check_memory(8 * n * (4 * units + 2 * machine.n_hidden), f"n: {n} chains of {units} units")
    word = trained.next_word(random_state)
    run: Any
    if initial is None:
        threads = thread_count(model.num_threads)
        coins = _core.random_spins(seed_word(word, 0), n, machine.n_hidden, threads) > 0
        start, run = reals(coins), machine.gibbs_from_hidden
    else:
        states = np.atleast_2d(real_array(initial, "initial"))
        count = len(states) if n == 1 else n
        if states.shape not in ((1, units), (count, units)) or not len(states):
            raise ValueError(
                f"initial must have shape ({units},) or ({n}, {units}), got {np.shape(initial)}"
            )
        if not np.isfinite(states).all():
            raise ValueError("initial must hold finite numbers")
        with named("initial"):
            start = reals(np.broadcast_to(states, (count, units)))
        run = machine.gibbs
    with progress_callback(progress, "samples", "chains") as report:
        drawn = run(
            start, n_steps, seed_word(word, 1), num_threads=thread_count(model.num_threads),
            progress=report,
        )  # fmt: skip
    return tuple(x.astype(trained.dtype) for x in drawn)
