"""Dense associative memories take bad input with named errors, and stop when they are asked to."""

import copy
import pickle
import re

import numpy as np
import pytest

import reference
from spinglass import DenseAssociativeMemory, Interrupted, Patterns, corrupt, exact

N = 6
STORED = reference.random_spins(np.random.default_rng(1), 4, N)
MEMORY = DenseAssociativeMemory(STORED)
TAKING_STATES = {
    "energy": MEMORY.energy,
    "local_fields": MEMORY.local_fields,
    "overlaps": MEMORY.overlaps,
    "recall": MEMORY.recall,
}


@pytest.mark.parametrize(
    ("order", "error"),
    [
        (1, ValueError), (0, ValueError), (7, ValueError), (-3, ValueError), (10**40, ValueError),
        (2.5, TypeError), (3.0, TypeError), (None, TypeError), (True, TypeError), ("3", ValueError),
        ("EXP", ValueError), ([3], TypeError), (np.array([3, 4]), TypeError),
    ],
)  # fmt: skip
def test_an_order_is_an_integer_from_2_to_6(order, error):
    with pytest.raises(error, match=r"^order must be an integer from 2 to 6"):
        DenseAssociativeMemory(STORED, order)


@pytest.mark.parametrize("order", [3, np.int8(3), np.uint64(3)])
def test_any_integer_type_is_an_order(order):
    assert DenseAssociativeMemory(STORED, order).order == 3


@pytest.mark.parametrize("rectified", [1.5, "yes", None, 2])
def test_rectified_is_a_flag(rectified):
    with pytest.raises((TypeError, ValueError), match=r"^rectified "):
        DenseAssociativeMemory(STORED, rectified=rectified)


def test_sums_that_do_not_fit_in_128_bits_are_refused():
    # A shape alone is no memory: 3 rows of bits of a wide set would be.
    wide = np.broadcast_to(np.int8(1), (1, 2_000_000))
    DenseAssociativeMemory(wide, 5)
    with pytest.raises(OverflowError, match=r"^order must leave P \(N \+ 2\)\^order below 2\^124"):
        DenseAssociativeMemory(wide, 6)


@pytest.mark.parametrize("shape", [(), (0,), (N - 1,), (N + 1,), (2, N + 1), (1, 2, N), (2, 0)])
@pytest.mark.parametrize("method", TAKING_STATES)
def test_states_have_the_width_of_the_memory(method, shape):
    expected = rf"^states must have shape \({N},\) or \(n_states, {N}\), got "
    with pytest.raises(ValueError, match=expected + re.escape(str(shape))):
        TAKING_STATES[method](np.ones(shape))


@pytest.mark.parametrize("method", TAKING_STATES)
def test_states_hold_only_spins(method):
    for value in (0, 2, np.nan):
        with pytest.raises(ValueError, match=r"^states must hold only -1 and \+1, got"):
            TAKING_STATES[method](np.full(N, value))
    with pytest.raises(TypeError, match=r"^states must hold real numbers"):
        TAKING_STATES[method](np.full(N, "1"))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"update": "synchronous"}, ValueError, 'update must be "sequential" or "random", got'),
        ({"beta": -1.0}, ValueError, "beta must be >= 0"),
        ({"beta": np.nan}, ValueError, "beta must"),
        ({"max_sweeps": 0}, ValueError, "max_sweeps must be an integer >= 1"),
        ({"clamp": [True]}, ValueError, "clamp must have shape"),
        ({"clamp": N * [1]}, TypeError, "clamp must be a boolean mask"),
        ({"seed": -1}, ValueError, "seed must"),
        ({"num_threads": 0}, ValueError, "num_threads must be an integer >= 1"),
        ({"temperature": 1.0}, TypeError, r"DenseAssociativeMemory.recall\(\) takes beta"),
    ],
)
def test_arguments_of_a_recall_are_named(options, error, message):
    with pytest.raises(error, match=f"^{message}"):
        MEMORY.recall(STORED, **options)


@pytest.mark.parametrize(
    ("patterns", "error", "message"),
    [
        (np.ones(N + 1), ValueError, f"patterns must have {N} spins, got {N + 1}"),
        (np.ones((2, N - 1)), ValueError, f"patterns must have {N} spins, got {N - 1}"),
        (np.zeros(N), ValueError, r"patterns must hold only -1 and \+1, got 0"),
        (np.ones((1, 1, N)), ValueError, "patterns must have shape"),
        (np.ones((0, N)), ValueError, "patterns must have shape"),
        (1, ValueError, "patterns must have shape"),
        ("ones", TypeError, "patterns must hold real numbers"),
    ],
)
def test_what_cannot_be_stored_leaves_the_memory_as_it_is(patterns, error, message):
    memory = DenseAssociativeMemory(STORED)
    with pytest.raises(error, match=f"^{message}"):
        memory.store(patterns)
    assert (memory.patterns.to_array() == STORED).all()


@pytest.mark.parametrize(
    ("which", "error", "message"),
    [
        (4, IndexError, "which must hold numbers of patterns, of which there are 4, got 4"),
        (-5, IndexError, "which must hold numbers of patterns, of which there are 4, got -5"),
        ([0, 9], IndexError, "which must hold numbers of patterns, of which there are 4, got 9"),
        (np.uint64(2**64 - 1), IndexError, "which must hold numbers of patterns"),
        (1.5, TypeError, "which must hold numbers of patterns, got dtype float64"),
        ("all", TypeError, "which must hold numbers of patterns, got dtype <U3"),
        (None, TypeError, "which must hold numbers of patterns"),
        (slice("a", None), TypeError, "which must hold numbers of patterns, got slice"),
        ([[0, 1]], ValueError, r"which must be a number, a list of them or a mask of shape \(4,\)"),
        ([True, False], ValueError, r"which must be a number, a list of them or a mask of shape"),
        (True, ValueError, r"which must be a number, a list of them or a mask of shape"),
        (slice(None), ValueError, "which must leave at least one pattern, got all of them"),
        ([3, 2, 1, 0, 0], ValueError, "which must leave at least one pattern"),
    ],
)
def test_what_cannot_be_forgotten_leaves_the_memory_as_it_is(which, error, message):
    memory = DenseAssociativeMemory(STORED)
    with pytest.raises(error, match=f"^{message}"):
        memory.forget(which)
    assert (memory.patterns.to_array() == STORED).all()


def test_forgetting_nothing_changes_nothing():
    memory = DenseAssociativeMemory(STORED)
    memory.forget([])
    assert (memory.patterns.to_array() == STORED).all()


def test_copies_have_the_same_patterns_and_energies():
    memory = DenseAssociativeMemory(STORED, 4, rectified=True)
    states = reference.all_states(N)
    for other in (pickle.loads(pickle.dumps(memory)), copy.deepcopy(memory)):
        assert (other.order, other.rectified) == (4, True)
        assert other.patterns == memory.patterns
        np.testing.assert_array_equal(other.energy(states), memory.energy(states))


def test_its_text_says_what_it_is():
    assert repr(MEMORY) == "DenseAssociativeMemory(n_patterns=4, n_spins=6, order=3)"
    text = repr(DenseAssociativeMemory(STORED, 4, rectified=True))
    assert text == "DenseAssociativeMemory(n_patterns=4, n_spins=6, order=4, rectified=True)"


def test_its_energy_has_neither_pairs_nor_layers():
    with pytest.raises(TypeError, match="got an energy without pairs of spins"):
        exact.log_partition(MEMORY)


def test_progress_counts_states():
    calls = []
    MEMORY.recall(STORED, progress=lambda done, total: calls.append((done, total)))
    assert calls[-1] == (4, 4)


def test_an_interrupted_recall_keeps_what_is_finished(interrupt_when):
    patterns = Patterns.random(20_000, 2000, seed=1)
    memory = DenseAssociativeMemory(patterns)
    seen = []
    interrupt_when(lambda: seen)
    starts = corrupt(patterns[:2], 0.1, seed=1)
    with pytest.raises(Interrupted) as caught:
        memory.recall(
            starts,
            beta=0.5,
            max_sweeps=10**6,
            seed=1,
            num_threads=1,
            progress=lambda *x: seen.append(x),
        )
    assert caught.value.finished.size == 0
    assert caught.value.result.states.shape == (0, 2000)
    assert memory.recall(starts).converged.all()


def test_a_number_beyond_all_integers_is_no_pattern_and_nothing_is_not_stored():
    memory = DenseAssociativeMemory(STORED)
    with pytest.raises(IndexError, match=f"^which must hold numbers of patterns.* got {10**30}"):
        memory.forget(10**30)
    with pytest.raises(ValueError, match=r"^patterns must have shape .* got \(0,\)"):
        memory.store([])
