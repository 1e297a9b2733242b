"""Draw the figures of the pages again, each by the code or the command that its page shows.

    python docs/figures.py                     # all pages: about ten minutes
    python docs/figures.py inverse landscape   # some of them
    python docs/figures.py rbm --inputs DIR    # DIR has the files that commands name: mnist.npz

A figure is drawn by the first Python block of its page that names its file, after the blocks before
it, or else by the last command before the figure. The file keeps a digest of that code, and a test
compares the digest with the page, so that a page cannot show the figure of other code.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

DOCS = Path(__file__).resolve().parent
FENCE = re.compile(r"^```(python|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FIGURE = re.compile(r"!\[[^\]]*\]\(figures/([\w.]+)\)")
KEY = "code"


@dataclass(frozen=True)
class Figure:
    """A figure of a page, and what draws it: Python, or the words of a command."""

    name: str
    code: str

    @property
    def is_command(self) -> bool:
        """Whether a command draws it, and not a block of Python."""
        return self.code.startswith("$ ")

    @property
    def digest(self) -> str:
        """What tells whether the code is that of a file."""
        return hashlib.sha256(self.code.encode()).hexdigest()


def figures(page: Path) -> Iterator[Figure]:
    """Yield the figures of a page."""
    text = page.read_text(encoding="utf-8")
    fences = [(found.start(), found[1], found[2]) for found in FENCE.finditer(text)]
    python = [code for _, kind, code in fences if kind == "python"]
    for found in FIGURE.finditer(text):
        name = found[1]
        naming = [k for k, code in enumerate(python) if name in code]
        if naming:
            yield Figure(name, "".join(python[: naming[0] + 1]))
            continue
        before = [code for at, kind, code in fences if kind == "console" and at < found.start()]
        if not before:
            raise ValueError(f"{page.name} shows {name}, but no block and no command draws it")
        yield Figure(name, before[-1].splitlines()[-1])


def draw(figure: Figure, inputs: Path | None, folder: Path) -> Path:
    """Run what draws a figure, in a folder, and return the file."""
    environment = os.environ | {"MPLBACKEND": "Agg"}
    if not figure.is_command:
        (folder / "page.py").write_text(figure.code, encoding="utf-8")
        shutil.copytree(DOCS / "data", folder / "data")
        subprocess.run([sys.executable, "page.py"], cwd=folder, env=environment, check=True)
        return next(folder.rglob(figure.name))
    program, *words = shlex.split(figure.code.removeprefix("$ "), comments=True)
    if program == "python":
        words[0] = str(DOCS.parent / words[0])
        drawn = folder / figure.name
    else:
        drawn = folder / words[0] / f"{words[0]}.png"
        words = ["-m", program, *words]
    for name in {word for word in words if word.endswith(".npz")}:
        if inputs is None:
            raise FileNotFoundError(f"{figure.name} needs {name}: --inputs names its folder")
        words = [str((inputs / name).resolve()) if word == name else word for word in words]
    subprocess.run([sys.executable, *words], cwd=folder, env=environment, check=True)
    return drawn


def keep(drawn: Path, figure: Figure) -> None:
    """Put a picture among the figures, with the digest of its code."""
    about = PngInfo()
    about.add_text(KEY, figure.digest)
    with Image.open(drawn) as picture:
        picture.save(DOCS / "figures" / figure.name, pnginfo=about, dpi=picture.info.get("dpi"))


def kept(name: str) -> str | None:
    """Return the digest of the code that drew a figure, if the file has one."""
    with Image.open(DOCS / "figures" / name) as picture:
        return picture.text.get(KEY)


def main() -> None:
    """Draw the figures of the pages that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="*", metavar="PAGE", help="pages without .md; default: all")
    parser.add_argument("--inputs", type=Path, metavar="DIR", help="where mnist.npz is")
    asked = parser.parse_args()
    pages = [DOCS / f"{name}.md" for name in asked.pages] or sorted(DOCS.glob("*.md"))
    for figure in [figure for page in pages for figure in figures(page)]:
        try:
            with tempfile.TemporaryDirectory() as folder:
                keep(draw(figure, asked.inputs, Path(folder)), figure)
            print(figure.name)
        except FileNotFoundError as error:
            print(f"not drawn: {error}", file=sys.stderr)


if __name__ == "__main__":
    main()
