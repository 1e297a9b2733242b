"""The command ``spinglass sk``: what it leaves, what it prints, how it ends."""

import importlib
import json
import os
import signal
import subprocess
import sys

import pytest

from spinglass.cli import main

SMALL = ["sk", "--spins", "8", "16", "24", "--instances", "6", "--sweeps", "60"]
TABLES = ["equilibration.csv", "instances.csv", "overlaps.csv", "temperatures.csv"]


def test_the_command_leaves_its_files_and_prints_the_table(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    assert main([*SMALL, "--out", str(tmp_path / "glass")]) == 0
    names = sorted(path.name for path in (tmp_path / "glass").iterdir())
    assert names == sorted([*TABLES, "sk.png", "summary.json"])
    assert (tmp_path / "glass" / "sk.png").read_bytes().startswith(b"\x89PNG")
    out = capsys.readouterr().out
    summary = json.loads((tmp_path / "glass" / "summary.json").read_text())
    for row in summary["ground_states"]:
        assert f"{row['n_spins']:>6}  {6:>7}  {row['energy']:>8.5f}" in out
    assert f"{summary['ground_energy']['value']:.5f}" in out
    assert f"{summary['ground_energy']['error']:.5f}" in out
    assert "-0.763167" in out
    assert "sk.png" in out


@pytest.mark.parametrize("columns", [40, 80])
@pytest.mark.parametrize("spins", [["8"], ["8", "16", "24"]])
def test_what_is_printed_fits_the_terminal(tmp_path, capsys, monkeypatch, columns, spins):
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.chdir(tmp_path)
    assert main(["sk", "--spins", *spins, "--instances", "1", "--sweeps", "20"]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert max(len(line) for line in out.splitlines()) <= columns


def test_quiet_prints_the_table_and_nothing_else(tmp_path, capsys):
    assert main([*SMALL, "--quiet", "--out", str(tmp_path)]) == 0
    caught = capsys.readouterr()
    assert caught.err == ""
    lines = caught.out.splitlines()
    assert lines[1].split() == ["N", "glasses", "energy", "error", "agree"]
    assert len(lines) == 16
    assert "wrote" not in caught.out


def test_piped_progress_is_a_few_plain_lines_on_stderr(tmp_path, capsys):
    assert main([*SMALL, "--out", str(tmp_path)]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert 1 <= len(lines) <= 10
    assert all(line.startswith("sk: ") and "\r" not in line for line in lines)


def test_a_run_that_is_too_short_is_said_to_be_out_of_equilibrium(tmp_path, capsys):
    arguments = ["sk", "--spins", "128", "--instances", "12", "--sweeps", "8", "--quiet"]
    assert main([*arguments, "--out", str(tmp_path)]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "N = 128: at beta = 4 the energy is more than 3.5 standard errors above" in out
    assert "N = inf cannot be known from fewer than three sizes" in out


def test_ladders_that_disagree_are_named(tmp_path, capsys):
    arguments = ["sk", "--spins", "400", "--instances", "2", "--sweeps", "2", "--betas", "0.1"]
    assert main([*arguments, "--quiet", "--out", str(tmp_path)]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "N = 400: the ladders agree on too few glasses" in out


def test_flags_reach_the_experiment(tmp_path):
    arguments = ["sk", "--spins", "9", "8", "--instances", "2", "3", "--sweeps", "20", "40"]
    arguments += ["--betas", "0.5", "1.5", "--disorder", "pm1", "--seed", "7", "--threads", "1"]
    assert main([*arguments, "--quiet", "--out", str(tmp_path)]) == 0
    config = json.loads((tmp_path / "summary.json").read_text())["config"]
    assert config == {
        "n_spins": [9, 8],
        "n_instances": [2, 3],
        "n_sweeps": [20, 40],
        "betas": [[0.5, 1.5], [0.5, 1.5]],
        "disorder": "pm1",
        "seed": 7,
    }
    arguments = ["sk", "--spins", "9", "--instances", "1", "--sweeps", "9", "--beta-max", "2.5"]
    assert main([*arguments, "--quiet", "--out", str(tmp_path)]) == 0
    config = json.loads((tmp_path / "summary.json").read_text())["config"]
    assert config["betas"][0][-1] == 2.5


def test_without_matplotlib_the_numbers_are_written_and_one_line_says_how_to_get_the_figure(
    tmp_path, capsys, monkeypatch
):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name == "matplotlib" else find(name)
    )
    (tmp_path / "sk.png").write_text("of an earlier run")
    assert main([*SMALL, "--out", str(tmp_path)]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*TABLES, "summary.json"])
    assert "pip install 'spinglass[plot]'" in capsys.readouterr().out


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT to a child process")
def test_ctrl_c_leaves_the_finished_glasses_and_no_traceback(tmp_path):
    command = [sys.executable, "-m", "spinglass", "sk", "--spins", "64", "--sweeps", "2000"]
    command += ["--instances", "400", "--out", str(tmp_path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as child:
        first = child.stderr.readline()  # a tenth of the work is done
        child.send_signal(signal.SIGINT)
        rest = child.stderr.read().splitlines()
        assert child.wait() == 130
    assert first.startswith("sk: ")
    assert "Traceback" not in "".join(rest)
    assert rest[-1].startswith("spinglass sk: interrupted; the ")
    rows = (tmp_path / "instances.csv").read_text().splitlines()[1:]
    assert f"the {len(rows)} of 400 glasses" in rest[-1]
    assert len(rows) > 0
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["complete"] is False
    assert summary["n_instances"] == len(rows)


def test_an_interrupt_before_the_first_glass_still_writes_its_files(tmp_path, capsys, monkeypatch):
    room = importlib.import_module("spinglass.experiments.sherrington_kirkpatrick.experiment")

    def interrupted(*given):
        raise KeyboardInterrupt

    monkeypatch.setattr(room, "measure", interrupted)
    assert main([*SMALL, "--quiet", "--out", str(tmp_path)]) == 130
    caught = capsys.readouterr()
    assert len(caught.err.splitlines()) == 1
    assert "interrupted; the 0 of 18 glasses" in caught.err
    assert (tmp_path / "instances.csv").read_text().startswith("n_spins,instance,lowest_0")
    assert json.loads((tmp_path / "summary.json").read_text())["complete"] is False


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--spins", "1"], "argument --spins: expected an integer >= 2, got '1'"),
        (["--spins", "many"], "argument --spins: expected an integer >= 2, got 'many'"),
        (["--spins", "20", "20"], "argument --spins: must hold each value once"),
        (["--instances", "0"], "argument --instances: expected an integer >= 1, got '0'"),
        (["--instances", "1", "2"], "argument --instances: must be one number, or one for each"),
        (["--sweeps", "0"], "argument --sweeps: expected an integer >= 1, got '0'"),
        (["--sweeps", "1", "2"], "argument --sweeps: must be one number, or one for each"),
        (["--betas", "1", "0.5"], "argument --betas: must ascend strictly"),
        (["--betas", "-1"], "argument --betas: must be numbers >= 0, got -1"),
        (["--betas", "inf"], "argument --betas: expected a number, got 'inf'"),
        (["--betas", "1", "--beta-max", "2"], "argument --beta-max: is for the default"),
        (["--beta-max", "0.1"], "argument --beta-max: must be above 0.3"),
        (["--beta-max", "cold"], "argument --beta-max: expected a number, got 'cold'"),
        (["--disorder", "none"], "argument --disorder: invalid choice: 'none'"),
        (["--seed", "-1"], "argument --seed: expected an integer >= 0, got '-1'"),
        (["--threads", "0"], "argument --threads: expected an integer >= 1, got '0'"),
        (["--threads", "2000"], "argument --threads: must be at most 1024, got 2000"),
        (["--sizes", "5"], "unknown arguments: --sizes 5"),
        (["extra"], "unknown arguments: extra"),
        (["--spins", "1000000"], "needs"),
        (["--spins", "1000", "--instances", "1" + 15 * "0"], "needs"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, message, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["sk", "--out", str(out), "--quiet", *arguments]) == 2
    caught = capsys.readouterr()
    assert caught.out == ""
    assert len(caught.err.splitlines()) == 1
    assert caught.err.startswith("spinglass sk: error: ")
    assert message in caught.err
    assert not out.exists()


def test_an_output_folder_that_cannot_be_written_is_found_before_the_run(
    tmp_path, capsys, monkeypatch
):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setattr("spinglass.experiments.sk", None)
    assert main(["sk", "--out", str(tmp_path / "file" / "folder")]) == 2
    caught = capsys.readouterr()
    assert len(caught.err.splitlines()) == 1
    assert caught.err.startswith("spinglass sk: error: argument --out: cannot write to ")


def test_the_same_command_writes_the_same_bytes(tmp_path):
    for name, threads in (("one", "1"), ("other", "3")):
        out = str(tmp_path / name)
        assert main([*SMALL, "--quiet", "--threads", threads, "--out", out]) == 0
    for file in (*TABLES, "summary.json"):
        one, other = ((tmp_path / name / file).read_bytes() for name in ("one", "other"))
        assert one == other


@pytest.mark.skipif(os.name != "posix", reason="speaks to a POSIX shell")
@pytest.mark.parametrize(("redirection", "code"), [("| true", 0), ("> /dev/full", 1), (">&-", 0)])
def test_files_are_written_whatever_happens_to_the_table(redirection, code, tmp_path):
    if "full" in redirection and not os.path.exists("/dev/full"):
        pytest.skip("there is no /dev/full")
    command = f"'{sys.executable}' -m spinglass {' '.join(SMALL)} --out '{tmp_path}' {redirection}"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert {*TABLES, "summary.json"} <= {file.name for file in tmp_path.iterdir()}


def test_help_names_the_flags_and_imports_neither_matplotlib_nor_the_heavy_parts_of_scipy():
    code = (
        "import sys; from spinglass.cli import main; main(['sk', '--help']); "
        "print(sorted({'matplotlib', 'scipy.optimize', 'scipy.special'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    flags = "--spins --instances --sweeps --betas --beta-max --disorder --seed --threads --out"
    for flag in (*flags.split(), "--quiet"):
        assert flag in done.stdout
