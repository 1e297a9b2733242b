"""What sampling, tempering and annealing have in common: arguments, starts, results."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, cast, get_args

import numpy as np
from numpy.typing import NDArray

from spinglass import _core
from spinglass._arguments import check_memory, choice, integer, spin_array
from spinglass._interrupted import Interrupted
from spinglass._random import Seed
from spinglass.models.spin_model import SpinModel
from spinglass.sampling.runs import Run, TemperedRun

Dynamics = Literal["metropolis", "heat-bath", "wolff", "swendsen-wang"]

# Bytes a replica's spin takes at most while it moves: state, field, threshold, and two copies.
_BYTES_PER_SPIN = 16

# Of each: energy and magnetization.
_BYTES_PER_MEASUREMENT = 16

_R = TypeVar("_R", Run, TemperedRun)


@dataclass(frozen=True)
class Plan:
    """The checked arguments that all three have in common."""

    n_sweeps: int
    rows: int
    dynamics: Dynamics
    warmup: int
    every: int
    keep_states: bool


def plan_of(
    model: Any,
    n_sweeps: Any,
    n_replicas: Any,
    dynamics: Any,
    warmup: Any,
    every: Any,
    keep_states: Any,
) -> Plan:
    """Check the arguments, and return them."""
    if not isinstance(model, SpinModel):
        raise TypeError(f"model must be a spin model of this package, got {model!r}")
    return Plan(
        integer(n_sweeps, "n_sweeps", at_least=1, at_most=2**53),
        integer(n_replicas, "n_replicas", at_least=1, at_most=2**32),
        cast(Dynamics, choice(dynamics, "dynamics", get_args(Dynamics))),
        integer(warmup, "warmup", at_least=0, at_most=2**53),
        integer(every, "every", at_least=1, at_most=2**53),
        bool(keep_states),
    )


def earlier_run(model: SpinModel, initial: Any, kind: type[_R], plan: Plan) -> _R | None:
    """Return the run to be continued, if ``initial`` is one."""
    if not isinstance(initial, Run):
        return None
    if type(initial) is not kind:
        raise TypeError(f"initial must be a {kind.__name__}, got a {type(initial).__name__}")
    if initial._streams is None:
        raise ValueError(
            "initial was interrupted within a sweep and cannot be continued: start from its "
            "final_states"
        )
    if plan.dynamics != initial.dynamics:
        raise ValueError(
            f'dynamics must be that of the run to be continued, "{initial.dynamics}", got '
            f'"{plan.dynamics}": to change it, start from its final_states'
        )
    if initial.model != repr(model):
        raise ValueError(
            f"initial must be a run of the same model, {model!r}, got one of {initial.model}: to "
            "change it, start from its final_states"
        )
    if plan.rows not in (1, initial.n_replicas):
        raise ValueError(
            f"n_replicas must be that of the run, {initial.n_replicas}, got {plan.rows}"
        )
    return initial


def continued_seed(earlier: Run, seed: Seed) -> Seed:
    """Return the seed of the run that goes on; it cannot be another."""
    if seed is not None and seed is not earlier.seed and seed != earlier.seed:
        raise ValueError(
            f"seed must be that of the run to be continued, {earlier.seed}, got {seed}: for new "
            "random numbers, start from its final_states"
        )
    return earlier.seed


def streams_of(earlier: Run | None) -> tuple[int, NDArray[np.uint64]]:
    """Return how many sweeps lie behind, and what the random streams remember."""
    if earlier is None or earlier._streams is None:
        return 0, np.empty(0, np.uint64)
    return earlier.sweeps, earlier._streams


def starts(
    model: SpinModel, initial: Any, rows: tuple[int, ...], word: int, threads: int | None
) -> NDArray[np.int8]:
    """Return the initial states, one a row."""
    total, n = math.prod(rows), model.n_spins
    check_memory(total * n * _BYTES_PER_SPIN, f"n_replicas: {_product(rows)} replicas of {n} spins")
    if initial is None:
        return _core.random_spins(word, total, n, threads)
    spins = initial.final_states if isinstance(initial, Run) else spin_array(initial, "initial")
    # A single state serves all; with n_replicas left at 1 the array says how many.
    if rows[0] == 1 and spins.ndim == len(rows) + 1:
        rows = (len(spins), *rows[1:])
    shapes = [(*rows[k:], n) for k in range(len(rows), -1, -1)]
    if spins.shape not in shapes or not spins.size:
        expected = " or ".join(str(shape) for shape in shapes)
        raise ValueError(f"initial must have shape {expected}, got {spins.shape}")
    return np.ascontiguousarray(np.broadcast_to(spins, (*rows, n)).reshape(-1, n))


def check_size(model: SpinModel, rows: tuple[int, ...], plan: Plan) -> None:
    """Raise MemoryError, naming the argument that asks for too much, if a run does not fit.

    ``rows`` is the number of replicas, or of ladders and of temperatures.
    """
    n, measurements = model.n_spins, plan.n_sweeps // plan.every
    each, count = _product((*rows, measurements)), math.prod(rows)
    replicas, series = count * n * _BYTES_PER_SPIN, count * measurements * _BYTES_PER_MEASUREMENT
    what = f"n_replicas: {_product(rows)} replicas of {n} spins"
    check_memory(replicas, what)
    if plan.keep_states:
        series += count * measurements * n
        what = f"keep_states: {each} states of {n} spins"
    elif series > replicas:
        name = "n_sweeps" if measurements >= rows[0] else "n_replicas"
        what = f"{name}: the energies of {each} measurements"
    check_memory(replicas + series, what)


def _product(counts: tuple[int, ...]) -> str:
    """Return a product as it is asked for: a number, or replicas x temperatures x times."""
    return " x ".join(map(str, counts))


def common(
    model: SpinModel,
    columns: dict[str, Any],
    plan: Plan,
    earlier: Run | None,
    seed: int | np.random.SeedSequence,
) -> dict[str, Any]:
    """Return the fields that both kinds of run have."""
    measured, sweeps = int(columns["measured"]), int(columns["sweeps"])
    states = columns.get("states")
    behind = 0 if earlier is None else earlier.sweeps
    return {
        "energy": columns["energy"][..., :measured],
        "magnetization": columns["magnetization"][..., :measured],
        "final_states": columns["final_states"],
        "states": None if states is None else states[..., :measured, :],
        "acceptance": columns["flips"] / (max(sweeps, 1) * model.n_spins),
        "n_spins": model.n_spins,
        "model": repr(model),
        "dynamics": plan.dynamics,
        "warmup": plan.warmup,
        "n_sweeps": min(plan.n_sweeps, max(0, sweeps - plan.warmup)),
        "every": plan.every,
        "sweeps": behind + sweeps,
        "seed": seed,
        "version": _core.__version__,
        "_streams": None if columns["ending"] == "broken" else columns["streams"],
    }


def finished(result: Any, interruption: BaseException | None, plan: Plan, unit: str) -> Any:
    """Return the result, or raise what ended the run early."""
    if isinstance(interruption, KeyboardInterrupt):
        done, total = result.energy.shape[-1], plan.n_sweeps // plan.every
        raise Interrupted(result, done, total, unit) from interruption
    if interruption is not None:
        raise interruption
    return result
