"""Chains along a ladder of temperatures, and what each says of ln Z.

Chain k says x = N ln 2 - sum_j (beta_{j+1} - beta_j) E(s_j), where s_0 is its uniform start and s_j
its state after the sweeps at beta_j. On the way down s_{K-1} is the start, a state of the model at
beta_K, and s_j the state after the reversed sweeps at beta_{j+1}: the same states with the same
steps as on the path that is its reversal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from spinglass import _core
from spinglass._arguments import check_memory
from spinglass._progress import Progress, progress_callback
from spinglass._random import seed_word
from spinglass.models.spin_model import SpinModel
from spinglass.partition import exact
from spinglass.partition.exact.spins import spins_of
from spinglass.partition.reversal import reversal_of
from spinglass.sampling.plan import Dynamics, starts
from spinglass.sampling.runs import Run, TemperedRun

# The children of the seed.
_UP, _DOWN, _TOWARDS, _DRAW = range(4)


@dataclass(frozen=True)
class Annealer:
    """The two ways along a ladder."""

    model: SpinModel
    rungs: NDArray[np.float64]
    n_chains: int
    n_sweeps: int
    dynamics: Dynamics
    warmup: int
    seed: int | np.random.SeedSequence
    threads: int | None
    progress: Progress

    def check_memory(self) -> None:
        """Refuse more chains and energies than fit in memory."""
        n_energies = len(self.rungs) * self.n_sweeps + self.warmup
        check_memory(
            self.n_chains * (8 * n_energies + 16 * self.model.n_spins),
            f"n_chains: {self.n_chains} chains of {self.model.n_spins} spins and the energies of "
            f"{n_energies} sweeps of each",
        )

    def up(self) -> NDArray[np.float64]:
        """Return what each chain says of ln Z that goes from beta = 0 up."""
        word = seed_word(self.seed, _UP)
        states = _core.random_spins(word, self.n_chains, self.model.n_spins, self.threads)
        energies = self._energies(self.model, states, self.rungs[1:-1], word, "annealing up")
        return self._log_weights(energies)

    def down(self, states: NDArray[np.int8]) -> NDArray[np.float64]:
        """Return what each chain says of ln Z that comes from ``beta`` down."""
        word = seed_word(self.seed, _DOWN)
        reversal = reversal_of(self.model, self.dynamics)
        energies = self._energies(
            reversal.model, reversal.states(states), self.rungs[-2:0:-1], word, "annealing down"
        )
        return self._log_weights(energies[:, ::-1])

    def starts(self, initial: Any, is_exact: bool) -> tuple[NDArray[np.int8], bool]:
        """Return where chains that go down start, and whether these are exact samples."""
        model, beta, word = self.model, float(self.rungs[-1]), seed_word(self.seed, _TOWARDS)
        if isinstance(initial, Run):
            initial = self._states_of(initial)
        if initial is None and model.n_spins <= exact.MOST_IN_TABLE:
            return self._draws(beta), True
        states = starts(model, initial, (self.n_chains,), word, self.threads)
        if is_exact:
            return states, True
        ascent = self.rungs[1:] if initial is None else self.rungs[:0]
        schedule = np.concatenate(
            [np.repeat(ascent, self.n_sweeps), np.full(self.warmup, self.rungs[-1])]
        )
        columns = self._anneal(model, states, schedule, word, "towards equilibrium")
        return cast(NDArray[np.int8], columns["final_states"]), False

    def _states_of(self, run: Run) -> NDArray[np.int8]:
        tempered = isinstance(run, TemperedRun)
        beta = float(run.betas[-1]) if isinstance(run, TemperedRun) else float(run.beta)
        if beta != self.rungs[-1]:
            raise ValueError(f"initial must be a run at beta={self.rungs[-1]:g}, got beta={beta:g}")
        return run.final_states[:, -1] if tempered else run.final_states

    def _draws(self, beta: float) -> NDArray[np.int8]:
        """Return independent states from the table of all of them."""
        law = exact.distribution(self.model, beta, num_threads=self.threads)
        heights = np.cumsum(law)
        uniform = np.random.default_rng(seed_word(self.seed, _DRAW)).random(self.n_chains)
        numbers = np.searchsorted(heights, uniform * heights[-1], side="right")
        return spins_of(numbers, self.model.n_spins)

    def _energies(
        self,
        model: SpinModel,
        states: NDArray[np.int8],
        betas: NDArray[np.float64],
        word: int,
        what: str,
    ) -> NDArray[np.float64]:
        """Return the energy of the start and after the sweeps at each of ``betas``, a row a chain.

        Without a step there is nothing to weigh.
        """
        if len(self.rungs) == 1:
            return np.empty((self.n_chains, 0))
        found = [model.energy(states)[:, None]]
        if len(betas):
            columns = self._anneal(model, states, np.repeat(betas, self.n_sweeps), word, what)
            found.append(columns["energy"][:, self.n_sweeps - 1 :: self.n_sweeps])
        return np.concatenate(found, axis=1)

    def _anneal(
        self,
        model: SpinModel,
        states: NDArray[np.int8],
        schedule: NDArray[np.float64],
        word: int,
        what: str,
    ) -> dict[str, Any]:
        if not len(schedule):
            return {"final_states": states}
        with progress_callback(self.progress, what, "sweeps") as callback:
            columns, interruption = _core.anneal(
                model._model, self.dynamics, schedule, states, word, self.threads, callback
            )
        if interruption is not None:
            raise interruption
        return columns

    def _log_weights(self, energies: NDArray[np.float64]) -> NDArray[np.float64]:
        base = self.model.n_spins * math.log(2.0)
        return np.asarray(base - (np.diff(self.rungs) * energies).sum(axis=1))
