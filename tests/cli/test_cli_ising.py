"""The command ``spinglass ising``: what it leaves, what it prints, how it ends."""

import importlib
import json
import os
import signal
import subprocess
import sys

import pytest

from spinglass.cli import main

SMALL = ["ising", "--sizes", "4", "8", "--sweeps", "500", "--snapshot", "16"]


def test_the_table_and_the_files(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    assert main([*SMALL, "--out", str(tmp_path / "out")]) == 0
    names = sorted(x.name for x in (tmp_path / "out").iterdir())
    assert names == ["ising.png", "points.csv", "summary.json"]
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["L", "points", "energy", "heat", "tau"]
    assert [lines[k].split()[0] for k in (2, 3)] == ["4", "8"]
    assert lines[6].split()[:3] == ["4", "and", "8"]
    assert lines[7].split() == ["exact", "0.440687", "0.61069"]
    content = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert content["complete"] is True
    assert content["n_points"] == len((tmp_path / "out/points.csv").read_text().splitlines()) - 1
    assert content["config"]["n_sweeps"] == [500, 500]
    assert content["config"]["warmup"] == [250, 250]


def test_the_flags_reach_the_scan(tmp_path):
    command = ["ising", "--sizes", "4", "--temperatures", "2.0:2.2:0.1", "3,4", "--quiet"]
    command += ["--sweeps", "60", "--warmup", "7", "--replicas", "3", "--dynamics", "heat-bath"]
    command += ["--snapshot", "0", "--seed", "9", "--threads", "1", "--out", str(tmp_path)]
    assert main(command) == 0
    config = json.loads((tmp_path / "summary.json").read_text())["config"]
    assert config == {
        "sizes": [4],
        "temperatures": [[2.0, 2.1, 2.2, 3.0, 4.0]],
        "n_sweeps": [60],
        "warmup": [7],
        "n_replicas": 3,
        "dynamics": "heat-bath",
        "snapshot_size": None,
        "snapshot_sweeps": 67,
        "snapshot_temperatures": [],
        "seed": 9,
    }


@pytest.mark.parametrize("columns", [40, 80])
def test_what_is_printed_fits_the_terminal(tmp_path, capsys, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.chdir(tmp_path)
    command = ["ising", "--sizes", "4", "128", "--temperatures", "2.2", "2.3"]
    assert main([*command, "--sweeps", "64", "--replicas", "2", "--snapshot", "0"]) == 0
    caught = capsys.readouterr()
    assert "\x1b" not in caught.out
    assert max(len(line) for line in caught.out.splitlines()) <= columns
    out = " ".join(caught.out.split())
    assert "L = 4 and 128: " in out
    assert "Too short: " in out


def test_quiet_prints_the_table_and_nothing_else(tmp_path, capsys):
    assert main([*SMALL, "--quiet", "--out", str(tmp_path)]) == 0
    caught = capsys.readouterr()
    assert caught.err == ""
    assert len(caught.out.splitlines()) == 8


def test_one_size_has_no_crossing_and_still_a_table(tmp_path, capsys):
    command = ["ising", "--sizes", "4", "--temperatures", "2", "--sweeps", "50", "--snapshot", "0"]
    assert main([*command, "--quiet", "--out", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].split()[0] == "exact"
    assert "crossing" not in "".join(lines)


def test_the_same_command_writes_the_same_bytes(tmp_path):
    for name, threads in (("one", "1"), ("other", "3")):
        command = [*SMALL, "--quiet", "--threads", threads, "--out", str(tmp_path / name)]
        assert main(command) == 0
    for file in sorted(x.name for x in (tmp_path / "one").iterdir()):
        one, other = ((tmp_path / name / file).read_bytes() for name in ("one", "other"))
        assert one == other


def test_without_matplotlib_the_numbers_are_written_and_one_line_says_how_to_get_the_figure(
    tmp_path, capsys, monkeypatch
):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name == "matplotlib" else find(name)
    )
    assert main([*SMALL, "--out", str(tmp_path)]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["points.csv", "summary.json"]
    assert "pip install 'spinglass[plot]'" in capsys.readouterr().out


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT to a child process")
def test_ctrl_c_leaves_the_finished_points_and_no_traceback(tmp_path):
    command = [sys.executable, "-m", "spinglass", "ising", "--sizes", "4", "64"]
    command += ["--sweeps", "40000", "--replicas", "4", "--out", str(tmp_path)]
    command += ["--temperatures", "2:4:0.05", "--snapshot", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as child:
        table = tmp_path / "points.csv"
        first = child.stderr.readline()  # a tenth of the work is done, so some points are
        child.send_signal(signal.SIGINT)
        rest = child.stderr.read().splitlines()
        assert child.wait() == 130
    assert first.startswith("ising: ")
    assert "Traceback" not in "".join(rest)
    assert rest[-1].startswith("spinglass ising: interrupted; the ")
    rows = table.read_text().splitlines()[1:]
    assert f"the {len(rows)} of 82 points" in rest[-1]
    assert len(rows) > 0
    assert json.loads((tmp_path / "summary.json").read_text())["complete"] is False
    assert not (tmp_path / "ising.png").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--sizes", "1"], "argument --sizes: expected an integer >= 2, got '1'"),
        (["--sizes", "big"], "argument --sizes: expected an integer >= 2, got 'big'"),
        (["--sizes", "8", "8"], "argument --sizes: must hold each value once, got 8"),
        (["--sizes", "1" + "0" * 30], "argument --sizes: must be an integer >= 2 and at most"),
        (["--temperatures", "0"], "argument --temperatures: expected temperatures above 0"),
        (["--temperatures", "nan"], "argument --temperatures: expected a number, got 'nan'"),
        (
            ["--temperatures", "1:2"],
            "argument --temperatures: expected a number or START:STOP:STEP",
        ),
        (["--temperatures", "2:1:1"], "expected START:STOP:STEP with START <= STOP and STEP > 0"),
        (["--temperatures", "1:2:1e-9"], "expected fewer than 10000 temperatures"),
        (["--temperatures", "2", "2"], "argument --temperatures: must hold each value once"),
        (["--sweeps", "0"], "argument --sweeps: expected an integer >= 1, got '0'"),
        (["--sizes", "64", "--sweeps", "5"], "argument --sweeps: must give two measurements"),
        (["--warmup", "-1"], "argument --warmup: expected an integer >= 0, got '-1'"),
        (["--replicas", "0"], "argument --replicas: expected an integer >= 1, got '0'"),
        (["--dynamics", "none"], "argument --dynamics: invalid choice: 'none'"),
        (["--snapshot", "1"], "argument --snapshot: must be an integer >= 2"),
        (["--seed", "-1"], "argument --seed: expected an integer >= 0, got '-1'"),
        (["--threads", "0"], "argument --threads: expected an integer >= 1, got '0'"),
        (["--sweeps", "1" + "0" * 11], "needs"),
        (["--colour"], "unknown arguments: --colour"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, message, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["ising", "--out", str(out), *arguments]) == 2
    caught = capsys.readouterr()
    assert caught.out == ""
    assert caught.err.startswith("spinglass ising: error: ")
    assert len(caught.err.splitlines()) == 1
    assert message in caught.err
    assert not out.exists()


def test_an_output_folder_that_cannot_be_written_is_found_before_the_run(tmp_path, capsys):
    (tmp_path / "file").write_text("not a folder")
    assert main(["ising", "--out", str(tmp_path / "file" / "folder")]) == 2
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1
    assert error.startswith("spinglass ising: error: argument --out: cannot write to ")


def test_help_names_the_flags_and_imports_no_matplotlib():
    code = (
        "import sys; from spinglass.cli import main; main(['ising', '--help']); "
        "print(sorted({'matplotlib', 'scipy.optimize', 'scipy.special'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    for flag in ("--sizes", "--temperatures", "--sweeps", "--warmup", "--replicas", "--dynamics"):
        assert flag in done.stdout
