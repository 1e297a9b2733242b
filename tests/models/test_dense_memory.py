"""Dense associative memories: energies, fields and zero-temperature dynamics by brute force."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dense_reference
import reference
from spinglass import DenseAssociativeMemory, Hopfield, Patterns, corrupt

ORDERS = [2, 3, 4, 5, 6]
POWERS = [(order, rectified) for order in ORDERS for rectified in (False, True)]

# N odd and even, P = 1, P above N, N = 1.
SHAPES = [(1, 1), (1, 6), (3, 7), (12, 6), (40, 9), (5, 10)]


def spins(*shape, seed=0):
    return reference.random_spins(np.random.default_rng([seed, *shape]), *shape)


def peculiar():
    """Return sets with duplicates, opposites, and spins that are alike in all patterns."""
    some = spins(4, 8)
    alike = some.copy()
    alike[:, [1, 5]] = 1
    return [np.vstack([some, some[:2], some[:1]]), np.vstack([some, -some]), alike]


PATTERNS = [spins(*shape) for shape in SHAPES] + peculiar()


@pytest.mark.parametrize(("order", "rectified"), POWERS)
def test_energies_and_fields_are_those_of_every_flip(order, rectified):
    for patterns in PATTERNS:
        memory = DenseAssociativeMemory(patterns, order, rectified=rectified)
        scale = dense_reference.scale(patterns, order)
        states = reference.all_states(patterns.shape[1])[::7]
        energies = [
            dense_reference.integer_energy(patterns, s, order, rectified) / scale for s in states
        ]
        np.testing.assert_array_equal(memory.energy(states), energies)
        fields = memory.local_fields(states)
        for state, found in zip(states, fields, strict=True):
            costs = [
                dense_reference.integer_cost(patterns, state, site, order, rectified)
                for site in range(len(state))
            ]
            np.testing.assert_array_equal(found * state, np.array(costs) / (2 * scale))


@pytest.mark.parametrize(("order", "rectified"), POWERS)
def test_recall_is_that_of_brute_force(order, rectified):
    for patterns in PATTERNS:
        memory = DenseAssociativeMemory(patterns, order, rectified=rectified)
        starts = spins(6, patterns.shape[1], seed=3)
        found = memory.recall(starts)
        for k, start in enumerate(starts):
            expected = dense_reference.recall(patterns, start, order, rectified)
            np.testing.assert_array_equal(found.states[k], expected.state)
            assert (found.sweeps[k], found.flips[k]) == (expected.sweeps, expected.flips)
            assert found.converged[k]
            assert found.cycle_length[k] == 1
        np.testing.assert_array_equal(found.energy, memory.energy(found.states))


@pytest.mark.parametrize(("order", "rectified"), POWERS)
def test_clamped_spins_keep_their_values(order, rectified):
    patterns, clamp = spins(30, 9), np.arange(9) % 4 == 1
    memory = DenseAssociativeMemory(patterns, order, rectified=rectified)
    starts = spins(8, 9, seed=5)
    found = memory.recall(starts, clamp=clamp)
    for k, start in enumerate(starts):
        expected = dense_reference.recall(patterns, start, order, rectified, clamp)
        np.testing.assert_array_equal(found.states[k], expected.state)
        assert found.sweeps[k] == expected.sweeps
    for update in ("sequential", "random"):
        hot = memory.recall(starts, update, beta=0.1, clamp=clamp, max_sweeps=5, seed=1)
        np.testing.assert_array_equal(hot.states[:, clamp], starts[:, clamp])
    held = memory.recall(starts, clamp=np.ones(9, dtype=bool))
    assert (held.sweeps == 1).all()
    assert held.converged.all()


@pytest.mark.parametrize("update", ["sequential", "random"])
@pytest.mark.parametrize("beta", [np.inf, 0.0, 0.7, 3.0])
@pytest.mark.parametrize("shape", [(1, 1), (3, 17), (60, 200), (700, 65), (130, 1000)])
def test_order_two_is_the_hopfield_network_bit_for_bit(shape, beta, update):
    patterns = Patterns.random(*shape, seed=2)
    memory, network = DenseAssociativeMemory(patterns, 2), Hopfield(patterns)
    starts = corrupt(np.resize(patterns[:4], (4, shape[1])), 0.3, seed=1)
    clamp = np.arange(shape[1]) % 9 == 4
    for held in (None, clamp):
        found, expected = (
            model.recall(starts, update, beta=beta, clamp=held, max_sweeps=8, seed=3)
            for model in (memory, network)
        )
        for name in (
            "states",
            "sweeps",
            "flips",
            "converged",
            "cycle_length",
            "overlap",
            "pattern",
        ):
            np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), name)
    np.testing.assert_array_equal(memory.local_fields(starts), network.local_fields(starts))
    np.testing.assert_array_equal(memory.overlaps(starts), network.overlaps(starts))
    # Each energy is an integer over 2 N, rounded once, and so is their difference.
    energy = network.energy(starts)
    shift = memory.energy(starts) - (energy - shape[0] / 2)
    assert (np.abs(shift) <= np.finfo(float).eps * (2 * np.abs(energy) + shape[0])).all()


@settings(deadline=None)
@given(st.integers(1, 12), st.integers(1, 40), st.sampled_from(POWERS), st.integers(0, 2**32 - 1))
def test_the_energy_never_rises_at_zero_temperature(n_spins, n_patterns, power, seed):
    rng = np.random.default_rng(seed)
    patterns = reference.random_spins(rng, n_patterns, n_spins)
    memory = DenseAssociativeMemory(patterns, power[0], rectified=power[1])
    state = reference.random_spins(rng, n_spins)
    for update in ("sequential", "random"):
        moving = state
        energy = dense_reference.integer_energy(patterns, moving, *power)
        for seed_of_sweep in range(4):
            result = memory.recall(moving, update, max_sweeps=1, seed=seed_of_sweep)
            moving = result.states
            after = dense_reference.integer_energy(patterns, moving, *power)
            assert after < energy if result.flips else after == energy
            energy = after


@pytest.mark.parametrize(("order", "rectified"), POWERS)
def test_the_order_of_the_patterns_does_not_matter(order, rectified):
    patterns = spins(600, 101)
    shuffled = patterns[np.random.default_rng(1).permutation(600)]
    starts = corrupt(patterns[:3], 0.2, seed=1)
    for beta in (np.inf, 0.3):
        one, other = (
            DenseAssociativeMemory(x, order, rectified=rectified).recall(
                starts, beta=beta, max_sweeps=6, seed=2
            )
            for x in (patterns, shuffled)
        )
        for name in ("states", "sweeps", "flips", "energy", "overlap", "best_overlap"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@pytest.mark.parametrize("order", ORDERS)
def test_only_unrectified_even_orders_store_the_reverse(order):
    patterns = spins(3, 40)
    for rectified in (False, True):
        memory = DenseAssociativeMemory(patterns, order, rectified=rectified)
        assert memory.recall(patterns).overlap.tolist() == [1.0] * 3
        reverse = memory.recall(-patterns)
        assert (reverse.flips == 0).all() == (order % 2 == 0 and not rectified)


def test_what_hopfield_forgets_a_higher_order_remembers():
    # 2000 patterns of 200 spins: ten times N, a twentieth of N^2.
    patterns = Patterns.random(2000, 200, seed=1)
    starts = corrupt(patterns[:50], 0.1, seed=2)
    square, cube = (DenseAssociativeMemory(patterns, order).recall(starts) for order in (2, 4))
    assert cube.overlap.mean() > 0.95
    assert square.overlap.mean() < 0.5


def test_the_load_is_that_of_every_memory():
    patterns = spins(50, 10)
    for order in (*ORDERS, "exp"):
        assert DenseAssociativeMemory(patterns, order).load == Hopfield(patterns).load == 5.0


@pytest.mark.parametrize(("order", "rectified"), POWERS)
def test_stored_and_forgotten_patterns_make_the_memory_of_those_that_are_left(order, rectified):
    patterns = spins(700, 33)
    memory = DenseAssociativeMemory(patterns[:100], order, rectified=rectified)
    memory.store(patterns[100:650])
    memory.store(Patterns.from_array(patterns[650:699]))
    memory.store(patterns[699])
    assert (memory.patterns.to_array() == patterns).all()
    gone = np.arange(700) % 3 == 0
    memory.forget(gone)
    memory.forget(-1)
    memory.forget(slice(0, 5))
    left = patterns[~gone][5:-1]
    assert (memory.patterns.to_array() == left).all()
    fresh = DenseAssociativeMemory(left, order, rectified=rectified)
    state = spins(33)
    assert memory.energy(state) == fresh.energy(state)
    np.testing.assert_array_equal(memory.local_fields(state), fresh.local_fields(state))
    np.testing.assert_array_equal(memory.recall(state).states, fresh.recall(state).states)


def recall_by_cached_overlaps(patterns, start, order, rectified):
    """Recall in site order, every overlap kept: int64 holds all sums below."""

    def function(x):
        return np.where(x < 0, 0, x) ** order if rectified else x**order

    xi, state, flips, rests = patterns.astype(np.int64), start.astype(np.int64), 0, False
    overlaps = xi @ state
    while not rests:
        rests = True
        for site in range(len(state)):
            after = overlaps - 2 * state[site] * xi[:, site]
            if (function(overlaps) - function(after)).sum() < 0:
                overlaps, rests = after, False
                state[site] *= -1
                flips += 1
    return state, flips


# The memory itself is far from all others; so are many copies of it, and all of many spins.
LARGE = {
    "a memory among others": spins(600, 401),
    "copies of a memory": np.vstack([np.repeat(spins(1, 300), 90, axis=0), spins(9, 300)]),
    "overlaps beyond bytes": spins(40, 4001),
}


@pytest.mark.parametrize("rectified", [False, True])
@pytest.mark.parametrize("order", [2, 3, 4])
@pytest.mark.parametrize("name", LARGE)
def test_recall_is_that_of_cached_overlaps(name, order, rectified):
    patterns = LARGE[name]
    memory = DenseAssociativeMemory(patterns, order, rectified=rectified)
    for start in (corrupt(patterns[0], 0.2, seed=1), spins(patterns.shape[1], seed=9)):
        state, flips = recall_by_cached_overlaps(patterns, start, order, rectified)
        found = memory.recall(start)
        np.testing.assert_array_equal(found.states, state)
        assert found.flips == flips


def test_exponentials_recall_the_nearest_of_few_patterns():
    # 2^(N / 2) patterns are 2^20 here; the nearest of 3000 lies far ahead of all others.
    patterns = spins(3000, 40)
    memory = DenseAssociativeMemory(patterns, "exp")
    starts = corrupt(patterns[:50], 0.05, seed=1)
    found = memory.recall(starts)
    np.testing.assert_array_equal(found.states, patterns[:50])
    np.testing.assert_array_equal(found.best_pattern, np.arange(50))
    assert found.energy.tolist() == memory.energy(patterns[:50]).tolist()
    assert (found.energy <= -40).all()


@pytest.mark.parametrize("patterns", PATTERNS)
def test_exponentials_follow_the_energies_of_all_flips(patterns):
    memory, n = DenseAssociativeMemory(patterns, "exp"), patterns.shape[1]
    for start in spins(6, n, seed=3):
        found = memory.recall(start)
        assert found.converged
        around = np.array([dense_reference.flipped(found.states, site) for site in range(n)])
        # A rise that is lost in rounding is a tie or none.
        assert (memory.energy(around) - found.energy >= -1e-12).all()
        assert found.energy <= memory.energy(start)


def test_the_memory_of_exponentials_stores_and_forgets_too():
    patterns = spins(700, 33)
    memory = DenseAssociativeMemory(patterns[:100], "exp")
    memory.store(patterns[100:])
    memory.forget(slice(0, 50))
    fresh = DenseAssociativeMemory(patterns[50:], "exp")
    states = spins(5, 33)
    np.testing.assert_array_equal(memory.energy(states), fresh.energy(states))
    np.testing.assert_array_equal(memory.recall(states).states, fresh.recall(states).states)
    assert repr(memory) == "DenseAssociativeMemory(n_patterns=650, n_spins=33, order='exp')"
    again = pickle.loads(pickle.dumps(memory))
    np.testing.assert_array_equal(again.energy(states), memory.energy(states))
    with pytest.raises(ValueError, match="rectified must be False"):
        DenseAssociativeMemory(patterns, "exp", rectified=True)
