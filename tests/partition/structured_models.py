"""An energy of each structure, spin models aside, for what chooses by structure, not by class."""

import numpy as np
from scipy import sparse

import spinglass
from machines.enumeration import all_states, random_machine
from sampling.models import random_couplings
from spinglass.models.energy import Pairwise, Unstructured


class Pairs:
    """What a user writes: a class of their own that answers with its structure."""

    def __init__(self, variables, couplings, fields=None, constant=0.0):
        self._pairs = Pairwise(variables, couplings, fields, constant)

    def structure(self):
        return self._pairs


class Quartic:
    """An energy of neither pairs nor layers."""

    def structure(self):
        return Unstructured("spins", 4)


FIELDS = np.linspace(-0.6, 0.9, 9)
SPARSE = sparse.csr_array(random_couplings(9, 2, 0.4))

STRUCTURES = {
    "spins of one's own": Pairs("spins", random_couplings(9, 1)),
    "sparse spins of one's own": Pairs("spins", SPARSE, FIELDS, 1.5),
    "units of one's own": Pairs("units", 2 * random_couplings(9, 3), FIELDS, -0.7),
    "sparse units of one's own": Pairs("units", 3 * SPARSE, constant=0.3),
    "form in spins": spinglass.SpinForm(random_couplings(9, 4), FIELDS, 12.5),
    "sparse form in units": spinglass.UnitForm(3 * SPARSE, -FIELDS, -3.0),
    "machine": random_machine(4, 5, seed=5).estimator(),
    "wide machine": random_machine(6, 2, seed=6).estimator(),
}

GAUSSIAN = spinglass.GaussianBernoulliRBM(2, n_iter=1, random_state=0).fit(np.eye(3))


def spin_energies(model):
    """All states of N spins, and E of each: units are u = (1 + s) / 2, visible ones first."""
    if hasattr(model, "components_"):
        W, b, a = model.components_, model.intercept_hidden_, model.intercept_visible_
        states = 2 * all_states(len(a) + len(b)) - 1
        v, h = np.split((states + 1) // 2, [len(a)], axis=1)
        return states, -(v @ a) - h @ b - np.einsum("sj,ji,si->s", h, W, v)
    pairs = model.structure()
    states = 2 * all_states(pairs.n_variables) - 1
    x = states if pairs.variables == "spins" else (states + 1) // 2
    J = pairs.dense_couplings()
    fields = np.zeros(len(J)) if pairs.fields is None else pairs.fields
    return states, pairs.constant - np.einsum("si,ij,sj->s", x, J, x) / 2 - x @ fields
