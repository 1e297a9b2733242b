"""Memories that are no random patterns: handwritten digits of 8 x 8 pixels."""

import numpy as np
import pytest

import reference
from spinglass import Hopfield, Patterns, corrupt, to_spins

pytest.importorskip("sklearn")

# Three shapes that differ in a good part of their pixels; digits are too alike to store all ten.
CHOSEN = [0, 1, 7]


@pytest.fixture(scope="module")
def digits():
    """Load the first image of each chosen digit, ink up, (3, 64)."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    first = [np.flatnonzero(bunch.target == digit)[0] for digit in CHOSEN]
    return to_spins(bunch.data[first] >= 8)


@pytest.mark.parametrize("update", ["sequential", "random", "synchronous"])
def test_stored_digits_are_fixed_points(digits, update):
    result = Hopfield(digits).recall(digits, update, seed=1)
    np.testing.assert_array_equal(result.states, digits)
    assert result.converged.all()
    assert (result.sweeps == 1).all()
    assert result.best_pattern.tolist() == [0, 1, 2]


@pytest.mark.parametrize("update", ["sequential", "random", "synchronous"])
@pytest.mark.parametrize(("n_digits", "n_flips"), [(2, 10), (3, 1)])
def test_digits_are_recalled_from_as_many_flips_as_their_stability_allows(
    digits, update, n_digits, n_flips
):
    stored = digits[:n_digits]
    # Each flip takes at most 2 N |J_ij| <= 2 P from the field N h_i that holds a pixel. While that
    # leaves it positive every wrong pixel turns back and no right one turns.
    stability = (stored @ reference.integer_couplings(stored) * stored).min()
    assert stability > 2 * n_digits * n_flips
    starts = corrupt(np.repeat(stored, 100, axis=0), n_flips / 64, seed=2)
    result = Hopfield(Patterns.from_array(stored)).recall(starts, update, seed=3)
    np.testing.assert_array_equal(result.states, np.repeat(stored, 100, axis=0))
    assert result.converged.all()
    assert (result.flips == n_flips).all()
    assert (result.overlap == 1).all()
    assert (result.start_overlap == 1 - 2 * n_flips / 64).all()


@pytest.mark.parametrize("update", ["sequential", "synchronous"])
def test_digits_far_from_memory_end_where_brute_force_ends(digits, update):
    network = Hopfield(digits)
    starts = corrupt(np.repeat(digits, 10, axis=0), 0.3, seed=5)
    result = network.recall(starts, update)
    for k, start in enumerate(starts):
        expected = reference.recall(digits, start, update)
        np.testing.assert_array_equal(result.states[k], expected.state)
        assert (result.sweeps[k], result.flips[k]) == (expected.sweeps, expected.flips)
    if update == "sequential":
        assert (result.energy <= network.energy(starts)).all()


def test_a_digit_is_completed_from_its_upper_half(digits):
    # The upper half is held; the lower half starts blank.
    network = Hopfield(digits)
    starts = digits.copy()
    starts[:, 32:] = -1
    held = np.arange(64) < 32
    result = network.recall(starts, clamp=held)
    np.testing.assert_array_equal(result.states[:, :32], digits[:, :32])
    assert result.best_pattern.tolist() == [0, 1, 2]
    assert (result.best_overlap >= network.overlaps(starts).max(axis=1)).all()


def test_the_reverse_of_a_digit_is_a_fixed_point_too(digits):
    result = Hopfield(digits).recall(-digits)
    np.testing.assert_array_equal(result.states, -digits)
    np.testing.assert_array_equal(result.energy, Hopfield(digits).energy(digits))
