"""Stores that hold something else than what was written: rows of no task, of half a task, ..."""

import sqlite3
from contextlib import closing

import numpy as np
import pytest

from spinglass.cli import main
from spinglass.experiments import (
    Experiment,
    StoreError,
    capacity,
    ising,
    meanfield,
    memories,
    open_store,
    renormalize,
    run,
    sk,
)
from spinglass.runner.stores.content import packed, read_rows, reading
from spinglass.runner.stores.digests import seal
from spinglass.runner.stores.store import Store
from spinglass.runner.task import expect
from walks import Walks, begin, filled, read, refusal, walks
from written import without_digests


class Long(Walks):
    """Walks with more than one row a task."""

    name, rows = "long walks of the tests", 4


def long_walks(n_walks=4):
    return Long(walks(n_walks).config)


@pytest.fixture
def path(tmp_path):
    run(long_walks(), store=tmp_path / "walks.sqlite", num_threads=1)
    return tmp_path / "walks.sqlite"


def changed(path, *statements):
    with closing(sqlite3.connect(path)) as db:
        for statement in statements:
            db.execute(*statement)
        db.commit()


def half(path):
    """Return half of the rows of the first task."""
    rows = {name: np.split(x, 2)[0] for name, x in rows_of(path, 0).items()}
    return packed(rows)


def rows_of(path, number):
    with reading(path) as db:
        return dict(read_rows(db, path))[number]


UPDATE = "UPDATE done SET rows = ? WHERE number = 0"
CHANGES = {
    "no rows": lambda path: [(UPDATE, (packed({}),))],
    "half of its rows": lambda path: [(UPDATE, (half(path),))],
    "its rows twice": lambda path: [
        (UPDATE, (packed({name: np.tile(x, 2) for name, x in rows_of(path, 0).items()}),))
    ],
    "one other bit": lambda path: [
        (UPDATE, (packed({name: x + (name == "end") for name, x in rows_of(path, 0).items()}),))
    ],
    "rows of another task": lambda path: [
        ("UPDATE done SET rows = (SELECT rows FROM done WHERE number = 1) WHERE number = 0",)
    ],
    "all of another task": lambda path: [
        ("DELETE FROM done WHERE number = 0",),
        ("INSERT INTO done SELECT 0, session, seconds, ended, rows FROM done WHERE number = 1",),
        ("UPDATE digests SET value = (SELECT value FROM digests WHERE kind = 'rows' AND number = 1)"
         " WHERE kind = 'rows' AND number = 0",),
    ],
    "rows that changed places": lambda path: [
        ("UPDATE done SET number = -1 WHERE number = 0",),
        ("UPDATE done SET number = 0 WHERE number = 1",),
        ("UPDATE done SET number = 1 WHERE number = -1",),
    ],
    "rows that are gone": lambda path: [("DELETE FROM done WHERE number = 0",)],
    "other seconds": lambda path: [("UPDATE done SET seconds = 9 WHERE number = 0",)],
    "another session": lambda path: [("UPDATE done SET session = 9 WHERE number = 0",)],
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_rows_that_are_not_those_of_their_task_are_refused(change, path, capsys):
    changed(path, *CHANGES[change](path))
    words = r"is damaged \(rows of task 0: not as they were written\)"
    assert "rows of task 0: not as they were written" in refusal(path, long_walks())
    stored = (open_store, lambda path: run(long_walks(5), store=path))
    for read_it in stored:
        with pytest.raises(StoreError, match=words):
            read_it(path)
    assert main(["status", str(path)]) == 2
    assert "rows of task 0: not as they were written" in capsys.readouterr().err


class Checked(Long):
    """Walks that know how many rows a task has, and of which kind."""

    name = "checked walks of the tests"

    def check_rows(self, task, rows):
        expect(rows, "end", (4,), np.int64)


def test_an_experiment_may_say_which_rows_a_task_can_have(tmp_path):
    path, experiment = tmp_path / "walks.sqlite", Checked(walks(2).config)
    with closing(Store(path, experiment, 1)) as kept:
        kept.put(0, experiment.work(experiment.tasks()[0], None), 0.1)
    assert open_store(path).verify() is True
    run(experiment, store=path, num_threads=1)
    for rows in ({}, {"end": np.zeros(2, int)}, {"end": np.zeros(4)}):
        path.unlink()
        with closing(Store(path, experiment, 1)) as kept:
            kept.put(1, rows, 0.1)
        words = r"is damaged \(rows of task 1: expected end of shape \(4,\), got"
        assert "rows of task 1: expected end of shape (4,), got" in refusal(path, experiment)
        for read_it in (open_store(path).result, open_store(path).verify):
            with pytest.raises(StoreError, match=words):
                read_it()


FEW = {"temperatures": (2.0, 2.5), "n_sweeps": 50}
SCANS = {
    "capacity": lambda store: capacity(60, loads=(0.1, 0.2), n_instances=1, store=store),
    "ising": lambda store: ising((4, 6), snapshot_size=8, **FEW, store=store),
    "meanfield": lambda store: meanfield(4, **FEW, store=store),
    "memories": lambda store: memories("projection", effort=0.01, store=store),
    "renormalize": lambda store: renormalize(32, picture_size=32, **FEW, store=store),
    "sk": lambda store: sk((8, 12), n_instances=1, n_sweeps=64, store=store),
}


@pytest.mark.filterwarnings("ignore:.*")  # of scans as short as these
@pytest.mark.parametrize("name", SCANS)
def test_every_experiment_knows_the_rows_of_its_tasks(name, tmp_path):
    path = tmp_path / "scan.sqlite"
    SCANS[name](path)
    assert open_store(path).verify() is True
    experiment = Experiment.known[name](open_store(path).config)
    with reading(path) as db:
        rows = dict(read_rows(db, path, experiment))
    tasks = experiment.tasks()
    empty = {x: y[:0] for x, y in rows[0].items() if y.ndim}
    for other in ({}, empty, rows[len(tasks) - 1]):
        with pytest.raises(ValueError, match=r"expected|is that of another task"):
            experiment.check_rows(tasks[0], other)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE tasks SET key = 'other' WHERE number = 0", "what was asked"),
        ("UPDATE tasks SET units = 7 WHERE number = 2", "what was asked"),
        ("UPDATE scan SET value = '\"other\"' WHERE name = 'unit'", "what was asked"),
        ("UPDATE scan SET value = '1' WHERE name = 'format'", "what was asked"),
        ("INSERT INTO scan VALUES ('more', '1')", "what was asked"),
        ("UPDATE sessions SET n_workers = 64", "session 1"),
        ("DELETE FROM sessions", "session 1"),
        ("UPDATE digests SET kind = 'other' WHERE kind = 'session'", "session 1"),
        ("UPDATE digests SET value = 'x'", "what was asked"),
        ("DELETE FROM digests", "what was asked"),
        ("DROP TABLE digests", "no such table: digests"),
    ],
)
def test_all_else_that_was_changed_is_refused(statement, words, path):
    changed(path, (statement,))
    assert f"is damaged ({words}" in refusal(path, long_walks())
    with pytest.raises(StoreError, match="is damaged"):
        open_store(path)


def test_a_store_that_changes_while_it_is_open_is_told_when_it_is_read(path):
    stored = open_store(path)
    assert stored.verify() is True
    changed(path, (UPDATE, (packed({}),)))
    for read_it in (stored.status, stored.result, stored.verify):
        with pytest.raises(StoreError, match="rows of task 0: not as they were written"):
            read_it()


def test_an_index_that_does_not_fit_its_table_is_told_by_verify(path):
    content = path.read_bytes()
    # The first is in the table, the second in the index of the keys.
    place = content.rindex(b"walk 3", 0, content.rindex(b"walk 3"))
    path.write_bytes(content[:place] + b"walk 9" + content[place + 6 :])
    with pytest.raises(StoreError, match="is damaged"):
        open_store(path).verify()


def test_a_store_of_an_earlier_version_is_read_and_gets_digests_when_it_is_continued(tmp_path):
    path = tmp_path / "walks.sqlite"
    begin(path)
    without_digests("store", path)
    before = read(path)
    assert len(before) == 2
    assert open_store(path).verify() is False
    rest = walks(5)
    assert run(rest, store=path).ends.tolist() == run(walks(5)).ends.tolist()
    assert len(rest.done) == 3
    assert read(path)[:2] == before
    assert open_store(path).verify() is True
    changed(path, ("UPDATE done SET rows = ? WHERE number = 0", (packed({}),)))
    with pytest.raises(StoreError, match="rows of task 0: not as they were written"):
        open_store(path)


def test_rows_that_declare_more_than_they_hold_are_refused(tmp_path):
    path = filled(tmp_path / "walks.sqlite")
    content = bytearray(packed({"end": np.arange(3)}))
    place = content.index(b"PK\x01\x02")
    content[place + 24 : place + 28] = (2**31).to_bytes(4, "little")
    with closing(sqlite3.connect(path)) as db:
        db.execute(UPDATE, (bytes(content),))
        db.execute("DROP TABLE digests")
        seal(db)  # by somebody who knows how
        db.commit()
    with pytest.raises(StoreError, match=r"rows of task 0: .* declare"):
        read(path)


def test_a_schema_runs_nothing_when_the_store_is_read(tmp_path):
    path = filled(tmp_path / "walks.sqlite")
    changed(
        path,
        ("ALTER TABLE scan RENAME TO hidden",),
        ("CREATE VIEW scan AS SELECT name, value || load_extension('x') AS value FROM hidden",),
    )
    with pytest.raises(StoreError, match=r"unsafe use|not authorized|load_extension"):
        open_store(path)
