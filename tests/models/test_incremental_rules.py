"""Patterns that come later or go: the same memory as if all had been there at once, or never."""

import pickle

import numpy as np
import pytest

import spinglass
from spinglass import CouplingMemory, Patterns, rules

EPS = np.finfo(np.float64).eps


def spins(n_patterns, n_spins, seed=1):
    return spinglass.random_patterns(n_patterns, n_spins, seed=seed)


@pytest.mark.parametrize("rule", [rules.hebb, rules.storkey])
def test_patterns_stored_later_give_the_couplings_of_all_at_once(rule):
    patterns = spins(30, 90)
    memory, whole = rule(patterns[:7]), rule(patterns)
    memory.store(patterns[7])
    memory.store(patterns[8:20])
    memory = pickle.loads(pickle.dumps(memory))
    memory.store(Patterns.from_array(patterns[20:]))
    np.testing.assert_array_equal(memory.couplings(), whole.couplings())
    assert memory.patterns == whole.patterns
    assert memory.is_symmetric
    starts = spinglass.corrupt(patterns, 0.2, seed=2)
    np.testing.assert_array_equal(memory.recall(starts).overlap, whole.recall(starts).overlap)


def test_a_projection_on_more_patterns_is_that_on_all_up_to_rounding():
    patterns, N = spins(40, 100), 100
    memory = rules.projection(patterns[:10])
    memory.store(patterns[10:])
    # What is new of a pattern has a rounding error of N eps, and is divided by its length.
    upper = np.linalg.qr(patterns.T.astype(float), mode="r")
    shortest = (upper.diagonal() ** 2).min() / N
    allowed = 40 * N * EPS / shortest
    assert allowed < 1e-11
    np.testing.assert_allclose(
        memory.couplings(), rules.projection(patterns).couplings(), atol=allowed
    )
    assert memory.stable_patterns().all()
    before = memory.couplings()
    memory.store([patterns[3], -patterns[30]])
    np.testing.assert_array_equal(memory.couplings(), before)
    assert memory.n_patterns == 42


def test_a_projection_on_n_patterns_is_the_identity_and_nothing_without_its_diagonal():
    patterns = spins(20, 20, seed=3)
    assert np.linalg.matrix_rank(patterns) == 20
    memory = rules.projection(patterns[:5])
    memory.store(patterns[5:])
    condition = np.linalg.cond(patterns.astype(float))
    np.testing.assert_allclose(memory.couplings(), 0, atol=400 * EPS * condition**2)


def test_what_hebbs_rule_forgets_was_never_there():
    patterns = spins(12, 50)
    memory = rules.hebb(patterns)
    memory.forget([0, -1])
    memory.forget(slice(2, 5))
    stay = np.delete(np.arange(12), [0, 11, 3, 4, 5])
    np.testing.assert_array_equal(memory.couplings(), rules.hebb(patterns[stay]).couplings())
    assert memory.patterns == Patterns.from_array(patterns[stay])
    memory.forget([])
    memory.store(patterns[[3, 4]])
    memory.forget(np.arange(9) >= 7)
    np.testing.assert_array_equal(memory.couplings(), rules.hebb(patterns[stay]).couplings())
    with pytest.raises(ValueError, match="which must leave at least one pattern"):
        memory.forget(slice(None))
    assert memory.n_patterns == 7


def test_rules_that_cannot_go_on_say_so():
    patterns = spins(3, 8)
    others = (
        rules.clipped(patterns),
        rules.unlearned(patterns, 3, 0.1, seed=1),
        CouplingMemory(np.zeros((8, 8)), patterns),
        CouplingMemory(np.zeros((8, 8))),
    )
    for memory in others:
        with pytest.raises(ValueError, match="to store more patterns, got others"):
            memory.store(patterns)
        with pytest.raises(ValueError, match="to forget patterns, got others"):
            memory.forget(0)
    for rule in (rules.storkey, rules.projection):
        with pytest.raises(
            ValueError, match=rf"to forget patterns, got those of rules\.{rule.__name__}"
        ):
            rule(patterns).forget(0)
    with pytest.raises(ValueError, match="patterns must have 8 spins, got 2"):
        rules.hebb(patterns).store([1, -1])


def test_a_memory_whose_new_patterns_are_wrong_stays_as_it_was():
    memory = rules.storkey(spins(3, 8))
    before = memory.couplings()
    with pytest.raises(ValueError, match=r"patterns must hold only -1 and \+1, got 0"):
        memory.store(np.zeros(8))
    np.testing.assert_array_equal(memory.couplings(), before)
    assert memory.n_patterns == 3
