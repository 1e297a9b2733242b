"""Every door that takes an array: a call of one array, and what it returns as plain arrays."""

import numpy as np

import spinglass
from spinglass import exact, meanfield, statistics

N = 8
rng = np.random.default_rng(7)

SPINS = rng.choice(np.array([-1, 1], np.int8), (6, N))
UNITS = (SPINS > 0).astype(np.uint8)
REALS = np.round(rng.normal(size=(12, N)), 1)
COUPLINGS = np.triu(np.round(rng.normal(size=(N, N)) / 4, 2), 1)
COUPLINGS += COUPLINGS.T
FIELDS = np.round(rng.normal(size=N), 1)
MASK = UNITS[:1].repeat(6, axis=0).astype(bool)
MASK[:, 0] = False

NETWORK = spinglass.Hopfield(SPINS[:3])
GLASS = spinglass.Ising(COUPLINGS, FIELDS)
RBM = spinglass.BernoulliRBM(3, n_iter=1, random_state=0).fit(UNITS)
GAUSSIAN = spinglass.GaussianBernoulliRBM(3, n_iter=1, random_state=0).fit(REALS)
SAMPLES = rng.choice(np.array([-1, 1], np.int8), (60, N))


def learned(model):
    """Return what an estimator has learned."""
    return [x for name, x in sorted(vars(model).items()) if name in ("couplings_", "fields_")]


def fitted(array):
    model = spinglass.BernoulliRBM(3, n_iter=1, batch_size=3, random_state=0).fit(array)
    return [model.components_, model.intercept_hidden_, model.intercept_visible_]


def fitted_gaussian(array):
    model = spinglass.GaussianBernoulliRBM(3, n_iter=1, batch_size=3, random_state=0).fit(array)
    return [model.components_, model.intercept_hidden_, model.intercept_visible_]


def assigned(name, array):
    model = spinglass.BernoulliRBM(3, n_iter=1, random_state=0).fit(UNITS)
    setattr(model, name, array)
    return [getattr(model, name)]


def inferred(method, X, weights=None):
    model = spinglass.InverseIsing(method, l2=0.1).fit(X, sample_weight=weights)
    return learned(model)


def recalled(states, update="sequential", **arguments):
    found = NETWORK.recall(states, update, seed=1, **arguments)
    return [found.states, found.energy]


def sampled(**arguments):
    run = spinglass.sample(GLASS, beta=0.5, n_sweeps=5, n_replicas=6, seed=1, **arguments)
    return [run.final_states, run.energy]


def tempered(**arguments):
    run = spinglass.temper(
        GLASS, **({"betas": [0.5, 1.0]} | arguments), n_sweeps=5, n_replicas=6, seed=1
    )
    return [run.final_states, run.energy]


def annealed(**arguments):
    run = spinglass.anneal(
        GLASS, beta_range=(0.1, 1.0), n_sweeps=5, n_replicas=6, seed=1, **arguments
    )
    return [run.final_states, run.energy]


def model_of(couplings=COUPLINGS, fields=FIELDS):
    model = spinglass.Ising(couplings, fields)
    return [model.couplings(), model.fields, model.energy(SPINS), [exact.log_partition(model)]]


def units_form(array):
    return [spinglass.UnitForm(COUPLINGS, FIELDS).energy(array)]


def descended(states, **arguments):
    found = spinglass.descend(GLASS, states, **arguments)
    return [found.states, found.energy]


# By the name of a door: an array that it takes, and the call.
OF_SPINS = {
    "recall": (SPINS, recalled),
    "synchronous recall": (SPINS, lambda x: recalled(x, "synchronous")),
    "patterns": (SPINS, lambda x: [spinglass.Patterns.from_array(x).to_array()]),
    "network": (SPINS, lambda x: [spinglass.Hopfield(x).patterns.to_array()]),
    "pattern": (SPINS[0], lambda x: [spinglass.Mattis(x).pattern]),
    "energy": (SPINS, lambda x: [GLASS.energy(x)]),
    "local fields": (SPINS, lambda x: [GLASS.local_fields(x)]),
    "overlaps": (SPINS, lambda x: [NETWORK.overlaps(x), spinglass.overlaps(x, SPINS)]),
    "corrupt": (SPINS, lambda x: [spinglass.corrupt(x, 0.5, seed=1)]),
    "to_bits": (SPINS, lambda x: [spinglass.to_bits(x)]),
    "sample": (SPINS, lambda x: sampled(initial=x)),
    "temper": (SPINS[0], lambda x: tempered(initial=x)),
    "anneal": (SPINS, lambda x: annealed(initial=x)),
    "descend": (SPINS, descended),
    "pseudolikelihood": (SAMPLES, lambda x: inferred("pseudolikelihood", x)),
    "mean field": (SAMPLES, lambda x: inferred("mean-field", x)),
    "spin form": (SPINS, lambda x: [spinglass.spin_form(GLASS).energy(x)]),
}
OF_UNITS = {
    "to_spins": (UNITS, lambda x: [spinglass.to_spins(x)]),
    "unit form": (UNITS, units_form),
    "fit": (UNITS, fitted),
    "transform": (UNITS, lambda x: [RBM.transform(x)]),
    "free energy": (UNITS, lambda x: [RBM.free_energy(x)]),
    "joint energy": (UNITS, lambda x: [RBM.energy(x, x[:, :3])]),
    "initial": (UNITS, lambda x: [RBM.sample(6, 3, initial=x, random_state=1)]),
    "reconstruct": (UNITS, lambda x: [RBM.reconstruct(x, random_state=1)]),
    "chains": (UNITS[:, :3], lambda x: assigned("h_samples_", np.resize(x, (10, 3)))),
}
OF_REALS = {
    "couplings": (COUPLINGS, model_of),
    "fields": (FIELDS, lambda x: model_of(fields=x)),
    "thresholds": (FIELDS, lambda x: [spinglass.Hopfield(SPINS, thresholds=x).thresholds]),
    "form": (COUPLINGS, lambda x: [spinglass.SpinForm(x).energy(SPINS)]),
    "real data": (REALS, fitted_gaussian),
    "real units": (np.abs(REALS) / 4, fitted),
    "components": (REALS[:3], lambda x: assigned("components_", x)),
    "real free energy": (REALS, lambda x: [GAUSSIAN.free_energy(x)]),
    "means": (UNITS[:, :3] / 2, lambda x: [GAUSSIAN.mean(x)]),
    "weights": (np.arange(1.0, 61.0), lambda x: inferred("pseudolikelihood", SAMPLES, x)),
    "ladder": (np.array([0.25, 0.5, 1.0]), lambda x: tempered(betas=x)),
    "magnetizations": (
        np.tanh(FIELDS),
        lambda x: [meanfield.naive(GLASS, beta=0.5, initial=x).solutions[0].magnetizations],
    ),
}
OF_REALS |= {
    "summarize": (REALS, lambda x: [[statistics.summarize(x, x, 8, 0.5).energy.value]]),
    "standard error": (REALS, lambda x: [[statistics.standard_error(x)]]),
    "autocorrelation": (REALS, lambda x: [statistics.autocorrelation(x)]),
    "binning": (REALS, lambda x: [statistics.binning(x).standard_error]),
    "jackknife": (REALS, lambda x: [statistics.jackknife(np.mean, x)]),
}
OF_BOOLEANS = {
    "clamp of recall": (MASK, lambda x: recalled(SPINS, clamp=x)),
    "clamp of sample": (MASK, lambda x: sampled(initial=SPINS, clamp=x)),
    "clamp of temper": (MASK[0], lambda x: tempered(initial=SPINS[0], clamp=x)),
    "clamp of anneal": (MASK, lambda x: annealed(initial=SPINS, clamp=x)),
    "clamp of descend": (MASK, lambda x: descended(SPINS, clamp=x)),
    "clamp of units": (
        MASK[0],
        lambda x: [RBM.sample(6, 3, initial=UNITS, clamp=x, random_state=1)],
    ),
    "clamp of reconstruct": (
        MASK[0],
        lambda x: [RBM.reconstruct(UNITS, clamp=x, random_state=1)],
    ),
    "choice of patterns": (MASK[0, :3], lambda x: [NETWORK.patterns[x]]),
}
