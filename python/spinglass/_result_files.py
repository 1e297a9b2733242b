"""The files of a result: tables as CSV, numbers that JSON can say, a figure."""

from __future__ import annotations

import csv
import io
import json
import math
import os
from collections.abc import Callable, Mapping
from importlib import util
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass import _arguments
from spinglass._files import check_no_store, write_whole


def plain(value: Any) -> Any:
    """Return ``value`` with NaN and infinities as None: JSON has no word for them."""
    if isinstance(value, dict):
        return {name: plain(x) for name, x in value.items()}
    if isinstance(value, list | tuple):
        return [plain(x) for x in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def as_json(content: dict[str, Any]) -> bytes:
    """Return what `plain` made of a dictionary as the content of a JSON file."""
    return (json.dumps(content, indent=2, allow_nan=False) + "\n").encode()


def as_csv(table: NDArray[np.void]) -> bytes:
    """Return a table as the content of a CSV file: a line of names, then one a row.

    True is 1 and False 0.
    """
    names = table.dtype.names or ()
    kinds = [(x, np.int64 if table.dtype[x] == np.bool_ else table.dtype[x]) for x in names]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(table.astype(kinds).tolist())
    return text.getvalue().encode()


def write_result(
    directory: str | os.PathLike[str],
    contents: Mapping[str, Callable[[], bytes]],
    picture: str,
    draw: Callable[[], bytes] | None,
) -> tuple[Path, ...]:
    """Write the files of a result into ``directory``, which is made if it is not there.

    Parameters
    ----------
    directory : path
        Where.
    contents : mapping
        By the name of each file a function that returns what is in it. A file is written before
        the next function is called: Ctrl-C then does not lose it.
    picture : str
        The name of the file of the figure.
    draw : callable or None
        Returns the figure. Without it, or without Matplotlib, there is no picture, nor one left
        from an earlier result.

    Returns
    -------
    tuple of Path
        The files written.
    """
    folder = _arguments.file_path(directory, "directory")
    folder.mkdir(parents=True, exist_ok=True)
    for name in (*contents, picture):
        check_no_store(folder / name)
    for name, content in contents.items():
        write_whole(folder / name, content())
    paths = tuple(folder / name for name in contents)
    if draw is None or util.find_spec("matplotlib") is None:
        if (folder / picture).is_file():
            (folder / picture).unlink()
        return paths
    write_whole(folder / picture, draw())
    return (*paths, folder / picture)
