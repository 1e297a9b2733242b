"""Functions as arguments of an experiment: how a store knows them, and which can be sent."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import is_dataclass
from functools import partial
from typing import Any

from spinglass import _arguments
from spinglass.experiments.kinds import Kind


def _function(value: Any, name: str) -> Callable[..., Any]:
    """Return a function, or say that it is none."""
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


FUNCTION = Kind(_function)
