"""What training a machine of real numbers needs: its parameters, checked, and what a fit leaves."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass import _core
from spinglass._arguments import check_memory, finite, fraction, integer, thread_count
from spinglass._random import seed_word
from spinglass.machines.options import check_learning_rate
from spinglass.machines.rows import binary_states
from spinglass.machines.trained import Trained

# Children of the word that random_state gave, as for the machine of units 0 and 1.
_WEIGHTS, _TRAINING = range(2)

# Two directions of weights and their velocities, before an update and after it; the gradient.
_BYTES_PER_WEIGHT = 72


@dataclass(frozen=True)
class GaussianOptions:
    """What training needs to know, checked. Fields have the names of the parameters."""

    n_components: int
    batch_size: int
    n_iter: int
    k: int
    persistent: bool
    variance_rate: float
    momentum: float
    weight_decay: float

    @classmethod
    def of(cls, model: Any) -> GaussianOptions:
        """Check the parameters of an estimator."""
        if not isinstance(model.persistent, bool | np.bool_):
            raise TypeError(f"persistent must be True or False, got {model.persistent!r}")
        if not isinstance(model.verbose, bool | np.bool_):
            integer(model.verbose, "verbose", at_least=0)
        thread_count(model.num_threads)
        check_learning_rate(model.learning_rate)
        momentum = fraction(model.momentum, "momentum")
        if momentum == 1.0:
            raise ValueError("momentum must be below 1, got 1.0")
        return cls(
            n_components=integer(model.n_components, "n_components", at_least=1, at_most=2**31 - 1),
            batch_size=integer(model.batch_size, "batch_size", at_least=1, at_most=2**31 - 1),
            n_iter=integer(model.n_iter, "n_iter", at_least=0, at_most=2**53),
            k=integer(model.k, "k", at_least=1, at_most=2**31 - 1),
            persistent=bool(model.persistent),
            variance_rate=_not_negative(model.variance_rate, "variance_rate"),
            momentum=momentum,
            weight_decay=_not_negative(model.weight_decay, "weight_decay"),
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the fields by name."""
        return asdict(self)

    def trainer(
        self,
        machine: _core.GaussianRbmMachine,
        hidden: NDArray[np.uint8],
        seed: int,
        varying: NDArray[np.bool_],
        state: dict[str, NDArray[Any]] | None = None,
    ) -> _core.GaussianRbmTrainer:
        """Return a trainer of the core with these options."""
        rates = np.where(varying, self.variance_rate, 0.0)
        return _core.GaussianRbmTrainer(
            machine, hidden, seed, rates, k=self.k,
            persistent=self.persistent, momentum=self.momentum, weight_decay=self.weight_decay,
            state=state,
        )  # fmt: skip


def _not_negative(value: Any, name: str) -> float:
    number = finite(value, name)
    if number < 0:
        raise ValueError(f"{name} must be >= 0, got {value!r}")
    return number


def reals(rows: NDArray[Any]) -> _core.GaussianRbmData:
    """Hand rows of numbers to the core."""
    return _core.GaussianRbmData(np.ascontiguousarray(rows, dtype=np.float64))


class GaussianTrained(Trained):
    """A machine of real numbers in training.

    Attributes
    ----------
    varying : numpy.ndarray of bool, (n_features,)
        Which features took more than one value in the first data, so that variances can be learned.
    """

    __slots__ = ("varying",)

    trainer: _core.GaussianRbmTrainer  # type: ignore[assignment]
    options: GaussianOptions  # type: ignore[assignment]

    def __init__(
        self,
        trainer: _core.GaussianRbmTrainer,
        options: GaussianOptions,
        dtype: np.dtype[Any],
        word: int,
        calls: int,
        varying: NDArray[np.bool_],
    ) -> None:
        super().__init__(trainer, options, dtype, word, calls)  # type: ignore[arg-type]
        self.varying = varying

    @classmethod
    def first(
        cls,
        options: GaussianOptions,
        data: _core.GaussianRbmData,
        dtype: np.dtype[Any],
        word: int,
    ) -> GaussianTrained:
        """Return a machine with the moments of data and small normal weights, chains at h = 0."""
        hidden, visible, n_chains = options.n_components, data.n_visible, options.batch_size
        check_memory(
            _BYTES_PER_WEIGHT * hidden * visible + 24 * n_chains * (hidden + visible),
            f"a machine of {hidden} x {visible} weights and {n_chains} chains",
        )
        machine = _core.GaussianRbmMachine.initial(hidden, data, seed_word(word, _WEIGHTS))
        # One row says nothing of variances.
        varying = (data.moments()[1] > 0) | (data.n_rows == 1)
        chains = np.zeros((n_chains, hidden), np.uint8)
        trainer = options.trainer(machine, chains, seed_word(word, _TRAINING), varying)
        return cls(trainer, options, dtype, word, 0, varying)

    @classmethod
    def again(
        cls,
        parameters: tuple[NDArray[np.float64], ...],
        hidden: NDArray[np.uint8],
        state: dict[str, NDArray[Any]],
        options: GaussianOptions,
        dtype: np.dtype[Any],
        word: int,
        calls: int,
        varying: NDArray[np.bool_],
    ) -> GaussianTrained:
        """Return what all this describes."""
        machine, seed = _core.GaussianRbmMachine(*parameters), seed_word(word, _TRAINING)
        trainer = options.trainer(machine, hidden, seed, varying, state)
        return cls(trainer, options, dtype, word, calls, varying)

    def __reduce__(self) -> tuple[Any, ...]:
        return GaussianTrained.again, (
            tuple(self._parameters().values()), self.trainer.hidden(), self.trainer.state(),
            self.options, self.dtype, self.word, self.calls, self.varying,
        )  # fmt: skip

    @property
    def gaussian(self) -> _core.GaussianRbmMachine:
        """The parameters as they are now."""
        return self._copy("machine", self.trainer.machine)  # type: ignore[no-any-return]

    def _parameters(self) -> dict[str, NDArray[np.float64]]:
        machine = self.trainer.machine()
        return {
            "components": machine.components(),
            "intercept_hidden": machine.intercept_hidden(),
            "intercept_visible": machine.intercept_visible(),
            "variances": machine.variances(),
        }

    def _resume(self, options: GaussianOptions, hidden: NDArray[np.uint8]) -> None:
        self.trainer = options.trainer(
            self.trainer.machine(), hidden, seed_word(self.word, _TRAINING), self.varying,
            self.trainer.state(),
        )  # fmt: skip
        self.options = options
        self._copies.clear()

    def use(self, options: Any, given: tuple[Any, ...]) -> None:
        """Go on with other options; the shapes stay, whatever was set since."""
        old = self.options
        options = replace(options, n_components=old.n_components, batch_size=old.batch_size)
        if options != old:
            self._resume(options, self.trainer.hidden())
        self.given = given

    def set_parameter(self, name: str, values: Any) -> None:
        """Upload components, intercept_hidden, intercept_visible or variances."""
        now, array = self._parameters(), np.asarray(values)
        shape = now[name].shape
        if array.dtype.kind not in "biuf" or array.shape != shape:
            raise ValueError(
                f"{name}_ must hold real numbers of shape {shape}, got {array.dtype} of shape "
                f"{array.shape}"
            )
        doubles = np.array(array, dtype=np.float64, order="C")
        self.trainer.set_machine(_core.GaussianRbmMachine(**(now | {name: doubles})))
        self._copies.clear()

    def set_hidden(self, values: Any) -> None:
        """Upload the states of the chains."""
        shape = self.trainer.hidden().shape
        if np.shape(values) != shape:
            raise ValueError(f"h_samples_ must have shape {shape}, got {np.shape(values)}")
        self._resume(self.options, binary_states(values, "h_samples_", shape[1]))
