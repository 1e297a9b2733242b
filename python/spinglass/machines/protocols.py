"""What a machine brings to its parts: a trainer, and the options that make it.

An estimator is a final class that is composed of parts: functions that it takes as methods
(`fitting`, `observables`, `chains`), descriptors (`parameters`), and a `Trained` that holds what it
has learned. They know the machine by the names here and in `trained.Machine` alone, so a new
machine writes these and takes the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

LearningRate: TypeAlias = float | tuple[float, float] | Callable[[int, float], float]
State: TypeAlias = dict[str, NDArray[Any]]


class Trainer(Protocol):
    """A machine in training, with what training remembers between updates; lives in the core."""

    @property
    def updates(self) -> int:
        """How many were made."""

    def machine(self) -> Any:
        """Return the parameters as they are now."""

    def set_machine(self, machine: Any) -> None:
        """Go on with other parameters."""

    def state(self) -> State:
        """Return all that is needed to go on with the same bits."""

    def hidden(self) -> NDArray[np.uint8]:
        """Return the hidden states of the chains that sample the machine itself."""

    def set_hidden(self, hidden: NDArray[np.uint8]) -> None:
        """Go on with other states of these chains."""

    def activity(self) -> NDArray[np.float64]:
        """Return the mean probabilities of the hidden units over the last rows."""

    def update(
        self,
        data: Any,
        *,
        first: int,
        rows: int,
        batch_size: int,
        rates: NDArray[np.float32],
        weights: NDArray[np.float64] | None = None,
        num_threads: int | None = None,
        progress: Callable[[int, int], object] | None = None,
    ) -> None:
        """Make one update for each of consecutive batches.

        ``weights`` says what each row counts, 1 on average. It is given only if they differ.
        """


class Options(Protocol):
    """The parameters of an estimator, checked: what its trainer is made with."""

    # The arrays that are learned, by the names that the machine in the core has for them.
    PARAMETERS: ClassVar[tuple[str, ...]]
    # The parameters of an estimator that may change between updates, as they were given.
    given: ClassVar[Callable[[Any], tuple[Any, ...]]]

    @classmethod
    def of(cls, model: Any) -> Any:
        """Check the parameters of an estimator."""

    @property
    def batch_size(self) -> int:
        """Rows an update."""

    @property
    def n_iter(self) -> int:
        """Epochs."""

    def changed_to(self, options: Any) -> Any:
        """Return other options for the same machine and chains, or say why they cannot be."""

    def begin(self, data: Any, word: int) -> tuple[Any, Any]:
        """Return the options and the trainer to begin with."""

    def from_state(self, state: State) -> Any:
        """Return a trainer that goes on from a state."""

    def machine(self, parameters: State) -> Any:
        """Return the machine of the core with these parameters."""
