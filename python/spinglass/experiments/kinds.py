"""Kinds of arguments of an experiment: checked in Python, read as text on the command line."""

from __future__ import annotations

import math
from argparse import ArgumentTypeError
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any, get_args

import numpy as np

from spinglass import _arguments, _random

# A range of numbers on the command line has fewer than this.
_MOST = 10_000


@dataclass(frozen=True)
class Kind:
    """A kind of argument: its allowed values.

    Attributes
    ----------
    check : callable
        Takes a value and the name of the argument. Returns the resolved value, or raises an error
        that states the expected and the given value.
    read : callable
        The argparse type: converts a word of the command line.
    choices : tuple of str, optional
        All allowed words.
    join : callable, optional
        Converts the list of words that were read. Without it there is one word.
    written : str
        The form of values on the command line, if it is not that of Python. It ends the help.
    """

    check: Callable[[Any, str], Any]
    read: Callable[[str], Any] = str
    choices: tuple[str, ...] | None = None
    join: Callable[[list[Any]], Any] | None = None
    written: str = ""


def integer(at_least: int, at_most: int = 2**63 - 1) -> Kind:
    """Return the kind of an integer."""
    check = partial(_arguments.integer, at_least=at_least, at_most=at_most)
    return Kind(check, _read_integer(at_least))


def or_none(kind: Kind) -> Kind:
    """Return the kind of an integer above 0 or None, which is 0 on the command line."""
    return Kind(
        lambda value, name: None if value is None else kind.check(value, name),
        lambda text: _read_integer(0)(text) or None,
        written="; 0 for none",
    )


def power_of_two(at_least: int, at_most: int) -> Kind:
    """Return the kind of a power of two."""

    def check(value: Any, name: str) -> int:
        number = _arguments.integer(value, name, at_least=at_least, at_most=at_most)
        if number & (number - 1):
            raise ValueError(f"{name} must be a power of two, got {number}")
        return number

    return Kind(check, _read_integer(1))


def choice(options: Any) -> Kind:
    """Return the kind of one of several words, those of a ``Literal``."""
    words = get_args(options)
    return Kind(partial(_arguments.choice, options=words), choices=words)


def each_once(kind: Kind) -> Kind:
    """Return the kind of a sequence of values, none of them twice; one may come without it."""

    def check(values: Any, name: str) -> tuple[Any, ...]:
        given = _arguments.several(values, name)
        checked = [kind.check(x, name) for x in ([values] if given is None else given)]
        if not checked:
            raise ValueError(f"{name} must not be empty")
        for x in checked:
            if checked.count(x) > 1:
                raise ValueError(f"{name} must hold each value once, got {x} more than once")
        return tuple(checked)

    return Kind(check, kind.read, join=list)


def read_ranges(kind: Kind, what: str) -> Kind:
    """Return a kind of sequence that reads ranges START:STOP:STEP of numbers above 0 as well."""
    flattened = chain.from_iterable
    return Kind(
        kind.check,
        _read_ranges(what),
        join=lambda lists: list(flattened(lists)),
        written=": numbers, or START:STOP:STEP with both ends",
    )


def for_each_size(
    values: Any, name: str, sizes: tuple[int, ...], default: Callable[[int], int]
) -> tuple[int, ...]:
    """Return one positive integer a size: as given, one for all, or the default."""
    if values is None:
        return tuple(default(n) for n in sizes)
    several = _arguments.several(values, name)
    given = [values] * len(sizes) if several is None else several
    if len(given) != len(sizes):
        raise ValueError(
            f"{name} must be one number, or one for each of the {len(sizes)} sizes, "
            f"got {len(given)}"
        )
    return tuple(_arguments.integer(x, name, at_least=1) for x in given)


def positive(value: Any, name: str) -> float:
    """Return a finite number above 0 as a float."""
    number = _arguments.real(value, name)
    if not 0.0 < number < math.inf:
        raise ValueError(f"{name} must be above 0 and finite, got {number:g}")
    return number


def integer_seed(seed: _random.Seed, name: str = "seed") -> int:
    """Return a seed as the integer that a config records."""
    if not isinstance(seed, int | np.integer) or isinstance(seed, bool):
        seed = _random.seed_word(seed)
    return _arguments.integer(seed, name, at_least=0, at_most=None)


def _read_integer(at_least: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = at_least - 1
        if number < at_least:
            raise ArgumentTypeError(f"expected an integer >= {at_least}, got {text!r}")
        return number

    return read


def read_real(text: str) -> float:
    """Read a finite number."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ArgumentTypeError(f"expected a number, got {text!r}")
    return number


def _read_fraction(text: str) -> float:
    number = read_real(text)
    if not 0 <= number <= 1:
        raise ArgumentTypeError(f"expected a number between 0 and 1, got {text!r}")
    return number


def _read_ranges(what: str) -> Callable[[str], list[float]]:
    """Return what reads one number, several with commas, or START:STOP:STEP with both ends."""

    def read(text: str) -> list[float]:
        parts = text.split(":")
        if len(parts) == 1:
            values = [read_real(part) for part in text.split(",") if part]
        elif len(parts) == 3:
            start, stop, step = map(read_real, parts)
            if step <= 0 or stop < start:
                raise ArgumentTypeError(
                    f"expected START:STOP:STEP with START <= STOP and STEP > 0, got {text!r}"
                )
            steps = math.floor((stop - start) / step + 1e-6)
            if steps >= _MOST:
                raise ArgumentTypeError(f"expected fewer than {_MOST} {what}, got {text!r}")
            values = [round(start + k * step, 12) for k in range(steps + 1)]
        else:
            raise ArgumentTypeError(f"expected a number or START:STOP:STEP, got {text!r}")
        if not values or min(values) <= 0:
            raise ArgumentTypeError(f"expected {what} above 0, got {text!r}")
        return values

    return read


POSITIVE = Kind(positive, read_real)
FRACTION = Kind(_arguments.fraction, _read_fraction)
INVERSE_TEMPERATURE = Kind(_arguments.inverse_temperature, read_real)
SEED = Kind(integer_seed, _read_integer(0))
SWEEPS = integer(1, 2**40)
# One number for all sizes, or one for each: checked by `for_each_size` once the sizes are known.
COUNTS = Kind(
    lambda values, _: values,
    _read_integer(1),
    join=lambda values: values[0] if len(values) == 1 else values,
)
