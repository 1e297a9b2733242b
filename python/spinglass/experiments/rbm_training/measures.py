"""Measurements of a machine on held-out images, after an epoch and at the end.

The likelihood is log p(v) = -F(v) - ln Z, so a small ln Z gives a large likelihood. Forward
annealing estimates ln Z from below and gives the optimistic likelihood. Reverse annealing gives the
pessimistic one. The difference between training images and held-out images needs free energies
only.

All measurements have seeds of their own, so they do not affect the training.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass import _random
from spinglass._files import read_whole
from spinglass._printed import printed
from spinglass._progress import Progress
from spinglass.experiments.rbm_training.images import Images
from spinglass.experiments.tables import columns, table_of
from spinglass.machines import BernoulliRBM, LogLikelihood
from spinglass.partition import LogPartition

CURVES = columns(
    "epoch learning_rate pseudo_likelihood pseudo_likelihood_error reconstruction_error "
    "free_energy_gap log_likelihood log_likelihood_error optimistic pessimistic",
    integers="epoch",
)

# Averages are over so many images at most.
_ROWS = 10_000

# Up to so many units in the smaller layer ln Z is summed after every epoch: it takes no time.
_EXACT_UNITS = 14


@printed
@dataclass(frozen=True, eq=False)
class RbmLikelihood:
    """The mean log-likelihood of images under a machine, in nats.

    Attributes
    ----------
    train, test : LogLikelihood
        Those of the training images and of the held-out images. They are exact, or midway between
        the optimistic value (forward annealing) and the pessimistic one (reverse annealing).
    """

    train: LogLikelihood
    test: LogLikelihood

    @classmethod
    def of(cls, model: BernoulliRBM, images: Images, known: LogPartition) -> RbmLikelihood:
        """Return the likelihood of images with what is known of ln Z."""
        train, test = (
            model.log_likelihood(rows[:_ROWS], known) for rows in (images.train, images.test)
        )
        return cls(train, test)

    @property
    def log_partition(self) -> LogPartition:
        """The knowledge of ln Z."""
        return self.test.log_partition

    @property
    def test_error(self) -> float:
        """Standard error of the mean over held-out images, without that of ln Z."""
        return standard_error(self.test.rows)

    @property
    def gap(self) -> float:
        """The distance of the two estimates of ln Z, in nats; 0 if ln Z is exact."""
        return self.log_partition.gap or 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers."""
        sides = ("value", "error", "optimistic", "pessimistic")
        known = ("method", "value", "error", "lower", "upper", "lower_error", "upper_error", "gap")
        return {
            "train": {name: getattr(self.train, name) for name in sides},
            "test": {name: getattr(self.test, name) for name in sides},
            "test_error_over_images": self.test_error,
            "log_partition": {
                name: getattr(self.log_partition, name)
                for name in (*known, "n_chains", "n_betas", "warning")
            },
        }


def log_partition(
    model: BernoulliRBM, n_chains: int, n_betas: int, seed: int, progress: Progress = False
) -> LogPartition:
    """Return ln Z, exact or from both sides. Their gap is shown, so nothing is warned about."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return model.log_partition(
            n_chains=n_chains, betas=n_betas, random_state=seed, progress=progress
        )


def row_of_curves(
    model: BernoulliRBM,
    images: Images,
    epoch: int,
    rate: float,
    annealing: tuple[int, int] | None,
    seed: int,
) -> tuple[float, ...]:
    """Return what `CURVES` names, after an epoch.

    ``annealing`` is the number of chains and of inverse temperatures; None leaves the likelihood
    out, unless it is cheap to have exactly.
    """
    word = _random.seed_word(seed, 4, epoch)
    test = images.test[:_ROWS]
    pseudo = pseudo_likelihood(model, test, word)
    wrong = np.abs(model.reconstruct(test, random_state=word) - test).sum(axis=1)
    train_energy, test_energy = (
        model.free_energy(rows[:_ROWS]) for rows in (images.train, images.test)
    )
    likelihood: tuple[float, ...] = (math.nan,) * 4
    if annealing is not None or min(model.components_.shape) <= _EXACT_UNITS:
        known = log_partition(model, *(annealing or (2, 10)), word)
        found = model.log_likelihood(test, known)
        sides = (found.optimistic, found.pessimistic)
        likelihood = (found.value, found.error, *(math.nan if x is None else x for x in sides))
    return (
        epoch,
        rate,
        float(pseudo.mean()),
        standard_error(pseudo),
        float(wrong.mean(dtype=np.float64)),
        float(test_energy.mean() - train_energy.mean()),
        *likelihood,
    )


def pseudo_likelihood(model: BernoulliRBM, rows: NDArray[Any], word: int) -> NDArray[np.float64]:
    """Return the pseudo-likelihood of each row: n_visible times the mean of ln p(v_i | the rest).

    scikit-learn's ``score_samples`` takes one unit of each row, drawn at random; here as many as
    make some ten thousand in all, so that few rows do not give a noisy mean.
    """
    n_rows, n_visible = rows.shape
    each = min(n_visible, -(-_ROWS // n_rows))
    drawn = np.random.default_rng(word).random(rows.shape).argpartition(each - 1)[:, :each]
    flipped = np.repeat(rows, each, axis=0)
    at = np.arange(len(flipped)), drawn.ravel()
    flipped[at] = 1 - flipped[at]
    rise = model.free_energy(flipped).reshape(n_rows, each) - model.free_energy(rows)[:, None]
    return np.asarray(n_visible * -np.logaddexp(0.0, -rise).mean(axis=1), dtype=np.float64)


def curves_of(rows: list[tuple[float, ...]]) -> NDArray[np.void]:
    """Return rows as a structured array."""
    return table_of(CURVES, rows)


def read_curves(path: Path) -> list[tuple[float, ...]]:
    """Return the rows of a table that `as_csv` has written, or say what is wrong."""
    names = ",".join(CURVES.names or ())
    try:
        first, *lines = read_whole(path).decode("ascii").splitlines()
        if first != names:
            raise ValueError
        rows = [(int(line.split(",")[0]), *map(float, line.split(",")[1:])) for line in lines]
        curves_of(rows)
    except (ValueError, UnicodeError):
        raise ValueError(f"checkpoint must come with a table of {names}, got {path}") from None
    return rows


def standard_error(values: NDArray[np.float64]) -> float:
    """Return the standard error of the mean; NaN of a single value."""
    return float(values.std(ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else math.nan
