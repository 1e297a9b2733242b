"""What the parsers of all commands are made of: their form, the types of flags, common flags."""

from __future__ import annotations

import argparse
import shutil
import sys
import textwrap
from collections.abc import Callable
from contextlib import suppress
from math import floor, isfinite
from pathlib import Path
from typing import Any, NoReturn

# What the files of a result end in.
_WRITTEN = (".csv", ".json", ".png", ".safetensors")


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


def file_path(text: str) -> Path:
    """Parse the path of a file."""
    if not text:
        raise argparse.ArgumentTypeError("expected the path of a file, got ''")
    return Path(text)


def check_store_elsewhere(chosen: argparse.Namespace, name: str = "--store") -> None:
    """Refuse a store that the files of the result, which go to --out, may take the place of."""
    store = getattr(chosen, "store", None)
    if store is None or chosen.out is None or store.suffix.lower() not in _WRITTEN:
        return
    with suppress(OSError, RuntimeError):  # said elsewhere
        if chosen.out.resolve() in (store.parent.resolve(), store.resolve().parent):
            chosen.parser.error(
                f"argument {name}: {store} lies in the folder --out, whose {store.suffix} files "
                "are those of the result; take another name or folder"
            )


def add_command(commands: Any, name: str, about: str, description: str, epilog: str) -> Parser:
    """Add the parser of a command: ``about`` in the list of commands, the rest in its own help."""
    parser: Parser = commands.add_parser(
        name,
        help=about,
        description=textwrap.fill(description, width()),
        epilog=epilog,
        formatter_class=Help,
        allow_abbrev=False,
    )
    return parser


def add_numbers(parser: Parser, flag: str, letter: str, about: str) -> None:
    """Add a flag that takes numbers above 0 and ranges START:STOP:STEP of them, as one list."""
    parser.add_argument(
        flag,
        type=_positive_numbers(flag.strip("-")),
        nargs="+",
        action=_Joined,
        metavar=letter,
        help=about,
    )


def add_counts(parser: Parser, flag: str, about: str) -> None:
    """Add a flag that takes one count, or a list of counts, one for each size."""
    parser.add_argument(
        flag, type=integer(1), nargs="+", action=_OneOrMany, metavar="K", help=about
    )


def add_common(
    parser: Parser,
    run: Callable[[argparse.Namespace], int],
    same: str,
    files: str,
    quiet: str = "no progress, only the table",
) -> None:
    """Add the flags that every command has, --seed, --threads, --out and --quiet, and what it runs.

    ``same`` is what the same seed gives, ``files`` what is written to the folder, which by default
    has the name of the command, and ``quiet`` what --quiet leaves.
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
        default=Path(parser.prog.split()[-1]),
        metavar="DIR",
        help=f"folder for {files} (default: %(default)s)",
    )
    parser.add_argument("--quiet", action="store_true", help=quiet)
    parser.set_defaults(run=run, parser=parser)


def add_storing(parser: Parser) -> None:
    """Add the flags of experiments that can be stored and spread, --store and --cluster."""
    parser.add_argument(
        "--store",
        type=file_path,
        metavar="FILE",
        help="write every piece to FILE as soon as it is finished, and go on with what FILE has: "
        "after a crash or Ctrl-C the same command takes up where it stopped",
    )
    parser.add_argument(
        "--cluster",
        metavar="ADDRESS",
        help="run on the Dask cluster whose scheduler is at ADDRESS, as tcp://host:8786; --threads "
        "are then those of each worker (needs spinglass[dask])",
    )


class _Joined(argparse.Action):
    """Several lists, stored as one."""

    def __call__(self, _: Any, namespace: argparse.Namespace, values: Any, *__: Any) -> None:
        setattr(namespace, self.dest, [value for part in values for value in part])


class _OneOrMany(argparse.Action):
    """A list; if there is one value in it, that value."""

    def __call__(self, _: Any, namespace: argparse.Namespace, values: Any, *__: Any) -> None:
        setattr(namespace, self.dest, values[0] if len(values) == 1 else values)


def _positive_numbers(what: str) -> Callable[[str], list[float]]:
    """Return the argparse type of one number, several with commas, or START:STOP:STEP.

    Both ends of a range are included; ``what`` the numbers are is for complaints.
    """

    def parse(text: str) -> list[float]:
        parts = text.split(":")
        if len(parts) == 1:
            values = [real(part) for part in text.split(",") if part]
        elif len(parts) == 3:
            start, stop, step = (real(part) for part in parts)
            if step <= 0 or stop < start:
                raise argparse.ArgumentTypeError(
                    f"expected START:STOP:STEP with START <= STOP and STEP > 0, got {text!r}"
                )
            steps = floor((stop - start) / step + 1e-6)
            if steps >= 10_000:
                raise argparse.ArgumentTypeError(f"expected fewer than 10000 {what}, got {text!r}")
            values = [round(start + k * step, 12) for k in range(steps + 1)]
        else:
            raise argparse.ArgumentTypeError(f"expected a number or START:STOP:STEP, got {text!r}")
        if not values or min(values) <= 0:
            raise argparse.ArgumentTypeError(f"expected {what} above 0, got {text!r}")
        return values

    return parse
