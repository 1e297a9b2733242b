"""The models on which annealing is held against a rival, and what that rival found.

The rival is ``SimulatedAnnealingSampler`` of dwave-samplers 1.8.0 with its default range, which
``python benches/annealing.py`` runs beside ours. Random numbers are those of ``RandomState``, which
NumPy keeps for ever, or of the core.
"""

import numpy as np
from scipy import sparse

import spinglass
from spinglass import Ising

INSTANCES = 3
READS = 24


def pairs(n_spins, one, other, values):
    """Sparse couplings, each pair once."""
    one_way = sparse.coo_array((values, (one, other)), (n_spins, n_spins)).tocsr()
    return one_way + one_way.T


def max_cut(n_spins, seed):
    """Antiferromagnet on a random 3-regular graph: three perfect matchings without common edge."""
    rng = np.random.RandomState(seed)
    while True:
        ends = np.sort(
            np.concatenate([rng.permutation(n_spins).reshape(-1, 2) for _ in range(3)]), axis=1
        )
        if len(np.unique(ends, axis=0)) == len(ends):
            return Ising(pairs(n_spins, *ends.T, -np.ones(len(ends))))


def weighted(n_spins, seed):
    """Random weights on a random graph of mean degree 8, in random fields."""
    rng = np.random.RandomState(seed)
    one, other = rng.randint(n_spins, size=(2, 4 * n_spins))
    one, other = one[one != other], other[one != other]
    couplings = pairs(n_spins, one, other, rng.uniform(-1, 1, len(one)))
    return Ising(couplings, rng.normal(size=n_spins))


def ring(n_spins, seed):
    """A ring of +-1 with an odd number of negative bonds: its lowest energy is 2 - n_spins."""
    bonds = np.random.RandomState(seed).choice([-1.0, 1.0], n_spins)
    bonds[0] *= -np.prod(bonds)
    sites = np.arange(n_spins)
    return Ising(pairs(n_spins, sites, (sites + 1) % n_spins, bonds))


def tour(n_cities, seed, penalty=1.5):
    """The travelling salesman in units x(city, time), but for :func:`tour_offset`."""
    distance = distances(n_cities, seed)
    turn = np.roll(np.eye(n_cities), 1, axis=1)
    couplings = np.kron(distance, turn + turn.T)
    # Each city once, each time once: (1 - sum x)^2 = 1 - sum x + 2 sum_{a < b} x_a x_b.
    one, others = np.eye(n_cities), 1 - np.eye(n_cities)
    couplings += 2 * penalty * (np.kron(one, others) + np.kron(others, one))
    # sum_{a < b} P_ab x_a x_b - 2 penalty sum_a x_a + 2 n penalty, with x = (1 + s) / 2
    return Ising(-couplings / 4, penalty - couplings.sum(axis=1) / 4)


def tour_offset(n_cities, seed, penalty=1.5):
    """What makes the energy of a tour its length."""
    ordered = 2 * n_cities * distances(n_cities, seed).sum()
    ordered += 4 * penalty * n_cities**2 * (n_cities - 1)
    return 2 * n_cities * penalty - penalty * n_cities**2 + ordered / 8


def distances(n_cities, seed):
    """Distances between random places in the unit square."""
    places = np.random.default_rng(seed).random((n_cities, 2))
    return np.linalg.norm(places[:, None] - places, axis=-1)


SUITE = {
    "+-J torus, 32 x 32": lambda seed: spinglass.EdwardsAnderson((32, 32), seed=seed),
    "+-J cube, 12 x 12 x 12": lambda seed: spinglass.EdwardsAnderson((12, 12, 12), seed=seed),
    "Gaussian cube, 8 x 8 x 8": lambda seed: spinglass.EdwardsAnderson(
        (8, 8, 8), disorder="gaussian", seed=seed
    ),
    "3-regular Max-Cut, 1000": lambda seed: max_cut(1000, seed),
    "SK, 512": lambda seed: spinglass.SherringtonKirkpatrick(512, seed=seed),
    "weights and fields, 1000": lambda seed: weighted(1000, seed),
    "tour of 9 cities": lambda seed: tour(9, seed),
    "+-J ring, 1000": lambda seed: ring(1000, seed),
}

# Mean energy of 24 reads and its standard error, a pair an instance, by model and sweeps.
RIVAL = {
    ("+-J torus, 32 x 32", 200): [(-1399.5, 1.3036), (-1406.8333, 1.659), (-1410.8333, 1.0762)],
    ("+-J torus, 32 x 32", 1000): [(-1408.0, 0.8341), (-1417.0, 1.6897), (-1419.0, 1.0286)],
    ("+-J cube, 12 x 12 x 12", 200): [
        (-3009.6667, 3.4213),
        (-3032.6667, 3.1454),
        (-3019.0, 2.4465),
    ],
    ("+-J cube, 12 x 12 x 12", 1000): [
        (-3042.0, 2.5137),
        (-3062.8333, 1.7525),
        (-3043.8333, 2.0569),
    ],
    ("Gaussian cube, 8 x 8 x 8", 200): [
        (-847.2213, 2.0364),
        (-847.4866, 2.8908),
        (-813.0654, 1.7695),
    ],
    ("Gaussian cube, 8 x 8 x 8", 1000): [
        (-863.9941, 1.4731),
        (-870.0904, 1.6628),
        (-832.8199, 1.638),
    ],
    ("3-regular Max-Cut, 1000", 200): [
        (-1209.3333, 1.4679),
        (-1208.5833, 2.2116),
        (-1218.0833, 2.5693),
    ],
    ("3-regular Max-Cut, 1000", 1000): [
        (-1234.9167, 1.4743),
        (-1238.6667, 1.4826),
        (-1244.9167, 2.2967),
    ],
    ("SK, 512", 200): [(-370.994, 1.0122), (-371.7276, 0.834), (-370.8139, 1.0195)],
    ("SK, 512", 1000): [(-377.192, 0.6324), (-380.1191, 0.6312), (-378.6046, 0.5945)],
    ("weights and fields, 1000", 200): [
        (-1408.8549, 1.6074),
        (-1385.6182, 1.6109),
        (-1437.9472, 0.8157),
    ],
    ("weights and fields, 1000", 1000): [
        (-1424.263, 0.9906),
        (-1404.4744, 1.1178),
        (-1445.8836, 0.598),
    ],
    ("tour of 9 cities", 200): [(-482.1405, 0.1357), (-469.6684, 0.0902), (-469.0396, 0.1103)],
    ("tour of 9 cities", 1000): [(-482.4014, 0.1084), (-469.8828, 0.0862), (-469.0117, 0.0998)],
    ("+-J ring, 1000", 200): [(6.5, 7.5), (2.5, 7.3042), (-3.8333, 5.9902)],
    ("+-J ring, 1000", 1000): [(6.5, 7.5), (2.5, 7.3042), (-3.8333, 5.9902)],
}
