"""A trial of a capacity scan, from drawing patterns to the overlap that is left."""

import numpy as np
from benches.report.contest import Contender, Job, within
from benches.report.jobs.recall import by_cached_fields, products

from spinglass.experiments import capacity

LOAD = 0.12


def overlaps_by_numpy(n, n_instances):
    rng = np.random.default_rng(1)
    found = []
    for _ in range(n_instances):
        X = 2 * rng.integers(0, 2, (round(LOAD * n), n), dtype=np.int8) - 1
        (end,) = by_cached_fields(products(X), X[:1])
        found.append(float(X[0].astype(float) @ end) / n)
    return found


def job(quick):
    n, n_instances = (200, 4) if quick else (2000, 32)

    def ours(n_threads):
        scan = capacity(
            (n,), [LOAD], n_instances, n_starts=1, seed=1, num_threads=n_threads, max_sweeps=10_000
        )
        return scan.trials["overlap"].tolist()

    def agree(found):
        means = {name: float(np.mean(x)) for name, x in found.items()}
        errors = {name: float(np.std(x, ddof=1)) / len(x) ** 0.5 for name, x in found.items()}
        assert all(len(x) == n_instances for x in found.values())
        return within(means, errors, "mean overlaps")

    return Job(
        "Capacity trial",
        f"{n_instances} networks of N = {n:,} spins at load {LOAD}: patterns are drawn, and one of "
        "them is recalled to its fixed point.",
        n_instances, "trials",
        [
            Contender("spinglass", ours, threads=True, needs="spinglass"),
            Contender(
                "NumPy, cached fields", lambda _: overlaps_by_numpy(n, n_instances), threads=True
            ),
        ],
        agree,
    )  # fmt: skip
