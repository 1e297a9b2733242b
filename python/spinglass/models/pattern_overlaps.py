"""Overlaps of states with patterns, m^mu = (1/N) sum_i xi_i^mu s_i.

States are bytes, and NumPy sums products of bytes in bytes, so ``states @ pattern`` of 256 equal
spins is 0. The sums in this module are exact.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass._arguments import check_memory, spin_array
from spinglass._shapes import Many, One
from spinglass.models.patterns import Patterns

# Up to this number sums of -1 and +1 are exact in single precision.
_EXACT_IN_SINGLES = 2**24

# Spins that are converted together.
_SPINS_AT_A_TIME = 2**24


@overload
def overlaps(states: One, patterns: One) -> float: ...
@overload
def overlaps(states: Many, patterns: Patterns | ArrayLike) -> NDArray[np.float64]: ...
@overload
def overlaps(states: ArrayLike, patterns: Patterns | Many) -> NDArray[np.float64]: ...
@overload
def overlaps(states: ArrayLike, patterns: Patterns | ArrayLike) -> Any: ...
def overlaps(states: ArrayLike, patterns: Patterns | ArrayLike) -> float | NDArray[np.float64]:
    """Return the overlap of each state with each pattern.

    Parameters
    ----------
    states : array_like, (n_spins,) or (..., n_spins)
        -1 and +1.
    patterns : Patterns or array_like, (n_spins,) or (n_patterns, n_spins)
        -1 and +1.

    Returns
    -------
    float or numpy.ndarray of float64
        (1/N) sum_i xi_i s_i. The shape is that of ``states`` followed by that of ``patterns``, both
        without their last axis.

    Raises
    ------
    ValueError, TypeError
        If an argument has another shape or holds other values.
    MemoryError
        If the overlaps do not fit in memory.

    Examples
    --------
    >>> import numpy as np, spinglass
    >>> up = np.ones(256, dtype=np.int8)
    >>> int(up @ up), spinglass.overlaps(up, up)  # bytes overflow
    (0, 1.0)
    >>> spinglass.overlaps([up, -up], spinglass.random_patterns(3, 256, seed=1)).shape
    (2, 3)
    """
    given = patterns.to_array() if isinstance(patterns, Patterns) else patterns
    memories = spin_array(given, "patterns")
    if memories.ndim not in (1, 2) or not memories.shape[-1]:
        raise ValueError(
            f"patterns must have shape (n_spins,) or (n_patterns, n_spins), got {memories.shape}"
        )
    n = memories.shape[-1]
    spins = spin_array(states, "states", n)
    rows, columns = spins.reshape(-1, n), np.atleast_2d(memories)
    exact: Any = np.float32 if n <= _EXACT_IN_SINGLES else np.float64
    each = max(1, _SPINS_AT_A_TIME // n)
    check_memory(
        8 * len(rows) * len(columns) + np.dtype(exact).itemsize * (each * n + columns.size),
        f"the overlaps of {len(rows)} states with {len(columns)} patterns",
    )
    sums, turned = np.empty((len(rows), len(columns))), columns.T.astype(exact)
    for first in range(0, len(rows), each):
        sums[first : first + each] = rows[first : first + each].astype(exact) @ turned
    found = (sums / n).reshape(spins.shape[:-1] + memories.shape[:-1])
    return float(found) if found.ndim == 0 else found


def overlaps_of(
    states: str, words: str
) -> Callable[[Any, Patterns | ArrayLike], float | NDArray[np.float64]]:
    """Return the method of a result that compares its states with patterns.

    ``states`` is the name of the field that holds the states, and ``words`` describes them.
    """

    def overlaps_with(self: Any, patterns: Patterns | ArrayLike) -> float | NDArray[np.float64]:
        spins = getattr(self, states)
        given = patterns.to_array() if isinstance(patterns, Patterns) else patterns
        found: float | NDArray[np.float64] = overlaps(
            spins, spin_array(given, "patterns", spins.shape[-1])
        )
        return found

    overlaps_with.__doc__ = f"""Return the overlaps (1/N) sum_i xi_i s_i of {words} with patterns.

        Parameters
        ----------
        patterns : Patterns or array_like, (n_spins,) or (n_patterns, n_spins)
            -1 and +1.

        Returns
        -------
        float or numpy.ndarray of float64
            In the shape of ``{states}`` and then of ``patterns``, both without their last axis, as
            :func:`spinglass.overlaps` returns it. (The states are bytes: their products with an
            array of bytes overflow in NumPy.)

        Raises
        ------
        ValueError, TypeError
            If patterns have another number of spins or hold other values.
        MemoryError
            If the overlaps do not fit in memory.
        """
    return overlaps_with


# Of results whose states are always rows.
overlaps_of_rows = cast(
    Callable[[str, str], Callable[[Any, Patterns | ArrayLike], NDArray[np.float64]]], overlaps_of
)
