"""Stores: what is resumed, what is refused and how it is told, and how far a scan is."""

import os
import re
import sqlite3
import zipfile
from contextlib import closing
from io import BytesIO

import numpy as np
import pytest

from spinglass.experiments import StoreError, capacity, open_store, run
from spinglass.runner.stores import store
from spinglass.runner.stores.store import Store
from walks import Walks, begin, filled, read, refusal, walks

# ---- resuming ------------------------------------------------------------------------------------


def test_what_a_store_has_is_not_done_again(tmp_path):
    path = tmp_path / "walks.sqlite"
    begin(path)
    rest = walks(5)
    result = run(rest, store=path, num_threads=1)
    assert rest.done == ("walk 2", "walk 3", "walk 4")
    assert result.ends.tolist() == run(walks(5)).ends.tolist() == read(path)
    again = walks(5)
    assert run(again, store=path).ends.tolist() == result.ends.tolist()
    assert again.done == ()


@pytest.mark.parametrize("name", ["a b", "a?mode=memory", "a#b", "a%41", "höfe-格", "'a\"", "-wal"])
def test_any_name_will_do(name, tmp_path):
    path = filled(tmp_path / name)
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted([name, f"{name}.lock"])
    assert len(read(path)) == 3


def test_an_empty_file_becomes_a_store(tmp_path):
    path = tmp_path / "walks.sqlite"
    path.touch()
    with pytest.raises(StoreError, match="is empty; no scan has begun in it"):
        open_store(path)
    assert len(read(filled(path))) == 3


def test_a_link_leads_to_the_store_and_to_its_lock(tmp_path):
    path, link = tmp_path / "walks.sqlite", tmp_path / "link"
    link.symlink_to(path)
    with closing(Store(link, walks(3), 1)):
        assert link.is_symlink()
        assert "in use by process" in refusal(path)
    assert path.is_file()
    path.unlink()
    link.unlink()
    link.symlink_to(link)
    assert "is no path of a file" in refusal(link)


# ---- what is refused -----------------------------------------------------------------------------


def test_a_file_that_is_no_store_is_refused_and_left_as_it_is(tmp_path):
    path = tmp_path / "file"
    for content in (b"x", b"a letter to a friend\n" * 1000, b"SQLite format 3\x00", bytes(5000)):
        path.write_bytes(content)
        assert refusal(path).endswith("is no store of spinglass; nothing was written to it")
        with pytest.raises(StoreError, match="is no store of spinglass"):
            open_store(path)


@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
def test_a_database_of_another_program_is_refused_and_left_as_it_is(mode, tmp_path):
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute(f"PRAGMA journal_mode = {mode}")
        other.execute("CREATE TABLE scan (name, value)")
        other.commit()
        assert "is no store of spinglass" in refusal(path)
    assert "is no store of spinglass" in refusal(path)
    with pytest.raises(StoreError, match="is no store of spinglass"):
        open_store(path)
    assert [file.name for file in tmp_path.iterdir()] == ["other.db"]


def test_a_lock_that_is_another_programs_file_is_left_as_it_is(tmp_path):
    lock = tmp_path / "walks.sqlite.lock"
    lock.write_text("mine")
    assert "cannot be locked" in refusal(tmp_path / "walks.sqlite")
    assert lock.read_text() == "mine"


def test_folders_are_told_from_files(tmp_path):
    (tmp_path / "folder").mkdir()
    assert refusal(tmp_path / "folder").endswith("is a folder; a store is a file")
    with pytest.raises(StoreError, match=r"there is no folder .*nowhere"):
        run(walks(3), store=tmp_path / "nowhere" / "walks.sqlite")
    with pytest.raises(StoreError, match="there is no such store"):
        open_store(tmp_path / "walks.sqlite")
    with pytest.raises(TypeError, match="path must be a path, got 3"):
        open_store(3)


def test_a_later_format_is_refused(tmp_path):
    path = filled(tmp_path / "walks.sqlite")
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE scan SET value = '9' WHERE name = 'format'")
        db.execute("UPDATE scan SET value = '\"7.0\"' WHERE name = 'version'")
        db.commit()
    assert "was made by spinglass 7.0, which is later than this one" in refusal(path)
    with pytest.raises(StoreError, match="later than this one"):
        open_store(path)


def test_another_scan_is_refused_by_the_first_difference_of_each_field(tmp_path):
    path = tmp_path / "walks.sqlite"
    many = tuple(k / 10 for k in range(100))
    run(walks(3, steps=(many, many)), store=path)
    other = walks(4, steps=(many, (*many[:70], 0.5, *many[71:])))
    assert refusal(path, other) == (
        f"store {path} holds another scan: n_walks is 3 there and 4 here; "
        "steps[1][70] is 7.0 there and 0.5 here; take another file"
    )
    assert "steps has length 2 there and 1 here" in refusal(path, walks(3))

    long = "partial(spinglass.models.dense_memory.DenseAssociativeMemory, order="
    for there, here, words in (
        (f"{long}2)", f"{long}3)", ('..., order=2)"', '..., order=3)"')),
        (f"{long}2)" + 80 * "x", f"{long}2), y", ("order=2)xxxx", 'order=2), y"')),
        (f"2{long}", f"3{long}", ('"2partial', '"3partial')),
    ):
        told = store._difference("memory", there, here)
        parts = re.fullmatch("memory is (.*) there and (.*) here", told).groups()
        for part, word in zip(parts, words, strict=True):
            assert word.removeprefix("...") in part
            assert len(part) <= store.MAX_LETTERS

    class Others(Walks):
        name = "other walks of the tests"

    assert f"that of {Walks.name}, not of {Others.name}" in refusal(path, Others(other.config))


def test_a_store_cut_off_anywhere_is_refused_and_left_as_it_is(tmp_path):
    whole = filled(tmp_path / "whole.sqlite").read_bytes()
    path = tmp_path / "part.sqlite"
    lengths = [1, 15, 16, 50, 99, 100, 511, 512, *range(4095, len(whole), 1777), len(whole) - 1]
    for length in lengths:
        path.write_bytes(whole[:length])
        assert re.search(r"is damaged|is no store", refusal(path)), length
        with pytest.raises(StoreError, match=r"is damaged|is no store"):
            open_store(path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("DELETE FROM scan", "table scan: no format"),
        ("DELETE FROM scan WHERE name = 'unit'", "table scan: no unit"),
        ("UPDATE scan SET value = 'x y' WHERE name = 'config'", "table scan: Expecting value"),
        ("UPDATE scan SET value = '[]' WHERE name = 'config'", "table scan: no config"),
        ("INSERT INTO done SELECT 7, session, seconds, ended, rows FROM done", "no task 7"),
        ("DELETE FROM tasks WHERE number = 0", "some are missing"),
        ("DROP TABLE tasks", "no such table: tasks"),
    ],
)
def test_tables_that_were_changed_are_told(change, words, tmp_path):
    path = filled(tmp_path / "walks.sqlite")
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"{change} LIMIT 1" if change.startswith("INSERT") else change)
        db.commit()
    assert re.search(rf"is damaged \(.*{words}", refusal(path))
    with pytest.raises(StoreError, match=rf"is damaged \(.*{words}"):
        open_store(path)


def test_rows_that_were_changed_on_disk_are_not_given_out(tmp_path):
    path = filled(tmp_path / "walks.sqlite")
    with closing(sqlite3.connect(path)) as db:
        (rows,) = db.execute("SELECT rows FROM done WHERE number = 1").fetchone()
    compressed = rows.index(b"end.npy") + len("end.npy") + 20
    changed = bytearray(rows)
    changed[compressed] ^= 64
    objects, plain, other = BytesIO(), BytesIO(), BytesIO()
    np.savez(objects, end=np.array([None]))
    np.save(plain, np.zeros(3))
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("end", "a letter")
    strange = [x.getvalue() for x in (objects, plain, other)]
    for damaged in (rows[:-9], b"", b"no rows", "text", 3, bytes(changed), *strange):
        with closing(sqlite3.connect(path)) as db:
            db.execute("UPDATE done SET rows = ? WHERE number = 1", (damaged,))
            db.commit()
        with pytest.raises(StoreError, match=r"is damaged \(rows of task 1:") as caught:
            read(path)
        assert "pickle" not in str(caught.value)


# ---- output and stores ---------------------------------------------------------------------------


def test_no_output_takes_the_place_of_a_store(tmp_path):
    path = tmp_path / "trials.csv"
    scan = capacity(60, loads=(0.1, 0.2), n_instances=1, store=path)
    kept, link = path.read_bytes(), tmp_path / "link"
    link.symlink_to(path)
    hard = tmp_path / "hard"
    hard.hardlink_to(path)
    targets = [*(f"{path}{suffix}" for suffix in ("", "-wal", "-shm", ".lock")), link, hard]
    for target in targets:
        for write in (open_store(path).to_csv, open_store(path).to_parquet):
            with pytest.raises(ValueError, match="path must not be a file of the store"):
                write(target)
    hard.unlink()
    with pytest.raises(FileExistsError, match="is a store and is not written over"):
        scan.to_csv(path)
    with pytest.raises(FileExistsError, match="is a store and is not written over"):
        scan.save(tmp_path)
    assert path.read_bytes() == kept
    assert sorted(x.name for x in tmp_path.iterdir()) == ["link", path.name, f"{path.name}.lock"]
    open_store(path).to_csv(tmp_path / "other.csv")
    assert (tmp_path / "other.csv").is_file()


def test_a_path_that_is_no_file_is_told_by_its_own_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="store must be the path of a file, got ''"):
        run(walks(3), store="")
    scan = capacity(60, loads=(0.1, 0.2), n_instances=1)
    with pytest.raises(ValueError, match="path must be the path of a file, got ''"):
        scan.to_csv("")
    with pytest.raises(FileNotFoundError, match="there is no folder nodir"):
        scan.to_csv("nodir/x.csv")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        scan.to_csv(".")
    assert list(tmp_path.iterdir()) == []


# ---- status --------------------------------------------------------------------------------------


def test_the_status_says_what_is_done_and_how_long_the_rest_takes(tmp_path):
    path = tmp_path / "walks.sqlite"
    with closing(Store(path, walks(10), 2)) as kept:
        empty = open_store(path).status()
        assert (empty.tasks_done, empty.seconds_left) == (0, None)
        for number in range(4):
            kept.put(number, {"end": np.zeros(1, int)}, 100.0)
        status = open_store(path).status()
    assert (status.tasks_done, status.tasks, status.units_done, status.units) == (4, 10, 4, 10)
    assert status.seconds == 400
    assert status.seconds_left == pytest.approx(6 * 100 / 2)
    assert status.worker.pid == os.getpid()
    text = str(status)
    assert "4 of 10 walks (40 %), 4 of 10 tasks" in " ".join(text.split())
    assert "about 5 min with 2 workers" in text
    assert max(map(len, text.splitlines())) <= 60
    after = open_store(path).status()
    assert after.worker is None
    assert not after.complete
    assert "nobody: the same call or command goes on" in str(after)
    run(walks(10), store=path)
    assert "nothing: the scan is complete" in str(open_store(path).status())


def test_an_experiment_of_another_module_has_a_status_and_must_be_imported(tmp_path, monkeypatch):
    path = filled(tmp_path / "walks.sqlite")
    status = open_store(path).status()
    monkeypatch.delitem(Walks.known, Walks.name)
    stored = open_store(path)
    assert stored.status() == status
    assert stored.config == {"n_walks": 3, "seed": 0, "steps": [[1.0]]}
    for read_it in (stored.result, stored.to_dataframe, lambda: stored.to_csv(tmp_path / "a.csv")):
        with pytest.raises(StoreError, match="not known here; import the module that defines it"):
            read_it()


def test_a_status_is_printed_in_words(tmp_path, capsys):
    status = open_store(filled(tmp_path / "walks.sqlite")).status()
    print(status)
    printed = capsys.readouterr().out
    assert printed == f"{status.text()}\n" == f"{status.text(columns=60)}\n"
    assert printed.startswith("scan     walks of the tests, spinglass ")
    assert max(map(len, printed.splitlines())) <= 60
