"""What concerns the line outside of this package from which a call came."""

from __future__ import annotations

import inspect
import sys
import warnings
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])

_TEMPERATURES = frozenset({"T", "temp", "temperature", "temperatures", "kT"})


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
    names = [x for x in inspect.signature(function).parameters if x.startswith("beta")]
    if not names:
        raise TypeError(f"{function.__qualname__} has no argument that begins with beta")

    @wraps(function)
    def call(*arguments: Any, **options: Any) -> Any:
        if wrong := _TEMPERATURES.intersection(options):
            raise TypeError(
                f"{function.__qualname__}() takes {' or '.join(names)}, the inverse temperature "
                f"1/T, got {min(wrong)}"
            )
        return function(*arguments, **options)

    return cast(F, call)
