"""Zero-temperature recall, fields, energies and overlaps against brute force."""

import pickle

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import reference
from spinglass import Hopfield, Patterns, corrupt, random_patterns

EPS = np.finfo(float).eps

sizes = st.integers(1, 40)
counts = st.integers(1, 60)
seeds = st.integers(0, 2**32 - 1)


def any_network(f):
    """Run over N in 1..40 and P in 1..60, the corners always."""
    for n_spins, n_patterns in [(1, 1), (2, 1), (2, 60), (39, 1), (40, 60), (13, 59)]:
        f = example(n_spins=n_spins, n_patterns=n_patterns, seed=7)(f)
    return given(n_spins=sizes, n_patterns=counts, seed=seeds)(f)


def draw(n_spins, n_patterns, seed, *, n_states=3):
    """Patterns, thresholds of every kind, and states."""
    rng = np.random.default_rng(seed)
    patterns = reference.random_spins(rng, n_patterns, n_spins)
    return (
        patterns,
        reference.random_thresholds(rng, n_spins),
        reference.random_spins(rng, n_states, n_spins),
    )


def assert_same_recall(result, expected):
    """Compare state, flips, sweeps, converged and cycle length of single recalls."""
    np.testing.assert_array_equal(result.states, expected.state)
    found = (result.flips, result.sweeps, result.converged, result.cycle_length)
    assert found == (expected.flips, expected.sweeps, expected.converged, expected.cycle_length)


@any_network
def test_local_fields_are_those_of_the_dense_couplings_bit_for_bit(n_spins, n_patterns, seed):
    patterns, thresholds, states = draw(n_spins, n_patterns, seed)
    for theta in (None, thresholds):
        expected = reference.local_fields(patterns, states, theta)
        np.testing.assert_array_equal(
            Hopfield(patterns, thresholds=theta).local_fields(states), expected
        )


@any_network
def test_local_fields_are_couplings_times_spins_minus_threshold(n_spins, n_patterns, seed):
    patterns, _, states = draw(n_spins, n_patterns, seed)
    thresholds = np.random.default_rng(seed).normal(size=n_spins)
    network = Hopfield(patterns, thresholds=thresholds)
    dense = states @ network.couplings() - thresholds
    # A sum of N rounded terms with sum_j |J_ij| <= P is off by at most (N + 1) eps P, and N theta,
    # the difference and the division round once each.
    bound = (n_spins + 4) * EPS * (n_patterns + np.abs(thresholds))
    assert (np.abs(network.local_fields(states) - dense) <= bound).all()


@any_network
def test_overlaps_are_the_scalar_products_with_the_patterns(n_spins, n_patterns, seed):
    patterns, _, states = draw(n_spins, n_patterns, seed)
    expected = reference.overlaps(patterns, states)
    np.testing.assert_array_equal(Hopfield(patterns).overlaps(states), expected)


@any_network
def test_energies_without_thresholds_are_exact(n_spins, n_patterns, seed):
    patterns, _, states = draw(n_spins, n_patterns, seed)
    # N E is half an integer below 2^53, so only the division by N rounds.
    expected = [float(reference.exact_energy(patterns, state)) / n_spins for state in states]
    np.testing.assert_array_equal(Hopfield(patterns).energy(states), expected)


@any_network
def test_energies_with_thresholds_are_exact_to_rounding(n_spins, n_patterns, seed):
    patterns, thresholds, states = draw(n_spins, n_patterns, seed)
    energies = Hopfield(patterns, thresholds=thresholds).energy(states)
    for energy, state in zip(energies, states, strict=True):
        exact = reference.exact_energy(patterns, state, thresholds)
        # A sum of N + 1 terms, each partial sum rounded once, then a division; the pairs add up to
        # at most P N^2 / 2 in N E.
        size = np.abs(n_spins * thresholds).sum() + n_patterns * n_spins**2
        assert abs(n_spins * energy - float(exact)) <= (n_spins + 3) * EPS * size


def test_energies_beyond_32_bits_are_exact():
    # sum_mu M_mu^2 = P N^2 = 6e10 for 600 times the same pattern.
    pattern = random_patterns(1, 10_000, seed=1)
    network = Hopfield(np.repeat(pattern, 600, axis=0))
    assert network.energy(pattern[0]) == -(600 * 10_000**2 - 600 * 10_000) / 2 / 10_000
    assert (network.local_fields(pattern[0]) * pattern[0] == 600 * 9999 / 10_000).all()


@pytest.mark.parametrize("update", ["sequential", "synchronous"])
@any_network
def test_recall_is_the_brute_force_recall(update, n_spins, n_patterns, seed):
    patterns, _, states = draw(n_spins, n_patterns, seed)
    network = Hopfield(patterns)
    for state in states:
        expected = reference.recall(patterns, state, update)
        assert_same_recall(network.recall(state, update), expected)


@pytest.mark.parametrize("update", ["sequential", "synchronous"])
@any_network
def test_recall_with_thresholds_is_the_brute_force_recall(update, n_spins, n_patterns, seed):
    patterns, thresholds, states = draw(n_spins, n_patterns, seed)
    network = Hopfield(patterns, thresholds=thresholds)
    for state in states:
        expected = reference.recall(patterns, state, update, thresholds)
        assert_same_recall(network.recall(state, update), expected)


@pytest.mark.parametrize("update", ["sequential", "synchronous"])
@any_network
def test_clamped_recall_is_the_brute_force_recall(update, n_spins, n_patterns, seed):
    patterns, thresholds, states = draw(n_spins, n_patterns, seed)
    network = Hopfield(patterns, thresholds=thresholds)
    masks = np.random.default_rng(seed).random(states.shape) < 0.4
    batch = network.recall(states, update, clamp=masks)
    assert (batch.states[masks] == states[masks]).all()
    for k, (state, mask) in enumerate(zip(states, masks, strict=True)):
        expected = reference.recall(patterns, state, update, thresholds, mask)
        assert_same_recall(network.recall(state, update, clamp=mask), expected)
        np.testing.assert_array_equal(batch.states[k], expected.state)
    shared = network.recall(states, update, clamp=masks[0])
    for k, state in enumerate(states):
        expected = reference.recall(patterns, state, update, thresholds, masks[0])
        np.testing.assert_array_equal(shared.states[k], expected.state)
        assert shared.sweeps[k] == expected.sweeps


@pytest.mark.parametrize("update", ["sequential", "synchronous"])
@pytest.mark.parametrize("max_sweeps", [1, 2, 3])
@any_network
def test_a_recall_cut_short_is_the_brute_force_recall_cut_short(
    update, max_sweeps, n_spins, n_patterns, seed
):
    patterns, thresholds, states = draw(n_spins, n_patterns, seed, n_states=2)
    network = Hopfield(patterns, thresholds=thresholds)
    for state in states:
        expected = reference.recall(patterns, state, update, thresholds, max_sweeps=max_sweeps)
        assert_same_recall(network.recall(state, update, max_sweeps=max_sweeps), expected)


@pytest.mark.parametrize("update", ["sequential", "synchronous"])
@pytest.mark.parametrize(("n_spins", "n_patterns"), [(600, 90), (601, 90), (257, 700), (64, 513)])
def test_larger_recalls_are_the_brute_force_recalls(update, n_spins, n_patterns):
    # Many chunks of rows, condensed patterns, and both retrieval and loss.
    patterns = random_patterns(n_patterns, n_spins, seed=n_spins)
    network = Hopfield(patterns)
    rng = np.random.default_rng(n_patterns)
    starts = [patterns[0], corrupt(patterns[1], 0.15, seed=2), reference.random_spins(rng, n_spins)]
    for start in starts:
        expected = reference.recall(patterns, start, update)
        assert_same_recall(network.recall(start, update), expected)


@any_network
def test_synchronous_recall_ends_in_a_fixed_point_or_a_two_cycle(n_spins, n_patterns, seed):
    patterns, thresholds, states = draw(n_spins, n_patterns, seed)
    network = Hopfield(patterns, thresholds=thresholds)
    result = network.recall(states, "synchronous")
    again = network.recall(result.states, "synchronous", max_sweeps=1)
    twice = network.recall(result.states, "synchronous", max_sweeps=2)
    cyclic = result.cycle_length == 2
    assert np.isin(result.cycle_length, [1, 2]).all()
    np.testing.assert_array_equal((again.states != result.states).any(axis=1), cyclic)
    np.testing.assert_array_equal(twice.states, result.states)
    np.testing.assert_array_equal(result.converged, ~cyclic)


def test_two_opposed_spins_of_one_pattern_swap_for_ever():
    # N = 2, J_12 = 1/2: each spin follows the other, so (+, -) becomes (-, +) and back.
    result = Hopfield([[1, 1]]).recall([1, -1], "synchronous")
    assert (result.cycle_length, result.sweeps, result.flips) == (2, 2, 4)
    assert result.states.tolist() == [1, -1]
    assert not result.converged


def test_a_zero_field_keeps_the_spin():
    # Two patterns whose couplings cancel: every field is zero, so every state is a fixed point.
    network = Hopfield([[1, 1], [1, -1]])
    for state in reference.all_states(2):
        for update in ("sequential", "random", "synchronous"):
            result = network.recall(state, update)
            assert result.states.tolist() == state.tolist()
            assert (result.sweeps, result.flips, result.converged) == (1, 0, True)


def test_a_threshold_equal_to_the_field_is_a_tie():
    # N = 2, P = 1: h_1 = s_2 / 2. At theta_1 = 1/2 the field is zero, one step beside it decides.
    for theta, turned in [
        (0.5, False),
        (np.nextafter(0.5, 1), True),
        (np.nextafter(0.5, 0), False),
    ]:
        result = Hopfield([[1, 1]], thresholds=[theta, 0.0]).recall([1, 1], clamp=[False, True])
        assert (result.states[0] == -1) == turned


def test_a_spin_follows_its_threshold_where_nothing_else_acts():
    # N = 1 has no couplings: the spin turns up when its threshold is negative.
    assert Hopfield([[1]], thresholds=[-1e-300]).recall([-1]).states.tolist() == [1]
    assert Hopfield([[1]], thresholds=[5e-324]).recall([1]).states.tolist() == [-1]
    assert Hopfield([[1]], thresholds=[0.0]).recall([-1]).states.tolist() == [-1]


@pytest.mark.parametrize("update", ["sequential", "random"])
@any_network
def test_no_sweep_at_zero_temperature_raises_the_energy(update, n_spins, n_patterns, seed):
    patterns, thresholds, (state, *_) = draw(n_spins, n_patterns, seed)
    network = Hopfield(patterns, thresholds=thresholds)
    energy = reference.exact_energy(patterns, state, thresholds)
    for step in range(4):
        result = network.recall(state, update, max_sweeps=1, seed=step)
        lower = reference.exact_energy(patterns, result.states, thresholds)
        assert lower < energy or (lower == energy and result.flips == 0)
        assert (result.states != state).sum() <= result.flips
        state, energy = result.states, lower


@pytest.mark.parametrize("update", ["sequential", "random", "synchronous"])
@any_network
def test_a_converged_state_is_a_fixed_point(update, n_spins, n_patterns, seed):
    patterns, thresholds, states = draw(n_spins, n_patterns, seed)
    network = Hopfield(patterns, thresholds=thresholds)
    result = network.recall(states, update, seed=seed)
    stable = (reference.local_fields(patterns, result.states, thresholds) * result.states) >= 0
    assert stable[result.converged].all()
    # The energy has a minimum, so the other two orders must come to rest.
    assert result.converged.all() or update == "synchronous"
    for other in ("sequential", "random", "synchronous"):
        rest = network.recall(result.states[result.converged], other)
        assert not rest.flips.any()
        assert (rest.sweeps == 1).all()


def test_a_sweep_in_random_order_that_misses_a_site_proves_nothing():
    # N = 2 from (+, -): any flip ends in a fixed point. A sweep visits one site only with
    # probability 1/2, and over many seeds none may stop at the start.
    result = Hopfield([[1, 1]]).recall(np.tile([1, -1], (200, 1)), "random", seed=3)
    assert result.converged.all()
    assert (result.flips == 1).all()
    assert (result.states[:, 0] == result.states[:, 1]).all()


@pytest.mark.parametrize("update", ["sequential", "random", "synchronous"])
@pytest.mark.parametrize("beta", [0.5, 5.0, np.inf])
def test_clamped_spins_are_never_turned(update, beta):
    patterns, thresholds, states = draw(33, 20, 5, n_states=6)
    mask = np.random.default_rng(9).random(states.shape) < 0.5
    result = Hopfield(patterns, thresholds=thresholds).recall(
        states, update, beta=beta, clamp=mask, seed=1, max_sweeps=20
    )
    assert (result.states[mask] == states[mask]).all()
    assert result.flips.sum() > 0


@pytest.mark.parametrize("update", ["sequential", "random", "synchronous"])
@pytest.mark.parametrize("beta", [1.0, np.inf])
def test_with_every_spin_clamped_nothing_happens(update, beta):
    state = random_patterns(1, 21, seed=1)[0]
    result = Hopfield(random_patterns(9, 21, seed=2)).recall(
        state, update, beta=beta, clamp=np.ones(21, dtype=bool), max_sweeps=5, seed=1
    )
    assert (result.states == state).all()
    assert result.flips == 0
    assert result.converged == (beta == np.inf)
    assert result.sweeps == (1 if beta == np.inf else 5)


@pytest.mark.parametrize("update", ["sequential", "synchronous"])
def test_a_batch_gives_what_its_states_give_alone(update):
    patterns, thresholds, states = draw(37, 30, 3, n_states=11)
    network = Hopfield(patterns, thresholds=thresholds)
    batch = network.recall(states, update)
    names = ["states", "pattern", "start_overlap", "overlap", "best_pattern", "best_overlap"]
    names += ["energy", "sweeps", "flips", "converged", "cycle_length"]
    for k, state in enumerate(states):
        single = network.recall(state, update)
        for name in names:
            np.testing.assert_array_equal(getattr(batch, name)[k], getattr(single, name), name)
    assert network.energy(states).shape == (11,)
    assert network.local_fields(states).shape == (11, 37)
    assert network.overlaps(states).shape == (11, 30)
    assert network.local_fields(states[0]).shape == (37,)
    assert network.overlaps(states[0]).shape == (30,)
    assert isinstance(network.energy(states[0]), float)


def test_a_single_recall_gives_scalars_and_a_batch_gives_columns():
    patterns = random_patterns(5, 50, seed=1)
    network = Hopfield(patterns)
    single, batch = network.recall(patterns[2]), network.recall(patterns[2:3])
    for name, kind in [
        ("pattern", int),
        ("start_overlap", float),
        ("overlap", float),
        ("best_pattern", int),
        ("best_overlap", float),
        ("energy", float),
        ("sweeps", int),
        ("flips", int),
        ("converged", bool),
        ("cycle_length", int),
    ]:
        assert type(getattr(single, name)) is kind
        assert getattr(batch, name).shape == (1,)
    assert single.states.dtype == batch.states.dtype == np.int8
    assert single.states.shape == (50,)
    assert batch.states.shape == (1, 50)


@pytest.mark.parametrize("update", ["sequential", "random", "synchronous"])
def test_a_batch_of_no_states_gives_no_recalls(update):
    network = Hopfield(random_patterns(4, 30, seed=1))
    result = network.recall(np.ones((0, 30)), update)
    assert result.states.shape == (0, 30)
    assert result.sweeps.shape == result.energy.shape == result.overlap.shape == (0,)
    assert network.energy(np.ones((0, 30))).shape == (0,)
    assert network.overlaps(np.ones((0, 30))).shape == (0, 4)
    assert network.local_fields(np.ones((0, 30))).shape == (0, 30)


@any_network
def test_a_recall_names_the_nearest_patterns_and_its_energy(n_spins, n_patterns, seed):
    patterns, thresholds, states = draw(n_spins, n_patterns, seed)
    network = Hopfield(patterns, thresholds=thresholds)
    result = network.recall(states)
    at_start = reference.overlaps(patterns, states)
    at_end = reference.overlaps(patterns, result.states)
    rows = np.arange(len(states))
    np.testing.assert_array_equal(result.pattern, at_start.argmax(axis=1))
    np.testing.assert_array_equal(result.start_overlap, at_start.max(axis=1))
    np.testing.assert_array_equal(result.overlap, at_end[rows, result.pattern])
    np.testing.assert_array_equal(result.best_pattern, at_end.argmax(axis=1))
    np.testing.assert_array_equal(result.best_overlap, at_end.max(axis=1))
    np.testing.assert_array_equal(result.energy, network.energy(result.states))


def as_types(spins):
    """Arrays that hold the same spins in every way NumPy can."""
    wide = np.zeros((2 * spins.shape[0], 3 * spins.shape[1]), dtype=np.float32)
    wide[::2, ::3] = spins
    read_only = spins.copy()
    read_only.flags.writeable = False
    dtypes = ["i2", "i4", "i8", ">i4", ">f8", "f2", "f4", "f8", "g"]
    return {
        **{dtype: spins.astype(dtype) for dtype in dtypes},
        "fortran": np.asfortranarray(spins),
        "strided": wide[::2, ::3],
        "reversed": spins[::-1, ::-1].copy()[::-1, ::-1],
        "transposed": np.ascontiguousarray(spins.T).T,
        "read-only": read_only,
        "list": spins.tolist(),
        "tuple of rows": tuple(spins),
    }


def test_any_real_dtype_and_memory_layout_is_accepted():
    patterns, thresholds, states = draw(23, 12, 1, n_states=4)
    network = Hopfield(patterns, thresholds=thresholds)
    expected, overlaps = network.recall(states), network.overlaps(states)
    for name, same in as_types(states).items():
        np.testing.assert_array_equal(network.recall(same).states, expected.states, name)
        np.testing.assert_array_equal(network.overlaps(same), overlaps, name)
    for name, same in as_types(patterns).items():
        assert Patterns.from_array(same) == Patterns.from_array(patterns), name
    for theta in (
        thresholds.tolist(),
        np.repeat(thresholds, 2)[::2],
        thresholds[::-1].copy()[::-1],
    ):
        same = Hopfield(patterns, thresholds=theta)
        np.testing.assert_array_equal(same.local_fields(states), network.local_fields(states))
    masks = np.random.default_rng(2).random(states.shape) < 0.3
    clamped = network.recall(states, clamp=masks)
    same = network.recall(states, clamp=np.asfortranarray(masks))
    np.testing.assert_array_equal(same.states, clamped.states)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.uint64])
def test_types_without_a_minus_one_may_hold_spins_that_are_all_up(dtype):
    network = Hopfield(random_patterns(3, 9, seed=1))
    up = np.ones(9, dtype=dtype)
    np.testing.assert_array_equal(network.overlaps(up), network.overlaps(np.ones(9)))
    assert Patterns.from_array(up[None]).to_array().tolist() == [[1] * 9]


@pytest.mark.parametrize("update", ["sequential", "random", "synchronous"])
@pytest.mark.parametrize("beta", [0.3, np.inf])
def test_inputs_are_never_changed(update, beta):
    patterns, thresholds, states = draw(31, 12, 8, n_states=5)
    mask = np.random.default_rng(3).random(31) < 0.2
    inputs = [patterns, thresholds, states, mask]
    copies = [x.copy() for x in inputs]
    network = Hopfield(patterns, thresholds=thresholds)
    result = network.recall(states, update, beta=beta, clamp=mask, seed=1, max_sweeps=30)
    network.energy(states)
    network.local_fields(states)
    network.overlaps(states)
    corrupt(states, 0.5, seed=1)
    for array, copy in zip(inputs, copies, strict=True):
        np.testing.assert_array_equal(array, copy)
    assert not np.shares_memory(result.states, states)


def test_a_network_does_not_change_when_its_inputs_are_written_to_later():
    patterns, thresholds, states = draw(31, 12, 8)
    network = Hopfield(patterns, thresholds=thresholds)
    before = network.local_fields(states)
    patterns[:] = 1
    thresholds[:] = 3.0
    np.testing.assert_array_equal(network.local_fields(states), before)
    with pytest.raises(ValueError, match="read-only"):
        network.thresholds[0] = 1.0


def test_networks_and_recalls_survive_pickling():
    patterns, thresholds, states = draw(31, 12, 8)
    for theta in (None, thresholds):
        network = Hopfield(patterns, thresholds=theta)
        copy = pickle.loads(pickle.dumps(network))
        np.testing.assert_array_equal(copy.local_fields(states), network.local_fields(states))
        assert repr(copy) == repr(network)
    result = network.recall(states)
    again = pickle.loads(pickle.dumps(result))
    np.testing.assert_array_equal(again.states, result.states)
    assert again.version == result.version
    assert again.seed == result.seed


def test_a_light_load_is_recalled_and_a_heavy_one_is_lost():
    # Far below the capacity of 0.138 N and far above it; at N = 2000 both sides are certain.
    light = Patterns.random(60, 2000, seed=1)
    result = Hopfield(light).recall(corrupt(light[:10], 0.2, seed=2))
    assert (result.overlap > 0.99).all()
    assert (result.best_pattern == np.arange(10)).all()
    heavy = Patterns.random(500, 2000, seed=1)
    assert (Hopfield(heavy).recall(heavy[:10]).overlap < 0.9).all()
