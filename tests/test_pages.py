"""The code of README and of every page runs, and gives what is shown."""

import importlib.util
import re
import shutil
import sys
from pathlib import Path

import pytest

import pages

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", [x for x in PAGES if x.exists()], ids=lambda page: page.stem)
def test_a_page_gives_what_it_shows(page, tmp_path, monkeypatch):
    text = page.read_text(encoding="utf-8")
    code = "\n".join(code for _, code, _ in pages.blocks(text))
    for package in sorted(set(re.findall(r"^\s*(?:import|from) (\w+)", code, flags=re.MULTILINE))):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"needs {package}")
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "docs" / "data", tmp_path / "data")
    monkeypatch.setenv("MPLBACKEND", "Agg")
    try:
        assert pages.run(text, page.stem) == []
        shown = re.findall(r"\(figures/([\w.]+)\)", text)
        assert {x.name for x in tmp_path.rglob("*.png")} >= {x for x in shown if x in code}
    finally:
        if "matplotlib.pyplot" in sys.modules:
            sys.modules["matplotlib.pyplot"].close("all")


@pytest.mark.skipif(not (ROOT / "benches").exists(), reason="the links are to the repository")
@pytest.mark.parametrize("page", [x for x in PAGES if x.exists()], ids=lambda page: page.stem)
def test_a_link_of_a_page_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        path, _, place = target.partition("#")
        if path.startswith(("http:", "https:")):
            continue
        there = (page.parent / path) if path else page
        assert there.exists(), target
        if place:
            titles = re.findall(r"^#+ (.*)$", there.read_text(encoding="utf-8"), flags=re.MULTILINE)
            anchors = [re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles]
            assert place in anchors, target


@pytest.mark.parametrize(
    ("shown", "found"),
    [
        ("7 1.0 True", "7 1.0 True"),
        ("x = 0.137 +- 0.001", "x  =  0.138\n+- 0.001"),
        ("0.1379...", "0.137905566"),
        ("1,000 spins", "1000 spins"),
        ("1.23(4)", "1.23(5)"),
        ("the task ... needs 1.8 TB, but only ...", "the task 'N=3' needs 1.8 TB, but only 24 GB"),
        ("-1.5e-3", "-1.6e-3"),
    ],
)
def test_a_text_is_compared_to_the_digits_it_shows(shown, found):
    assert pages.same(shown, found)


@pytest.mark.parametrize(
    ("shown", "found"),
    [
        ("7 1.0 True", "8 1.0 True"),
        ("7 1.0 True", "7 1.0 False"),
        ("x = 0.137", "x = 0.139"),
        ("0.1379...", "0.138105566"),
        ("1.23(4)", "1.23(6)"),
        ("1.2", "1.2 and more"),
        ("-1.5e-3", "1.5e-3"),
        ("two words", "two"),
    ],
)
def test_another_text_is_told_apart(shown, found):
    assert not pages.same(shown, found)


def test_a_page_that_shows_something_else_is_told_of():
    block, shown = "```python\n{}\n```\n".format, "\n```text\n3\n```\n\n"
    page = block("print(1 + 1)") + shown + block("x = 0.5\nx / 2  # 0.27")
    first, second = pages.run(page)
    assert first == "line 1: shows\n3\nand prints\n2\n"
    assert second == "line 11: says 0.27, and is 0.25"
    assert "does not show" in pages.run("```python\nprint(1)\n```\n")[0]
    assert pages.run(page.replace("3\n", "2\n").replace("0.27", "0.25 and so on")) == []
