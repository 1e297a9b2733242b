"""Parts of the parsers of all commands: their form, and options made from a config."""

from __future__ import annotations

import argparse
import difflib
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from spinglass._progress import say
from spinglass._text import width

if TYPE_CHECKING:
    from spinglass._result import Result
    from spinglass.experiments.config import Config, Parameter
    from spinglass.experiments.kinds import Kind

# How the help of a command ends whose experiment can be stored; of what it counts.
STORED = """
Ctrl-C writes the {} that are finished. With --store the same command
continues later, and 'spinglass status FILE' shows its progress. The table
goes to stdout, progress and errors to stderr.
"""

# What --quiet leaves of a command that prints notes on what limits its numbers.
AND_LIMITS = "no progress, only the table and what limits it"

# What is given by the one is not given by the other.
_INVERSE = (
    ("temp", "betas", "inverse temperatures 1/T"),
    ("beta", "temperatures", "T = 1/beta"),
)

# What the files of a result end in.
_WRITTEN = (".csv", ".json", ".pdf", ".png", ".safetensors", ".svg")


class Parser(argparse.ArgumentParser):
    """A parser that reports errors in one line, and knows the flag of each argument."""

    def __init__(self, **options: Any) -> None:
        self.flags: dict[str, str] = {}
        self._spellings: list[str] = []
        super().__init__(allow_abbrev=False, argument_default=argparse.SUPPRESS, **options)

    def add_argument(self, *names: Any, **options: Any) -> argparse.Action:
        """Add an argument, and keep what it is called on the command line."""
        action = super().add_argument(*names, **options)
        self.flags[action.dest] = [*action.option_strings, str(action.metavar)][0]
        self._spellings += action.option_strings
        return action

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Return what the words mean; the parser of the command says which it does not know."""
        chosen, unknown = self.parse_known_args(args, namespace)
        if unknown:
            getattr(chosen, "parser", self).refuse(unknown)
        return chosen

    def refuse(self, unknown: Sequence[str]) -> NoReturn:
        """Say which words are unknown, and which options look like them."""
        flags = [word.partition("=")[0] for word in unknown if word.startswith("-")]
        near = [_nearest(flag, self._spellings) for flag in flags]
        self.error(f"unknown arguments: {' '.join(unknown)}{_meant(near)}")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        try:
            super()._check_value(action, value)
        except argparse.ArgumentError as error:
            near = _nearest(str(value), map(str, action.choices or ()))
            raise argparse.ArgumentError(action, f"{error.message}{_meant([near])}") from None

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and leave with exit code 2: the usage is a --help away."""
        say(f"{self.prog}: error: {message}", sys.stderr)
        raise SystemExit(2)


def show(text: str) -> None:
    """Print to stdout at once, with escapes for characters that its encoding lacks."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding), flush=True)


def _nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that begins like this one, or else is most like it.

    Dashes and capitals do not count, nor does an ``n_`` or ``num_`` as Python's arguments have it.
    """
    by_name = {_name(x): x for x in known}
    name = _name(word)
    begins = [x for x in by_name if x.startswith(name) and len(name) > 1]
    within = [x for x in by_name if x in name.split("-")]  # --learning-rate has rate
    near = begins or within or difflib.get_close_matches(name, by_name, 1)
    if near:
        return by_name[near[0]]
    for begin, other, words in _INVERSE:
        found = [x for x in by_name if x.startswith(other)]
        if found and (name.startswith(begin) or name == begin[0]):
            return f"{by_name[found[0]]}, {words}"
    return None


def _name(word: str) -> str:
    name = word.strip("-").lower().replace("_", "-")
    return re.sub("^(n|num)-", "", name)


def _meant(near: Iterable[str | None]) -> str:
    """Return the end of a message about words, if any of them looks like a known one."""
    known = [word for word in dict.fromkeys(near) if word]
    return f" (did you mean {', '.join(known)}?)" if known else ""


def folder_path(text: str) -> Path:
    """Parse the path of a folder."""
    return file_path(text, "folder")


def file_path(text: str, kind: str = "file") -> Path:
    """Parse the path of a file."""
    from spinglass import _arguments

    if not text:
        raise argparse.ArgumentTypeError(f"expected the path of a {kind}, got ''")
    try:
        return _arguments.file_path(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error).removeprefix("path ")) from None


def check_store_elsewhere(chosen: argparse.Namespace, name: str = "--store") -> None:
    """Refuse a store that the files of the result, which go to --out, may take the place of."""
    store, out = getattr(chosen, "store", None), getattr(chosen, "out", None)
    if store is None or out is None or store.suffix.lower() not in _WRITTEN:
        return
    with suppress(OSError, RuntimeError):  # said elsewhere
        if out.resolve() in (store.parent.resolve(), store.resolve().parent):
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
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    return parser


def add_experiment(
    parser: Parser,
    config: type[Config],
    result: type[Result],
    run: Callable[[argparse.Namespace], int],
    quiet: str = "no progress, only the table",
) -> None:
    """Add the options of an experiment: those of its config, and those that all have.

    Parameters
    ----------
    parser : Parser
        The parser of the command.
    config : type
        The config of the experiment. Each of its parameters that has a flag is an option.
    result : type
        The result of the experiment. It names the files that are written, and has a ``report``.
    run : callable
        Takes the namespace and returns the exit code: `carry_out`, or a function that calls it.
    quiet : str
        The help of --quiet.
    """
    from spinglass.experiments.kinds import integer

    asked = config.parameters()
    for name, what in asked.items():
        if name != "seed" and what.flag is not None:
            _add(parser, name, what, config.defaults)
    if "store" in config.defaults:
        parser.add_argument(
            "--store",
            type=file_path,
            metavar="FILE",
            help="write every piece to FILE as soon as it is finished. After a crash or Ctrl-C the "
            "same command continues from FILE",
        )
        parser.add_argument(
            "--cluster",
            dest="executor",
            metavar="ADDRESS",
            help="run on the Dask cluster whose scheduler is at ADDRESS, as tcp://host:8786; "
            "--threads are then those of each worker (needs spinglass[dask])",
        )
    _add(parser, "seed", asked["seed"], config.defaults)
    parser.add_argument(
        "--threads",
        dest="num_threads",
        type=integer(1).read,
        metavar="K",
        help="threads, at most 1024 (default: all); the result does not depend on it",
    )
    *files, last = result.files()
    folder = Path(parser.prog.split()[-1])
    parser.add_argument(
        "--out",
        type=folder_path,
        default=folder,
        metavar="DIR",
        help=f"folder for {', '.join(files)} and {last} (default: %(default)s)",
    )
    add_format(parser)
    parser.add_argument("--quiet", action="store_true", default=False, help=quiet)
    parser.set_defaults(parser=parser, config=config, run=run, files=result.files)


def add_format(parser: Parser) -> None:
    """Add the option that says what the picture is."""
    from spinglass._result import FORMATS

    parser.add_argument(
        "--format",
        choices=FORMATS,
        default="png",
        help="format of the picture: %(choices)s (default: %(default)s)",
    )


def _add(parser: Parser, name: str, what: Parameter, defaults: Mapping[str, Any]) -> None:
    """Add the option of a parameter."""
    flag = what.flag or "--" + name.removeprefix("n_").replace("_", "-")
    default = what.default or _in_words(defaults.get(name))
    about = what.about + what.kind.written
    parser.add_argument(
        flag,
        dest=name,
        type=what.kind.read,
        choices=what.kind.choices,
        nargs="+" if what.kind.join else None,
        metavar=what.letter,
        help=f"{about} (default: {default})" if default else about,
    )


def _in_words(default: Any) -> str:
    if isinstance(default, tuple):
        return " ".join(map(_in_words, default))
    if default is None or isinstance(default, bool):
        return ""
    return f"{default:g}" if isinstance(default, float) else str(default)


def arguments_of(chosen: argparse.Namespace) -> dict[str, Any]:
    """Return what was chosen of the arguments of an experiment, and whether to show progress."""
    config: type[Config] = chosen.config
    kinds: dict[str, Kind] = {name: what.kind for name, what in config.parameters().items()}
    found = {}
    for name, value in vars(chosen).items():
        if name in config.defaults:
            join = kinds[name].join if name in kinds else None
            found[name] = join(value) if join else value
    if "progress" in config.defaults:
        found["progress"] = not chosen.quiet
    return found
