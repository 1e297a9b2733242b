r"""The trials of any memory: what Python asks of it, beside the scan of Hebb's rule in the core.

A memory is made of the patterns of an instance, and is asked once for all starts of the instance.
Patterns and starts are those of the core, by the same seeds, so a Hopfield network that is given as
a memory has the same trials as the scan without one.

After a recall the overlap of the final state counts. Without a recall every spin is updated once,
all from the same start: spin i follows the sign of its local field h_i, and keeps its value if that
is 0. The overlap then is 1 - 2 e, with e the share of wrong spins, the one-step error. At a pattern
the stability of spin i is xi_i h_i, and a spin is wrong if it is negative. If the stabilities were
normally distributed, with their measured mean and variance, the error would be

    Phi(-mean / sqrt(variance)),

the Gaussian estimate.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from spinglass import _arguments
from spinglass._core import PackedPatterns, corrupt_states
from spinglass.experiments.recalls import given_numbers, target_overlaps
from spinglass.experiments.retrieval_capacity.config import CapacityConfig
from spinglass.models.patterns import Patterns

Columns = dict[str, Any]


def memory_trials(
    config: CapacityConfig,
    memory: Callable[..., Any],
    n_patterns: int,
    n_spins: int,
    n_flips: int,
    seed: int,
    memory_seed: int,
) -> Columns:
    """Return the trials of one instance, a column each; raise what the memory raises."""
    patterns = Patterns._wrap(PackedPatterns.random(n_patterns, n_spins, seed, 1))
    targets = patterns[: config.n_starts]
    starts = corrupt_states(targets, n_flips, seed)
    made = _made(memory, patterns, memory_seed)
    if config.criterion == "overlap":
        return _recalled(made, starts, targets, config.max_sweeps)
    return _updated(made, starts, targets)


def _made(memory: Callable[..., Any], patterns: Patterns, seed: int) -> Any:
    """Return the memory of patterns. It gets the seed if it has an argument of this name."""
    try:
        takes_seed = "seed" in inspect.signature(memory).parameters
    except (TypeError, ValueError):  # of some that are written in C
        takes_seed = False
    return memory(patterns, seed=seed) if takes_seed else memory(patterns)


def _method(memory: Any, name: str, call: str) -> Callable[..., Any]:
    method = _arguments.attribute(memory, name)
    if not callable(method):
        given = _arguments.shown(memory)
        raise TypeError(f"memory must return an object that has {call}, got {given}")
    return method  # type: ignore[no-any-return]


def _recalled(memory: Any, starts: Any, targets: Any, max_sweeps: int) -> Columns:
    """Return the trials that end where a recall ends."""
    found = _method(memory, "recall", "recall(states, max_sweeps=...)")(
        starts, max_sweeps=max_sweeps
    )
    states = given_numbers(_arguments.attribute(found, "states"), "states", starts.shape)
    counts = {
        name: given_numbers(_arguments.attribute(found, name), name, starts.shape[:1])
        for name in ("sweeps", "flips", "converged")
    }
    return counts | {"overlap": target_overlaps(states, targets)}


def _updated(memory: Any, starts: Any, targets: Any) -> Columns:
    """Return the trials that end after one update of every spin."""
    given = _method(memory, "local_fields", "local_fields(states)")(starts)
    fields = given_numbers(given, "local_fields", starts.shape)
    turned = fields * starts < 0
    stabilities = fields * targets
    flips = turned.sum(axis=1)
    return {
        "overlap": target_overlaps(np.where(turned, -starts, starts), targets),
        "sweeps": np.ones(len(starts)),
        "flips": flips,
        "converged": flips == 0,
        "stability": stabilities.mean(axis=1),
        "stability_square": (stabilities**2).mean(axis=1),
    }
