"""What a fit leaves: parameters and chains, which live in the core, and their copies for Python.

The core owns them, because a training that goes on needs more than the three arrays (velocities,
random streams, weights in fixed point). Python sees copies, made when they are asked for and kept
until the next update. They cannot be written to: an edit in place would be lost.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass import _core
from spinglass._arguments import check_memory
from spinglass._random import seed_word
from spinglass.machines.options import Options, check_learning_rate, learning_rates
from spinglass.machines.rows import binary_states

# Children of the word that random_state gave; one for each thing that draws.
_WEIGHTS, _TRAINING, _CALLS = range(3)

# Bytes of a weight: itself, its velocity and three planes of digits in both directions, in a
# machine that trains and in one that is copied.
_BYTES_PER_WEIGHT = 32


class Trained:
    """A machine in training.

    Attributes
    ----------
    trainer : RbmTrainer
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
    """

    __slots__ = (
        "_copies", "_rate", "_rates", "_seen",
        "calls", "data_means", "dtype", "given", "options", "trainer", "word",
    )  # fmt: skip

    def __init__(
        self,
        trainer: _core.RbmTrainer,
        options: Options,
        dtype: np.dtype[Any],
        word: int,
        calls: int = 0,
        data_means: NDArray[np.float32] | None = None,
    ) -> None:
        self.trainer, self.options, self.dtype = trainer, options, dtype
        self.word, self.calls, self.data_means = word, calls, data_means
        self.given: tuple[Any, ...] = ()
        self._copies: dict[str, Any] = {}
        self._seen = trainer.updates
        self._rate: Any = None
        self._rates = np.empty(0, np.float32)

    @classmethod
    def begin(cls, options: Options, n_features: int, dtype: np.dtype[Any], word: int) -> Trained:
        """Return a machine of small normal weights, chains at h = 0."""
        hidden = options.n_components
        n_chains = options.n_chains * len(options.tempering or (1.0,))
        check_memory(
            _BYTES_PER_WEIGHT * hidden * n_features + 4 * n_chains * (hidden + n_features),
            f"a machine of {hidden} x {n_features} weights and {n_chains} chains",
        )
        weights = _core.rbm_initial_weights(hidden, n_features, 0.01, seed_word(word, _WEIGHTS))
        machine = _core.RbmMachine(
            weights, np.zeros(hidden, np.float32), np.zeros(n_features, np.float32),
            options.precision,
        )  # fmt: skip
        chains = np.zeros((options.n_chains, hidden), np.uint8)
        trainer = options.trainer(machine, chains, seed_word(word, _TRAINING))
        return cls(trainer, options, dtype, word)

    @classmethod
    def from_state(
        cls,
        state: dict[str, NDArray[Any]],
        options: Options,
        n_features: int,
        dtype: np.dtype[Any],
        word: int,
        calls: int,
        data_means: NDArray[np.float32] | None,
    ) -> Trained:
        """Return what `state` and the other attributes describe."""
        trainer = options.empty_trainer(n_features)
        trainer.restore(state)
        return cls(trainer, options, dtype, word, calls, data_means)

    def __reduce__(self) -> tuple[Any, ...]:
        n_features = self.machine.n_visible
        return Trained.from_state, (
            self.trainer.state(), self.options, n_features, self.dtype, self.word, self.calls,
            self.data_means,
        )  # fmt: skip

    def use(self, options: Options, given: tuple[Any, ...]) -> None:
        """Go on with other options."""
        if options != self.options:
            # The shapes are those of the machine and of its chains, whatever was set since.
            old = self.options
            kept = {name: getattr(old, name) for name in ("n_components", "n_chains", "precision")}
            options = Options(**{**options.as_dict(), **kept})
            if options.tempering != old.tempering:
                raise ValueError("tempering cannot change between calls of partial_fit: fit anew")
            state = self.trainer.state()
            self.trainer = options.empty_trainer(self.machine.n_visible)
            for name, values in self.trainer.state().items():
                # Without momentum there are no velocities; with it, they begin at rest.
                if name.startswith("velocity") and values.shape != state[name].shape:
                    state[name] = values
            self.trainer.restore(state)
            self.options = options
            self._copies.clear()
        self.given = given

    def next_rate(self, rate: Any) -> NDArray[np.float32]:
        """Return the learning rate of an update outside of a fit."""
        if rate is not self._rate:
            check_learning_rate(rate)
            self._rates = learning_rates(rate, self.trainer.updates, 1, np.inf)
            # A number stays what it is; a schedule is asked again, a list may be changed.
            self._rate = rate if isinstance(rate, float | int | tuple) else None
        return self._rates

    def next_word(self) -> int:
        """Return the seed of the next call that draws random numbers."""
        self.calls += 1
        return seed_word(self.word, _CALLS, self.calls)

    @property
    def machine(self) -> _core.RbmMachine:
        """The parameters as they are now."""
        return self._copy("machine", self.trainer.machine)  # type: ignore[no-any-return]

    def array(self, name: str, read: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        """Return a copy that cannot be written to, in the dtype of the data."""
        return self._copy(name, lambda: self._frozen(read()))  # type: ignore[no-any-return]

    def _frozen(self, values: NDArray[Any]) -> NDArray[Any]:
        values = values.astype(self.dtype, copy=False)
        values.flags.writeable = False
        return values

    def _copy(self, name: str, read: Callable[[], Any]) -> Any:
        updates = self.trainer.updates
        if updates != self._seen:
            self._copies.clear()
            self._seen = updates
        if name not in self._copies:
            self._copies[name] = read()
        return self._copies[name]

    def set_parameter(self, name: str, values: Any) -> None:
        """Upload components, intercept_hidden or intercept_visible."""
        machine = self.machine
        now = {
            "components": machine.components(),
            "intercept_hidden": machine.intercept_hidden(),
            "intercept_visible": machine.intercept_visible(),
        }
        array, shape = np.asarray(values), now[name].shape
        if array.dtype.kind not in "biuf" or array.shape != shape:
            raise ValueError(
                f"{name}_ must hold real numbers of shape {shape}, got {array.dtype} of shape "
                f"{array.shape}"
            )
        with np.errstate(over="ignore"):
            single = np.array(array, dtype=np.float32, order="C")
        if not np.isfinite(single).all():
            culprit = array[~np.isfinite(single)].ravel()[0]
            raise ValueError(f"{name}_ must hold finite numbers of single precision, got {culprit}")
        self.trainer.set_machine(
            _core.RbmMachine(**(now | {name: single}), precision=machine.precision)
        )
        self._copies.clear()

    def set_hidden(self, values: Any) -> None:
        """Upload the states of the chains, those at beta = 1 if there are several temperatures."""
        shape = self.options.n_chains, self.options.n_components
        if np.shape(values) != shape:
            raise ValueError(f"h_samples_ must have shape {shape}, got {np.shape(values)}")
        states = binary_states(values, "h_samples_", shape[1])
        state = self.trainer.state()
        coldest = state["temperatures"] == state["temperatures"].max()
        state["chains_hidden"].reshape(-1, shape[1])[coldest] = states
        self.trainer.restore(state)
        self._copies.clear()
