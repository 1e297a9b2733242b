"""A real notebook: every figure is shown, results are tables, progress is a bar, Ctrl-C works."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

pytest.importorskip("matplotlib")
pytest.importorskip("ipykernel")
pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")

# In a process of its own, which keeps the threads and sockets of a kernel's client to itself.
EXECUTE = """
import sys, nbclient, nbformat
book = nbformat.read(sys.argv[1], 4)
nbclient.NotebookClient(book, timeout=120, resources={"metadata": {"path": "."}}).execute()
nbformat.write(book, sys.argv[1])
"""
SAMPLED = """
import spinglass
run = spinglass.sample(spinglass.SquareLattice(8), 0.3, 200, n_replicas=2, seed=1, progress=True)
"""
OWN = "import matplotlib.pyplot as plt\nplt.plot([1, 2]);"


@pytest.fixture
def notebook(tmp_path):
    """Return what runs cells in a kernel of its own and returns the outputs of each."""
    folders = ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    environment = {**os.environ, **{name: str(tmp_path / name) for name in folders}}
    environment.pop("MPLBACKEND", None)  # the kernel has one of its own

    def execute(*cells):
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(x) for x in cells])
        file = tmp_path / "book.ipynb"
        nbformat.write(book, file)
        done = subprocess.run(
            [sys.executable, "-c", EXECUTE, str(file)],
            cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=250,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return [cell.outputs for cell in nbformat.read(file, 4).cells]

    return execute


def images(outputs):
    return sum("image/png" in output.get("data", {}) for output in outputs)


def words(outputs, stream):
    return "".join(x.text for x in outputs if x.output_type == "stream" and x.name == stream)


def test_every_figure_is_shown_and_after_them_those_of_the_user(notebook):
    cells = [SAMPLED, "run.plot();", "run.plot();", OWN, "plt.style.use('dark_background')",
             "run.plot();", OWN]  # fmt: skip
    _, first, second, own, _, dark, own_dark = notebook(*cells)
    assert [images(x) for x in (first, second, own, dark, own_dark)] == [1, 1, 1, 1, 1]


def test_a_picture_for_a_file_leaves_the_figures_of_the_user_alone(notebook):
    picture = "from spinglass import plotting\nprint(len(plotting.png(plotting.run, run)) > 1000)"
    _, saved, own, found, again = notebook(SAMPLED, picture, OWN, "run.plot();", OWN)
    assert words(saved, "stdout") == "True\n"
    assert [images(x) for x in (saved, own, found, again)] == [0, 1, 1, 1]


def test_results_are_shown_as_they_print(notebook):
    cells = [
        SAMPLED, "run", "print(run)", "run.summary().energy",
        "from spinglass import experiments\nexperiments.landscape(n_spins=8)",
    ]  # fmt: skip
    _, shown, printed, energy, landscape = notebook(*cells)
    (result,) = shown
    assert result.data["text/plain"] + "\n" == words(printed, "stdout")
    assert result.data["text/html"].startswith("<pre>SquareLattice")
    assert "energy per spin" in result.data["text/plain"]
    assert energy[0].data["text/plain"].startswith("-0.")
    assert landscape[0].data["text/plain"].startswith("Energy landscape of 8 spins")


def test_progress_is_a_widget_where_there_are_widgets(notebook):
    pytest.importorskip("ipywidgets")
    outputs, _ = notebook(SAMPLED, "")
    assert words(outputs, "stderr") == words(outputs, "stdout") == ""
    assert outputs
    assert all("application/vnd.jupyter.widget-view+json" in x.data for x in outputs)


def test_progress_is_quiet_lines_where_there_are_no_widgets(notebook):
    _, outputs = notebook("import sys\nsys.modules['ipywidgets'] = None", SAMPLED)
    lines = words(outputs, "stderr").splitlines()
    assert lines[-1].startswith("sample: 200 of 200 sweeps")
    assert all(line.startswith("sample: ") for line in lines)
    assert words(outputs, "stdout") == ""


@pytest.mark.skipif(os.name != "posix", reason="sends a signal of POSIX")
@pytest.mark.parametrize("progress", ["True", "False"])
def test_interrupting_the_kernel_keeps_what_was_done(progress, notebook, tmp_path):
    begun = tmp_path / "begun"

    def interrupt():
        while not begun.exists():
            time.sleep(0.02)
        os.kill(int(begun.read_text()), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    long = f"""
import os, pathlib, threading
from spinglass import Interrupted, SquareLattice, sample
def tell():
    pathlib.Path('part').write_text(str(os.getpid()))
    os.replace('part', 'begun')
threading.Timer(0.5, tell).start()
try:
    sample(SquareLattice(64), 0.4, 10**9, every=1000, seed=1, progress={progress})
except Interrupted as interrupt:
    kept = interrupt.result
"""
    _, after, going_on = notebook(
        long, "print(0 < kept.n_sweeps < 10**9, kept.n_measurements == kept.n_sweeps // 1000)",
        SAMPLED + "print(run.n_sweeps)",
    )  # fmt: skip
    assert words(after, "stdout") == "True True\n"
    assert words(going_on, "stdout") == "200\n"
