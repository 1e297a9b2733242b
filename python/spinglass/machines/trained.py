"""What a fit leaves: parameters and chains, which live in the core, and their copies for Python.

The core owns them, because a training that goes on needs more than the parameters (velocities,
random streams, weights in fixed point). Python sees copies, made when they are asked for and kept
until the next update. They cannot be written to: an edit in place would be lost.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from spinglass._random import RandomState, random_word, seed_word
from spinglass.machines.options import check_learning_rate, learning_rates
from spinglass.machines.protocols import LearningRate, Options, State, Trainer
from spinglass.machines.rows import NATIVE, table

# The child of the word that random_state gave for calls that draw; those before it are of training.
_CALLS = 2

# The machine of the core that an estimator has.
M = TypeVar("M")

Rows: TypeAlias = NDArray[Any]
Draws: TypeAlias = np.random.RandomState | np.random.Generator


class Trained(Generic[M]):
    """A machine in training.

    Attributes
    ----------
    trainer : Trainer
        In the core.
    options : Options
        What the trainer was made with.
    given : tuple
        The parameters of the estimator from which they were made, as they were given.
    dtype : numpy.dtype
        Of the copies: that of the data.
    word : int
        What ``random_state`` gave.
    calls : int
        How many calls have drawn random numbers since the fit.
    data_means : numpy.ndarray of float32, (n_features,), or None
        Means of the data of a fit, from which annealing can begin.
    is_in_fit : bool
        Whether a fit is under way.
    """

    __slots__ = (
        "_copies",
        "_rate",
        "_rates",
        "_seen",
        "calls",
        "data_means",
        "dtype",
        "given",
        "is_in_fit",
        "options",
        "trainer",
        "word",
    )  # fmt: skip

    def __init__(
        self,
        trainer: Trainer,
        options: Any,
        dtype: np.dtype[Any],
        word: int,
        calls: int = 0,
        data_means: NDArray[np.float32] | None = None,
    ) -> None:
        self.trainer: Trainer = trainer
        self.options, self.dtype = options, dtype
        self.word, self.calls, self.data_means = word, calls, data_means
        self.given: tuple[Any, ...] = ()
        self.is_in_fit = False
        self._copies: dict[str, Any] = {}
        self._seen = trainer.updates
        self._rate: Any = None
        self._rates = np.empty(0, np.float32)

    @classmethod
    def begin(cls, options: Options, data: Any, dtype: np.dtype[Any], word: int) -> Trained[Any]:
        """Return a machine that has learned nothing yet."""
        options, trainer = options.begin(data, word)
        return cls(trainer, options, dtype, word)

    @classmethod
    def from_state(cls, state: State, options: Any, *attributes: Any) -> Trained[Any]:
        """Return what `state` and the other attributes describe."""
        return cls(options.from_state(state), options, *attributes)

    def __reduce__(self) -> tuple[Any, ...]:
        return Trained.from_state, (
            self.trainer.state(), self.options, self.dtype, self.word, self.calls, self.data_means,
        )  # fmt: skip

    def use(self, model: Machine[M]) -> None:
        """Go on with the options that the estimator has now; the shapes stay, whatever was set."""
        given = self.options.given(model)
        # What was loaded or copied does not know what it was given.
        if self.given and all(map(operator.is_, given, self.given)):
            return
        options = self.options.changed_to(model._options_class.of(model))
        if options != self.options:
            self.trainer, self.options = options.from_state(self.trainer.state()), options
            self._copies.clear()
        self.given = given

    def next_rate(self, rate: LearningRate) -> NDArray[np.float32]:
        """Return the learning rate of an update outside of a fit."""
        if rate is not self._rate:
            check_learning_rate(rate)
            self._rates = learning_rates(rate, self.trainer.updates, 1, np.inf)
            # A number stays what it is; a schedule is asked again, a list may be changed.
            self._rate = rate if isinstance(rate, float | int | tuple) else None
        return self._rates

    def next_word(self, random_state: RandomState = None) -> int:
        """Return a seed: that of the caller, or the next of the model's own."""
        if random_state is not None:
            return random_word(random_state)
        self.calls += 1
        return seed_word(self.word, _CALLS, self.calls)

    @property
    def machine(self) -> M:
        """The parameters as they are now."""
        machine: M = self.copy("machine", self.trainer.machine)
        return machine

    def copy(self, name: str, read: Callable[[], Any]) -> Any:
        """Return what `read` gives, which is kept until the next update."""
        updates = self.trainer.updates
        if updates != self._seen:
            self.forget()
            self._seen = updates
        if name not in self._copies:
            self._copies[name] = read()
        return self._copies[name]

    def forget(self) -> None:
        """Make all copies anew."""
        self._copies.clear()


class Machine(Protocol[M]):
    """An estimator, as its parts see it."""

    learning_rate: LearningRate
    num_threads: int | None
    random_state: RandomState
    verbose: int
    n_features_in_: int
    _trained: Trained[M]

    @property
    def _options_class(self) -> type[Options]:
        """What checks the parameters."""

    def _data(self, rows: Rows) -> Any:
        """Return rows as the core takes them (a static method of the class)."""

    def _check_data(self, rows: Rows) -> None:
        """Warn of data that the machine takes, but is not made for."""

    def _doubts(self, trainer: Any) -> str | None:
        """Say what is wrong with a training of a few epochs, if anything."""

    def _pseudo_likelihood(self, rows: Rows, random: Draws) -> NDArray[np.float64]:
        """Return the pseudo-likelihood of each row, of a unit that is drawn."""

    def _reconstructed(self, rows: Rows, word: int) -> NDArray[Any]:
        """Return the means of the visible variables after a step from rows."""

    def _take_feature_names(self, X: Any, *, reset: bool) -> None: ...

    def _not_fitted(self) -> Exception: ...

    def _in_container(self, values: NDArray[Any], X: Any) -> Any: ...


def fitted(model: Machine[M]) -> Trained[M]:
    """Return what an estimator has learned, or say that it has not."""
    trained: Trained[M] | None = model.__dict__.get("_trained")
    if trained is None:
        raise model._not_fitted()
    return trained


def rows_of(model: Machine[Any], X: Any, name: str = "X") -> Rows:
    """Return X, an argument of that name, as rows for the core, of as many features as the fit had.

    The door of every method but the fit: what it warns of, no method is silent about.
    """
    fitted(model)
    n = model.n_features_in_
    if type(X) is np.ndarray and X.ndim == 2 and X.shape[1] == n and len(X):
        named = "feature_names_in_" in model.__dict__
        is_native = X.dtype in NATIVE and X.dtype != np.bool_
        if is_native and X.flags.c_contiguous and X.flags.aligned and not named:
            model._check_data(X)
            return X
    model._take_feature_names(X, reset=False)
    owner = type(model).__name__
    rows = table(X, owner, name)
    if rows.shape[1] != n:
        raise ValueError(
            f"{name} has {rows.shape[1]} features, but {owner} is expecting {n} features as input"
        )
    model._check_data(rows)
    return rows
