"""Types of lists of which one gives a number, and many give an array.

An array may be either, and type checkers do not know how many axes it has: what depends on that is
Any to them, as in NumPy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from numpy.typing import NDArray

One: TypeAlias = Sequence[float]
"""A state: one number a variable."""
Many: TypeAlias = Sequence[Sequence[float]] | Sequence[NDArray[Any]]
"""Rows of states."""
