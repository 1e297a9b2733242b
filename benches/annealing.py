"""Annealing beside SimulatedAnnealingSampler of dwave-samplers, both by default.

    pip install dwave-samplers      # beside spinglass
    python benches/annealing.py     # about five minutes

Equal sweeps and reads on the models of `tests/sampling/annealing_suite.py`: the mean of the lowest
energies of the reads, its standard error, and the seconds that each took on one thread. `z` is the
difference in standard errors, all instances together; below zero is in our favour. With `--record`
also the lines of RIVAL, from which the tests know the rival without having it.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from dwave.samplers import SimulatedAnnealingSampler

import spinglass

sys.path.append(str(Path(__file__).parents[1] / "tests" / "sampling"))

from annealing_suite import INSTANCES, READS, SUITE

LINE = "{:<26} {:>6} {:>16} {:>16} {:>6} {:>7} {:>7}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sweeps", type=int, nargs="+", default=[200, 1000])
    parser.add_argument("--record", action="store_true")
    arguments = parser.parse_args()
    print(LINE.format("model", "sweeps", "spinglass", "dwave-samplers", "z", "s", "s"))
    lines = []
    for name, make in SUITE.items():
        for n_sweeps in arguments.sweeps:
            found: list[list[Any]] = [[], []]
            seconds = np.zeros(2)
            for seed in range(INSTANCES):
                model = make(seed)
                other = model.to_bqm()
                begun = time.perf_counter()
                ours = spinglass.anneal(
                    model, n_sweeps=n_sweeps, n_replicas=READS, seed=seed, num_threads=1
                )
                seconds[0] += time.perf_counter() - begun
                begun = time.perf_counter()
                theirs = SimulatedAnnealingSampler().sample(
                    other, num_reads=READS, num_sweeps=n_sweeps, seed=seed
                )
                seconds[1] += time.perf_counter() - begun
                found[0].append(ours.best_energy)
                found[1].append(theirs.record.energy)
            means = np.mean(found, axis=2)
            errors = np.std(found, axis=2, ddof=1) / READS**0.5
            total = np.sqrt((errors**2).sum(axis=1))
            z = (means[0] - means[1]).sum() / np.sqrt((total**2).sum())
            ours_, theirs_ = (
                f"{mean.mean():.2f} +- {error / INSTANCES:.2f}"
                for mean, error in zip(means, total, strict=True)
            )
            print(LINE.format(name, n_sweeps, ours_, theirs_, f"{z:+.1f}", *seconds.round(2)))
            record = list(zip(means[1].round(4).tolist(), errors[1].round(4).tolist(), strict=True))
            lines.append(f'    ("{name}", {n_sweeps}): {record},')
    if arguments.record:
        print(*lines, sep="\n")


if __name__ == "__main__":
    main()
