"""The relaxation of a circuit: its differential equation integrated until it is at rest.

SciPy's solvers take the steps. After each of them it is asked whether the circuit is at rest, and
whether the time is over.
"""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass import _core
from spinglass._arguments import (
    check_memory,
    choice,
    copied,
    finite,
    flag,
    integer,
    real,
    real_array,
)
from spinglass._interrupted import Interrupted
from spinglass._printed import printed
from spinglass._progress import Progress, progress_callback
from spinglass._random import Seed, repeatable, seed_word
from spinglass._registry import drawn_by
from spinglass._text import counted

_Floats: TypeAlias = NDArray[np.float64]
Method: TypeAlias = Literal["LSODA", "BDF", "Radau", "RK45", "DOP853"]

# With more neurons an implicit step factors a matrix for longer than Ctrl-C may wait.
_LARGEST_IMPLICIT = 1000

# Time constants that a circuit is given to come to rest.
_TIME_CONSTANTS = 100.0

# Potentials, in size.
_LARGEST = 1e100

_SECONDS_PER_REPORT = 0.1


class Circuit(Protocol):
    """What is relaxed: potentials u with du/dt, and the energy of their outputs."""

    @property
    def n_neurons(self) -> int:
        """N."""

    @property
    def gain(self) -> _Floats:
        """The slopes of the outputs at u = 0, (n_neurons,)."""

    @property
    def time_constants(self) -> _Floats:
        """R C, (n_neurons,)."""

    def _outputs(self, potentials: _Floats) -> _Floats: ...
    def _rates(self, _: float, potentials: _Floats) -> _Floats: ...
    def _imbalance(self, potentials: _Floats) -> _Floats: ...
    def _jacobian(self, _: float, potentials: _Floats) -> _Floats: ...
    def _energies(self, outputs: _Floats) -> _Floats: ...


@printed
@dataclass(frozen=True, eq=False)
class Trajectory:
    """The way of one start: a row for the start and for each step of the solver.

    Attributes
    ----------
    times : numpy.ndarray of float64, (n_steps + 1,)
        In the units of R C.
    potentials : numpy.ndarray of float64, (n_steps + 1, n_neurons)
        u.
    states : numpy.ndarray of float64, (n_steps + 1, n_neurons)
        The outputs V = tanh(gain u).
    energy : numpy.ndarray of float64, (n_steps + 1,)
        The energy of these outputs. It does not rise but for the errors of the solver.

    Examples
    --------
    >>> import spinglass
    >>> pair = spinglass.GradedHopfield([[0, 1], [1, 0]], gain=3.0)
    >>> path = pair.relax([0.1, -0.05]).trajectory
    >>> len(path.times) == len(path.energy), bool(path.energy[-1] < path.energy[0])
    (True, True)
    """

    times: _Floats
    potentials: _Floats = field(repr=False)
    states: _Floats = field(repr=False)
    energy: _Floats


@printed
@dataclass(frozen=True, eq=False)
class Relaxation:
    """The result of :meth:`GradedHopfield.relax`: where a circuit came to rest.

    For a single start every field but ``states``, ``potentials`` and ``trajectory`` is a scalar.
    For a batch it is an array with one value for each start.

    Attributes
    ----------
    states : numpy.ndarray of float64, (n_neurons,) or (n_starts, n_neurons)
        Final outputs V, between -1 and +1.
    potentials : numpy.ndarray of float64, shaped as states
        Final potentials u.
    energy : float
        The energy of the final outputs.
    start_energy : float
        The energy of the outputs at the start.
    time : float
        When the integration ended, in the units of R C.
    steps : int
        Steps of the solver.
    converged : bool
        Whether the circuit was at rest.
    trajectory : Trajectory, tuple of them for a batch, or None
        The way from each start.
    method : str
        The solver.
    max_time, tolerance, rtol
        As given, or the default.
    seed : int or numpy.random.SeedSequence
        The seed that was given, or the one that was drawn for None and a Generator.
    version : str
        Version of the package.

    Examples
    --------
    >>> import spinglass
    >>> pair = spinglass.GradedHopfield([[0, 1], [1, 0]], gain=3.0)
    >>> found = pair.relax(n_starts=4, seed=1)
    >>> found.states.shape, found.converged.tolist()
    ((4, 2), [True, True, True, True])
    """

    states: _Floats = field(repr=False)
    potentials: _Floats = field(repr=False)
    energy: Any
    start_energy: Any
    time: Any
    steps: Any
    converged: Any
    trajectory: Any = field(repr=False)
    method: str
    max_time: float
    tolerance: float
    rtol: float
    seed: int | np.random.SeedSequence
    version: str

    def __str__(self) -> str:
        energies, at_rest = np.atleast_1d(self.energy), np.count_nonzero(self.converged)
        neurons = counted(self.states.shape[-1], "neuron")
        lowest = f"lowest energy {energies.min():.10g}, " if energies.size else ""
        return (
            f"{neurons}, {self.method}: {counted(energies.size, 'start')}, {at_rest} at rest\n"
            f"{lowest}times to {np.max(self.time, initial=0.0):.4g} of {self.max_time:.4g}"
        )

    plot = drawn_by("relaxation", "Draw the energy of each start against time.")


def relaxed(
    circuit: Circuit,
    initial: ArrayLike | None,
    n_starts: Any,
    max_time: Any,
    tolerance: Any,
    rtol: Any,
    method: Any,
    keep_trajectory: Any,
    max_seconds: Any,
    seed: Seed,
    progress: Progress,
) -> Relaxation:
    """Relax every start in turn; `GradedHopfield.relax` has the words."""
    known_seed = repeatable(seed)
    count, is_single, starts = integer(n_starts, "n_starts", at_least=1), False, None
    if initial is not None:
        starts, is_single = _given(circuit, initial)
        if count not in (1, len(starts)):
            given = counted(len(starts), "start")
            raise ValueError(f"n_starts must be left out with initial ({given}), got {count}")
        count = len(starts)
    name = "n_starts" if initial is None else "initial"
    needed = 24 * count * circuit.n_neurons
    check_memory(needed, f"{name}: {count} starts of {circuit.n_neurons} neurons")
    constants = circuit.time_constants
    end = _TIME_CONSTANTS * float(constants.max())
    if max_time is not None:
        end = _positive(max_time, "max_time")
        if not 1e-30 * constants.min() <= end <= 1e15 * constants.max():
            raise ValueError(f"max_time must be from 1e-30 to 1e15 R C, got {max_time!r}")
    tolerance = _positive(tolerance, "tolerance")
    rtol = finite(rtol, "rtol")
    if not 1e-13 <= rtol <= 0.01:
        raise ValueError(f"rtol must be from 1e-13 to 0.01, got {rtol:g}")
    if method is None:
        method = "LSODA" if circuit.n_neurons <= _LARGEST_IMPLICIT else "RK45"
    method = choice(method, "method", get_args(Method))
    keep = flag(keep_trajectory, "keep_trajectory")
    deadline = np.inf
    if max_seconds is not None:
        seconds = real(max_seconds, "max_seconds")
        if seconds <= 0:
            raise ValueError(f"max_seconds must be > 0, got {max_seconds!r}")
        deadline = time.monotonic() + seconds
    found: list[_End] = []
    interruption = None
    with progress_callback(progress, "relax", "starts") as report:
        walk = _Walk(circuit, end, tolerance, rtol, method, keep, deadline, report, count)
        try:
            for k in range(count):
                start = drawn(circuit, known_seed, k) if starts is None else starts[k]
                found.append(walk.follow(k, start))
                if report is not None:
                    report(k + 1, count)
        except KeyboardInterrupt as error:
            interruption = error
    done = len(found)
    ends = np.array([x.potentials for x in found]).reshape(done, circuit.n_neurons)
    columns: dict[str, Any] = {
        name: np.array([getattr(x, name) for x in found])
        for name in ("energy", "start_energy", "time", "steps", "converged")
    }
    outputs = circuit._outputs(ends)
    paths: Any = tuple(x.path for x in found) if keep else None
    if is_single and done:
        outputs, ends, paths = outputs[0], ends[0], paths and paths[0]
        columns = {name: column[0].item() for name, column in columns.items()}
    result = Relaxation(
        states=outputs,
        potentials=ends,
        **columns,
        trajectory=paths,
        method=method,
        max_time=end,
        tolerance=tolerance,
        rtol=rtol,
        seed=known_seed,
        version=_core.__version__,
    )
    if interruption is not None:
        raise Interrupted(result, done, count, "starts", np.arange(done)) from interruption
    return result


def _given(circuit: Circuit, initial: ArrayLike) -> tuple[_Floats, bool]:
    """Return the caller's potentials as rows, and whether it was a single one."""
    n, array = circuit.n_neurons, real_array(initial, "initial")
    if array.ndim not in (1, 2) or array.shape[-1] != n:
        raise ValueError(f"initial must have shape ({n},) or (n_starts, {n}), got {array.shape}")
    if not array.size:
        raise ValueError(f"initial must have at least one start, got shape {array.shape}")
    starts = np.atleast_2d(copied(array, np.float64))
    wrong = ~(np.abs(starts) <= _LARGEST)
    if wrong.any():
        raise ValueError(
            f"initial must be finite and at most {_LARGEST:g} in size, got {starts[wrong][0]}"
        )
    return starts, array.ndim == 1


def drawn(circuit: Circuit, seed: int | np.random.SeedSequence, k: int) -> _Floats:
    """Return the default potentials of start k: so small that the circuit is nearly linear."""
    random = np.random.Generator(np.random.Philox(seed_word(seed, k)))
    potentials: _Floats = random.uniform(-0.1, 0.1, circuit.n_neurons) / circuit.gain
    return potentials


def _positive(value: Any, name: str) -> float:
    number = finite(value, name)
    if number <= 0:
        raise ValueError(f"{name} must be > 0, got {value!r}")
    return number


class _End(NamedTuple):
    """Where a start came to."""

    potentials: _Floats
    energy: float
    start_energy: float
    time: float
    steps: int
    converged: bool
    path: Trajectory | None


@dataclass(frozen=True)
class _Walk:
    """What all starts share."""

    circuit: Circuit
    end: float
    tolerance: float
    rtol: float
    method: str
    keep: bool
    deadline: float
    report: Any
    n_starts: int

    def follow(self, k: int, start: _Floats) -> _End:
        """Follow start k until it is at rest, or the time is over."""
        solver, steps, told = self._solver(start), 0, time.monotonic()
        times, potentials = [0.0], [start]
        is_at_rest = self._rests(start)
        while not is_at_rest and solver.status == "running":
            now = time.monotonic()
            if now > self.deadline:
                break
            if self.report is not None and now > told + _SECONDS_PER_REPORT:
                self.report(k, self.n_starts)
                told = now
            before = solver.t
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a step that fails is a start that does not rest
                solver.step()
            is_lost = solver.t == before  # a step so short that rounding takes it
            if is_lost or solver.status == "failed" or not np.isfinite(solver.y).all():
                break
            steps += 1
            is_at_rest = self._rests(solver.y)
            if not self.keep:
                times, potentials = [], []
            times.append(float(solver.t))
            potentials.append(solver.y.copy())
        outputs = self.circuit._outputs(np.array([potentials[-1], start]))
        energy, start_energy = self.circuit._energies(outputs).tolist()
        path = self._trajectory(times, potentials) if self.keep else None
        return _End(potentials[-1], energy, start_energy, times[-1], steps, is_at_rest, path)

    def _solver(self, start: _Floats) -> Any:
        from scipy import integrate

        options: dict[str, Any] = {"rtol": self.rtol, "atol": self.rtol / self.circuit.gain}
        if self.method in ("LSODA", "BDF", "Radau"):
            options["jac"] = self.circuit._jacobian
        kind = getattr(integrate, self.method)
        return kind(self.circuit._rates, 0.0, start, self.end, **options)

    def _rests(self, potentials: _Floats) -> bool:
        scale = np.abs(potentials) + 1 / self.circuit.gain
        return bool((np.abs(self.circuit._imbalance(potentials)) <= self.tolerance * scale).all())

    def _trajectory(self, times: list[float], potentials: list[_Floats]) -> Trajectory:
        way = np.array(potentials)
        states = self.circuit._outputs(way)
        return Trajectory(np.array(times), way, states, self.circuit._energies(states))
