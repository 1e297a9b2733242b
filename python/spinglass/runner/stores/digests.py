"""Digests of what is in a store: bytes that changed on the disk, and rows of another task.

There is one digest of the config and its grid, one of each session, and one of the rows of each
task together with its key, its session and its times. They are in a table of their own. Stores of
format 1 have no digests.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from spinglass._digest import digest
from spinglass.runner.stores.database import DAMAGED, StoreError

SCHEMA = """
CREATE TABLE digests (
    kind TEXT NOT NULL, number INTEGER NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, number)
)
"""

DONE = "SELECT number, key, session, seconds, ended, rows FROM done JOIN tasks USING (number)"

_INSERT = "INSERT OR REPLACE INTO digests VALUES (?, ?, ?)"
_SESSIONS = "SELECT number, pid, machine, n_workers, began, ended FROM sessions"
_WHAT = {"scan": "what was asked", "session": "session {}", "rows": "rows of task {}"}


def has_digests(db: sqlite3.Connection) -> bool:
    """Say whether a store has digests."""
    return bool(db.execute("SELECT 1 FROM sqlite_master WHERE name = 'digests'").fetchall())


def digests_of_rows(db: sqlite3.Connection) -> dict[int, str] | None:
    """Return the digests of the rows by task; None if there are none of anything."""
    query = "SELECT number, value FROM digests WHERE kind = 'rows'"
    return dict(db.execute(query)) if has_digests(db) else None


def of_rows(*values: Any) -> str:
    """Return the digest of a row of `DONE`: of the rows of a task, and of whose they are."""
    *about, rows = values
    if not isinstance(rows, bytes):
        return "no rows"
    return digest({"rows": np.frombuffer(rows, np.uint8)}, *about)


def seal_rows(db: sqlite3.Connection, *values: Any) -> None:
    """Write the digest of a row of `DONE`."""
    db.execute(_INSERT, ("rows", values[0], of_rows(*values)))


def seal_session(db: sqlite3.Connection, number: int | None) -> None:
    """Write the digest of a session as it is now."""
    values = db.execute(f"{_SESSIONS} WHERE number = ?", (number,)).fetchone()
    db.execute(_INSERT, ("session", number, digest({}, *values)))


def seal(db: sqlite3.Connection) -> None:
    """Write the digests of all that is in a store that has none yet."""
    db.execute(SCHEMA)
    db.executemany(_INSERT, list(_digests(db)))


def check_digests(db: sqlite3.Connection, path: Path) -> None:
    """Refuse a store that holds anything else than what was written."""
    written = {
        (kind, number): value
        for kind, number, value in db.execute("SELECT kind, number, value FROM digests")
    }
    wrong = [
        (kind, number)
        for kind, number, value in _digests(db)
        if written.pop((kind, number), None) != value
    ]
    for kind, number in (*wrong, *written):  # what is left has a digest alone
        what = _WHAT.get(kind, "table digests").format(number)
        raise StoreError(f"{path} is damaged ({what}: not as they were written); {DAMAGED}")


def _digests(db: sqlite3.Connection) -> Iterator[tuple[str, int, str]]:
    """Yield kind, number and digest of all that is in a store."""
    asked = db.execute("SELECT name, value FROM scan ORDER BY name").fetchall()
    tasks = db.execute("SELECT number, key, cost, units, wide FROM tasks").fetchall()
    yield "scan", 0, digest({}, asked, sorted(tasks))
    for values in db.execute(_SESSIONS):
        yield "session", values[0], digest({}, *values)
    for values in db.execute(DONE):
        yield "rows", values[0], of_rows(*values)
