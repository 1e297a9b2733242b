"""What is in a store: whether it is whole, and its rows, while others may write to it."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from spinglass._archive import read_arrays, write_arrays
from spinglass._sqlite import connect
from spinglass.runner.stores.database import (
    DAMAGED,
    StoreError,
    check_file,
    complaints,
    in_wal,
    may,
    resolved,
)
from spinglass.runner.stores.digests import (
    DONE,
    check_digests,
    digests_of_rows,
    has_digests,
    of_rows,
)
from spinglass.runner.task import Experiment, Rows

FORMAT = 2  # 1 had no digests

# What a store says about itself.
_ABOUT = {
    "format": int,
    "experiment": str,
    "unit": str,
    "version": str,
    "config": dict,
    "created": str,
}


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

    def begun(file: Path, mode: str) -> sqlite3.Connection:
        db = stack.enter_context(closing(connect(file, mode)))
        db.execute("PRAGMA query_only = ON")
        db.execute("BEGIN")
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return db

    # Opened for writing, though nothing is written: whoever closes a store last takes its -wal and
    # -shm files away, and who may only read cannot.
    if may(file, os.W_OK) or in_wal(file):
        try:
            return begun(file, "rw")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
                raise
    # The folder is read-only, or the disk full: there is no place for the -shm file.
    if in_wal(file):
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="spinglass-")))
        for name in (file.name, f"{file.name}-wal"):
            shutil.copyfile(file.with_name(name), folder / name)
        return begun(folder / file.name, "rw")
    return begun(file, "ro&immutable=1")


def read_about(db: sqlite3.Connection) -> dict[str, Any]:
    """Return format, experiment, unit, version, config and date of creation."""
    pairs = db.execute("SELECT * FROM scan").fetchall()  # a query under way keeps the file open
    return {name: json.loads(value) for name, value in pairs}


def read_rows(
    db: sqlite3.Connection, path: Path, experiment: Experiment | None = None
) -> Iterator[tuple[int, Rows]]:
    """Yield number and rows of the tasks that are done, in the order of the grid.

    The experiment, where it is known, says whether they can be the rows of their task.
    """
    tasks = experiment.tasks() if experiment else ()
    written = digests_of_rows(db)
    for number, *values, content in db.execute(f"{DONE} ORDER BY number"):
        try:
            if written is not None and written.get(number) != of_rows(number, *values, content):
                raise ValueError("not as they were written")
            rows = unpacked(content, f"what task {number} of {path} returned")
            if experiment:
                experiment.check_rows(tasks[number], rows)
        except ValueError as error:
            # NumPy takes what it does not know for a pickle, and says how to have it run.
            words = "no arrays" if "pickle" in str(error) else error
            raise StoreError(
                f"{path} is damaged (rows of task {number}: {words}); {DAMAGED}"
            ) from error
        yield number, rows


def packed(rows: Rows) -> bytes:
    """Return arrays by name as bytes: those of an ``.npz`` file."""
    content = BytesIO()
    write_arrays(content, rows, compress=True)
    return content.getvalue()


def unpacked(content: bytes, what: str) -> Rows:
    """Return the arrays that `packed` was given."""
    if not isinstance(content, bytes) or not content.startswith(b"PK"):
        raise ValueError("no arrays")
    return read_arrays(BytesIO(content), what)


# ---- whole or damaged ----------------------------------------------------------------------------


def check_content(db: sqlite3.Connection, path: Path) -> dict[str, Any]:
    """Refuse a damaged store and one of a later spinglass; return what it is about."""
    _check_pages(db, path, "quick_check")
    if _is_cut(db, resolved(path)):
        raise StoreError(f"{path} is damaged (cut off); {DAMAGED}")
    about = _checked_about(db, path)
    if about["format"] > FORMAT:
        raise StoreError(
            f"{path} was made by spinglass {about['version']}, which is later than this one and "
            "writes another format"
        )
    _check_numbers(db, path)
    if about["format"] > 1 or has_digests(db):
        check_digests(db, path)
    return about


def check_indices(db: sqlite3.Connection, path: Path) -> None:
    """Hold every index against its table, which `check_content` does not."""
    _check_pages(db, path, "integrity_check")


def _check_pages(db: sqlite3.Connection, path: Path, check: str) -> None:
    found = db.execute(f"PRAGMA {check}(1)").fetchone()[0]
    if found != "ok":
        words = " ".join(str(found).replace("*", "").split())
        raise StoreError(f"{path} is damaged ({words}); {DAMAGED}")


def _checked_about(db: sqlite3.Connection, path: Path) -> dict[str, Any]:
    try:
        about = read_about(db)
    except (ValueError, TypeError, RecursionError) as error:
        raise StoreError(f"{path} is damaged (table scan: {error}); {DAMAGED}") from error
    for name, kind in _ABOUT.items():
        if type(about.get(name)) is not kind:
            raise StoreError(f"{path} is damaged (table scan: no {name}); {DAMAGED}")
    return about


def _check_numbers(db: sqlite3.Connection, path: Path) -> None:
    """Refuse a grid with gaps, and rows of tasks that are not in it."""
    tasks, last = db.execute("SELECT count(*), max(number) FROM tasks WHERE number >= 0").fetchone()
    (unknown,) = db.execute(
        "SELECT min(number) FROM done WHERE number NOT IN (SELECT number FROM tasks)"
    ).fetchone()
    if tasks and last != tasks - 1:
        raise StoreError(f"{path} is damaged (table tasks: some are missing); {DAMAGED}")
    if unknown is not None:
        raise StoreError(f"{path} is damaged (there is no task {unknown}); {DAMAGED}")


def check_whole(path: Path, n_done: int) -> None:
    """Refuse a store that was damaged while we wrote it, which our own pages in memory hide."""
    with complaints(path), closing(connect(resolved(path), "ro")) as db:
        check_content(db, path)
        (found,) = db.execute("SELECT count(*) FROM done").fetchone()
    if found != n_done:
        raise StoreError(f"{path} is damaged ({found} of {n_done} tasks are in it); {DAMAGED}")


def _is_cut(db: sqlite3.Connection, file: Path) -> bool:
    """Say whether the last page is not whole, which SQLite does not see; the -wal may have it."""
    (page,) = db.execute("PRAGMA page_size").fetchone()
    return file.stat().st_size % page > 0 and not in_wal(file)
