"""The work of every command after its flags are read: run, save, print, and return the exit code.

A command is one file. ``add`` describes it. Its options are those of the config of its experiment,
which is imported only if the command was chosen. The command prints the ``report`` of the result.
All else is here and in `spinglass.cli.arguments`::

    def add(commands, chosen):
        parser = add_command(commands, "walk", "what it does", "The same at length.", _EPILOG)
        if chosen:
            from spinglass.experiments import Walk, WalkConfig

            add_experiment(parser, WalkConfig, Walk, carry_out)

Error messages of the experiment begin with the name of the argument. Here this name is replaced by
that of the flag. On Ctrl-C the experiment raises an `Interrupted` with the finished tasks. If it
cannot continue, it raises an `ExperimentStopped`. A command that does more has its own function,
which calls `carry_out`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from importlib import util
from pathlib import Path
from typing import Any, NoReturn

from spinglass._progress import say
from spinglass.cli.arguments import arguments_of, check_store_elsewhere, show


def carry_out(
    chosen: argparse.Namespace, experiment: Callable[..., Any] | None = None, **further: Any
) -> int:
    """Run an experiment, write its files into ``--out``, print its table; return the exit code.

    Parameters
    ----------
    chosen : argparse.Namespace
        The parsed flags, and the values that `add_experiment` added to them.
    experiment : callable, optional
        By default the experiment with the name of the command.
    **further : object
        Arguments of the experiment beside those that were chosen.
    """
    from spinglass import experiments
    from spinglass.experiments import ExperimentStopped, Interrupted, StoreError

    complain = chosen.parser.error
    check_store_elsewhere(chosen)
    made, kept = _check_writable(chosen.out, complain), False
    if not chosen.quiet:
        tell_replaced(chosen.out, chosen.files(chosen.format), chosen.parser.prog)
    try:
        run = experiment or getattr(experiments, chosen.parser.prog.split()[-1])
        result = run(**arguments_of(chosen), **further)
        kept = True
    except Interrupted as interrupt:
        kept = True
        _save(interrupt.result, chosen, figure=False)  # Ctrl-C is not kept waiting
        say(
            f"{chosen.parser.prog}: interrupted; the {interrupt.done} of {interrupt.total} "
            f"{interrupt.unit} that were finished are in {chosen.out}{_goes_on(chosen)}",
            sys.stderr,
        )
        return 130
    except ExperimentStopped as stop:
        kept = True
        # Said already, or not so: nothing goes on with a damaged store.
        said = "goes on" in stop.reason or "is damaged" in stop.reason
        goes_on = "" if said else _goes_on(chosen)
        say(
            f"{chosen.parser.prog}: stopped: {stop.reason}; the {stop.done} of {stop.total} tasks "
            f"that were finished are in {chosen.out}{goes_on}",
            sys.stderr,
        )
        with suppress(SystemExit):  # a full disk: said as well
            _save(stop.result, chosen, figure=False)
        return 1
    except StoreError as error:
        complain(f"argument --store: {error}")
    except (ImportError, ConnectionError, RuntimeError) as error:
        if not str(error).startswith("executor"):
            raise
        complain(_under_its_flag(str(error), chosen.parser.flags))
    except (ValueError, TypeError, MemoryError) as error:
        complain(_under_its_flag(str(error), chosen.parser.flags))
    finally:
        if made and not kept:
            with suppress(OSError):  # a checkpoint may be in it
                chosen.out.rmdir()
    # Files first: whoever reads the table may go away. And the table even if the disk is full.
    try:
        written = _save(result, chosen)
    finally:
        show(result.report(chosen.quiet))
    if not chosen.quiet:
        show("\nwrote " + "\n      ".join(str(path) for path in written))
        if util.find_spec("matplotlib") is None:
            show("no figure without Matplotlib: pip install 'spinglass[plot]'")
    return 0


def check(chosen: argparse.Namespace, **further: Any) -> None:
    """Say what is wrong with the arguments of an experiment that `carry_out` is to run later."""
    given = chosen.config.defaults | arguments_of(chosen) | further
    try:
        chosen.config.checked(given)
    except (ValueError, TypeError, MemoryError) as error:
        chosen.parser.error(_under_its_flag(str(error), chosen.parser.flags))


def tell_replaced(folder: Path, files: Iterable[str], command: str) -> None:
    """Say on stderr which files of an earlier result will be replaced."""
    there = [name for name in files if (folder / name).exists()]
    if there:
        say(f"{command}: replaces {', '.join(there)} in {folder}", sys.stderr)


def _goes_on(chosen: argparse.Namespace) -> str:
    store = getattr(chosen, "store", None)
    return "" if store is None else f"; the same command goes on with {store}"


def _under_its_flag(message: str, flags: Mapping[str, str]) -> str:
    """Return a message that begins with the name of an argument with that of its flag instead."""
    name, _, rest = message.partition(" ")
    flag = flags.get(name.removesuffix(":"))
    return f"argument {flag}: {rest}" if flag else message


def _save(result: Any, chosen: argparse.Namespace, figure: bool = True) -> tuple[Path, ...]:
    """Write the files of a result, or say why not."""
    try:
        written: tuple[Path, ...] = result.save(chosen.out, figure=figure, format=chosen.format)
    except OSError as error:
        chosen.parser.error(f"cannot write to {chosen.out}: {error.strerror or error}")
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
