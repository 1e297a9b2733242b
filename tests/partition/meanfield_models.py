"""Small models for the tests of mean field, and the truth about them over all their states."""

import numpy as np
from scipy import sparse

import reference
import spinglass


def random_model(n_spins, seed, density=1.0, strength=1.0, field=0.5, form=np.asarray):
    """Normal couplings and fields, ``strength`` and ``field`` their deviations."""
    rng = np.random.default_rng(seed)
    present = np.triu(rng.random((n_spins, n_spins)) < density, 1)
    J = present * rng.normal(size=(n_spins, n_spins)) * strength / np.sqrt(n_spins)
    return spinglass.Ising(form(J + J.T), field * rng.normal(size=n_spins))


def random_forest(n_spins, seed, n_trees=1, form=np.asarray):
    """Trees of random shape, couplings and fields; some of them single spins."""
    rng = np.random.default_rng(seed)
    roots = set(rng.choice(np.arange(1, n_spins), n_trees - 1, replace=False).tolist())
    J = np.zeros((n_spins, n_spins))
    for i in range(1, n_spins):
        if i not in roots:
            J[i, rng.integers(i)] = rng.normal()
    order = rng.permutation(n_spins)
    return spinglass.Ising(form((J + J.T)[np.ix_(order, order)]), rng.normal(size=n_spins))


def ring(n_spins, coupling=1.0, field=0.0):
    """A ring of equal couplings."""
    J = np.zeros((n_spins, n_spins))
    i = np.arange(n_spins)
    J[i, (i + 1) % n_spins] = coupling
    return spinglass.Ising(J + J.T, np.full(n_spins, field))


class Truth:
    """ln Z, <E>, <s_i>, <s_i s_j> over all 2^N states."""

    def __init__(self, model, beta):
        law, energies = reference.ising_law(model, beta)
        states = reference.all_states(model.n_spins).astype(float)
        lowest = energies.min()
        weights = np.exp(-beta * (energies - lowest))
        self.law = law
        self.log_partition = np.log(weights.sum()) - beta * lowest
        self.energy = law @ energies
        self.magnetizations = law @ states
        self.correlations = states.T @ (law[:, None] * states)


def product_law(q, n_spins):
    """Q(s) of all states, for probabilities q of +1."""
    states = reference.all_states(n_spins)
    return np.where(states > 0, q, 1 - np.asarray(q)).prod(axis=1)


FORMS = {"dense": np.asarray, "sparse": sparse.csr_array}
