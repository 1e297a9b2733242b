"""The arguments of an average over samples of disorder."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from spinglass import _arguments
from spinglass.experiments.config import Config, derived, parameter
from spinglass.experiments.functions import FUNCTION, described
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


@dataclass(frozen=True)
class DisorderConfig(Config):
    """What was asked of an average over disorder. Functions are known by their names."""

    make_model: str = parameter(FUNCTION, "the function that makes a model of a seed")
    seeds: tuple[int, ...] = parameter(Kind(_seeds), "the seeds of the samples")
    study: str = parameter(FUNCTION, "the function that measures a model")
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
