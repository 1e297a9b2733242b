"""The command ``spinglass recall``: what it leaves, what it prints, how it ends."""

import importlib
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from spinglass.cli import main

pytest.importorskip("matplotlib")
pillow = pytest.importorskip("PIL.Image")


@pytest.fixture
def photos(tmp_path):
    """Two pictures of 40 x 30 pixels that are unlike one another."""
    rng = np.random.default_rng(1)
    paths = [tmp_path / "first of them.png", tmp_path / "second.jpg"]
    for path in paths:
        coarse = rng.integers(0, 256, (6, 8), dtype=np.uint8)
        pillow.fromarray(np.kron(coarse, np.ones((5, 5), dtype=np.uint8))).save(path)
    return [str(path) for path in paths]


def test_without_images_the_cross_is_recalled_and_the_files_are_left(tmp_path, capsys):
    assert main(["recall", "--out", str(tmp_path / "out")]) == 0
    assert sorted(x.name for x in (tmp_path / "out").iterdir()) == ["recall.json", "recall.png"]
    caught = capsys.readouterr()
    assert caught.err == ""
    lines = caught.out.splitlines()
    assert lines[0].split() == ["image", "start", "end", "flips", "sweeps"]
    assert lines[1].split()[:3] == ["cross", "0.405", "1.000"]
    assert "5 recalled without an error, all at rest" in " ".join(caught.out.split())
    assert "recall.png" in caught.out
    content = json.loads((tmp_path / "out" / "recall.json").read_text())
    assert content["pictures"][0]["overlap"] == 1


def test_images_of_ones_own_are_stored_and_recalled(tmp_path, capsys, photos):
    assert main(["recall", *photos, "--flip", "0.2", "--size", "32", "--out", str(tmp_path)]) == 0
    content = json.loads((tmp_path / "recall.json").read_text())
    assert content["config"]["images"] == photos
    assert (content["config"]["size"], content["config"]["flip"]) == (32, 0.2)
    assert [x["name"] for x in content["pictures"]] == ["first of them.png", "second.jpg"]
    assert [x["overlap"] for x in content["pictures"]] == [1, 1]
    out = " ".join(capsys.readouterr().out.split())
    assert "first of them.png" in out
    assert "2 pictures in 1024 spins, 2 recalled without an error" in out


def test_an_image_is_64_pixels_wide_unless_told(tmp_path, photos):
    assert main(["recall", photos[0], "--quiet", "--out", str(tmp_path)]) == 0
    assert json.loads((tmp_path / "recall.json").read_text())["config"]["size"] == 64


def test_pictures_that_are_too_alike_are_said_to_blur(tmp_path, capsys, photos):
    alike = []
    for k in range(3):
        grey = np.asarray(pillow.open(photos[0])).copy()
        grey[:8, 10 * k : 10 * k + 8] = 255 - grey[:8, 10 * k : 10 * k + 8]
        alike.append(str(tmp_path / f"{k}.png"))
        pillow.fromarray(grey).save(alike[-1])
    assert main(["recall", *alike, "--out", str(tmp_path)]) == 0
    content = json.loads((tmp_path / "recall.json").read_text())
    whole = sum(x["overlap"] == 1 for x in content["pictures"])
    assert whole < 3
    out = " ".join(capsys.readouterr().out.split())
    assert f"{whole} recalled without an error" in out
    assert "Pictures that have much in common blur" in out


@pytest.mark.parametrize("columns", [40, 80])
@pytest.mark.parametrize("own", [True, False])
def test_what_is_printed_fits_the_terminal(tmp_path, capsys, monkeypatch, photos, columns, own):
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.chdir(tmp_path)
    assert main(["recall", *(photos if own else [])]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert max(len(line) for line in out.splitlines()) <= columns


def test_quiet_prints_the_table_and_nothing_else(tmp_path, capsys):
    assert main(["recall", "--quiet", "--out", str(tmp_path)]) == 0
    caught = capsys.readouterr()
    assert caught.err == ""
    assert len(caught.out.splitlines()) == 6


def test_the_same_command_writes_the_same_bytes(tmp_path, photos):
    for name, threads in (("one", "1"), ("other", "3")):
        out = str(tmp_path / name)
        assert main(["recall", *photos, "--threads", threads, "--seed", "5", "--out", out]) == 0
    for file in ("recall.json", "recall.png"):
        one, other = ((tmp_path / name / file).read_bytes() for name in ("one", "other"))
        assert one == other


@pytest.mark.parametrize("missing", ["matplotlib", "PIL"])
def test_without_the_extra_one_line_says_what_to_install(tmp_path, capsys, monkeypatch, missing):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name == missing else find(name)
    )
    out = tmp_path / "out"
    assert main(["recall", "--out", str(out)]) == 2
    caught = capsys.readouterr()
    assert caught.out == ""
    assert len(caught.err.splitlines()) == 1
    assert "pip install 'spinglass[plot]'" in caught.err
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.png"], "argument IMAGE: cannot read 'missing.png': "),
        (["folder"], "argument IMAGE: cannot read 'folder': "),
        (["notes.txt"], "argument IMAGE: must be picture files"),
        (["notes.txt"], "got 'notes.txt': no kind of picture that Pillow knows"),
        (["empty.png"], "got 'empty.png': the file is empty"),
        (["cut.png"], "got 'cut.png': broken ("),
        (["white.png"], "argument IMAGE: must have more than one grey level"),
        (["good.png", "notes.txt"], "got 'notes.txt'"),
        (["x" * 5000], "argument IMAGE: cannot read "),
        (["--flip", "1.5"], "argument --flip: expected a number between 0 and 1, got '1.5'"),
        (["--flip", "much"], "argument --flip: expected a number, got 'much'"),
        (["good.png", "--size", "1"], "argument --size: expected an integer >= 2, got '1'"),
        (["good.png", "--size", "big"], "argument --size: expected an integer >= 2, got 'big'"),
        (["good.png", "--size", "99999"], "argument --size: must be an integer, 2 to 1024, got"),
        (["good.png", "--size", "1" + "0" * 30], "argument --size: must be an integer, 2 to 1024"),
        (["--size", "20"], "argument --size: is for images of your own"),
        (["--seed", "-1"], "argument --seed: expected an integer >= 0, got '-1'"),
        (["--threads", "0"], "argument --threads: expected an integer >= 1, got '0'"),
        (["--colour"], "unknown arguments: --colour"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, message, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    good = np.kron(np.eye(4, dtype=np.uint8) * 255, np.ones((8, 8), dtype=np.uint8))
    pillow.fromarray(good).save("good.png")
    pillow.fromarray(np.full((8, 8), 255, dtype=np.uint8)).save("white.png")
    content = (tmp_path / "good.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(content[: len(content) * 2 // 3])
    (tmp_path / "empty.png").touch()
    (tmp_path / "notes.txt").write_text("no pixels")
    (tmp_path / "folder").mkdir()
    assert main(["recall", *arguments, "--out", "out"]) == 2
    caught = capsys.readouterr()
    assert caught.out == ""
    assert len(caught.err.splitlines()) == 1
    assert caught.err.startswith("spinglass recall: error: ")
    assert message in caught.err
    assert not (tmp_path / "out").exists()


def test_an_output_folder_that_cannot_be_written_is_found_before_the_run(
    tmp_path, capsys, monkeypatch
):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setattr("spinglass.experiments.recall_pictures", None)
    assert main(["recall", "--out", str(tmp_path / "file" / "folder")]) == 2
    caught = capsys.readouterr()
    assert len(caught.err.splitlines()) == 1
    assert caught.err.startswith("spinglass recall: error: argument --out: cannot write to ")


def test_a_picture_of_the_user_is_never_written_over(tmp_path, capsys, photos):
    picture = tmp_path / "recall.png"
    os.replace(photos[0], picture)
    before = picture.read_bytes()
    assert main(["recall", str(picture), "--out", str(tmp_path)]) == 2
    assert "argument --out: " in capsys.readouterr().err
    assert picture.read_bytes() == before


def test_ctrl_c_is_one_line_and_leaves_no_empty_folder(tmp_path, capsys, monkeypatch):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("spinglass.experiments.recall_pictures", interrupted)
    assert main(["recall", "--out", str(tmp_path / "out")]) == 130
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_help_names_the_flags_and_imports_no_matplotlib(capsys):
    code = (
        "import sys; from spinglass.cli import main; main(['recall', '--help']); "
        "print(sorted({'matplotlib', 'PIL'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    for flag in ("IMAGE", "--flip", "--size", "--seed", "--threads", "--out", "--quiet"):
        assert flag in done.stdout
