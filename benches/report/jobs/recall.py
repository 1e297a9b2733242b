"""Hopfield recall to the fixed point, from patterns at the edge of what a network remembers."""

import numpy as np
from benches.report.contest import Contender, Job, equal
from benches.report.jobs.compiled import jit

import spinglass

LOAD = 0.138


def products(X):
    """Return N J, whole numbers that float32 holds exactly, so that ties are ties."""
    W = X.astype(np.float32)
    W = W.T @ W
    np.fill_diagonal(W, 0)
    return W


def by_cached_fields(W, starts):
    """Recall with fields that are kept: a flip adds a row, and the next flip is searched for."""
    states = starts.astype(np.float32)
    for s, h in zip(states, states @ W, strict=True):
        at_rest = False
        while not at_rest:
            at_rest, i = True, 0
            while i < len(s):
                unstable = h[i:] * s[i:] < 0
                k = int(unstable.argmax())
                if not unstable[k]:
                    break
                i += k
                s[i] = -s[i]
                h += 2 * s[i] * W[i]
                at_rest = False
                i += 1
    return states.astype(np.int8)


@jit
def by_overlaps(rows, starts):
    """Recall with overlaps and no W: the field of a spin is its row of bits times the overlaps."""
    n, p = rows.shape
    states = starts.copy()
    for r in range(len(states)):
        s = states[r]
        overlaps = np.zeros(p, np.int32)
        for i in range(n):
            for mu in range(p):
                overlaps[mu] += rows[i, mu] * s[i]
        at_rest = False
        while not at_rest:
            at_rest = True
            for i in range(n):
                h = -p * s[i]
                for mu in range(p):
                    h += rows[i, mu] * overlaps[mu]
                if h * s[i] < 0:
                    s[i] = -s[i]
                    at_rest = False
                    for mu in range(p):
                        overlaps[mu] += 2 * rows[i, mu] * s[i]
    return states


def job(quick):
    n, n_starts = (200, 4) if quick else (10_000, 8)
    patterns = spinglass.Patterns.random(round(LOAD * n), n, seed=2024)
    X = patterns.to_array()
    starts = X[:n_starts].copy()
    network, W, rows = spinglass.Hopfield(patterns), products(X), np.ascontiguousarray(X.T)
    return Job(
        "Hopfield recall",
        f"{n_starts} patterns of a network of N = {n:,} spins and P = {len(X):,} patterns, each to "
        "its fixed point by sequential zero-temperature dynamics. NumPy's matrix is there before "
        "the clock starts; the others have none.",
        n_starts, "trials",
        [
            Contender(
                "spinglass", lambda k: network.recall(starts, num_threads=k).states,
                threads=True, needs="spinglass",
            ),
            Contender("NumPy, cached fields", lambda _: by_cached_fields(W, starts), threads=True),
            Contender(
                "numba, overlaps", lambda _: by_overlaps(rows, starts), needs="numba",
            ),
        ],
        lambda found: equal(found, "fixed points"),
    )  # fmt: skip
