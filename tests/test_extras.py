"""What must be installed for what: the hints of messages and pages name extras that there are."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

import spinglass

PACKAGE = Path(spinglass.__file__).parent
ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

# What a page shows, and which extra brings it.
NEEDS = {
    "plot": r"\.plot\(|matplotlib|figures/|spinglass recall",
    "rbm": r"spinglass rbm|RBM\.load|checkpoint=|safetensors",
    "sklearn": r"sklearn|--digits",
    "tables": r"to_dataframe|to_parquet|\.parquet",
    "xarray": r"to_xarray|to_datatree",
    "dask": r"--cluster|dask (scheduler|worker)",
    "dimod": r"import dimod|from_bqm\(|to_bqm\(",
    "networkx": r"import networkx",
}
# The modules that each extra is there for, and no other module is imported if it is not there.
MODULES = {
    "plot": {"matplotlib", "mpl_toolkits", "PIL"},
    "rbm": {"safetensors"},
    "sklearn": {"sklearn"},
    "tables": {"pandas", "pyarrow"},
    "xarray": {"xarray"},
    "dask": {"distributed"},
    "dimod": {"dimod"},
    "networkx": {"networkx"},
}
# Nothing in the package needs these.
FOR_CONTRIBUTORS = {"check", "docs", "test"}
# Type checkers have it; nothing else imports it.
FOR_TYPES = {"typing_extensions"}
# Imported only if the user has it already.
THE_USERS = {"polars", "IPython"}


@pytest.fixture(scope="module")
def project():
    file = ROOT / "pyproject.toml"
    if not file.exists():
        pytest.skip("the project is not installed with the package")
    return tomllib.loads(file.read_text(encoding="utf-8"))["project"]


def sources():
    return {file: file.read_text(encoding="utf-8") for file in sorted(PACKAGE.rglob("*.py"))}


def hints(text):
    """Yield what is said to be installed: the name, and the extras."""
    for name, extras in re.findall(r"pip install (?:-e )?'?([\w.-]+)(?:\[([\w,]+)\])?", text):
        yield name, set(extras.split(",")) if extras else set()


def test_messages_say_how_to_install_an_extra_that_there_is(project):
    extras = set(project["optional-dependencies"])
    found = [hint for text in sources().values() for hint in hints(text)]
    assert len(found) > 5
    for name, named in found:
        assert name == "spinglass"
        assert named
        assert named <= extras
    for text in sources().values():
        for named in re.findall(r"spinglass\[([\w,]+)\]", text):
            assert set(named.split(",")) <= extras


def test_every_optional_module_comes_with_an_extra(project):
    extras = project["optional-dependencies"]
    assert set(MODULES) == set(extras) - FOR_CONTRIBUTORS
    needed = {re.match(r"[\w-]+", x)[0] for x in project["dependencies"]}
    known = set().union(*MODULES.values()) | needed | THE_USERS | FOR_TYPES
    for file, text in sources().items():
        for node in ast.walk(ast.parse(text)):
            names = [x.name for x in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module]
            for name in {name.partition(".")[0] for name in names}:
                assert name in known or name == "spinglass" or name in _standard(), (file, name)


def _standard():
    import sys

    return sys.stdlib_module_names


@pytest.mark.skipif(not PAGES[0].exists(), reason="the pages are not installed with the package")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_says_which_extras_it_needs(page, project):
    text = page.read_text(encoding="utf-8")
    named = set().union(*(extras for _, extras in hints(text)))
    table = set(re.findall(r"^\| `(\w+)` \|", text, flags=re.MULTILINE))
    wanted = {extra for extra, shown in NEEDS.items() if re.search(shown, text)}
    assert wanted <= named | table
    assert named <= set(project["optional-dependencies"])


@pytest.mark.skipif(not PAGES[0].exists(), reason="the pages are not installed with the package")
def test_the_readme_lists_all_extras_and_what_they_install(project):
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", PAGES[0].read_text(), flags=re.MULTILINE)
    names = {"PyArrow": "pyarrow", "Matplotlib": "matplotlib", "Pillow": "pillow"}
    listed = {extra: {names.get(x, x) for x in what.split(", ")} for extra, what in rows}
    installed = {
        extra: {re.match(r"[\w-]+", x)[0] for x in packages}
        for extra, packages in project["optional-dependencies"].items()
        if extra not in FOR_CONTRIBUTORS
    }
    assert listed == installed
