"""A page of documentation as a notebook: its text, its code, and what the code is said to print.

A block of Python is a cell of code, and a block of text right after it is the output of that cell.
All else is text. A notebook is read far from the site, so a figure is put into it, and a link that
leads to another page becomes plain text.
"""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import nbformat.v4 as nb

PYTHON = re.compile(r"^```python\n(.*?)\n```\n(?:\n*^```text\n(.*?)^```\n)?", re.M | re.S)
IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)\s:]+\.png)\)")
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((?!https?:|attachment:)[^)\s]+\)")


def notebook(text: str, folder: Path) -> Any:
    """Return the notebook of a page.

    Parameters
    ----------
    text : str
        The page, in Markdown.
    folder : Path
        Where the page stands, for its figures.

    Returns
    -------
    nbformat.NotebookNode
        Version 4, valid, with the same bytes for the same page.
    """
    cells, begin = [], 0
    for found in PYTHON.finditer(text):
        cells += _markdown(text[begin : found.start()], folder)
        outputs = [nb.new_output("stream", text=found[2])] if found[2] else []
        cells.append(nb.new_code_cell(found[1], outputs=outputs))
        begin = found.end()
    cells += _markdown(text[begin:], folder)
    for k, cell in enumerate(cells):
        cell.id = f"cell-{k}"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nb.new_notebook(cells=cells, metadata={"kernelspec": kernel})


def _markdown(text: str, folder: Path) -> list[Any]:
    """Return the cell of a piece of text, or none if it is blank."""
    if not text.strip():
        return []
    pictures: dict[str, dict[str, str]] = {}

    def attach(image: re.Match[str]) -> str:
        path = folder / image[2]
        pictures[path.name] = {"image/png": base64.b64encode(path.read_bytes()).decode("ascii")}
        return f"![{image[1]}](attachment:{path.name})"

    cell = nb.new_markdown_cell(LINK.sub(r"\1", IMAGE.sub(attach, text)).strip())
    if pictures:
        cell.attachments = pictures
    return [cell]
