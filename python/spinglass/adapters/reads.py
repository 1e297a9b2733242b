"""What the samplers for dimod have in common: from a binary quadratic model to a sample set.

States are spins on the way, those of a `spinglass.Ising` with the labels of the model. dimod is
imported already, or there would be no model.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter_ns
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

import dimod
import numpy as np
from numpy.typing import NDArray

from spinglass._arguments import choice, integer, shown
from spinglass._interrupted import Interrupted
from spinglass._random import repeatable, seed_word
from spinglass.adapters.bqm import from_bqm, variables_of
from spinglass.models.ising import Ising
from spinglass.models.patterns import to_bits, to_spins

AnswerMode: TypeAlias = Literal["raw", "histogram"]
Generator: TypeAlias = Literal["random", "tile", "none"]


class Found(NamedTuple):
    """The states of all reads, int8 (n_reads, n_spins), their energies, and how they were made."""

    states: NDArray[np.int8]
    energies: NDArray[np.float64]
    sweeps: int
    info: dict[str, Any]


class _Enough(KeyboardInterrupt):
    """The interrupt function returned True."""


def sample_set(
    sampler: dimod.Initialized,
    bqm: dimod.BinaryQuadraticModel,
    search: Callable[..., Any],
    found: Callable[[Ising, Any], Found],
    *,
    num_reads: int | None,
    initial_states: Any,
    initial_states_generator: str,
    seed: int | None,
    interrupt_function: Callable[[], Any] | None,
    num_threads: int | None,
    answer_mode: str,
) -> dimod.SampleSet:
    """Return what a search finds, as a sample set.

    Parameters
    ----------
    search : callable
        Takes the model, the initial spins or None, and ``n_replicas``, ``seed``, ``num_threads``
        and ``progress``. It returns a result, or raises `Interrupted` with one.
    found : callable
        Takes the model and that result.
    sampler, bqm, ...
        As `spinglass.adapters.dimod.SpinglassSampler.sample` has them.
    """
    began = perf_counter_ns()
    choice(answer_mode, "answer_mode", get_args(AnswerMode))
    choice(initial_states_generator, "initial_states_generator", get_args(Generator))
    if interrupt_function is not None and not callable(interrupt_function):
        raise TypeError(f"interrupt_function must be callable, got {shown(interrupt_function)}")
    if num_reads is not None:
        num_reads = integer(num_reads, "num_reads", at_least=1, at_most=2**32)
    known_seed = repeatable(seed)
    variables_of(bqm)  # or it is refused
    if not bqm.num_variables:
        count = num_reads or 1
        nothing = np.empty((count, 0), np.int8)
        return _as_sample_set(nothing, np.full(count, bqm.offset), bqm, (), {}, answer_mode)
    model = from_bqm(bqm)
    initial = None
    if initial_states is not None:
        parsed = sampler.parse_initial_states(
            bqm,
            initial_states,
            initial_states_generator,
            num_reads,
            seed_word(known_seed) % 2**32,
        )
        initial = _spins(parsed.initial_states, model)
    prepared, interruption = perf_counter_ns(), None
    try:
        result = search(
            model,
            initial,
            n_replicas=(num_reads or 1) if initial is None else len(initial),
            seed=known_seed,
            num_threads=num_threads,
            progress=_asking(interrupt_function) if interrupt_function else False,
        )
    except Interrupted as early:
        result = early.result
        if not isinstance(early.__cause__, _Enough):
            interruption = early
    searched = perf_counter_ns()
    states, energies, sweeps, info = found(model, result)
    info |= {"num_sweeps": sweeps, "seed": known_seed, "timing": {}}
    samples = _as_sample_set(states, energies, bqm, model.labels, info, answer_mode)
    samples.info["timing"] = {
        "preprocessing_ns": prepared - began,
        "sampling_ns": searched - prepared,
        "postprocessing_ns": perf_counter_ns() - searched,
    }
    if interruption is not None:
        done, total, unit = interruption.done, interruption.total, interruption.unit
        raise Interrupted(samples, done, total, unit) from interruption
    return samples


def _asking(interrupt_function: Callable[[], Any]) -> Callable[[int, int], None]:
    """Return a report of progress that ends the search when the function returns True.

    It is not asked before the first sweep is done: until then there is no result to keep.
    """

    def report(done: int, total: int) -> None:
        if done and interrupt_function():
            raise _Enough

    return report


def _spins(samples: dimod.SampleSet, model: Ising) -> NDArray[np.int8]:
    """Return states as spins in the order of the model."""
    place = {label: k for k, label in enumerate(samples.variables)}
    states = samples.record.sample[:, [place[label] for label in model.labels]]
    return states if samples.vartype is dimod.SPIN else to_spins(states)


def _as_sample_set(
    states: NDArray[np.int8],
    energies: NDArray[np.float64],
    bqm: dimod.BinaryQuadraticModel,
    labels: Any,
    info: dict[str, Any],
    answer_mode: str,
) -> dimod.SampleSet:
    """Return states of spins as a sample set of the kind of the model."""
    values = states if bqm.vartype is dimod.SPIN else to_bits(states)
    samples = dimod.SampleSet.from_samples(
        (values, list(labels)), bqm.vartype, energies, info, sort_labels=False
    )
    return samples if answer_mode == "raw" else samples.aggregate().slice()  # sorted by energy
