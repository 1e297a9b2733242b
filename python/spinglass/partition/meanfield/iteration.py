"""From starts to solutions: all starts iterate side by side, and each stops when it has settled.

A start that has converged leaves the batch. What is left when the iterations are over has failed,
and is reported as such. Solutions that agree at every spin are one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass import _arguments, _random
from spinglass._core import __version__
from spinglass._interrupted import Interrupted
from spinglass._progress import Progress, progress_callback
from spinglass.partition.meanfield.problem import Floats, Problem
from spinglass.partition.meanfield.solution import START, MeanField, Solution

State: TypeAlias = tuple[Floats, ...]  # the last axis of each array is the start


class Values(NamedTuple):
    """What a method says of converged starts, one column or number each."""

    log_partition: Floats
    energy: Floats
    residual: Floats
    correlations: Floats | None = None


class Method(Protocol):
    """What a method answers."""

    name: str

    @property
    def bonds(self) -> NDArray[np.intp] | None:
        """The pairs that its correlations speak of, if it has any."""

    def begin(self, m: Floats) -> State:
        """Return the state that starts from magnetizations (N, n_starts)."""

    def step(self, state: State, damping: float) -> tuple[State, Floats]:
        """Return the state after one iteration, and the largest change without damping."""

    def magnetizations(self, state: State) -> Floats:
        """Return m of a state, (N, n_starts)."""

    def evaluate(self, state: State) -> Values:
        """Return what the method says of a state."""


@dataclass(frozen=True)
class Options:
    """The checked arguments that all methods share."""

    damping: float
    max_iterations: int
    tolerance: float
    separation: float
    starts: Floats  # (N, n_starts)
    seed: int | np.random.SeedSequence


def options_of(
    n_spins: int,
    damping: Any,
    max_iterations: Any,
    tolerance: Any,
    separation: Any,
    initial: ArrayLike | None,
    n_starts: Any,
    seed: _random.Seed,
) -> Options:
    """Resolve the arguments that all methods share, or say what was expected and what came."""
    damping = _arguments.real(damping, "damping")
    if not 0.0 <= damping < 1.0:
        raise ValueError(f"damping must be at least 0 and below 1, got {damping:g}")
    positive = {"tolerance": tolerance, "separation": separation}
    for name, value in positive.items():
        positive[name] = _arguments.finite(value, name)
        if positive[name] <= 0.0:
            raise ValueError(f"{name} must be > 0, got {value!r}")
    known_seed = _random.repeatable(seed)
    count = _arguments.integer(n_starts, "n_starts", at_least=1)
    if initial is None:
        _arguments.check_memory(8 * count * n_spins, f"{count} starts of {n_spins} spins")
        starts = _drawn(n_spins, count, known_seed)
    else:
        starts = _given(initial, n_spins)
    return Options(
        damping=damping,
        max_iterations=_arguments.integer(max_iterations, "max_iterations", at_least=1),
        starts=starts,
        seed=known_seed,
        **positive,
    )


def _drawn(n_spins: int, count: int, seed: int | np.random.SeedSequence) -> Floats:
    """Return the default starts: all up, all down, and then uniform random magnetizations."""
    starts = np.empty((n_spins, count))
    for k in range(count):
        if k < 2:
            starts[:, k] = 1.0 - 2.0 * k
        else:
            rng = np.random.Generator(np.random.Philox(_random.seed_word(seed, k)))
            starts[:, k] = rng.uniform(-1.0, 1.0, n_spins)
    return starts


def _given(initial: ArrayLike, n_spins: int) -> Floats:
    """Return the caller's starts as columns."""
    array = _arguments.real_array(initial, "initial")
    if array.ndim not in (1, 2) or array.shape[-1] != n_spins or not array.size:
        raise ValueError(
            f"initial must have shape ({n_spins},) or (n_starts, {n_spins}), got {array.shape}"
        )
    starts = np.array(np.atleast_2d(array).T, dtype=np.float64, order="C")
    wrong = ~(np.abs(starts) <= 1.0)
    if wrong.any():
        raise ValueError(
            f"initial must hold magnetizations between -1 and +1, got {starts[wrong][0]}"
        )
    return starts


def solve(
    model: Any, problem: Problem, method: Method, options: Options, progress: Progress
) -> MeanField:
    """Iterate every start until it settles, and return the solutions that differ."""
    rows = np.zeros(options.starts.shape[1], dtype=START)
    rows["solution"], rows["change"] = -1, np.inf
    settled: list[tuple[NDArray[np.intp], State]] = []
    running = np.arange(len(rows)), method.begin(options.starts)
    interrupted = False
    with progress_callback(progress, method.name, "starts") as report:
        try:
            for k in range(1, options.max_iterations + 1):
                active, state = running
                state, change = method.step(state, options.damping)
                rows["change"][active], rows["iterations"][active] = change, k
                running = active, state
                done = change <= options.tolerance
                if done.any():
                    settled.append((active[done], _columns(state, done)))
                    running = active[~done], _columns(state, ~done)
                if report is not None:
                    report(len(rows) - len(running[0]), len(rows))
                if not len(running[0]):
                    break
        except KeyboardInterrupt:
            interrupted = True
    for which, _ in settled:
        rows["converged"][which] = True
    active, state = running
    state = _columns(state, ~rows["converged"][active])
    result = MeanField(
        method=method.name,
        beta=problem.beta,
        solutions=_distinct(problem, method, options, settled, rows),
        bonds=method.bonds,
        starts=rows,
        unfinished=np.ascontiguousarray(method.magnetizations(state).T),
        damping=options.damping,
        max_iterations=options.max_iterations,
        tolerance=options.tolerance,
        separation=options.separation,
        model=model,
        seed=options.seed,
        version=__version__,
    )
    if interrupted:
        converged = int(rows["converged"].sum())
        raise Interrupted(result, converged, len(rows), "starts") from None
    return result


def _columns(state: State, which: NDArray[Any]) -> State:
    return tuple(np.ascontiguousarray(x[..., which]) for x in state)


def _distinct(
    problem: Problem,
    method: Method,
    options: Options,
    settled: list[tuple[NDArray[np.intp], State]],
    rows: NDArray[np.void],
) -> tuple[Solution, ...]:
    """Return the solutions that differ by more than the separation at some spin."""
    kept: list[tuple[Floats, State]] = []
    groups: list[list[int]] = []
    for which, state in settled:
        for column, start in enumerate(which):
            one = _columns(state, np.array([column]))
            m = method.magnetizations(one)[:, 0]
            for group, (known, _) in zip(groups, kept, strict=True):
                if np.max(np.abs(known - m)) <= options.separation:
                    group.append(int(start))
                    break
            else:
                kept.append((m, one))
                groups.append([int(start)])
    found = []
    for (m, state), group in zip(kept, groups, strict=True):
        values = method.evaluate(state)
        log_partition, energy = float(values.log_partition[0]), float(values.energy[0])
        correlations = values.correlations
        group.sort()
        found.append(
            Solution(
                magnetizations=m,
                log_partition=log_partition,
                free_energy=-log_partition / problem.beta if problem.beta > 0.0 else -np.inf,
                energy=energy,
                entropy=log_partition + problem.beta * energy,
                elbo=float(problem.elbo(m[:, None])[0]),
                correlations=None if correlations is None else correlations[:, 0],
                starts=tuple(group),
                iterations=tuple(int(rows["iterations"][start]) for start in group),
                residual=float(values.residual[0]),
            )
        )
    # Mirror images have equal free energies up to rounding: of two such the first start leads.
    found.sort(key=lambda x: (-round(x.log_partition, 7), x.starts))
    for k, solution in enumerate(found):
        rows["solution"][list(solution.starts)] = k
    return tuple(found)
