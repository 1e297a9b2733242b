"""The slow truth of dense associative memories: energies as integers of Python."""

import numpy as np

import reference


def function(x, order, rectified):
    """F(x) = x^n, rectified or not."""
    return 0 if rectified and x < 0 else x**order


def overlaps(patterns, state):
    """M_mu = sum_i xi_i^mu s_i, as integers of Python."""
    return (np.asarray(patterns, dtype=np.int64) @ np.asarray(state, dtype=np.int64)).tolist()


def integer_energy(patterns, state, order, rectified=False):
    """n N^(n - 1) E(s) = -sum_mu F(M_mu)."""
    return -sum(function(m, order, rectified) for m in overlaps(patterns, state))


def scale(patterns, order):
    """n N^(n - 1)."""
    return order * np.shape(patterns)[1] ** (order - 1)


def flipped(state, site):
    other = np.array(state)
    other[site] *= -1
    return other


def integer_cost(patterns, state, site, order, rectified=False):
    """n N^(n - 1) times what a flip changes the energy by."""
    after = integer_energy(patterns, flipped(state, site), order, rectified)
    return after - integer_energy(patterns, state, order, rectified)


def recall(patterns, state, order, rectified=False, clamp=None, max_sweeps=1000):
    """Zero-temperature recall in site order; a tie keeps the spin."""
    free = range(len(state)) if clamp is None else np.flatnonzero(~np.asarray(clamp))
    result = reference.Recalled(np.array(state, dtype=np.int64))
    while result.sweeps < max_sweeps and not result.converged:
        before = result.flips
        for site in free:
            if integer_cost(patterns, result.state, site, order, rectified) < 0:
                result.state[site] *= -1
                result.flips += 1
        result.sweeps += 1
        result.converged = result.flips == before
    return result


def energies_of_all_states(patterns, order, rectified=False):
    """E of all 2^N states."""
    states = reference.all_states(np.shape(patterns)[1])
    integers = [integer_energy(patterns, state, order, rectified) for state in states]
    return np.array([x / scale(patterns, order) for x in integers])


def boltzmann(patterns, beta, order, rectified=False):
    """exp(-beta E) / Z over all 2^N states."""
    energies = energies_of_all_states(patterns, order, rectified)
    weights = np.exp(-beta * (energies - energies.min()))
    return weights / weights.sum()


def sweep_matrix(patterns, beta, order, rectified, update):
    """Return T[a, b], the probability that a heat-bath sweep takes state a to state b."""
    n = np.shape(patterns)[1]
    energies = energies_of_all_states(patterns, order, rectified)
    numbers = np.arange(2**n)
    visits = []
    for site in range(n):
        up, down = numbers | 1 << site, numbers & ~(1 << site)
        chance = 1 / (1 + np.exp(-beta * (energies[down] - energies[up])))
        matrix = np.zeros((2**n, 2**n))
        matrix[numbers, up], matrix[numbers, down] = chance, 1 - chance
        visits.append(matrix)
    if update == "random":
        return np.linalg.matrix_power(sum(visits) / n, n)
    product = np.eye(2**n)
    for visit in visits:
        product = product @ visit
    return product
