"""A spin model along a ladder of inverse temperatures, from independent spins at beta = 0.

A chain estimates ln Z by x = N ln 2 - sum_j (beta_{j+1} - beta_j) E(s_j), j = 0, ..., K - 1, where
s_0 is its uniform start and s_j its state after the sweeps at beta_j. In the reversal s_{K-1} is
the start, a state of the model at beta_K, and s_j the state after the reversed sweeps at
beta_{j+1}: the same states with the same steps as on the path in the other direction.

A sweep visits the sites one after the other, and each visit obeys detailed balance. The sweep as a
whole does not: its time reversal visits the sites in the opposite order. Crooks' theorem holds
between an annealing and its reversal, sweeps included (G. E. Crooks, Phys. Rev. E 61, 2361 (2000)),
and with it Bennett's estimate; sweeps in the same order in both directions would bias it.
`_core.anneal` sweeps in the opposite order with ``reversed=True``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from spinglass import _core
from spinglass._arguments import check_memory
from spinglass._progress import Progress, progress_callback
from spinglass._random import seed_word
from spinglass.models.spin_model import SpinModel
from spinglass.partition.exact import averages as exact
from spinglass.partition.exact.spins import spins_of
from spinglass.sampling.ladder_runs import LadderRun
from spinglass.sampling.plan import Dynamics, starts
from spinglass.sampling.runs import Run

# The children of the seed.
_AIS, _REVERSE_AIS, _EQUILIBRIUM, _DRAW = range(4)


@dataclass(frozen=True)
class SpinPath:
    """From uniform states to a model at ``betas[-1]``, with the energies of ``model`` plus c.

    Attributes
    ----------
    initial, initial_is_exact
        The starts of the reversal if the caller gives them, and whether they are exact samples.
    constant : float
        c.
    """

    model: SpinModel
    betas: NDArray[np.float64]
    n_chains: int
    n_sweeps: int
    dynamics: Dynamics
    warmup: int
    initial: Any
    initial_is_exact: bool
    constant: float
    seed: int | np.random.SeedSequence
    threads: int | None
    progress: Progress

    @cached_property
    def _known(self) -> float | None:
        """Ln Z = sum_i ln 2 cosh(beta h_i) of spins without couplings; None with couplings."""
        model, beta = self.model, float(self.betas[-1])
        # Where there are couplings, the fields of two states nearly always differ.
        fields = model._model.local_fields(
            _core.random_spins(0, 2, model.n_spins, self.threads), self.threads
        )
        if (fields[0] != fields[1]).any() or abs(model.structure().couplings).sum():
            return None
        sizes = beta * np.abs(fields[0])
        return float((sizes + np.log1p(np.exp(-2 * sizes))).sum()) - beta * self.constant

    def check_memory(self) -> None:
        """Raise MemoryError if the chains and energies do not fit in memory."""
        n_energies = len(self.betas) * self.n_sweeps + self.warmup
        check_memory(
            self.n_chains * (8 * n_energies + 16 * self.model.n_spins),
            f"n_chains: {self.n_chains} chains of {self.model.n_spins} spins and the energies of "
            f"{n_energies} sweeps of each",
        )

    @property
    def log_base(self) -> float:
        """N ln 2."""
        return self.model.n_spins * math.log(2.0)

    def ais(self) -> NDArray[np.float64]:
        """Return x of each chain that is annealed from beta = 0."""
        if self._known is not None:
            return np.full(self.n_chains, self._known)
        word = seed_word(self.seed, _AIS)
        states = _core.random_spins(word, self.n_chains, self.model.n_spins, self.threads)
        return self._log_weights(
            self._energies(states, self.betas[1:-1], word, "forward annealing", reversed=False)
        )

    def reverse_ais(self, starts: NDArray[np.int8]) -> NDArray[np.float64]:
        """Return x of each chain from these states to beta = 0."""
        if self._known is not None:
            return np.full(self.n_chains, self._known)
        word, betas = seed_word(self.seed, _REVERSE_AIS), self.betas[-2:0:-1]
        energies = self._energies(starts, betas, word, "reverse annealing", reversed=True)
        return self._log_weights(energies[:, ::-1])

    def starts(self) -> tuple[NDArray[np.int8], bool]:
        """Return the starts of the reversal, and whether these are exact samples."""
        if self._known is not None:
            return np.empty((0, self.model.n_spins), np.int8), True
        model, initial, word = self.model, self.initial, seed_word(self.seed, _EQUILIBRIUM)
        if isinstance(initial, Run):
            initial = self._states_of(initial)
        if initial is None and model.n_spins <= exact.MOST_IN_TABLE:
            return self._draws(), True
        states = starts(model, initial, (self.n_chains,), word, self.threads)
        if self.initial_is_exact:
            return states, True
        ascent = self.betas[1:] if initial is None else self.betas[:0]
        schedule = np.concatenate(
            [np.repeat(ascent, self.n_sweeps), np.full(self.warmup, self.betas[-1])]
        )
        columns = self._anneal(states, schedule, word, "towards equilibrium")
        return cast(NDArray[np.int8], columns["final_states"]), False

    def _states_of(self, run: Run) -> NDArray[np.int8]:
        tempered, states = isinstance(run, LadderRun), run.final_states
        beta = run.betas[-1] if isinstance(run, LadderRun) else run.beta
        if beta != self.betas[-1]:
            raise ValueError(f"initial must be a run at beta={self.betas[-1]:g}, got beta={beta:g}")
        return states[:, -1] if tempered else states

    def _draws(self) -> NDArray[np.int8]:
        """Return independent states from the table of all of them."""
        law = exact.distribution(self.model, self.betas[-1], num_threads=self.threads)
        heights = np.cumsum(law)
        uniform = np.random.default_rng(seed_word(self.seed, _DRAW)).random(self.n_chains)
        numbers = np.searchsorted(heights, uniform * heights[-1], side="right")
        return spins_of(numbers, self.model.n_spins)

    def _energies(
        self,
        states: NDArray[np.int8],
        betas: NDArray[np.float64],
        word: int,
        what: str,
        reversed: bool,
    ) -> NDArray[np.float64]:
        """Return the energy of the start and after the sweeps at each of ``betas``, a row a chain.

        Without a step there is nothing to weigh.
        """
        if len(self.betas) == 1:
            return np.empty((self.n_chains, 0))
        found = [self.model._model.energy(states, self.threads)[:, None]]
        if len(betas):
            schedule = np.repeat(betas, self.n_sweeps)
            columns = self._anneal(states, schedule, word, what, reversed)
            found.append(columns["energy"][:, self.n_sweeps - 1 :: self.n_sweeps])
        return np.concatenate(found, axis=1)

    def _anneal(
        self,
        states: NDArray[np.int8],
        schedule: NDArray[np.float64],
        word: int,
        what: str,
        reversed: bool = False,
    ) -> dict[str, Any]:
        if not len(schedule):
            return {"final_states": states}
        with progress_callback(self.progress, what, "sweeps") as callback:
            columns, interruption = _core.anneal(
                self.model._model,
                dynamics=self.dynamics,
                schedule=schedule,
                initial=states,
                seed=word,
                reversed=reversed,
                num_threads=self.threads,
                progress=callback,
            )
        if interruption is not None:
            raise interruption
        return columns

    def _log_weights(self, energies: NDArray[np.float64]) -> NDArray[np.float64]:
        with np.errstate(over="ignore", invalid="ignore"):
            logs = self.log_base - (np.diff(self.betas) * energies).sum(axis=1)
            logs -= self.betas[-1] * self.constant
        if not np.isfinite(logs).all():
            raise ValueError(
                "beta times the energies must not be larger than a double can hold, got "
                f"{self.betas[-1]:g} times energies of up to {np.abs(energies).max():g}"
            )
        return np.asarray(logs)
