"""What is public refuses what is wrong by name, bears what is extreme, and never ends the process.

A few cases of each call, the same in every run; `python -m tests.fuzz` does it at length.
"""

import os
import subprocess
import sys

import pytest

from fuzz import session, verdict
from fuzz.surface import members, methods, public, underlying

for extra in ("matplotlib", "safetensors", "pandas", "pyarrow", "PIL"):
    pytest.importorskip(extra)

CASES = 3


@pytest.fixture
def known(tmp_path, monkeypatch):
    """Return the calls, whose files are in a folder of the test."""
    from fuzz import calls

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    for made in (calls.calls, calls.files, calls.made):
        made.cache_clear()
    return calls


@pytest.mark.filterwarnings("ignore")  # a few chains are too few for an error
def test_every_public_name_has_a_call(known):
    found = known.calls()
    covered = {underlying(function) for function, _ in found.values()}
    labels = {name.partition(" ")[0] for name in found}
    for name, function in public().items():
        tail = name.removeprefix("spinglass.")
        assert underlying(function) in covered or {tail, tail.rpartition(".")[2]} & labels, name


def test_a_new_name_without_a_value_for_its_arguments_is_an_error(known):
    with pytest.raises(KeyError, match=r"the argument mass of \.shake has no valid value"):
        known.value("", "shake", "mass")
    with pytest.raises(KeyError, match="Jelly"):
        known.made("Jelly")


def test_public_names_are_found_with_their_methods():
    names = {name for name, _ in members()}
    assert {"spinglass.sample", "spinglass.theory.sk.energy"} <= names
    assert "spinglass.Run.summary" in public()
    assert dict(methods("int", int))["int.bit_length"] is int.bit_length


def test_a_few_cases_of_each_call_have_no_faults():
    said = session.session(CASES, seconds=20.0)
    assert session.kinds(said) == {}
    done = [line["done"] for line in said if "done" in line]
    assert len(done) > 300
    assert sum(done) > 0.95 * CASES * len(done)


# ---- what is told apart ------------------------------------------------------------------------


def call(size):
    """Return a number.

    Raises
    ------
    LookupError
        If there is none.
    """


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (ValueError("size must be 3, got 4"), None),
        (KeyError("size"), None),
        (MemoryError("size: a copy needs 4.0 TB"), None),
        (ValueError("operands could not be broadcast together"), "names no argument"),
        (AttributeError("'int' object has no attribute 'size'"), "is not documented"),
        (OSError("size"), "is not documented"),
        (MemoryError("Unable to allocate"), "does not say what it needs"),
        (ValueError(""), "has a message of 0 characters"),
        (ValueError("size" * 1000), "has a message of 4000 characters"),
    ],
)
def test_an_exception_is_documented_and_names_an_argument(error, fault):
    found = verdict.of_exception(call, {"size": 4}, error)
    assert found is None if fault is None else found.startswith(fault)


@pytest.mark.parametrize("result", [float("nan"), {"a": [1.0, (float("nan"),)]}])
def test_a_nan_is_told_of_in_the_docstring(result):
    def told():
        """Return NaN where nothing is known."""

    assert verdict.of_result(call, result).startswith("gives a NaN")
    assert verdict.of_result(told, result) is None
    assert verdict.of_result(call, 1.0) is None


@pytest.mark.parametrize("end", ["os.abort()", "os.kill(os.getpid(), signal.SIGSEGV)"])
def test_a_process_that_dies_is_noticed(tmp_path, end):
    code = f"import os, signal; {end}"
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    assert session.watched(process, tmp_path).startswith("ends the process: -")


def test_a_process_that_stands_still_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(session, "SECONDS_UNTIL_A_HANG", 0.3)
    code = "import time; time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    assert session.watched(process, tmp_path) == "hangs"
    assert process.returncode is not None


def test_the_same_case_comes_out_of_the_same_number(known):
    from fuzz.cases import case

    first, again, other = (str(case("to_bits", k, seed=1)) for k in (5, 5, 6))
    assert first == again
    assert first != other
    assert os.environ["MPLBACKEND"] == "Agg"
