"""The training that all tables here share, and how a table is printed and written.

MNIST, binarised once by one draw of each pixel; persistent contrastive divergence with one step an
update, batches of 128 images and as many chains, weights from N(0, 0.01^2), a learning rate that
falls from 0.1 to 0 in a straight line, update by update. The images stay in the order of the file.

Visible biases begin at the log-odds of each pixel in the training images (G. Hinton, A practical
guide to training restricted Boltzmann machines, 2010), hidden ones at 0. From visible biases of 0,
as scikit-learn begins, the hidden units first learn the mean image, all at once, and saturate;
``--start zeros`` shows that, ``--start centered`` that the centred gradient needs no good start.
"""

import argparse
import csv
import os
import platform
import time
from pathlib import Path

import numpy as np

import spinglass
from spinglass.experiments.rbm_training.images import load_images

BATCH = 128
RATE = (0.1, 0.0)


def arguments(about: str, epochs: int, seeds: int) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("data", type=Path, help="MNIST as an .npz file with x_train and x_test")
    parser.add_argument("--epochs", type=int, default=epochs)
    parser.add_argument("--seeds", type=int, default=seeds, help="trainings, from seed 0 on")
    parser.add_argument("--start", choices=("data", "zeros", "centered"), default="data")
    parser.add_argument("--betas", type=int, default=10_000, help="of the annealing, 100 chains")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--csv", type=Path, required=True, help="file for the rows")
    parser.add_argument("--figure", type=Path, help="file for a figure, if this table has one")
    return parser.parse_args()


def binarised(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the images, the same bits in every training."""
    images = load_images(path, "bernoulli", seed=0)
    assert images.train.shape == (60_000, 784), images.train.shape
    assert images.test.shape == (10_000, 784), images.test.shape
    return images.train, images.test


def trained(
    train: np.ndarray, n_components: int, seed: int, chosen: argparse.Namespace
) -> tuple[spinglass.BernoulliRBM, float]:
    """Return a trained machine and the seconds that it took."""
    model = spinglass.BernoulliRBM(
        n_components,
        learning_rate=RATE,
        batch_size=BATCH,
        n_iter=chosen.epochs,
        random_state=seed,
        centered=chosen.start == "centered",
        num_threads=chosen.threads,
    )
    began = time.perf_counter()
    model.fit(train, initial_bias="data" if chosen.start == "data" else "zeros", progress=True)
    return model, time.perf_counter() - began


def row_text(row: dict[str, float]) -> str:
    return "".join(
        f"{value:>14d}" if isinstance(value, int) else f"{value:>14.2f}" for value in row.values()
    )


def write(path: Path, rows: list[dict[str, float]]) -> None:
    """Write the rows; below the table, say where they are from."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    print(
        f"\nspinglass {spinglass.__version__} ({spinglass.simd_level()}), "
        f"{len(os.sched_getaffinity(0))} CPUs, Python {platform.python_version()}, "
        f"NumPy {np.__version__}; rows in {path}"
    )
