"""What sampling, tempering and annealing have in common: arguments, starts, results."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar, cast, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass import _core
from spinglass._arguments import (
    check_memory,
    choice,
    clamp_rows,
    copied,
    flag,
    integer,
    spin_array,
)
from spinglass._caller import warn_caller
from spinglass._interrupted import Interrupted, MeasurementError
from spinglass._random import Seed
from spinglass.models.energy import Layered, Pairwise, name_of, structure_of
from spinglass.models.ising import Ising
from spinglass.sampling.annealings import Annealing
from spinglass.sampling.ladder_runs import LadderRun, TemperedRun
from spinglass.sampling.observables.measured import observables_of
from spinglass.sampling.observables.observable import Asked, Observable
from spinglass.sampling.observables.observed import ObservedFailed, Spaced
from spinglass.sampling.observables.pairs import Overlap
from spinglass.sampling.runs import Run, unaltered

Dynamics = Literal["metropolis", "heat-bath", "wolff", "swendsen-wang"]

# Bytes a replica's spin takes at most while it moves: state, field, threshold, and two copies.
_BYTES_PER_SPIN = 16

# Of each: energy and magnetization.
_BYTES_PER_MEASUREMENT = 16

# Replicas up to which the overlaps of all pairs cost little beside their sweeps, about 10 %.
_CHEAP_REPLICAS = 8

# Error of beta times a local field, hence of the odds of a spin, that goes without a word.
_HARMLESS = 1e-2

_R = TypeVar("_R", Run, LadderRun, TemperedRun, Annealing)


@dataclass(frozen=True)
class Sampled:
    """A model as the core moves it."""

    core: _core.SpinModel
    name: str
    # What the core leaves out of every energy.
    constant: float = 0.0

    @property
    def n_spins(self) -> int:
        """N."""
        return self.core.n_spins

    @property
    def identity(self) -> str:
        """What tells it from every other model: a digest of its content."""
        return f"{self.core.digest()}{self.constant + 0.0:+.17g}"  # -0.0 is 0

    def total(self, energies: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return energies of the core as those of the model."""
        return energies + self.constant if self.constant else energies


def sampled(model: Any) -> Sampled:
    """Return what the core moves: the model's own object there, or one of its couplings."""
    core = getattr(model, "_model", None)
    if isinstance(core, _core.SpinModel):
        return Sampled(core, repr(model), model.constant)
    structure = structure_of(model)
    if not isinstance(structure, Pairwise) or structure.variables != "spins":
        is_layered = isinstance(structure, Layered) and structure.visible == "units"
        can_be_rewritten = is_layered or isinstance(structure, Pairwise)
        hint = ": spin_form(model) has them, and can be sampled" if can_be_rewritten else ""
        raise TypeError(f"model must have pairs of spins, got {name_of(structure)}{hint}")
    ising = Ising(structure.couplings, structure.fields)
    return Sampled(ising._model, repr(model), structure.constant)


@dataclass(frozen=True)
class Plan:
    """The checked arguments that all three have in common."""

    n_sweeps: int
    rows: int
    dynamics: Dynamics
    warmup: int
    every: int
    keep_states: bool
    # None until the number of replicas is known, if it decides.
    measure: tuple[Observable, ...] | None
    # What the core is asked for: an entry for each observable.
    asked: tuple[Asked, ...] = ()
    # Functions of the states, which are measured here and not in the core.
    observed: tuple[Spaced, ...] = ()

    def measuring(self, given: Any, model: Sampled, n_replicas: int, earlier: Any) -> Plan:
        """Return the plan that knows what is measured of so many replicas of the given model.

        By default it is what the earlier run measured, if there is one.
        """
        measure = self.measure
        if measure is None and earlier is not None:
            measure = earlier._observables
        elif measure is None:
            is_cheap = 2 <= n_replicas <= _CHEAP_REPLICAS and model.core.overlaps_are_cheap()
            measure = (Overlap(),) if is_cheap else ()
        if n_replicas < 2 and (pairs := [one.name for one in measure if one.of_pairs]):
            raise ValueError(f"measure={pairs} needs at least 2 replicas, got 1: set n_replicas")
        asked = tuple(one._asked(given, model.core) for one in measure)
        kept = tuple(ask.kept or one for one, ask in zip(measure, asked, strict=True))
        return replace(self, measure=kept, asked=asked)

    @property
    def keywords(self) -> dict[str, Any]:
        """What is to be done, as arguments of the core."""
        return {
            "dynamics": self.dynamics,
            "warmup": self.warmup,
            "n_sweeps": self.n_sweeps,
            "every": self.every,
            "keep_states": self.keep_states,
            "measure": [ask.request for ask in self.asked],
        }

    def shaped(self, columns: dict[str, Any]) -> dict[str, Any]:
        """Return columns of the core in which the series have names, and the axes of the run."""
        rows, *betas, planned = columns["energy"].shape
        series = {}
        for one, ask, values in zip(self.measure or (), self.asked, columns["series"], strict=True):
            subjects = math.comb(rows, 2) if one.of_pairs else rows
            series[one.name] = values.reshape(subjects, *betas, planned, *ask.shape)
        return columns | {"series": series}


def begin(earlier: Run[Any, Any] | None) -> dict[str, Any]:
    """Return where an earlier run ended, as arguments of the core."""
    return {
        "sweeps": 0 if earlier is None else earlier.sweeps,
        "streams": np.empty(0, np.uint64) if earlier is None else earlier._streams,
    }


def plan_of(
    n_sweeps: Any,
    n_replicas: Any,
    dynamics: Any,
    warmup: Any,
    every: Any,
    keep_states: Any,
    measure: Any = (),
) -> Plan:
    """Check the arguments, and return them."""
    observables, functions = (None, ()) if measure is None else observables_of(measure)
    plan = Plan(
        integer(n_sweeps, "n_sweeps", at_least=1, at_most=2**53),
        integer(n_replicas, "n_replicas", at_least=1, at_most=2**32),
        cast(Dynamics, choice(dynamics, "dynamics", get_args(Dynamics))),
        integer(warmup, "warmup", at_least=0, at_most=2**53),
        integer(every, "every", at_least=1, at_most=2**53),
        flag(keep_states, "keep_states"),
        observables,
    )
    return replace(plan, observed=tuple(one._spaced(plan.every) for one in functions))


def warn_of_rounding(model: Sampled, plan: Plan, beta: float, threads: int | None) -> None:
    """Say so if the law at beta is another one because local fields are kept in 32 bits."""
    is_local = plan.dynamics in ("metropolis", "heat-bath")
    worst = model.core.rounding(beta, threads) if is_local else None
    if worst is None or not beta * worst[1] > _HARMLESS:
        return
    site, error = worst
    warn_caller(
        f"{model.name}: the local field of site {site} can be wrong by {error:.3g}, because sweeps "
        f"round its couplings and field to 2^-30 of their sum; at beta = {beta:g} that is no "
        "longer small. Those of that size are lost beside the large ones: scale the large ones "
        "down, or add the couplings to spins that never move to the fields of their neighbours",
        RuntimeWarning,
    )


def earlier_run(model: Sampled, initial: Any, kind: type[_R], plan: Plan) -> _R | None:
    """Return the run to be continued, if ``initial`` is one."""
    if not isinstance(initial, Run | Annealing):
        return None
    if type(initial) is not kind:
        got = "an Annealing" if isinstance(initial, Annealing) else f"a {type(initial).__name__}"
        raise TypeError(f"initial must be a {kind.__name__}, got {got}")
    if initial._streams is None:
        raise ValueError(
            "initial was interrupted within a sweep and cannot be continued: start from its "
            "final_states"
        )
    if not initial._is_unaltered:
        raise ValueError(
            "initial must be a run as it was returned, got one that was altered since (by "
            "dataclasses.replace): start from its final_states"
        )
    if plan.dynamics != initial.dynamics:
        raise ValueError(
            f'dynamics must be that of the run to be continued, "{initial.dynamics}", got '
            f'"{plan.dynamics}": to change it, start from its final_states'
        )
    check_same_model(model, initial)
    if plan.rows not in (1, initial.n_replicas):
        raise ValueError(
            f"n_replicas must be that of the run, {initial.n_replicas}, got {plan.rows}"
        )
    return initial


def check_same_model(model: Sampled, initial: Run[Any, Any] | Annealing) -> None:
    """Refuse a run of other couplings, fields or constant, whatever they are called."""
    if initial._identity == model.identity:
        return
    if initial.model == model.name:
        came = f"one of another {model.name}, whose couplings, fields or constant differ"
    else:
        came = f"one of {initial.model}"
    raise ValueError(
        f"initial must be a run of the same model, {model.name}, got {came}: to change it, start "
        "from its final_states"
    )


def check_as_many(betas: NDArray[np.float64], earlier: LadderRun, name: str) -> None:
    """Refuse another number of temperatures than the run has that is to be continued."""
    if len(betas) != len(earlier.betas):
        raise ValueError(
            f"{name} must be as many as in the run, {len(earlier.betas)}, got {len(betas)}"
        )


def continued_seed(earlier: Run[Any, Any] | Annealing, seed: Seed) -> Seed:
    """Return the seed of the run that goes on; it cannot be another."""
    if seed is not None and seed is not earlier.seed and seed != earlier.seed:
        raise ValueError(
            f"seed must be that of the run to be continued, {earlier.seed}, got {seed}: for new "
            "random numbers, start from its final_states"
        )
    return earlier.seed


def held_spins(
    clamp: ArrayLike | None, initial: Any, states: NDArray[np.int8], n_replicas: int
) -> NDArray[np.bool_] | None:
    """Return which spins are held, a row for each replica; None if no argument says so.

    ``states`` are the starts of all replicas, those of a ladder one after the other.
    """
    earlier = initial if isinstance(initial, Run | Annealing) else None
    if clamp is None:
        return None if earlier is None else earlier.clamp
    if initial is None:
        raise ValueError("clamp needs initial: held spins keep the values that they have there")
    n = states.shape[-1]
    held = clamp_rows(clamp, n_replicas, n)
    ladders = states.reshape(n_replicas, -1, n)
    if (held & (ladders != ladders[:, :1]).any(axis=1)).any():
        raise ValueError("initial must have one value at all betas for each spin that clamp holds")
    if earlier is not None and not np.array_equal(
        held, np.zeros_like(held) if earlier.clamp is None else earlier.clamp
    ):
        raise ValueError(
            "clamp must be that of the run to be continued: to change it, start from its "
            "final_states"
        )
    return held


def starts(
    model: Any, initial: Any, rows: tuple[int, ...], word: int, threads: int | None
) -> NDArray[np.int8]:
    """Return the initial states, one a row."""
    total, n = math.prod(rows), model.n_spins
    check_memory(total * n * _BYTES_PER_SPIN, f"n_replicas: {_product(rows)} replicas of {n} spins")
    if initial is None:
        return _core.random_spins(word, total, n, threads)
    is_run = isinstance(initial, Run | Annealing)
    spins = initial.final_states if is_run else spin_array(initial, "initial")
    # A single state serves all; with n_replicas left at 1 the array says how many.
    if rows[0] == 1 and spins.ndim == len(rows) + 1:
        rows = (len(spins), *rows[1:])
    shapes = [(*rows[k:], n) for k in range(len(rows), -1, -1)]
    if spins.shape not in shapes or not spins.size:
        expected = " or ".join(str(shape) for shape in shapes)
        raise ValueError(f"initial must have shape {expected}, got {spins.shape}")
    return copied(np.broadcast_to(spins, (*rows, n)), np.int8).reshape(-1, n)


def check_size(model: Sampled, rows: tuple[int, ...], plan: Plan) -> None:
    """Raise MemoryError, naming the argument that asks for too much, if a run does not fit.

    ``rows`` is the number of replicas, or of ladders and of temperatures.
    """
    n, measurements = model.n_spins, plan.n_sweeps // plan.every
    each, count = _product((*rows, measurements)), math.prod(rows)
    replicas, series = count * n * _BYTES_PER_SPIN, count * measurements * _BYTES_PER_MEASUREMENT
    measured = {
        one.name: _numbers(one, ask, rows) * measurements
        for one, ask in zip(plan.measure or (), plan.asked, strict=True)
    }
    what = f"n_replicas: {_product(rows)} replicas of {n} spins"
    check_memory(replicas, what)
    if plan.keep_states:
        series += count * measurements * n
        what = f"keep_states: {each} states of {n} spins"
    elif series > replicas:
        name = "n_sweeps" if measurements >= rows[0] else "n_replicas"
        what = f"{name}: the energies of {each} measurements"
    check_memory(replicas + series, what)
    if measured:
        name = max(measured, key=lambda name: measured[name])
        what = f"measure: {measured[name]} numbers of {name} at {measurements} measurements"
        check_memory(replicas + series + 8 * sum(measured.values()), what)


def _numbers(observable: Observable, asked: Asked, rows: tuple[int, ...]) -> int:
    """Return how many numbers a measurement is, of all replicas or pairs."""
    subjects = math.comb(rows[0], 2) if observable.of_pairs else rows[0]
    return subjects * math.prod(rows[1:]) * math.prod(asked.shape)


def _product(counts: tuple[int, ...]) -> str:
    """Return a product as it is asked for: a number, or replicas x temperatures x times."""
    return " x ".join(map(str, counts))


def common(
    model: Sampled,
    columns: dict[str, Any],
    plan: Plan,
    earlier: Run[Any, Any] | None,
    seed: int | np.random.SeedSequence,
    clamp: NDArray[np.bool_] | None,
) -> dict[str, Any]:
    """Return the fields that both kinds of run have."""
    measured, sweeps = int(columns["measured"]), int(columns["sweeps"])
    states = columns.get("states")
    until = (slice(None),) * (columns["energy"].ndim - 1) + (slice(measured),)
    series = {name: values[until] for name, values in columns["series"].items()}
    behind = 0 if earlier is None else earlier.sweeps
    return {
        "energy": model.total(columns["energy"][..., :measured]),
        "magnetization": columns["magnetization"][..., :measured],
        "final_states": columns["final_states"],
        "states": None if states is None else states[..., :measured, :],
        "acceptance": columns["flips"] / (max(sweeps, 1) * model.n_spins),
        "n_spins": model.n_spins,
        "model": model.name,
        "dynamics": plan.dynamics,
        "warmup": plan.warmup,
        "n_sweeps": min(plan.n_sweeps, max(0, sweeps - plan.warmup)),
        "every": plan.every,
        "clamp": clamp,
        "sweeps": behind + sweeps,
        "seed": seed,
        "version": _core.__version__,
        "measured": series | columns.get("observed", {}),
        "_observables": plan.measure or (),
        "_identity": model.identity,
        "_streams": None if columns["ending"] == "broken" else columns["streams"],
    }


def finished(result: Any, interruption: BaseException | None, plan: Plan, unit: str) -> Any:
    """Return the result, or raise what ended the run early."""
    unaltered(result)
    done, total = result.energy.shape[-1], plan.n_sweeps // plan.every
    if isinstance(interruption, ObservedFailed):
        raise MeasurementError(str(interruption), result, done, total) from interruption.__cause__
    if isinstance(interruption, KeyboardInterrupt):
        raise Interrupted(result, done, total, unit) from interruption
    if interruption is not None:
        raise interruption
    return result
