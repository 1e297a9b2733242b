"""Arrays in ``.npz`` archives of anybody: read without pickle, and never beyond memory.

Every size that an archive declares is held against its own length before memory is taken: no
archive of a few bytes (a "zip bomb") takes gigabytes.
"""

from __future__ import annotations

import math
import os
import zipfile
from collections.abc import Mapping
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from spinglass._arguments import check_memory

# Deflate makes at most 1032 bytes of one; an entry has a few more of its own.
_LARGEST_RATIO = 1040

# Up to so many bytes it takes longer to ask for the free memory than to read.
_SMALL = 1 << 20


def write_arrays(file: IO[bytes], arrays: Mapping[str, NDArray[Any]], compress: bool) -> None:
    """Write arrays of any names, which `numpy.savez` does not take."""
    how = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
    with zipfile.ZipFile(file, "w", how) as archive:
        for name, values in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, values, allow_pickle=False)


def read_arrays(file: IO[bytes], what: str) -> dict[str, NDArray[Any]]:
    """Return the arrays of an archive by name.

    Raises
    ------
    ValueError
        If it is no archive of arrays, or damaged.
    MemoryError
        If the arrays do not fit; ``what`` names them.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            _check_sizes(entries, file.seek(0, os.SEEK_END))
            if (needed := sum(entry.file_size for entry in entries)) > _SMALL:
                check_memory(needed, what)
            return {x.filename.removesuffix(".npy"): _array(archive, x) for x in entries}
    except MemoryError:
        raise
    except Exception as error:  # a damaged archive can raise nearly anything
        raise ValueError((str(error) or "it is cut short").splitlines()[0]) from error


def _check_sizes(entries: list[zipfile.ZipInfo], length: int) -> None:
    for entry in entries:
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(f"{entry.filename} is compressed in a way that NumPy does not use")
        if entry.file_size > _LARGEST_RATIO * entry.compress_size:
            raise ValueError(f"{entry.filename} declares more bytes than it can hold")
    if sum(entry.compress_size for entry in entries) > length:
        raise ValueError("its entries declare more bytes than it holds")


def _array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> NDArray[Any]:
    """Return an array, after its header was held against the size of its entry."""
    with archive.open(entry) as stream:
        size, dtype = _declared(stream)
        if (
            size != entry.file_size - stream.tell() and not dtype.hasobject
        ):  # which is refused below
            raise ValueError(f"{entry.filename} is of another size than its header says")
    with archive.open(entry) as stream:
        array: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
    return array


def _declared(stream: IO[bytes]) -> tuple[int, np.dtype[Any]]:
    """Return how many bytes of which type follow the header."""
    version = np.lib.format.read_magic(stream)
    try:
        if version == (1, 0):
            shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
        else:  # of version 3, read as version 2, only the names of fields are other letters
            shape, _, dtype = np.lib.format.read_array_header_2_0(stream)
    except MemoryError:  # of Python's parser
        raise ValueError("a header is nested too deeply") from None
    return math.prod(shape) * dtype.itemsize, dtype
