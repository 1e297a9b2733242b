"""The order of the house: which room may import which, read from the imports themselves."""

import ast
import inspect
import pkgutil
import re
from functools import cache
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import pytest

import spinglass

PACKAGE = Path(spinglass.__file__).parent

# From the top of the house to its ground. Rooms of one floor may import each other; the ground
# floor is every underscored file beside the rooms.
FLOORS = (
    {"cli"},
    {"plotting", "experiments"},
    {"runner", "adapters"},
    {"machines", "inverse", "diffusion"},
    {"partition"},
    {"sampling"},
    {"models"},
)
# These import nothing but the ground floor, and every room may import them.
STANDALONE = {"theory", "statistics"}
ROOMS = set().union(*FLOORS) | STANDALONE
# Files at the root beside the ground floor, each the public names of a part of a room.
NAMESPACES = {"exact": "partition", "meanfield": "partition", "rules": "models"}
# The one place that imports what lies above it, by name. The face of the package does so too.
REGISTRY = {"_registry", ""}


@cache
def modules():
    """Return the file of every module, by its name without the package's."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        *folders, name = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(folders if name == "__init__" else [*folders, name])] = path
    return found


def imports_in(source, is_module):
    """Return the modules of the package that a source imports, in any of its functions too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            if (node.module or "").partition(".")[0] == "spinglass":
                module = node.module.partition(".")[2]
                for alias in node.names:
                    inner = f"{module}.{alias.name}".lstrip(".")
                    yield inner if is_module(inner) else module
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.partition(".")[0] == "spinglass":
                    yield alias.name.partition(".")[2]


@cache
def arrows():
    """Return every import of the package as a pair: who imports, and what."""
    known = {*modules(), "_core"}
    return [
        (module, other)
        for module, path in modules().items()
        for other in imports_in(path.read_text(encoding="utf-8"), known.__contains__)
    ]


def room_of(module):
    """Return the room of a module: "ground" for the ground floor, "" for the package's face."""
    first = module.partition(".")[0]
    if first in NAMESPACES:
        return NAMESPACES[first]
    return "ground" if first.startswith("_") and first != "__main__" else first


def floor_of(room):
    return next(k for k, floor in enumerate(FLOORS) if room in floor)


def is_allowed(room, other):
    if room == other or other == "ground" or room in ("", "__main__"):
        return True
    if room == "ground" or room in STANDALONE or other == "":
        return False
    return other in STANDALONE or floor_of(room) <= floor_of(other)


def room_arrows():
    """Return the imports that lead from one room to another, neither of them the ground floor."""
    pairs = [(room_of(a), room_of(b)) for a, b in arrows()]
    return [(a, b) for a, b in pairs if a != b and a in ROOMS and b in ROOMS]


def test_every_file_stands_in_a_room_or_on_the_ground_floor():
    tops = {module.partition(".")[0] for module in modules()} - {"", "__main__"}
    strangers = {x for x in tops if not x.startswith("_")} - ROOMS - set(NAMESPACES)
    assert not strangers
    twins = {x for x in tops if x.startswith("_") and x.lstrip("_") in tops}
    assert not twins


def test_imports_point_down():
    wrong = [f"{a} -> {b}" for a, b in arrows() if not is_allowed(room_of(a), room_of(b))]
    assert not wrong


def test_the_test_finds_what_points_up():
    assert not is_allowed("models", "sampling")
    assert not is_allowed("theory", "models")
    assert not is_allowed("ground", "experiments")
    assert is_allowed("experiments", "theory")
    source = "def f():\n    from spinglass.runner import loop\n    import spinglass.cli"
    assert list(imports_in(source, {"runner.loop"}.__contains__)) == ["runner.loop", "cli"]


def cycle_among(pairs):
    """Return a cycle, or nothing: what imports itself by way of others."""
    below = {}
    for a, b in pairs:
        below.setdefault(a, set()).add(b)
    done = set()

    def visit(node, way):
        if node in way:
            return [*way[way.index(node) :], node]
        if node in done:
            return []
        for other in sorted(below.get(node, ())):
            if found := visit(other, [*way, node]):
                return found
        done.add(node)
        return []

    return next((found for start in sorted(below) if (found := visit(start, []))), [])


def test_no_module_imports_itself_by_way_of_others():
    # A face imports its room, so whoever imports a room's face from inside goes round.
    assert cycle_among((a, b) for a, b in arrows() if a != b) == []
    assert cycle_among([("a", "b"), ("b", "c"), ("c", "b")]) == ["b", "c", "b"]


def test_rooms_of_one_floor_import_each_other_one_way_only():
    assert cycle_among(room_arrows()) == []


# Packages that know a model in another form; their signs are turned in one room.
OTHERS = {"dimod", "networkx"}


def test_only_adapters_import_packages_with_signs_of_their_own():
    importing = {
        room_of(module)
        for module, path in modules().items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in [getattr(node, "module", None) or node.names[0].name]
        if name.partition(".")[0] in OTHERS
    }
    assert importing == {"adapters"}


def imported_by_name(source):
    """Return whether a source imports the package's modules by a name it computes."""
    return any(
        isinstance(node, ast.Call)
        and getattr(node.func, "id", getattr(node.func, "attr", None))
        in ("import_module", "__import__")
        for node in ast.walk(ast.parse(source))
    )


def test_only_the_registry_points_back():
    by_name = {m for m, path in modules().items() if imported_by_name(path.read_text("utf-8"))}
    # `_needed` imports other packages by name.
    assert by_name == REGISTRY | {"_needed"}


@pytest.mark.parametrize(
    "package",
    [
        "spinglass",
        *(x.name for x in pkgutil.walk_packages([str(PACKAGE)], "spinglass.") if x.ispkg),
    ],
)
def test_no_module_is_shadowed_by_a_name_of_its_package(package):
    module = import_module(package)
    for inner in pkgutil.iter_modules(module.__path__):
        value = getattr(module, inner.name, None)
        assert value is None or inspect.ismodule(value), f"{package}.{inner.name} is no module"


def test_the_namespaces_at_the_root_hold_no_logic():
    for name in NAMESPACES:
        tree = ast.parse(modules()[name].read_text(encoding="utf-8"))
        docstring, *rest = tree.body
        assert isinstance(docstring, ast.Expr)
        assert all(isinstance(node, ast.ImportFrom | ast.Assign) for node in rest)
        public = import_module(f"spinglass.{name}")
        assert all(callable(getattr(public, x)) for x in public.__all__)


@pytest.mark.parametrize(
    "name",
    ["adapters", "exact", "experiments", "meanfield", "plotting", "rules", "statistics", "theory"],
)
def test_a_public_namespace_is_an_attribute_of_the_package(name):
    assert getattr(spinglass, name) is import_module(f"spinglass.{name}")
    assert name in dir(spinglass)


def test_floors_are_named_from_top_to_bottom_as_in_the_contributors_page():
    page = PACKAGE.parents[1] / "CONTRIBUTING.md"
    if not page.exists():
        pytest.skip("the page is not installed with the package")
    text = " ".join(page.read_text(encoding="utf-8").split())
    for upper, lower in pairwise(FLOORS):
        names = [", ".join(sorted(x for x in floor)) for floor in (upper, lower)]
        assert f"{names[0]} -> {names[1]}" in text


def names_in_docstrings():
    """Yield every dotted name of the package that a source mentions, with its module."""
    pattern = re.compile(r"(?<![\w./])spinglass(?:\.\w+)+(?!\w|\.py|\.sqlite|\[)")
    for module, path in modules().items():
        for name in sorted(set(pattern.findall(path.read_text(encoding="utf-8")))):
            yield module, name.rstrip(".")


def resolves(name):
    """Return whether a dotted name can be imported, or reached from what can."""
    parts = name.split(".")
    for k in range(len(parts), 0, -1):
        try:
            found = import_module(".".join(parts[:k]))
        except ModuleNotFoundError:
            continue
        return all((found := getattr(found, part, None)) is not None for part in parts[k:])
    return False


def test_names_that_docstrings_mention_can_be_imported():
    keys_of_files = {"spinglass.config", "spinglass.version", "spinglass.rbm"}
    missing = [
        f"{module}: {name}"
        for module, name in names_in_docstrings()
        if name not in keys_of_files and not resolves(name)
    ]
    assert not missing
    assert resolves("spinglass.experiments.capacity")
    assert not resolves("spinglass.experiments.capacity.no_such_name")
