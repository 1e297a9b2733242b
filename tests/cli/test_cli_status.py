"""The command ``spinglass status``, and commands with a store."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing

import numpy as np
import pytest

from spinglass.cli import main
from spinglass.experiments import Experiment, ExperimentStopped, capacity, open_store
from spinglass.runner.executors.executor import Lost
from spinglass.runner.executors.threads import Threads
from spinglass.runner.stores import store
from spinglass.runner.stores.digests import seal

SMALL = ["--spins", "100", "200", "--loads", "0.1:0.3:0.05", "--instances", "20"]


def unfinished(path):
    """Make a store in which the larger half of the tasks is missing."""

    class Enough(Exception):  # noqa: N818
        pass

    def stop(done, total):
        raise Enough

    with pytest.raises(Enough):
        capacity(
            (100, 200),
            loads=np.round(np.arange(0.1, 0.31, 0.05), 2).tolist(),
            n_instances=20,
            store=path,
            num_threads=1,
            progress=stop,
        )
    return path


@pytest.fixture
def no_figure(monkeypatch):
    monkeypatch.setattr("spinglass.plotting.picture", lambda *_, format: b"")


def lines(text):
    return " ".join(text.split())


def test_the_status_of_an_unfinished_store_says_what_is_done_and_left(tmp_path, capsys):
    path = unfinished(tmp_path / "scan.sqlite")
    assert main(["status", str(path)]) == 0
    out = lines(capsys.readouterr().out)
    done = open_store(path).status()
    assert 0 < done.tasks_done < done.tasks == 10
    assert f"done {done.units_done} of 400 trials" in out
    assert f"{done.tasks_done} of 10 tasks" in out
    assert re.search(r"left about \d+ s with 1 worker at work", out)
    assert "at work nobody: the same call or command goes on" in out
    assert "n_spins 100 200 loads 0.1 0.15 0.2 0.25 0.3 for each n_instances 20 20" in out


@pytest.mark.parametrize("columns", [40, 80])
def test_the_status_fits_the_terminal(columns, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    path = tmp_path / "scan.sqlite"
    capacity((60, 70), n_instances=2, store=path)
    assert main(["status", str(path)]) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= columns
    assert "nothing: the scan is complete" in lines(out)


def test_the_status_of_an_experiment_that_is_not_known_here(tmp_path, capsys, monkeypatch):
    path = unfinished(tmp_path / "scan.sqlite")
    assert main(["status", str(path)]) == 0
    known = capsys.readouterr().out
    monkeypatch.delitem(Experiment.known, "capacity")
    assert main(["status", str(path)]) == 0
    assert capsys.readouterr().out == known
    assert main(["status", str(path), "--export", str(tmp_path / "a.csv")]) == 2
    assert "import the module that defines it\n" in capsys.readouterr().err
    with closing(sqlite3.connect(path)) as db:
        odd = json.dumps({"a": [], "b": [["x"], []], "c": [[[1]]], "d": {}, "e": [1, [2]]})
        db.execute("UPDATE scan SET value = ? WHERE name = 'config'", (odd,))
        db.execute("DROP TABLE digests")
        seal(db)  # as a store that was made so
        db.commit()
    assert main(["status", str(path)]) == 0


def test_files_of_an_unfinished_store_say_that_it_is(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    path, out = unfinished(tmp_path / "scan.sqlite"), tmp_path / "so far"
    table = tmp_path / "rows.csv"
    assert main(["status", str(path), "--out", str(out), "--export", str(table)]) == 0
    printed = capsys.readouterr().out
    assert printed.endswith("of what is done so far: the scan is unfinished\n")
    assert str(out / "capacity.png") in printed
    assert str(table) in printed
    assert table.read_bytes() == (out / "trials.csv").read_bytes()
    assert json.loads((out / "summary.json").read_text())["complete"] is False
    panels = open_store(path).result().plot()
    assert panels[0].figure.get_suptitle() == "unfinished: of what is done so far"
    from matplotlib import pyplot

    pyplot.close("all")


def test_parquet_is_exported(tmp_path, no_figure):
    parquet = pytest.importorskip("pyarrow.parquet")
    path, file = unfinished(tmp_path / "scan.sqlite"), tmp_path / "rows.parquet"
    assert main(["status", str(path), "--export", str(file)]) == 0
    assert len(parquet.read_table(file)) == open_store(path).status().units_done


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["no.sqlite"], "no.sqlite: there is no such store"),
        (["other"], "other is no store of spinglass"),
        (["scan.sqlite", "--export", "rows.xls"], "argument --export: expected a file that ends"),
        (
            ["scan.sqlite", "--export", "no/rows.csv"],
            "cannot write to no/rows.csv: there is no folder no",
        ),
        (["scan.sqlite", "--out", "other/dir"], "cannot write to other/dir"),
        ([], "the following arguments are required: FILE"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, message, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    unfinished(tmp_path / "scan.sqlite")
    (tmp_path / "other").write_text("a letter")
    assert main(["status", *arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith("spinglass status: error: ")
    assert len(error.splitlines()) == 1
    assert message in error


def test_no_output_of_a_command_takes_the_place_of_its_store(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = unfinished(tmp_path / "scan.csv")
    kept = path.read_bytes()
    commands = {
        "status scan.csv --export scan.csv": "--export: must not be a file of the store scan.csv",
        "status scan.csv --out .": "FILE: scan.csv lies in the folder --out",
        "capacity --store trials.csv --out .": "--store: trials.csv lies in the folder --out",
        "capacity --out new --store new/capacity.png": "--store: new/capacity.png lies in",
    }
    for command, message in commands.items():
        assert main(command.split()) == 2
        caught = capsys.readouterr()
        assert f"error: argument {message}" in caught.err
        assert len(caught.err.splitlines()) == 1
        assert caught.out == ""
    assert main(["capacity", "--store", ""]) == 2
    message = "argument --store: expected the path of a file, got ''"
    assert message in capsys.readouterr().err
    assert path.read_bytes() == kept
    assert sorted(x.name for x in tmp_path.iterdir()) == ["scan.csv", "scan.csv.lock"]


def test_the_same_command_goes_on_and_says_so(tmp_path, capsys, no_figure):
    path = unfinished(tmp_path / "scan.sqlite")
    done = open_store(path).status().units_done
    command = ["capacity", *SMALL, "--store", str(path), "--out", str(tmp_path / "out")]
    assert main(command) == 0
    error = capsys.readouterr().err
    assert error.startswith(f"capacity: {path} has {done} of 400 trials, going on\n")
    assert main([*command[:-1], str(tmp_path / "again")]) == 0
    assert "has 400 of 400 trials, nothing is left to do" in capsys.readouterr().err
    assert main([*command[:-4], "--out", str(tmp_path / "whole")]) == 0
    files = [tmp_path / name / "trials.csv" for name in ("out", "again", "whole")]
    assert len({file.read_bytes() for file in files}) == 1


def test_another_scan_in_the_store_is_one_line_and_exit_code_2(tmp_path, capsys):
    path = unfinished(tmp_path / "scan.sqlite")
    out = tmp_path / "out"
    command = ["capacity", *SMALL, "--store", str(path), "--out", str(out)]
    assert main([*command, "--seed", "3"]) == 2
    assert capsys.readouterr().err == (
        f"spinglass capacity: error: argument --store: {path} holds another scan: "
        "seed is 0 there and 3 here; take another file\n"
    )
    (tmp_path / "letter").write_text("a letter")
    command[-3] = str(tmp_path / "letter")
    assert main(command) == 2
    error = capsys.readouterr().err
    assert error.startswith("spinglass capacity: error: argument --store: ")
    assert len(error.splitlines()) == 1
    assert not out.exists()


def test_a_scan_that_stops_writes_what_is_finished_and_exits_with_1(tmp_path, capsys, monkeypatch):
    path, put = tmp_path / "scan.sqlite", store.Store.put

    def full(self, number, rows, seconds):
        if len(self.done) == 3:
            raise store.StoreError(f"{path} cannot be written: the disk is full; free some space")
        put(self, number, rows, seconds)

    command = ["capacity", *SMALL, "--quiet", "--store", str(path), "--out", str(tmp_path / "out")]
    with monkeypatch.context() as patch:
        patch.setattr(store.Store, "put", full)
        assert main(command) == 1
    caught = capsys.readouterr()
    assert caught.out == ""
    assert len(caught.err.splitlines()) == 1
    assert caught.err.startswith(f"spinglass capacity: stopped: {path} cannot be written: the disk")
    assert caught.err.endswith(f"; the same command goes on with {path}\n")
    assert len((tmp_path / "out" / "trials.csv").read_text().splitlines()) > 3 * 40
    assert main(command) == 0
    assert len((tmp_path / "out" / "trials.csv").read_text().splitlines()) == 401


def test_lost_workers_are_told_once_how_to_go_on(tmp_path, capsys, monkeypatch):
    path, out = tmp_path / "scan.sqlite", tmp_path / "out"

    def lose(self, *_):
        raise Lost("the workers are gone")

    monkeypatch.setattr(Threads, "begin", lose)
    command = ["capacity", *SMALL, "--quiet", "--out", str(out)]
    assert main([*command, "--store", str(path)]) == 1
    assert capsys.readouterr().err == (
        f"spinglass capacity: stopped: the workers are gone (the same call goes on from {path}); "
        f"the 0 of 10 tasks that were finished are in {out}\n"
    )
    assert main(command) == 1
    assert "goes on" not in capsys.readouterr().err


@pytest.mark.skipif(os.name != "posix", reason="cuts an open file off")
def test_a_store_that_is_cut_off_ends_with_1_and_all_files(tmp_path, capsys, monkeypatch):
    path, out, put = tmp_path / "scan.sqlite", tmp_path / "out", store.Store.put

    def cut(self, number, rows, seconds):
        if len(self.done) == 9:
            os.truncate(path, 4096)
        put(self, number, rows, seconds)

    monkeypatch.setattr(store.Store, "put", cut)
    assert main(["capacity", *SMALL, "--quiet", "--out", str(out), "--store", str(path)]) == 1
    error = capsys.readouterr().err
    assert f"{path} is damaged (cut off while the scan ran)" in error
    assert error.endswith(f"the 10 of 10 tasks that were finished are in {out}\n")
    assert len((out / "trials.csv").read_text().splitlines()) == 401


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT to a child process")
def test_ctrl_c_says_that_the_same_command_goes_on(tmp_path):
    path, out = tmp_path / "scan.sqlite", tmp_path / "out"
    command = [
        sys.executable,
        "-m",
        "spinglass",
        "capacity",
        "--spins",
        "500",
        "2000",
        "--instances",
        "400",
    ]
    command += ["--out", str(out), "--store", str(path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as child:
        child.stderr.readline()  # a tenth of the work is done
        child.send_signal(signal.SIGINT)
        rest = child.stderr.read().splitlines()
        assert child.wait() == 130
    assert rest[-1].endswith(f"; the same command goes on with {path}")
    status = open_store(path).status()
    assert f"the {status.units_done} of {status.units} trials" in rest[-1]
    assert status.units_done > 0
    assert status.worker is None


def test_a_cluster_that_cannot_be_had_is_one_line(tmp_path, capsys, monkeypatch):
    from spinglass.runner import loop as runner

    def refuse(*_):
        raise ConnectionError("executor: there is no Dask scheduler at tcp://host:8786")

    monkeypatch.setattr(runner, "task_executor", refuse)
    command = ["capacity", *SMALL, "--cluster", "tcp://host:8786", "--out", str(tmp_path / "out")]
    assert main(command) == 2
    assert capsys.readouterr().err == (
        "spinglass capacity: error: argument --cluster: there is no Dask scheduler at "
        "tcp://host:8786\n"
    )
    assert issubclass(ExperimentStopped, RuntimeError)  # which says no flag
