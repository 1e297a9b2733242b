"""Sweeps of a spin model at given temperatures, by packages that take couplings from users."""

import numpy as np
from scipy import sparse


def quadratic(model):
    """Return a model as dimod has it, with the opposite sign of couplings and fields."""
    import dimod

    upper = sparse.triu(sparse.coo_array(model.couplings()), 1).tocoo()
    fields = np.zeros(model.n_spins) if model.fields is None else model.fields
    return dimod.BinaryQuadraticModel.from_numpy_vectors(
        -fields, (upper.row, upper.col, -upper.data), 0.0, "SPIN"
    )


def by_dwave(problem, betas, n_reads):
    """Return the last energies of sweeps, one at each beta."""
    from dwave.samplers import SimulatedAnnealingSampler

    found = SimulatedAnnealingSampler().sample(
        problem, num_reads=n_reads, beta_schedule_type="custom", beta_schedule=betas,
        num_sweeps_per_beta=1, seed=1,
    )  # fmt: skip
    return found.record.energy


def openjij_graph(problem, sparse):
    """Return couplings as openjij's core has them: made once, outside of the clock."""
    import openjij

    linear, quadratic = dict(problem.linear), dict(problem.quadratic)
    model = openjij.BinaryQuadraticModel(linear, quadratic, "SPIN", sparse=sparse)
    return model.get_cxxjij_ising_graph()[0]


def by_openjij(graph, betas, n_reads):
    """Return the last energies of sweeps, one at each beta: the loop of openjij's own sampler.

    Its `sample` turns the couplings around in Python at every call, and gives all reads one seed.
    """
    from openjij import cxxjij

    schedule = cxxjij.utility.make_classical_schedule_list(betas[0], betas[-1], 1, len(betas))
    for one, beta in zip(schedule, betas, strict=True):
        one.updater_parameter.beta = beta
    system = cxxjij.system.make_classical_ising(graph.gen_spin(0), graph)
    energies = []
    for read in range(n_reads):
        system.reset_spins(graph.gen_spin(read))
        cxxjij.algorithm.Algorithm_SingleSpinFlip_run(system, read, schedule)
        energies.append(graph.calc_energy(cxxjij.result.get_solution(system)))
    return np.array(energies)
