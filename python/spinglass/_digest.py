"""A digest of what a file holds: a byte that changed on the disk is told from what was written.

It is a checksum of 128 bits (BLAKE2b) and no signature: whoever can change a file can change its
digest too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Hashed together: Ctrl-C waits for no more.
_BYTES_AT_A_TIME = 1 << 26


def digest(arrays: Mapping[str, NDArray[Any]], *more: object) -> str:
    """Return the digest of arrays by name, in any order, and of numbers and texts beside them."""
    parts = sorted(arrays.items())
    about = [(x, np.lib.format.dtype_to_descr(array.dtype), array.shape) for x, array in parts]
    hashed = hashlib.blake2b(repr((more, about)).encode(), digest_size=16)
    for _, array in parts:
        for piece in _pieces(array):
            hashed.update(piece)
    return hashed.hexdigest()


def _pieces(array: NDArray[Any]) -> Iterable[memoryview]:
    """Return the bytes of an array in its own order, some at a time."""
    if array.nbytes:
        content = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        for first in range(0, content.size, _BYTES_AT_A_TIME):
            yield content[first : first + _BYTES_AT_A_TIME].data
