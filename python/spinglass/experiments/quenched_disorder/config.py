"""The arguments of an average over samples of disorder, and how a store knows functions."""

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, is_dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any

from spinglass import _arguments
from spinglass.experiments.config import Config, derived, parameter
from spinglass.experiments.kinds import Kind


def _seeds(value: Any, name: str) -> tuple[int, ...]:
    """Return the seeds of the samples, each once."""
    kind = "a number of samples, at least 1, or a sequence of seeds"
    if foreign := _arguments.foreign_model(value):
        raise TypeError(f"{name} must be {kind}, got {foreign}")
    given = _arguments.several(value, name)
    if given is None:
        n_samples = _arguments.integer(value, name, at_least=1, kind=kind)
        _arguments.check_memory(1000 * n_samples, f"{name}: {n_samples} samples")
        return tuple(range(n_samples))
    seeds = tuple(_arguments.integer(x, f"a seed in {name}", at_least=0) for x in given)
    if not seeds:
        raise ValueError(f"{name} must not be empty")
    if len(set(seeds)) < len(seeds):
        ((twice, _),) = Counter(seeds).most_common(1)
        raise ValueError(f"{name} must hold each seed once, got {twice} more than once")
    return seeds


def _function(value: Any, name: str) -> Callable[..., Any]:
    if not callable(value):
        raise TypeError(f"{name} must be callable, got {_arguments.shown(value)}")
    return value  # type: ignore[no-any-return]


def described(value: Any) -> str:
    """Return the words by which a store knows a function, a model or a study.

    They are the same in every process: no address is in them.
    """
    if isinstance(value, partial):
        options = (f"{name}={described(x)}" for name, x in value.keywords.items())
        return (
            f"partial({', '.join([described(value.func), *map(described, value.args), *options])})"
        )
    if is_dataclass(value) and not isinstance(value, type):
        return repr(value)  # in full: its fields are what was asked
    name = _arguments.attribute(value, "__qualname__")
    if callable(value) and isinstance(name, str):
        return f"{_arguments.attribute(value, '__module__')}.{name}"
    words = _arguments.shown(value)
    return f"a {type(value).__module__}.{type(value).__qualname__}" if " at 0x" in words else words


def check_can_be_sent(executor: Any, **functions: Any) -> None:
    """Refuse functions that processes of this machine cannot be sent, by name."""
    if not isinstance(executor, ProcessPoolExecutor):
        return
    for name, function in functions.items():
        try:
            pickle.dumps(function)
        except Exception as error:
            raise TypeError(
                f"{name} must be picklable to be sent to other processes, which a lambda or a "
                f"function within a function is not: define it in a module, or leave executor "
                f"out, since threads of this process take any function; got "
                f"{_arguments.shown(function)} ({error})"
            ) from None


@dataclass(frozen=True)
class DisorderConfig(Config):
    """What was asked of an average over disorder. Functions are known by their names."""

    make_model: str = parameter(Kind(_function), "the function that makes a model of a seed")
    seeds: tuple[int, ...] = parameter(Kind(_seeds), "the seeds of the samples")
    study: str = parameter(Kind(_function), "the function that measures a model")
    model: str = derived("the model of the first seed")

    @classmethod
    def resolve(cls, given: SimpleNamespace) -> None:
        """Make the first model, which names all of them, and turn functions into their names."""
        (seed, *_) = given.seeds
        try:
            given.model = described(given.make_model(seed))
        except MemoryError:
            raise
        except Exception as error:
            raise ValueError(
                f"make_model must return a model for a seed, and for {seed} raised "
                f"{_arguments.shown(error)}"
            ) from error
        given.make_model, given.study = described(given.make_model), described(given.study)
