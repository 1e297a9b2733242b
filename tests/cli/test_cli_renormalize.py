"""The command ``spinglass renormalize``: what it leaves, what it prints, how it ends."""

import importlib
import json
import subprocess
import sys

import pytest

from spinglass.cli import main
from spinglass.experiments import Interrupted, renormalize

SMALL = ["renormalize", "--size", "16", "--sweeps", "400", "--picture", "16"]


def test_the_table_and_the_files(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    assert main([*SMALL, "--out", str(tmp_path / "out")]) == 0
    names = sorted(x.name for x in (tmp_path / "out").iterdir())
    assert names == ["points.csv", "renormalize.png", "summary.json"]
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["steps", "lattice", "beta_c", "y_t"]
    assert [lines[k].split()[:4] for k in (1, 2)] == [["1", "8", "x", "8"], ["2", "4", "x", "4"]]
    assert lines[3].split() == ["exact", "0.440687", "1"]
    content = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert content["complete"] is True
    rows = (tmp_path / "out" / "points.csv").read_text().splitlines()[1:]
    assert len(rows) == 7 * (3 + 2)  # 16 after 0, 1, 2 steps, 8 after 0, 1


def test_the_flags_reach_the_experiment(tmp_path, capsys):
    command = ["renormalize", "--size", "16", "--temperatures", "2.1:2.3:0.1", "--quiet"]
    command += ["--sweeps", "60", "--warmup", "7", "--replicas", "3", "--dynamics", "heat-bath"]
    command += ["--picture", "0", "--seed", "9", "--threads", "1", "--out", str(tmp_path)]
    assert main(command) == 0
    assert json.loads((tmp_path / "summary.json").read_text())["config"] == {
        "size": 16,
        "temperatures": [2.1, 2.2, 2.3],
        "n_sweeps": 60,
        "n_replicas": 3,
        "warmup": 7,
        "dynamics": "heat-bath",
        "picture_size": None,
        "picture_temperatures": [],
        "seed": 9,
    }
    assert "No y_t: T_c is not among the temperatures." in capsys.readouterr().out


@pytest.mark.parametrize("columns", [40, 80])
def test_what_is_printed_fits_the_terminal(tmp_path, capsys, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.chdir(tmp_path)
    assert main(SMALL) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert max(len(line) for line in out.splitlines()) <= columns


def test_quiet_prints_the_table_and_nothing_else(tmp_path, capsys):
    assert main([*SMALL, "--quiet", "--out", str(tmp_path)]) == 0
    caught = capsys.readouterr()
    assert caught.err == ""
    assert len(caught.out.splitlines()) == 4


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


def test_an_interrupt_writes_what_is_finished_and_exits_with_130(tmp_path, capsys, monkeypatch):
    part = renormalize(16, [2.2], n_sweeps=100, picture_size=None)

    def interrupted(*args, **kwargs):
        raise Interrupted(part, 2, 14, "points")

    monkeypatch.setattr("spinglass.experiments.renormalize", interrupted)
    assert main(["renormalize", "--out", str(tmp_path)]) == 130
    caught = capsys.readouterr()
    assert caught.err == (
        f"spinglass renormalize: interrupted; the 2 of 14 points that were finished are in "
        f"{tmp_path}\n"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["points.csv", "summary.json"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--size", "8"], "argument --size: must be an integer >= 16, got 8"),
        (["--size", "48"], "argument --size: must be a power of two, got 48"),
        (["--size", "big"], "argument --size: expected an integer >= 1, got 'big'"),
        (["--picture", "20"], "argument --picture: must be a power of two, got 20"),
        (["--temperatures", "0"], "argument --temperatures: expected temperatures above 0"),
        (["--temperatures", "2", "2"], "argument --temperatures: must hold each value once"),
        (["--sweeps", "5"], "argument --sweeps: must give two measurements"),
        (["--warmup", "-1"], "argument --warmup: expected an integer >= 0, got '-1'"),
        (["--replicas", "0"], "argument --replicas: expected an integer >= 1, got '0'"),
        (["--dynamics", "none"], "argument --dynamics: invalid choice: 'none'"),
        (["--seed", "-1"], "argument --seed: expected an integer >= 0, got '-1'"),
        (["--threads", "0"], "argument --threads: expected an integer >= 1, got '0'"),
        (["--colour"], "unknown arguments: --colour"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, message, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["renormalize", "--out", str(out), *arguments]) == 2
    caught = capsys.readouterr()
    assert caught.out == ""
    assert len(caught.err.splitlines()) == 1
    assert caught.err.startswith("spinglass renormalize: error: ")
    assert message in caught.err
    assert not out.exists()


def test_help_names_the_flags_and_imports_no_matplotlib():
    code = (
        "import sys; from spinglass.cli import main; main(['renormalize', '--help']); "
        "print('matplotlib' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"
    for flag in ("--size", "--temperatures", "--sweeps", "--replicas", "--picture", "--dynamics"):
        assert flag in done.stdout
