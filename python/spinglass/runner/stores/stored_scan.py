"""A stored scan to read, finished or not, also while a process works on it."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from spinglass import _arguments
from spinglass._printed import printed
from spinglass._result import Result
from spinglass.runner.stores.content import check_indices, read_about, read_rows, reading
from spinglass.runner.stores.database import DAMAGED, StoreError, check_other
from spinglass.runner.stores.digests import has_digests
from spinglass.runner.stores.status import Status, read_status
from spinglass.runner.task import Experiment


@printed
@dataclass(frozen=True)
class StoredScan:
    """A stored scan; each call reads the store anew.

    Attributes
    ----------
    path : Path
        The store.
    name : str
        The name of the experiment.
    config : object
        The config of the result, or a dictionary if the experiment is not known here.
    version : str
        The version of spinglass that runs the scan.

    Examples
    --------
    >>> from spinglass.experiments import capacity, open_store
    >>> scan = capacity(100, loads=(0.1, 0.3), n_instances=2, store="stored.sqlite")
    >>> stored = open_store("stored.sqlite")
    >>> stored.name, stored.version == scan.version, len(stored.result().trials)
    ('capacity', True, 8)
    """

    path: Path
    name: str
    config: Any
    version: str
    _experiment: Experiment | None = field(repr=False)

    def status(self) -> Status:
        """Return the finished and the remaining tasks, the time left, and the process at work."""
        with reading(self.path) as db:
            return read_status(db, self.path)

    def verify(self) -> bool:
        """Read all of the store and compare it with its digests.

        Every reading or continuing of a store does this. This method also unpacks the rows and
        checks every index of the file.

        Returns
        -------
        bool
            True if everything is as it was written. False if the file is intact but has no digests,
            because an earlier version wrote it.

        Raises
        ------
        StoreError
            If the store is damaged, or if the rows of a task are not those that it returned.
        """
        with reading(self.path) as db:
            check_indices(db, self.path)
            for _ in read_rows(db, self.path, self._experiment if self._has_tasks(db) else None):
                pass
            return has_digests(db)

    def result(self) -> Any:
        """Return the result of the tasks finished so far, as the experiment itself returns it.

        The module that defines the experiment must have been imported before `open_store`.

        Raises
        ------
        StoreError
            If the store is damaged, or of an experiment or a version that is not known here.
        MemoryError
            If the rows do not fit in memory.
        """
        if self._experiment is None:
            raise StoreError(
                f"{self.path} is of the experiment {self.name!r}, which is not known here; import "
                "the module that defines it"
            )
        tasks = self._experiment.tasks()
        with reading(self.path) as db:
            if not self._has_tasks(db):
                raise StoreError(
                    f"{self.path} is of spinglass {self.version}, which had other tasks; read it "
                    "with that version"
                )
            finished = [(tasks[k], rows) for k, rows in read_rows(db, self.path, self._experiment)]
            sealed = has_digests(db)
        try:
            result = self._experiment.result(finished)
        except Exception as error:
            if sealed:
                raise
            raise StoreError(
                f"{self.path} is damaged (its rows give no result: {error!r}); {DAMAGED}"
            ) from error
        return replace(result, version=self.version) if hasattr(result, "version") else result

    def _has_tasks(self, db: sqlite3.Connection) -> bool:
        """Say whether the store has the tasks of the experiment as it is here."""
        keys = [key for (key,) in db.execute("SELECT key FROM tasks ORDER BY number")]
        here = self._experiment.tasks() if self._experiment else ()
        return keys == [task.key for task in here]

    def to_dataframe(self) -> Any:
        """Return the main table of `result` as a pandas DataFrame."""
        return self._tables().to_dataframe()

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write the main table of `result` as CSV."""
        self._tables().to_csv(self._target(path))

    def to_parquet(self, path: str | os.PathLike[str]) -> None:
        """Write the main table of `result` as Parquet."""
        self._tables().to_parquet(self._target(path))

    def _target(self, path: str | os.PathLike[str]) -> Path:
        file = _arguments.file_path(path)
        check_other(file, self.path, "path")
        return file

    def _tables(self) -> Result:
        result = self.result()
        if not hasattr(result, "to_parquet"):
            raise TypeError(f"the result of {self.name} must have a table, got {result!r:.60}")
        return cast(Result, result)


def open_store(path: str | os.PathLike[str]) -> StoredScan:
    """Open the store of a scan, finished or not, to read it.

    Another process may work on the store at the same time, and the disk may be read-only. This
    function does not change the store.

    Parameters
    ----------
    path : path
        The argument ``store`` of the experiment.

    Returns
    -------
    StoredScan
        ``result()`` returns the result of the finished tasks, and ``status()`` their number.

    Raises
    ------
    StoreError
        If there is no such store, or it cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> from spinglass.experiments import capacity
    >>> folder = tempfile.TemporaryDirectory()
    >>> store = folder.name + "/scan.sqlite"
    >>> scan = capacity(100, loads=(0.05, 0.3), n_instances=5, store=store)
    >>> stored = open_store(store)
    >>> stored.status().units_done
    20
    >>> bool((stored.result().trials == scan.trials).all())
    True
    >>> folder.cleanup()
    """
    file = _arguments.file_path(path)
    with reading(file) as db:
        about = read_about(db)
    name, version = about["experiment"], about["version"]
    if name not in Experiment.known:
        return StoredScan(file, name, about["config"], version, None)
    try:
        experiment = Experiment.known[name].of(about["config"])
    except (TypeError, ValueError, AttributeError, RecursionError) as error:
        raise StoreError(
            f"{file} is of spinglass {version}, which asked for other things ({error}); read it "
            "with that version"
        ) from error
    return StoredScan(file, name, experiment.config, version, experiment)
