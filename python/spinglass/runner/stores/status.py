"""The status of a stored scan: the finished tasks, the remaining ones, and the time left."""

from __future__ import annotations

import sqlite3
import textwrap
from dataclasses import dataclass
from pathlib import Path

from spinglass._arguments import integer
from spinglass._printed import printed
from spinglass.runner.stores.content import read_about
from spinglass.runner.stores.lock import Worker, minute, worker


@printed
@dataclass(frozen=True)
class Status:
    """The status of a stored scan.

    Attributes
    ----------
    experiment : str
        The name of the experiment.
    version : str
        The version of spinglass that runs the scan.
    created : str
        When the store was created (UTC).
    tasks_done, tasks : int
        Number of finished tasks, and of all tasks.
    units_done, units : int
        The same in units of progress.
    unit : str
        The name of this unit.
    seconds : float
        The sum of the times of the finished tasks.
    seconds_left : float or None
        The approximate time that the remaining tasks take with the last number of workers. None if
        no task is finished, because there is then no measured time.
    n_workers : int or None
        The last number of workers. None if no process has worked on the store yet.
    worker : Worker or None
        The process that works on the store now: ``pid``, ``host``, ``began``.
    sessions : int
        Number of processes that have worked on the store, one after another.

    Examples
    --------
    >>> from spinglass.experiments import capacity, open_store
    >>> _ = capacity(100, loads=(0.1, 0.3), n_instances=2, store="status.sqlite")
    >>> status = open_store("status.sqlite").status()
    >>> status.experiment, status.tasks_done == status.tasks
    ('capacity', True)
    """

    experiment: str
    version: str
    created: str
    tasks_done: int
    tasks: int
    units_done: int
    units: int
    unit: str
    seconds: float
    seconds_left: float | None
    n_workers: int | None
    worker: Worker | None
    sessions: int

    @property
    def complete(self) -> bool:
        """Whether every task is finished."""
        return self.tasks_done == self.tasks

    def __str__(self) -> str:
        return self.text()

    def text(self, columns: int = 60) -> str:
        """Return it in words, in lines of at most ``columns``."""
        columns = integer(columns, "columns", at_least=20)
        share = 100 * self.units_done // max(1, self.units)
        done = f"{self.units_done} of {self.units} {self.unit} ({share} %)"
        spent = f"{duration(self.seconds)} of work in {count(self.sessions, 'session')}"
        pairs = [
            ("scan", f"{self.experiment}, spinglass {self.version}, begun {minute(self.created)}"),
            ("done", f"{done}, {self.tasks_done} of {count(self.tasks, 'task')}"),
            ("spent", spent),
            ("left", self._left()),
            ("at work", self._at_work()),
        ]
        return lines(pairs, columns)

    def _left(self) -> str:
        if self.complete:
            return "nothing: the scan is complete"
        if self.seconds_left is None:
            return "unknown: no task is finished"
        workers = count(self.n_workers or 1, "worker")
        return f"about {duration(self.seconds_left)} with {workers}"

    def _at_work(self) -> str:
        if self.worker is None:
            return "nobody" if self.complete else "nobody: the same call or command goes on"
        return str(self.worker)


def read_status(db: sqlite3.Connection, path: Path) -> Status:
    """Return how far the scan of an open store is."""
    about = read_about(db)
    tasks, units = db.execute("SELECT count(*), total(units) FROM tasks").fetchone()
    done, units_done, seconds = db.execute(
        "SELECT count(*), total(units), total(seconds) FROM done JOIN tasks USING (number)"
    ).fetchone()
    (sessions,) = db.execute("SELECT count(*) FROM sessions").fetchone()
    last = db.execute("SELECT n_workers FROM sessions ORDER BY number DESC LIMIT 1").fetchone()
    return Status(
        experiment=about["experiment"],
        version=about["version"],
        created=about["created"],
        tasks_done=done,
        tasks=tasks,
        units_done=int(units_done),
        units=int(units),
        unit=about["unit"],
        seconds=seconds,
        seconds_left=_seconds_left(db, last[0]) if last else None,
        n_workers=last[0] if last else None,
        worker=worker(path),
        sessions=sessions,
    )


def _seconds_left(db: sqlite3.Connection, n_workers: int) -> float | None:
    """Hold the costs of tasks against the seconds they took.

    A wide task has all workers for itself: its seconds are those of the clock.
    """
    took = {
        wide: seconds / cost
        for wide, seconds, cost in db.execute(
            "SELECT wide, total(seconds), total(cost) FROM done JOIN tasks USING (number)"
            " GROUP BY wide"
        )
        if cost > 0
    }
    left = dict(
        db.execute(
            "SELECT wide, total(cost) FROM tasks WHERE number NOT IN (SELECT number FROM done)"
            " GROUP BY wide"
        )
    )
    if left and not took:
        return None
    narrow = took.get(0, took.get(1, 0.0) * n_workers)
    wide = took.get(1, narrow / n_workers)
    return float(left.get(0, 0.0) * narrow / n_workers + left.get(1, 0.0) * wide)


# ---- words ---------------------------------------------------------------------------------------


def lines(pairs: list[tuple[str, str]], columns: int) -> str:
    """Return names and texts, a line each, or more where it is longer than ``columns``."""
    indent = max(len(name) for name, _ in pairs) + 2
    return "\n".join(
        textwrap.fill(
            text,
            columns,
            initial_indent=name.ljust(indent),
            subsequent_indent=" " * indent,
            break_on_hyphens=False,
        )
        for name, text in pairs
    )


def duration(seconds: float) -> str:
    """Return a time in the two units that say enough."""
    whole = round(seconds)
    if whole < 100:
        return f"{whole} s"
    if whole < 100 * 60:
        return f"{round(whole / 60)} min"
    minutes = round(whole / 60)
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60} min"
    hours = round(minutes / 60)
    return f"{hours // 24} days {hours % 24} h"


def count(number: int, what: str) -> str:
    """Return a number and what it counts, one or several."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
