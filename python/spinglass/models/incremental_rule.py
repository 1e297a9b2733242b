"""Rules that go on from the couplings of a memory, when patterns come or go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spinglass.models.patterns import Patterns

_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class IncrementalRule:
    """How a rule changes couplings, a copy of which it may write to.

    Attributes
    ----------
    name : str
        That of its function in `rules`.
    store : callable
        Returns couplings with more patterns, from couplings, the patterns held and those that come.
    forget : callable or None
        Returns couplings without patterns, from couplings and those that go.
    """

    name: str
    store: Callable[[_Floats, Patterns, Patterns], _Floats]
    forget: Callable[[_Floats, Patterns], _Floats] | None = None
