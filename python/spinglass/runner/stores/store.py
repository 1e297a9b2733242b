"""Finished tasks on disk, so that they remain if the process or the machine stops.

A store is one SQLite file in WAL mode. It holds the experiment, the config, the version, and the
grid of tasks. It holds the rows of each finished task, each written in its own transaction. It also
holds the sessions: the processes that worked on it, with their machines and times. If the process
is killed, the file is whole and has every task that was finished before.

One process at a time writes. Reading is possible at any time (`spinglass.experiments.open_store`).
Some files lie beside the store. ``<store>.lock`` has no meaning when no process works on the store.
``<store>-wal`` and ``<store>-shm`` exist while a process works on it, or if one was killed, and the
newest rows are in ``<store>-wal``. The next process that opens the store reads them. So move or
delete these files only together with the store, and copy a store only when no process works on it
(or with ``sqlite3 STORE ".backup COPY"``). SQLite's WAL mode needs a local disk; do not put a store
on a network file system.
"""

from __future__ import annotations

import datetime
import json
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from spinglass._core import __version__
from spinglass._files import discard_parts, write_whole
from spinglass._sqlite import STORE, connect
from spinglass.runner.stores.content import (
    FORMAT,
    check_content,
    check_whole,
    packed,
    read_rows,
)
from spinglass.runner.stores.database import (
    StoreError,
    check_file,
    check_writable,
    complaints,
    identity,
    resolved,
)
from spinglass.runner.stores.digests import has_digests, seal, seal_rows, seal_session
from spinglass.runner.stores.lock import Lock
from spinglass.runner.stores.machine import machine
from spinglass.runner.task import Experiment, Rows, meant

_SCHEMA = """
CREATE TABLE scan (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE tasks (
    number INTEGER PRIMARY KEY, key TEXT UNIQUE NOT NULL, cost REAL NOT NULL,
    units INTEGER NOT NULL, wide INTEGER NOT NULL
);
CREATE TABLE sessions (
    number INTEGER PRIMARY KEY, pid INTEGER NOT NULL, machine TEXT NOT NULL,
    n_workers INTEGER NOT NULL, began TEXT NOT NULL, ended TEXT
);
CREATE TABLE done (
    number INTEGER PRIMARY KEY REFERENCES tasks, session INTEGER NOT NULL REFERENCES sessions,
    seconds REAL NOT NULL, ended TEXT NOT NULL, rows BLOB NOT NULL
);
"""

# Between two writes that wait for the disk: a crash of the whole machine loses the tasks of that
# time, that of the process none.
SECONDS_PER_SYNC = 1.0

# Of a value in a message.
MAX_LETTERS = 40


class Store:
    """A store open for writing, by this process alone.

    Parameters
    ----------
    path : Path
        The file, which is created if it does not exist.
    experiment : Experiment
        The experiment. An existing store must have the same.
    n_workers : int
        The number of tasks that run at a time.

    Raises
    ------
    StoreError
        If the file cannot be written, is damaged, or is not a store, or if another process works on
        it.
    ValueError
        If it holds another scan. The message names the fields that differ.
    """

    def __init__(self, path: Path, experiment: Experiment, n_workers: int) -> None:
        check_file(path)
        check_writable(path)
        self.path, self._file = path, resolved(path)
        self._lock = Lock(path)
        self._connection: sqlite3.Connection | None = None
        self._session: int | None = None
        try:
            check_file(path)  # it may have come since
            with complaints(path):
                if not self._file.exists() or not self._file.stat().st_size:
                    self._create(experiment)
                self._connection = connect(self._file, "rw")
                self._open(experiment, n_workers)
                (self._n_tasks,) = self._db.execute("SELECT count(*) FROM tasks").fetchone()
            self._size = self._file.stat().st_size
        except BaseException:
            self.close()
            raise

    def _create(self, experiment: Experiment) -> None:
        """Make the store in memory first: nobody ever sees a part of one."""
        about = {
            "format": FORMAT,
            "experiment": experiment.name,
            "unit": experiment.unit,
            "version": __version__,
            "config": experiment.as_dict(),
            "created": now(),
        }
        grid = [(k, x.key, x.cost, x.units, x.wide) for k, x in enumerate(experiment.grid())]
        with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
            db.executescript(_SCHEMA)
            db.execute(f"PRAGMA application_id = {STORE}")
            pairs = [(name, json.dumps(value)) for name, value in about.items()]
            db.executemany("INSERT INTO scan VALUES (?, ?)", pairs)
            db.executemany("INSERT INTO tasks VALUES (?, ?, ?, ?, ?)", grid)
            seal(db)
            content = db.serialize()
        try:
            discard_parts(self._file)
            write_whole(self._file, content)
        except OSError as error:
            raise StoreError(f"{self.path} cannot be made: {error.strerror or error}") from error

    def _open(self, experiment: Experiment, n_workers: int) -> None:
        db = self._db
        self._check_same(check_content(db, self.path), experiment)
        if type(experiment).check_rows is not Experiment.check_rows or not has_digests(db):
            for _ in read_rows(db, self.path, experiment):  # now and not after hours of work
                pass
        db.execute("PRAGMA journal_mode = WAL").fetchone()
        db.execute("PRAGMA synchronous = NORMAL")
        with self._transaction():
            if not has_digests(db):  # of an earlier format: what can be read is taken as it is
                db.execute("UPDATE scan SET value = ? WHERE name = 'format'", (FORMAT,))
                seal(db)
            # A session without an end was killed.
            session = db.execute(
                "INSERT INTO sessions (pid, machine, n_workers, began) VALUES (?, ?, ?, ?)",
                (os.getpid(), json.dumps(machine()), n_workers, now()),
            ).lastrowid
            seal_session(db, session)
        self._session = session
        self.done = {number for (number,) in db.execute("SELECT number FROM done")}
        self._synced = time.monotonic()
        wal = self._file.with_name(f"{self._file.name}-wal")
        self._identities = {file: identity(file) for file in (self._file, wal)}

    def _check_same(self, about: dict[str, Any], experiment: Experiment) -> None:
        """Refuse another scan, and say in what it differs."""
        if about["experiment"] != experiment.name:
            found = [f"that of {about['experiment']}, not of {experiment.name}"]
        else:
            unsaid = meant(experiment.config)
            here = {"version": __version__, **unsaid, **experiment.as_dict()}
            there = {"version": about["version"], **unsaid, **about["config"]}
            names = [*here, *(name for name in there if name not in here)]
            found = [
                _difference(name, there.get(name), here.get(name))
                for name in names
                if json.dumps(there.get(name)) != json.dumps(here.get(name))
            ]
        if not found:
            found = self._other_tasks([task.key for task in experiment.grid()])
        if found:
            raise ValueError(
                f"store {self.path} holds another scan: {'; '.join(found)}; take another file"
            )

    def _other_tasks(self, here: list[str]) -> list[str]:
        """Say where the grid differs: rows would go to other tasks than those that made them."""
        query = "SELECT key FROM tasks ORDER BY number"
        there = [key for (key,) in self._db.execute(query)]
        if len(there) != len(here):
            return [f"it has {len(there)} tasks there and {len(here)} here"]
        differing = (k for k, (x, y) in enumerate(zip(there, here, strict=True)) if x != y)
        return [f"task {k} is {there[k]!r} there and {here[k]!r} here" for k in differing][:1]

    @property
    def _db(self) -> sqlite3.Connection:
        assert self._connection is not None
        return self._connection

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Write all that is written in the block, or nothing."""
        with self._db:  # which commits or rolls back what was begun
            self._db.execute("BEGIN IMMEDIATE")
            yield

    def put(self, number: int, rows: Rows, seconds: float) -> None:
        """Store the rows of a task: all of them or, if that fails, none."""
        content = packed(rows)
        if any(identity(file) != known for file, known in self._identities.items()):
            raise StoreError(
                f"{self.path} was deleted, moved or replaced while the scan ran, and takes no rows"
            )
        self._lock.check_held(self.path)
        self._check_size()
        with complaints(self.path):
            try:
                self._insert(number, float(seconds), content)
            except sqlite3.OperationalError:
                self._db.execute("PRAGMA busy_timeout = 0")  # we have waited long enough
                raise
        self.done.add(number)
        if len(self.done) == self._n_tasks:
            check_whole(self.path, self._n_tasks)

    def _check_size(self) -> None:
        """Notice a file that became shorter: SQLite does not, as long as it has the pages."""
        size = self._file.stat().st_size
        if size < self._size:
            raise StoreError(
                f"{self.path} is damaged (cut off while the scan ran); use a copy of it, or begin "
                "a new store"
            )
        self._size = size

    def _insert(self, number: int, seconds: float, content: bytes) -> None:
        db = self._db
        to_disk = time.monotonic() - self._synced > SECONDS_PER_SYNC
        if to_disk:
            db.execute("PRAGMA synchronous = FULL")
        (key,) = db.execute("SELECT key FROM tasks WHERE number = ?", (number,)).fetchone()
        row = (self._session, seconds, now(), content)
        with self._transaction():
            db.execute("INSERT INTO done VALUES (?, ?, ?, ?, ?)", (number, *row))
            seal_rows(db, number, key, *row)
        if to_disk:
            db.execute("PRAGMA synchronous = NORMAL")
            self._synced = time.monotonic()

    def read(self) -> Iterator[tuple[int, Rows]]:
        """Yield the number and the rows of each task that is done."""
        with complaints(self.path):
            yield from read_rows(self._db, self.path)

    def close(self) -> None:
        """End the session, if there is one, and let others have the store."""
        try:
            if self._connection is not None:
                if self._session is not None:
                    with suppress(sqlite3.Error), self._transaction():  # full, read-only or locked
                        self._connection.execute(
                            "UPDATE sessions SET ended = ? WHERE number = ?", (now(), self._session)
                        )
                        seal_session(self._connection, self._session)
                with suppress(sqlite3.Error):
                    self._connection.close()
                self._connection = None
        finally:
            self._lock.close()


def now() -> str:
    """Return the time of the world, to the second."""
    return datetime.datetime.now(datetime.UTC).isoformat(sep=" ", timespec="seconds")


def _difference(name: str, there: Any, here: Any) -> str:
    """Say where a field differs; of long lists only the first place."""
    long = max(len(json.dumps(there)), len(json.dumps(here))) > MAX_LETTERS
    if long and isinstance(there, list) and isinstance(here, list):
        if len(there) != len(here):
            return f"{name} has length {len(there)} there and {len(here)} here"
        # As JSON: 1 is not 1.0 there, and NaN is NaN.
        pairs = enumerate(zip(there, here, strict=True))
        first = next(k for k, (x, y) in pairs if json.dumps(x) != json.dumps(y))
        return _difference(f"{name}[{first}]", there[first], here[first])
    texts = json.dumps(there), json.dumps(here)
    same = next((k for k, (x, y) in enumerate(zip(*texts, strict=False)) if x != y), 0)
    return f"{name} is {_short(texts[0], same)} there and {_short(texts[1], same)} here"


def _short(text: str, same: int) -> str:
    """Return a text; of a long one the part where it differs, after so many letters."""
    if len(text) <= MAX_LETTERS:
        return text
    # From a little before on, but for the end of the text, and with room for two ellipses.
    begin = max(0, min(same - MAX_LETTERS // 3, len(text) - MAX_LETTERS + 3))
    before, rest = "..." if begin else "", text[begin:]
    room = MAX_LETTERS - len(before)
    return before + (rest if len(rest) <= room else f"{rest[: room - 3]}...")
