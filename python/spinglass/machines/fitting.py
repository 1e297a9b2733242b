"""Fitting: epoch by epoch in `fit`, and one update at a time in `partial_fit`.

Within an epoch nothing happens here: its batches are one call of the core. After it come the line
that scikit-learn prints, callbacks, the check for saturated units, and the checkpoint.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from spinglass._arguments import check_memory, shown, thread_count
from spinglass._caller import warn_caller
from spinglass._estimator import weighted
from spinglass._progress import Progress, progress_callback, say
from spinglass._random import legacy, random_word
from spinglass.machines.epoch import Epoch
from spinglass.machines.options import learning_rates
from spinglass.machines.protocols import Trainer
from spinglass.machines.rows import output_dtype, table, typical
from spinglass.machines.trained import M, Machine, Rows, Trained, rows_of

if TYPE_CHECKING:
    from spinglass.machines.checkpoint import Checkpoint

Callbacks = Sequence[Callable[[Epoch], object]]
AnyMachine = TypeVar("AnyMachine", bound=Machine[Any])

# After so many epochs a training that goes wrong has shown it.
_EARLY_EPOCHS = 3


@dataclass(frozen=True)
class Fit(Generic[M]):
    """One call of ``fit``, checked: the data, and what happens between the epochs."""

    model: Machine[M]
    X: Any
    options: Any
    # The rows that count, and how much, 1 on average; None if all count alike.
    rows: Rows
    weights: NDArray[np.float64] | None
    data: Any
    rates: NDArray[np.float32]
    word: int
    callbacks: Callbacks
    progress: Progress

    @classmethod
    def of(
        cls,
        model: Machine[M],
        X: Any,
        callbacks: Callbacks,
        progress: Progress,
        sample_weight: Any = None,
    ) -> Fit[M]:
        """Check the parameters of an estimator and the arguments of its ``fit``."""
        _refuse_within_fit(model, "fit")
        options = model._options_class.of(model)
        rows, weights = _weighted(table(X, type(model).__name__), sample_weight)
        data, callbacks = model._data(rows), _callables(callbacks)
        n_updates = options.n_iter * -(-len(rows) // options.batch_size)
        check_memory(16 * n_updates, f"n_iter: the learning rates of {n_updates} updates")
        rates = learning_rates(model.learning_rate, 0, n_updates, n_updates)
        word = random_word(model.random_state)
        return cls(model, X, options, rows, weights, data, rates, word, callbacks, progress)

    @property
    def n_batches(self) -> int:
        """Updates an epoch; the last batch may be shorter."""
        size: int = self.options.batch_size
        return -(-len(self.rows) // size)

    @cached_property
    def typical(self) -> Rows:
        """Rows of which none counts more than another."""
        return typical(self.rows, self.weights)

    def begin(self) -> Trained[M]:
        """Return a machine that has learned nothing yet."""
        data = self.data if self.weights is None else self.model._data(self.typical)
        return Trained.begin(self.options, data, output_dtype(self.X), self.word)

    def run(
        self, trained: Trained[M], checkpoint: Checkpoint | None = None, finished: bool = False
    ) -> None:
        """Give the estimator a machine, and train it up to the last epoch."""
        model = self.model
        trained.given = trained.options.given(model)
        model._take_feature_names(self.X, reset=True)
        model._trained, model.n_features_in_ = trained, self.rows.shape[1]
        if finished:
            return
        trained.is_in_fit = True
        try:
            with progress_callback(self.progress, type(model).__name__, "updates") as report:
                self._epochs(trained.trainer, checkpoint, report)
        except KeyboardInterrupt as interruption:
            done = trained.trainer.updates
            written = ""
            if checkpoint is not None:
                checkpoint.write(model, self.rates)
                written = f"; checkpoint written to {checkpoint.path}"
            interruption.add_note(
                f"fit: interrupted after {done} of {len(self.rates)} updates, which the model "
                f"keeps{written}"
            )
            raise
        finally:
            trained.is_in_fit = False

    def _epochs(self, trainer: Trainer, checkpoint: Checkpoint | None, report: Any) -> None:
        total, doubt = len(self.rates), None
        began = time.time()
        while trainer.updates < total:
            self._train_to_end_of_epoch(trainer, report)
            number = trainer.updates // self.n_batches
            if doubt is None and number <= _EARLY_EPOCHS:
                doubt = self.model._doubts(trainer)
                if doubt is not None:
                    message = f"after epoch {number}, {doubt}"
                    warn_caller(message, RuntimeWarning)
            ended = time.time()
            epoch = Epoch(
                self.model,
                number,
                total // self.n_batches,
                trainer.updates,
                float(self.rates[trainer.updates - 1]),
                ended - began,
                self.typical,
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
            if checkpoint is not None and (
                stop or trainer.updates == total or checkpoint.is_due(number)
            ):
                checkpoint.write(self.model, self.rates, finished=stop)
            if stop:
                break
            began = ended

    def _train_to_end_of_epoch(self, trainer: Trainer, report: Any) -> None:
        done, size, n_rows = trainer.updates, self.options.batch_size, len(self.rows)
        first = done % self.n_batches * size
        rates = self.rates[done : done - done % self.n_batches + self.n_batches]

        def tell(within: int, _: int) -> None:
            report(done + within, len(self.rates))

        try:
            trainer.update(
                self.data,
                first=first,
                rows=n_rows - first,
                batch_size=size,
                rates=rates,
                **_if_any(self.weights, first),
                num_threads=thread_count(self.model.num_threads),
                progress=None if report is None else tell,
            )
        except ValueError as error:
            error.add_note("The model keeps the parameters from before. Lower learning_rate.")
            raise

    def _print(self, epoch: Epoch) -> None:
        score = self.model._pseudo_likelihood(self.typical, legacy(self.model.random_state)).mean()
        say(
            f"[{type(self.model).__name__}] Iteration {epoch.number}, pseudo-likelihood = "
            f"{score:.2f}, time = {epoch.seconds:.2f}s",
            sys.stdout,
        )


def partial_fit(self: AnyMachine, X: Any, y: Any = None, sample_weight: Any = None) -> AnyMachine:
    """Do one update with all rows given.

    The first call begins a machine, as that of real numbers does with the means and variances of
    these rows.

    Parameters
    ----------
    X : array_like or sparse matrix, (n_samples, n_features)
    y : ignored
    sample_weight : array_like, (n_samples,), optional
        What each row counts in the means of the gradient; all alike by default. Only ratios matter.

    Returns
    -------
    estimator
        Itself.
    """
    trained = self.__dict__.get("_trained")
    if trained is None:
        options, given = self._options_class.of(self), table(X, type(self).__name__)
        rows, weights = _weighted(given, sample_weight)
        start = self._data(typical(rows, weights))
        data = start if weights is None else self._data(rows)
        word = random_word(self.random_state)
        trained = Trained.begin(options, start, output_dtype(X), word)
        trained.given = trained.options.given(self)
        trained.next_rate(self.learning_rate)  # refused before anything is learned
        self._take_feature_names(X, reset=True)
        self._trained, self.n_features_in_ = trained, rows.shape[1]
        self._check_data(rows)
    else:
        _refuse_within_fit(self, "partial_fit")
        trained.use(self)
        rows, weights = rows_of(self, X), None
        if sample_weight is not None:
            rows, weights = _weighted(rows, sample_weight)
        data = self._data(rows)
    n_rows = len(rows)
    trained.trainer.update(
        data,
        first=0,
        rows=n_rows,
        batch_size=n_rows,
        rates=trained.next_rate(self.learning_rate),
        **_if_any(weights),
        num_threads=thread_count(self.num_threads),
    )
    return self


def _weighted(rows: Rows, sample_weight: Any) -> tuple[Rows, NDArray[np.float64] | None]:
    """Return the rows that count, and how much, 1 on average."""
    rows, weights = weighted(rows, sample_weight)
    return rows, None if weights is None else weights / weights.mean()


def _if_any(weights: NDArray[np.float64] | None, first: int = 0) -> dict[str, Any]:
    """Return the weights from a row on as an argument, which a trainer need not know."""
    return {} if weights is None else {"weights": weights[first:]}


def _refuse_within_fit(model: Machine[Any], method: str) -> None:
    """Refuse to train a model in a callback of its own fit, which would go on with another."""
    trained: Trained[Any] | None = model.__dict__.get("_trained")
    if trained is not None and trained.is_in_fit:
        raise RuntimeError(
            f"{method} must not be called while a fit of the same model is under way, as in one of "
            "its callbacks: train a copy, sklearn.base.clone(model) or copy.deepcopy(model)"
        )


def _callables(callbacks: Any) -> Callbacks:
    if callable(callbacks):
        raise TypeError(f"callbacks must be a sequence of callables, got {shown(callbacks)} alone")
    try:
        found = tuple(callbacks)
    except Exception:
        expected = "callbacks must be a sequence of callables"
        raise TypeError(f"{expected}, got {shown(callbacks)}") from None
    for callback in found:
        if not callable(callback):
            raise TypeError(f"callbacks must be callables, got {shown(callback)}")
    return found
