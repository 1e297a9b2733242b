"""Couplings from samples: the largest pseudo-likelihood."""

import numpy as np
from benches.report.contest import Contender, Job
from scipy.optimize import minimize

import spinglass

# Each stops where no slope of the mean log-likelihood is larger.
SLOPE = 1e-5
# Largest difference of two couplings at such slopes: the curvature here is above a tenth.
APART = 20 * SLOPE


def by_scipy(X):
    """The same function and slopes in doubles, minimised by SciPy's L-BFGS."""
    X = X.astype(np.float64)
    n = X.shape[1]
    upper = np.triu_indices(n, 1)

    def cost(x):
        J = np.zeros((n, n))
        J[upper] = x[n:]
        F = X @ (J + J.T)
        F += x[:n]
        A = np.abs(F)
        value = A.sum() - np.vdot(F, X) + np.log1p(np.exp(-2 * A)).sum()
        D = np.tanh(F) - X
        G = D.T @ X
        return value / len(X), np.concatenate([D.sum(axis=0), (G + G.T)[upper]]) / len(X)

    start = np.zeros(n + len(upper[0]))
    options = {"gtol": SLOPE, "ftol": 0.0, "maxiter": 1000}
    found = minimize(cost, start, jac=True, method="L-BFGS-B", options=options)
    J = np.zeros((n, n))
    J[upper] = found.x[n:]
    return J + J.T


def job(quick):
    n, n_samples = (8, 200) if quick else (64, 20_000)
    glass = spinglass.SherringtonKirkpatrick(n, seed=1)
    run = spinglass.sample(
        glass, 0.5, n_samples // 10, n_replicas=100, warmup=100, every=10, keep_states=True, seed=2
    )
    X = run.states.reshape(-1, n)[:n_samples]

    def ours(n_threads):
        return spinglass.InverseIsing(tol=SLOPE, num_threads=n_threads).fit(X).couplings_

    def agree(found):
        (first, expected), *others = found.items()
        worst = 0.0
        for name, J in others:
            worst = max(worst, float(np.abs(J - expected).max()))
            assert worst <= APART, f"couplings of {name} and of {first} are {worst} apart"
        return f"couplings agree within {APART:g}, for slopes below {SLOPE:g}: at most {worst:.1g}"

    return Job(
        "Inverse Ising problem",
        f"Couplings and fields of {n} spins from {len(X):,} samples, by the largest "
        f"pseudo-likelihood, to slopes below {SLOPE:g}.",
        1, "fits",
        [
            Contender("spinglass", ours, threads=True, needs="spinglass"),
            Contender("NumPy and SciPy, L-BFGS", lambda _: by_scipy(X), threads=True),
        ],
        agree,
    )  # fmt: skip
