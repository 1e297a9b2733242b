r"""Averages over quenched disorder: one function measures many samples of a random model.

A sample is one draw of the couplings, fixed by its seed. ``make_model(seed)`` draws it, and
``study(model, seed)`` measures it. Samples are independent, so every error is the standard error
over samples, whatever the correlations within one.

An average over glasses is worth nothing if the glasses were not in equilibrium. `TemperedGlass` is
a study that can tell: see `GlassEquilibration`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass import _arguments
from spinglass._core import __version__
from spinglass._progress import Progress
from spinglass.experiments.config import asked, measured
from spinglass.experiments.quenched_disorder.config import DisorderConfig
from spinglass.experiments.quenched_disorder.result import DisorderAverage
from spinglass.runner.executors.executor import Ended, Lost
from spinglass.runner.loop import StorePath, Where
from spinglass.runner.task import Experiment, Finished, Rows, Share, Task

# Bytes of a sample that are reserved: what the functions need is not known.
_MEMORY = 2**20


@asked(DisorderConfig)
def disorder_average(
    make_model: Callable[[int], Any],
    seeds: int | Sequence[int],
    study: Callable[[Any, int], Mapping[str, Any]],
    *,
    num_threads: int | None = None,
    progress: Progress = False,
    store: StorePath = None,
    executor: Where = None,
) -> DisorderAverage:
    """Measure many samples of a random model, and average over them with errors.

    Parameters
    ----------
    make_model : callable
        ``make_model(seed)`` returns a model. All its randomness comes from the seed.
    seeds : int or sequence of int
        The seeds of the samples, each once, or their number n for the seeds 0 to n - 1. A sample
        depends on its own seed alone.
    study : callable
        ``study(model, seed)`` returns a mapping: by the name of each quantity a number, or an array
        of numbers that has the same shape in every sample. `TemperedGlass` is such a study.
    num_threads : int, optional
        Number of threads, each with one sample; by default all that the process may use. Fewer
        samples at a time need less memory.
    progress : bool or callable
        True shows a bar with the time left (plain lines if stderr is not a terminal). A callable
        gets (samples done, samples in total).
    store : path, optional
        An SQLite file that keeps every finished sample. The same call with this file goes on where
        it stopped, also after a crash. The file knows ``make_model`` and ``study`` by their names
        and the first model by its ``repr``, and refuses others. It does not see that the code of a
        function has changed.
    executor : concurrent.futures.Executor, str or distributed.Client, optional
        Where samples are computed; by default on threads of this process. A pool of processes needs
        functions that can be pickled. An address such as ``"dask://host:8786"`` names a Dask
        scheduler (needs ``spinglass[dask]``), and takes any function. ``num_threads`` is then the
        number of threads of each worker. The result does not depend on it.

    Returns
    -------
    DisorderAverage

    Raises
    ------
    Interrupted
        On Ctrl-C. It is a KeyboardInterrupt with the finished samples in ``result``.
    ExperimentStopped
        If a function raised an exception for a sample; the message has the seed. Or if the workers
        are lost or the disk is full. It holds the finished samples in ``result``.
    ValueError, TypeError
        For a bad argument, or if ``make_model`` fails for the first seed, or if the store holds
        another average.
    StoreError
        If the store cannot be used, or another process works on it.

    Notes
    -----
    A call of this package within a function takes the threads of its sample and ends on Ctrl-C,
    unless its own ``num_threads`` and ``progress`` say otherwise. Other code of a sample runs to
    its end on threads of this process.

    Examples
    --------
    The ground-state energy per spin of 20 small glasses:

    >>> import spinglass
    >>> from spinglass import exact
    >>> from spinglass.experiments import disorder_average
    >>> def glass(seed):
    ...     return spinglass.SherringtonKirkpatrick(10, seed=seed)
    >>> def ground_energy(model, seed):
    ...     return {"energy": model.energy(exact.ground_states(model)[0]) / model.n_spins}
    >>> result = disorder_average(glass, 20, ground_energy)
    >>> energy = result.mean("energy")
    >>> -0.7 < energy.value < -0.5, energy.error < 0.05
    (True, True)
    """
    return measured(
        DisorderExperiment, DisorderAverage, locals(), make_model=make_model, study=study
    )


class DisorderExperiment(Experiment):
    """The samples of `disorder_average`. Without functions it can only read a store."""

    name, unit, config_type = "disorder_average", "samples", DisorderConfig

    def __init__(
        self,
        config: DisorderConfig,
        make_model: Callable[[int], Any] | None = None,
        study: Callable[[Any, int], Any] | None = None,
    ) -> None:
        super().__init__(config)
        self.make_model, self.study = make_model, study
        # The shapes of the first sample that this process finished; a dict sets a key once.
        self._first: dict[str, Any] = {}

    def tasks(self) -> list[Task]:
        """Return the samples in the order of their seeds."""
        return [Task(f"seed {seed}", (seed,), memory=_MEMORY) for seed in self.config.seeds]

    def work(self, task: Task, share: Share) -> Rows:
        """Make a sample and return what the study measures on it."""
        (seed,) = task.stream
        assert self.make_model is not None
        assert self.study is not None
        at_work = "make_model"
        try:
            model = self.make_model(seed)
            at_work = "study"
            rows = numbers(self.study(model, seed))
            first = self._first.setdefault("sample", (seed, shapes(rows)))
            check_alike(first, (seed, shapes(rows)))
        except (Ended, Lost):
            raise
        except Exception as error:
            words = _arguments.shown(error)
            raise Lost(f"{at_work} failed for the seed {seed}: {words}") from error
        return rows

    def result(self, finished: Finished) -> DisorderAverage:
        """Return the samples that are finished."""
        samples = [(task.stream[0], rows) for task, rows in finished]
        for seed, rows in samples[1:]:
            check_alike((samples[0][0], shapes(samples[0][1])), (seed, shapes(rows)))
        names = list(samples[0][1]) if samples else []
        values = {name: np.stack([rows[name] for _, rows in samples]) for name in names}
        seeds = np.array([seed for seed, _ in samples], dtype=np.int64)
        return DisorderAverage(self.config, __version__, seeds, values)


def numbers(found: Any) -> dict[str, NDArray[np.float64]]:
    """Return what a study returned as arrays, or say what was expected."""
    expected = "study must return a mapping of names to numbers or arrays of numbers, got"
    if not isinstance(found, Mapping) or not found:
        raise TypeError(f"{expected} {_arguments.shown(found)}")
    rows = {}
    for name, value in found.items():
        if not (isinstance(name, str) and name.isidentifier() and name != "seed"):
            raise TypeError(f"{expected} the name {_arguments.shown(name)}, which is no identifier")
        array = _arguments.real_array(value, f"what study returns as {name!r}")
        rows[name] = np.array(array, dtype=np.float64)
    return rows


def shapes(rows: Rows) -> dict[str, tuple[int, ...]]:
    """Return the shapes of what was measured, by name."""
    return {name: array.shape for name, array in rows.items()}


def check_alike(first: tuple[int, Any], other: tuple[int, Any]) -> None:
    """Refuse samples that have other quantities, or quantities of other shapes."""
    if first[1] != other[1]:
        raise ValueError(
            "study must return the same names and shapes for every sample, got "
            f"{first[1]} for the seed {first[0]} and {other[1]} for {other[0]}"
        )
