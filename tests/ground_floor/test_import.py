"""What an import brings: names at once, NumPy with the first of them, SciPy's parts when used."""

import ast
import pkgutil
import rlcompleter
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import spinglass

SLOW = {"numpy", "scipy", "tqdm"}


def imported_after(code):
    """Return the modules that a fresh interpreter has after some code."""
    script = f"import sys\n{code}\nprint('modules', *sys.modules, file=sys.__stdout__)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(run.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    ("words", "code"),
    [(["--help"], 0), (["--version"], 0), ([], 0), (["capaciti"], 2), (["--verbose"], 2)],
)
def test_help_version_and_a_wrong_command_do_not_wait_for_numpy(words, code):
    modules = imported_after(f"from spinglass.cli import main\nassert main({words}) == {code}")
    assert "spinglass.cli" in modules
    assert not SLOW & modules


def test_numpy_comes_with_the_first_name_that_needs_it():
    assert not SLOW & imported_after("import spinglass\nspinglass.__version__, dir(spinglass)")
    assert "numpy" in imported_after("import spinglass\nspinglass.Hopfield")


def test_all_public_names_together_do_not_import_what_only_some_calls_need():
    modules = imported_after("from spinglass import *\nIsing, BernoulliRBM, exact")
    slow = {"scipy.linalg", "scipy.optimize", "scipy.sparse", "scipy.special", "scipy.stats"}
    assert not modules & {*slow, "tqdm", "sqlite3", "multiprocessing"}


def test_every_room_may_be_the_first_that_is_imported():
    rooms = [x.name for x in pkgutil.walk_packages(spinglass.__path__, "spinglass.") if x.ispkg]
    assert len(rooms) > 10
    # All in one process, where all but the compiled module is forgotten in between.
    imported_after(f"""from importlib import import_module
for room in {rooms}:
    for name in [x for x in sys.modules if x.startswith("spinglass.") and x != "spinglass._core"]:
        del sys.modules[name]
    sys.modules.pop("spinglass", None)
    import_module(room)""")


def test_names_are_known_before_they_are_imported():
    code = "import spinglass\nassert set(spinglass.__all__) <= set(dir(spinglass))"
    assert "spinglass.models" not in imported_after(code)
    found = rlcompleter.Completer({"spinglass": spinglass}).attr_matches("spinglass.Matt")
    assert [name.rstrip("(") for name in found] == ["spinglass.Mattis"]


def test_a_star_import_brings_every_public_name():
    names = {}
    exec("from spinglass import *", names)
    assert set(spinglass.__all__) <= set(names)


def test_a_type_checker_sees_what_is_found():
    tree = ast.parse(Path(spinglass.__file__).read_text(encoding="utf-8"))
    block = next(x for x in tree.body if isinstance(x, ast.If))
    names = set()
    for node in block.body:
        for alias in node.names:
            if node.module == "spinglass":
                assert getattr(spinglass, alias.name) is import_module(f"spinglass.{alias.name}")
            else:
                found = getattr(import_module(node.module), alias.name)
                assert getattr(spinglass, alias.name) is found
            names.add(alias.name)
    here = {
        "Interrupted", "MeasurementError", "RecallInterrupted", "SamplingInterrupted",
        "__version__", "simd_level",
    }  # fmt: skip
    assert names | here == {*spinglass.__all__, *spinglass._NAMESPACES}


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'spinglass' has no attribute 'Hopfeld'"):
        _ = spinglass.Hopfeld
