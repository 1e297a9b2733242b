"""Parts of `renormalize`: block spins, points and pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass import _random
from spinglass._core import __version__
from spinglass.experiments.points import (
    LatticeRun,
    replica_estimate,
    series_bytes,
)
from spinglass.experiments.renormalization_flow.config import RenormalizeConfig
from spinglass.experiments.renormalization_flow.result import LEVEL, Flow, Renormalization
from spinglass.runner.task import Experiment, Finished, Rows, Share, Task, expect, joined
from spinglass.sampling.runs import Run
from spinglass.statistics import autocorrelation_time
from spinglass.theory import ising2d

_CHUNK = 16  # measurements whose states are kept at a time
_CANDIDATES = 5  # lattices of which one is shown
_SMALLEST = 4  # side of the last block lattice

# As measured: seconds of a measurement, and for each spin; bytes for each spin of the states kept;
# numbers of a measurement that are in memory at a time.
_MEASUREMENT, _BLOCKED, _BLOCKED_BYTES, _ARRAYS = 3e-6, 1e-9, 3.7, 5


def block_spins(spins: NDArray[np.int8], rng: np.random.Generator) -> NDArray[np.int8]:
    """Replace each 2 x 2 block of spins by the majority of its four.

    Parameters
    ----------
    spins : numpy.ndarray of int8, (..., L, L)
        -1 and +1, L even.
    rng : numpy.random.Generator
        Decides blocks without a majority, with one bit for each block.

    Returns
    -------
    numpy.ndarray of int8, (..., L / 2, L / 2)

    Examples
    --------
    >>> lattice = np.array([[1, 1, -1, 1], [1, -1, -1, -1]] * 2, dtype=np.int8)
    >>> block_spins(lattice, np.random.default_rng(1)).tolist()
    [[1, -1], [1, -1]]
    """
    columns = spins[..., ::2] + spins[..., 1::2]
    sums = columns[..., ::2, :] + columns[..., 1::2, :]
    bits = np.frombuffer(rng.bytes(-(-sums.size // 8)), dtype=np.uint8)
    toss = np.unpackbits(bits, count=sums.size).reshape(sums.shape).view(np.int8)
    # The sum is even, so half a toss of -1 or +1 decides a tie and nothing else.
    return np.asarray(np.sign(sums + 2 * toss - 1), dtype=np.int8)


def neighbour_correlation(spins: NDArray[np.int8]) -> NDArray[np.float64]:
    """Return the mean of s_i s_j over all pairs of neighbours, (..., L, L) to (...)."""
    axes, n_bonds = (-2, -1), 2 * spins.shape[-1] * spins.shape[-2]
    right = np.sum(spins * np.roll(spins, 1, axis=-1), axis=axes, dtype=np.int64)
    down = np.sum(spins * np.roll(spins, 1, axis=-2), axis=axes, dtype=np.int64)
    return np.asarray((right + down) / n_bonds)


class RenormalizeExperiment(Experiment):
    """The grid of `renormalize`: a task is a point, or a picture, which is not counted."""

    name, unit, config_type = "renormalize", "points", RenormalizeConfig

    def tasks(self) -> list[Task]:
        """Return the points by temperature and size, then the pictures."""
        config = self.config
        tasks = [self._point(size, T) for T in config.temperatures for size in config.sizes]
        warmup = config.warmup + config.n_sweeps - 1
        return tasks + [
            LatticeRun(config.picture_size, T, config.dynamics, 1, _CANDIDATES, warmup).task(
                "picture ", (2,)
            )
            for T in config.picture_temperatures
        ]

    def _point(self, size: int, T: float) -> Task:
        config = self.config
        how = (config.dynamics, config.n_sweeps, config.n_replicas, config.warmup)
        run = LatticeRun(size, T, *how, config.every(size))
        return run.task(
            seconds=run.n_measurements * (_MEASUREMENT + _BLOCKED * size * size),
            memory=16 * run.n_measurements * (config.steps(size) + 1)
            + series_bytes(run.n_measurements, _ARRAYS)
            + int(config.n_replicas * _CHUNK * size * size * _BLOCKED_BYTES),
        )

    def work(self, task: Task, share: Share) -> Rows:
        """Return the rows of a point, or the levels of a picture."""
        kind, run = task.arguments
        word = task.seed(self.config.seed)
        return _picture(run, word, share) if kind else _point(run, self.config, word, share)

    def check_rows(self, task: Task, rows: Rows) -> None:
        """Refuse what are not the rows of the point, or no picture."""
        kind, run = task.arguments
        if kind:
            expect(rows, "level_0", (run.size, run.size), np.int8)
        else:
            shape = (self.config.steps(run.size) + 1,)
            expect(rows, "points", shape, LEVEL, L=[run.size], temperature=[run.T])

    def result(self, finished: Finished) -> Renormalization:
        """Return the points and pictures that are finished."""
        flows = tuple(
            Flow(task.arguments[1].T, tuple(rows[f"level_{k}"] for k in range(len(rows))))
            for task, rows in finished
            if "level_0" in rows
        )
        return Renormalization(self.config, __version__, joined(finished, "points", LEVEL), flows)


def _point(run: LatticeRun, config: RenormalizeConfig, word: int, share: Share) -> Rows:
    """Sample one lattice at one temperature, block every sample, return a row a level."""
    size, T, steps = run.size, run.T, config.steps(run.size)
    rng = np.random.Generator(np.random.Philox(_random.seed_word(word, 1)))
    measured = []
    for states in _samples(run, word, share):
        levels = [neighbour_correlation(states)]
        for _ in range(steps):
            states = block_spins(states, rng)
            levels.append(neighbour_correlation(states))
        measured.append(levels)
    series = np.concatenate(measured, axis=-1)  # (steps + 1, n_replicas, n_measurements)
    rows = np.empty(steps + 1, LEVEL)
    rows["L"], rows["beta"], rows["temperature"] = size, 1.0 / T, T
    rows["n_measurements"] = series[0].size
    for k in range(steps + 1):
        row = rows[k]
        row["step"], row["side"] = k, size >> k
        row["correlation"], row["correlation_error"] = replica_estimate(lambda c: c, series[k])
        row["tau"] = run.every * autocorrelation_time(series[k])
        row["exact_correlation"] = np.nan
        row["thermal_exponent"], row["thermal_exponent_error"] = np.nan, np.nan
        if k > 0:
            exponent = _thermal_exponent(series[k - 1], series[k])
            row["thermal_exponent"], row["thermal_exponent_error"] = exponent
    rows[0]["exact_correlation"] = -ising2d.finite_energy((size, size), 1.0 / T) / 2.0
    return {"points": rows}


def _samples(run: LatticeRun, word: int, share: Share) -> Iterator[NDArray[np.int8]]:
    """Yield all measurements, some at a time, (n_replicas, up to 16, L, L)."""
    count = run.n_sweeps // run.every
    found: Run | None = None
    for first in range(0, count, _CHUNK):
        if share.progress is not None:
            share.progress(first, count)
        n_sweeps = run.every * min(_CHUNK, count - first)
        part = replace(run, n_sweeps=n_sweeps, warmup=0 if first else run.warmup)
        found = part.sample(word, share, found, keep_states=True)
        assert found.states is not None
        yield found.states.reshape(run.n_replicas, -1, run.size, run.size)


def _thermal_exponent(
    before: NDArray[np.float64], after: NDArray[np.float64]
) -> tuple[float, float]:
    """Return y_t = log2 lambda of a step, with its error, from the correlations of both lattices.

    A block lattice has a quarter of the bonds: S_(k-1) / S_k = 4 c_(k-1) / c_k.
    """
    x, y = before - before.mean(), after - after.mean()

    def exponent(xy: Any, yy: Any, mean_x: Any, mean_y: Any) -> Any:
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = np.divide(xy - mean_x * mean_y, yy - mean_y * mean_y)
            return np.log2(np.where(np.isfinite(ratio) & (ratio > 0.0), 4.0 * ratio, np.nan))

    return replica_estimate(exponent, x * y, y * y, x, y)


def _picture(run: LatticeRun, word: int, share: Share) -> Rows:
    """Return one lattice after as many sweeps as the points get, and its blocks.

    Of a few lattices it is the one of median |m|: at T_c they differ, and one has to stand for all.
    """
    found = run.sample(word, share)
    rng = np.random.Generator(np.random.Philox(_random.seed_word(word, 1)))
    middle = np.argsort(np.abs(found.magnetization[:, -1]), kind="stable")[_CANDIDATES // 2]
    levels = [found.final_states[middle].reshape(run.size, run.size)]
    while len(levels[-1]) > 2 * _SMALLEST:
        levels.append(block_spins(levels[-1], rng))
    return {f"level_{k}": level for k, level in enumerate(levels)}
