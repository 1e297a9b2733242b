"""Bit-packed sets of patterns, and functions that make and change patterns.

A pattern is a state to be stored: N spins of -1 and +1. A set of P patterns takes N P / 8 bytes,
because the network reads only these bits (see :class:`spinglass.Hopfield`).
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass import _core
from spinglass._arguments import (
    as_array,
    borrowed,
    check_memory,
    copied,
    flag,
    fraction,
    grey_hint,
    integer,
    real_array,
    shown,
    spin_array,
    thread_count,
)
from spinglass._random import Seed, seed_word
from spinglass.models import pattern_files

# More of anything fits in no memory, and so many digits can still be printed.
_MOST = 2**128


class Patterns:
    """A set of P patterns of N spins, with one bit per spin.

    Sets are made by :meth:`random`, :meth:`from_array` or :meth:`load`. ``patterns[mu]`` is pattern
    ``mu`` as an int8 array ``(n_spins,)``; slices and index arrays give ``(n, n_spins)``.
    ``len(patterns)`` is the number of patterns, and ``numpy.asarray`` unpacks them all.

    Attributes
    ----------
    shape : tuple of int
        ``(n_patterns, n_spins)``.
    n_patterns, n_spins : int
        P and N.
    nbytes : int
        Size of the packed bits.

    Examples
    --------
    >>> import spinglass
    >>> patterns = spinglass.Patterns.random(n_patterns=3, n_spins=100, seed=1)
    >>> patterns.shape, patterns[0].dtype
    ((3, 100), dtype('int8'))
    >>> spinglass.Patterns.from_array(patterns.to_array()) == patterns
    True
    """

    __slots__ = ("_digest", "_packed")
    _packed: _core.PackedPatterns
    _digest: bytes

    def __init__(self) -> None:
        raise TypeError("Patterns is made by Patterns.random, Patterns.from_array or Patterns.load")

    @classmethod
    def _wrap(
        cls, packed: _core.PackedPatterns, digest: bytes = pattern_files.NO_DIGEST
    ) -> Patterns:
        patterns = object.__new__(cls)
        patterns._packed, patterns._digest = packed, digest
        return patterns

    @classmethod
    def random(
        cls, n_patterns: int, n_spins: int, *, seed: Seed = None, num_threads: int | None = None
    ) -> Patterns:
        """Draw independent patterns, each spin -1 or +1 with probability 1/2.

        The patterns are generated packed and in parallel. Ctrl-C stops this.

        Parameters
        ----------
        n_patterns, n_spins : int
            P and N, each at least 1.
        seed : None, int, numpy.random.SeedSequence or numpy.random.Generator
            The same seed gives the same bits on any machine and number of threads.
        num_threads : int, optional
            Number of threads; by default all that the process may use.

        Returns
        -------
        Patterns

        Raises
        ------
        ValueError, TypeError
            If an argument is out of range or of another type.
        MemoryError
            If the packed set does not fit in memory.
        """
        n_patterns = integer(n_patterns, "n_patterns", at_least=1, at_most=_MOST)
        n_spins = integer(n_spins, "n_spins", at_least=1, at_most=_MOST)
        check_memory(
            n_spins * -(-n_patterns // 512) * 64, f"{n_patterns} patterns of {n_spins} spins"
        )
        packed = _core.PackedPatterns.random(
            n_patterns, n_spins, seed_word(seed), thread_count(num_threads)
        )
        return cls._wrap(packed)

    @classmethod
    def from_array(cls, array: ArrayLike) -> Patterns:
        """Pack an array of -1 and +1 with one pattern per row.

        Parameters
        ----------
        array : array_like, (n_patterns, n_spins)
            Any real dtype that holds only -1 and +1.

        Raises
        ------
        ValueError, TypeError
            If the array has another shape, is empty, or holds other values.
        """
        return cls._packed_from(array, "array")

    @classmethod
    def _packed_from(cls, array: Any, name: str) -> Patterns:
        """Pack an array that is the argument called ``name``."""
        if isinstance(array, Patterns):
            return array
        values = real_array(array, name, "real numbers -1 and +1")
        if values.ndim != 2 or 0 in values.shape:
            raise ValueError(
                f"{name} must have shape (n_patterns, n_spins) with at least one pattern of at "
                f"least one spin, got {values.shape}"
            )
        # The core copies and checks piece by piece; a copy of all of it would be eight sets.
        is_int8 = values.dtype == np.int8
        spins = borrowed(values, np.int8) if is_int8 else spin_array(values, name)
        try:
            return cls._wrap(_core.PackedPatterns.from_array(spins))
        except ValueError as error:  # the core calls them patterns
            message = str(error).replace("patterns", name, 1)
            if hint := grey_hint(spins):
                message = message.partition(";")[0] + hint
            raise ValueError(message) from None

    @property
    def n_patterns(self) -> int:
        """P, the number of patterns."""
        return self._packed.n_patterns

    @property
    def n_spins(self) -> int:
        """N, the number of spins of a pattern."""
        return self._packed.n_spins

    @property
    def shape(self) -> tuple[int, int]:
        """``(n_patterns, n_spins)``."""
        return self.n_patterns, self.n_spins

    @property
    def nbytes(self) -> int:
        """Size of the packed bits in bytes."""
        return self._packed.nbytes

    def __len__(self) -> int:
        return self.n_patterns

    def __getitem__(self, which: Any) -> NDArray[np.int8]:
        chosen = self._chosen(which)
        return self._unpack(np.atleast_1d(chosen))[0 if np.ndim(chosen) == 0 else slice(None)]

    def _chosen(self, which: Any) -> Any:
        """Return the number of a pattern, or an array of numbers."""
        n = self.n_patterns
        if isinstance(which, slice):
            some = range(n)[which]
            check_memory(8 * len(some), f"the numbers of {len(some)} patterns")
            return np.arange(some.start, some.stop, some.step)
        if isinstance(which, int | np.integer) and not isinstance(which, bool):
            if not -n <= (mu := int(which)) < n:
                raise IndexError(f"index {mu} is out of bounds for {n} patterns")
            return mu % n
        which = as_array(which) if isinstance(which, np.ndarray) else which
        check_memory(8 * n, f"the numbers of {n} patterns")
        try:
            return np.arange(n)[which]
        except IndexError:
            raise
        except Exception:
            raise IndexError(
                f"patterns take an integer, a slice or an array of them, got {shown(which)}"
            ) from None

    def to_array(self) -> NDArray[np.int8]:
        """Return all patterns as an int8 array ``(n_patterns, n_spins)``.

        Raises
        ------
        MemoryError
            If the array does not fit in memory. It takes at least eight times the packed size.
        """
        return self._unpack(self._chosen(slice(None)))

    def _unpack(self, which: NDArray[np.integer[Any]]) -> NDArray[np.int8]:
        check_memory(
            which.size * self.n_spins, f"an array of {which.size} patterns of {self.n_spins} spins"
        )
        if which.ndim != 1:
            raise IndexError(f"patterns take one index, got one of shape {which.shape}")
        return self._packed.unpack(which.tolist())

    def __array__(
        self, dtype: np.dtype[Any] | None = None, copy: bool | None = None
    ) -> NDArray[Any]:
        if copy is False:
            raise ValueError("packed patterns cannot be seen as an array without a copy")
        return self.to_array().astype(dtype or np.int8, copy=False)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Patterns):
            return NotImplemented
        return self.shape == other.shape and self._packed.same_bits(other._packed)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Patterns(n_patterns={self.n_patterns}, n_spins={self.n_spins})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _from_bytes, (*self.shape, self._packed.to_bytes())

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the packed set to a file. An existing file of that name is replaced.

        The file appears completely or not at all. A link is followed: the file that it points to is
        replaced. A folder, a pipe or a device is not replaced.

        Parameters
        ----------
        path : str or path
            Where to write. :meth:`load` reads it back.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        pattern_files.save(self._packed, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, mapped: bool = True) -> Patterns:
        """Open a file that :meth:`save` wrote.

        By default the file is mapped and not read. A set that is larger than the memory opens
        immediately, and the system reads the parts that are used. The file must not change while
        the set is in use. If another program shortens it, the system ends this process (SIGBUS) at
        the next access to a missing part, as with any mapped file. It is safe to replace the file
        with :meth:`save`. A copy in memory (``mapped=False``) does not need the file any more.

        Parameters
        ----------
        path : str or path
        mapped : bool
            False reads the whole file into memory.

        Raises
        ------
        ValueError
            If the file is not a pattern file, is truncated, is too long, or has other bits than
            those that were saved. The bits of a mapped file larger than 256 MB are not read;
            :meth:`verify` checks them.
        OSError
            If the file cannot be opened, or is not a regular file.
        MemoryError
            If a copy does not fit in memory.
        """
        return cls._wrap(*pattern_files.load(path, flag(mapped, "mapped")))

    def verify(self) -> bool:
        """Read all bits of a set that was loaded, and compare them with the digest of its file.

        Returns
        -------
        bool
            True if the bits are those that were saved. False if this is not known: the set is not
            from a file, or its file is from an earlier version and has no digest.

        Raises
        ------
        ValueError
            If the bits differ from those that were saved.

        Examples
        --------
        >>> import spinglass
        >>> spinglass.Patterns.random(n_patterns=3, n_spins=100, seed=1).verify()
        False
        """
        return pattern_files.verify(self._packed, self._digest)


def _from_bytes(n_patterns: int, n_spins: int, packed: bytes) -> Patterns:
    """Undo the pickling of a pattern set."""
    return Patterns._wrap(_core.PackedPatterns.from_bytes(n_patterns, n_spins, packed))


def random_patterns(n_patterns: int, n_spins: int, *, seed: Seed = None) -> NDArray[np.int8]:
    """Draw independent patterns as a plain array.

    Parameters
    ----------
    n_patterns, n_spins : int
        P and N, each at least 1.
    seed : None, int, numpy.random.SeedSequence or numpy.random.Generator
        The same seed gives the patterns of ``Patterns.random``.

    Returns
    -------
    numpy.ndarray of int8, (n_patterns, n_spins)
        -1 and +1. Products of bytes overflow: :func:`spinglass.overlaps` compares states with
        them.

    Examples
    --------
    >>> import spinglass
    >>> spinglass.random_patterns(2, 5, seed=0).shape
    (2, 5)
    """
    rows, columns = (
        integer(count, name, at_least=1, at_most=_MOST)
        for count, name in ((n_patterns, "n_patterns"), (n_spins, "n_spins"))
    )
    check_memory(rows * columns, f"an array of {rows} patterns of {columns} spins")
    return Patterns.random(rows, columns, seed=seed).to_array()


def corrupt(states: ArrayLike, flip: float = 0.1, *, seed: Seed = None) -> NDArray[np.int8]:
    """Flip exactly ``round(flip * n_spins)`` distinct spins of each state.

    Parameters
    ----------
    states : array_like, (n_spins,) or (n_states, n_spins)
        -1 and +1. They are not changed.
    flip : float
        The fraction of spins to flip, between 0 and 1.
    seed : None, int, numpy.random.SeedSequence or numpy.random.Generator
        Chooses the spins. The choice for state k of a batch depends only on (seed, k).

    Returns
    -------
    numpy.ndarray of int8, shaped as states
        Products of bytes overflow: :func:`spinglass.overlaps` compares them with patterns.

    Examples
    --------
    >>> import numpy as np, spinglass
    >>> int((spinglass.corrupt(np.ones(20), flip=0.25, seed=3) == -1).sum())
    5
    """
    flip = fraction(flip, "flip")
    spins = spin_array(states, "states")
    if spins.ndim not in (1, 2):
        raise ValueError(
            f"states must have shape (n_spins,) or (n_states, n_spins), got {spins.shape}"
        )
    count = round(flip * spins.shape[-1])
    flipped = _core.corrupt_states(np.atleast_2d(spins), count, seed_word(seed))
    return flipped.reshape(spins.shape)


def to_spins(bits: ArrayLike) -> NDArray[np.int8]:
    """Convert bits 0 and 1 (or False and True) of any shape to spins -1 and +1.

    They are int8. Products of bytes overflow: :func:`spinglass.overlaps`
    compares them with patterns.

    Examples
    --------
    >>> import spinglass
    >>> spinglass.to_spins([0, 1, 1])
    array([-1,  1,  1], dtype=int8)
    """
    given = real_array(bits, "bits", "real numbers 0 and 1")
    values = copied(given, given.dtype)  # what is checked is ours
    wrong = ~(np.equal(values, 0) | np.equal(values, 1))
    if wrong.any():
        raise ValueError(f"bits must hold only 0 and 1, got {values[wrong].ravel()[0]}")
    return (2 * values.astype(np.int8) - 1).astype(np.int8)


def to_bits(spins: ArrayLike) -> NDArray[np.int8]:
    """Convert spins -1 and +1 of any shape to bits 0 and 1.

    They are int8: cast them before products, for bytes overflow.

    Examples
    --------
    >>> import spinglass
    >>> spinglass.to_bits([-1, 1, 1])
    array([0, 1, 1], dtype=int8)
    """
    return (spin_array(spins, "spins") > 0).astype(np.int8)
