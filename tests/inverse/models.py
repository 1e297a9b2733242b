"""Models whose couplings are to be found again, and their exact data."""

import numpy as np

import spinglass
from spinglass import exact


def glass(n_spins, seed, width=0.5, field_width=0.3):
    """Return symmetric random couplings of variance width^2 / n_spins, and fields."""
    random = np.random.default_rng(seed)
    couplings = np.triu(random.normal(0, width / np.sqrt(n_spins), (n_spins, n_spins)), 1)
    return couplings + couplings.T, random.normal(0, field_width, n_spins)


def exact_data(couplings, fields):
    """Return all states, and the probability of each."""
    model = spinglass.Ising(couplings, fields)
    return exact.states(len(fields)), exact.distribution(model)


def drawn(couplings, fields, n_samples, seed):
    """Return independent samples of a model of few spins."""
    states, chances = exact_data(couplings, fields)
    random = np.random.default_rng(seed)
    return states[random.choice(len(states), n_samples, p=chances / chances.sum())]


def objective(method, rows, couplings, fields):
    """Return pseudo-likelihood or flow and its gradient, in NumPy."""
    local = rows @ couplings + fields
    aligned = rows * local
    if method == "flow":
        value, slopes = np.exp(-aligned), -rows * np.exp(-aligned)
    else:
        value, slopes = np.logaddexp(0, -2 * aligned), np.tanh(local) - rows
    by = slopes.T @ rows / len(rows)
    return value.sum(axis=1).mean(), by + by.T - 2 * np.diag(np.diag(by)), slopes.mean(axis=0)
