"""The command ``spinglass landscape``: what it leaves, what it prints, how it ends."""

import importlib
import json
import os
import subprocess
import sys

import pytest

from spinglass.cli import main

SMALL = ["landscape", "--spins", "10"]
TABLES = ["merges.csv", "minima.csv"]


def test_the_command_leaves_its_files_and_prints_the_table(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    assert main([*SMALL, "--out", str(tmp_path / "map")]) == 0
    names = sorted(path.name for path in (tmp_path / "map").iterdir())
    assert names == sorted([*TABLES, "landscape.png", "summary.json"])
    assert (tmp_path / "map" / "landscape.png").read_bytes().startswith(b"\x89PNG")
    out = capsys.readouterr().out
    summary = json.loads((tmp_path / "map" / "summary.json").read_text())
    assert f"local minima{summary['n_minima']:>27}" in out
    assert f"{summary['ground_energy_per_spin']:.5f}" in out
    rows = (tmp_path / "map" / "minima.csv").read_text().splitlines()
    assert len(rows) == summary["n_minima"] + 1
    assert "landscape.png" in out


@pytest.mark.parametrize("columns", [40, 80])
@pytest.mark.parametrize(
    "model", [["--spins", "16"], ["--model", "hopfield", "--spins", "14", "--patterns", "12"]]
)
def test_what_is_printed_fits_the_terminal(tmp_path, capsys, monkeypatch, columns, model):
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.chdir(tmp_path)
    assert main(["landscape", *model]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert max(len(line) for line in out.splitlines()) <= columns


def test_quiet_prints_the_table_and_nothing_else(tmp_path, capsys):
    assert main(["landscape", "--spins", "18", "--quiet", "--out", str(tmp_path)]) == 0
    caught = capsys.readouterr()
    assert caught.err == ""
    lines = caught.out.splitlines()
    assert lines[5].split() == ["no.", "energy", "basin", "barrier", "overlap"]
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert len(lines) == 6 + 12 + 1
    assert lines[-1] == f"and {summary['n_minima'] - 12} more in minima.csv"


def test_piped_progress_is_a_few_plain_lines_on_stderr(tmp_path, capsys):
    assert main([*SMALL, "--out", str(tmp_path)]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert 1 <= len(lines) <= 10
    assert all(line.startswith("landscape: ") and "\r" not in line for line in lines)


def test_minima_of_a_network_say_which_pattern_they_are_like(tmp_path, capsys):
    arguments = ["landscape", "--model", "hopfield", "--spins", "20", "--patterns", "2"]
    assert main([*arguments, "--quiet", "--out", str(tmp_path)]) == 0
    rows = [line.split(maxsplit=4) for line in capsys.readouterr().out.splitlines()[6:]]
    assert {row[4] for row in rows} >= {"pat. 0", "-pat. 0", "pat. 1", "-pat. 1"}


def test_flags_reach_the_experiment(tmp_path):
    arguments = ["landscape", "--spins", "9", "--disorder", "pm1", "--seed", "7", "--threads", "1"]
    assert main([*arguments, "--quiet", "--out", str(tmp_path)]) == 0
    config = json.loads((tmp_path / "summary.json").read_text())["config"]
    assert config == {
        "model": "sk",
        "n_spins": 9,
        "n_patterns": None,
        "disorder": "pm1",
        "seed": 7,
    }
    arguments = ["landscape", "--model", "hopfield", "--spins", "9", "--patterns", "4"]
    assert main([*arguments, "--quiet", "--out", str(tmp_path)]) == 0
    config = json.loads((tmp_path / "summary.json").read_text())["config"]
    assert (config["model"], config["n_patterns"], config["disorder"]) == ("hopfield", 4, None)


def test_without_matplotlib_the_numbers_are_written_and_one_line_says_how_to_get_the_figure(
    tmp_path, capsys, monkeypatch
):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name == "matplotlib" else find(name)
    )
    (tmp_path / "landscape.png").write_text("of an earlier run")
    assert main([*SMALL, "--out", str(tmp_path)]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*TABLES, "summary.json"])
    assert "pip install 'spinglass[plot]'" in capsys.readouterr().out


def test_an_interrupt_leaves_nothing_and_no_traceback(tmp_path, capsys, monkeypatch):
    room = importlib.import_module("spinglass.experiments.energy_landscape.experiment")

    def interrupted(*given):
        raise KeyboardInterrupt

    monkeypatch.setattr(room._core, "landscape", interrupted)
    assert main([*SMALL, "--quiet", "--out", str(tmp_path / "out")]) == 130
    caught = capsys.readouterr()
    assert caught.out == ""
    assert caught.err.splitlines() == ["spinglass: interrupted"]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "ising"], "argument --model: invalid choice: 'ising'"),
        (["--spins", "1"], "argument --spins: expected an integer >= 2, got '1'"),
        (["--spins", "29"], "argument --spins: must be at most 28 to see all states, got 29: 2^29"),
        (["--spins", "29"], "would take 7.5 GB of memory and about 1 minute\n"),
        (["--spins", "36"], "would take 962.1 GB of memory and about 115 minutes"),
        (["--patterns", "0"], "argument --patterns: expected an integer >= 1, got '0'"),
        (["--patterns", "3"], "argument --patterns: is for --model hopfield"),
        (["--model", "hopfield", "--disorder", "pm1"], "argument --disorder: is for --model sk"),
        (["--disorder", "none"], "argument --disorder: invalid choice: 'none'"),
        (["--seed", "-1"], "argument --seed: expected an integer >= 0, got '-1'"),
        (["--threads", "0"], "argument --threads: expected an integer >= 1, got '0'"),
        (["--threads", "2000"], "argument --threads: must be between 1 and 1024, got 2000"),
        (["extra"], "unknown arguments: extra"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, message, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["landscape", "--out", str(out), "--quiet", *arguments]) == 2
    caught = capsys.readouterr()
    assert caught.out == ""
    assert len(caught.err.splitlines()) == 1
    assert caught.err.startswith("spinglass landscape: error: ")
    assert message in caught.err
    assert not out.exists()


def test_the_same_command_writes_the_same_bytes(tmp_path):
    for name, threads in (("one", "1"), ("other", "3")):
        out = str(tmp_path / name)
        assert main([*SMALL, "--quiet", "--threads", threads, "--out", out]) == 0
    for file in (*TABLES, "summary.json"):
        one, other = ((tmp_path / name / file).read_bytes() for name in ("one", "other"))
        assert one == other


@pytest.mark.skipif(os.name != "posix", reason="speaks to a POSIX shell")
@pytest.mark.parametrize(("redirection", "code"), [("| true", 0), (">&-", 0)])
def test_files_are_written_whatever_happens_to_the_table(redirection, code, tmp_path):
    command = f"'{sys.executable}' -m spinglass {' '.join(SMALL)} --out '{tmp_path}' {redirection}"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert {*TABLES, "summary.json"} <= {file.name for file in tmp_path.iterdir()}


def test_help_names_the_flags_and_imports_neither_matplotlib_nor_the_heavy_parts_of_scipy():
    code = (
        "import sys; from spinglass.cli import main; main(['landscape', '--help']); "
        "print(sorted({'matplotlib', 'scipy.optimize', 'scipy.special'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    flags = "--model --spins --patterns --disorder --seed --threads --out"
    for flag in (*flags.split(), "--quiet"):
        assert flag in done.stdout


@pytest.mark.parametrize(("format", "begins"), [("pdf", b"%PDF"), ("svg", b"<?xml")])
def test_the_picture_has_the_format_that_is_asked_for(format, begins, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    flags = ["landscape", "--spins", "8", "--format", format, "--out", str(tmp_path)]
    assert main(flags) == 0
    picture = tmp_path / f"landscape.{format}"
    assert str(picture) in capsys.readouterr().out
    first = picture.read_bytes()
    assert first.startswith(begins)
    assert not (tmp_path / "landscape.png").exists()
    assert main(flags) == 0
    assert picture.read_bytes() == first


def test_a_format_that_is_none_is_named(capsys):
    assert main(["landscape", "--format", "jpg"]) == 2
    assert "argument --format: invalid choice: 'jpg'" in capsys.readouterr().err
