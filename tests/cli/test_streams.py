"""Commands whose output nobody reads, or cannot be written: a quiet end, with all files."""

import os
import subprocess
import sys

import pytest

from spinglass.cli import main
from spinglass.cli.arguments import show

TINY = ["capacity", "--spins", "50", "--loads", "0.1", "0.3", "--instances", "2"]

pytestmark = pytest.mark.skipif(os.name != "posix", reason="of pipes as POSIX has them")


def unread():
    """Return the end of a pipe whose other end is closed."""
    read, write = os.pipe()
    os.close(read)
    return write


def command(*words, **streams):
    pipes = [x for x in streams.values() if isinstance(x, int) and x > 2]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
    done = subprocess.run(
        [sys.executable, "-m", "spinglass", *words], check=False, timeout=120, text=True, **streams
    )
    for pipe in pipes:
        os.close(pipe)
    return done


@pytest.mark.parametrize(
    "words", [[], ["--help"], ["--version"], ["capacity", "--help"], [*TINY, "--out", "out"]]
)
def test_a_reader_that_has_gone_ends_a_command_quietly(words, tmp_path):
    done = command(*words, stdout=unread(), cwd=tmp_path)
    assert done.returncode == 0
    assert "Error" not in done.stderr
    assert "Exception" not in done.stderr
    assert "Traceback" not in done.stderr
    if words[-1:] == ["out"]:
        assert (tmp_path / "out" / "trials.csv").exists()


def test_the_first_line_of_a_table_can_be_had(tmp_path):
    script = f"'{sys.executable}' -m spinglass {' '.join(TINY)} --out '{tmp_path}' | head -n 1"
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["N", "half-point", "error"]
    assert "Error" not in done.stderr


def test_nobody_who_reads_errors_does_not_change_the_exit_code(tmp_path):
    assert command(*TINY, "--nope", stderr=unread(), cwd=tmp_path).returncode == 2
    assert command("status", "nothing", stderr=unread(), cwd=tmp_path).returncode == 2
    done = command(*TINY, "--out", "out", stderr=unread(), cwd=tmp_path)
    assert done.returncode == 0
    assert "half-point" in done.stdout


@pytest.mark.parametrize("closed", ["2>&-", ">&- 2>&-"])
def test_errors_without_a_stderr_do_not_go_to_stdout(closed, tmp_path):
    script = f"'{sys.executable}' -m spinglass {' '.join(TINY)} --nope {closed}"
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""


def test_names_that_an_encoding_lacks_are_escaped(tmp_path):
    image = tmp_path / "café.png"
    pillow = pytest.importorskip("PIL.Image")
    pillow.linear_gradient("L").resize((16, 16)).save(image)
    encoding = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = command("recall", str(image), "--out", "out", cwd=tmp_path, env=encoding)
    assert done.returncode == 0, done.stderr
    assert r"caf\xe9" in done.stdout


def test_names_that_are_no_text_are_escaped(capsys):
    show("a\udcff")
    assert capsys.readouterr().out == "a\\udcff\n"


@pytest.mark.parametrize("columns", ["1", "10", "many", "0"])
def test_help_bears_any_width_of_the_terminal(columns, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", columns)
    for words in (["--help"], ["capacity", "--help"]):
        assert main(words) == 0
        assert capsys.readouterr().out
