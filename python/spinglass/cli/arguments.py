"""What every command uses: its parser, the types of its flags, and its folder of results."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable
from math import isfinite
from pathlib import Path
from typing import Any, NoReturn


class Help(argparse.RawDescriptionHelpFormatter):
    """Description and epilog as they stand."""


class Parser(argparse.ArgumentParser):
    """A parser that complains in one line: the usage is a --help away."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and leave with exit code 2."""
        print(f"{self.prog}: error: {message}", file=sys.stderr)
        raise SystemExit(2)


def width() -> int:
    """Return the width for running text: the terminal's, at most 80."""
    return max(20, min(80, shutil.get_terminal_size().columns))


def integer(at_least: int) -> Callable[[str], int]:
    """Return the argparse type of an integer that is at least ``at_least``."""

    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = at_least - 1
        if number < at_least:
            raise argparse.ArgumentTypeError(f"expected an integer >= {at_least}, got {text!r}")
        return number

    return parse


def real(text: str) -> float:
    """Parse a finite number."""
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not isfinite(number):
        raise argparse.ArgumentTypeError(f"expected a number, got {text!r}")
    return number


def fraction(text: str) -> float:
    """Parse a number between 0 and 1."""
    number = real(text)
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"expected a number between 0 and 1, got {text!r}")
    return number


def add_common(parser: argparse.ArgumentParser, same: str, out: str, files: str) -> None:
    """Add the flags that every command has: --seed, --threads and --out.

    ``same`` is what the same seed gives, ``out`` the default folder, ``files`` what it is for.
    """
    parser.add_argument(
        "--seed",
        type=integer(0),
        default=0,
        metavar="S",
        help=f"the same seed {same} (default: %(default)s)",
    )
    parser.add_argument(
        "--threads",
        type=integer(1),
        metavar="K",
        help="threads, at most 1024 (default: all); the result does not depend on it",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path(out),
        metavar="DIR",
        help=f"folder for {files} (default: %(default)s)",
    )


def save(
    result: Any, folder: Path, complain: Callable[[str], NoReturn], figure: bool = True
) -> tuple[Path, ...]:
    """Write the files of a result, or say why not."""
    try:
        written: tuple[Path, ...] = result.save(folder, figure=figure)
    except OSError as error:
        complain(f"cannot write to {folder}: {error.strerror or error}")
    return written


def check_writable(folder: Path, complain: Callable[[str], NoReturn]) -> bool:
    """Put a file in ``folder`` for a moment: better now than after the run.

    The folder is made if it is not there; returns whether it was made.
    """
    made = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        complain(f"argument --out: cannot write to {folder}: {error.strerror or error}")
    return made
