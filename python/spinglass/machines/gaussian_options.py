"""The checked options of the training of a machine of real numbers."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar

import numpy as np

from spinglass import _core
from spinglass._arguments import check_memory
from spinglass._random import seed_word
from spinglass.machines.options import TRAINING, WEIGHTS, common, not_negative
from spinglass.machines.protocols import State

# Two directions of weights and their velocities, before an update and after it; the gradient.
_BYTES_PER_WEIGHT = 72

# The most hidden units over whose states each update sums.
_MOST_SUMMED = 12


@dataclass(frozen=True)
class GaussianOptions:
    """Options of a training. All fields but the last two have the names of parameters.

    Attributes
    ----------
    varying : tuple of bool, (n_features,)
        True for features with more than one value in the first data: their variances are learned.
    summed : bool
        Whether the negative phase of the gradient is an exact sum over hidden states. It is where
        the data have clusters that chains do not leave.
    """

    PARAMETERS: ClassVar[tuple[str, ...]] = (
        "components",
        "intercept_hidden",
        "intercept_visible",
        "variances",
    )
    # Arguments of a trainer, which may change between updates.
    given: ClassVar[Callable[[Any], tuple[Any, ...]]] = operator.attrgetter(
        "k", "persistent", "variance_rate", "momentum", "weight_decay"
    )

    n_components: int
    batch_size: int
    n_iter: int
    k: int
    persistent: bool
    variance_rate: float
    momentum: float
    weight_decay: float
    varying: tuple[bool, ...] = ()
    summed: bool = False

    @classmethod
    def of(cls, model: Any) -> GaussianOptions:
        """Check the parameters of an estimator."""
        variance_rate = not_negative(model.variance_rate, "variance_rate")
        return cls(**common(model), variance_rate=variance_rate)

    def changed_to(self, options: GaussianOptions) -> GaussianOptions:
        """Return other options for the same machine and chains."""
        names = ("n_components", "batch_size", "varying", "summed")
        kept = {name: getattr(self, name) for name in names}
        return replace(options, **kept)

    def begin(
        self, data: _core.GaussianRbmData, word: int
    ) -> tuple[GaussianOptions, _core.GaussianRbmTrainer]:
        """Return a trainer whose units distinguish clusters, if there are any, or are near 0."""
        hidden, visible, n_chains = self.n_components, data.n_visible, self.batch_size
        check_memory(
            _BYTES_PER_WEIGHT * hidden * visible + 24 * n_chains * (hidden + visible),
            f"a machine of {hidden} x {visible} weights and {n_chains} chains",
        )
        weights_seed = seed_word(word, WEIGHTS)
        machine, telling = _core.GaussianRbmMachine.initial(hidden, data, weights_seed)
        # Contrastive divergence keeps the two clusters of one unit as they are. With several units
        # the probabilities of the clusters drift, and chains that stay in one cannot see that.
        summed = hidden <= _MOST_SUMMED and telling > (0 if self.persistent else 1)
        return replace(self, summed=summed).begin_at(machine, data, word)

    def begin_at(
        self, machine: _core.GaussianRbmMachine, data: _core.GaussianRbmData, word: int
    ) -> tuple[GaussianOptions, _core.GaussianRbmTrainer]:
        """Return a trainer that begins with a copy of a machine, and chains that data begin."""
        # One row says nothing of variances.
        varying = (data.moments()[1] > 0) | (data.n_rows == 1)
        options = replace(self, varying=tuple(varying.tolist()))
        chains = machine.initial_chains(self.batch_size, data, seed_word(word, WEIGHTS))
        seed = seed_word(word, TRAINING)
        return options, _core.GaussianRbmTrainer.begin(machine, chains, seed, options._rules())

    def from_state(self, state: State) -> _core.GaussianRbmTrainer:
        """Return a trainer that goes on from a state."""
        return _core.GaussianRbmTrainer.from_state(state, self._rules())

    def machine(self, parameters: State) -> _core.GaussianRbmMachine:
        """Return the machine of the core with these parameters."""
        return _core.GaussianRbmMachine(**parameters)

    def _rules(self) -> dict[str, Any]:
        rates = np.where(self.varying, self.variance_rate, 0.0)
        return asdict(self) | {"variance_rates": rates}
