"""How sites are numbered does not matter: Metropolis is as quick as with sites drawn at random."""

import functools
import math

import numpy as np
import pytest
from scipy import sparse

import reference
import spinglass

N_REPLICAS = 128
# The replicas in as many groups: their times tell the error of the mean time.
N_GROUPS = 8
# A false alarm of one normal variable once in 30,000 tests.
SIGMAS = 4.0


def matrix(n_spins, pairs, values):
    """J of some pairs, symmetric."""
    couplings = np.zeros((n_spins, n_spins))
    for (i, j), value in zip(pairs, values, strict=True):
        couplings[i, j] = couplings[j, i] = value
    return couplings


def ferromagnet(n_spins, pairs):
    return matrix(n_spins, pairs, np.ones(len(pairs)))


def ring(n_spins, reach=1):
    return [(i, (i + step) % n_spins) for i in range(n_spins) for step in range(1, reach + 1)]


def ladder(n_rungs):
    sides = [(2 * i + k, 2 * ((i + 1) % n_rungs) + k) for i in range(n_rungs) for k in (0, 1)]
    return sides + [(2 * i, 2 * i + 1) for i in range(n_rungs)]


def small_world(n_spins, rng):
    far = [rng.choice(n_spins, 2, replace=False) for _ in range(n_spins // 10)]
    return list({(min(pair), max(pair)) for pair in [*ring(n_spins, 2), *map(tuple, far)]})


def regular(n_spins, rng):
    """Three neighbours each: a ring through all sites, and their pairs."""
    order, others = rng.permutation(n_spins), rng.permutation(n_spins)
    pairs = [(order[i], order[j]) for i, j in ring(n_spins)]
    return pairs + list(zip(others[::2], others[1::2], strict=True))


def glass(shape, disorder):
    return reference.dense_couplings(spinglass.EdwardsAnderson(shape, disorder, seed=1))


RNG = np.random.default_rng(5)
RING = ferromagnet(64, ring(64))
# Couplings, and a low temperature: random sites have tau of about 3 to 15 sweeps there.
GRAPHS = {
    "ring": (RING, 1.0),
    "ring with four neighbours": (ferromagnet(64, ring(64, 2)), 0.45),
    "ring in a mean field": (RING + (0.1 - 0.1 * np.eye(64)) / 64, 0.85),
    "open chain": (ferromagnet(64, ring(64)[:-1]), 1.0),
    "ladder": (ferromagnet(64, ladder(32)), 0.65),
    "star": (ferromagnet(41, [(0, i) for i in range(1, 41)]), 0.2),
    "bipartite": (ferromagnet(40, [(i, 20 + j) for i in range(20) for j in range(20)]), 0.05),
    "thirty neighbours": (ferromagnet(64, ring(64, 15)), 0.032),
    "small world": (ferromagnet(64, small_world(64, RNG)), 0.35),
    "tree": (ferromagnet(63, [(i, (i - 1) // 2) for i in range(1, 63)]), 0.9),
    "random regular graph": (ferromagnet(64, regular(64, RNG)), 0.45),
    "+-J square": (glass((8, 8), "pm1"), 0.9),
    "Gaussian square": (glass((8, 8), "gaussian"), 0.9),
    "+-J cube": (glass((4, 4, 4), "pm1"), 0.6),
    "Gaussian cube": (glass((4, 4, 4), "gaussian"), 0.6),
}


def times(series):
    """Integrated autocorrelation times of a series (replica, sweep), of each group of replicas."""
    deviations = series - series.mean()
    length = series.shape[1]
    spectrum = np.abs(np.fft.rfft(deviations, 2 * length, axis=1)) ** 2
    groups = spectrum.reshape(N_GROUPS, -1, spectrum.shape[1]).mean(axis=1)
    overlapping = np.arange(length, 0, -1)
    sums = np.fft.irfft(np.concatenate([groups, spectrum.mean(axis=0)[None]]))[:, :length]
    sums = sums / overlapping
    cumulated = np.cumsum(sums / sums[:, :1], axis=1) - 0.5
    # One window for all groups: six times of the whole.
    window = np.argmax(np.arange(length) > 6 * cumulated[-1])
    assert window > 0, "a longer series is needed"
    return cumulated[:-1, window]


def check_times(model, couplings, beta, n_sweeps, fields=0.0):
    """E and m^2 forget at least half as quickly as with random sites."""
    n_spins, rng = len(couplings), np.random.default_rng(1)
    warmup = n_sweeps // 4
    start = reference.random_spins(rng, N_REPLICAS, n_spins)
    sweeps = reference.random_site_sweeps(couplings, beta, start, warmup + n_sweeps, rng, fields)
    theirs = [
        (reference.ising_energies(couplings, spins, fields), spins.mean(axis=1)) for spins in sweeps
    ][warmup:]
    energy, magnetization = np.array(theirs).transpose(1, 2, 0)
    ours = spinglass.sample(
        model, beta=beta, n_sweeps=n_sweeps, n_replicas=N_REPLICAS, warmup=warmup, seed=2
    )
    for mine, other in [(ours.energy, energy), (ours.magnetization**2, magnetization**2)]:
        excess = times(mine) - 2 * times(other)
        error = excess.std(ddof=1) / math.sqrt(N_GROUPS)
        assert excess.mean() < SIGMAS * error, f"{times(mine).mean()}, {times(other).mean()}"


@pytest.mark.parametrize("name", GRAPHS)
def test_the_default_move_takes_at_most_twice_the_time_of_random_sites(name):
    couplings, beta = GRAPHS[name]
    check_times(spinglass.Ising(sparse.csr_array(couplings)), couplings, beta, 400)


@pytest.mark.parametrize("name", ["ring", "ladder", "+-J square", "Gaussian cube"])
@pytest.mark.parametrize("numbering", ["random", "opposite sites"])
def test_so_it_does_whatever_the_numbering(name, numbering):
    couplings, beta = GRAPHS[name]
    n = len(couplings)
    order = RNG.permutation(n) if numbering == "random" else np.arange(n).reshape(4, -1).T.ravel()
    other = couplings[order][:, order]
    check_times(spinglass.Ising(sparse.csr_array(other)), other, beta, 400)


@pytest.mark.parametrize("name", ["ring in a mean field", "ladder", "Gaussian square"])
def test_so_it_does_with_dense_couplings(name):
    couplings, beta = GRAPHS[name]
    check_times(spinglass.Ising(couplings, layout="dense"), couplings, beta, 400)


LATTICES = {
    "square": spinglass.SquareLattice(8),
    "antiferromagnet": spinglass.SquareLattice(8, coupling=-1.0),
    "frustrated": spinglass.SquareLattice((3, 21), coupling=-1.0),
    "in a field": spinglass.SquareLattice((2, 30), field=0.5),
    "cube": spinglass.CubicLattice(4),
}


@pytest.mark.parametrize("share", [0.04, 0.4, 1.2])
@pytest.mark.parametrize("name", LATTICES)
def test_so_it_does_on_lattices(name, share):
    model = LATTICES[name]
    couplings, fields = reference.dense_couplings(model), reference.dense_fields(model)
    beta = share / 2 / math.sqrt(((couplings**2).sum() + (fields**2).sum()) / len(couplings))
    check_times(model, couplings, beta, 200, fields)


@pytest.mark.parametrize("share", [0.02, 0.25, 0.5, 1.0])
@pytest.mark.parametrize("name", ["ring", "random regular graph", "Gaussian cube"])
def test_so_it_does_at_high_temperature(name, share):
    # 2 beta h, with the root mean square h of the fields of random states.
    couplings, _ = GRAPHS[name]
    beta = share / 2 / math.sqrt((couplings**2).sum() / len(couplings))
    check_times(spinglass.Ising(sparse.csr_array(couplings)), couplings, beta, 100)


def ring_energy(n_spins, beta):
    """E per spin of a ring: -t (1 + t^(N-2)) / (1 + t^N), t = tanh(beta)."""
    t = math.tanh(beta)
    return -t * (1 + t ** (n_spins - 2)) / (1 + t**n_spins)


@pytest.mark.parametrize("form", ["lanes", "general", "dense"])
@pytest.mark.parametrize(("n_spins", "beta"), [(200, 1.2), (1000, 1.15)])
def test_the_energy_of_a_ring_is_right_after_a_short_warmup(n_spins, beta, form):
    i = np.arange(n_spins)
    ends = (np.r_[i, (i + 1) % n_spins], np.r_[(i + 1) % n_spins, i])
    couplings = sparse.csr_array((np.ones(2 * n_spins), ends), shape=(n_spins, n_spins))
    model = {
        "lanes": lambda: spinglass.Ising(couplings),
        # A field, if only a tiny one, needs fixed point.
        "general": lambda: spinglass.Ising(couplings, np.full(n_spins, 1e-9)),
        "dense": lambda: spinglass.Ising(couplings.toarray(), layout="dense"),
    }[form]()
    run = spinglass.sample(model, beta=beta, n_sweeps=200, n_replicas=64, warmup=100, seed=3)
    means = run.energy.mean(axis=1) / n_spins
    error = means.std(ddof=1) / math.sqrt(len(means))
    assert abs(means.mean() - ring_energy(n_spins, beta)) < SIGMAS * error


@functools.cache
def quenched_by_random_sites(n_bonds):
    """Energies (replica, sweep) of 256 chains of 100 spins that cool at once."""
    couplings, rng = ferromagnet(100, ring(100)[:n_bonds]), np.random.default_rng(1)
    start = reference.random_spins(rng, 256, 100)
    sweeps = reference.random_site_sweeps(couplings, 1e9, start, 100, rng)
    return np.array([reference.ising_energies(couplings, spins) for spins in sweeps]).T


@pytest.mark.parametrize("n_bonds", [100, 99])
@pytest.mark.parametrize("numbering", ["along", "random"])
@pytest.mark.parametrize("form", [sparse.csr_array, np.asarray])
def test_a_quenched_chain_loses_its_walls_like_one_of_random_sites(n_bonds, numbering, form):
    order = RNG.permutation(100) if numbering == "random" else np.arange(100)
    couplings = ferromagnet(100, ring(100)[:n_bonds])[order][:, order]
    theirs = quenched_by_random_sites(n_bonds)
    model = spinglass.Ising(form(couplings))
    ours = spinglass.sample(model, beta=math.inf, n_sweeps=200, n_replicas=256, seed=4).energy
    # Ours need at most twice as many sweeps.
    for late, early in [(19, 9), (199, 99)]:
        difference = ours[:, late].mean() - theirs[:, early].mean()
        error = math.hypot(ours[:, late].std(ddof=1), theirs[:, early].std(ddof=1)) / 16
        assert difference < SIGMAS * error
