"""The command ``spinglass``: a thin layer over the experiments.

A command is one file with a function ``add`` that adds its parser. ``_COMMANDS`` lists these files,
and `spinglass.cli.run` shows an example. Only the parser of the chosen command gets its options, so
``--help`` does not import any experiment.

Exit codes: 0 done, 1 stopped by a full disk or lost workers, 2 bad input (one line on stderr names
the error), 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from spinglass import _start
from spinglass._core import __version__
from spinglass._progress import say
from spinglass.cli import capacity, ising, landscape, memories, rbm, recall, renormalize, sk, status
from spinglass.cli.arguments import Parser

_COMMANDS: dict[str, Callable[[Any, bool], None]] = {
    "capacity": capacity.add,
    "ising": ising.add,
    "landscape": landscape.add,
    "memories": memories.add,
    "rbm": rbm.add,
    "recall": recall.add,
    "renormalize": renormalize.add,
    "sk": sk.add,
    "status": status.add,
}


def _parsed(words: Sequence[str]) -> tuple[Parser, argparse.Namespace]:
    """Return the parser of all commands, and what it makes of the words."""
    parser = Parser(
        prog="spinglass",
        description="The statistical physics of neural networks, at the speed of the machine.",
        epilog="'spinglass COMMAND --help' tells more about a command.",
    )
    parser.add_argument("--version", action="version", version=f"spinglass {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", title="commands")
    for name, add in _COMMANDS.items():
        add(commands, name in words)
    return parser, parser.parse_args(words)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line ``arguments`` (by default those of the process); return the exit code.

    Examples
    --------
    >>> main(["capacity", "--seed", "minus one"])  # one line on stderr, no traceback
    2
    """
    try:
        parser, chosen = _parsed(sys.argv[1:] if arguments is None else arguments)
        if not hasattr(chosen, "run"):
            parser.print_help()
            return _ended(0)
        _start.end()
        code: int = chosen.run(chosen)
        return _ended(code)
    except SystemExit as leave:  # --help, --version and bad flags
        return _ended(int(leave.code or 0))
    except KeyboardInterrupt:
        say("spinglass: interrupted", sys.stderr)
        return 130
    except OSError as error:  # of stdout: files have been written, or complained about, before
        return _unwritten(error)


def _ended(code: int) -> int:
    """Return the exit code once all is printed: the end of the process may not complain."""
    try:
        if sys.stdout:  # None where it was closed before the start
            sys.stdout.flush()
    except OSError as error:
        return code or _unwritten(error)
    return code


def _unwritten(error: OSError) -> int:
    """Return the exit code where stdout cannot be written, and let nobody try it again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if isinstance(error, BrokenPipeError):  # '| head' has seen enough
        return 0
    say(f"spinglass: cannot write the table: {error.strerror}", sys.stderr)
    return 1
