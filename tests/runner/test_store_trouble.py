"""Trouble with a store in use: another writer, a full disk, a lock, a loss, a read-only disk."""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pytest

from spinglass import _sqlite
from spinglass.experiments import ExperimentStopped, StoreError, open_store, run
from spinglass.runner.stores import store
from spinglass.runner.stores.store import Store
from walks import Walks, filled, read, refusal, walks
from walks import __file__ as walks_file

# ---- one writer ----------------------------------------------------------------------------------

HOLDER = f"""
import sys, time
sys.path.insert(0, {str(Path(walks_file).parent)!r})
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from spinglass.runner.stores.store import Store
from walks import walks
store = Store(Path(sys.argv[1]), walks(3), 1)
pool = ProcessPoolExecutor(1, mp_context=get_context(sys.argv[2]))
print(pool.submit(__import__("os").getpid).result(), flush=True)
time.sleep(100)
"""


@contextmanager
def holder(path, context="spawn"):
    """Run a process that holds a store, and yield it and the number of its child."""
    command = [sys.executable, "-c", HOLDER, str(path), context]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process, int(process.stdout.readline())
        finally:
            process.kill()


@pytest.mark.skipif(os.name != "posix", reason="forks and kills")
def test_a_second_process_is_told_the_first_one_and_gets_in_when_that_is_killed(tmp_path):
    path = tmp_path / "walks.sqlite"
    with holder(path, "fork") as (process, child):
        message = refusal(path)
        assert f"is in use by process {process.pid} on {socket.gethostname()}, since 2" in message
        at_work = open_store(path).status().worker
        assert (at_work.pid, at_work.host) == (process.pid, socket.gethostname())
        assert f"process {process.pid} on" in str(open_store(path).status())
        process.kill()
        process.wait()
        os.kill(child, 0)  # a fork of it lives on, and does not have the store
        assert open_store(path).status().worker is None
        assert len(read(filled(path))) == 3
        os.kill(child, signal.SIGKILL)
    assert open_store(path).status().sessions == 2


def test_the_same_process_cannot_open_a_store_twice(tmp_path):
    path = tmp_path / "walks.sqlite"
    with closing(Store(path, walks(3), 1)):
        assert f"is in use by process {os.getpid()} on" in refusal(path)
    assert len(read(filled(path))) == 3


def test_readers_of_this_process_and_of_others_do_not_take_the_rows_of_the_writer(tmp_path):
    path = tmp_path / "walks.sqlite"
    experiment = walks(20)
    tasks = experiment.tasks()
    with closing(Store(path, experiment, 1)) as kept:
        for number, task in enumerate(tasks):
            kept.put(number, experiment.work(task, None), 0.1)
            assert open_store(path).status().tasks_done == number + 1
            if number in (5, 12):
                # The last one to close a database takes its -wal file away: this must not be it.
                code = (
                    "from pathlib import Path\n"
                    "from spinglass.runner.stores.content import reading\n"
                    f"with reading(Path({str(path)!r})): print('read')"
                )
                subprocess.run([sys.executable, "-c", code], check=True)
                assert path.with_name(f"{path.name}-wal").stat().st_size > 0
    assert read(path) == run(walks(20)).ends.tolist()
    assert sorted(file.name for file in tmp_path.iterdir()) == [path.name, f"{path.name}.lock"]


# ---- trouble in mid-scan -------------------------------------------------------------------------


def test_a_full_disk_stops_the_scan_which_goes_on_when_there_is_space(tmp_path, monkeypatch):
    path, connect = tmp_path / "walks.sqlite", store.connect

    def small(file, mode):
        db = connect(file, mode)
        if file == path:
            db.execute("PRAGMA max_page_count = 30")
        return db

    class Long(Walks):
        rows = 10_000

    scan = Long(walks(20).config)
    monkeypatch.setattr(store, "connect", small)
    with pytest.raises(ExperimentStopped, match=r"cannot be written: the disk is full"):
        run(scan, store=path, num_threads=1)
    kept = open_store(path).status().tasks_done
    assert 2 < kept < 20
    with pytest.raises(ExperimentStopped) as caught:
        run(scan, store=path, num_threads=1)
    assert caught.value.done == kept + 1  # what could not be written is in the result
    assert len(caught.value.result.ends) == 10_000 * caught.value.done
    monkeypatch.undo()
    assert (run(scan, store=path).ends == run(scan).ends).all()
    assert np.array_equal(open_store(path).result().ends, run(scan).ends)


def test_another_programs_lock_is_waited_for(tmp_path, monkeypatch):
    path = filled(tmp_path / "walks.sqlite", 0)
    code = (
        "import sqlite3, sys, time; db = sqlite3.connect(sys.argv[1], isolation_level=None); "
        "db.execute('BEGIN EXCLUSIVE'); print('locked', flush=True); time.sleep(0.5); "
        "db.execute('COMMIT'); db.close()"
    )
    path = tmp_path / "other.sqlite"
    experiment = walks(2)
    with closing(Store(path, experiment, 1)) as kept:
        command = [sys.executable, "-c", code, str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
            assert other.stdout.readline() == "locked\n"
            kept.put(0, {"end": np.arange(3)}, 0.1)
    assert read(path) == [0, 1, 2]


def test_a_lock_that_another_program_keeps_stops_the_scan_and_loses_nothing(tmp_path, monkeypatch):
    path = tmp_path / "walks.sqlite"
    monkeypatch.setattr(_sqlite, "SECONDS_TO_WAIT", 0.3)

    class Locks(Walks):
        def work(self, task, share):
            if len(self.done) == 2:
                self.other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
                self.other.execute("BEGIN EXCLUSIVE")
            return super().work(task, share)

    scan = Locks(walks(5).config)
    with pytest.raises(ExperimentStopped, match=r"has kept it so for 0\.3 s; close") as caught:
        run(scan, store=path, num_threads=1)
    assert len(caught.value.result.ends) == 3
    with pytest.raises(StoreError, match="is locked: another program"):
        run(walks(5), store=path)
    assert len(read(path)) in (1, 2)
    scan.other.close()
    assert run(walks(5), store=path).ends.tolist() == run(walks(5)).ends.tolist() == read(path)


@pytest.mark.skipif(os.name != "posix", reason="deletes an open file")
@pytest.mark.parametrize("suffix", ["", "-wal"])
@pytest.mark.parametrize("fate", [os.unlink, lambda file: shutil.move(file, f"{file}.moved")])
def test_a_store_that_goes_away_stops_the_scan_with_all_rows(fate, suffix, tmp_path):
    path = tmp_path / "walks.sqlite"

    class Deletes(Walks):
        def work(self, task, share):
            if len(self.done) == 2:
                fate(f"{path}{suffix}")
            return super().work(task, share)

    filled(path)
    scan = Deletes(walks(5).config)
    path.unlink()
    with pytest.raises(ExperimentStopped, match="was deleted, moved or replaced while") as caught:
        run(scan, store=path, num_threads=1)
    assert caught.value.result.ends.tolist() == run(walks(5)).ends.tolist()[: caught.value.done]
    assert caught.value.done == 3


@pytest.mark.skipif(os.name != "posix", reason="deletes an open file")
def test_a_lock_that_is_deleted_stops_the_first_writer_and_lets_the_next_one_in(tmp_path):
    path, others = tmp_path / "walks.sqlite", []

    def delete(done, total):
        if done == 2:
            path.with_name(f"{path.name}.lock").unlink()
            others.append(Store(path, walks(5), 1))

    with pytest.raises(ExperimentStopped, match=r"its lock \S* was deleted") as caught:
        run(walks(5), store=path, num_threads=1, progress=delete)
    assert caught.value.done >= 3
    assert len(read(path)) == 2
    others[0].close()
    assert run(walks(5), store=path).ends.tolist() == run(walks(5)).ends.tolist() == read(path)


def test_a_store_with_two_names_is_not_written(tmp_path):
    path, other = filled(tmp_path / "walks.sqlite"), tmp_path / "other"
    other.hardlink_to(path)
    for name in (path, other):
        assert "has another name (a hard link)" in refusal(name)
    assert read(other) == read(path)
    other.unlink()
    assert len(read(filled(path))) == 3


@pytest.mark.skipif(os.name != "posix", reason="cuts an open file off")
@pytest.mark.parametrize("after", [2, 4])
@pytest.mark.parametrize("suffix", ["", "-wal"])
def test_a_store_that_is_cut_off_stops_the_scan_with_all_rows(suffix, after, tmp_path):
    path = tmp_path / "walks.sqlite"

    class Cuts(Walks):
        rows = 10_000

        def work(self, task, share):
            if len(self.done) == after:
                os.truncate(f"{path}{suffix}", 8192)
            return super().work(task, share)

    with pytest.raises(ExperimentStopped, match="is damaged") as caught:
        run(Cuts(walks(5).config), store=path, num_threads=1)
    whole = Cuts(walks(5).config)
    whole.done = (0,) * 9
    assert (caught.value.result.ends == run(whole).ends[: 10_000 * caught.value.done]).all()
    assert after < caught.value.done <= 5


# ---- read-only -----------------------------------------------------------------------------------


NOBODY = 65534


@pytest.fixture
def shelf():
    """A folder in which whoever has no rights may be given some."""
    folder = Path(tempfile.mkdtemp())
    if os.name == "posix" and not os.geteuid():
        os.chown(folder, NOBODY, NOBODY)
    yield folder
    folder.chmod(0o777)
    shutil.rmtree(folder)


@contextmanager
def without_rights():
    if os.name != "posix":
        pytest.skip("rights of POSIX")
    if os.geteuid():
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_read_only_file_or_folder_is_told_and_can_be_read(shelf):
    with without_rights():
        path = filled(shelf / "walks.sqlite")
        path.chmod(0o444)
        assert refusal(path).endswith("cannot be written: it is read-only")
        assert len(read(path)) == 3
        path.chmod(0o644)
        shelf.chmod(0o555)
        assert refusal(path).endswith(f"cannot be written: its folder {shelf} is read-only")
        assert refusal(shelf / "new.sqlite").endswith(f"its folder {shelf} is read-only")
        assert len(read(path)) == 3
        assert sorted(file.name for file in shelf.iterdir()) == [path.name, f"{path.name}.lock"]
        path.chmod(0)
        with pytest.raises(StoreError, match="cannot be read: permission denied"):
            run(walks(3), store=path)
        shelf.chmod(0)
        with pytest.raises(StoreError, match="cannot be read: Permission denied"):
            run(walks(3), store=path)
        with pytest.raises(StoreError, match="cannot be read: Permission denied"):
            open_store(path)


def test_the_store_of_a_killed_process_can_be_read_from_a_read_only_disk(shelf):
    path, copy = shelf / "walks.sqlite", shelf / "copy"
    copy.mkdir()
    experiment = walks(3)
    with closing(Store(path, experiment, 1)) as kept:
        for number in range(2):
            kept.put(number, experiment.work(experiment.tasks()[number], None), 0.1)
        for suffix in ("", "-wal"):  # as it is now, without the -shm file
            shutil.copy(f"{path}{suffix}", copy)
    for file in copy.iterdir():
        file.chmod(0o444)
    copy.chmod(0o555)
    with without_rights():
        assert read(copy / path.name) == run(walks(3)).ends.tolist()[:2]
    assert sorted(file.name for file in copy.iterdir()) == [path.name, f"{path.name}-wal"]
