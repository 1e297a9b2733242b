"""What can be done with a machine of real numbers once it has parameters.

Summed over v, what is left is a machine of hidden units alone, of which few enough can be summed
over too: then ln Z is exact. Samples have the noise of the visible units, means do not.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass import _core
from spinglass._arguments import check_memory, integer, real_array
from spinglass._progress import Progress, progress_callback
from spinglass._random import RandomState, legacy, random_word, seed_word
from spinglass.machines import likelihood
from spinglass.machines.gaussian import GaussianTrained, reals
from spinglass.machines.learned import Learned
from spinglass.machines.likelihood import LogLikelihood
from spinglass.machines.rows import binary_states
from spinglass.models.energy import Layered
from spinglass.partition.log_partition import LogPartition, exactly


class GaussianMachine(Learned):
    """Samples, means, energies and likelihoods of a fitted machine of real numbers."""

    def mean(self, hidden: ArrayLike) -> NDArray[Any]:
        """Return E(v|h) = b + h W: where samples given ``hidden`` lie, without their noise.

        Parameters
        ----------
        hidden : array_like, (n_samples, n_components)
            Units 0 and 1, or probabilities of independent hidden units.

        Returns
        -------
        numpy.ndarray, (n_samples, n_features)
        """
        trained = self._machine_in_training()
        array, units = real_array(hidden, "hidden"), trained.gaussian.n_hidden
        if array.ndim != 2 or array.shape[1] != units or not len(array):
            raise ValueError(f"hidden must have shape (n_samples, {units}), got {array.shape}")
        within = (array >= 0) & (array <= 1)
        if not within.all():
            raise ValueError(f"hidden must lie in [0, 1], got {array[~within][0]}")
        return trained.gaussian.visible_means(reals(array), self._threads).astype(trained.dtype)

    def reconstruct(self, X: Any) -> NDArray[Any]:
        """Return the mean of v after one Gibbs step from ``X``, exactly: b + P(h=1|v=X) W.

        Nothing is drawn, neither hidden units nor noise; :meth:`gibbs` does the step itself.

        Parameters
        ----------
        X : array_like or sparse matrix, (n_samples, n_features)

        Returns
        -------
        numpy.ndarray, (n_samples, n_features)
        """
        rows = self._table(X)
        return self._reconstructed(rows, 1, 0).astype(self._trained.dtype)

    def _reconstructed(self, rows: NDArray[Any], n_steps: int, word: int) -> NDArray[np.float64]:
        machine = self._machine_in_training().gaussian
        p = machine.hidden_probabilities(reals(rows), self._threads)
        return machine.visible_means(reals(p), self._threads)

    def sample(
        self,
        n: int = 1,
        n_steps: int = 1000,
        *,
        initial: ArrayLike | None = None,
        random_state: RandomState = None,
        progress: Progress = False,
    ) -> NDArray[Any]:
        """Draw visible states by Gibbs sampling, with their noise.

        Parameters
        ----------
        n : int
            Chains. They are independent; left at 1, ``initial`` says how many.
        n_steps : int
            Gibbs steps of each.
        initial : array_like, (n_features,) or (n, n_features), optional
            Visible states to start from; hidden units on or off with equal chances by default.
        random_state : None, int, SeedSequence, Generator or RandomState
            None goes on with the random numbers of the model.
        progress : bool or callable
            True for a bar, or a callable of ``(done, total)`` in chains.

        Returns
        -------
        numpy.ndarray, (n, n_features)
        """
        return self._drawn(n, n_steps, initial, random_state, progress)[0]

    def sample_means(
        self,
        n: int = 1,
        n_steps: int = 1000,
        *,
        initial: ArrayLike | None = None,
        random_state: RandomState = None,
        progress: Progress = False,
    ) -> NDArray[Any]:
        """Return the means of what :meth:`sample` draws, given the same hidden states.

        They are smoother, but no samples: they have lost the variances. With the same arguments
        and the same ``random_state``, the two differ by the noise alone.

        Parameters
        ----------
        n, n_steps, initial, random_state, progress
            As in :meth:`sample`.

        Returns
        -------
        numpy.ndarray, (n, n_features)
        """
        return self._drawn(n, n_steps, initial, random_state, progress)[1]

    def gibbs(self, v: Any) -> NDArray[Any]:
        """Do one Gibbs step from visible states: draw h given v, then v given h, with noise.

        Parameters
        ----------
        v : array_like, (n_samples, n_features)

        Returns
        -------
        numpy.ndarray, (n_samples, n_features)
        """
        rows, trained = self._table(v), self._machine_in_training()
        drawn = trained.gaussian.gibbs(reals(rows), 1, trained.next_word(), self._threads)[0]
        return drawn.astype(trained.dtype)

    def structure(self) -> Layered:
        """Return weights, biases and variances: the structure of the energy."""
        machine = self._machine_in_training().gaussian
        return Layered(
            visible="real",
            weights=machine.components(),
            visible_biases=machine.intercept_visible(),
            hidden_biases=machine.intercept_hidden(),
            variances=machine.variances(),
        )

    def energy(self, visible: ArrayLike, hidden: ArrayLike) -> NDArray[np.float64]:
        """Return E(v, h) = sum_i (v_i - b_i)^2 / (2 s_i) - c.h - sum_ij h_j W_ji v_i / s_i.

        Parameters
        ----------
        visible : array_like, (n_samples, n_features)
        hidden : array_like, (n_samples, n_components)
            Units 0 and 1.

        Returns
        -------
        numpy.ndarray of float64, (n_samples,)
        """
        machine = self._machine_in_training().gaussian
        v = self._table(visible).astype(np.float64)
        h = binary_states(hidden, "hidden", machine.n_hidden).astype(np.float64)
        if len(v) != len(h):
            raise ValueError(f"visible and hidden must have as many rows, got {len(v)}, {len(h)}")
        s = machine.variances()
        squares = (v - machine.intercept_visible()) ** 2 / (2 * s)
        pairs = (h @ machine.components()) * v / s
        energies: NDArray[np.float64] = (squares - pairs).sum(axis=1)
        return energies - h @ machine.intercept_hidden()

    def free_energy(self, X: Any) -> NDArray[np.float64]:
        """Return F(v) = -ln sum_h exp(-E(v, h)) of each row.

        Parameters
        ----------
        X : array_like or sparse matrix, (n_samples, n_features)

        Returns
        -------
        numpy.ndarray of float64, (n_samples,)
            In nats.
        """
        data = reals(self._table(X))
        return self._machine_in_training().gaussian.free_energy(data, self._threads)

    def score_samples(self, X: Any) -> NDArray[np.float64]:
        """Return a stochastic pseudo-likelihood of each row.

        n_features ln p(v_i | the other units), with one unit i drawn for each row. p is a density,
        integrated exactly over v_i: the score may be positive, and depends on the units of the
        data. It is no bound on the likelihood, which :meth:`log_likelihood` gives for small
        machines.

        Parameters
        ----------
        X : array_like or sparse matrix, (n_samples, n_features)

        Returns
        -------
        numpy.ndarray of float64, (n_samples,)
            In nats.
        """
        return self._pseudo_likelihood(self._table(X), legacy(self.random_state))

    def _pseudo_likelihood(
        self, rows: NDArray[Any], random: np.random.RandomState | np.random.Generator
    ) -> NDArray[np.float64]:
        draw: Any = random.integers if isinstance(random, np.random.Generator) else random.randint
        units = draw(0, rows.shape[1], len(rows)).astype(np.int64)
        machine = self._machine_in_training().gaussian
        conditional = machine.conditional(reals(rows), units, self._threads)
        return np.asarray(rows.shape[1] * conditional)

    def log_partition(self) -> LogPartition:
        """Return ln Z, summed over all states of at most 30 hidden units.

        Returns
        -------
        LogPartition
            Whose method is ``"exact"``.

        Raises
        ------
        ValueError
            If there are more hidden units.
        """
        value = self._machine_in_training().gaussian.log_partition(self._threads)
        return exactly(value, self._trained.word)

    def log_likelihood(self, X: Any, log_partition: LogPartition | None = None) -> LogLikelihood:
        """Return the mean of ln p(v) over rows of data, p being a density, and that of each row.

        Parameters
        ----------
        X : array_like or sparse matrix, (n_samples, n_features)
        log_partition : LogPartition, optional
            What :meth:`log_partition` returned, which serves many sets of data.

        Returns
        -------
        LogLikelihood

        Raises
        ------
        ValueError
            If there are more than 30 hidden units.
        """
        free = self.free_energy(X)
        return likelihood.log_likelihood(free, log_partition or self.log_partition())

    @property
    def variances_(self) -> NDArray[Any]:
        """The variances of the visible units, (n_features,); assigning uploads."""
        trained = self._machine_in_training()
        return trained.array("variances", lambda: trained.gaussian.variances())

    @variances_.setter
    def variances_(self, values: ArrayLike) -> None:
        self._fitted().set_parameter("variances", values)

    def _machine_in_training(self) -> GaussianTrained:
        return cast(GaussianTrained, self._fitted())

    def _drawn(
        self,
        n: int,
        n_steps: int,
        initial: ArrayLike | None,
        random_state: RandomState,
        progress: Progress,
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return samples and their means."""
        trained = self._machine_in_training()
        machine, units = trained.gaussian, trained.gaussian.n_visible
        n = integer(n, "n", at_least=1, at_most=2**31 - 1)
        n_steps = integer(n_steps, "n_steps", at_least=1, at_most=2**53)
        check_memory(8 * n * (4 * units + 2 * machine.n_hidden), f"n: {n} chains of {units} units")
        word = trained.next_word() if random_state is None else random_word(random_state)
        run: Any
        if initial is None:
            coins = _core.random_spins(seed_word(word, 0), n, machine.n_hidden) > 0
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
            start = reals(np.broadcast_to(states, (count, units)))
            run = machine.gibbs
        with progress_callback(progress, "samples", "chains") as report:
            samples, means, _ = run(start, n_steps, seed_word(word, 1), self._threads, report)
        return samples.astype(trained.dtype), means.astype(trained.dtype)
