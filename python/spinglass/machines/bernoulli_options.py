"""What training a machine of units 0 and 1 needs to know, checked."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from spinglass import _core
from spinglass._arguments import (
    check_memory,
    choice,
    finite,
    flag,
    fraction,
    integer,
    ladder,
    shown,
)
from spinglass._random import seed_word
from spinglass.machines.options import TRAINING, WEIGHTS, common
from spinglass.machines.protocols import State

# Bytes of a weight: itself, its velocity and three planes of digits in both directions, in a
# machine that trains and in one that is copied.
_BYTES_PER_WEIGHT = 32


@dataclass(frozen=True)
class BernoulliOptions:
    """What training needs to know. Fields have the names of the parameters."""

    PARAMETERS: ClassVar[tuple[str, ...]] = ("components", "intercept_hidden", "intercept_visible")
    # What a trainer is made with; it may change between updates.
    given: ClassVar[Callable[[Any], tuple[Any, ...]]] = operator.attrgetter(
        "k", "persistent", "tempering", "momentum", "weight_decay", "sparsity", "centered"
    )

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
    def of(cls, model: Any) -> BernoulliOptions:
        """Check the parameters of an estimator."""
        shared, n_chains = common(model), model.n_chains
        if n_chains is not None:
            n_chains = integer(n_chains, "n_chains", at_least=1, at_most=2**31 - 1)
        tempering = _ladder(model.tempering)
        if tempering is not None and not shared["persistent"]:
            raise ValueError("tempering needs chains that persist: persistent must be True")
        return cls(
            **shared,
            n_chains=shared["batch_size"] if n_chains is None else n_chains,
            tempering=tempering,
            sparsity=_sparsity(model.sparsity),
            centered=flag(model.centered, "centered"),
            precision=choice(model.precision, "precision", ("full", "fast")),
        )

    def as_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return asdict(self)

    def changed_to(self, options: BernoulliOptions) -> BernoulliOptions:
        """Return other options for the same machine and chains."""
        if options.tempering != self.tempering:
            raise ValueError("tempering cannot change between calls of partial_fit: fit anew")
        kept = {name: getattr(self, name) for name in ("n_components", "n_chains", "precision")}
        return replace(options, **kept)

    def begin(self, data: _core.RbmData, word: int) -> tuple[BernoulliOptions, _core.RbmTrainer]:
        """Return a trainer of small normal weights, chains at h = 0."""
        hidden, visible = self.n_components, data.n_visible
        n_chains = self.n_chains * len(self.tempering or (1.0,))
        check_memory(
            _BYTES_PER_WEIGHT * hidden * visible + 4 * n_chains * (hidden + visible),
            f"a machine of {hidden} x {visible} weights and {n_chains} chains",
        )
        weights = _core.rbm_initial_weights(hidden, visible, 0.01, seed_word(word, WEIGHTS))
        return self, self._trainer(weights, seed_word(word, TRAINING))

    def from_state(self, state: State) -> _core.RbmTrainer:
        """Return a trainer that goes on from a state."""
        return _core.RbmTrainer.from_state(state, self.as_dict(), self.precision)

    def n_features(self, state: State) -> int:
        """Return how many features the data of a state have."""
        return len(state["intercept_visible"])

    def empty_state(self, state: State) -> State:
        """Return a state of the names, dtypes and shapes that this one, of a file, should have."""
        for name in self.PARAMETERS:
            if name not in state or state[name].dtype != np.float32:
                raise ValueError(f"tensor {name} of single precision is missing")
        components, chains = state["components"], state.get("chains_hidden")
        if components.ndim != 2 or 0 in components.shape or chains is None:
            raise ValueError(f"components must be a matrix, got shape {components.shape}")
        # Nothing is allocated that the file does not itself bring.
        n_chains = len(self.tempering or [1.0]) * self.n_chains
        if len(components) != self.n_components or chains.size != n_chains * self.n_components:
            raise ValueError("its tensors have other shapes than its options say")
        return self._trainer(np.zeros(components.shape, np.float32), 0).state()

    def check_state(self, state: State) -> None:
        """Refuse numbers that no training comes to."""
        for name in ("chains_hidden", "chains_visible"):
            if state[name].max() > 1:
                raise ValueError(f"{name} must hold only 0 and 1")
        n_rungs = len(self.tempering or [1.0])
        if (np.sort(state["temperatures"]) != np.repeat(np.arange(n_rungs), self.n_chains)).any():
            raise ValueError("temperatures must be those of as many chains each")
        if state["updates"][0] > 2**53:
            raise ValueError(f"updates must be at most 2**53, got {state['updates'][0]}")
        for name in ("streams_hidden", "streams_visible"):
            if not state[name].any():
                raise ValueError(f"{name} must be the state of random streams, got zeros")

    def machine(self, parameters: State) -> _core.RbmMachine:
        """Return the machine of the core with these parameters."""
        return _core.RbmMachine(**parameters, precision=self.precision)

    def _trainer(self, weights: Any, seed: int) -> _core.RbmTrainer:
        hidden, visible = weights.shape
        biases = np.zeros(hidden, np.float32), np.zeros(visible, np.float32)
        machine = self.machine(dict(zip(self.PARAMETERS, (weights, *biases), strict=True)))
        chains = np.zeros((self.n_chains, hidden), np.uint8)
        return _core.RbmTrainer.begin(machine, chains, seed, self.as_dict())


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
    except Exception:
        raise TypeError(f"sparsity must be None or (target, cost), got {shown(value)}") from None
    target, cost = fraction(target, "sparsity target"), finite(cost, "sparsity cost")
    if target in (0.0, 1.0) or cost < 0.0:
        raise ValueError(
            f"sparsity must be (target, cost) with 0 < target < 1 and cost >= 0, got {shown(value)}"
        )
    return target, cost
