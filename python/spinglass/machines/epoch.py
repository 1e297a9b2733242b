"""An epoch that is over, as callbacks see it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass._printed import printed
from spinglass.machines.rows import some_of


@printed
@dataclass(frozen=True, eq=False)
class Epoch:
    """An epoch that is over: what a callback of ``fit`` is called with.

    Attributes
    ----------
    model : estimator
        As it is now.
    number : int
        Of the epoch, from 1.
    n_epochs : int
        How many there will be.
    updates : int
        Updates done so far.
    learning_rate : float
        Of the last one.
    seconds : float
        That the epoch took, with what was measured after the one before it.
    """

    model: Any
    number: int
    n_epochs: int
    updates: int
    learning_rate: float
    seconds: float
    _rows: NDArray[Any] = field(repr=False)

    @cached_property
    def _some(self) -> NDArray[Any]:
        return some_of(self._rows)

    @cached_property
    def pseudo_likelihood(self) -> float:
        """The mean pseudo-likelihood of about 1000 rows of the data, in nats a row."""
        random = np.random.default_rng(self.updates)  # draws nothing from the model
        return float(self.model._pseudo_likelihood(self._some, random).mean())

    @cached_property
    def reconstruction_error(self) -> float:
        """The mean square of (v - P(v=1|h)), h drawn from P(h|v), over about 1000 rows."""
        means = self.model._reconstructed(self._some, self.updates)
        return float(np.mean((self._some - means) ** 2))
