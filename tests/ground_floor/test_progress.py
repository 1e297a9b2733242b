"""Progress on any stderr: it is shown where it can be, and never ends the work."""

import io
import os
import subprocess
import sys

import pytest

from spinglass._caller import warn_caller
from spinglass._progress import progress_callback, say

WORK = """
import sys
from spinglass import BernoulliRBM, Ising, sample
import numpy as np
{stderr}
run = sample(Ising(np.ones((4, 4)) - np.eye(4)), 0.5, 200, seed=1, progress=True)
model = BernoulliRBM(2, n_iter=3, random_state=0, verbose=1).fit(np.eye(4), progress=True)
print(run.n_sweeps, model.n_features_in_)
sys.stderr = sys.__stderr__  # the end of Python itself flushes it
"""

STREAMS = {
    "as it is": "",
    "None": "sys.stderr = None",
    "an object": "sys.stderr = object()",
    "without isatty": "sys.stderr = type('Stream', (), {'write': lambda self, text: None})()",
    "closed": "sys.stderr.close()",
    "write raises": """
class Stream:
    def isatty(self): raise RuntimeError('no')
    def write(self, text): raise RuntimeError('no')
    def flush(self): raise RuntimeError('no')
sys.stderr = Stream()""",
    "a terminal that breaks": """
class Stream:
    encoding = 'utf-8'
    def isatty(self): return True
    def write(self, text): raise ValueError('no')
    def flush(self): raise ValueError('no')
sys.stderr = Stream()""",
    "an old encoding": """
import io
sys.stderr = io.TextIOWrapper(io.BytesIO(), 'ascii', errors='strict')""",
    "of bytes": "import io; sys.stderr = io.BytesIO()",
    "a file": "sys.stderr = open('err.txt', 'w')",
    "a file to read": "sys.stderr = open(sys.executable, 'rb')",
}


def carried_out(stderr, folder, **options):
    child = subprocess.run(
        [sys.executable, "-c", WORK.format(stderr=stderr)],
        capture_output=True, text=True, check=False, timeout=120, cwd=folder, **options,
    )  # fmt: skip
    assert child.returncode == 0, child.stderr
    return child


@pytest.mark.parametrize("stderr", STREAMS.values(), ids=STREAMS)
def test_no_stderr_ends_the_work_nor_sends_progress_to_stdout(stderr, tmp_path):
    child = carried_out(stderr, tmp_path)
    *verbose, last = child.stdout.splitlines()
    assert last == "200 4"
    assert len(verbose) == 3
    assert all(line.startswith("[BernoulliRBM] Iteration") for line in verbose)


def test_lines_in_a_file_say_how_far_it_is(tmp_path):
    carried_out(STREAMS["a file"], tmp_path)
    lines = (tmp_path / "err.txt").read_text().splitlines()
    assert "sample: 200 of 200 sweeps" in [line.partition(",")[0] for line in lines]
    assert "\r" not in "".join(lines)


@pytest.mark.skipif(os.name != "posix", reason="closes a descriptor of a shell")
@pytest.mark.parametrize("closed", ["2>&-", ">&- 2>&-"])
def test_descriptors_that_were_closed_before_the_start_do_not_matter(closed, tmp_path):
    script = WORK.format(stderr="") + "\nopen('done', 'w').close()"
    command = ["sh", "-c", f'"$0" -c "$1" {closed}', sys.executable, script]
    child = subprocess.run(command, capture_output=True, check=False, timeout=120, cwd=tmp_path)
    assert child.returncode == 0
    assert (tmp_path / "done").exists()
    assert b"sweeps" not in child.stdout


def test_an_error_of_the_users_own_progress_is_the_users():
    def told(done, total):
        raise KeyError("mine")

    with (
        pytest.raises(KeyError, match="mine"),
        progress_callback(told, "walk", "steps") as report,
    ):
        report(1, 2)


def on_a_terminal(columns, folder, **environment):
    """Return what a run writes to a terminal of so many columns."""
    import fcntl
    import struct
    import termios

    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    child = subprocess.Popen(
        [sys.executable, "-c", WORK.format(stderr="")],
        stdout=subprocess.PIPE, stderr=slave, cwd=folder,
        env={**os.environ, "TERM": "xterm", **environment},
    )  # fmt: skip
    os.close(slave)
    written = b""
    while True:
        try:
            piece = os.read(master, 4096)
        except OSError:  # how Linux says that the other end is closed
            break
        if not piece:
            break
        written += piece
    os.close(master)
    assert child.communicate(timeout=120)[0].splitlines()[-1] == b"200 4"
    assert child.returncode == 0
    return written.decode()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="speaks to a pseudo-terminal")
@pytest.mark.parametrize("columns", [80, 12, 1, 0])
def test_a_bar_fits_the_terminal_and_is_gone_in_the_end(columns, tmp_path):
    written = on_a_terminal(columns, tmp_path)
    assert "\n" not in written
    assert written.rstrip("\r").rpartition("\r")[2].strip() == ""
    if columns > 1:
        assert "sample" in written
        assert max(map(len, written.split("\r"))) <= columns


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="speaks to a pseudo-terminal")
def test_a_terminal_that_cannot_go_back_in_its_line_gets_lines(tmp_path):
    written = on_a_terminal(80, tmp_path, TERM="dumb")
    assert "sample: 200 of 200 sweeps" in written
    assert "\r" not in written.replace("\r\n", "")


@pytest.mark.parametrize(
    "stderr", ["None", "an object", "closed", "write raises", "a file to read", "of bytes"]
)
def test_a_warning_that_cannot_be_written_does_not_lose_the_result(stderr, tmp_path):
    script = f"""
import sys
from spinglass import SherringtonKirkpatrick, estimate_log_partition
{STREAMS[stderr]}
found = estimate_log_partition(SherringtonKirkpatrick(60, seed=1), "ais", beta=3, betas=3,
                               n_chains=5, seed=1, progress=True)
print(found.warning)
sys.stderr = None
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert "to be believed" in done.stdout


def test_a_warning_that_a_filter_makes_an_error_is_one():
    with pytest.raises(RuntimeWarning, match="seen"):
        warn_caller("seen", RuntimeWarning)
    with pytest.warns(UserWarning, match="seen") as caught:
        warn_caller("seen")
    assert caught[0].filename == __file__


def test_a_line_goes_where_it_can_and_nowhere_else(capsys):
    say("seen", sys.stderr)
    say("never", None)
    closed = io.StringIO()
    closed.close()
    say("never", closed)
    assert capsys.readouterr() == ("", "seen\n")
