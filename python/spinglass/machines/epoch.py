"""A finished epoch, as callbacks get it."""

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
    """A finished epoch: the argument of every callback of ``fit``.

    Attributes
    ----------
    model : estimator
        The model after this epoch.
    number : int
        Number of the epoch, from 1.
    n_epochs : int
        Number of epochs of the fit.
    updates : int
        Number of updates so far.
    learning_rate : float
        Learning rate of the last update.
    seconds : float
        Time of the epoch, including the measurements after the epoch before it.

    Examples
    --------
    >>> import numpy as np
    >>> import spinglass
    >>> X = np.random.default_rng(1).integers(0, 2, (200, 6))
    >>> seen = []
    >>> machine = spinglass.BernoulliRBM(3, n_iter=2, random_state=1)
    >>> _ = machine.fit(X, callbacks=[seen.append])
    >>> [epoch.number for epoch in seen]
    [1, 2]
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
