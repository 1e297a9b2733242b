"""What can be done with a restricted Boltzmann machine once it has parameters.

The energy is E(v, h) = -a.v - b.h - h W v with units 0 and 1. Summed over h it leaves the free
energy F(v) = -a.v - sum_j ln(1 + exp(b_j + W_j v)), and p(v) = exp(-F(v)) / Z.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass import _core
from spinglass._arguments import check_memory, integer
from spinglass._progress import Progress, progress_callback
from spinglass._random import RandomState, legacy, seed_word
from spinglass.machines import likelihood
from spinglass.machines.chains import Sampler
from spinglass.machines.equilibration import Equilibration, equilibration
from spinglass.machines.likelihood import LogLikelihood, Method
from spinglass.machines.rows import binary_states, core_data
from spinglass.models.energy import Layered
from spinglass.models.forms import spin_form
from spinglass.models.ising import Ising
from spinglass.partition.log_partition import LogPartition

# Rows whose pseudo-likelihood is computed at a time.
_CHUNK = 4096


class RbmIsing(NamedTuple):
    """A machine in spins s = 2 (v, h) - 1, visible units first: E(v, h) = model.energy(s) + offset.

    Attributes
    ----------
    model : Ising
        Of n_features + n_components spins.
    offset : float
        What the change of variables adds to every energy.
    """

    model: Ising
    offset: float


class Machine(Sampler):
    """Energies, likelihoods and mixing of a fitted machine."""

    def structure(self) -> Layered:
        """Return weights and biases: the structure of the energy."""
        machine = self._fitted().machine
        return Layered(
            visible="units",
            weights=machine.components(),
            visible_biases=machine.intercept_visible(),
            hidden_biases=machine.intercept_hidden(),
        )

    def energy(self, visible: ArrayLike, hidden: ArrayLike) -> NDArray[np.float64]:
        """Return E(v, h) = -a.v - b.h - h W v.

        Parameters
        ----------
        visible : array_like, (n_samples, n_features)
        hidden : array_like, (n_samples, n_components)
            Units 0 and 1.

        Returns
        -------
        numpy.ndarray of float64, (n_samples,)
        """
        machine = self._fitted().machine
        v = binary_states(visible, "visible", machine.n_visible).astype(np.float64)
        h = binary_states(hidden, "hidden", machine.n_hidden).astype(np.float64)
        if len(v) != len(h):
            raise ValueError(f"visible and hidden must have as many rows, got {len(v)}, {len(h)}")
        pairs = np.einsum("nj,ji,ni->n", h, machine.components(), v, optimize=True)
        energies: NDArray[np.float64] = -(
            v @ machine.intercept_visible() + h @ machine.intercept_hidden() + pairs
        )
        return energies

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
        rows = self._table(X)
        return self._fitted().machine.free_energy(core_data(rows), self._threads)

    def score_samples(self, X: Any) -> NDArray[np.float64]:
        """Return the stochastic pseudo-likelihood of each row, as scikit-learn defines it.

        n_features ln P(v_i | the other units), with one unit i drawn for each row. Cheap, and no
        bound on the likelihood: :meth:`log_likelihood` is the real thing.

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
        n_rows, n_features = rows.shape
        units, machine, threads = draw(0, n_features, n_rows), self._trained.machine, self._threads
        scores = np.empty(n_rows)
        for first in range(0, n_rows, _CHUNK):
            some = slice(first, first + _CHUNK)
            data = core_data(rows[some])
            # A byte above 1 would wrap around.
            flipped = rows[some].astype(rows.dtype if data.binary else np.float64)
            place = np.arange(len(flipped)), units[some]
            flipped[place] = flipped[place] == 0 if data.binary else 1 - flipped[place]
            scores[some] = machine.free_energy(data, threads)
            scores[some] -= machine.free_energy(core_data(flipped), threads)
        return np.asarray(-n_features * np.logaddexp(0.0, scores))

    def log_partition(
        self,
        method: Method = "auto",
        *,
        n_chains: int = 100,
        betas: int | ArrayLike = 10_000,
        warmup: int = 1000,
        random_state: RandomState = None,
        progress: Progress = False,
    ) -> LogPartition:
        """Return ln Z, exactly or with an error.

        Parameters
        ----------
        method : {"auto", "exact", "ais", "reverse-ais"}
            ``"exact"`` sums over all states of the smaller layer, of at most 30 units. ``"ais"``
            estimates from below by annealed importance sampling, so that likelihoods come out
            flattered; ``"reverse-ais"`` from above, if its chains start in equilibrium. ``"auto"``
            is exact up to 25 units, and beyond runs both and reports the gap between them.
        n_chains : int
            Of the annealing.
        betas : int or array_like
            Inverse temperatures of the annealing, 0 to 1, or how many.
        warmup : int
            Gibbs steps from the chains of the training to the states that reverse annealing starts
            from. (The machine at beta = 0 has the means of the data of :meth:`fit`.)
        random_state : None, int, SeedSequence, Generator or RandomState
            None goes on with the random numbers of the model.
        progress : bool or callable
            True for a bar, or a callable of ``(done, total)``.

        Returns
        -------
        LogPartition

        Warns
        -----
        UserWarning
            If the two sides differ by more than a nat, or the weights are so uneven that few chains
            make the estimate.

        Examples
        --------
        >>> import spinglass
        >>> machine = spinglass.BernoulliRBM(2, n_iter=1, random_state=0).fit([[0, 1, 1]])
        >>> exact, up = machine.log_partition(), machine.log_partition("ais", betas=100)
        >>> exact.method, bool(abs(up.value - exact.value) < 4 * up.error + 1e-6)
        ('exact', True)
        """
        return likelihood.log_partition(
            self._fitted(), method, n_chains, betas, warmup, self._word(random_state),
            self._threads, progress,
        )  # fmt: skip

    def log_likelihood(
        self, X: Any, log_partition: LogPartition | Method = "auto"
    ) -> LogLikelihood:
        """Return the mean of ln p(v) over rows of data, from both sides, with the error of ln Z.

        Parameters
        ----------
        X : array_like or sparse matrix, (n_samples, n_features)
        log_partition : LogPartition or str
            What :meth:`log_partition` returned, which serves many sets of data; or its method.

        Returns
        -------
        LogLikelihood

        Raises
        ------
        ValueError
            If ``log_partition`` is that of other parameters.
        """
        free = self.free_energy(X)
        if not isinstance(log_partition, LogPartition):
            log_partition = self.log_partition(log_partition)
        machine = self._trained.machine
        return likelihood.log_likelihood(free, log_partition, likelihood.fingerprint(machine))

    def equilibration(
        self,
        X: Any = None,
        *,
        n_steps: int = 1000,
        n_chains: int = 100,
        random_state: RandomState = None,
        progress: Progress = False,
    ) -> Equilibration:
        """Measure how long chains take to mix, to be compared with k.

        Parameters
        ----------
        X : array_like or sparse matrix, (n_samples, n_features), optional
            Data to start one half of the chains from; the chains of the training by default. The
            other half starts from random states.
        n_steps : int
            Gibbs steps, at least 8.
        n_chains : int
            Of each kind, at least 2.
        random_state : None, int, SeedSequence, Generator or RandomState
            None goes on with the random numbers of the model.
        progress : bool or callable
            True for a bar, or a callable of ``(done, total)`` in steps.

        Returns
        -------
        Equilibration
        """
        trained = self._fitted()
        n_steps = integer(n_steps, "n_steps", at_least=8, at_most=2**31 - 1)
        n_chains = integer(n_chains, "n_chains", at_least=2, at_most=2**31 - 1)
        rows = None if X is None else self._table(X)
        machine, word = trained.machine, self._word(random_state)
        check_memory(
            4 * n_steps * n_chains * machine.n_visible, f"{2 * n_chains} chains of {n_steps} steps"
        )
        with progress_callback(progress, "chains from data", "steps") as report:
            if rows is None:
                chains = trained.trainer.hidden()
                began = machine.gibbs_from_hidden(
                    np.resize(chains, (n_chains, machine.n_hidden)), n_steps, seed_word(word, 0),
                    1, self._threads, report,
                )[3]  # fmt: skip
            else:
                # Rows at equal distances: data are often sorted.
                some = np.linspace(0, len(rows), min(n_chains, len(rows)), endpoint=False)
                starts = np.resize(rows[some.astype(int)], (n_chains, rows.shape[1]))
                began = self._chains_from(starts, n_steps, seed_word(word, 1), 1, report)[1]
        uniform = _core.random_spins(seed_word(word, 2), n_chains, machine.n_visible)
        with progress_callback(progress, "chains from random states", "steps") as report:
            random = machine.gibbs(
                (uniform > 0).astype(np.uint8), n_steps, seed_word(word, 3), None, 1,
                self._threads, report,
            )[3]  # fmt: skip
        return equilibration(machine, began, random, trained.options.k, word, self._threads)

    def to_ising(self) -> RbmIsing:
        """Return the same machine in spins -1 and +1, and the constant between the energies.

        Returns
        -------
        RbmIsing
            ``(model, offset)``: an Ising model of all units, visible ones first.

        Examples
        --------
        >>> import spinglass
        >>> machine = spinglass.BernoulliRBM(2, n_iter=1, random_state=0).fit([[0, 1, 1]])
        >>> model, offset = machine.to_ising()
        >>> difference = machine.energy([[0, 1, 1]], [[1, 0]]) - model.energy([-1, 1, 1, 1, -1])
        >>> bool(abs(difference[0] - offset) < 1e-12)
        True
        """
        form = spin_form(self)
        return RbmIsing(form.to_ising(), form.constant)
