"""How often the truth is within one and two errors of a summary, at the critical point.

    python benches/coverage.py --sizes 16 32 64 --runs 448

Each replica of one Metropolis run, started in equilibrium by Swendsen-Wang, is summarized on its
own, at lengths from 30 to 500 autocorrelation times tau of |m|. The energy and the specific heat
are held against Kaufman's finite lattices, |m|, chi and the Binder cumulant against a run of
clusters whose own errors are about ten times smaller. Runs with a note are counted apart: what
matters is how often the truth lies outside of two errors and nothing says so.
"""

import argparse
import sys
import time

import numpy as np

from spinglass import SquareLattice, sample
from spinglass.statistics import Estimate, Summary, autocorrelation_time, summarize
from spinglass.theory import ising2d

LENGTHS = (30, 39, 50, 100, 200, 500)
PER_TAU = 5  # measurements
CLUSTER_SWEEPS = 200_000  # of all replicas of the reference
PILOT = {16: 10.0, 32: 45.0, 64: 187.0}  # tau in sweeps, for the distance of measurements
NAMES = {
    "energy": "E",
    "specific_heat": "C",
    "absolute_magnetization": "\\|m\\|",
    "susceptibility": "chi",
    "binder_cumulant": "U",
}


def truths(size: int, beta: float, seed: int) -> dict[str, float]:
    """Return what the summaries should find."""
    lattice, n_spins = SquareLattice(size), size * size
    run = sample(lattice, beta, CLUSTER_SWEEPS // 64, 64, "swendsen-wang", warmup=200, seed=seed)
    square = run.magnetization**2
    first, second, fourth = np.sqrt(square).mean(), square.mean(), (square**2).mean()
    return {
        "energy": ising2d.finite_energy((size, size), beta),
        "specific_heat": ising2d.finite_specific_heat((size, size), beta),
        "absolute_magnetization": first,
        "susceptibility": beta * n_spins * (second - first**2),
        "binder_cumulant": 1 - fourth / (3 * second**2),
    }


def rows(size: int, n_runs: int, seed: int) -> list[str]:
    """Return the lines of the table of one size."""
    beta, lattice, start = ising2d.critical_beta(), SquareLattice(size), time.perf_counter()
    truth = truths(size, beta, seed + 2)
    every = max(1, round(PILOT[size] / PER_TAU))
    states = sample(lattice, beta, 200, n_runs, "swendsen-wang", every=200, seed=seed).final_states
    n_sweeps = round(max(LENGTHS) * PILOT[size])
    run = sample(lattice, beta, n_sweeps, initial=states, every=every, seed=seed + 1)
    tau = autocorrelation_time(np.abs(run.magnetization))
    lines = []
    for length in LENGTHS:
        n = min(round(length * tau), run.n_measurements)
        found = [
            summarize(E[:n], m[:n], lattice.n_spins, beta)
            for E, m in zip(run.energy, run.magnetization, strict=True)
        ]
        noted = np.array([bool(one.note) for one in found])
        cells = [covered(found, noted, name, value) for name, value in truth.items()]
        lines.append(f"| {size} | {n / tau:.0f} | {100 * noted.mean():.1f} | {' | '.join(cells)} |")
    seconds = time.perf_counter() - start
    print(f"L = {size}: tau = {tau * every:.1f} sweeps, {seconds:.0f} s", file=sys.stderr)
    return lines


def covered(found: list[Summary], noted: np.ndarray, name: str, truth: float) -> str:
    """Return the coverage of one error and of two, and what is outside of two without a note."""
    estimates: list[Estimate] = [getattr(one, name) for one in found]
    inside = [
        np.array([not abs(one.value - truth) > width * one.error for one in estimates])
        for width in (1, 2)
    ]
    shares = [inside[0].mean(), inside[1].mean(), (~inside[1] & ~noted).mean()]
    return " / ".join(f"{100 * share:.0f}" for share in shares)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", choices=sorted(PILOT), default=[16, 32, 64])
    parser.add_argument("--runs", type=int, default=448)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    print(f"| L | run / tau | noted | {' | '.join(NAMES.values())} |")
    print("|---:" * (3 + len(NAMES)) + "|")
    for size in given.sizes:
        print(*rows(size, given.runs, given.seed), sep="\n", flush=True)


if __name__ == "__main__":
    main()
