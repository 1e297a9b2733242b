"""Metropolis sweeps of the Sherrington-Kirkpatrick glass, many replicas of one."""

# numba compiles the legacy functions of NumPy's random numbers.
# ruff: noqa: NPY002

from functools import cache

import numpy as np
from benches.report.contest import Contender, Job, within
from benches.report.jobs.compiled import jit_parallel, prange
from benches.report.jobs.samplers import by_dwave, by_openjij, openjij_graph, quadratic

import spinglass

BETA = 1.0


def by_cached_fields(J, n_replicas, n_sweeps):
    """All replicas at a time, fields kept: a row of J is added to those that flip."""
    rng, n = np.random.default_rng(1), len(J)
    s = (2 * rng.integers(0, 2, (n_replicas, n)) - 1).astype(np.float32)
    h = s @ J
    for _ in range(n_sweeps):
        thresholds = rng.standard_exponential((n, n_replicas), dtype=np.float32) / (2 * BETA)
        for i in range(n):
            flips = np.flatnonzero(h[:, i] * s[:, i] < thresholds[i])
            s[flips, i] *= -1
            h[flips] += (2 * s[flips, i])[:, None] * J[i]
    return -0.5 * np.einsum("ri,ri->r", h, s).astype(np.float64)


@jit_parallel
def replicas(J, s, energies, n_sweeps, beta):
    n = len(J)
    for r in prange(len(s)):
        np.random.seed(r)
        h = np.zeros(n, np.float32)
        for i in range(n):
            for j in range(n):
                h[j] += J[i, j] * s[r, i]
        for _ in range(n_sweeps):
            for i in range(n):
                if h[i] * s[r, i] < -np.log(1.0 - np.random.random()) / (2 * beta):
                    s[r, i] = -s[r, i]
                    change = np.float32(2 * s[r, i])
                    for j in range(n):
                        h[j] += change * J[i, j]
        energies[r] = 0.0
        for i in range(n):
            energies[r] -= 0.5 * h[i] * s[r, i]


def by_numba(J, n_replicas, n_sweeps):
    s = (2 * np.random.default_rng(1).integers(0, 2, (n_replicas, len(J))) - 1).astype(np.int8)
    energies = np.empty(n_replicas)
    replicas(J, s, energies, n_sweeps, BETA)
    return energies


def job(quick):
    n, n_replicas, n_sweeps = (40, 8, 20) if quick else (1000, 64, 20)
    model = spinglass.SherringtonKirkpatrick(n, seed=1)
    J = model.couplings().astype(np.float32)

    def ours(n_threads):
        run = spinglass.sample(
            model, BETA, n_sweeps, n_replicas, every=n_sweeps, seed=1, num_threads=n_threads,
            measure=(),
        )  # fmt: skip
        return run.energy[:, -1]

    @cache
    def problem():
        return quadratic(model)

    @cache
    def graph():
        return openjij_graph(problem(), sparse=False)

    def agree(found):
        means = {name: float(np.mean(x)) / n for name, x in found.items()}
        errors = {name: float(np.std(x, ddof=1)) / n / len(x) ** 0.5 for name, x in found.items()}
        assert all(len(x) == n_replicas for x in found.values())
        return within(means, errors, "mean energies per spin after the last sweep")

    betas = n_sweeps * [BETA]
    return Job(
        "Sherrington-Kirkpatrick, Metropolis",
        f"{n_sweeps} sweeps of {n_replicas} replicas of N = {n:,} spins at beta = {BETA:g} from "
        "random spins.",
        n_sweeps * n_replicas * n, "spin updates",
        [
            Contender("spinglass", ours, threads=True, needs="spinglass"),
            Contender("NumPy, cached fields", lambda _: by_cached_fields(J, n_replicas, n_sweeps)),
            Contender(
                "numba, cached fields", lambda _: by_numba(J, n_replicas, n_sweeps), threads=True,
                needs="numba",
            ),
            Contender(
                "dwave-samplers", lambda _: by_dwave(problem(), betas, n_replicas),
                needs="dwave-samplers",
            ),
            Contender(
                "openjij", lambda _: by_openjij(graph(), betas, n_replicas), needs="openjij",
            ),
        ],
        agree,
    )  # fmt: skip
