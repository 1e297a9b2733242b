"""One process at a time writes a store: the lock, and who holds it.

The lock is an exclusive one of SQLite on the file ``<store>.lock``. It belongs to the process and
not to its children, and is gone with it, whatever ends it, unlike a number in a file. The number
of the process stands in the file all the same, for whoever is refused: in the header, so that it
is there or not, and never half.
"""

from __future__ import annotations

import datetime
import json
import os
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from spinglass._printed import printed
from spinglass._sqlite import application, connect
from spinglass.runner.stores.content import reading
from spinglass.runner.stores.database import StoreError, complaints, identity, resolved

_APPLICATION = 0x53474C4C  # SGLL

# For who holds the lock: who asks whether it is held has it for a moment.
SECONDS_TO_WAIT = 1.0


@printed
@dataclass(frozen=True)
class Worker:
    """The process that works on a store.

    Attributes
    ----------
    pid : int
        Its number.
    host : str or None
        Its machine; None while it begins.
    began : str or None
        When its session began (UTC).
    """

    pid: int
    host: str | None = None
    began: str | None = None

    def __str__(self) -> str:
        host = f" on {self.host}" if self.host else ""
        since = f", since {minute(self.began)}" if self.began else ""
        return f"process {self.pid}{host}{since}"


def minute(time: str) -> str:
    """Return a stored time to the minute; as it stands if it is none."""
    with suppress(ValueError):
        return f"{datetime.datetime.fromisoformat(time):%Y-%m-%d %H:%M} UTC"
    return time


class Lock:
    """The right to write a store, until `close` or the end of the process."""

    def __init__(self, path: Path) -> None:
        self._file = file = _lock_of(path)
        if not _may_be_lock(file):
            raise StoreError(f"{path} cannot be locked: {file} is another program's file")
        with complaints(path):
            self._connection = connect(file, "rwc")
            try:
                self._take()
            except sqlite3.OperationalError as error:
                self._connection.close()
                if not error.sqlite_errorname.startswith("SQLITE_BUSY"):
                    raise
                user = worker(path) or "another process"
                raise StoreError(
                    f"{path} is in use by {user}; wait for its end, or take another store"
                ) from None
            except BaseException:
                self._connection.close()
                raise
        self._identity = identity(file)

    def _take(self) -> None:
        execute = self._connection.execute
        execute(f"PRAGMA busy_timeout = {round(1000 * SECONDS_TO_WAIT)}")
        execute("PRAGMA page_size = 512")
        execute("PRAGMA journal_mode = OFF")  # one page is written: there is no half of it
        execute("PRAGMA locking_mode = EXCLUSIVE")  # a commit keeps the lock
        execute("BEGIN EXCLUSIVE")
        execute(f"PRAGMA application_id = {_APPLICATION}")
        execute(f"PRAGMA user_version = {os.getpid()}")
        execute("COMMIT")
        execute("BEGIN EXCLUSIVE")

    def check_held(self, path: Path) -> None:
        """Raise if the file is not there any more: another process may have a new one."""
        if identity(self._file) != self._identity:
            raise StoreError(
                f"{path} takes no rows: its lock {self._file.name} was deleted or replaced while "
                "the scan ran, and another process may write the store"
            )

    def close(self) -> None:
        """Let others have the store."""
        self._connection.close()


def _may_be_lock(file: Path) -> bool:
    """Say whether a file is a lock or could become one; a link or a pipe could not."""
    if file.is_symlink() or (file.exists() and not file.is_file()):
        return False
    return not file.exists() or not file.stat().st_size or application(file) == _APPLICATION


def worker(path: Path) -> Worker | None:
    """Return the process that works on a store now, if there is one."""
    file = _lock_of(path)
    pid = None
    try:
        if not file.exists() or not _held(file):
            return None
        pid = _read_pid(file)
        with reading(path) as db:
            about, began = db.execute(
                "SELECT machine, began FROM sessions WHERE pid = ? AND ended IS NULL"
                " ORDER BY number DESC LIMIT 1",
                (pid,),
            ).fetchone() or ("{}", None)
        return Worker(pid, json.loads(about).get("host"), began)
    except (OSError, sqlite3.Error, ValueError, AttributeError, RecursionError):
        return None if pid is None else Worker(pid)


def _held(file: Path) -> bool:
    with closing(connect(file, "ro")) as db:
        try:
            db.execute("PRAGMA busy_timeout = 0")
            db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.OperationalError as error:
            return error.sqlite_errorname.startswith("SQLITE_BUSY")
    return False


def _read_pid(file: Path) -> int:
    """Return the number in the header, which the lock does not hide."""
    with closing(connect(file, "ro&immutable=1")) as db:
        return int(db.execute("PRAGMA user_version").fetchone()[0])


def _lock_of(path: Path) -> Path:
    file = resolved(path)
    return file.with_name(f"{file.name}.lock")
