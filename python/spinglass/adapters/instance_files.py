"""Files of weighted graphs, ``n m`` and then m lines ``i j weight``, read as spin models.

Collections of Max-Cut instances (G-set, Biq Mac, made by rudy) and of spin glasses share this form.
What differs is the meaning of a weight. Nodes count from 1.

A cut of spins s has the weight sum_{i<j} w_ij (1 - s_i s_j) / 2, so with J_ij = -w_ij / 2 and the
constant -sum_{i<j} w_ij / 2 the energy is minus the cut.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass._arguments import check_memory, file_path, shown
from spinglass._files import read_whole
from spinglass.adapters.biases import ising_of, pairwise_of
from spinglass.models.ising import Ising

# All lines of edges up to the first line that is none. Nothing is tried twice: it takes no memory.
_LINES = re.compile(
    rb"(?:"
    rb"(?:[ \t]*+\d++[ \t]++\d++[ \t]++[+-]?(?:\d++\.?\d*+|\.\d++)(?:[eE][+-]?\d++)?+)?+"
    rb"[ \t\r]*+(?:\n|\Z)"
    rb")*+"
)
_HEADER = re.compile(rb"\s*+(\d{1,9})[ \t]++(\d{1,12})[ \t\r]*+(?:\n|\Z)")

# Some editors begin a file with it.
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

# The text without comments, its words as numbers, and the couplings of both directions.
_BYTES_PER_BYTE = 20
_BYTES_PER_NODE = 40

# Bytes that become numbers at a time: between two steps Ctrl-C is noticed.
_PIECE = 1 << 20


def read_max_cut(path: str | os.PathLike[str]) -> Ising:
    r"""Read a Max-Cut instance, such as one of the G-set.

    Parameters
    ----------
    path : path
        A text file. The first line has the number of nodes and of edges. Each line after it has two
        nodes, counted from 1, and the weight of their edge. A ``#`` begins a comment.

    Returns
    -------
    Ising
        Its energy is minus the weight of the cut between the spins -1 and +1. ``labels`` are the
        nodes as the file has them.

    Raises
    ------
    ValueError
        If a line is malformed, names a node that there is not, an edge of a node with itself, or an
        edge that was there before, or if their number is another. The message has the line.
    OSError
        If the file cannot be read, or is not a regular file.
    MemoryError
        If the model does not fit in memory.

    Examples
    --------
    >>> from pathlib import Path
    >>> import spinglass
    >>> from spinglass.adapters import read_max_cut
    >>> _ = Path("square.txt").write_text("4 4\n1 2 1\n2 3 1\n3 4 1\n4 1 5\n")
    >>> model = read_max_cut("square.txt")
    >>> state, energy = spinglass.anneal(model, n_sweeps=50, n_replicas=4, seed=1).best
    >>> -energy
    8.0
    """
    n, (rows, columns), weights = _graph(path)
    biases = rows, columns, weights / 2
    pairs = pairwise_of("spins", np.zeros(n), biases, -float(weights.sum()) / 2)
    return ising_of(pairs, range(1, n + 1))


def read_spin_glass(path: str | os.PathLike[str]) -> Ising:
    r"""Read an instance of a spin glass, E = -sum_{i<j} J_ij s_i s_j.

    Parameters
    ----------
    path : path
        A text file as :func:`read_max_cut` reads, whose weights are the couplings J_ij.

    Returns
    -------
    Ising
        ``labels`` are the spins as the file has them, from 1.

    Raises
    ------
    ValueError, OSError, MemoryError
        As in :func:`read_max_cut`.

    Examples
    --------
    >>> from pathlib import Path
    >>> from spinglass.adapters import read_spin_glass
    >>> _ = Path("triangle.txt").write_text("3 3\n1 2 -1\n2 3 -1\n1 3 -1\n")
    >>> read_spin_glass("triangle.txt").energy([1, 1, -1])
    -1.0
    """
    n, (rows, columns), couplings = _graph(path)
    pairs = pairwise_of("spins", np.zeros(n), (rows, columns, 0.0 - couplings), 0.0)
    return ising_of(pairs, range(1, n + 1))


def _graph(path: Any) -> tuple[int, NDArray[np.int64], NDArray[np.float64]]:
    """Return the number of nodes, both ends of each edge, from 0, and the weights."""
    source = file_path(path)
    text = re.sub(rb"#[^\n]*", b"", read_whole(source).removeprefix(_BYTE_ORDER_MARK))
    header = _HEADER.match(text)
    if header is None:
        start = len(text) - len(text.lstrip())
        raise _malformed(source, text, start, "the numbers of nodes and of edges")
    n, count = int(header[1]), int(header[2])
    check_memory(_BYTES_PER_BYTE * len(text) + _BYTES_PER_NODE * n, f"the graph in {source}")
    good = _LINES.match(text, header.end())
    end = good.end() if good else header.end()
    if end < len(text):
        raise _malformed(source, text, end, "two nodes and a weight")
    first, second, weights = _numbers(text[header.end() :]).reshape(-1, 3).T.copy()
    if len(weights) != count:
        raise ValueError(f"{source}: the first line says {count} edges, got {len(weights)}")
    if not n:
        raise ValueError(f"{source}: the graph must have at least one node, got none")
    for is_wrong, expected in _wrong(n, first, second, weights):
        if is_wrong.any():
            start = _start_of_edge(text, header.end(), int(is_wrong.argmax()))
            raise _malformed(source, text, start, expected)
    return n, np.array([first, second], dtype=np.int64) - 1, weights


def _wrong(
    n: int, first: NDArray[np.float64], second: NDArray[np.float64], weights: NDArray[np.float64]
) -> Iterator[tuple[NDArray[np.bool_], str]]:
    """Yield which edges are wrong, and what was expected of them."""
    lower, upper = np.minimum(first, second), np.maximum(first, second)
    yield (lower < 1) | (upper > n), f"nodes from 1 to {n}"
    yield lower == upper, "two different nodes"
    yield ~np.isfinite(weights), "a finite weight"
    pair = lower.astype(np.int64) * (n + 1) + upper.astype(np.int64)  # n has at most 9 digits
    order = np.argsort(pair, kind="stable")
    again = np.zeros(len(pair), dtype=np.bool_)
    again[order[1:]] = np.diff(pair[order]) == 0
    yield again, "an edge that is on no line before"


def _numbers(text: bytes) -> NDArray[np.float64]:
    """Return the words of lines that were checked, as numbers."""
    parts, first, text = [np.empty(0)], 0, text.rstrip()  # of blanks alone NumPy makes -1
    while first < len(text):
        last = text.find(b"\n", first + _PIECE) + 1 or len(text)
        parts.append(np.fromstring(text[first:last], sep=" "))
        first = last
    return np.concatenate(parts)


def _start_of_edge(text: bytes, first: int, number: int) -> int:
    """Return where the line of an edge begins; ``number`` counts from 0."""
    lines = re.finditer(rb"[^\n]*\S[^\n]*", text[first:])
    return first + next(line.start() for k, line in enumerate(lines) if k == number)


def _malformed(source: Path, text: bytes, start: int, expected: str) -> ValueError:
    """Return the error that names the line which begins at ``start``."""
    line = text[start:].partition(b"\n")[0].strip().decode("utf-8", "backslashreplace")
    number = text.count(b"\n", 0, start) + 1
    return ValueError(f"{source}, line {number}: expected {expected}, got {shown(line)}")
