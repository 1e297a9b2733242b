"""What concerns the line outside of this package from which a call came."""

from __future__ import annotations

import inspect
import re
import sys
import warnings
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])

# What others call a temperature, and an inverse one.
_TEMPERATURE = re.compile(r"(t|ts|temps?|temperatures?|k_?b?_?t)(_range|_min|_max)?", re.IGNORECASE)
_BETA = re.compile(r"(betas?|inverse_temperatures?)(_range|_min|_max)?", re.IGNORECASE)


def warn_caller(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at that line, as `warnings.warn` does, which asks more of stderr.

    A result may not be lost to that.
    """
    frame, level = sys._getframe(1), 2
    while frame.f_back and frame.f_globals["__name__"].partition(".")[0] == "spinglass":
        frame, level = frame.f_back, level + 1
    try:
        warnings.warn(message, category, stacklevel=level)
    except Warning:  # a filter makes it an error
        raise
    except Exception:  # of stderr, which is anything
        return


def takes_beta(function: F) -> F:
    """Let a function of beta say so to whoever gives it a temperature."""
    return _takes(function, "beta", "the inverse temperature 1/T", _TEMPERATURE)


def takes_temperatures(function: F) -> F:
    """Let a function of temperatures say so to whoever gives it a beta, or calls them otherwise."""
    return _takes(function, "temperature", "T = 1/beta", _BETA, _TEMPERATURE)


def _takes(function: F, begin: str, words: str, *wrong: re.Pattern[str]) -> F:
    """Let a function say what it takes in ``words`` if an argument has one of the wrong names."""
    known = inspect.signature(function).parameters
    names = [x for x in known if x.startswith(begin)]
    if not names:
        raise TypeError(f"{function.__qualname__} has no argument that begins with {begin}")

    @wraps(function)
    def call(*arguments: Any, **options: Any) -> Any:
        for given in options:
            if given not in known and any(x.fullmatch(given) for x in wrong):
                raise TypeError(
                    f"{function.__qualname__}() takes {' or '.join(names)}, {words}, got {given}"
                )
        return function(*arguments, **options)

    return cast(F, call)
