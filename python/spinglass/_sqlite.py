"""How an SQLite file is opened, and how a store is told from any other file.

Locks of SQLite on POSIX systems are gone as soon as the process closes the file anywhere else, so a
store is never opened but by SQLite, not even to look at its first bytes.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

STORE = 0x53474C53  # SGLS: an SQLite file is a store of this package or it is not

# For another program that writes into the file.
SECONDS_TO_WAIT = 10.0


def application(file: Path) -> int | None:
    """Return the program to which the first page of a database belongs; None if it is none."""
    try:
        with closing(connect(file, "ro&immutable=1")) as db:
            # The file may be shorter than it says: a disk that was full, and the rest in the -wal.
            db.execute("PRAGMA writable_schema = ON")
            return int(db.execute("PRAGMA application_id").fetchone()[0])
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        return None


def connect(file: Path, mode: str) -> sqlite3.Connection:
    """Open a database; transactions are begun and ended by hand.

    Nothing that the file itself declares (views, triggers, functions in its schema) may do more
    than read it, and every page is checked before it is used. Extensions are never loaded.
    """
    db = sqlite3.connect(
        f"{file.as_uri()}?mode={mode}", uri=True, timeout=SECONDS_TO_WAIT, isolation_level=None
    )
    db.execute("PRAGMA trusted_schema = OFF")
    db.execute("PRAGMA cell_size_check = ON")
    return db
