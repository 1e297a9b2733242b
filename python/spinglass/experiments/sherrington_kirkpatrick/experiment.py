r"""The Sherrington-Kirkpatrick spin glass at low temperature, by tempering.

Every pair of N spins has a random coupling of variance 1/N. A glass is one draw of the couplings.
It is tempered on two ladders of temperatures (see `instance` beside this module). The results are:

- the energy per spin against temperature. It is -beta/2 above the critical temperature 1, with
  corrections of order 1/N (N^(-2/3) at this temperature), and that of Parisi's solution below;
- the ground-state energies, extrapolated to infinite N (see `ground_state`);
- the distribution P(q) of the overlap between two states of one glass. Below the critical
  temperature it does not become a peak but spreads over a whole range, as Parisi's solution says;
- a test of equilibrium. For Gaussian couplings an integration by parts over them relates the energy
  to the overlap, at every N and beta, in the average over glasses:

      [<e>] = -(beta/2) (1 - [<q^2>]).

  From random starts e approaches its value from above. The right-hand side approaches it from
  below, because q begins at 0. The two are equal in equilibrium. For couplings of one size the
  identity has corrections of order 1/N.

A glass depends only on (seed, N, instance), not on the rest of the plan.

References
----------
D. Sherrington, S. Kirkpatrick, Phys. Rev. Lett. 35, 1792 (1975); G. Parisi, J. Phys. A 13, 1101
(1980); A. J. Bray, M. A. Moore, J. Phys. C 13, 419 (1980), for the identity; H. G. Katzgraber,
M. Palassini, A. P. Young, Phys. Rev. B 63, 184422 (2001), for the test.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from spinglass import _random
from spinglass._caller import takes_beta
from spinglass._core import __version__
from spinglass._progress import Progress
from spinglass.experiments.config import asked, measured
from spinglass.experiments.sherrington_kirkpatrick.config import COLDEST, SIZES, SkConfig
from spinglass.experiments.sherrington_kirkpatrick.instance import (
    MEASURED,
    SkInstance,
    measure,
    needed_bytes,
    seconds,
)
from spinglass.experiments.sherrington_kirkpatrick.result import SkResult
from spinglass.models.glass import Disorder
from spinglass.runner.loop import StorePath, Where
from spinglass.runner.task import Experiment, Finished, Rows, Share, Task, expect


@takes_beta
@asked(SkConfig)
def sk(
    n_spins: int | Sequence[int] = SIZES,
    n_instances: int | Sequence[int] | None = None,
    n_sweeps: int | Sequence[int] | None = None,
    *,
    betas: Sequence[float] | None = None,
    beta_max: float = COLDEST,
    disorder: Disorder = "gaussian",
    seed: _random.Seed = 0,
    num_threads: int | None = None,
    progress: Progress = False,
    store: StorePath = None,
    executor: Where = None,
) -> SkResult:
    """Temper Sherrington-Kirkpatrick glasses: energies, ground states, overlaps.

    Parameters
    ----------
    n_spins : int or sequence of int
        The sizes N, at least 2, each once.
    n_instances : int or sequence of int, optional
        Glasses: one number, or one for each size. By default 12,800 / N,
        between 8 and 400.
    n_sweeps : int or sequence of int, optional
        Sweeps at every temperature: one number, or one for each size. The second half is measured.
        By default 10 N, at least 500.
    betas : sequence of float, optional
        The inverse temperatures of every size, ascending. By default each size has its own ladder,
        from 0.3 to ``beta_max``.
    beta_max : float
        The coldest inverse temperature of these ladders, above 0.3. Not used with ``betas``.
    disorder : {"gaussian", "pm1"}
        The couplings: normal, or of one size and either sign; of variance 1/N.
    seed : None, int, SeedSequence or Generator
        Determines all random numbers. ``None`` draws a seed, which the result's config records.
    num_threads : int, optional
        Number of threads, each with one glass; by default all that the process may use. The result
        does not depend on it.
    progress : bool or callable
        True shows a bar with the time left (plain lines if stderr is not a terminal). A callable
        gets (glasses done, glasses in total).
    store : path, optional
        An SQLite file that keeps every finished glass. The same call with this file continues the
        experiment where it stopped, also after a crash. ``seed=None`` then takes the seed of the
        store.
    executor : concurrent.futures.Executor, str or distributed.Client, optional
        Where glasses are computed; by default on threads of this process. An address such as
        ``"dask://host:8786"`` names a Dask scheduler (needs ``spinglass[dask]``). ``num_threads``
        is then the number of threads of each worker. The result does not depend on it.

    Returns
    -------
    SkResult

    Raises
    ------
    Interrupted
        On Ctrl-C. It is a KeyboardInterrupt with the finished glasses in ``result``.
    ValueError, TypeError
        For an argument out of range or a repeated size; or if the store holds another experiment.
    MemoryError
        If the glasses do not fit. The message names the one that does not.
    ExperimentStopped
        If the workers are lost or the disk is full. It holds the finished glasses in ``result``.
    StoreError
        If the store cannot be used, or another process works on it.

    Examples
    --------
    >>> from spinglass.experiments import sk
    >>> result = sk(16, n_instances=20, n_sweeps=200)
    >>> result.ground_states[["n_spins", "n_instances", "agree"]].tolist()
    [(16, 20, 1.0)]
    >>> bool(-0.8 < result.ground_states["energy"][0] < -0.55)
    True
    """
    return measured(SkExperiment, SkResult, locals())


class SkExperiment(Experiment):
    """The grid of `sk`: a task is a glass."""

    name, unit, config_type = "sk", "glasses", SkConfig

    def tasks(self) -> list[Task]:
        """Return the glasses by size and number."""
        config = self.config
        return [
            Task(
                key=f"N={n} glass {instance}",
                stream=(n, instance),
                arguments=(k,),
                cost=seconds(n, config.n_sweeps[k], len(config.betas[k])),
                memory=needed_bytes(n, config.n_sweeps[k], len(config.betas[k])),
            )
            for k, n in enumerate(config.n_spins)
            for instance in range(config.n_instances[k])
        ]

    def work(self, task: Task, share: Share) -> Rows:
        """Return what is measured on a glass."""
        config, (n, instance), (k,) = self.config, task.stream, task.arguments
        glass = measure(
            n,
            instance,
            config.disorder,
            config.betas[k],
            config.n_sweeps[k],
            config.seed,
            share.progress,
            share.num_threads,
        )
        return {name: np.asarray(getattr(glass, name)) for name in MEASURED}

    def check_rows(self, task: Task, rows: Rows) -> None:
        """Refuse what was not measured on a glass of this size."""
        (n, _), (k,) = task.stream, task.arguments
        expect(rows, "overlaps", (len(self.config.betas[k]), n + 1), np.int32)
        if set(rows) != set(MEASURED):
            raise ValueError(f"expected {sorted(MEASURED)}, got {sorted(rows)}")

    def result(self, finished: Finished) -> SkResult:
        """Return the glasses that are finished."""
        glasses = []
        for task, rows in finished:
            n, instance = task.stream
            measured: dict[str, Any] = {name: rows[name] for name in MEASURED}
            measured["round_trips"] = int(measured["round_trips"])
            glasses.append(SkInstance(n, instance, **measured))
        return SkResult(self.config, __version__, tuple(glasses))
