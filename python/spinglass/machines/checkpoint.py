"""Checkpoints: a stopped training continues with the same bits as one that was never stopped.

A checkpoint is a model file that also identifies its data and its learning rates. A fit can
continue only with the same data, learning rates and parameters, so each of them is checked.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass._arguments import file_path, integer
from spinglass.machines import files
from spinglass.machines.bernoulli_options import BernoulliOptions
from spinglass.machines.trained import Trained

# Rows that are hashed together.
_ROWS_AT_A_TIME = 4096


@dataclass(frozen=True)
class Checkpoint:
    """The file of a checkpoint, the epochs between two writes, and the identity of the data."""

    path: Path
    every: int
    data: str
    from_data: bool

    @classmethod
    def of(
        cls,
        path: Any,
        every: Any,
        rows: NDArray[Any],
        weights: NDArray[np.float64] | None,
        from_data: bool,
    ) -> Checkpoint | None:
        """Check the arguments of ``fit``; return None if no checkpoint is requested."""
        if path is None:
            if every is not None:
                raise ValueError("every needs checkpoint, the path to write to")
            return None
        target = file_path(path, "checkpoint")
        if not target.parent.is_dir():
            raise ValueError(f"checkpoint must be in a folder that exists, got {str(target)!r}")
        files.safetensors()  # missing is told now, not after the first epoch
        every = 1 if every is None else integer(every, "every", at_least=1)
        return cls(target, every, _digest(rows, weights), from_data)

    def is_due(self, epoch: int) -> bool:
        """Return whether the fit writes after this epoch."""
        return epoch % self.every == 0

    def write(self, model: Any, rates: NDArray[np.float32], finished: bool = False) -> None:
        """Write the present state. ``finished``: a callback ended the fit."""
        done = model._trained.trainer.updates
        training = {
            "data": self.data,
            "from_data": self.from_data,
            "rates": _sha(rates[:done]),
            "finished": finished,
        }
        files.write(model, self.path, training)

    def resume(
        self,
        estimator: type[Any],
        options: BernoulliOptions,
        n_features: int,
        rates: NDArray[np.float32],
        word: int | None,
    ) -> tuple[Trained[Any], bool] | None:
        """Return the machine that continues, and whether its fit is finished; None without a file.

        Parameters
        ----------
        word : int or None
            The value that random_state gave; None if any value is accepted.

        Raises
        ------
        ValueError
            If the file is not a checkpoint, or is of another fit. The message names the difference.
        """
        if not self.path.exists():
            return None
        stored = files.read(self.path, estimator)
        training = stored.about["training"]
        if training is None:
            raise ValueError(f"checkpoint {self.path} is a saved model, which no fit has written")
        if stored.n_features != n_features:
            raise self._other("n_features", stored.n_features, n_features)
        then, now = stored.options.as_dict(), options.as_dict()
        for name in then:
            # More or fewer epochs are no other training as long as the rates so far are the same.
            if name != "n_iter" and then[name] != now[name]:
                raise self._other(name, then[name], now[name])
        if training.get("data") != self.data:
            raise ValueError(
                f"checkpoint {self.path} is of a fit to other data than X and sample_weight"
            )
        if training.get("from_data") is not self.from_data:
            raise ValueError(f"checkpoint {self.path} is of a fit with another initial_bias")
        if word is not None and stored.about["word"] != word:
            raise ValueError(f"checkpoint {self.path} is of a fit with another random_state")
        trained = stored.trained()
        done = trained.trainer.updates
        if done > len(rates):
            raise ValueError(
                f"checkpoint {self.path} is {done} updates old, more than the {len(rates)} of this "
                f"fit: n_iter must be larger than {options.n_iter}"
            )
        if training.get("rates") != _sha(rates[:done]):
            raise ValueError(
                f"checkpoint {self.path} is of a fit with another learning_rate (a schedule may "
                "depend on n_iter)"
            )
        return trained, training.get("finished") is True

    def _other(self, name: str, then: Any, now: Any) -> ValueError:
        return ValueError(f"checkpoint {self.path} is of a fit with {name}={then}, got {now}")


def _sha(array: NDArray[Any]) -> str:
    return hashlib.sha256(array.tobytes()).hexdigest()


def _digest(rows: NDArray[Any], weights: NDArray[np.float64] | None) -> str:
    """Hash what the core sees, so that 0 and 1 are the same in every dtype."""
    hashed = hashlib.sha256(repr(rows.shape).encode())
    if weights is not None:
        hashed.update(weights.tobytes())
    for first in range(0, len(rows), _ROWS_AT_A_TIME):
        singles = rows[first : first + _ROWS_AT_A_TIME].astype("<f4")
        hashed.update((singles + np.float32(0)).tobytes())  # no minus zeros
    return hashed.hexdigest()
