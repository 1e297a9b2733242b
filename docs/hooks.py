"""What the site adds to the pages of docs/ as MkDocs builds it.

Pages link to each other by relative paths, so that they can be read in the repository as well. A
link that leads out of docs/, to the README or to a test, leads in the site to a copy of that file,
and every page with code can be downloaded as a notebook.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

import nbformat
from mkdocs.structure.files import File, Files
from notebook import PYTHON, notebook

ROOT = Path(__file__).resolve().parents[1]
LINK = re.compile(r"\]\((?!https?:)([^)\s#]+)")
NAME = re.compile(r"\[(?:docs/)?(\w+)\.md\]\(")
# Where the files of the repository that lie outside of docs/ are in the site.
COPIES = "repository/"


def on_files(files: Files, config: Any) -> Files:
    """Add the notebooks, and the files outside of docs/ that a page leads to."""
    pages = [f.src_uri for f in files if f.src_uri.endswith(".md")]
    for page in pages:
        text = _source(page).read_text(encoding="utf-8")
        if PYTHON.search(text):
            content = nbformat.writes(notebook(text, _source(page).parent))
            files.append(File.generated(config, _notebook_of(page), content=content))
    while pages:  # what is taken in leads further
        page = pages.pop()
        text = _source(page).read_text(encoding="utf-8")
        for target in sorted({_in_site(page, link) for link in LINK.findall(text)}):
            if target.startswith(COPIES) and target not in files.src_uris:
                copy = File.generated(config, target, abs_src_path=str(_source(target)))
                files.append(copy)
                pages += [target] * target.endswith(".md")
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Turn links to where their targets are in the site, and offer the notebook.

    A page that is called by its file, as in the repository, is called by its name.
    """
    here = page.file.src_uri

    def turned(link: re.Match[str]) -> str:
        there = _in_site(here, link[1])
        if there not in files.src_uris:
            return link[0]  # code that looks like a link, or a link that MkDocs complains of
        return "](" + posixpath.relpath(there, posixpath.dirname(here) or ".")

    markdown = LINK.sub(turned, NAME.sub(r"[\1](", markdown))
    if _notebook_of(here) in files.src_uris:
        title, _, rest = markdown.partition("\n")
        there = posixpath.relpath(_notebook_of(here), posixpath.dirname(here) or ".")
        name = posixpath.basename(there)
        link = f'[Download this page as a notebook]({there}){{ download="{name}" }}'
        markdown = f"{title}\n\n{link}\n{rest}"
    return markdown


def _notebook_of(page: str) -> str:
    return f"notebooks/{page.removesuffix('.md')}.ipynb"


def _source(uri: str) -> Path:
    """Return the file of the repository that a file of the site is made of."""
    return ROOT / (uri.removeprefix(COPIES) if uri.startswith(COPIES) else f"docs/{uri}")


def _in_site(page: str, link: str) -> str:
    """Return where in the site the target of a link is, or the link if it leads to no file."""
    target = Path(posixpath.normpath((_source(page).parent / link).as_posix()))
    if not target.is_file() or not target.is_relative_to(ROOT):
        return link
    path = target.relative_to(ROOT).as_posix()
    return path.removeprefix("docs/") if path.startswith("docs/") else COPIES + path
