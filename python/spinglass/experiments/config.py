"""Configs of experiments: the single place that describes each argument.

`parameter` declares a field of a frozen config, with its allowed values and its meaning in words.
The check in Python, the option on the command line with its help, and the documentation of the
config all come from this declaration. The signature of the experiment's function has the defaults,
where its users look for them, and `asked` passes them to the config.

>>> from spinglass.experiments.kinds import SEED, integer
>>> @dataclass(frozen=True)
... class WalkConfig(Config):
...     "What was asked of some walks."
...
...     n_steps: int = parameter(integer(1), "steps of a walk", "K")
...     n_walks: int = parameter(integer(1), "walks", "K", default="a step each")
...     seed: int = parameter(SEED, "the same seed gives the same walks", "S")
...
...     @classmethod
...     def resolve(cls, given):
...         given.n_walks = given.n_walks or given.n_steps
>>> @asked(WalkConfig)
... def walk(n_steps=100, n_walks=None, seed=0):
...     return WalkConfig.checked(locals())
>>> walk(n_steps=7)
WalkConfig(n_steps=7, n_walks=7, seed=0)
>>> walk(n_steps=0)
Traceback (most recent call last):
ValueError: n_steps must be an integer >= 1, got 0
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from types import SimpleNamespace
from typing import Any, ClassVar, Self, TypeVar, cast

from spinglass.experiments.functions import check_can_be_sent
from spinglass.experiments.kinds import Kind
from spinglass.runner.loop import run
from spinglass.runner.task import LATER, Experiment

F = TypeVar("F", bound=Callable[..., Any])
R = TypeVar("R")

# What the runner asks for, whatever the experiment.
_RUNNING = ("store", "executor", "num_threads", "progress")


@dataclass(frozen=True)
class Parameter:
    """An argument of an experiment.

    Attributes
    ----------
    kind : Kind
        Its allowed values.
    about : str
        Its meaning, in a few words.
    letter : str, optional
        The placeholder of a value in the help of the command line.
    flag : str or None
        Its option; by default its name without ``n_``. None for no option.
    default : str or None
        The meaning of None in words, or "" if ``about`` has it. None if None is not allowed.
    """

    kind: Kind
    about: str
    letter: str | None = None
    flag: str | None = ""
    default: str | None = None


def parameter(
    kind: Kind,
    about: str,
    letter: str | None = None,
    *,
    flag: str | None = "",
    default: str | None = None,
    before: Any = MISSING,
) -> Any:
    """Return a field of a config that is an argument: see `Parameter`.

    ``before`` is the value that configs had before there was the field. A config with this value is
    stored without the field, so that a store of that time goes on.
    """
    described = {"parameter": Parameter(kind, about, letter, flag, default)}
    return field(default=before, metadata=described | {LATER: before is not MISSING})


def derived(about: str) -> Any:
    """Return a field of a config that follows from others."""
    return field(metadata={"parameter": SimpleNamespace(about=about)})


@dataclass(frozen=True)
class Config:
    """All arguments, resolved. Equal configs give equal results.

    Attributes
    ----------
    further : mapping
        Arguments that are not fields, because they only determine others.
    defaults : mapping
        The default of each argument of the experiment's function.
    """

    further: ClassVar[Mapping[str, Parameter]] = {}
    defaults: ClassVar[Mapping[str, Any]] = {}

    def __init_subclass__(cls) -> None:
        declared = {name: x for name, x in vars(cls).items() if isinstance(x, Field)}
        lines = [
            f"{name} : {cls.__annotations__[name]}\n    {x.metadata['parameter'].about}"
            for name, x in declared.items()
        ]
        about = [inspect.cleandoc(cls.__doc__ or ""), "\nAttributes\n----------", *lines]
        cls.__doc__ = "\n".join(about)

    @classmethod
    def parameters(cls) -> dict[str, Parameter]:
        """Return the arguments by name."""
        declared = {x.name: x.metadata.get("parameter") for x in fields(cls)} | dict(cls.further)
        return {name: x for name, x in declared.items() if isinstance(x, Parameter)}

    @classmethod
    def check(cls, arguments: Mapping[str, Any]) -> SimpleNamespace:
        """Return the arguments, each checked by itself."""

        def value(name: str, what: Parameter) -> Any:
            given = arguments[name]
            unsaid = given is None and what.default is not None
            return None if unsaid else what.kind.check(given, name)

        return SimpleNamespace(**{name: value(name, x) for name, x in cls.parameters().items()})

    @classmethod
    def resolve(cls, given: SimpleNamespace) -> None:
        """Set the fields that depend on others, or say which do not go together."""

    @classmethod
    def resolved(cls, given: SimpleNamespace) -> Self:
        """Return the config of checked arguments."""
        cls.resolve(given)
        return cls(**{x.name: getattr(given, x.name) for x in fields(cls)})

    @classmethod
    def checked(cls, arguments: Mapping[str, Any]) -> Self:
        """Return the config of arguments, or say what was expected and what came."""
        return cls.resolved(cls.check(arguments))


def asked(config: type[Config]) -> Callable[[F], F]:
    """Tell a config of the defaults of the function whose arguments it checks."""

    def tell(function: F) -> F:
        arguments = inspect.signature(function).parameters
        config.defaults = {name: x.default for name, x in arguments.items()}
        return function

    return tell


def measured(
    experiment: type[Experiment],
    result: type[R],
    arguments: Mapping[str, Any],
    **functions: Callable[..., Any] | None,
) -> R:
    """Run an experiment as the arguments of its function say.

    ``functions`` are those of the arguments that the experiment calls: it takes them by name.
    """
    kind: Any = experiment.config_type
    running = {name: arguments[name] for name in _RUNNING}
    make: Any = experiment
    of_config = make(kind.checked(arguments), **functions)
    check_can_be_sent(running["executor"], **functions)
    found = run(of_config, **running, any_seed=arguments.get("seed", 0) is None)
    return cast(R, found)
