"""Values that are wrong or extreme: numbers, words, arrays of every dtype, shape and layout.

Each is made by a function of a random generator and of the valid value that it stands for, and
comes with a few words that say what it is.
"""

import contextlib
import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import numpy as np
from scipy import sparse

from hostile_calls import hostile_values

INTEGERS = (
    0, 1, -1, 2, 3, 7, 20, 31, 64, 65, 1000, -(2**63), 2**31 - 1, 2**31, 2**32, 2**40, 2**53 + 1,
    2**62, 2**63 - 1, 2**63, 2**64, 10**18, 10**30,
)  # fmt: skip
REALS = (
    0.0, -0.0, 5e-324, -5e-324, 1e-308, 1e-45, 1e-16, 0.1, 0.5, 1.0 - 2**-53, 1.0, 1.0 + 2**-52,
    1.5, 3.0, 88.0, 700.0, 745.0, 1e4, 1e7, 1e16, 3.4e38, 1e39, 1e154, 1e200, 1e308, -1e308, -1.0,
    -1e-3, math.inf, -math.inf, math.nan,
)  # fmt: skip
# An array of any other dtype must be refused, or mean what it says.
DTYPES = (
    "bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float16",
    "float32", "float64", "longdouble", "complex64", "complex128", "object", "str", "S", "M8[s]",
    "m8[s]", ">f8", ">i4",
)  # fmt: skip
SCALARS = (
    np.int8, np.uint8, np.int64, np.uint64, np.float16, np.float32, np.float64, np.longdouble,
    np.bool_, np.complex128,
)  # fmt: skip


class Subclass(np.ndarray):
    """An array of another class, which would rather not be asked."""

    def __eq__(self, other):
        raise AssertionError("the methods of a subclass are not asked")

    __hash__ = None


def unaligned(array):
    memory = np.zeros(array.nbytes + 1, np.uint8)
    odd = memory[1:].view(array.dtype).reshape(array.shape)
    odd[...] = array
    return odd


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


LAYOUTS: dict[str, Callable] = {
    "by columns": np.asfortranarray,
    "with negative strides": lambda x: np.ascontiguousarray(x[..., ::-1])[..., ::-1],
    "with gaps": lambda x: np.repeat(x, 3, axis=-1)[..., ::3],
    "at odd addresses": unaligned,
    "of a subclass": lambda x: x.view(Subclass),
    "read-only": read_only,
    "masked": lambda x: np.ma.masked_array(x, np.arange(x.size).reshape(x.shape) == 0),
    "a sparse matrix": lambda x: sparse.csr_array(np.atleast_2d(x)),
    "nested lists": lambda x: x.tolist(),
    "nested tuples": lambda x: tuple(map(tuple, x)) if x.ndim == 2 else tuple(x),
    "an iterator": lambda x: iter(x.tolist()),
}
SHAPES: dict[str, Callable] = {
    "empty": lambda x: x[:0],
    "of no columns": lambda x: x[..., :0],
    "of one entry": lambda x: x.ravel()[0],
    "one column less": lambda x: x[..., :-1],
    "one row less": lambda x: x[:-1],
    "one row": lambda x: x[:1],
    "twice the rows": lambda x: np.concatenate([x, x]),
    "twice the columns": lambda x: np.concatenate([x, x], axis=-1),
    "transposed": lambda x: x.T,
    "flat": np.ravel,
    "one axis more": lambda x: x[None],
    "one axis more, last": lambda x: x[..., None],
    "of ten axes": lambda x: x.reshape((1,) * 8 + x.shape),
    "too large for any memory": lambda x: np.broadcast_to(x.ravel()[0], (2**20, 2**22)),
    "of a long row": lambda x: np.broadcast_to(x.ravel()[0], (1, 2**41)),
}


def number(rng, valid):
    """Return an integer or a real number, of Python or of NumPy."""
    if rng.random() < 0.15:
        value = rng.choice([1, -1]) * 10 ** rng.uniform(-30, 30)
    else:
        value = rng.choice(INTEGERS if rng.random() < 0.45 else REALS)
    if rng.random() < 0.15:
        kind = rng.choice(SCALARS)
        with np.errstate(all="ignore"), contextlib.suppress(OverflowError):
            value = kind(value)
    elif rng.random() < 0.05 and math.isfinite(value):
        value = rng.choice([Fraction, Decimal])(value)
    elif rng.random() < 0.05:
        value = bool(value)
    return f"{type(value).__name__} {value!r:.60}", value


def hostile(rng, valid):
    """Return what no argument can be."""
    name = rng.choice(list(hostile_values()))
    return name, hostile_values()[name]()


def word(rng, valid):
    words = [
        "", " ", "auto", "sequential", "random", "synchronous", "metropolis", "heat-bath",
        "wolff", "swendsen-wang", "glauber", "gaussian", "pm1", "ais", "reverse-ais", "bridge",
        "exact", "pcd", "overlap", "energy", "Metropolis", "metropolis ", "a\0b", "a" * 5000,
        "\ud800", "α", "0.5", "png", "svg", "pandas", "float32", "zeros",
    ]  # fmt: skip
    value = rng.choice(words)
    return f"text {value!r:.40}", value


def of_entries(rng, array):
    """Return an array with one entry or all entries extreme, or all scaled."""
    if array.dtype.kind not in "biuf" or not array.size:
        return "as it is", array
    value = rng.choice(REALS)
    other = array.astype(np.float64)
    how = rng.choice(["one entry", "one pair", "all entries", "scaled", "a column"])
    if how == "one entry":
        other.ravel()[rng.randrange(other.size)] = value
    elif how == "one pair" and other.ndim == 2 and other.shape[0] == other.shape[1]:
        i, j = rng.randrange(len(other)), rng.randrange(len(other))
        other[i, j] = other[j, i] = value
    elif how == "a column":
        other[..., 0] = value
    elif how == "scaled":
        with np.errstate(all="ignore"):
            other *= value
    else:
        other[...] = value
    return f"{how} {value!r}", other


def of_dtype(rng, array):
    dtype = rng.choice(DTYPES)
    with np.errstate(all="ignore"):
        return f"dtype {dtype}", array.astype(dtype)


def array(rng, valid):
    """Return the valid array with other entries, dtype, shape or layout, or several of these."""
    said, value = [], np.array(valid)
    if rng.random() < 0.5:
        how, value = of_entries(rng, value)
        said.append(how)
    if rng.random() < 0.4:
        how, value = of_dtype(rng, value)
        said.append(how)
    if rng.random() < 0.4 and value.ndim and value.size:
        how = rng.choice(list(SHAPES))
        value = np.asarray(SHAPES[how](value))
        said.append(how)
    if rng.random() < 0.4 and value.ndim and 0 < value.size < 10**6:
        how = rng.choice(list(LAYOUTS))
        value = LAYOUTS[how](value)
        said.append(how)
    return "array: " + ", ".join(said), value


def several(rng, valid):
    """Return a list or tuple of numbers, few or many."""
    values = [number(rng, None)[1] for _ in range(rng.choice([0, 1, 2, 3, 9]))]
    if rng.random() < 0.3:
        values = sorted(x for x in values if not isinstance(x, complex))
    values = tuple(values) if rng.random() < 0.3 else values
    return f"{values!r:.120}", values


def is_array(valid):
    return isinstance(valid, np.ndarray | list | tuple) and np.asarray(valid).dtype.kind in "biuf"


def wrong_or_extreme(rng, valid):
    """Return what a value is, in words, and the value, in place of a valid one."""
    kinds = [number, number, hostile, word, several]
    if is_array(valid):
        kinds += 8 * [array]
    elif isinstance(valid, int | float):
        kinds += 6 * [number]
    elif isinstance(valid, str):
        kinds += 3 * [word]
    while True:
        # What cannot be made of this value is drawn again.
        with contextlib.suppress(ValueError, TypeError, ArithmeticError):
            return rng.choice(kinds)(rng, valid)
