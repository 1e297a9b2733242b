"""The SQLite file of a store: whether it is one, whether it is whole, and what is wrong."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from spinglass._sqlite import PATIENCE, STORE, application, connect
from spinglass.runner.task import Rows

FORMAT = 1

# No disk is so full by chance: below this SQLite may fail in other words.
_NO_ROOM = 2**17

_NO_STORE = "is no store of spinglass; nothing was written to it"
_DAMAGED = "use a copy of it, or begin a new store"


# What a store says about itself.
_ABOUT = {
    "format": int,
    "experiment": str,
    "unit": str,
    "version": str,
    "config": dict,
    "created": str,
}


class StoreError(OSError):
    """A store that cannot be read, written, or had for oneself."""


def resolved(path: Path) -> Path:
    """Return the file itself: a link to it must lead to the same lock."""
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise StoreError(f"{path} is no path of a file: {error}") from None


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
        if not file.exists():
            return
        if not file.is_file():
            raise StoreError(f"{path} is no ordinary file")
        if not file.stat().st_size:
            return
        if not _may(file, os.R_OK):
            raise StoreError(f"{path} cannot be read: permission denied")
    except StoreError:
        raise
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror or error}") from None
    if application(file) != STORE:
        raise StoreError(f"{path} {_NO_STORE}")


def check_writable(path: Path) -> None:
    """Refuse a store that can only be read; SQLite would leave files beside it to find that out."""
    file = resolved(path)
    if file.exists() and not _may(file, os.W_OK):
        raise StoreError(f"{path} cannot be written: it is read-only")
    if file.exists() and file.stat().st_nlink > 1:
        raise StoreError(
            f"{path} has another name (a hard link), under which another process could write it; "
            "take a copy, or delete that name"
        )
    if not _may(file.parent, os.W_OK | os.X_OK):
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


def _may(file: Path, what: int) -> bool:
    return os.access(file, what, effective_ids=os.access in os.supports_effective_ids)


def check_content(db: sqlite3.Connection, path: Path) -> dict[str, Any]:
    """Refuse a damaged store and one of a later spinglass; return what it is about."""
    found = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found == "ok" and _is_cut(db, resolved(path)):
        found = "cut off"
    if found != "ok":
        words = " ".join(str(found).replace("*", "").split())
        raise StoreError(f"{path} is damaged ({words}); {_DAMAGED}")
    about = _checked_about(db, path)
    if about["format"] > FORMAT:
        raise StoreError(
            f"{path} was made by spinglass {about['version']}, which is later than this one and "
            "writes another format"
        )
    _check_numbers(db, path)
    return about


def _checked_about(db: sqlite3.Connection, path: Path) -> dict[str, Any]:
    try:
        about = read_about(db)
    except (ValueError, TypeError, RecursionError) as error:
        raise StoreError(f"{path} is damaged (table scan: {error}); {_DAMAGED}") from error
    for name, kind in _ABOUT.items():
        if type(about.get(name)) is not kind:
            raise StoreError(f"{path} is damaged (table scan: no {name}); {_DAMAGED}")
    return about


def _check_numbers(db: sqlite3.Connection, path: Path) -> None:
    """Refuse a grid with gaps, and rows of tasks that are not in it."""
    tasks, last = db.execute("SELECT count(*), max(number) FROM tasks WHERE number >= 0").fetchone()
    (unknown,) = db.execute(
        "SELECT min(number) FROM done WHERE number NOT IN (SELECT number FROM tasks)"
    ).fetchone()
    if tasks and last != tasks - 1:
        raise StoreError(f"{path} is damaged (table tasks: some are missing); {_DAMAGED}")
    if unknown is not None:
        raise StoreError(f"{path} is damaged (there is no task {unknown}); {_DAMAGED}")


def check_whole(path: Path, n_done: int) -> None:
    """Refuse a store that was damaged while we wrote it, which our own pages in memory hide."""
    with complaints(path):
        db = connect(resolved(path), "ro")
        try:
            check_content(db, path)
            (found,) = db.execute("SELECT count(*) FROM done").fetchone()
        finally:
            db.close()
    if found != n_done:
        raise StoreError(f"{path} is damaged ({found} of {n_done} tasks are in it); {_DAMAGED}")


def _is_cut(db: sqlite3.Connection, file: Path) -> bool:
    """Say whether the last page is not whole, which SQLite does not see; the -wal may have it."""
    (page,) = db.execute("PRAGMA page_size").fetchone()
    return file.stat().st_size % page > 0 and not _in_wal(file)


def _in_wal(file: Path) -> bool:
    wal = file.with_name(f"{file.name}-wal")
    return wal.exists() and wal.stat().st_size > 0


@contextmanager
def complaints(path: Path) -> Iterator[None]:
    """Say in words what SQLite cannot do, and what to do."""
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(f"{path} {_words(error, path)}") from error


def _words(error: sqlite3.Error, path: Path) -> str:
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")) or "no such" in str(error):
        return f"is damaged ({error}); {_DAMAGED}"
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return f"is locked: another program has kept it so for {PATIENCE:g} s; close that program"
    if name.startswith("SQLITE_FULL") or _is_full(path):
        return "cannot be written: the disk is full; make room"
    if name.startswith("SQLITE_READONLY"):
        return "cannot be written: it is on a read-only disk"
    if name.startswith("SQLITE_CANTOPEN"):
        return "cannot be opened for writing: may files be made in its folder?"
    return f"cannot be used: {error}"


def _is_full(path: Path) -> bool:
    with suppress(OSError, StoreError):
        return shutil.disk_usage(resolved(path).parent).free < _NO_ROOM
    return False


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Do all of it or nothing."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):  # some errors have rolled back already
            db.execute("ROLLBACK")
        raise


# ---- reading -------------------------------------------------------------------------------------


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a store to read it as it is now, whether or not a process works on it."""
    file = resolved(path)
    check_file(path)
    if not file.exists():
        raise StoreError(f"{path}: there is no such store")
    if not file.stat().st_size:
        raise StoreError(f"{path} is empty; no scan has begun in it")
    with complaints(path), ExitStack() as stack:
        db = _reader(file, stack)
        check_content(db, path)
        yield db


def _reader(file: Path, stack: ExitStack) -> sqlite3.Connection:
    """Return a connection in a transaction, which sees one state of the store."""
    # Opened for writing, though nothing is written: whoever closes a store last takes its -wal and
    # -shm files away, and who may only read cannot.
    if not _may(file, os.W_OK) and not _in_wal(file):
        return _begun(connect(file, "ro&immutable=1"), stack)
    try:
        return _begun(connect(file, "rw"), stack)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorname.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise
    # The folder is read-only, or the disk full: there is no place for the -shm file.
    if _in_wal(file):
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="spinglass-")))
        for name in (file.name, f"{file.name}-wal"):
            shutil.copyfile(file.with_name(name), folder / name)
        return _begun(connect(folder / file.name, "rw"), stack)
    return _begun(connect(file, "ro&immutable=1"), stack)


def _begun(db: sqlite3.Connection, stack: ExitStack) -> sqlite3.Connection:
    try:
        db.execute("PRAGMA query_only = ON")
        db.execute("BEGIN")
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        db.close()
        raise
    stack.callback(db.close)
    return db


def read_about(db: sqlite3.Connection) -> dict[str, Any]:
    """Return format, experiment, unit, version, config and date of creation."""
    pairs = db.execute("SELECT * FROM scan").fetchall()  # a query under way keeps the file open
    return {name: json.loads(value) for name, value in pairs}


def read_rows(db: sqlite3.Connection, path: Path) -> Iterator[tuple[int, Rows]]:
    """Yield number and rows of the tasks that are done, in the order of the grid."""
    for number, content in db.execute("SELECT number, rows FROM done ORDER BY number"):
        try:
            rows = unpacked(content)
        except MemoryError:
            raise
        except Exception as error:  # a damaged archive can make NumPy raise nearly anything
            # NumPy takes what it does not know for a pickle, and says how to have it run.
            words = "no arrays" if "pickle" in str(error) else error
            raise StoreError(
                f"{path} is damaged (rows of task {number}: {words}); {_DAMAGED}"
            ) from error
        yield number, rows


def packed(rows: Rows) -> bytes:
    """Return arrays by name as bytes: those of an ``.npz`` file."""
    content = BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        for name, values in rows.items():
            with file.open(f"{name}.npy", "w") as member:
                np.lib.format.write_array(member, values, allow_pickle=False)
    return content.getvalue()


def unpacked(content: bytes) -> Rows:
    """Return the arrays that `packed` was given."""
    if not isinstance(content, bytes) or not content.startswith(b"PK"):
        raise ValueError("no arrays")
    with np.load(BytesIO(content), allow_pickle=False) as archive:
        arrays = dict(archive)
    if not all(isinstance(array, np.ndarray) for array in arrays.values()):
        raise ValueError("no arrays")
    return arrays
