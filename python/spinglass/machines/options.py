"""The parameters of an estimator, checked, and its learning rates.

scikit-learn wants parameters checked when they are used, not when they are given, so this happens
at the beginning of each fit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass import _core
from spinglass._arguments import choice, finite, fraction, integer, ladder, thread_count

LearningRate: TypeAlias = float | tuple[float, float] | Callable[[int, float], float]


@dataclass(frozen=True)
class Options:
    """What training needs to know, checked. Fields have the names of the parameters."""

    n_components: int
    batch_size: int
    n_iter: int
    k: int
    persistent: bool
    n_chains: int
    tempering: tuple[float, ...] | None
    momentum: float
    weight_decay: float
    sparsity: tuple[float, float] | None
    centered: bool
    precision: str

    @classmethod
    def of(cls, model: Any) -> Options:
        """Check the parameters of an estimator."""
        batch_size = integer(model.batch_size, "batch_size", at_least=1, at_most=2**31 - 1)
        n_chains = model.n_chains
        if n_chains is not None:
            n_chains = integer(n_chains, "n_chains", at_least=1, at_most=2**31 - 1)
        persistent = _flag(model.persistent, "persistent")
        tempering = _ladder(model.tempering)
        if tempering is not None and not persistent:
            raise ValueError("tempering needs chains that persist: persistent must be True")
        if not isinstance(model.verbose, bool | np.bool_):
            integer(model.verbose, "verbose", at_least=0)
        thread_count(model.num_threads)
        check_learning_rate(model.learning_rate)
        momentum = fraction(model.momentum, "momentum")
        if momentum == 1.0:
            raise ValueError("momentum must be below 1, got 1.0")
        weight_decay = finite(model.weight_decay, "weight_decay")
        if weight_decay < 0:
            raise ValueError(f"weight_decay must be >= 0, got {model.weight_decay!r}")
        return cls(
            n_components=integer(model.n_components, "n_components", at_least=1, at_most=2**31 - 1),
            batch_size=batch_size,
            n_iter=integer(model.n_iter, "n_iter", at_least=0, at_most=2**53),
            k=integer(model.k, "k", at_least=1, at_most=2**31 - 1),
            persistent=persistent,
            n_chains=batch_size if n_chains is None else n_chains,
            tempering=tempering,
            momentum=momentum,
            weight_decay=weight_decay,
            sparsity=_sparsity(model.sparsity),
            centered=_flag(model.centered, "centered"),
            precision=choice(model.precision, "precision", ("full", "fast")),
        )

    def as_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return asdict(self)

    def trainer(
        self, machine: _core.RbmMachine, hidden: NDArray[np.uint8], seed: int
    ) -> _core.RbmTrainer:
        """Return a trainer of the core with these options."""
        return _core.RbmTrainer(
            machine,
            hidden,
            seed,
            k=self.k,
            persistent=self.persistent,
            betas=None if self.tempering is None else np.array(self.tempering),
            momentum=self.momentum,
            weight_decay=self.weight_decay,
            sparsity=self.sparsity,
            centered=self.centered,
        )

    def empty_trainer(self, n_features: int) -> _core.RbmTrainer:
        """Return a trainer of the right shape, to be filled with a state."""
        machine = _core.RbmMachine(
            np.zeros((self.n_components, n_features), np.float32),
            np.zeros(self.n_components, np.float32),
            np.zeros(n_features, np.float32),
            self.precision,
        )
        return self.trainer(machine, np.zeros((self.n_chains, self.n_components), np.uint8), 0)


def _flag(value: Any, name: str) -> bool:
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be True or False, got {value!r}")
    return bool(value)


def _ladder(betas: ArrayLike | None) -> tuple[float, ...] | None:
    if betas is None:
        return None
    try:
        values = ladder(betas)
    except (TypeError, ValueError) as error:
        raise type(error)(str(error).replace("betas", "tempering", 1)) from None
    if values[-1] != 1.0:
        raise ValueError(f"tempering must end at beta = 1, got {values[-1]:g}")
    return tuple(values.tolist())


def _sparsity(value: Any) -> tuple[float, float] | None:
    if value is None:
        return None
    try:
        target, cost = value
    except (TypeError, ValueError):
        raise TypeError(f"sparsity must be None or (target, cost), got {value!r}") from None
    target, cost = fraction(target, "sparsity target"), finite(cost, "sparsity cost")
    if target in (0.0, 1.0) or cost < 0.0:
        raise ValueError(
            f"sparsity must be (target, cost) with 0 < target < 1 and cost >= 0, got {value!r}"
        )
    return target, cost


def check_learning_rate(rate: Any) -> None:
    """Refuse what is neither a rate nor a schedule."""
    if callable(rate):
        return
    if isinstance(rate, Sequence) and not isinstance(rate, str):
        if len(rate) != 2:
            raise ValueError(f"learning_rate must be (first, last), got {rate!r}")
        ends = [finite(end, "learning_rate") for end in rate]
        if min(ends) < 0 or max(ends) == 0:
            raise ValueError(f"learning_rate must not be negative or always 0, got {rate!r}")
    elif finite(rate, "learning_rate") <= 0:
        raise ValueError(f"learning_rate must be > 0, got {rate!r}")


def learning_rates(rate: Any, first: int, count: int, total: float) -> NDArray[np.float32]:
    """Return the learning rates of updates ``first`` to ``first + count`` of ``total``.

    Parameters
    ----------
    rate : float, pair of float or callable
        As the parameter ``learning_rate``, checked.
    total : float
        Infinite if it is not known.
    """
    if callable(rate):
        rates = np.empty(count)
        for place in range(count):
            rates[place] = value = finite(rate(first + place, total), "learning_rate(update)")
            if value < 0:
                raise ValueError(f"learning_rate(update) must be >= 0, got {value}")
    elif isinstance(rate, Sequence):
        start, end = (float(x) for x in rate)
        rates = start + (end - start) * (np.arange(first, first + count) / total)
    else:
        return np.full(count, float(rate), np.float32)
    return rates.astype(np.float32)
