"""The command ``spinglass status``: the progress of a stored scan."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spinglass._text import width
from spinglass.cli.arguments import (
    add_command,
    add_format,
    check_store_elsewhere,
    file_path,
    folder_path,
    show,
)
from spinglass.cli.run import tell_replaced

if TYPE_CHECKING:
    from spinglass.experiments import StoredScan

_EPILOG = """\
examples:
  spinglass status scan.sqlite
  spinglass status scan.sqlite --out sofar
  spinglass status scan.sqlite --export rows.parquet

The command only reads the store. A process may work on the store at the same time.
"""

_SUFFIXES = (".csv", ".parquet")


def add(commands: Any, chosen: bool) -> None:
    """Add the parser of the command, with its options if it was chosen."""
    parser = add_command(
        commands,
        "status",
        "show the progress of a stored scan, and write the result so far",
        "Show the config of a stored scan, the finished and the remaining tasks, the time left, "
        "and the process that works on it. Tables, summary and figure of the finished tasks can be "
        "written at any time.",
        _EPILOG,
    )
    if not chosen:
        return
    parser.add_argument(
        "store", type=file_path, metavar="FILE", help="the file that the experiment had as --store"
    )
    parser.add_argument(
        "--out",
        type=folder_path,
        default=None,
        metavar="DIR",
        help="write the files of the result so far into this folder",
    )
    add_format(parser)
    parser.add_argument(
        "--export",
        type=_table_file,
        default=None,
        metavar="FILE",
        help="write the main table so far to this file, .csv or .parquet (the latter needs "
        "spinglass[tables])",
    )
    parser.set_defaults(run=_run, parser=parser)


def _table_file(text: str) -> Path:
    path = file_path(text)
    if path.suffix.lower() not in _SUFFIXES:
        raise argparse.ArgumentTypeError(
            f"expected a file that ends in {' or '.join(_SUFFIXES)}, got {text!r}"
        )
    return path


def _run(chosen: argparse.Namespace) -> int:
    from spinglass.experiments import StoreError, open_store
    from spinglass.runner.stores.database import check_other

    check_store_elsewhere(chosen, "FILE")
    try:
        if chosen.export:
            check_other(chosen.export, chosen.store, "argument --export:")
        stored = open_store(chosen.store)
        show(_words(stored))
        return _write(stored, chosen) if chosen.out or chosen.export else 0
    except StoreError as error:
        chosen.parser.error(str(error))
    except ValueError as error:
        if not str(error).startswith("argument"):
            raise
        chosen.parser.error(str(error))
    return 2


def _words(stored: StoredScan) -> str:
    from spinglass.runner.stores.status import lines
    from spinglass.runner.task import said

    status, columns = stored.status(), width()
    config = stored.config
    if dataclasses.is_dataclass(config):
        config = said(config)
    asked = [(name, _short(value)) for name, value in config.items()]
    if not asked:
        return status.text(columns)
    return f"{status.text(columns)}\n\nasked\n{lines(asked, columns)}"


def _short(value: Any) -> str:
    """Return a value of a config in a few words."""
    if isinstance(value, list):  # of an experiment that is not known here
        value = tuple(map(_tuples, value))
    if not isinstance(value, tuple):
        if value is None:
            return "none"
        return f"{value:g}" if isinstance(value, float) else str(value)
    if value and all(isinstance(part, tuple) for part in value):
        if len(set(value)) == 1:
            return f"{_short(value[0])} for each"
        counts = sorted({len(part) for part in value})
        each = str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
        numbers = [number for part in value for number in part]
        if not numbers or not all(isinstance(number, int | float) for number in numbers):
            return f"{each} for each"
        return f"{each} for each, {min(numbers):g} to {max(numbers):g}"
    if len(value) > 8:
        return f"{len(value)} from {_short(value[0])} to {_short(value[-1])}"
    return " ".join(map(_short, value)) or "none"


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _write(stored: StoredScan, chosen: argparse.Namespace) -> int:
    complain = chosen.parser.error
    result = stored.result()
    written = []
    try:
        if chosen.out:
            tell_replaced(chosen.out, result.files(chosen.format), chosen.parser.prog)
            written += result.save(chosen.out, format=chosen.format)
        if chosen.export:
            tables = {".csv": result.to_csv, ".parquet": result.to_parquet}
            tables[chosen.export.suffix.lower()](chosen.export)
            written.append(chosen.export)
    except ImportError as error:
        complain(f"argument --export: {error}")
    except OSError as error:
        where = chosen.export if written or not chosen.out else chosen.out
        complain(f"cannot write to {where}: {error.strerror or error}")
    show("\nwrote " + "\n      ".join(str(path) for path in written))
    if not result.complete:
        show("of what is done so far: the scan is unfinished")
    return 0
