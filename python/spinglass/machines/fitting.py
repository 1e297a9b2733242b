"""A fit, epoch by epoch: the core trains, and between its calls Python looks and writes.

Within an epoch nothing happens here: its batches are one call of the core. After it come the line
that scikit-learn prints, callbacks, the check for saturated units, and the checkpoint.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spinglass import _core
from spinglass._arguments import thread_count
from spinglass._progress import Progress, progress_callback
from spinglass.machines.rows import some_of
from spinglass.machines.trained import Trained

if TYPE_CHECKING:
    from spinglass.machines.checkpoint import Checkpoint

# A hidden unit whose mean probability is this near to 0 or 1 has stopped to tell data apart.
# Weights of trained machines stay near 10: one of 100 leaves nothing to chance.
_ABSURD = 100.0
_SATURATED = 1e-3
_SATURATED_SHARE = 0.95
_EARLY_EPOCHS = 3


@dataclass(frozen=True, eq=False)
class Epoch:
    """An epoch that is over: what a callback of ``fit`` is called with.

    Attributes
    ----------
    model : BernoulliRBM
        The estimator, as it is now.
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
        means = self.model._reconstructed(self._some, 1, self.updates)
        return float(np.mean((self._some - means) ** 2))


@dataclass(frozen=True)
class Fit:
    """One call of ``fit``: the data, and what happens between the epochs."""

    model: Any
    trained: Trained
    rows: NDArray[Any]
    data: _core.RbmData
    rates: NDArray[np.float32]
    callbacks: Sequence[Callable[[Epoch], object]]
    checkpoint: Checkpoint | None
    progress: Progress

    @property
    def n_batches(self) -> int:
        """Updates an epoch; the last batch may be shorter."""
        return -(-self.data.n_rows // self.trained.options.batch_size)

    def run(self) -> None:
        """Train up to the last epoch, from where the trainer is."""
        name = type(self.model).__name__
        try:
            with progress_callback(self.progress, name, "updates") as report:
                self._epochs(report)
        except KeyboardInterrupt as interruption:
            done = self.trained.trainer.updates
            written = ""
            if self.checkpoint is not None:
                self.checkpoint.write(self.model, self.rates)
                written = f"; checkpoint written to {self.checkpoint.path}"
            interruption.add_note(
                f"fit: interrupted after {done} of {len(self.rates)} updates, which the model "
                f"keeps{written}"
            )
            raise

    def _epochs(self, report: Any) -> None:
        trainer, total = self.trained.trainer, len(self.rates)
        saturation_named = False
        began = time.time()
        while trainer.updates < total:
            self._train_to_end_of_epoch(report)
            number = trainer.updates // self.n_batches
            if not saturation_named and number <= _EARLY_EPOCHS:
                saturation_named = _name_saturation(trainer.activity(), number) or _name_growth(
                    trainer.machine(), number
                )
            ended = time.time()
            epoch = Epoch(
                self.model,
                number,
                total // self.n_batches,
                trainer.updates,
                float(self.rates[trainer.updates - 1]),
                ended - began,
                self.rows,
            )
            if hasattr(report, "note"):
                report.note(
                    f"pseudo-likelihood {epoch.pseudo_likelihood:.1f}, "
                    f"error {epoch.reconstruction_error:.3f}"
                )
            if self.model.verbose:
                self._print(epoch)
            answers = [callback(epoch) for callback in self.callbacks]  # each is asked
            stop = any(isinstance(answer, bool | np.bool_) and answer for answer in answers)
            if self.checkpoint is not None and (
                stop or trainer.updates == total or self.checkpoint.is_due(number)
            ):
                self.checkpoint.write(self.model, self.rates, finished=stop)
            if stop:
                break
            began = ended

    def _train_to_end_of_epoch(self, report: Any) -> None:
        trainer = self.trained.trainer
        done, size, n_rows = trainer.updates, self.trained.options.batch_size, self.data.n_rows
        first = done % self.n_batches * size
        rates = self.rates[done : done - done % self.n_batches + self.n_batches]

        def tell(within: int, _: int) -> None:
            report(done + within, len(self.rates))

        try:
            trainer.train(
                self.data,
                first,
                n_rows - first,
                size,
                rates,
                thread_count(self.model.num_threads),
                None if report is None else tell,
            )
        except ValueError as error:
            error.add_note("The model keeps the parameters from before. Lower learning_rate.")
            raise

    def _print(self, epoch: Epoch) -> None:
        score = self.model.score_samples(self.rows).mean()
        print(
            f"[{type(self.model).__name__}] Iteration {epoch.number}, pseudo-likelihood = "
            f"{score:.2f}, time = {epoch.seconds:.2f}s"
        )


def _name_growth(machine: Any, epoch: int) -> bool:
    """Warn if some weight has become absurd, and say whether one has."""
    if not isinstance(machine, _core.RbmMachine):  # real units have weights of any size
        return False
    largest = float(np.abs(machine.components()).max())
    if largest < _ABSURD:
        return False
    warnings.warn(
        f"after epoch {epoch}, some weight is {largest:.3g}: the training diverges. Lower "
        "learning_rate",
        RuntimeWarning,
        stacklevel=5,
    )
    return True


def _name_saturation(activity: NDArray[np.float32], epoch: int) -> bool:
    """Warn if nearly all hidden units are stuck, and say whether they are."""
    saturated = (activity < _SATURATED) | (activity > 1 - _SATURATED)
    if saturated.mean() < _SATURATED_SHARE:
        return False
    warnings.warn(
        f"after epoch {epoch}, {saturated.sum()} of {len(saturated)} hidden units are saturated "
        "(always on or always off): they tell nothing of the data. Lower learning_rate, or begin "
        "elsewhere (initial_bias, centered)",
        RuntimeWarning,
        stacklevel=5,
    )
    return True
