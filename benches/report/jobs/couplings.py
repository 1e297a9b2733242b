"""The Hebbian couplings as a dense matrix, which other ways of recall begin with."""

import numpy as np
from benches.report.contest import Contender, Job, equal

import spinglass


def job(quick):
    n = 200 if quick else 8000
    patterns = spinglass.Patterns.random(round(0.138 * n), n, seed=2024)
    network, X = spinglass.Hopfield(patterns), patterns.to_array().astype(np.float32)

    def built(_):
        J = X.T @ X
        J /= np.float32(n)
        np.fill_diagonal(J, 0)
        return J

    def ours(n_threads):
        with spinglass_threads(n_threads):
            return network.couplings("float32")

    return Job(
        "Hebbian couplings",
        f"The matrix J = X^T X / N in float32, N = {n:,}, P = {len(X):,}, zero diagonal.",
        1, "matrices",
        [
            Contender("spinglass", ours, threads=True, needs="spinglass"),
            Contender("NumPy, sgemm", built, threads=True),
        ],
        lambda found: equal(found, "matrices"),
    )  # fmt: skip


def spinglass_threads(n):
    """Set the threads of calls that have no argument for them."""
    from unittest.mock import patch

    return patch.dict("os.environ", {"SPINGLASS_NUM_THREADS": str(n)})
