"""What every command does once its flags are read: run, save, print, and end as it should.

A command is one file. ``add`` says its flags, ``_run`` which experiment they are for, ``_table``
what is printed of the result; all else is here and in `spinglass.cli.arguments`::

    def add(commands):
        parser = add_command(commands, "name", "what it does", "The same at length.", _EPILOG)
        parser.add_argument("--spins", type=integer(1), default=100, metavar="N", help="...")
        add_common(parser, _run, same="gives the same rows", files="rows.csv and name.png")

    def _run(chosen):
        from spinglass import experiments

        arguments = given(n_spins=chosen.spins, progress=not chosen.quiet)
        return carry_out(chosen, experiments.name, arguments, _table)

    def _table(result, quiet):
        return page([f"{'energy':<10}{result.energy:>10.4f}"], ["What limits the numbers."])

The experiment takes ``seed`` and ``num_threads`` too. Its result has ``save(folder, figure=...)``,
which returns the paths written. It begins its complaints with the name of the argument, which here
becomes that of the flag. On Ctrl-C it raises an `Interrupted` with what was finished, and
if it cannot go on an `ExperimentStopped`. A command that can be stored calls ``add_storing`` before
``add_common``, and its experiment takes ``store`` and ``executor``.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from importlib import util
from pathlib import Path
from typing import Any, NoReturn

from spinglass.cli.arguments import check_store_elsewhere, width


def given(**arguments: Any) -> dict[str, Any]:
    """Return the arguments without those that are None: these have the experiment's default."""
    return {name: value for name, value in arguments.items() if value is not None}


def carry_out(
    chosen: argparse.Namespace,
    experiment: Callable[..., Any],
    arguments: Mapping[str, Any],
    table: Callable[[Any, bool], str],
    flags: Mapping[str, str] | None = None,
) -> int:
    """Run an experiment, write its files into ``--out``, print its table; return the exit code.

    Parameters
    ----------
    chosen : argparse.Namespace
        The parsed flags.
    experiment : callable
        Gets ``arguments``, and ``seed`` and ``num_threads`` as chosen.
    arguments : mapping
        Its other arguments.
    table : callable
        Gets the result, and whether to be quiet; returns what is printed.
    flags : mapping, optional
        The flags of arguments that do not share their name, as they do with ``n_`` or ``num_``
        before it.
    """
    from spinglass.experiments import ExperimentStopped, Interrupted, StoreError

    complain = chosen.parser.error
    check_store_elsewhere(chosen)
    made, kept = _check_writable(chosen.out, complain), False
    try:
        result = experiment(
            **arguments, **storing(chosen), seed=chosen.seed, num_threads=chosen.threads
        )
        kept = True
    except Interrupted as interrupt:
        kept = True
        _save(interrupt.result, chosen.out, complain, figure=False)  # Ctrl-C is not kept waiting
        print(
            f"{chosen.parser.prog}: interrupted; the {interrupt.done} of {interrupt.total} "
            f"{interrupt.unit} that were finished are in {chosen.out}{_goes_on(chosen)}",
            file=sys.stderr,
        )
        return 130
    except ExperimentStopped as stop:
        kept = True
        # Said already, or not so: nothing goes on with a damaged store.
        said = "goes on" in stop.reason or "is damaged" in stop.reason
        goes_on = "" if said else _goes_on(chosen)
        print(
            f"{chosen.parser.prog}: stopped: {stop.reason}; the {stop.done} of {stop.total} tasks "
            f"that were finished are in {chosen.out}{goes_on}",
            file=sys.stderr,
        )
        with suppress(SystemExit):  # a full disk: said as well
            _save(stop.result, chosen.out, complain, figure=False)
        return 1
    except StoreError as error:
        complain(f"argument --store: {error}")
    except (ImportError, ConnectionError, RuntimeError) as error:
        if not str(error).startswith("executor"):
            raise
        complain(_under_its_flag(str(error), chosen, flags or {}))
    except (ValueError, TypeError, MemoryError) as error:
        complain(_under_its_flag(str(error), chosen, flags or {}))
    finally:
        if made and not kept:
            with suppress(OSError):  # a checkpoint may be in it
                chosen.out.rmdir()
    # Files first: whoever reads the table may go away. And the table even if the disk is full.
    try:
        written = _save(result, chosen.out, complain)
    finally:
        print(table(result, chosen.quiet), flush=True)
    if not chosen.quiet:
        print("\nwrote " + "\n      ".join(str(path) for path in written))
        if util.find_spec("matplotlib") is None:
            print("no figure without Matplotlib: pip install 'spinglass[plot]'")
    return 0


def storing(chosen: argparse.Namespace) -> dict[str, Any]:
    """Return where the experiment keeps its rows and where it runs, as far as that was chosen."""
    return given(store=getattr(chosen, "store", None), executor=getattr(chosen, "cluster", None))


def _goes_on(chosen: argparse.Namespace) -> str:
    store = getattr(chosen, "store", None)
    return "" if store is None else f"; the same command goes on with {store}"


def page(lines: Iterable[str], notes: Iterable[str]) -> str:
    """Return the lines of a table, and the notes below them as wide as the terminal allows."""
    parts = list(lines)
    for note in notes:
        parts += ["", textwrap.fill(note, width())]
    return "\n".join(parts)


def _under_its_flag(message: str, chosen: argparse.Namespace, flags: Mapping[str, str]) -> str:
    """Return a message that begins with the name of an argument with that of its flag instead."""
    name, _, rest = message.partition(" ")
    name = name.removesuffix(":")
    same = {"executor": "cluster"}.get(name, name.removeprefix("num_").removeprefix("n_"))
    flag = flags.get(name, f"--{same.replace('_', '-')}" if hasattr(chosen, same) else None)
    return f"argument {flag}: {rest}" if flag else message


def _save(
    result: Any, folder: Path, complain: Callable[[str], NoReturn], figure: bool = True
) -> tuple[Path, ...]:
    """Write the files of a result, or say why not."""
    try:
        written: tuple[Path, ...] = result.save(folder, figure=figure)
    except OSError as error:
        complain(f"cannot write to {folder}: {error.strerror or error}")
    return written


def _check_writable(folder: Path, complain: Callable[[str], NoReturn]) -> bool:
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
