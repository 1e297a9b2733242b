"""The slow truth: the Hopfield model written down in NumPy, with every matrix formed.

Spins are -1 and +1, the last axis is the spin. N J_ij = sum_mu xi_i^mu xi_j^mu with J_ii = 0 is a
matrix of integers; a threshold enters as the double nearest to N theta_i. Python compares an int
with a float exactly, so the zero-temperature dynamics below has no rounding at all.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from scipy.stats import chi2


def random_spins(rng, *shape):
    """Independent uniform spins."""
    return rng.choice(np.array([-1, 1], dtype=np.int8), shape)


def random_thresholds(rng, n_spins):
    """Draw thresholds of every kind: none, ties (k / N), ordinary, tiny, large."""
    kinds = [
        np.zeros(n_spins),
        rng.integers(-4, 5, n_spins) / n_spins,
        rng.normal(size=n_spins),
        rng.choice([5e-324, -5e-324, 1e-17, -1e-17], n_spins),
        rng.choice([1e300, -1e300, 40.0, -40.0], n_spins),
    ]
    return np.choose(rng.choice(5, n_spins, p=[0.2, 0.4, 0.3, 0.05, 0.05]), kinds)


def integer_couplings(patterns):
    """N J, exactly."""
    xi = np.asarray(patterns, dtype=np.int64)
    matrix = xi.T @ xi
    np.fill_diagonal(matrix, 0)
    return matrix


def scaled_thresholds(n_spins, thresholds):
    """N theta, each rounded once."""
    zeros = np.zeros(n_spins)
    return zeros if thresholds is None else n_spins * np.asarray(thresholds, dtype=np.float64)


def local_fields(patterns, states, thresholds=None):
    """h_i = (N sum_j J_ij s_j - N theta_i) / N, the sum exact."""
    n = np.shape(patterns)[1]
    sums = np.asarray(states, dtype=np.int64) @ integer_couplings(patterns)
    return (sums - scaled_thresholds(n, thresholds)) / n


def overlaps(patterns, states):
    """m^mu = (1/N) sum_i xi_i^mu s_i."""
    xi = np.asarray(patterns, dtype=np.int64)
    return np.asarray(states, dtype=np.int64) @ xi.T / xi.shape[1]


def exact_energy(patterns, state, thresholds=None):
    """N E(s) = -(1/2) sum_{i != j} N J_ij s_i s_j + sum_i N theta_i s_i, as a fraction."""
    s = np.asarray(state, dtype=np.int64)
    pairs = int(s @ integer_couplings(patterns) @ s)
    theta = scaled_thresholds(len(s), thresholds)
    return sum((Fraction(t) * int(x) for t, x in zip(theta, s, strict=True)), Fraction(-pairs, 2))


def is_turned(matrix, theta, state, site):
    """Whether the field points against the spin. A zero field turns nothing."""
    total = int(matrix[site] @ state)
    return total > float(theta[site]) if state[site] < 0 else total < float(theta[site])


@dataclass
class Recalled:
    """The end of a zero-temperature recall."""

    state: np.ndarray
    flips: int = 0
    sweeps: int = 0
    converged: bool = False
    cycle_length: int = 0


def recall(patterns, state, update="sequential", thresholds=None, clamp=None, max_sweeps=1000):
    """Zero-temperature recall, site after site or all sites at once, by brute force."""
    n = len(state)
    matrix, theta = integer_couplings(patterns), scaled_thresholds(n, thresholds)
    free = range(n) if clamp is None else np.flatnonzero(~np.asarray(clamp))
    result = Recalled(np.array(state, dtype=np.int64))
    two_ago = None
    while result.sweeps < max_sweeps:
        before = result.state.copy()
        for site in free:
            seen = before if update == "synchronous" else result.state
            if is_turned(matrix, theta, seen, site):
                result.state[site] *= -1
                result.flips += 1
        result.sweeps += 1
        if np.array_equal(result.state, before):
            result.converged, result.cycle_length = True, 1
            break
        # In site order the energy falls with every flip, so no state comes back.
        if np.array_equal(result.state, two_ago):
            result.cycle_length = 2
            break
        two_ago = before
    return result


def all_states(n_spins):
    """Return all 2^N states; bit i of the row number is spin i."""
    numbers = np.arange(2**n_spins)
    return (2 * (numbers[:, None] >> np.arange(n_spins) & 1) - 1).astype(np.int8)


def state_numbers(states):
    """Return the rows of `all_states` that hold these states."""
    return (np.asarray(states) > 0) @ (1 << np.arange(np.shape(states)[-1]))


def energies_of_all_states(patterns, thresholds=None):
    """E of all 2^N states, from the dense couplings."""
    n = np.shape(patterns)[1]
    states, theta = all_states(n).astype(float), scaled_thresholds(n, thresholds) / n
    couplings = integer_couplings(patterns) / n
    return -0.5 * np.einsum("ai,ij,aj->a", states, couplings, states) + states @ theta


def boltzmann(patterns, beta, thresholds=None):
    """exp(-beta E) / Z over all 2^N states."""
    energies = energies_of_all_states(patterns, thresholds)
    weights = np.exp(-beta * (energies - energies.min()))
    return weights / weights.sum()


def probability_up(patterns, beta, thresholds=None):
    """P(s_i = +1 after its update) of the heat bath, for each of the 2^N states and each site."""
    fields = local_fields(patterns, all_states(np.shape(patterns)[1]), thresholds)
    return 1 / (1 + np.exp(-2 * beta * fields))


def visit_matrix(patterns, beta, thresholds, site):
    """Return T[a, b], the probability that a heat-bath visit of one site takes state a to b."""
    up = probability_up(patterns, beta, thresholds)[:, site]
    numbers = np.arange(len(up))
    matrix = np.zeros((len(up), len(up)))
    matrix[numbers, numbers | 1 << site] = up
    matrix[numbers, numbers & ~(1 << site)] = 1 - up
    return matrix


def sweep_matrix(patterns, beta, thresholds=None, update="sequential", clamp=None):
    """Return T[a, b], the probability that a heat-bath sweep takes state a to state b."""
    n = np.shape(patterns)[1]
    held = np.zeros(n, dtype=bool) if clamp is None else np.asarray(clamp)
    if update == "synchronous":
        up = probability_up(patterns, beta, thresholds)
        states = all_states(n)
        chances = np.where(states[None] > 0, up[:, None], 1 - up[:, None])
        stays = states[None] == states[:, None]
        return np.where(held, stays, chances).prod(axis=2)
    identity = np.eye(2**n)
    visits = [
        identity if held[site] else visit_matrix(patterns, beta, thresholds, site)
        for site in range(n)
    ]
    if update == "random":
        return np.linalg.matrix_power(sum(visits) / n, n)
    product = identity
    for visit in visits:
        product = product @ visit
    return product


def peretto(patterns, beta, thresholds=None):
    """Stationary law of the synchronous heat bath (Peretto, Biol. Cybern. 50, 51 (1984)).

    p(s) ~ exp(-beta sum_i theta_i s_i) prod_i 2 cosh(beta h_i(s)), not exp(-beta E).
    """
    n = np.shape(patterns)[1]
    states, theta = all_states(n), scaled_thresholds(n, thresholds) / n
    fields = beta * local_fields(patterns, states, thresholds)
    logarithms = np.logaddexp(fields, -fields).sum(axis=1) - beta * states @ theta
    weights = np.exp(logarithms - logarithms.max())
    return weights / weights.sum()


def dense_couplings(model):
    """J of any model, as a dense matrix."""
    couplings = model.to_ising().couplings()
    return np.asarray(couplings.toarray() if hasattr(couplings, "toarray") else couplings)


def dense_fields(model):
    """h of any model."""
    fields = model.to_ising().fields
    return np.zeros(model.n_spins) if fields is None else fields


def ising_energies(couplings, states, fields=0.0):
    """E(s) = -1/2 sum_{i != j} J_ij s_i s_j - sum_i h_i s_i of each state."""
    s = np.asarray(states, dtype=float)
    return -0.5 * np.einsum("ai,ij,aj->a", s, couplings, s) - (s * fields).sum(axis=1)


def ising_law(model, beta):
    """exp(-beta E) / Z over all 2^N states, and their energies."""
    states = all_states(model.n_spins)
    energies = ising_energies(dense_couplings(model), states, dense_fields(model))
    if np.isinf(beta):
        weights = np.isclose(energies, energies.min()).astype(float)
    else:
        weights = np.exp(-beta * (energies - energies.min()))
    return weights / weights.sum(), energies


def random_site_sweeps(couplings, beta, states, n_sweeps, rng, fields=0.0):
    """Yield the states after each sweep of Metropolis at sites that are drawn at random."""
    spins = np.array(states, dtype=float)
    fields, rows = spins @ couplings + fields, np.arange(len(spins))
    for _ in range(n_sweeps):
        for site in rng.integers(len(couplings), size=spins.shape[::-1]):
            cost = 2 * spins[rows, site] * fields[rows, site]
            flips = rng.random(len(rows)) < np.exp(-beta * np.maximum(cost, 0))
            row, flipped = rows[flips], site[flips]
            fields[row] -= 2 * spins[row, flipped, None] * couplings[flipped]
            spins[row, flipped] *= -1
        yield spins.astype(np.int8)


def colour_order(couplings):
    """Return the sites colour by colour; each takes the first one that no neighbour has yet."""
    colours = np.full(len(couplings), -1)
    for site, row in enumerate(couplings):
        taken = set(colours[np.flatnonzero(row)])
        colours[site] = next(c for c in range(len(row)) if c not in taken)
    return np.argsort(colours, kind="stable").tolist()


def chi_square_chance(counts, law):
    """Return the chance of counts as far from the law as these. Cells below 5 expected join."""
    order = np.argsort(law)
    order = order[law[order] > 0]
    assert counts.sum() == counts[order].sum(), "a state that cannot be"
    expected, observed = [0.0], [0]
    for cell in order:
        if expected[-1] >= 5:
            expected.append(0.0)
            observed.append(0)
        expected[-1] += counts.sum() * law[cell]
        observed[-1] += counts[cell]
    expected, observed = np.array(expected), np.array(observed)
    assert expected.min() >= 5
    return chi2.sf(((observed - expected) ** 2 / expected).sum(), len(expected) - 1)
