"""What the experiments ask of their arguments, beside what every public function asks."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from spinglass import _arguments, _random


def integer_seed(seed: _random.Seed) -> int:
    """Return a seed as the integer that a config records."""
    if not isinstance(seed, int | np.integer) or isinstance(seed, bool):
        seed = _random.seed_word(seed)
    return _arguments.integer(seed, "seed", at_least=0, at_most=None)


def listed(values: Any) -> list[Any]:
    """Return the values as a list; one value may come without a sequence."""
    return list(values) if np.iterable(values) else [values]


def each_once(values: Any, name: str, check: Callable[[Any], Any]) -> tuple[Any, ...]:
    """Return the checked values, none of them twice; one value may come without a sequence."""
    checked = [check(x) for x in listed(values)]
    if not checked:
        raise ValueError(f"{name} must not be empty")
    for x in checked:
        if checked.count(x) > 1:
            raise ValueError(f"{name} must hold each value once, got {x} more than once")
    return tuple(checked)


def for_each_size(
    values: Any, name: str, sizes: tuple[int, ...], default: Callable[[int], int]
) -> tuple[int, ...]:
    """Return one positive integer a size: as given, one for all, or the default."""
    if values is None:
        return tuple(default(n) for n in sizes)
    given = list(values) if np.iterable(values) else [values] * len(sizes)
    if len(given) != len(sizes):
        raise ValueError(
            f"{name} must be one number, or one for each of the {len(sizes)} sizes, "
            f"got {len(given)}"
        )
    return tuple(_arguments.integer(x, name, at_least=1) for x in given)


def temperature(value: Any) -> float:
    """Return a temperature as a float above 0, or say what was expected."""
    T = _arguments.real(value, "temperatures")
    if not 0.0 < T < math.inf:
        raise ValueError(f"temperatures must be above 0 and finite, got {T:g}")
    return T


def warmup_or(default: int, warmup: Any) -> int:
    """Return the sweeps before the measured ones, or their default."""
    if warmup is None:
        return default
    return _arguments.integer(warmup, "warmup", at_least=0, at_most=2**40)
