"""Annealing of a sparse glass, by the same ladder of temperatures."""

from functools import cache

import numpy as np
from benches.report.contest import Contender, Job, within
from benches.report.jobs.samplers import by_dwave, by_openjij, openjij_graph, quadratic

import spinglass

# The order of the sites is each package's own, so slow cooling leaves energies that are equal only
# nearly: a thousandth of the energy is ten times less than what one sweep in ten more would win.
NEARLY = 1e-3


def job(quick):
    side, n_reads, n_sweeps = (4, 8, 30) if quick else (12, 64, 200)
    model = spinglass.EdwardsAnderson((side, side, side), seed=1)
    low, high = (float(x) for x in spinglass.annealing_range(model))
    betas = np.geomspace(low, high, n_sweeps).tolist()

    def ours(n_threads):
        found = spinglass.anneal(
            model, betas=betas, n_sweeps=n_sweeps, n_replicas=n_reads, seed=1,
            num_threads=n_threads,
        )  # fmt: skip
        assert found.energy.shape == (n_reads, n_sweeps)
        return found.energy[:, -1]

    @cache
    def problem():
        return quadratic(model)

    @cache
    def graph():
        return openjij_graph(problem(), sparse=True)

    def agree(found):
        means = {name: float(np.mean(x)) / model.n_spins for name, x in found.items()}
        errors = {
            name: float(np.std(x, ddof=1)) / model.n_spins / len(x) ** 0.5
            for name, x in found.items()
        }
        assert all(len(x) == n_reads for x in found.values())
        floor = NEARLY * abs(next(iter(means.values())))
        return within(means, errors, "mean final energies per spin", floor)

    return Job(
        "Edwards-Anderson, annealing",
        f"{n_reads} reads of {n_sweeps} sweeps of the +-J glass of {side}^3 spins, one sweep at "
        f"each of {n_sweeps} temperatures, the same for all.",
        n_sweeps * n_reads * model.n_spins, "spin updates",
        [
            Contender("spinglass", ours, threads=True, needs="spinglass"),
            Contender(
                "dwave-samplers", lambda _: by_dwave(problem(), betas, n_reads),
                needs="dwave-samplers",
            ),
            Contender("openjij", lambda _: by_openjij(graph(), betas, n_reads), needs="openjij"),
        ],
        agree,
    )  # fmt: skip
