"""The SQLite file of a store: whether it is one, what lies beside it, and what is wrong with it."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from spinglass import _sqlite

# No disk is so full by chance: below this SQLite may fail in other words.
BYTES_OF_A_FULL_DISK = 2**17

_NO_STORE = "is no store of spinglass; nothing was written to it"
DAMAGED = "use a copy of it, or begin a new store"


class StoreError(OSError):
    """A store that cannot be read, written, or had for oneself."""


def resolved(path: Path) -> Path:
    """Return the file itself: a link to it must lead to the same lock."""
    try:
        file = path.resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise StoreError(f"{path} is no path of a file: {error}") from None
    if os.path.islink(file):  # no error from Python 3.13 on; a file that may not be seen is none
        raise StoreError(f"{path} is no path of a file: it is a link that leads to itself")
    return file


def identity(file: Path) -> tuple[int, int] | None:
    """Return what tells a file from one that took its place."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def check_file(path: Path) -> None:
    """Refuse whatever is there and is no store; nothing is changed, nor a file left beside it."""
    file = resolved(path)
    try:
        if file.is_dir():
            raise StoreError(f"{path} is a folder; a store is a file")
        if not file.parent.is_dir():
            raise StoreError(f"{path} cannot be made: there is no folder {path.parent}")
        try:
            size = file.stat().st_size
        except FileNotFoundError:  # which `exists` takes a lack of rights for, from Python 3.14 on
            return
        if not file.is_file():
            raise StoreError(f"{path} is no ordinary file")
        if not size:
            return
        if not may(file, os.R_OK):
            raise StoreError(f"{path} cannot be read: permission denied")
    except StoreError:
        raise
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror or error}") from None
    if _sqlite.application(file) != _sqlite.STORE:
        raise StoreError(f"{path} {_NO_STORE}")


def check_writable(path: Path) -> None:
    """Refuse a store that can only be read; SQLite would leave files beside it to find that out."""
    file = resolved(path)
    if file.exists() and not may(file, os.W_OK):
        raise StoreError(f"{path} cannot be written: it is read-only")
    if file.exists() and file.stat().st_nlink > 1:
        raise StoreError(
            f"{path} has another name (a hard link), under which another process could write it; "
            "take a copy, or delete that name"
        )
    if not may(file.parent, os.W_OK | os.X_OK):
        raise StoreError(f"{path} cannot be written: its folder {path.parent} is read-only")


def files_of(path: Path) -> list[Path]:
    """Return the store and what lies beside it: nothing else may be written there."""
    file = resolved(path)
    return [file.with_name(f"{file.name}{suffix}") for suffix in ("", "-wal", "-shm", ".lock")]


def check_other(target: Path, path: Path, name: str) -> None:
    """Refuse to write into the store or beside it what would take its place."""
    file = resolved(target)
    for taken in files_of(path):
        if file == taken or (file.exists() and taken.exists() and file.samefile(taken)):
            raise ValueError(
                f"{name} must not be a file of the store {path}, got {target}; take another file"
            )


def may(file: Path, what: int) -> bool:
    """Say whether this process may read or write a file, as `os.access` names it."""
    return os.access(file, what, effective_ids=os.access in os.supports_effective_ids)


def in_wal(file: Path) -> bool:
    """Say whether the newest rows of a store are in the file beside it."""
    wal = file.with_name(f"{file.name}-wal")
    return wal.exists() and wal.stat().st_size > 0


@contextmanager
def complaints(path: Path) -> Iterator[None]:
    """Say in words what SQLite cannot do, and what to do."""
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(f"{path} {_words(error, path)}") from error
    except UnicodeDecodeError as error:  # a complaint of SQLite that quotes damaged text
        raise StoreError(f"{path} is damaged (text that is no UTF-8); {DAMAGED}") from error


def _words(error: sqlite3.Error, path: Path) -> str:
    name, said = getattr(error, "sqlite_errorname", ""), " ".join(str(error).split())
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")) or "no such" in said:
        return f"is damaged ({said}); {DAMAGED}"
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        waited = f"{_sqlite.SECONDS_TO_WAIT:g} s"
        return f"is locked: another program has kept it so for {waited}; close that program"
    if name.startswith("SQLITE_FULL") or _is_full(path):
        return "cannot be written: the disk is full; free some space"
    if name.startswith("SQLITE_READONLY"):
        return "cannot be written: it is on a read-only disk"
    if name.startswith("SQLITE_CANTOPEN"):
        return "cannot be opened for writing: may files be made in its folder?"
    return f"cannot be used: {said}"


def _is_full(path: Path) -> bool:
    with suppress(OSError, StoreError):
        return shutil.disk_usage(resolved(path).parent).free < BYTES_OF_A_FULL_DISK
    return False
