"""One file a job. Each has `job(quick)`, which makes the data and says who does what with them."""

from benches.report.jobs import (
    annealing,
    capacity,
    clusters,
    couplings,
    exact_sum,
    glass,
    inverse,
    lattice,
    machine_fit,
    recall,
)


def all_jobs(quick):
    """Yield the jobs, one after another: the data of one are gone before the next are made."""
    for module in (recall, couplings, capacity, lattice, clusters, glass, annealing, exact_sum):
        yield module.job(quick)
    yield inverse.job(quick)
    yield machine_fit.digits(quick)
    yield machine_fit.images(quick)
