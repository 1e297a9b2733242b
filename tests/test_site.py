"""The site of docs/: every page and every public name has its place, and notebooks are the pages.

`mkdocs build --strict`, which `.ci/run` does, checks links and anchors. What it cannot see is here.
"""

import importlib.util
import inspect
import pkgutil
import re
import sys
from importlib import import_module
from pathlib import Path

import pytest

import pages
import spinglass
from spinglass.experiments import (
    CriticalLoad,
    EnergyTrace,
    Flow,
    HalfPoint,
    RbmLikelihood,
    Result,
    Share,
    Snapshot,
    Worker,
)
from spinglass.experiments.config import Config

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
REFERENCE = sorted((DOCS / "api").glob("*.md"))
EARLIER_NAMES = "api/index.md"
# Names that cannot be read from the source, and the pages that tell of them.
IN_WORDS = {
    "spinglass.__version__": "api/package.md",
    "spinglass.plotting.THEORY": "api/plotting.md",
}

pytestmark = pytest.mark.skipif(not PAGES, reason="the pages are not installed with the package")


def module_of_docs(name):
    """Return a module that stands among the pages."""
    needs = {"figures": "PIL", "notebook": "nbformat"}
    pytest.importorskip(needs[name])
    spec = importlib.util.spec_from_file_location(f"docs_{name}", DOCS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look there
    spec.loader.exec_module(module)
    return module


def text_of(path):
    return path.read_text(encoding="utf-8")


# ---- pages ---------------------------------------------------------------------------------------


def test_every_page_has_a_line_in_the_nav_and_no_line_leads_nowhere():
    nav = text_of(ROOT / "mkdocs.yml").partition("\nnav:\n")[2].partition("\n\n")[0]
    lines = re.findall(r"([\w/]+\.md)$", nav, flags=re.MULTILINE)
    assert len(set(lines)) == len(lines)
    copies = {ROOT / x.removeprefix("repository/") for x in lines if x.startswith("repository/")}
    assert {DOCS / x for x in lines} - {DOCS / "repository" / x.name for x in copies} == {
        *PAGES,
        *REFERENCE,
    }
    assert all(copy.exists() for copy in copies)


def test_the_list_of_questions_leads_to_every_page():
    targets = set(re.findall(r"\]\(([\w/]+\.md)", text_of(DOCS / "index.md")))
    assert targets >= {page.name for page in PAGES} - {"index.md"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_is_called_by_the_question_that_it_answers(page):
    title = text_of(page).partition("\n")[0]
    assert re.fullmatch(r"# [A-Z].*\?", title) or page.name == "start.md"


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md"], ids=lambda page: page.stem)
def test_a_page_has_no_bracket_that_a_browser_takes_for_a_tag(page):
    fenced = re.compile(r"^```.*?^```$|`[^`\n]+`|^    .*$|<https?:[^>]+>", re.MULTILINE | re.DOTALL)
    assert re.findall(r"<[A-Za-z/!][^\n]*", fenced.sub("", text_of(page))) == []


def test_no_two_pages_have_a_store_of_one_name():
    # Notebooks are run in one folder, and a store that holds another scan is refused.
    named = [
        (store, page.name)
        for page in PAGES
        for store in {
            store
            for _, code, _ in pages.blocks(text_of(page))
            for store in re.findall(r"(\w+\.sqlite)", code)
        }
    ]
    assert len({store for store, _ in named}) == len(named) > 1


# ---- the reference -------------------------------------------------------------------------------


def public_modules():
    """Return every module with a list of public names, as far as what it needs is installed."""
    found = [spinglass]
    for info in pkgutil.walk_packages(spinglass.__path__, "spinglass."):
        if not any(part.startswith("_") for part in info.name.split(".")):
            try:
                module = import_module(info.name)
            except ModuleNotFoundError as error:
                if error.name.startswith("spinglass"):
                    raise
                continue
            found += [module] * hasattr(module, "__all__")
    return found


def public_names():
    """Return every public name with its object: not modules, which are pages."""
    return {
        f"{module.__name__}.{name}": value
        for module in public_modules()
        for name in module.__all__
        if not inspect.ismodule(value := getattr(module, name))
    }


def entries():
    """Return the names that the reference describes: directives, and names told of in words."""
    directives = [
        name
        for page in REFERENCE
        for name in re.findall(r"^::: ([\w.]+)$", text_of(page), flags=re.MULTILINE)
    ]
    return [*directives, *IN_WORDS]


def test_every_public_name_is_in_the_reference_once():
    listed, public = entries(), public_names()
    assert len(set(listed)) == len(listed)
    assert set(listed) <= set(public)
    # A function or class has one entry, under the name that is its most public one.
    objects = [id(public[x]) for x in listed if callable(public[x])]
    assert len(set(objects)) == len(objects)
    others = {name: value for name, value in public.items() if name not in listed}
    assert [name for name, value in others.items() if id(value) not in objects] == []


def test_every_public_name_has_an_example_or_is_in_that_of_another():
    # What an experiment takes and returns is in the example of its function; errors need none.
    of_others = (BaseException, Config, Result, CriticalLoad, HalfPoint, EnergyTrace, Flow)
    of_others += (RbmLikelihood, Snapshot, Share, Worker)
    without = [
        name
        for name, value in public_names().items()
        if callable(value)
        and not (inspect.isclass(value) and issubclass(value, of_others))
        and ">>>" not in (value.__doc__ or "")
    ]
    # An experiment is written in the example of `run`. The other one is compiled.
    assert {name.rpartition(".")[2] for name in without} == {"Experiment", "simd_level"}
    assert ">>>" in spinglass.Interrupted.__doc__


def test_the_types_of_the_reference_are_shown_as_they_are_written():
    # What stands above a description is a type, which the site shows as code: of `samples-like` it
    # makes a difference, and quotes of code it shows.
    typed = re.compile(r"^( +)(\S.*)\n\1 {4}\S", re.MULTILINE)
    wrong = [
        (path.name, line)
        for path in Path(spinglass.__file__).parent.rglob("*.py")
        for _, line in typed.findall(text_of(path))
        if re.match(r"\w+ : [\w]+-like|numpy\.ndarray.*``", line)
    ]
    assert wrong == []


def test_names_that_cannot_be_read_from_the_source_are_told_of_in_words():
    assert all(f"`{name}`" in text_of(DOCS / page) for name, page in IN_WORDS.items())
    told = set(re.findall(r"`[\w.]*?(\w+)`", text_of(DOCS / EARLIER_NAMES)))
    earlier = {
        name.rpartition(".")[2]
        for name, value in public_names().items()
        if value is spinglass.Interrupted
    }
    assert earlier <= told


@pytest.mark.parametrize("page", REFERENCE, ids=lambda page: page.stem)
def test_a_link_of_the_reference_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)\s#]+)", text_of(page)):
        assert (page.parent / target).exists(), target


def test_the_map_of_ideas_names_what_there_is():
    row = re.compile(r"^\|[^|\n]+\|([^|\n]+)\|[^|\n]+\|$", re.MULTILINE)
    rows = row.findall(text_of(DOCS / "ideas.md"))
    names = {name for row in rows for name in re.findall(r"`([\w.]+)`", row)}
    assert len(names) > 30
    for name in names:
        value = spinglass
        for part in name.split("."):
            value = getattr(value, part)  # AttributeError: there is no such name


# ---- notebooks -----------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_notebook_of_a_page_is_valid_and_has_its_code(page):
    module, nbformat = module_of_docs("notebook"), pytest.importorskip("nbformat")
    text = text_of(page)
    book = module.notebook(text, DOCS)
    nbformat.validate(book)
    cells = [cell for cell in book.cells if cell.cell_type == "code"]
    assert [cell.source + "\n" for cell in cells] == [code for _, code, _ in pages.blocks(text)]
    printed = ["".join(output.text for output in cell.outputs) for cell in cells]
    assert printed == [shown or "" for _, _, shown in pages.blocks(text)]
    assert nbformat.writes(book) == nbformat.writes(module.notebook(text, DOCS))


def test_a_notebook_stands_alone():
    module = module_of_docs("notebook")
    text = "# T\n\n[a page](x.md#y), [a site](https://x.org) ![A\npicture](figures/sk.png)\n"
    (cell,) = module.notebook(text, DOCS).cells
    assert cell.source == "# T\n\na page, [a site](https://x.org) ![A\npicture](attachment:sk.png)"
    assert len(cell.attachments["sk.png"]["image/png"]) > 1000


# ---- figures -------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_figure_was_drawn_by_the_code_that_its_page_shows(page):
    module = module_of_docs("figures")
    stale = [x.name for x in module.figures(page) if module.kept(x.name) != x.digest]
    assert stale == [], f"python docs/figures.py {page.stem}"


def test_every_figure_is_shown_by_a_page():
    module = module_of_docs("figures")
    drawn = [figure.name for page in PAGES for figure in module.figures(page)]
    generated = [page for page in PAGES if module.GENERATED.search(text_of(page))]
    drawn += [name for page in generated for name in module.FIGURE.findall(text_of(page))]
    assert sorted(drawn) == sorted(path.name for path in (DOCS / "figures").iterdir())
    readme = set(re.findall(r"\(docs/figures/([\w.]+)\)", text_of(ROOT / "README.md")))
    assert readme <= set(drawn)


def test_code_that_changes_is_told_from_the_code_of_the_figure(tmp_path):
    module = module_of_docs("figures")
    page = tmp_path / "page.md"
    code = "```python\nx = 1\n```\n\n```python\nsave('a.png')\n```\n\n```python\nz\n```\n"
    command = "```console\n$ spinglass sk\n```\n![b](figures/b.png)\n"
    page.write_text(f"{command}{code}![a](figures/a.png)")
    b, a = module.figures(page)
    assert (b.code, a.code) == ("$ spinglass sk", "x = 1\nsave('a.png')\n")
    page.write_text(page.read_text().replace("x = 1", "x = 2").replace("z\n", "y\n"))
    again_b, again_a = module.figures(page)
    assert again_b == b
    assert again_a.digest != a.digest
    page.write_text("![a](figures/a.png)")
    with pytest.raises(ValueError, match=r"page\.md shows a\.png"):
        list(module.figures(page))
