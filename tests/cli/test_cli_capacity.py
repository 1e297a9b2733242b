"""The command ``spinglass capacity``: what it leaves, what it prints, how it ends."""

import importlib
import json
import os
import signal
import subprocess
import sys

import pytest

from spinglass.cli import main

SMALL = ["capacity", "--spins", "100", "200", "300", "--loads", "0.1:0.3:0.05"]
SMALL += ["--instances", "20", "--starts", "2"]


def test_the_command_leaves_its_files_and_prints_the_table(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    assert main([*SMALL, "--out", str(tmp_path / "scan")]) == 0
    names = sorted(path.name for path in (tmp_path / "scan").iterdir())
    assert names == ["capacity.png", "summary.json", "trials.csv"]
    out = capsys.readouterr().out
    summary = json.loads((tmp_path / "scan" / "summary.json").read_text())
    for point in summary["half_points"]:
        assert f"{point['n_spins']:>8}  {point['value']:>10.5f}  {point['error']:>8.5f}" in out
    assert f"{summary['alpha_c']['value']:.4f}" in out
    assert f"{summary['alpha_c']['exponent_spread']:.4f}" in out
    assert "0.137906" in out
    assert "capacity.png" in out


@pytest.mark.parametrize("columns", [40, 80])
def test_the_table_fits_the_terminal(tmp_path, capsys, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.chdir(tmp_path)
    assert main([*SMALL, "--quiet"]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert max(len(line) for line in out.splitlines()) <= columns


def test_quiet_prints_the_table_and_nothing_else(tmp_path, capsys):
    assert main([*SMALL, "--quiet", "--out", str(tmp_path)]) == 0
    caught = capsys.readouterr()
    assert caught.err == ""
    assert caught.out.splitlines()[0].split() == ["N", "half-point", "error"]
    assert "wrote" not in caught.out


def test_piped_progress_is_a_few_plain_lines_on_stderr(tmp_path, capsys):
    assert main([*SMALL, "--out", str(tmp_path)]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert 1 <= len(lines) <= 10
    assert all(line.startswith("capacity: ") and "\r" not in line for line in lines)


def test_a_half_point_that_is_not_bracketed_is_explained(tmp_path, capsys):
    arguments = ["capacity", "--spins", "200", "--loads", "0.02", "0.04", "--instances", "2"]
    assert main([*arguments, "--out", str(tmp_path), "--quiet"]) == 0
    out = capsys.readouterr().out
    assert "none" in out
    assert "N = 200: every trial kept its memory" in out


def test_without_matplotlib_the_numbers_are_written_and_one_line_says_how_to_get_the_figure(
    tmp_path, capsys, monkeypatch
):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name == "matplotlib" else find(name)
    )
    assert main([*SMALL, "--out", str(tmp_path)]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["summary.json", "trials.csv"]
    assert "pip install 'spinglass[plot]'" in capsys.readouterr().out


def test_an_interrupt_writes_what_is_finished_and_exits_with_130(tmp_path, capsys, monkeypatch):
    room = importlib.import_module("spinglass.experiments.retrieval_capacity.experiment")

    class Core:
        def __init__(self, **given):
            self.rows = room_core(**given).rows

        def run(self, num_threads, progress):
            raise KeyboardInterrupt

    room_core = room.CapacityTrials
    monkeypatch.setattr(room, "CapacityTrials", Core)
    assert main([*SMALL, "--out", str(tmp_path), "--quiet"]) == 130
    caught = capsys.readouterr()
    assert len(caught.err.splitlines()) == 1
    assert "interrupted; the 0 of 600 trials" in caught.err
    assert (tmp_path / "trials.csv").read_text().startswith("n_spins,n_patterns,load")
    assert json.loads((tmp_path / "summary.json").read_text())["complete"] is False


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT to a child process")
def test_ctrl_c_leaves_the_finished_trials_and_no_traceback(tmp_path):
    command = [sys.executable, "-m", "spinglass", "capacity", "--spins", "500", "2000", "4000"]
    command += ["--instances", "1000", "--out", str(tmp_path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as child:
        first = child.stderr.readline()  # a tenth of the work is done, so some trials are
        child.send_signal(signal.SIGINT)
        rest = child.stderr.read().splitlines()
        assert child.wait() == 130
    assert first.startswith("capacity: ")
    assert "Traceback" not in "".join(rest)
    assert rest[-1].startswith("spinglass capacity: interrupted; the ")
    rows = (tmp_path / "trials.csv").read_text().splitlines()[1:]
    assert f"the {len(rows)} of " in rest[-1]
    assert len(rows) > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--spins", "0"], "argument --spins: expected an integer >= 1, got '0'"),
        (["--spins", "many"], "argument --spins: expected an integer >= 1, got 'many'"),
        (["--spins", "100", "100"], "argument --spins: must hold each value once"),
        (["--loads", "0"], "argument --loads: expected loads above 0, got '0'"),
        (["--loads", "nan"], "argument --loads: expected a number, got 'nan'"),
        (["--loads", "0.1:0.2"], "argument --loads: expected a number or START:STOP:STEP"),
        (["--loads", "0.2:0.1:0.01"], "argument --loads: expected START:STOP:STEP with START"),
        (["--loads", "0.1:0.2:0"], "argument --loads: expected START:STOP:STEP with START"),
        (["--loads", "0.1:0.2:1e-9"], "argument --loads: expected fewer than 10000 loads"),
        (["--loads", "0.1", "0.1"], "argument --loads: must hold each value once"),
        (["--spins", "100", "--loads", "0.001"], "argument --loads: must give at least one"),
        (["--instances", "0"], "argument --instances: expected an integer >= 1, got '0'"),
        (["--instances", "1", "2"], "argument --instances: must be one number, or one for each"),
        (["--starts", "0"], "argument --starts: expected an integer >= 1, got '0'"),
        (["--spins", "100", "--loads", "0.1", "--starts", "11"], "argument --starts: must not"),
        (["--flip", "2"], "argument --flip: expected a number between 0 and 1, got '2'"),
        (["--threshold", "x"], "argument --threshold: expected a number, got 'x'"),
        (["--seed", "-1"], "argument --seed: expected an integer >= 0, got '-1'"),
        (["--threads", "0"], "argument --threads: expected an integer >= 1, got '0'"),
        (["--sizes", "5"], "unknown arguments: --sizes 5"),
        (["extra"], "unknown arguments: extra"),
        (["--instances", "1" + 15 * "0"], "needs"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, message, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["capacity", "--out", str(out), *arguments]) == 2
    caught = capsys.readouterr()
    assert caught.out == ""
    assert len(caught.err.splitlines()) == 1
    assert caught.err.startswith("spinglass capacity: error: ")
    assert message in caught.err
    assert not out.exists()


def test_an_output_folder_that_cannot_be_written_is_found_before_the_run(tmp_path, capsys):
    (tmp_path / "file").write_text("not a folder")
    assert main(["capacity", "--out", str(tmp_path / "file" / "folder")]) == 2
    caught = capsys.readouterr()
    assert len(caught.err.splitlines()) == 1
    assert caught.err.startswith("spinglass capacity: error: argument --out: cannot write to ")


def test_both_ends_of_a_range_of_loads_are_included(tmp_path):
    arguments = ["--spins", "100", "--instances", "1", "--starts", "1", "--quiet"]
    assert main(["capacity", "--loads", "0.12:0.20:0.04,", *arguments]) == 2
    assert main(["capacity", "--loads", "0.12:0.20:0.04", *arguments, "--out", str(tmp_path)]) == 0
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["config"]["loads"] == [[0.12, 0.16, 0.2]]


def test_the_same_command_writes_the_same_bytes(tmp_path):
    for name in ("one", "other"):
        assert main([*SMALL, "--quiet", "--out", str(tmp_path / name)]) == 0
    for file in ("trials.csv", "summary.json"):
        one, other = ((tmp_path / name / file).read_bytes() for name in ("one", "other"))
        assert one == other


def test_help_lists_the_commands(capsys):
    assert main(["--help"]) == 0
    assert "capacity" in capsys.readouterr().out
    assert main([]) == 0
    assert "capacity" in capsys.readouterr().out
    assert main(["capacity", "--help"]) == 0
    out = capsys.readouterr().out
    assert "--spins" in out
    assert "0.12:0.20:0.004" in out


def test_an_unknown_command_is_one_line(capsys):
    assert main(["capacities"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_python_m_spinglass_is_the_command():
    done = subprocess.run(
        [sys.executable, "-m", "spinglass", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("spinglass")


def test_help_imports_neither_matplotlib_nor_the_heavy_parts_of_scipy():
    code = (
        "import sys; from spinglass.cli import main; main(['capacity', '--help']); "
        "print(sorted({'matplotlib', 'scipy.optimize', 'scipy.special'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


TINY = ["capacity", "--spins", "60", "--instances", "4", "--loads", "0.1", "0.2", "0.3"]


@pytest.mark.skipif(os.name != "posix", reason="speaks to a POSIX shell")
@pytest.mark.parametrize(("redirection", "code"), [("| true", 0), ("> /dev/full", 1), (">&-", 0)])
def test_files_are_written_whatever_happens_to_the_table(redirection, code, tmp_path):
    if "full" in redirection and not os.path.exists("/dev/full"):
        pytest.skip("there is no /dev/full")
    command = f"'{sys.executable}' -m spinglass {' '.join(TINY)} --out '{tmp_path}' {redirection}"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert {"trials.csv", "summary.json"} <= {file.name for file in tmp_path.iterdir()}


def test_flips_at_the_start_are_told_apart_from_the_capacity(tmp_path, capsys):
    assert main([*TINY, "--flip", "0.1", "--out", str(tmp_path)]) == 0
    assert "not the capacity" in " ".join(capsys.readouterr().out.split())


def test_temperatures_make_a_scan_each_and_the_line_of_them(tmp_path, capsys):
    words = ["capacity", "--spins", "100", "--instances", "5", "--loads", "0.05", "0.1", "0.3"]
    words += ["--temperatures", "0.2", "0", "--sweeps", "5", "20", "--out", str(tmp_path / "out")]
    assert main([*words, "--store", str(tmp_path / "scan.sqlite"), "--quiet"]) == 0
    shown = capsys.readouterr().out
    assert "20 sweeps at T = 0.2" in shown
    assert shown.index("end of a descent") < shown.index("20 sweeps at T = 0.2")
    for folder in ("T0", "T0.2"):
        assert (tmp_path / "out" / folder / "trials.csv").exists()
        assert (tmp_path / f"scan-{folder}.sqlite").exists()
    table = (tmp_path / "out" / "line.csv").read_text().splitlines()
    assert table[0] == "temperature,n_spins,sweeps,half_point,error,theory"
    assert [line.split(",")[:3] for line in table[1:]] == [
        ["0.0", "100", "0"],
        ["0.2", "100", "5"],
        ["0.2", "100", "20"],
    ]
    assert (tmp_path / "out" / "capacity_line.png").stat().st_size > 10_000


def test_all_temperatures_are_checked_before_the_first_is_run(tmp_path, capsys):
    words = ["capacity", "--spins", "100", "--instances", "5", "--sweeps", "20"]
    words += ["--temperatures", "0.1", "0.4", "--abandon", "0.56", "--out", str(tmp_path / "out")]
    assert main(words) == 2
    assert "argument --abandon: must be below" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_each_temperature_has_a_folder_of_its_own(tmp_path):
    words = ["capacity", "--spins", "50", "--instances", "2", "--loads", "0.05", "--sweeps", "2"]
    words += ["--temperatures", "0.1", "0.1000000001", "--out", str(tmp_path), "--quiet"]
    assert main(words) == 0
    assert {path.name for path in tmp_path.glob("T*")} == {"T0.1", "T0.1000000001"}


def test_a_temperature_below_zero_is_refused(capsys):
    assert main(["capacity", "--temperatures", "-0.1"]) == 2
    assert "expected a number >= 0" in capsys.readouterr().err
