"""Observables of data under a machine: hidden probabilities, free energies, pseudo-likelihoods.

Each function except the last two is a method of every machine.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass import _core
from spinglass._arguments import thread_count
from spinglass._random import legacy
from spinglass.machines.rows import core_data, output_dtype, reals
from spinglass.machines.trained import Draws, Machine, Rows, fitted, rows_of

# Rows whose pseudo-likelihoods are computed together.
_ROWS_AT_A_TIME = 4096


def transform(self: Machine[Any], X: Any) -> NDArray[np.floating[Any]]:
    """Return P(h=1|v=X).

    Parameters
    ----------
    X : array_like or sparse matrix, (n_samples, n_features)

    Returns
    -------
    numpy.ndarray, (n_samples, n_components)
        float32 if both ``X`` and the data of the fit had this dtype, else float64. After
        :meth:`set_output` it can be a DataFrame, which the type does not say.
    """
    rows, trained = rows_of(self, X), fitted(self)
    threads = thread_count(self.num_threads)
    means = trained.machine.hidden_probabilities(self._data(rows), threads)
    dtype = np.result_type(trained.dtype, output_dtype(X))
    container: NDArray[np.floating[Any]] = self._in_container(means.astype(dtype, copy=False), X)
    return container


def free_energy(self: Machine[Any], X: Any) -> NDArray[np.float64]:
    """Return F(v) = -ln sum_h exp(-E(v, h)) of each row.

    Parameters
    ----------
    X : array_like or sparse matrix, (n_samples, n_features)

    Returns
    -------
    numpy.ndarray of float64, (n_samples,)
        In nats.
    """
    data = self._data(rows_of(self, X))
    free: NDArray[np.float64] = fitted(self).machine.free_energy(
        data, thread_count(self.num_threads)
    )
    return free


def score_samples(self: Machine[Any], X: Any) -> NDArray[np.float64]:
    """Return the stochastic pseudo-likelihood of each row, as scikit-learn defines it.

    It is n_features ln P(v_i | the other units), with one unit i drawn for each row. It is cheap,
    but not a bound on the likelihood, which :meth:`log_likelihood` computes. For real numbers P is
    a density, integrated exactly over v_i, so the score may be positive, and depends on the units
    of the data.

    Parameters
    ----------
    X : array_like or sparse matrix, (n_samples, n_features)

    Returns
    -------
    numpy.ndarray of float64, (n_samples,)
        In nats.
    """
    return self._pseudo_likelihood(rows_of(self, X), legacy(self.random_state))


def pseudo_likelihood_of_units(
    self: Machine[_core.RbmMachine], rows: Rows, random: Draws
) -> NDArray[np.float64]:
    """Return n_features ln P(v_i | the other units) of rows of units 0 and 1."""
    units = _drawn_units(rows, random)
    machine, threads = fitted(self).machine, thread_count(self.num_threads)
    scores = np.empty(len(rows))
    for first in range(0, len(rows), _ROWS_AT_A_TIME):
        some = slice(first, first + _ROWS_AT_A_TIME)
        data = core_data(rows[some])
        # A byte above 1 would wrap around.
        flipped = rows[some].astype(rows.dtype if data.binary else np.float64)
        place = np.arange(len(flipped)), units[some]
        flipped[place] = flipped[place] == 0 if data.binary else 1 - flipped[place]
        scores[some] = machine.free_energy(data, threads)
        scores[some] -= machine.free_energy(core_data(flipped), threads)
    return np.asarray(-rows.shape[1] * np.logaddexp(0.0, scores))


def pseudo_likelihood_of_reals(
    self: Machine[_core.GaussianRbmMachine], rows: Rows, random: Draws
) -> NDArray[np.float64]:
    """Return n_features ln p(v_i | the other units) of rows of real numbers."""
    units = _drawn_units(rows, random).astype(np.int64)
    conditional = fitted(self).machine.conditional(
        reals(rows), units, thread_count(self.num_threads)
    )
    return np.asarray(rows.shape[1] * conditional)


def _drawn_units(rows: Rows, random: Draws) -> NDArray[np.int64]:
    draw: Any = random.integers if isinstance(random, np.random.Generator) else random.randint
    units: NDArray[np.int64] = draw(0, rows.shape[1], len(rows))
    return units
