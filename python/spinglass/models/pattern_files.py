"""Pattern sets on disk: a header that describes the set, then the bits as they are in memory.

The header has 64 bytes and ends in a checksum of itself. Rows follow: row i holds bit mu of spin i,
padded with zeros to 64 bytes, so that the file can be mapped and used as it is. The header contains
the digest of the rows. The digest is zero in files of earlier versions, which had none.
"""

from __future__ import annotations

import os
import struct
import sys
import zlib
from pathlib import Path
from typing import Any, BinaryIO

from spinglass import _core
from spinglass._arguments import check_memory, file_path
from spinglass._files import opened, writing

NO_DIGEST = bytes(16)

_MAGIC = b"spinglass patterns\0\1"
_HEADER = struct.Struct("<24sQQ16s4xI")

# Below this size a map is held against the digest; above, that would read it all.
_CHECK_BELOW = 1 << 28


def save(packed: _core.PackedPatterns, path: Any) -> None:
    """Write a set completely or not at all."""
    with writing(file_path(path)) as file:
        file.write(_header(packed.n_patterns, packed.n_spins, packed.digest()))
        packed.write(file)


def load(path: Any, mapped: bool) -> tuple[_core.PackedPatterns, bytes]:
    """Return the set of a file and its digest; the error for a bad file says why it is rejected."""
    source = file_path(path)
    with opened(source) as file:
        size = os.fstat(file.fileno()).st_size
        n_patterns, n_spins, digest = _read_header(file, size, source)
        packed = _read(file, n_patterns, n_spins, size - _HEADER.size, mapped)
    if size < _CHECK_BELOW or not mapped:
        try:
            if not verify(packed, digest) and not packed.padding_is_zero():
                raise ValueError("there are bits set behind the last pattern")
        except ValueError as error:
            raise ValueError(f"{source} is damaged: {error}") from None
    return packed, digest


def verify(packed: _core.PackedPatterns, digest: bytes) -> bool:
    """Return whether a set has a digest; raise ValueError if it is not the digest of these bits."""
    if digest == NO_DIGEST:
        return False
    if packed.digest() != digest:
        raise ValueError("the patterns are not those that were saved")
    return True


def _read_header(file: BinaryIO, size: int, source: Path) -> tuple[int, int, bytes]:
    header = file.read(_HEADER.size)
    magic, n_patterns, n_spins, digest, _ = (
        _HEADER.unpack(header) if len(header) == _HEADER.size else (b"", 0, 0, b"", 0)
    )
    if magic.rstrip(b"\0") != _MAGIC:
        raise ValueError(f"path must name a file written by Patterns.save, got {source}")
    if header != _header(n_patterns, n_spins, digest):
        raise ValueError(f"{source} has a header that was not written so: the file is damaged")
    expected = _HEADER.size + n_spins * -(-n_patterns // 512) * 64
    if size != expected or not n_patterns or not n_spins:
        raise ValueError(
            f"{source} must have {expected} bytes for {n_patterns} patterns of {n_spins} "
            f"spins, got {size}: the file is truncated or damaged"
        )
    return n_patterns, n_spins, digest


def _read(
    file: BinaryIO, n_patterns: int, n_spins: int, n_bytes: int, mapped: bool
) -> _core.PackedPatterns:
    """Return the set that stands behind the header."""
    if not mapped:
        check_memory(n_bytes, f"{n_patterns} patterns of {n_spins} spins")
        return _core.PackedPatterns.read(n_patterns, n_spins, file, n_bytes)
    descriptor = file.fileno()
    if sys.platform == "win32":
        import msvcrt

        descriptor = msvcrt.get_osfhandle(descriptor)
    return _core.PackedPatterns.map(n_patterns, n_spins, descriptor, _HEADER.size)


def _header(n_patterns: int, n_spins: int, digest: bytes) -> bytes:
    line = _HEADER.pack(_MAGIC, n_patterns, n_spins, digest, 0)
    return _HEADER.pack(_MAGIC, n_patterns, n_spins, digest, zlib.crc32(line))
