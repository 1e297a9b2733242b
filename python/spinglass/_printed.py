"""How results are shown: a table where they are printed or end a cell of a notebook, else one line.

`printed` gives a frozen dataclass all of it. A class that knows a better table than its fields has
a ``__str__``.
"""

from __future__ import annotations

import reprlib
import textwrap
from dataclasses import fields
from html import escape
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from spinglass._text import counted, pairs

C = TypeVar("C", bound=type)

_SHORT = reprlib.Repr()
_SHORT.maxother = _SHORT.maxstring = _SHORT.maxlong = 60
_SHORT.maxtuple = _SHORT.maxlist = _SHORT.maxdict = 4
_SHORT.maxlevel = 2

# Characters of a line about a result.
_LONGEST = 360

# Numbers that a line of a table shows one by one.
_FEW = 6


def printed(cls: C) -> C:
    """Let a dataclass be shown as it prints: in a notebook its table, in a traceback one line.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @printed
    ... @dataclass(frozen=True)
    ... class Walk:
    ...     length: float
    ...     ends: np.ndarray
    >>> walk = Walk(0.25, np.arange(1000.0))
    >>> walk
    Walk(length=0.25, ends=<1000 float64>)
    >>> print(walk)
    Walk
      length  0.25
      ends    0 to 999 (1000 float64)
    """
    new: Any = cls
    made_by = vars(cls).get("__dataclass_params__")
    if made_by.repr if made_by else "__repr__" not in vars(cls):
        new.__repr__ = _line
    if not _has_words(cls):
        new.__str__ = table_of_fields
    new._repr_pretty_, new._repr_html_ = _pretty, _html
    return cls


def _line(self: Any) -> str:
    """Return the fields in one line, long ones cut: to be had at once, whatever they hold."""
    known = ((x.name, _brief(getattr(self, x.name))) for x in fields(self) if x.repr)
    inside = ", ".join(f"{name}={value}" for name, value in known)
    if len(inside) > _LONGEST:
        inside = f"{inside[:_LONGEST]}..."
    return f"{type(self).__name__}({inside})"


def _brief(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"<{_size(value)}>"
    return _SHORT.repr(value)


def _pretty(self: Any, printer: Any, cycle: bool) -> None:
    """Show the table in IPython, which looks for this name, and a line within a list."""
    is_within = cycle or len(getattr(printer, "stack", ())) > 1
    printer.text(repr(self) if is_within else str(self))


def _html(self: Any) -> str:
    """Show the table in a notebook, which looks for this name."""
    return f"<pre>{escape(str(self))}</pre>"


def table_of_fields(self: Any) -> str:
    """Return the name of a result, and a line for each of its fields that is no None."""
    known = {x.name: getattr(self, x.name) for x in fields(self) if not x.name.startswith("_")}
    rows = [(name, _value(value)) for name, value in known.items() if value is not None]
    return "\n".join([type(self).__name__, *pairs(rows)])


def _value(value: Any) -> str:
    if isinstance(value, np.ndarray):
        few = value.size <= _FEW and value.dtype.names is None
        return (" ".join(map(_number, value.ravel())) or "none") if few else _ends(value)
    if isinstance(value, float | np.number | np.bool_):
        return _number(value)
    return textwrap.shorten(str(value), 200) if _has_words(type(value)) else _SHORT.repr(value)


def _ends(values: NDArray[Any]) -> str:
    """Return between what the numbers of an array lie, and how many they are."""
    if values.dtype.kind == "b":
        return f"{np.count_nonzero(values)} true ({_size(values)})"
    if values.dtype.kind not in "iuf" or not values.size:
        return f"({_size(values)})"
    known = values[~np.isnan(values)]
    if not known.size:
        return f"nan ({_size(values)})"
    ends = dict.fromkeys(_number(x) for x in (known.min(), known.max()))
    return f"{' to '.join(ends)} ({_size(values)})"


def _has_words(cls: type) -> bool:
    """Return whether a class says itself what is printed of it."""
    own = getattr(cls, "__str__")  # noqa: B009
    return issubclass(cls, str) or own is not vars(object)["__str__"]


def _size(values: NDArray[Any]) -> str:
    columns = values.dtype.names
    kind = f"rows of {counted(len(columns), 'column')}" if columns else str(values.dtype)
    return f"{' x '.join(map(str, values.shape))} {kind}".lstrip()


def _number(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float | np.floating) else str(value)
