"""The declaration of an experiment: its config, its grid of independent tasks, and their work.

An experiment is a subclass of `Experiment` with three methods. `tasks` returns the grid, `work`
computes one task and returns its rows, and `result` makes the user's result from all rows. `run` of
`spinglass.runner.loop` does the rest: the order, the progress, the store, the executor.

>>> from dataclasses import dataclass
>>> import numpy as np
>>> from spinglass.runner.loop import run
>>> @dataclass(frozen=True)
... class WalkConfig:
...     n_walks: int
...     seed: int
>>> class Walks(Experiment):
...     name, unit, config_type = "short walks", "walks", WalkConfig
...
...     def tasks(self):
...         return [Task(f"walk {k}", (k,)) for k in range(self.config.n_walks)]
...
...     def work(self, task, share):
...         steps = np.random.default_rng(task.seed(self.config.seed)).choice([-1, 1], 100)
...         return {"end": np.array([steps.sum()])}
...
...     def result(self, finished):
...         return np.concatenate([rows["end"] for _, rows in finished])
>>> run(Walks(WalkConfig(n_walks=4, seed=0))).shape
(4,)
"""

from __future__ import annotations

import dataclasses
import json
import math
import numbers
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, ClassVar, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spinglass import _random

Rows: TypeAlias = Mapping[str, NDArray[Any]]
"""What a task returns: arrays by name, of numbers, truth values or text, structured or not."""

LATER = "later"
"""Marks a field of a config that came later, and whose default is what was done before."""

Finished: TypeAlias = Sequence[tuple["Task", Rows]]
"""The tasks that are done, in the order in which they were declared, and their rows."""


@dataclass(frozen=True)
class Task:
    """One independent piece of an experiment.

    Attributes
    ----------
    key : str
        The name of the task, for people and in the store. Each task of an experiment has another.
    stream : tuple of int
        The seed stream. The random numbers of the task depend only on the seed of the config and
        on the stream, and not on other tasks.
    arguments : tuple
        All further arguments of the task for `Experiment.work`.
    cost : float
        The approximate time on one thread in seconds. The longest tasks start first.
    memory : int
        The bytes that the task needs while it runs.
    units : int
        The number of units of progress in the task.
    wide : bool
        Whether the task is more efficient with all threads than beside other tasks.

    Examples
    --------
    >>> from spinglass.runner import Task
    >>> first, second = Task("N = 100", (100, 0)), Task("N = 200", (200, 0), cost=4.0)
    >>> first.seed(1) == first.seed(1), first.seed(1) == second.seed(1)
    (True, False)
    """

    key: str
    stream: tuple[int, ...] = ()
    arguments: tuple[Any, ...] = ()
    cost: float = 1.0
    memory: int = 0
    units: int = 1
    wide: bool = False

    def __post_init__(self) -> None:
        if not (isinstance(self.key, str) and self.key):
            raise TypeError(f"key of a task must be text, got {self.key!r}")
        for name in ("cost", "memory", "units"):
            value = getattr(self, name)
            if not (isinstance(value, numbers.Real) and 0 <= float(value) < math.inf):
                raise ValueError(
                    f"{name} of the task {self.key!r} must be a finite number >= 0, got {value!r}"
                )

    def seed(self, seed: int, *further: int) -> int:
        """Return the 64-bit seed of the random numbers of the task, or of a part of it."""
        return _random.seed_word(seed, *self.stream, *further)


def said(config: Any) -> dict[str, Any]:
    """Return the fields of a config, without those that came later and say what was done before.

    So a store from before there was a field is of the same config.
    """
    values = dataclasses.asdict(config)
    unsaid = [
        x.name
        for x in dataclasses.fields(config)
        if x.metadata.get(LATER) and values[x.name] == x.default
    ]
    return {name: value for name, value in values.items() if name not in unsaid}


def meant(config: Any) -> dict[str, Any]:
    """Return what a config means by not saying a field that came later."""
    return {x.name: x.default for x in dataclasses.fields(config) if x.metadata.get(LATER)}


def checked(rows: Any) -> Rows:
    """Return what a task returned if it is rows, or say what was expected."""
    expected = "work must return plain NumPy arrays by name, without objects in them, got"
    if not isinstance(rows, Mapping):
        raise TypeError(f"{expected} {type(rows).__name__}")
    for name, values in rows.items():
        if not (isinstance(name, str) and name.isidentifier()):
            raise TypeError(f"{expected} the name {name!r}, which is no identifier")
        if type(values) is not np.ndarray or values.dtype.hasobject:
            kind = f"dtype {values.dtype}" if type(values) is np.ndarray else type(values).__name__
            raise TypeError(f"{expected} {kind} as {name!r}")
    return rows


def joined(finished: Finished, name: str, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return the rows called ``name`` of all tasks that have such, as one table."""
    tables = [rows[name] for _, rows in finished if name in rows]
    return np.concatenate([np.empty(0, dtype), *tables])


def expect(
    rows: Rows, name: str, shape: tuple[int, ...], dtype: Any, **whose: Iterable[Any]
) -> None:
    """Raise ValueError if an array of a task is missing, of another kind, or of another task.

    ``whose`` are the values that columns of a table may have.
    """
    array = rows.get(name)
    if array is None or array.shape != shape or array.dtype != dtype:
        came = "none" if array is None else f"{array.dtype} of shape {array.shape}"
        raise ValueError(f"expected {name} of shape {shape}, got {came}")
    for column, values in whose.items():
        if not np.isin(array[column], list(values)).all():
            raise ValueError(f"{column} in {name} is that of another task")


@dataclass(frozen=True)
class Share:
    """The share of the machine for one task.

    Attributes
    ----------
    num_threads : int
        The number of threads that the task may use.
    progress : callable, optional
        The argument ``progress`` for calls into the core. It ends them when the scan ends. Work
        outside the core must call it from time to time, with any two numbers.

    Notes
    -----
    A call into the core within the task that is told neither takes both from here.
    """

    num_threads: int = 1
    progress: Callable[[int, int], object] | None = None


class Experiment(ABC):
    """A grid of independent tasks and a function from task to rows.

    Attributes
    ----------
    name, unit : str
        The name of the experiment, and the unit of its progress.
    config_type : type
        A frozen dataclass of numbers, text, None and tuples of such. If it has a field ``seed``,
        the experiment allows ``seed=None`` and then takes the seed of its store.
    """

    name: ClassVar[str]
    unit: ClassVar[str] = "tasks"
    config_type: ClassVar[type]

    known: ClassVar[dict[str, type[Experiment]]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "name" in cls.__dict__:
            there = Experiment.known.get(cls.name)
            if there and there.__module__.startswith("spinglass.") and there is not cls:
                raise ValueError(f"name {cls.name!r} is that of an experiment of spinglass")
            Experiment.known[cls.name] = cls  # a store says its name

    def __init__(self, config: Any) -> None:
        self.config = config

    @abstractmethod
    def tasks(self) -> Sequence[Task]:
        """Return the grid. It depends only on the config, not on the machine."""

    @abstractmethod
    def work(self, task: Task, share: Share) -> Rows:
        """Compute a task, in any process. The rows depend only on the config and the task."""

    def check_rows(self, task: Task, rows: Rows) -> None:  # noqa: B027  (may be left out)
        """Raise ValueError if these cannot be the rows of a task: too few, or of another task.

        The rows of a store are checked before their use. By default all rows are accepted.
        """

    @abstractmethod
    def result(self, finished: Finished) -> Any:
        """Return the user's result, from all tasks or from the finished ones."""

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Experiment:
        """Return the experiment of a config as `dataclasses.asdict` and JSON left it."""
        return cls(cls.config_type(**{name: _tuples(x) for name, x in config.items()}))

    def with_seed(self, seed: int) -> Self:
        """Return the same experiment with another seed in its config."""
        other = copy(self)
        other.config = dataclasses.replace(self.config, seed=seed)
        return other

    def as_dict(self) -> dict[str, Any]:
        """Return the config as a dictionary of what JSON knows, NumPy's numbers as Python's."""
        plain = {}
        for name, value in said(self.config).items():
            try:
                plain[name] = json.loads(json.dumps(value, default=_number))
            except (TypeError, ValueError) as error:
                raise TypeError(
                    f"config of {self.name} must hold numbers, text, None and tuples of such, "
                    f"got {value!r} as {name}"
                ) from error
        return plain

    def grid(self) -> list[Task]:
        """Return the tasks, or say what is wrong with them."""
        tasks = list(self.tasks())
        for task in tasks:
            if not isinstance(task, Task):
                raise TypeError(f"tasks of {self.name} must be of type Task, got {task!r}")
        keys = {task.key for task in tasks}
        if len(keys) < len(tasks):
            raise ValueError(f"tasks must have keys of their own, got {len(keys)} for {len(tasks)}")
        return tasks


def _number(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
