"""Every example in a docstring runs and shows what it says."""

import doctest
import importlib
import pkgutil
import sys

import pytest

import spinglass

# `python -m spinglass` is a command and no library.
MODULES = sorted(
    ["spinglass"]
    + [
        module.name
        for module in pkgutil.walk_packages(
            spinglass.__path__, "spinglass.", onerror=lambda _: None
        )
        if module.name.rpartition(".")[2] != "__main__"
    ]
)
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def run(tests):
    """Run doctests and return how many examples there were and how many failed."""
    report = []
    runner = doctest.DocTestRunner(optionflags=OPTIONS, verbose=False)
    for test in tests:
        runner.run(test, out=report.append)
    print("".join(report))
    return runner.summarize(verbose=False)


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    """Examples may write files, and draw without a screen; their figures are closed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    yield
    if "matplotlib.pyplot" in sys.modules:  # pyplot keeps figures, and complains of more than 20
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_show_what_they_say(name):
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name.partition(".")[0] == "spinglass":
            raise
        pytest.skip(f"needs {error.name}")
    result = run(doctest.DocTestFinder().find(module))
    assert result.failed == 0
