"""What every public function asks of its arguments, said once.

A bad argument never reaches a kernel: each check names the argument, what was expected and what
came.
"""

from __future__ import annotations

import math
import operator
import os
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass import _core
from spinglass._memory import available_memory as available_memory
from spinglass._share import threads_of_task

# Whoever makes arrays has been here first. At the end of the interpreter it would be too late.
_core.load_numpy()

# Elements that one step of NumPy takes: between two steps Ctrl-C is noticed.
_PIECE = 1 << 20

# What other packages call a model, by what it has, and the door to it.
_MODELS = {
    ("nodes", "edges"): "a graph; spinglass.Ising.from_networkx(graph)",
    ("vartype", "to_numpy_vectors"): "a model of dimod; spinglass.Ising.from_bqm(bqm)",
}

# From so many bytes on it is asked whether there is memory for a copy. An array of strides 0 stands
# for more numbers than it has.
_LARGE = 1 << 28

# A value that takes more than this is told by its type.
_LONGEST_SHOWN = 200


def shown(value: Any) -> str:
    """Return a value as messages show it: on one line, however large it is."""
    try:
        text = repr(value)
        if len(text) <= _LONGEST_SHOWN and "\n" not in text:
            return text
    except Exception:  # an integer of too many digits, an object that cannot be shown
        pass
    shape = attribute(value, "shape")
    shaped = f" of shape {shape}" if isinstance(shape, tuple) else ""
    return f"a value of type {type(value).__name__}{shaped}"


def attribute(value: Any, name: str) -> Any:
    """Return an attribute, or None: that of a foreign object may raise whatever it likes."""
    try:
        return getattr(value, name, None)
    except Exception:
        return None


def foreign_model(value: Any) -> str | None:
    """Return what another package's model is and the door to it, or None if it is no such model."""
    if not isinstance(value, type):
        for attributes, what in _MODELS.items():
            if all(attribute(value, x) is not None for x in attributes):
                return f"{what} is its model"
    return None


def integer(
    value: Any,
    name: str,
    *,
    at_least: int,
    at_most: int | None = 2**63 - 1,
    kind: str | None = None,
) -> int:
    """Return ``value`` as an int, or say what was expected of the argument called ``name``."""
    expected = kind or f"an integer >= {at_least}"
    try:
        if isinstance(value, bool | np.bool_):
            raise TypeError
        number = operator.index(value)
    except Exception:  # of a tensor that needs a gradient it is a RuntimeError
        raise TypeError(f"{name} must be {expected}, got {shown(value)}") from None
    if number < at_least:
        raise ValueError(f"{name} must be {expected}, got {shown(number)}")
    if at_most is not None and number > at_most:
        raise ValueError(f"{name} must be {expected} and at most {at_most}, got {shown(number)}")
    return number


def fraction(value: Any, name: str) -> float:
    """Return ``value`` as a float between 0 and 1."""
    number = real(value, name)
    if not 0.0 <= number <= 1.0:
        raise ValueError(f"{name} must be between 0 and 1, got {shown(value)}")
    return number


def flag(value: Any, name: str) -> bool:
    """Return a truth value, or say that it is none."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be True or False, got {shown(value)}")
    return bool(value)


def real(value: Any, name: str) -> float:
    """Return ``value`` as a float that is a number (infinities pass)."""
    try:
        if isinstance(value, str | bytes | bytearray | bool):
            raise TypeError
        if isinstance(value, np.ndarray | np.generic) and (
            value.ndim or value.dtype.kind not in "iuf"
        ):
            raise TypeError
        number = float(value)
        if math.isinf(number) and value != number:  # a Decimal becomes infinity without a word
            raise OverflowError
    except OverflowError:
        raise ValueError(f"{name} must be a number below 1.8e308, got {shown(value)}") from None
    except Exception:
        raise TypeError(f"{name} must be a real number, got {shown(value)}") from None
    if math.isnan(number):
        raise ValueError(f"{name} must be a number, got nan")
    return number


def finite(value: Any, name: str) -> float:
    """Return ``value`` as a finite float."""
    number = real(value, name)
    if not math.isfinite(number):
        raise ValueError(f"{name} must be finite, got {shown(value)}")
    return number


def several(values: Any, name: str) -> list[Any] | None:
    """Return the values of a sequence as a list, None of what is no sequence, such as a number.

    Raises
    ------
    TypeError
        If it has no order, or its values cannot be had.
    """
    if isinstance(values, Mapping | Set | bytes | bytearray | memoryview):
        raise TypeError(f"{name} must be a sequence of values, got {shown(values)}")
    if what := foreign_model(values):  # its values are the nodes of a graph
        raise TypeError(f"{name} must be a sequence of values, got {what}")
    try:
        return None if isinstance(values, str) or not np.iterable(values) else list(values)
    except Exception as error:  # of a tensor that needs a gradient it is a RuntimeError
        raise TypeError(
            f"{name} must be a sequence of values, got {shown(values)}: {error}"
        ) from None


def lattice_shape(
    size: Any, name: str, dimension: int | None, at_least: int = 2
) -> tuple[int, ...]:
    """Return the sides of a lattice; a single number is that of every side of ``dimension``."""
    many = isinstance(size, Sequence | np.ndarray) and not isinstance(size, str | bytes)
    many = many and getattr(size, "ndim", 1) > 0
    sides = list(size) if many else [size] * (dimension or 1)
    if not sides or (dimension and len(sides) != dimension):
        expected = f"an integer or {dimension} of them" if dimension else "one or more integers"
        raise ValueError(f"{name} must be {expected}, got {shown(size)}")
    shape = tuple(integer(side, name, at_least=at_least) for side in sides)
    n_spins = 1
    for side in shape:
        n_spins *= side
    if n_spins > 2**40:
        raise ValueError(f"{name} must give at most 2**40 spins, got {n_spins}")
    return shape


def choice(value: Any, name: str, options: tuple[str, ...]) -> str:
    """Return ``value`` if it is one of ``options``."""
    if not isinstance(value, str) or value not in options:
        *others, last = (f'"{option}"' for option in options)
        raise ValueError(f"{name} must be {', '.join(others)} or {last}, got {shown(value)}")
    return str(value)


def inverse_temperature(beta: Any, name: str = "beta") -> float:
    """Return ``beta`` as a float in [0, inf]."""
    number = real(beta, name)
    if number < 0.0:
        raise ValueError(f"{name} must be >= 0 (the inverse temperature), got {shown(beta)}")
    return number + 0.0  # -0.0 is 0


def thread_count(num_threads: Any) -> int | None:
    """Return a thread count the core accepts; ``None`` means all that the process may use.

    In a task of an experiment it means those of the task.
    """
    if num_threads is None:
        return threads_of_task()
    return integer(num_threads, "num_threads", at_least=1)


def real_array(values: ArrayLike, name: str, kind: str = "real numbers") -> NDArray[Any]:
    """Return ``values`` as an array of a real dtype."""
    array = array_of(values, name, kind)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold {kind}, got dtype {array.dtype}")
    return array


def numbers(array: NDArray[Any], name: str) -> NDArray[np.float64]:
    """Return an array of objects as doubles, or say which of them is no number."""
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{name} must hold real numbers: {error}") from None


def array_of(values: ArrayLike, name: str, kind: str) -> NDArray[Any]:
    """Return ``values`` as an array, of any dtype."""
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        raise ValueError(f"{name} must hold {kind}, got masked values")
    if what := foreign_model(values):  # an array of a graph is that of its nodes
        raise TypeError(f"{name} must be an array of {kind}, got {what}")
    if isinstance(values, Mapping | Set):  # an array of it is that of its keys, or has no order
        raise TypeError(f"{name} must be an array of {kind}, got {shown(values)}")
    try:
        return as_array(values, name)
    except ValueError:  # rows of unequal length
        raise ValueError(f"{name} must be an array of {kind}, got rows of unequal length") from None
    except MemoryError:
        raise
    except Exception as error:  # of a tensor that needs a gradient it is a RuntimeError
        came = f"{shown(values)}: {error}"
        raise TypeError(f"{name} must be an array of {kind}, got {came}") from None


def check_copy(array: NDArray[Any], itemsize: int, name: str = "array") -> None:
    """Raise MemoryError if there is no memory for a copy with items of so many bytes."""
    if array.size * itemsize >= _LARGE:
        check_memory(array.size * itemsize, f"{name}: a copy of shape {array.shape}")


def as_array(values: Any, name: str = "array") -> NDArray[Any]:
    """Return ``values`` as an array, of any dtype.

    Booleans come as the bytes 0 and 1. NumPy lets them have any byte, as in a view of an image of 0
    and 255, and takes all but 0 for true.
    """
    array = np.asarray(values)
    check_copy(array, 1, name)  # no copy has less than a byte for each
    return array.view(np.uint8) != 0 if array.dtype == np.bool_ else array


def pieces(*arrays: NDArray[Any]) -> Iterator[tuple[NDArray[Any], ...]]:
    """Yield pieces of arrays of one shape, row after row; the last array is there to be written."""
    if arrays[0].size <= _PIECE:
        yield arrays
        return
    flags: Any = [["readonly"]] * (len(arrays) - 1) + [["writeonly"]]
    with np.nditer(
        arrays, ["external_loop", "buffered"], flags, order="C", buffersize=_PIECE
    ) as parts:
        yield from parts


def copied(array: NDArray[Any], dtype: Any) -> NDArray[Any]:
    """Return a copy of our own, C-contiguous and aligned, which nobody else can write to."""
    check_copy(array, np.dtype(dtype).itemsize)
    copy = np.empty(array.shape, dtype)
    for given, own in pieces(array, copy):
        own[...] = given
    return copy


def borrowed(array: NDArray[Any], dtype: Any) -> NDArray[Any]:
    """Return an array that the core takes, itself if it can be: the core copies it at once."""
    if array.dtype == dtype and array.flags.c_contiguous and array.flags.aligned:
        return array
    return copied(array, dtype)


def real_vector(values: ArrayLike, name: str, length: int) -> NDArray[np.float64]:
    """Return a copy of so many finite numbers, which cannot be written to."""
    array = real_array(values, name)
    if array.shape != (length,):
        raise ValueError(f"{name} must have shape ({length},), got {array.shape}")
    copy = np.array(array, dtype=np.float64)
    if not np.isfinite(copy).all():
        raise ValueError(f"{name} must be finite, got {copy[~np.isfinite(copy)][0]}")
    copy.flags.writeable = False
    return copy


def ladder(betas: ArrayLike, name: str = "betas") -> NDArray[np.float64]:
    """Return ``betas`` as a ladder: at least one inverse temperature, strictly ascending.

    Raises
    ------
    ValueError, TypeError
        If it is none.
    """
    values = np.array(real_array(betas, name), dtype=np.float64)
    if values.ndim != 1 or not values.size:
        raise ValueError(f"{name} must be a list of at least one number, got shape {values.shape}")
    if np.isnan(values).any() or (values < 0).any():
        culprit = values[np.isnan(values) | (values < 0)][0]
        raise ValueError(f"{name} must be numbers >= 0, got {culprit}")
    rises = values[1:] > values[:-1]
    if not rises.all():
        place = int(np.flatnonzero(~rises)[0])
        raise ValueError(
            f"{name} must ascend strictly, got {values[place]:g} before {values[place + 1]:g}"
        )
    return values


def spin_array(values: ArrayLike, name: str, n_spins: int | None = None) -> NDArray[np.int8]:
    """Return a copy of ``values``, int8 of -1 and +1 whose last axis is the spin.

    Any real dtype is accepted if it holds only -1 and +1. What is checked is the copy: another
    thread may write to the array meanwhile.
    """
    array = real_array(values, name, "real numbers -1 and +1")
    if n_spins is not None and (array.ndim == 0 or array.shape[-1] != n_spins):
        raise ValueError(
            f"{name} must have shape ({n_spins},) or (n_states, {n_spins}), got {array.shape}"
        )
    spins = np.empty(array.shape, np.int8)
    for given, own in pieces(array, spins):
        piece = given.copy()
        valid = (piece == 1) | (piece == -1)
        if not valid.all():
            culprit = piece[~valid].ravel()[0]
            bits = "; to_spins turns bits 0/1 into spins" if culprit == 0 else ""
            hint = grey_hint(array) or bits
            raise ValueError(f"{name} must hold only -1 and +1, got {culprit}{hint}")
        own[...] = piece
    return spins


def spin_rows(states: ArrayLike, n_spins: int) -> tuple[NDArray[np.int8], bool]:
    """Return the argument ``states`` as a batch, and whether it was a single state."""
    spins = spin_array(states, "states", n_spins)
    if spins.ndim > 2:
        raise ValueError(
            f"states must have shape ({n_spins},) or (n_states, {n_spins}), got {spins.shape}"
        )
    return np.atleast_2d(spins), spins.ndim == 1


def grey_hint(array: NDArray[Any]) -> str:
    """Return what grey levels need to be spins: nothing, unless the array has more than two.

    It is the end of a message.
    """
    low, high = array.min(), array.max()
    if not low >= 0 or not ((array > low) & (array < high)).any():  # not of NaN either
        return ""
    return (
        "; a spin has two states: grey levels need a threshold, such as "
        "np.where(x > np.median(x), 1, -1), or several spins a pixel"
    )


def units_hint(culprit: Any) -> str:
    """Return what to do about a value that is none of a unit: nothing, unless it is that of a spin.

    It is the end of a message.
    """
    return "; to_bits turns spins into units" if culprit == -1 else ""


def boolean_mask(clamp: ArrayLike) -> NDArray[np.bool_]:
    """Return ``clamp`` as an array of booleans."""
    held = array_of(clamp, "clamp", "booleans")
    if held.dtype != np.bool_:
        raise TypeError(f"clamp must be a boolean mask, got dtype {held.dtype}")
    return held


def clamp_rows(clamp: ArrayLike, n_rows: int, n_spins: int) -> NDArray[np.bool_]:
    """Return a mask of held spins as one row for each of ``n_rows`` states."""
    held = boolean_mask(clamp)
    if held.shape not in ((n_spins,), (n_rows, n_spins)):
        raise ValueError(
            f"clamp must have shape ({n_spins},) or that of states ({n_rows}, {n_spins}), "
            f"got {held.shape}"
        )
    return np.array(np.broadcast_to(held, (n_rows, n_spins)), order="C")  # a copy of our own


# What other programs open under such names is no file, and here it would become one.
_NO_PATH = re.compile(r":memory:|^file:|^[A-Za-z][A-Za-z0-9+.-]+:/")


def file_path(path: Any, name: str = "path") -> Path:
    """Return ``path`` as a Path, ``~`` as the home folder, or say that it is none."""
    try:
        file = Path(text := os.path.expanduser(os.fspath(path)))
        os.fsencode(text)
    except UnicodeEncodeError:
        raise ValueError(f"{name} must be a path that can be encoded, got {path!r}") from None
    except Exception:
        raise TypeError(f"{name} must be a path, got {shown(path)}") from None
    if _NO_PATH.search(text):
        raise ValueError(f"{name} must be a path on this machine, got {path!r}")
    if "\0" in text:
        raise ValueError(f"{name} must be a path without null characters, got {path!r}")
    if text.startswith("~") and os.sep in text:
        raise ValueError(f"{name} must not begin with the home of an unknown user, got {path!r}")
    if name != "directory" and (path == "" or (text.endswith(os.sep) and not file.is_dir())):
        # The one would be the folder ".", the other a file without the slash.
        raise ValueError(f"{name} must be the path of a file, got {path!r}")
    return file


def check_memory(needed: int, what: str) -> None:
    """Raise MemoryError, naming the cost, if ``needed`` bytes are more than may be allocated."""
    available = available_memory()
    if available is not None and needed > available:
        raise MemoryError(
            f"{what} needs {format_bytes(needed)}, but only {format_bytes(available)} are available"
        )


def format_bytes(count: float) -> str:
    """Return ``count`` bytes in words, in powers of ten."""
    count = min(count, 1e300)  # of integers that no double holds
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
