"""Gibbs sampling of units 0 and 1: h given v, then v given h, all units of a layer at once.

The core draws all units. A real number v in [0, 1] enters the field of the hidden units as it is,
and is never drawn itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass import _core
from spinglass._arguments import boolean_mask, check_memory, flag, integer, thread_count
from spinglass._progress import Progress, progress_callback
from spinglass._random import RandomState, seed_word
from spinglass.machines.rows import binary_states, core_data
from spinglass.machines.trained import Machine, Rows, fitted, rows_of


@overload
def sample(
    self: Machine[_core.RbmMachine],
    n: int = 1,
    n_steps: int = 1000,
    *,
    initial: ArrayLike | None = None,
    clamp: ArrayLike | None = None,
    every: int | None = None,
    means: Literal[False] = False,
    random_state: RandomState = None,
    progress: Progress = False,
) -> NDArray[np.uint8]: ...
@overload
def sample(
    self: Machine[_core.RbmMachine],
    n: int = 1,
    n_steps: int = 1000,
    *,
    initial: ArrayLike | None = None,
    clamp: ArrayLike | None = None,
    every: int | None = None,
    means: Literal[True],
    random_state: RandomState = None,
    progress: Progress = False,
) -> NDArray[np.floating[Any]]: ...
def sample(
    self: Machine[_core.RbmMachine],
    n: int = 1,
    n_steps: int = 1000,
    *,
    initial: ArrayLike | None = None,
    clamp: ArrayLike | None = None,
    every: int | None = None,
    means: bool = False,
    random_state: RandomState = None,
    progress: Progress = False,
) -> NDArray[Any]:
    """Draw visible states by Gibbs sampling.

    Parameters
    ----------
    n : int
        Number of independent chains. If it is 1, ``initial`` determines the number.
    n_steps : int
        Gibbs steps of each chain. :meth:`equilibration` measures how many are enough.
    initial : array_like, (n_features,) or (n, n_features), optional
        Visible states 0 and 1 to start from; by default independent and uniform.
    clamp : array_like of bool, (n_features,), optional
        True where a visible unit keeps its initial value. The other units are drawn given these.
    every : int, optional
        Number of steps after which the states are kept too.
    means : bool
        Whether to return P(v=1|h) of the last step instead of states. This gives smoother pictures.
    random_state : None, int, SeedSequence, Generator or RandomState
        None continues the random numbers of the model.
    progress : bool or callable
        True for a bar, or a callable of ``(done, total)`` in steps.

    Returns
    -------
    numpy.ndarray of uint8, (n, n_features)
        With ``every`` the shape is (n_steps // every, n, n_features). With ``means`` the dtype is
        that of the model.

    Examples
    --------
    >>> import spinglass
    >>> machine = spinglass.BernoulliRBM(2, random_state=0).fit([[0, 0, 0], [1, 1, 1]])
    >>> machine.sample(5, 10, initial=[1, 0, 0], clamp=[True, False, False])[:, 0]
    array([1, 1, 1, 1, 1], dtype=uint8)
    """
    trained = fitted(self)
    machine, units = trained.machine, trained.machine.n_visible
    n = integer(n, "n", at_least=1, at_most=2**31 - 1)
    n_steps = integer(n_steps, "n_steps", at_least=1, at_most=2**53)
    every = None if every is None else integer(every, "every", at_least=1)
    means = flag(means, "means")
    if means and every is not None:
        raise ValueError("means are those of the last step: every must be None")
    if clamp is not None and initial is None:
        raise ValueError("clamp needs initial, the values to keep")
    held = None if clamp is None else _mask(clamp, units)
    check_memory(8 * n * units, f"n: {n} chains of {units} units")
    word = trained.next_word(random_state)
    if initial is None:
        threads = thread_count(self.num_threads)
        states = (_core.random_spins(seed_word(word, 0), n, units, threads) > 0).astype(np.uint8)
    else:
        states = binary_states(initial, "initial", units)
        if len(states) not in (1, n) and n != 1:
            raise ValueError(f"initial must have shape ({units},) or ({n}, {units})")
        states = np.ascontiguousarray(np.broadcast_to(states, (max(n, len(states)), units)))
    if every is not None:
        check_memory(n_steps // every * states.size, "every: the states kept")
    with progress_callback(progress, "samples", "steps") as report:
        drawn, _, probabilities, kept = machine.gibbs(
            states, n_steps, seed_word(word, 1), clamp=held, every=every,
            num_threads=thread_count(self.num_threads), progress=report,
        )  # fmt: skip
    if kept is not None:
        return kept
    return _held(probabilities, states, held).astype(trained.dtype) if means else drawn


def gibbs(self: Machine[_core.RbmMachine], v: Any) -> NDArray[np.bool_]:
    """Do one Gibbs step from visible states.

    Parameters
    ----------
    v : array_like, (n_samples, n_features)

    Returns
    -------
    numpy.ndarray of bool, (n_samples, n_features)
    """
    rows = rows_of(self, v, "v")
    return chains_from(self, rows, 1, fitted(self).next_word(), name="v")[0].view(np.bool_)


def reconstruct(
    self: Machine[_core.RbmMachine],
    X: Any,
    *,
    n_steps: int = 1,
    clamp: ArrayLike | None = None,
    random_state: RandomState = None,
) -> NDArray[np.floating[Any]]:
    """Return reconstructions of visible states: P(v=1|h), with h drawn from P(h|v=X).

    Parameters
    ----------
    X : array_like or sparse matrix, (n_samples, n_features)
    n_steps : int
        Gibbs steps. With more steps the result moves further from ``X``.
    clamp : array_like of bool, (n_features,), optional
        True where a unit is known and keeps its value in ``X`` (which must then hold 0 and 1). The
        other units are filled in.
    random_state : None, int, SeedSequence, Generator or RandomState
        None continues the random numbers of the model.

    Returns
    -------
    numpy.ndarray, (n_samples, n_features)
        Probabilities.
    """
    rows, trained = rows_of(self, X), fitted(self)
    n_steps = integer(n_steps, "n_steps", at_least=1, at_most=2**53)
    word = trained.next_word(random_state)
    if clamp is not None:
        held = _mask(clamp, rows.shape[1])
        states = binary_states(rows, "X", rows.shape[1])
        means = trained.machine.gibbs(
            states, n_steps, seed_word(word, 1), clamp=held,
            num_threads=thread_count(self.num_threads),
        )[2]  # fmt: skip
        return _held(means, states, held).astype(trained.dtype)
    return reconstructed(self, rows, word, n_steps).astype(trained.dtype)


def chains_from(
    model: Machine[_core.RbmMachine],
    rows: Rows,
    n_steps: int,
    word: int,
    every: int | None = None,
    report: Callable[[int, int], object] | None = None,
    name: str = "X",
) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
    """Return the final states of chains from ``rows``, and the states that were kept before.

    ``name`` is the argument that has the rows.
    """
    machine, data = fitted(model).machine, core_data(rows, name)
    seed, threads = seed_word(word, 0), thread_count(model.num_threads)
    if data.binary:
        states, _, _, kept = machine.gibbs(
            rows.astype(np.uint8), n_steps, seed, every=every, num_threads=threads, progress=report
        )
    else:
        hidden = _hidden_of(model, data, seed_word(word, 1))
        states, _, _, kept = machine.gibbs_from_hidden(
            hidden, n_steps, seed, every=every, num_threads=threads, progress=report
        )
    return states, kept


def reconstructed(
    self: Machine[_core.RbmMachine], rows: Rows, word: int, n_steps: int = 1
) -> NDArray[np.float32]:
    """Return P(v=1|h) in the last of ``n_steps`` steps from ``rows``."""
    machine, data = fitted(self).machine, core_data(rows)
    seed, threads = seed_word(word, 0), thread_count(self.num_threads)
    if data.binary:
        return machine.gibbs(rows.astype(np.uint8), n_steps, seed, num_threads=threads)[2]
    hidden = _hidden_of(self, data, seed_word(word, 1))
    if n_steps > 1:
        hidden = machine.gibbs_from_hidden(hidden, n_steps - 1, seed, num_threads=threads)[1]
    return machine.visible_probabilities(hidden, threads)


def _hidden_of(
    model: Machine[_core.RbmMachine], data: _core.RbmData, word: int
) -> NDArray[np.uint8]:
    """Draw h given real numbers v."""
    p = fitted(model).machine.hidden_probabilities(data, thread_count(model.num_threads))
    uniform = np.random.default_rng(word).random(p.shape, dtype=np.float32)
    return (uniform < p).astype(np.uint8)


def _mask(clamp: ArrayLike, n_units: int) -> NDArray[np.bool_]:
    held = boolean_mask(clamp)
    if held.shape != (n_units,):
        raise ValueError(f"clamp must have shape ({n_units},), got {held.shape}")
    return np.ascontiguousarray(held)


def _held(
    means: NDArray[np.float32], states: NDArray[np.uint8], held: NDArray[np.bool_] | None
) -> NDArray[np.float32]:
    return means if held is None else np.where(held, states, means).astype(np.float32)
