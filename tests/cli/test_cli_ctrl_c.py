"""Ctrl-C while a command starts is one line and exit code 130, whatever is being imported."""

import os
import signal
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")

# What pip makes of the entry point.
SCRIPT = """\
import sys
from spinglass.cli import main
if __name__ == "__main__":
    sys.argv[0] = sys.argv[0].removesuffix(".exe")
    sys.exit(main())
"""

# From the first module of the package to the last before a command runs.
STAGES = ["spinglass._start", "numpy._core", "spinglass.models.energy", "spinglass.cli.arguments"]

LONG = ["landscape", "--spins", "28", "--quiet", "--out", "out"]


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("way", ["module", "script"])
def test_ctrl_c_during_the_imports_of_a_command_is_one_line(way, stage, tmp_path):
    script = tmp_path / "spinglass"
    script.write_text(SCRIPT)
    command = ["-m", "spinglass"] if way == "module" else [str(script)]
    process = subprocess.Popen(
        [sys.executable, "-X", "importtime", *command, *LONG],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    # A line for each module that was imported, as soon as it was.
    seen = iter(process.stderr.readline, "")
    assert any(line.split()[-1:] == [stage] for line in seen)
    process.send_signal(signal.SIGINT)
    out, rest = process.communicate(timeout=60)
    said = [line for line in rest.splitlines() if not line.startswith("import time:")]
    assert [line.partition(";")[0] for line in said] == ["spinglass: interrupted"], rest
    assert (process.returncode, out) == (130, "")


@pytest.mark.parametrize(
    "stderr", ["os.close(2)", "r, w = os.pipe(); os.close(r); os.dup2(w, 2)", "sys.stderr = None"]
)
def test_ctrl_c_while_a_command_starts_ends_it_whatever_stderr_is(stderr):
    code = (
        "import os, signal, sys, time; signal.signal(signal.SIGINT, signal.default_int_handler); "
        f"sys.argv = ['spinglass']; import spinglass._start; {stderr}; "
        "os.kill(os.getpid(), signal.SIGINT); time.sleep(10)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (run.returncode, run.stdout, run.stderr) == (130, "", "")


def test_a_program_that_imports_the_package_keeps_its_answer_to_ctrl_c():
    code = (
        "import signal, spinglass.cli; "
        "print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    )
    # Pytest may have been started by what ignores SIGINT, which is inherited.
    run = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import signal; signal.signal(2, signal.default_int_handler); {code}",
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert run.stdout == "True\n"


def test_a_command_that_ignores_ctrl_c_goes_on_ignoring_it(tmp_path):
    code = (
        "import os, signal, sys; signal.signal(2, signal.SIG_IGN); sys.argv = ['spinglass']; "
        "import spinglass.cli; os.kill(os.getpid(), 2); print(spinglass.cli.main(['--version']))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert run.stdout.endswith("0\n")
