"""The command ``spinglass rbm``: what it leaves, what it prints, how it ends."""

import dataclasses
import importlib
import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from spinglass.cli import main

pytest.importorskip("safetensors")
room = importlib.import_module("spinglass.experiments.rbm_training.experiment")
command = importlib.import_module("spinglass.cli.rbm")

FAST = ["--components", "5", "--epochs", "3", "--batch-size", "20", "--betas", "50"]
FILES = ["curves.csv", "model.safetensors", "summary.json"]


@pytest.fixture
def data(tmp_path):
    """A file of 300 images of a lit row or column."""
    rng = np.random.default_rng(1)
    images = np.zeros((300, 4, 4), dtype=np.uint8)
    for image in images:
        place = rng.integers(4)
        image[(place, slice(None)) if rng.random() < 0.5 else (slice(None), place)] = 255
    path = tmp_path / "bars.npz"
    np.savez(path, images=images)
    return str(path)


def test_the_command_leaves_its_files_and_prints_the_table(tmp_path, capsys, data):
    pytest.importorskip("matplotlib")
    out = tmp_path / "out"
    assert main(["rbm", data, *FAST, "--out", str(out)]) == 0
    assert sorted(path.name for path in out.iterdir()) == sorted([*FILES, "rbm.png"])
    assert (out / "rbm.png").read_bytes().startswith(b"\x89PNG")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["epoch", "pseudo-L", "wrong", "log-L"]
    assert [line.split()[0] for line in lines[1:4]] == ["1", "2", "3"]
    summary = json.loads((out / "summary.json").read_text())
    assert lines[3].split()[-1] == f"{summary['likelihood']['test']['value']:.2f}"
    found = summary["likelihood"]
    assert lines[6].split() == [
        "exact",
        f"{found['train']['value']:.2f}",
        f"{found['test']['value']:.2f}",
    ]
    assert summary["config"]["data"] == "bars.npz"
    assert summary["config"]["image_shape"] == [4, 4]


def test_a_machine_too_large_to_sum_has_an_optimistic_and_a_pessimistic_side(
    tmp_path, capsys, data
):
    path = tmp_path / "large.npz"
    np.savez(path, x_train=np.random.default_rng(2).integers(0, 2, (200, 30)))
    flags = [*FAST, "--components", "28", "--quiet", "--out", str(tmp_path / "out")]
    assert main(["rbm", str(path), *flags]) == 0
    out = capsys.readouterr().out
    sides = json.loads((tmp_path / "out" / "summary.json").read_text())["likelihood"]["test"]
    lines = {line.split()[0]: line.split()[-1] for line in out.splitlines() if line.split()}
    assert lines["optimistic"] == f"{sides['optimistic']:.2f}"
    assert lines["pessimistic"] == f"{sides['pessimistic']:.2f}"


def test_sides_that_are_far_apart_are_not_to_be_trusted():
    rows = np.random.default_rng(3).integers(0, 2, (60, 30))
    result = room.rbm(rows, n_components=28, n_epochs=2, n_betas=50, n_chains=10)
    assert "neither is to be trusted" not in result.report(quiet=True)
    known = result.likelihood.log_partition
    apart = dataclasses.replace(known, upper=known.lower + 12, gap=12.0)
    sides = {x: dataclasses.replace(getattr(result.likelihood, x), log_partition=apart)
             for x in ("train", "test")}  # fmt: skip
    result = dataclasses.replace(result, likelihood=type(result.likelihood)(**sides))
    out = " ".join(result.report(quiet=True).split())
    assert "ln Z from below and from above differ by 12.0 nats: neither is to be trusted" in out


def test_more_parameters_than_images_are_said_to_overfit(tmp_path, capsys):
    path = tmp_path / "noise.npz"
    np.savez(path, X=np.random.default_rng(3).integers(0, 2, (40, 30)))
    flags = ["--components", "20", "--epochs", "150", "--batch-size", "10", "--quiet"]
    flags += ["--rate", "0.3", "--schedule", "constant"]
    assert main(["rbm", str(path), *flags, "--out", str(tmp_path)]) == 0
    assert "the machine overfits" in " ".join(capsys.readouterr().out.split())


def test_grey_levels_as_they_are_have_no_likelihood_of_data(tmp_path, capsys, data):
    arguments = ["rbm", data, *FAST, "--binarise", "none", "--quiet", "--out", str(tmp_path)]
    assert main(arguments) == 0
    assert "Grey levels are no states of units" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("columns", [40, 80])
def test_what_is_printed_fits_the_terminal(tmp_path, capsys, monkeypatch, data, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.chdir(tmp_path)
    assert main(["rbm", data, *FAST]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert max(len(line) for line in out.splitlines()) <= columns


def test_quiet_prints_the_table_and_nothing_else(tmp_path, capsys, data):
    assert main(["rbm", data, *FAST, "--quiet", "--out", str(tmp_path)]) == 0
    caught = capsys.readouterr()
    assert caught.err == ""
    assert len(caught.out.splitlines()) == 8


def test_piped_progress_is_a_few_plain_lines_on_stderr(tmp_path, capsys, data):
    assert main(["rbm", data, *FAST, "--out", str(tmp_path)]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert 1 <= len(lines) <= 10
    assert all(line.startswith("rbm: ") and "\r" not in line for line in lines)
    assert "pseudo-likelihood" in lines[-1]


def test_flags_reach_the_experiment(tmp_path, data):
    flags = ["--components", "7", "--epochs", "2", "--batch-size", "9", "--rate", "0.05"]
    flags += ["--schedule", "constant", "--method", "cd", "--k", "2", "--uncentered"]
    flags += ["--binarise", "threshold", "--betas", "40", "--seed", "8", "--threads", "1"]
    assert main(["rbm", data, *flags, "--quiet", "--out", str(tmp_path)]) == 0
    assert json.loads((tmp_path / "summary.json").read_text())["config"] == {
        "data": "bars.npz",
        "n_images": 270,
        "n_held_out": 30,
        "n_visible": 16,
        "image_shape": [4, 4],
        "binarise": "threshold",
        "n_components": 7,
        "n_epochs": 2,
        "batch_size": 9,
        "learning_rate": 0.05,
        "schedule": "constant",
        "method": "cd",
        "k": 2,
        "centered": False,
        "n_chains": 100,
        "n_betas": 40,
        "seed": 8,
    }


def test_the_digits_need_no_file(tmp_path):
    pytest.importorskip("sklearn")
    assert main(["rbm", "--digits", *FAST, "--quiet", "--out", str(tmp_path)]) == 0
    config = json.loads((tmp_path / "summary.json").read_text())["config"]
    assert (config["data"], config["n_visible"], config["n_held_out"]) == ("digits", 64, 179)


def test_the_same_command_writes_the_same_bytes(tmp_path, data):
    for name, threads in (("one", "1"), ("other", "3")):
        out = str(tmp_path / name)
        assert main(["rbm", data, *FAST, "--quiet", "--threads", threads, "--out", out]) == 0
    for file in ("curves.csv", "summary.json"):
        one, other = ((tmp_path / name / file).read_bytes() for name in ("one", "other"))
        assert one == other


# ---- how it ends -------------------------------------------------------------------------------


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT to a child process")
def test_ctrl_c_keeps_the_epochs_and_resume_goes_on_with_the_same_bits(tmp_path, data):
    flags = ["--components", "20", "--epochs", "100", "--batch-size", "2", "--betas", "50"]
    command = [sys.executable, "-m", "spinglass", "rbm", data, *flags, "--out"]
    with subprocess.Popen(
        [*command, str(tmp_path / "out")], stderr=subprocess.PIPE, text=True
    ) as child:
        first = child.stderr.readline()  # a tenth of the work is done
        child.send_signal(signal.SIGINT)
        rest = child.stderr.read().splitlines()
        assert child.wait() == 130
    assert first.startswith("rbm: ")
    assert "Traceback" not in "".join(rest)
    assert rest[-1].startswith("spinglass rbm: interrupted; the ")
    out = tmp_path / "out"
    rows = (out / "curves.csv").read_text().splitlines()[1:]
    # Ctrl-C may fall between the end of an epoch and its row in the table.
    assert any(f"the {len(rows) + k} of 100 epochs" in rest[-1] for k in (0, 1))
    assert json.loads((out / "summary.json").read_text())["complete"] is False
    kept = sorted([*FILES, "checkpoint.csv", "checkpoint.safetensors"])
    assert sorted(path.name for path in out.iterdir()) == kept
    assert main(["rbm", data, *flags, "--quiet", "--resume", "--out", str(out)]) == 0
    assert main(["rbm", data, *flags, "--quiet", "--out", str(tmp_path / "whole")]) == 0
    for file in ("curves.csv", "summary.json"):
        resumed, whole = ((tmp_path / name / file).read_bytes() for name in ("out", "whole"))
        assert resumed == whole
    assert not (out / "checkpoint.safetensors").exists()


def test_a_new_training_does_not_go_on_from_an_old_checkpoint(tmp_path, data):
    (tmp_path / "checkpoint.safetensors").write_text("of another training")
    assert main(["rbm", data, *FAST, "--quiet", "--out", str(tmp_path)]) == 0
    assert not (tmp_path / "checkpoint.safetensors").exists()


def test_a_checkpoint_of_other_flags_is_refused_in_one_line_and_kept(
    tmp_path, capsys, monkeypatch, data
):
    def interrupted(*given):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(room, "_looked_at", interrupted)
        assert main(["rbm", data, *FAST, "--quiet", "--out", str(tmp_path)]) == 130
    capsys.readouterr()
    changed = ["rbm", data, *FAST, "--rate", "0.2", "--quiet", "--resume", "--out", str(tmp_path)]
    assert main(changed) == 2
    caught = capsys.readouterr()
    assert len(caught.err.splitlines()) == 1
    assert caught.err.startswith("spinglass rbm: error: argument --resume: ")
    assert (tmp_path / "checkpoint.safetensors").exists()


def test_an_interrupt_before_the_first_update_leaves_no_folder(tmp_path, capsys, monkeypatch, data):
    def interrupted(*given):
        raise KeyboardInterrupt

    monkeypatch.setattr(room, "load_images", interrupted)
    assert main(["rbm", data, *FAST, "--out", str(tmp_path / "out")]) == 130
    assert not (tmp_path / "out").exists()


def test_without_matplotlib_the_rest_is_written_and_one_line_says_how_to_get_the_figure(
    tmp_path, capsys, monkeypatch, data
):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name == "matplotlib" else find(name)
    )
    out = tmp_path / "out"
    assert main(["rbm", data, *FAST, "--out", str(out)]) == 0
    assert sorted(path.name for path in out.iterdir()) == FILES
    assert "pip install 'spinglass[plot]'" in capsys.readouterr().out


@pytest.mark.parametrize(("missing", "extra"), [("safetensors", "rbm"), ("sklearn", "sklearn")])
def test_without_the_extra_one_line_says_what_to_install(
    tmp_path, capsys, monkeypatch, missing, extra
):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name == missing else find(name)
    )
    out = tmp_path / "out"
    assert main(["rbm", "--digits", "--out", str(out)]) == 2
    caught = capsys.readouterr()
    assert caught.out == ""
    assert len(caught.err.splitlines()) == 1
    assert f"pip install 'spinglass[{extra}]'" in caught.err
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "images are needed: give DATA.npz, or --digits"),
        (["bars.npz", "--digits"], "argument --digits: are images of their own"),
        (["missing.npz"], "argument DATA.npz: cannot read 'missing.npz': No such file"),
        (["folder"], "argument DATA.npz: cannot read 'folder': "),
        (["notes.txt"], "argument DATA.npz: must be an .npz file, got 'notes.txt'"),
        (["labels.npz"], "argument DATA.npz: must hold one 2-D or 3-D array of images"),
        (["bars.npz", "--components", "0"], "argument --components: expected an integer >= 1"),
        (["bars.npz", "--epochs", "0"], "argument --epochs: expected an integer >= 1, got '0'"),
        (["bars.npz", "--batch-size", "0"], "argument --batch-size: expected an integer >= 1"),
        (["bars.npz", "--rate", "0"], "argument --rate: must be above 0, got 0.0"),
        (["bars.npz", "--rate", "fast"], "argument --rate: expected a number, got 'fast'"),
        (["bars.npz", "--k", "0"], "argument --k: expected an integer >= 1, got '0'"),
        (["bars.npz", "--method", "tap"], "argument --method: invalid choice: 'tap'"),
        (["bars.npz", "--schedule", "up"], "argument --schedule: invalid choice: 'up'"),
        (["bars.npz", "--binarise", "no"], "argument --binarise: invalid choice: 'no'"),
        (["bars.npz", "--betas", "1"], "argument --betas: expected an integer >= 20, got '1'"),
        (["bars.npz", "--resume"], "argument --resume: there is no out"),
        (["bars.npz", "--seed", "-1"], "argument --seed: expected an integer >= 0, got '-1'"),
        (["bars.npz", "--threads", "0"], "argument --threads: expected an integer >= 1"),
        (["bars.npz", "more.npz"], "unknown arguments: more.npz"),
        (["bars.npz", "--size", "5"], "unknown arguments: --size"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    arguments, message, tmp_path, capsys, monkeypatch, data
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("no images")
    (tmp_path / "folder").mkdir()
    np.savez(tmp_path / "labels.npz", y=np.arange(10))
    assert main(["rbm", "--out", "out", "--quiet", *arguments]) == 2
    caught = capsys.readouterr()
    assert caught.out == ""
    assert len(caught.err.splitlines()) == 1
    assert caught.err.startswith("spinglass rbm: error: ")
    assert message in caught.err
    assert not (tmp_path / "out").exists()


def test_an_output_folder_that_cannot_be_written_is_found_before_the_run(
    tmp_path, capsys, monkeypatch, data
):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setattr("spinglass.experiments.rbm", None)
    assert main(["rbm", data, "--out", str(tmp_path / "file" / "folder")]) == 2
    caught = capsys.readouterr()
    assert len(caught.err.splitlines()) == 1
    assert caught.err.startswith("spinglass rbm: error: argument --out: cannot write to ")


def test_help_names_the_flags_and_imports_no_heavy_library(capsys):
    code = (
        "import sys; from spinglass.cli import main; main(['rbm', '--help']); "
        "print(sorted({'matplotlib', 'sklearn', 'safetensors', 'scipy.optimize'} "
        "& set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    flags = "DATA.npz --digits --components --epochs --batch-size --rate --schedule --method --k"
    flags += " --uncentered --binarise --betas --resume --seed --threads --out --quiet"
    for flag in flags.split():
        assert flag in done.stdout
