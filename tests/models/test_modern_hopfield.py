"""The modern Hopfield network against softmax attention written down in NumPy."""

import copy
import pickle

import numpy as np
import pytest
from scipy.special import logsumexp, softmax

import spinglass
from spinglass import Interrupted, ModernHopfield, Patterns
from spinglass.models import modern_hopfield, pattern_products

BETAS = [1e-12, 1e-6, 0.05, 1.0, 8.0]
EPS = np.finfo(np.float64).eps


def gaussian(n_patterns, n_units, seed=1):
    return np.random.default_rng(seed).normal(size=(n_patterns, n_units))


def spins(n_patterns, n_units, seed=1):
    return spinglass.random_patterns(n_patterns, n_units, seed=seed)


def energy(patterns, states, beta):
    """E as the paper has it, from SciPy's logarithm of a sum."""
    patterns, states = np.asarray(patterns, float), np.asarray(states, float)
    lse = logsumexp(beta * states @ patterns.T, axis=1, b=1 / len(patterns)) / beta
    largest = (patterns**2).sum(axis=1).max()
    return -lse + (states**2).sum(axis=1) / 2 + largest / 2


def attention(patterns, states, beta):
    patterns, states = np.asarray(patterns, float), np.asarray(states, float)
    return softmax(beta * states @ patterns.T, axis=1) @ patterns


def rounding(patterns, states, beta):
    """Bound the relative error of a softmax by that of its arguments, sums of N products."""
    n = np.shape(patterns)[1]
    size = np.linalg.norm(patterns, axis=1).max() * np.linalg.norm(states, axis=1).max()
    return 4 * EPS * (n * (1 + beta * size) + np.log(len(patterns)))


SETS = {
    "reals": (gaussian(30, 12), gaussian(7, 12, seed=2)),
    "one pattern": (gaussian(1, 5), gaussian(3, 5, seed=2)),
    "more patterns than units": (gaussian(900, 3), gaussian(4, 3, seed=2)),
    "spins from spins": (spins(40, 30), spins(5, 30, seed=2)),
    "spins from reals": (spins(40, 30), gaussian(5, 30, seed=2)),
    "zeros": (np.zeros((3, 4)), gaussian(2, 4, seed=2)),
}


@pytest.mark.parametrize("beta", BETAS)
@pytest.mark.parametrize("name", SETS)
def test_a_step_is_softmax_attention(name, beta):
    patterns, states = SETS[name]
    network = ModernHopfield(patterns, beta)
    tolerance = rounding(patterns, states, beta)
    wanted = softmax(beta * np.asarray(states, float) @ patterns.T, axis=1)
    np.testing.assert_allclose(network.weights(states), wanted, rtol=tolerance)
    size = np.abs(patterns).max()
    wanted = attention(patterns, states, beta)
    np.testing.assert_allclose(network.update(states), wanted, rtol=0, atol=2 * tolerance * size)


@pytest.mark.parametrize("beta", [0.05, 1.0, 8.0])
@pytest.mark.parametrize("name", SETS)
def test_the_energy_is_that_of_the_paper_and_keeps_its_bounds(name, beta):
    patterns, states = SETS[name]
    network = ModernHopfield(patterns, beta)
    found = network.energy(states)
    size, norm = network.largest_norm, np.linalg.norm(np.asarray(states, float), axis=1)
    tolerance = 8 * EPS * patterns.shape[1] * ((size + norm) ** 2 + np.log(len(patterns)) / beta)
    assert (np.abs(found - energy(patterns, states, beta)) <= tolerance).all()
    assert (found >= (norm - size) ** 2 / 2 - tolerance).all()
    assert (found <= (norm + size) ** 2 / 2 + tolerance).all()
    inside = network.update(states)
    after = network.energy(inside)
    assert (after >= 0).all()
    assert (after <= 2 * size**2 * (1 + 1e-12)).all()


@pytest.mark.parametrize("beta", [0.0, 5e-324, 1e-300, 1e-100, 1e-12])
def test_a_small_beta_has_the_limits_of_a_mean(beta):
    # -ln(mean exp(beta z)) / beta = -mean z - beta var z / 2 + ...: the variance is below 200.
    patterns, states = SETS["reals"]
    network = ModernHopfield(patterns, beta)
    products = states @ patterns.T
    wanted = (states**2).sum(axis=1) / 2 + network.largest_norm**2 / 2 - products.mean(axis=1)
    np.testing.assert_allclose(network.energy(states), wanted, rtol=1e-9, atol=100 * beta)
    found = network.recall(states)
    np.testing.assert_allclose(found.states, np.tile(patterns.mean(axis=0), (7, 1)), atol=1e-9)
    np.testing.assert_allclose(found.entropy, np.log(30), rtol=1e-12)
    np.testing.assert_allclose(found.weight, 1 / 30, rtol=1e-9)


@pytest.mark.parametrize("patterns", [gaussian(50, 20), spins(50, 20)])
def test_an_infinite_beta_finds_the_largest_product(patterns):
    states = gaussian(9, 20, seed=3)
    network = ModernHopfield(patterns, np.inf)
    products = states @ patterns.T
    np.testing.assert_array_equal(network.update(states), patterns[products.argmax(axis=1)])
    size = (states**2).sum(axis=1) / 2 + network.largest_norm**2 / 2
    np.testing.assert_allclose(network.energy(states), size - products.max(axis=1), atol=1e-12)
    found = network.recall(states)
    assert (found.entropy == 0).all()
    assert (found.weight == 1).all()
    # A finite beta comes near: the gaps of the products are at least 1e-3 here.
    gaps = np.diff(np.sort(products, axis=1)[:, -2:]).min()
    assert gaps > 1e-3
    near = ModernHopfield(patterns, 40 / gaps)
    np.testing.assert_allclose(near.update(states), network.update(states), atol=1e-10)


def test_equal_products_are_shared_at_an_infinite_beta():
    network = ModernHopfield([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]], np.inf)
    np.testing.assert_array_equal(network.update([2.0, 2.0]), [0.5, 0.5])
    found = network.recall([2.0, 2.0])
    assert (found.weight, found.pattern) == (0.5, 0)
    assert found.entropy == pytest.approx(np.log(2))


def exact_end(patterns, state):
    """Return the end of a recall at an infinite beta, in integers: a state is sums / count."""
    patterns, sums, count = patterns.astype(int), state.astype(int), 1
    for _ in range(100):
        products = patterns @ sums
        largest = products == products.max()
        new, many = patterns[largest].sum(axis=0), largest.sum()
        if (new * count == sums * many).all():
            return new / many
        sums, count = new, many
    raise AssertionError("no end")


@pytest.mark.parametrize(
    "limits",
    [
        {},
        {"_SMALL": 0},
        {"_SMALL": 0, "_PRODUCTS": 0},
        {"_SMALL": 0, "_PRODUCTS": 0, "_AT_ONCE": 999, "_UNPACKED": 999},
    ],
)
def test_bits_at_an_infinite_beta_are_exact_in_every_batch(monkeypatch, limits):
    for name, value in limits.items():
        monkeypatch.setattr(pattern_products, name, value)
    patterns, states = spins(300, 20), spins(500, 20, seed=2)
    network = ModernHopfield(patterns, np.inf)
    found = network.recall(states)
    assert (found.weight < 1).sum() > 100  # mixtures of equal ones
    np.testing.assert_array_equal(found.states, [exact_end(patterns, x) for x in states])
    order = np.random.default_rng(1).permutation(300)
    turned = ModernHopfield(patterns[order], np.inf).recall(states)
    backwards = network.recall(states[::-1])
    for name in ("states", "energies", "steps", "weight"):
        here = getattr(found, name)
        np.testing.assert_array_equal(getattr(turned, name), here)
        np.testing.assert_array_equal(getattr(backwards, name)[::-1], here)
    for k, state in enumerate(states[:60]):
        alone = network.recall(state)
        assert (alone.pattern, alone.energy) == (found.pattern[k], found.energy[k])
        np.testing.assert_array_equal(alone.states, found.states[k])


@pytest.mark.parametrize("beta", [0.02, 0.3, 1.0, 8.0, np.inf])
@pytest.mark.parametrize("name", SETS)
def test_the_energy_falls_with_every_step(name, beta):
    patterns, states = SETS[name]
    network = ModernHopfield(patterns, beta)
    found = network.recall(states, tol=0.0, max_steps=40)
    size = network.largest_norm + np.linalg.norm(np.asarray(states, float), axis=1).max()
    log = np.log(len(patterns)) / beta if beta < np.inf else 0.0
    rounded = 16 * EPS * patterns.shape[1] * (size**2 + log)
    assert np.diff(found.energies, axis=1).max() <= rounded
    np.testing.assert_array_equal(found.energies[:, -1], found.energy)
    np.testing.assert_array_equal(found.energies[:, 0], network.energy(states))
    assert found.energies.shape == (len(states), found.steps.max() + 1)


@pytest.mark.parametrize("name", SETS)
def test_a_recall_is_steps_one_after_the_other(name):
    patterns, states = SETS[name]
    network = ModernHopfield(patterns, 0.2)
    found = network.recall(states, max_steps=50, tol=1e-3, weights=True)
    reach = 1e-3 * network.largest_norm
    for k, state in enumerate(np.asarray(states, float)):
        steps, moved = 0, np.inf
        while moved > reach:
            before, state = state, attention(patterns, state[None], 0.2)[0]
            steps, moved = steps + 1, np.linalg.norm(state - before)
        assert (found.steps[k], found.converged[k]) == (steps, True)
        np.testing.assert_allclose(found.states[k], state, atol=1e-10)
        weights = softmax(0.2 * before @ patterns.T)
        np.testing.assert_allclose(found.weights[k], weights, atol=1e-11)
        entropy = -(weights * np.log(weights)).sum()
        assert found.entropy[k] == pytest.approx(entropy, abs=1e-10)
        assert found.weight[k] == pytest.approx(weights.max())
        assert weights[found.pattern[k]] == pytest.approx(weights.max())


@pytest.mark.parametrize("flip", [0.0, 0.2])
def test_bits_give_what_reals_give(flip):
    patterns = Patterns.random(3000, 200, seed=4)
    reals = patterns.to_array().astype(float)
    starts = spinglass.corrupt(patterns[:12], flip, seed=1)
    for beta in (0.05, 0.3):
        bits, dense = ModernHopfield(patterns, beta), ModernHopfield(reals, beta)
        assert bits.patterns is patterns
        one, two = (x.recall(starts, max_steps=9, weights=True) for x in (bits, dense))
        np.testing.assert_array_equal(one.steps, two.steps)
        for name in ("states", "energies", "entropy", "weights"):
            np.testing.assert_allclose(getattr(one, name), getattr(two, name), atol=1e-8)
    assert (two.pattern == np.arange(12)).all()
    np.testing.assert_array_equal(bits.separation(), dense.separation())


def test_mixtures_of_many_bits_are_unpacked_in_blocks(monkeypatch):
    monkeypatch.setattr(pattern_products, "_SMALL", 0)
    monkeypatch.setattr(pattern_products, "_PRODUCTS", 100)
    monkeypatch.setattr(pattern_products, "_AT_ONCE", 7 * 20)
    monkeypatch.setattr(pattern_products, "_UNPACKED", 17 * 20)
    patterns, states = spins(605, 20), spins(6, 20, seed=2)  # and 5 in the last block
    one, two = (
        ModernHopfield(x, 0.1).recall(states, tol=0.0, max_steps=9)
        for x in (patterns, patterns.astype(float))
    )
    np.testing.assert_allclose(one.states, two.states, atol=1e-12)
    np.testing.assert_allclose(one.energies, two.energies, atol=1e-11)


def test_blocks_of_states_do_not_matter(monkeypatch):
    patterns, states = SETS["reals"]
    network = ModernHopfield(patterns, 0.5)
    whole = network.recall(states, weights=True)
    monkeypatch.setattr(modern_hopfield, "_BLOCK_BYTES", 1)
    monkeypatch.setattr(modern_hopfield, "_FEWEST", 2)
    parts = network.recall(states, weights=True)
    for name in ("states", "energies", "weights", "entropy"):  # BLAS may sum in another order
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), atol=1e-12)
    np.testing.assert_array_equal(parts.steps, whole.steps)
    np.testing.assert_allclose(network.energy(states), whole.energies[:, 0], atol=1e-12)
    alone = network.recall(states[2], weights=True)
    np.testing.assert_allclose(alone.states, whole.states[2], atol=1e-12)
    assert alone.energies.shape == (alone.steps + 1,)
    assert (type(alone.energy), type(alone.converged)) == (float, bool)


def test_one_step_stays_within_the_bound():
    rng = np.random.default_rng(5)
    patterns = gaussian(40, 60, seed=6)
    for beta in (0.5, 1.0, 3.0):
        network = ModernHopfield(patterns, beta)
        for pattern in range(20):
            states = patterns[pattern] + rng.normal(size=(3, 60)) * [[0.01], [0.05], [0.2]]
            fixed = network.recall(patterns[pattern], tol=0.0, max_steps=1000).states
            distance = np.linalg.norm(network.update(states) - fixed, axis=1)
            bound = network.retrieval_bound(pattern, states)
            assert (distance <= bound + 1e-12).all()
    assert bound.min() < 1e-3  # it says something


def test_the_bound_is_the_formula():
    patterns = gaussian(9, 16)
    network = ModernHopfield(patterns, 2.0)
    product = patterns @ patterns.T
    np.fill_diagonal(product, -np.inf)
    separation = (patterns**2).sum(axis=1) - product.max(axis=1)
    np.testing.assert_allclose(network.separation(), separation, atol=1e-12)
    state = patterns[3] + 0.2
    fixed = network.recall(patterns[3], tol=0.0).states
    away = max(np.linalg.norm(x - patterns[3]) for x in (state, fixed))
    size = network.largest_norm
    wanted = 2 * 8 * np.exp(-2.0 * (separation[3] - 2 * away * size)) * size
    assert network.retrieval_bound(3, state) == pytest.approx(wanted, rel=1e-10)


def test_the_bound_has_limits():
    close, far = [1.0, 0.0], [9.0, 9.0]
    pair = [[1.0, 0.0], [0.0, 1.0]]
    assert ModernHopfield(pair, np.inf).retrieval_bound(0, close) == 0.0
    assert ModernHopfield(pair, np.inf).retrieval_bound(0, far) == np.inf
    assert ModernHopfield(pair, 0.0).retrieval_bound(0, close) == 2.0
    assert ModernHopfield(pair, 1e300).retrieval_bound(0, far) == np.inf
    for beta in (0.0, 1.0, np.inf):
        alone = ModernHopfield([[1.0, 2.0]], beta)
        assert alone.retrieval_bound(0, [5.0, 5.0]) == 0.0
        assert alone.separation().tolist() == [np.inf]
        assert ModernHopfield(np.zeros((2, 2)), beta).retrieval_bound(1, far) == 0.0


def test_single_precision_stays_single():
    patterns, states = SETS["reals"]
    network = ModernHopfield(patterns.astype(np.float32), 0.3)
    found = network.recall(states, weights=True, tol=1e-5)
    assert found.states.dtype == found.weights.dtype == network.patterns.dtype == np.float32
    assert network.update(states).dtype == np.float32
    double = ModernHopfield(patterns, 0.3).recall(states, tol=1e-5)
    # The largest products are near 50: their roundings, times beta, move weights by 1e-5 at most.
    np.testing.assert_allclose(found.states, double.states, atol=1e-3)
    for other in (np.float16, np.longdouble, ">f8", int):
        kept = ModernHopfield((8 * patterns).astype(other))
        assert kept.patterns.dtype == np.dtype(np.float64)
        assert kept.recall(states.astype(np.float32)).states.dtype == np.float64


def test_beta_may_be_beyond_single_precision():
    patterns = gaussian(6, 9).astype(np.float32)
    coldest = ModernHopfield(patterns, np.inf).recall(patterns + 0.1)
    for beta in (1e39, 1e308):
        found = ModernHopfield(patterns, beta).recall(patterns + 0.1, weights=True)
        np.testing.assert_array_equal(found.states, coldest.states)
        np.testing.assert_array_equal(found.weights, np.eye(6)[coldest.pattern])
        assert np.isfinite(found.energies).all()


def test_permuting_the_patterns_changes_nothing_but_rounding():
    patterns, states = SETS["reals"]
    order = np.random.default_rng(1).permutation(len(patterns))
    one = ModernHopfield(patterns, 0.7).recall(states)
    two = ModernHopfield(patterns[order], 0.7).recall(states)
    np.testing.assert_allclose(one.states, two.states, atol=1e-12)
    np.testing.assert_array_equal(order[two.pattern], one.pattern)


def test_a_network_is_copied_and_pickled():
    for patterns in (gaussian(4, 3), Patterns.random(4, 3, seed=1)):
        network = ModernHopfield(patterns, 0.5)
        for other in (pickle.loads(pickle.dumps(network)), copy.deepcopy(network)):
            assert (
                repr(other)
                == repr(network)
                == ("ModernHopfield(n_patterns=4, n_units=3, beta=0.5)")
            )
            np.testing.assert_array_equal(np.asarray(other.patterns), np.asarray(patterns))
    found = network.recall([0.1, 0.2, 0.3], weights=True)
    assert pickle.loads(pickle.dumps(found)).energy == found.energy
    assert "entropy" in str(found)


def test_the_patterns_are_a_copy_that_cannot_be_written_to():
    patterns = gaussian(4, 3)
    network = ModernHopfield(patterns)
    kept = network.patterns.copy()
    patterns[:] = 7
    np.testing.assert_array_equal(network.patterns, kept)
    with pytest.raises(ValueError, match="read-only"):
        network.patterns[0, 0] = 1
    states = gaussian(2, 3)
    before = states.copy()
    network.recall(states)
    network.update(states)
    np.testing.assert_array_equal(states, before)


def test_no_states_give_empty_results():
    network = ModernHopfield(gaussian(4, 3))
    found = network.recall(np.empty((0, 3)), weights=True)
    assert found.states.shape == (0, 3)
    assert found.weights.shape == (0, 4)
    assert found.energies.shape == (0, 1)
    assert network.energy(np.empty((0, 3))).shape == (0,)


@pytest.mark.parametrize(
    ("patterns", "words"),
    [
        ([1.0, 2.0], "must have shape"),
        (np.empty((0, 3)), "at least one pattern"),
        ([[np.nan]], "patterns must be finite in float64, got nan"),
        ([[np.inf]], "patterns must be finite"),
        ([[1e200]], "squares fit in float64"),
        (np.array([[1e20]], np.float32), "squares fit in float32"),
        (np.array([["a"]]), "patterns must hold real numbers"),
        ([[1j]], "patterns must hold real numbers"),
        ([[1], [1, 2]], "unequal length"),
    ],
)
def test_patterns_that_are_none_are_refused(patterns, words):
    with pytest.raises((ValueError, TypeError), match=words):
        ModernHopfield(patterns)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"states": [1.0, 2.0]}, r"states must have shape \(3,\) or \(n_states, 3\), got \(2,\)"),
        ({"states": [1.0, np.nan, 0.0]}, "states must be finite in float64, got nan"),
        ({"states": [1e200, 0.0, 0.0]}, "squares fit"),
        ({"states": [["a"] * 3]}, "states must hold real numbers"),
        ({"max_steps": 0}, "max_steps must be an integer >= 1, got 0"),
        ({"max_steps": 1.5}, "max_steps must be an integer"),
        ({"tol": -1}, "tol must be finite and >= 0, got -1"),
        ({"tol": np.inf}, "tol must be finite and >= 0, got inf"),
        ({"tol": "x"}, "tol must be a real number"),
        ({"weights": 1}, "weights must be True or False"),
        ({"progress": 1}, "progress must be"),
    ],
)
def test_what_is_no_recall_is_refused(change, words):
    network = ModernHopfield(gaussian(4, 3))
    with pytest.raises((ValueError, TypeError), match=words):
        network.recall(**({"states": [1.0, 2.0, 3.0]} | change))


def test_no_beta_and_no_pattern_are_refused():
    with pytest.raises(ValueError, match="beta must be >= 0"):
        ModernHopfield(gaussian(2, 2), -1.0)
    with pytest.raises(TypeError, match="takes beta"):
        ModernHopfield(gaussian(2, 2), temperature=1.0)
    with pytest.raises(ValueError, match="pattern must be an integer >= 0"):
        ModernHopfield(gaussian(2, 2)).retrieval_bound(2, [0.0, 0.0])


def test_a_large_beta_and_large_states_overflow_nothing():
    network = ModernHopfield([[1e150, 0.0], [0.0, 1e150]], 1e300)
    found = network.recall([3e150, 2e150])
    np.testing.assert_array_equal(found.states, [1e150, 0.0])
    assert np.isfinite(found.energies).all()


def test_weights_that_do_not_fit_are_refused(monkeypatch):
    network = ModernHopfield(gaussian(4, 3))
    monkeypatch.setattr(spinglass._arguments, "available_memory", lambda: 30)
    with pytest.raises(MemoryError, match="the weights of 4 patterns in 1 states needs 32 bytes"):
        network.recall([1.0, 2.0, 3.0], weights=True)


def test_ctrl_c_keeps_the_finished_states(monkeypatch):
    monkeypatch.setattr(modern_hopfield, "_BLOCK_BYTES", 1)
    monkeypatch.setattr(modern_hopfield, "_FEWEST", 2)
    patterns, states = SETS["reals"]
    network, seen = ModernHopfield(patterns), []

    def stop(done, total):
        seen.append((done, total))
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted, match="interrupted after 4 of 7 states") as caught:
        network.recall(states, weights=True, progress=stop)
    assert seen == [(2, 7), (4, 7)]
    kept = caught.value.result
    whole = network.recall(states, weights=True)
    assert caught.value.finished.tolist() == [0, 1, 2, 3]
    np.testing.assert_allclose(kept.states, whole.states[:4], atol=1e-12)
    assert kept.weights.shape == (4, 30)
