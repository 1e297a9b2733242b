"""The jobs whose growth is measured: what grows, through which sizes, and the work at one size."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import spinglass
from spinglass import exact


@dataclass(frozen=True)
class Growing:
    """A job at several sizes.

    Attributes
    ----------
    name, variable : str
        A title, and the sign of what grows.
    sizes, few : tuple of int
        Sizes that are measured, and those of a quick test.
    begin : callable
        Gets a size and threads; makes what is needed and returns the work, which returns how many
        times it did what ``each`` says.
    each : str
        What the time is given for.
    size : callable
        The number that stands for a size in the fit: the size itself, unless it says otherwise.
    fits : bool
        Whether the page says which size fits into a machine.
    """

    name: str
    variable: str
    sizes: tuple[int, ...]
    few: tuple[int, ...]
    begin: Callable[[int, int], Callable[[], float]]
    each: str
    size: Callable[[int], float] = float
    fits: bool = False


def recall(n, p, n_threads):
    patterns = spinglass.Patterns.random(p, n, seed=1, num_threads=n_threads)
    start = patterns[0]

    def work():
        # The network is made anew: its planes are the memory of the work.
        return float(spinglass.Hopfield(patterns).recall(start, num_threads=n_threads).sweeps)

    return work


def couplings(n, n_threads):
    network = spinglass.Hopfield(spinglass.Patterns.random(100, n, seed=1))
    return lambda: float(network.couplings("float32").shape[0] == n)


def lattice(side, n_threads):
    model, n_sweeps = spinglass.SquareLattice(side), max(10, 2**26 // side**2)

    def work():
        spinglass.sample(model, 0.44, n_sweeps, every=n_sweeps, seed=1, num_threads=n_threads)
        return n_sweeps

    return work


def sweeps(model, n_replicas, n_threads):
    n_sweeps = 20
    model = model()

    def work():
        spinglass.sample(
            model, 1.0, n_sweeps, n_replicas, every=n_sweeps, seed=1, measure=(),
            num_threads=n_threads,
        )  # fmt: skip
        return n_sweeps

    return work


def glass(n, n_replicas, n_threads):
    return sweeps(lambda: spinglass.SherringtonKirkpatrick(n, seed=1), n_replicas, n_threads)


def cube(side, n_threads):
    return sweeps(lambda: spinglass.EdwardsAnderson((side, side, side), seed=1), 64, n_threads)


def machine(n_hidden, n_threads):
    X = (np.random.default_rng(1).random((2048, 784)) < 0.13).astype(np.uint8)
    options = {"batch_size": 128, "n_iter": 1, "random_state": 0, "num_threads": n_threads}

    def work():
        spinglass.BernoulliRBM(n_hidden, **options).fit(X)
        return len(X) / 128

    return work


def summed(n, n_threads):
    model = spinglass.SherringtonKirkpatrick(n, seed=1)
    return lambda: float(np.isfinite(exact.log_partition(model, 1.0, num_threads=n_threads)))


def inverse(n, n_threads):
    spins = np.random.default_rng(1).integers(0, 2, (10_000, n), dtype=np.int8) * 2 - 1

    def work():
        spinglass.InverseIsing(tol=1e-4, num_threads=n_threads).fit(spins)
        return 1.0

    return work


def partial_first(function, first) -> Any:
    """Return a function of size and threads whose other size is fixed."""
    return lambda size, n_threads: function(first, size, n_threads)


JOBS = [
    Growing(
        "Hopfield recall at load 0.138", "N",
        (8000, 16_000, 32_000, 64_000, 96_000), (200, 400, 800),
        lambda n, k: recall(n, round(0.138 * n), k), "sweep", fits=True,
    ),
    Growing(
        "Hopfield recall, N = 16,000", "P", (250, 500, 1000, 2000), (10, 20, 40),
        partial_first(recall, 16_000), "sweep",
    ),
    Growing(
        "Dense Hebbian couplings, float32", "N", (2000, 4000, 8000, 16_000), (100, 200, 400),
        couplings, "matrix", fits=True,
    ),
    Growing(
        "Square lattice, Metropolis", "N", (512, 1024, 2048, 4096, 8192), (16, 32, 64), lattice,
        "sweep", size=lambda side: float(side**2), fits=True,
    ),
    Growing(
        "Sherrington-Kirkpatrick, 64 replicas", "N", (500, 1000, 2000, 4000, 8000), (20, 40, 80),
        lambda n, k: glass(n, 64, k), "sweep", fits=True,
    ),
    Growing(
        "Sherrington-Kirkpatrick, N = 1000", "replicas", (16, 32, 64, 128, 256, 512), (2, 4, 8),
        partial_first(glass, 1000), "sweep",
    ),
    Growing(
        "+-J glass on a cube, 64 replicas", "N", (16, 32, 64, 96), (4, 6, 8), cube, "sweep",
        size=lambda side: float(side**3), fits=True,
    ),
    Growing(
        "Boltzmann machine, 784 visible units, batches of 128", "hidden units",
        (64, 128, 256, 512, 1024), (2, 4, 8), machine, "update",
    ),
    Growing(
        "Exact sum over all states", "2^N", (20, 22, 24, 26), (4, 6, 8), summed, "sum",
        size=lambda n: 2.0**n,
    ),
    Growing(
        "Inverse Ising problem, 10,000 samples", "N", (32, 64, 128, 256), (4, 6, 8), inverse, "fit",
    ),
]  # fmt: skip
