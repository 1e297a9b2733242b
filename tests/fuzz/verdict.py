"""What is wrong with what comes out of a call: nothing, or a line that says it."""

import inspect
import math
import re
from dataclasses import fields, is_dataclass

import numpy as np

# What the package raises everywhere; other exceptions only where the docstring names them.
EVERYWHERE = {"TypeError", "ValueError", "MemoryError"}
LONGEST_MESSAGE = 1000

# Warnings of NumPy of its own arithmetic.
INSIDE = r"^(invalid value|overflow|underflow|divide by zero|Mean of empty|Degrees of)|deprecated"

# Whoever names a file is told what the system says of it.
FILES = {"checkpoint", "data", "directory", "images", "path", "store"}
# Messages of `Hopfield`, whose argument they name.
ALSO = {"array": "patterns"}


def documented(function):
    """Return the names of exceptions in the docstring of a function, its class and its result."""
    owner = getattr(function, "__self__", None)
    texts = [inspect.getdoc(x) or "" for x in (function, type(owner)) if x is not None]
    return EVERYWHERE | {
        name
        for text in texts
        for part in re.findall(r"Raises\n-+\n(.*?)(?=\n\n\w+\n-+\n|\Z)", text, re.DOTALL)
        for name in re.findall(r"\b[A-Z]\w*(?:Error|Interrupted|Stopped)\b", part)
    }


def named(function, arguments):
    """Return the words of which a message has one: the arguments, and the path that was given."""
    words = {*arguments, *(ALSO[name] for name in arguments if name in ALSO)}
    paths = [arguments[name] for name in FILES & set(arguments)]
    words |= {path for path in paths if isinstance(path, str)}
    owner = getattr(function, "__self__", None)
    parameters = getattr(owner, "get_params", dict)() if not isinstance(owner, type) else {}
    return words | set(parameters)


def of_exception(function, arguments, error):
    """Return what is wrong with an exception."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    said = str(error)
    kind = type(error).__name__
    if isinstance(error, OSError) and FILES & set(arguments):
        return None
    if not kinds & documented(function):
        return f"is not documented: {kind}: {said:.200}"
    if not said or len(said) > LONGEST_MESSAGE:
        return f"has a message of {len(said)} characters: {kind}: {said:.80}"
    if isinstance(error, OSError):
        return None
    if isinstance(error, MemoryError):
        return (
            None
            if re.search("needs|fit in memory", said)
            else f"does not say what it needs: {kind}: {said:.200}"
        )
    words = map(re.escape, named(function, arguments))
    if not any(re.search(rf"(?<!\w){word}(?!\w)", said) for word in words):
        return f"names no argument: {kind}: {said:.200}"
    return None


def has_nan(value, depth=4):
    """Return whether there is a NaN in a result, or in what an object has learned."""
    if isinstance(value, float | np.floating):
        return math.isnan(value)
    if isinstance(value, np.ndarray):
        if value.dtype.names:
            return any(has_nan(value[name]) for name in value.dtype.names)
        return value.dtype.kind == "f" and bool(np.isnan(value).any())
    if depth == 0:
        return False
    if is_dataclass(value) and not isinstance(value, type):
        return any(has_nan(getattr(value, x.name), depth - 1) for x in fields(value))
    if isinstance(value, dict):
        return any(has_nan(x, depth - 1) for x in value.values())
    if isinstance(value, list | tuple):
        return any(has_nan(x, depth - 1) for x in value)
    return hasattr(value, "get_params") and has_nan(vars(value), depth - 1)


def tells_of_nan(function, result):
    """Return whether the docstring of a function, its object or its result mentions NaN."""
    owner = getattr(function, "__self__", None)
    places = [function, owner if isinstance(owner, type) else type(owner), type(result)]
    return any(re.search(r"\bnan\b", inspect.getdoc(x) or "", re.IGNORECASE) for x in places)


def of_result(function, result):
    """Return what is wrong with a result."""
    if has_nan(result) and not tells_of_nan(function, result):
        return f"gives a NaN without a word of it: {type(result).__name__}"
    return None


def of_warning(warning):
    """Return what is wrong with a warning: that it is one of the inside."""
    said = str(warning.message)
    if re.search(INSIDE, said):
        return f"warns from inside: {type(warning.message).__name__}: {said:.200}"
    return None
