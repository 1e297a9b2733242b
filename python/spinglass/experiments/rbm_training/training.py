"""A training with measurements on the way, which continues where it was stopped.

The checkpoint is that of `BernoulliRBM.fit`, which checks that it belongs to this training. A table
beside it holds the curves so far. Ctrl-C may come after an epoch and before its row. The row is
then measured from the checkpoint, so the curves are the same as without the stop.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from spinglass._files import write_whole
from spinglass._progress import Progress, progress_callback
from spinglass._result_files import as_csv
from spinglass.experiments.rbm_training.config import RbmConfig
from spinglass.experiments.rbm_training.images import Images
from spinglass.experiments.rbm_training.measures import curves_of, read_curves, row_of_curves
from spinglass.machines import BernoulliRBM, Epoch

# How often a training is looked at, and how often with annealing: looking takes longer than epochs
# of few images.
_LOOKS = 100
_ANNEALINGS = 10


def train(
    model: BernoulliRBM,
    images: Images,
    config: RbmConfig,
    path: Path | None,
    curves: list[tuple[float, ...]],
    progress: Progress,
) -> None:
    """Train, and add rows to ``curves`` on the way; go on from a checkpoint if there is one."""
    looks, annealings = schedule(config.n_epochs)

    def row(at: BernoulliRBM, epoch: int) -> tuple[float, ...]:
        annealing = (config.n_chains, max(2, config.n_betas // 10)) if epoch in annealings else None
        return row_of_curves(at, images, epoch, _rate(config, epoch), annealing, config.seed)

    def look(epoch: Epoch) -> None:
        if epoch.number not in looks:
            return
        # A killed training may have written a row of an epoch that it did not finish.
        curves[:] = [row for row in curves if row[0] < epoch.number]
        curves.append(row(epoch.model, epoch.number))
        if path is not None:
            write_whole(files_of(path)[1], as_csv(curves_of(curves)))
        if report is not None and hasattr(report, "note"):
            last = curves_of(curves[-1:])[0]
            report.note(
                f"pseudo-likelihood {last['pseudo_likelihood']:.2f}, "
                f"{last['reconstruction_error']:.2f} pixels wrong"
            )

    if path is not None and path.exists():
        rows = files_of(path)[1]
        if rows.exists():  # not if Ctrl-C came before the first row
            curves += read_curves(rows)
        found = BernoulliRBM.load(path)
        epoch, within = epochs_done(found, config) if _alike(found, model, config) else (0, 0)
        if not within and epoch in looks and (not curves or curves[-1][0] < epoch):
            curves.append(row(found, epoch))  # Ctrl-C came between an epoch and its row
    with progress_callback(progress, "rbm", "updates") as report:
        told = (lambda done, total: report(done, total)) if report else False
        model.fit(
            images.train, initial_bias="data", checkpoint=path, callbacks=[look], progress=told
        )


def schedule(n_epochs: int) -> tuple[frozenset[int], frozenset[int]]:
    """Return after which epochs to look, and after which of these to anneal."""
    looks = np.unique(np.linspace(1, n_epochs, min(_LOOKS, n_epochs)).round().astype(int))
    few = looks[np.linspace(0, len(looks) - 1, min(_ANNEALINGS, len(looks))).round().astype(int)]
    return frozenset(looks.tolist()), frozenset(few.tolist())


def _rate(config: RbmConfig, epoch: int) -> float:
    """Return the learning rate of the last update of an epoch."""
    if config.schedule == "constant":
        return config.learning_rate
    each = math.ceil(config.n_images / config.batch_size)
    return config.learning_rate * (1 - (epoch * each - 1) / (config.n_epochs * each))


def epochs_done(model: BernoulliRBM, config: RbmConfig) -> tuple[int, int]:
    """Return how many epochs a machine has been trained, and how many updates beyond."""
    each = math.ceil(config.n_images / config.batch_size)
    return divmod(model._trained.trainer.updates, each)


def _alike(found: BernoulliRBM, model: BernoulliRBM, config: RbmConfig) -> bool:
    """Say whether a checkpoint may be of this training; if not, going on says what differs."""
    names = ("n_components", "batch_size", "random_state")
    same = all(getattr(found, name) == getattr(model, name) for name in names)
    return same and found.n_features_in_ == config.n_visible


def files_of(checkpoint: Path | None) -> tuple[Path, ...]:
    """Return the files of a checkpoint: the state of the training, and the curves so far."""
    return () if checkpoint is None else (checkpoint, checkpoint.with_suffix(".csv"))
