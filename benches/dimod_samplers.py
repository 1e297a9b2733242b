"""SpinglassSampler beside SimulatedAnnealingSampler of dwave-samplers, both by default.

    pip install dwave-samplers networkx    # beside spinglass
    python benches/dimod_samplers.py       # about five minutes

Equal sweeps and reads, one thread each: the processor time of whole calls, medians of three in
turn, and the mean energies of the reads of the last call.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import dimod
import networkx
import numpy as np
from dwave.samplers import SimulatedAnnealingSampler

import spinglass
from spinglass.adapters.dimod import SpinglassSampler

REPEATS = 3
LINE = "{:<36} {:>6} {:>5} {:>10} {:>14} {:>6} {:>12} {:>12}"


def qubo(n: int, ends: tuple[Any, Any]) -> Any:
    """Return normal biases of all variables and of these pairs."""
    rng, (rows, columns) = np.random.default_rng(0), ends
    pairs = rows, columns, rng.normal(size=len(rows))
    return dimod.BinaryQuadraticModel.from_numpy_vectors(rng.normal(size=n), pairs, 0.0, "BINARY")


def random_pairs(n: int, count: int) -> tuple[Any, Any]:
    ends = np.random.default_rng(1).integers(0, n, (2, count))
    rows, columns = ends[:, ends[0] != ends[1]]
    return rows, columns


def max_cut(n: int) -> Any:
    graph = networkx.random_regular_graph(3, n, seed=1)
    return spinglass.Ising.from_networkx(graph, coupling=-1.0).to_bqm()


def glass(shape: tuple[int, ...], disorder: Any) -> Any:
    return spinglass.EdwardsAnderson(shape, disorder, seed=1).to_bqm()


# The model, sweeps, and reads.
CASES: dict[str, tuple[Callable[[], Any], int, tuple[int, ...]]] = {
    "+-J torus, 32 x 32": (lambda: glass((32, 32), "pm1"), 1000, (1, 24, 256)),
    "Gaussian cube, 8 x 8 x 8": (lambda: glass((8, 8, 8), "gaussian"), 1000, (1, 24, 256)),
    "3-regular Max-Cut, 1000": (lambda: max_cut(1000), 1000, (1, 24)),
    "3-regular Max-Cut, 100,000": (lambda: max_cut(100_000), 100, (8,)),
    "SK, 512": (lambda: spinglass.SherringtonKirkpatrick(512, seed=1).to_bqm(), 1000, (1, 24)),
    "QUBO, 1000, 50 neighbours": (lambda: qubo(1000, random_pairs(1000, 25_000)), 1000, (1, 24)),
    "QUBO, 20,000, 10^6 interactions": (
        lambda: qubo(20_000, random_pairs(20_000, 1_000_000)), 100, (1, 8),
    ),
    "QUBO, 1415, 10^6 interactions": (lambda: qubo(1415, np.triu_indices(1415, 1)), 100, (1, 8)),
}  # fmt: skip


def main() -> None:
    samplers = [(SpinglassSampler(), {"num_threads": 1}), (SimulatedAnnealingSampler(), {})]
    names = "model", "sweeps", "reads", "spinglass", "dwave-samplers", "ratio", "energy", "rival's"
    print(LINE.format(*names))
    for name, (make, sweeps, many) in CASES.items():
        bqm = make()
        for reads in many:
            seconds, energies = np.empty((REPEATS, 2)), [0.0, 0.0]
            for repeat in range(REPEATS):
                for k, (sampler, options) in enumerate(samplers):
                    begun = time.process_time()
                    found = sampler.sample(
                        bqm, num_reads=reads, num_sweeps=sweeps, seed=repeat, **options
                    )
                    seconds[repeat, k] = time.process_time() - begun
                    energies[k] = found.record.energy.mean()
            ours, rival = np.median(seconds, axis=0)
            numbers = f"{ours:.3f}", f"{rival:.3f}", f"{rival / ours:.1f}"
            print(LINE.format(name, sweeps, reads, *numbers, *(f"{x:.1f}" for x in energies)))


if __name__ == "__main__":
    main()
