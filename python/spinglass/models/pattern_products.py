"""Products of states with patterns, and mixtures of patterns: real numbers, or bits.

A network of continuous states asks two things of its patterns: the products x_mu . xi with a state,
and the mixture sum_mu w_mu x_mu. Of real patterns both are a matrix product. Patterns of -1 and +1
stay bits: their products with states of -1 and +1 are popcounts, and those with a mixture of a few
patterns are the same mixture of popcounts. Mixtures of many are matrix products with blocks of the
patterns; an array of all of them is formed for small sets only.

A mixture is a sum of weighted patterns that is divided by the sum of the weights at last. So with
weights of 0 and 1, those of an infinite beta, all sums are exact integers, and products that are
equal are so to the last bit, whatever else is in the batch and in whatever order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass import _core
from spinglass._arguments import copied, real_array
from spinglass.models.patterns import Patterns

# A pattern whose weight is below e^-60 of the largest is left out of a mixture of bits: 10^10 of
# them together would not change the last digit.
_LEAST_WEIGHT = float(np.exp(-60.0))

# Products of patterns with patterns that are kept at once, at most.
_PRODUCTS = 1 << 23

# Components of patterns that are multiplied, or unpacked, at once: Ctrl-C waits for them. Sets that
# have no more are kept unpacked as well, in 32 MB.
_AT_ONCE = 1 << 22

# Components of a larger set of bits that are unpacked at once: as doubles they stay in the cache.
_UNPACKED = 1 << 19

# Components of a set that is multiplied as numbers in any case: a popcount takes longer to begin.
_SMALL = 1 << 18

# The product of two patterns as a popcount takes as long as so many multiplications in a product of
# matrices, and a component unpacked as so many.
_POPCOUNT = 60
_UNPACKING = 10


@dataclass(frozen=True, eq=False)
class Mixture:
    """What is known of states that are mixtures of patterns."""

    sums: NDArray[np.float64]
    """The states before they were divided by ``totals``."""
    totals: NDArray[np.float64]
    """The sums of the weights."""
    few: Few | None
    """The patterns, if they are few."""


@dataclass(frozen=True, eq=False)
class Few:
    """A few patterns that states mix."""

    patterns: NDArray[np.intp]
    """Their numbers."""
    rows: NDArray[np.float64]
    """They themselves."""
    weights: NDArray[np.float64]
    """(n_states, len(patterns))."""
    products: NDArray[np.float64]
    """Those of these patterns with all, (len(patterns), n_patterns)."""


class PatternProducts(Protocol):
    """What a network of continuous states asks of its patterns."""

    dtype: np.dtype[Any]
    shape: tuple[int, int]
    at_once: int
    """Patterns in a block."""

    @property
    def patterns(self) -> Patterns | NDArray[Any]:
        """The patterns themselves."""

    def squares(self) -> NDArray[np.float64]:
        """Return x_mu . x_mu."""

    def rows(self, which: Any) -> NDArray[Any]:
        """Return some patterns as an array of ``dtype``."""

    def multiply(self, states: NDArray[Any], known: Mixture | None, out: NDArray[Any]) -> None:
        """Write x_mu . xi for each of the states, of which may be known what they mix."""

    def mix(
        self, weights: NDArray[Any], totals: NDArray[Any], known: Mixture | None
    ) -> tuple[NDArray[Any], Mixture | None]:
        """Return the weighted means of the patterns by rows of weights, whose sums are ``totals``.

        ``known`` is what was known of the states before. What is known of the new ones comes with
        them.
        """


class _RealPatterns:
    """Patterns of real numbers: an array of our own."""

    def __init__(self, patterns: NDArray[Any]) -> None:
        self.patterns, self.dtype = patterns, patterns.dtype
        self.shape: tuple[int, int] = patterns.shape
        self.at_once = max(1, _AT_ONCE // self.shape[1])

    def squares(self) -> NDArray[np.float64]:
        return squares_of(self.patterns)

    def rows(self, which: Any) -> NDArray[Any]:
        rows: NDArray[Any] = self.patterns[which]
        return rows

    def multiply(self, states: NDArray[Any], known: Mixture | None, out: NDArray[Any]) -> None:
        _multiply(self, states, out)

    def mix(
        self, weights: NDArray[Any], totals: NDArray[Any], known: Mixture | None
    ) -> tuple[NDArray[Any], None]:
        return _sums(self, weights) / totals[:, None], None


class _BitPatterns:
    """Patterns of -1 and +1: bits."""

    dtype = np.dtype(np.float64)

    def __init__(self, patterns: Patterns) -> None:
        self.patterns, self.shape = patterns, patterns.shape
        self._scan = _core.ExponentialMemory(patterns._packed)
        self._size = patterns.n_patterns * patterns.n_spins
        self.at_once = max(1, _AT_ONCE // patterns.n_spins)
        self._array, self._bytes = None, np.empty((0, 0), np.uint8)
        if self._size <= _AT_ONCE:
            self._array = self._unpacked(slice(None))
        else:  # a row of bits for each spin, to be unpacked byte by byte
            packed = np.frombuffer(patterns._packed.to_bytes(), np.uint8)
            self._bytes = packed.reshape(patterns.n_spins, -1)
            self.at_once = max(8, _UNPACKED // patterns.n_spins // 8 * 8)

    def squares(self) -> NDArray[np.float64]:
        return np.full(self.shape[0], float(self.shape[1]))

    def rows(self, which: Any) -> NDArray[np.float64]:
        if self._array is not None:
            rows: NDArray[np.float64] = self._array[which]
            return rows
        return self._of_block(which) if isinstance(which, slice) else self._unpacked(which)

    def _unpacked(self, which: Any) -> NDArray[np.float64]:
        return self.patterns[which].astype(np.float64)

    def _of_block(self, block: slice) -> NDArray[np.float64]:
        """Return the patterns of a block, the first of which begins a byte."""
        some = self._bytes[:, block.start // 8 : -(-block.stop // 8)]
        bits = np.unpackbits(some, axis=1, bitorder="little")
        spins = bits[:, : min(block.stop, self.shape[0]) - block.start].astype(np.float64)
        spins *= 2
        spins -= 1
        return spins.T

    def multiply(self, states: NDArray[Any], known: Mixture | None, out: NDArray[Any]) -> None:
        if known is None:
            is_counted = self._size > _SMALL and bool((np.abs(states) == 1).all())
            if is_counted:
                out[...] = self._scan.overlaps(states.astype(np.int8))
            else:
                _multiply(self, states, out)
            return
        if known.few is not None:
            np.matmul(known.few.weights, known.few.products, out=out)
        else:
            _multiply(self, known.sums, out)
        out /= known.totals[:, None]

    def mix(
        self, weights: NDArray[Any], totals: NDArray[Any], known: Mixture | None
    ) -> tuple[NDArray[np.float64], Mixture]:
        few = self._few(weights, None if known is None else known.few)
        sums = _sums(self, weights) if few is None else few.weights @ few.rows
        return sums / totals[:, None], Mixture(sums, totals, few)

    def _few(self, weights: NDArray[Any], known: Few | None) -> Few | None:
        """Return the patterns that have a weight, if products with them are the faster ones."""
        if self._size <= _SMALL:
            return None
        least = _LEAST_WEIGHT * weights.max(axis=1, keepdims=True)
        chosen = np.flatnonzero((weights > least).any(axis=0))
        if chosen.size * self.shape[0] > _PRODUCTS:
            return None
        if known is not None and np.array_equal(known.patterns, chosen):
            return Few(chosen, known.rows, weights[:, chosen], known.products)
        if not self._is_faster(chosen.size, len(weights)):
            return None
        rows = self.rows(chosen)
        products = self._scan.overlaps(rows.astype(np.int8)).astype(np.float64)
        return Few(chosen, rows, weights[:, chosen], products)

    def _is_faster(self, n_chosen: int, n_states: int) -> bool:
        """Whether to compare them with all patterns is faster than to mix and multiply all."""
        unpacking = _UNPACKING if self._array is None else 0
        return n_chosen * (_POPCOUNT + n_states) <= 2 * self.shape[1] * (unpacking + n_states)


def products_of(patterns: Patterns | ArrayLike) -> PatternProducts:
    """Return packed patterns, and integers -1 and +1, as bits, and other arrays as real numbers.

    Raises
    ------
    ValueError, TypeError
        If the array has another shape, is empty or is not finite.
    """
    if isinstance(patterns, Patterns):
        return _BitPatterns(patterns)
    array = real_array(patterns, "patterns")
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(
            "patterns must have shape (n_patterns, n_units) with at least one pattern of at least "
            f"one unit, got {array.shape}"
        )
    if array.dtype.kind in "iu" and (np.abs(array) == 1).all():
        return _BitPatterns(Patterns.from_array(array))
    dtype = np.float32 if array.dtype == np.float32 else np.float64
    copy = finite_copy(array, np.dtype(dtype), "patterns")
    copy.flags.writeable = False
    return _RealPatterns(copy)


def finite_copy(array: NDArray[Any], dtype: np.dtype[Any], name: str) -> NDArray[Any]:
    """Return a copy of our own, or say that it holds what is not finite."""
    with np.errstate(over="ignore"):  # what becomes infinite is told
        copy = copied(array, dtype)
    if not (is_finite := np.isfinite(copy)).all():
        raise ValueError(f"{name} must be finite in {dtype}, got {array[~is_finite][0]}")
    return copy


def largest_norm(squares: NDArray[Any], dtype: np.dtype[Any], name: str) -> float:
    """Return the largest length of rows whose squares and products must be finite."""
    largest = float(squares.max())
    if not largest < float(np.finfo(dtype).max) / 4:
        raise ValueError(
            f"{name} must have lengths whose squares fit in {dtype}, got a length of "
            f"{np.sqrt(largest):g}"
        )
    return float(np.sqrt(largest))


def _blocks(source: PatternProducts) -> Iterator[slice]:
    return (slice(k, k + source.at_once) for k in range(0, source.shape[0], source.at_once))


def _multiply(source: PatternProducts, states: NDArray[Any], out: NDArray[Any]) -> None:
    for block in _blocks(source):
        np.matmul(states, source.rows(block).T, out=out[:, block])


def _sums(source: PatternProducts, weights: NDArray[Any]) -> NDArray[Any]:
    """Return the sums of the patterns by rows of weights."""
    sums = np.zeros((len(weights), source.shape[1]), source.dtype)
    for block in _blocks(source):
        sums += weights[:, block] @ source.rows(block)
    return sums


def squares_of(rows: NDArray[Any]) -> NDArray[np.float64]:
    """Return the square of the length of each row."""
    squares: NDArray[np.float64] = np.einsum("ij,ij->i", rows, rows, dtype=np.float64)
    return squares
