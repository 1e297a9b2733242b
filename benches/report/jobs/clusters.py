"""Swendsen-Wang sweeps at the critical point."""

# numba compiles the legacy functions of NumPy's random numbers.
# ruff: noqa: NPY002

import numpy as np
from benches.report.contest import Contender, Job, within
from benches.report.jobs.compiled import jit
from benches.report.jobs.lattice import energy
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

import spinglass
from spinglass.theory import ising2d

BETA = ising2d.critical_beta()


def by_scipy(size, n_sweeps):
    """Bonds by array operations, clusters by SciPy's connected components."""
    rng, n = np.random.default_rng(1), size * size
    site = np.arange(n).reshape(size, size)
    ends = [np.roll(site, -1, axis).ravel() for axis in (0, 1)]
    pairs = np.concatenate([site.ravel()] * 2), np.concatenate(ends)
    chance, s = -np.expm1(-2 * BETA), np.ones(n, np.int8)
    for _ in range(n_sweeps):
        bond = (s[pairs[0]] == s[pairs[1]]) & (rng.random(2 * n) < chance)
        graph = coo_array((np.ones(bond.sum(), np.int8), (pairs[0][bond], pairs[1][bond])), (n, n))
        count, label = connected_components(graph, directed=False)
        s = np.where(rng.random(count) < 0.5, 1, -1).astype(np.int8)[label]
    return energy(s.reshape(size, size))


@jit
def root(parent, i):
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@jit
def union_find(s, n_sweeps, chance):
    """One pass of unions over the bonds, one that gives each cluster a sign."""
    np.random.seed(1)
    size = len(s)
    n = size * size
    parent = np.empty(n, np.int32)
    sign = np.empty(n, np.int8)
    for _ in range(n_sweeps):
        parent[:] = np.arange(n)
        for i in range(size):
            for j in range(size):
                for a, b in (((i + 1) % size, j), (i, (j + 1) % size)):
                    if s[i, j] == s[a, b] and np.random.random() < chance:
                        x, y = root(parent, i * size + j), root(parent, a * size + b)
                        parent[max(x, y)] = min(x, y)
        for k in range(n):
            if parent[k] == k:
                sign[k] = 1 if np.random.random() < 0.5 else -1
            s[k // size, k % size] = sign[root(parent, k)]


def by_numba(size, n_sweeps):
    s = np.ones((size, size), np.int8)
    union_find(s, n_sweeps, -np.expm1(-2 * BETA))
    return energy(s)


def job(quick):
    size, n_sweeps = (16, 20) if quick else (256, 60)
    model = spinglass.SquareLattice(size)
    up = np.ones(size * size, np.int8)

    def ours(n_threads):
        run = spinglass.sample(
            model, BETA, n_sweeps, dynamics="swendsen-wang", initial=up, every=n_sweeps, seed=1,
            num_threads=n_threads,
        )  # fmt: skip
        return energy(run.final_states.reshape(size, size))

    error = (ising2d.finite_specific_heat(size, BETA) / (BETA * size) ** 2) ** 0.5

    def agree(found):
        exact = {"Kaufman": ising2d.finite_energy(size, BETA)} | found
        errors = dict.fromkeys(found, error) | {"Kaufman": 0.0}
        return within(exact, errors, "final energies per spin and Kaufman's")

    return Job(
        "Square lattice, Swendsen-Wang",
        f"{n_sweeps} cluster sweeps of {size} x {size} spins at the critical temperature.",
        n_sweeps * size * size, "spin updates",
        [
            Contender("spinglass", ours, needs="spinglass"),
            Contender("NumPy and SciPy, components", lambda _: by_scipy(size, n_sweeps)),
            Contender("numba, union-find", lambda _: by_numba(size, n_sweeps), needs="numba"),
        ],
        agree,
    )  # fmt: skip
