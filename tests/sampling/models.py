"""Small models of every kind, for the tests that know all their states."""

import numpy as np
from scipy import sparse

import reference
import spinglass


def symmetric(matrix):
    upper = np.triu(matrix, 1)
    return upper + upper.T


def random_couplings(n_spins, seed, density=1.0):
    rng = np.random.default_rng(seed)
    present = rng.random((n_spins, n_spins)) < density
    return symmetric(rng.normal(size=(n_spins, n_spins)) / np.sqrt(density * n_spins) * present)


def disguised_ferromagnet(n_spins, seed, density=1.0):
    """Couplings of both signs without frustration."""
    xi = reference.random_spins(np.random.default_rng(seed), n_spins)
    return np.abs(random_couplings(n_spins, seed, density)) * np.outer(xi, xi)


def planted(n_patterns, n_spins, seed):
    return reference.random_spins(np.random.default_rng(seed), n_patterns, n_spins)


FIELDS = np.array([0.3, 0.0, -0.2, 0.0, 0.5, 0.1, 0.0])

FRUSTRATED = {
    "3 x 3 antiferromagnet": spinglass.SquareLattice(3, coupling=-0.7),
    "2 x 3 lattice in a field": spinglass.SquareLattice((2, 3), field=0.25),
    "3 x 3 lattice in a negative field": spinglass.SquareLattice(3, coupling=0.8, field=-0.4),
    "2 x 2 x 2 cube in a field": spinglass.CubicLattice(2, coupling=0.5, field=0.3),
    "no coupling, a field": spinglass.SquareLattice((2, 4), coupling=0.0, field=0.5),
    "+-J lattice": spinglass.EdwardsAnderson((3, 3), seed=2),
    "+-J with double bonds": spinglass.EdwardsAnderson((2, 2, 2), seed=3),
    "Gaussian glass on a lattice": spinglass.EdwardsAnderson((3, 3), "gaussian", seed=4),
    "SK": spinglass.SherringtonKirkpatrick(8, seed=5),
    "SK, +-1": spinglass.SherringtonKirkpatrick(7, "pm1", seed=6),
    "dense with fields": spinglass.Ising(random_couplings(7, 7), FIELDS, layout="dense"),
    "dense, kept as sparse": spinglass.Ising(random_couplings(7, 15), FIELDS, layout="sparse"),
    "sparse with fields": spinglass.Ising(sparse.csr_array(random_couplings(7, 8, 0.5)), FIELDS),
    "sparse +-2": spinglass.Ising(sparse.csr_array(2 * np.sign(random_couplings(8, 9, 0.4)))),
    "triangle": spinglass.Ising([[0, -1, -1], [-1, 0, -1], [-1, -1, 0]], layout="dense"),
    "Hopfield": spinglass.Hopfield(planted(3, 7, 10)),
    "Hopfield with thresholds": spinglass.Hopfield(planted(2, 7, 11), thresholds=-FIELDS),
}
UNFRUSTRATED = {
    "3 x 3 lattice": spinglass.SquareLattice(3),
    "2 x 3 lattice": spinglass.SquareLattice((2, 3)),
    "2 x 4 antiferromagnet": spinglass.SquareLattice((2, 4), coupling=-1.0),
    "2 x 2 x 2 cube": spinglass.CubicLattice(2),
    "no coupling": spinglass.SquareLattice((2, 3), coupling=0.0),
    "Mattis": spinglass.Mattis(planted(1, 8, 12)[0]),
    "dense, no frustration": spinglass.Ising(disguised_ferromagnet(7, 13), layout="dense"),
    "sparse, no frustration": spinglass.Ising(sparse.csr_array(disguised_ferromagnet(8, 14, 0.4))),
}
MODELS = FRUSTRATED | UNFRUSTRATED
LOCAL = ["metropolis", "heat-bath"]
CLUSTERS = ["wolff", "swendsen-wang"]
PAIRS = [(name, dynamics) for name in MODELS for dynamics in LOCAL] + [
    (name, dynamics) for name in UNFRUSTRATED for dynamics in CLUSTERS
]
