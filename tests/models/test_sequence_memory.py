"""Sequences: the dynamics of the matrix that they stand for, and what has no energy."""

import pickle

import numpy as np
import pytest

import spinglass
from spinglass import CouplingMemory, Interrupted, Patterns, SequenceMemory, exact, sample

SETS = [(1, 1), (1, 9), (2, 9), (2, 10), (5, 40), (9, 41), (30, 12), (30, 13), (600, 21)]


def matrix(patterns, cyclic):
    """Return N J_ij by the definition."""
    X = np.asarray(patterns, np.int64)
    R = np.roll(X, -1, axis=0)
    J = (R.T @ X) if cyclic else (R[:-1].T @ X[:-1])
    np.fill_diagonal(J, 0)
    return J


def next_state(J, state, update):
    """Return the state after one sweep, by the definition."""
    state = state.astype(np.int64)
    if update == "synchronous":
        return np.where((J @ state) * state < 0, -state, state)
    for i in range(len(state)):
        if (J[i] @ state) * state[i] < 0:
            state[i] *= -1
    return state


def special_sets():
    """Yield sets with duplicates, with opposite patterns and of equal ones."""
    one, two = spinglass.random_patterns(2, 14, seed=3)
    yield np.array([one, two, one, two])
    yield np.array([one, -one])
    yield np.array([one, two, -one, -two])
    yield np.array([one, one, one])
    yield np.array([one, -one, two])


def all_sets():
    for P, N in SETS:
        yield spinglass.random_patterns(P, N, seed=P + N)
    yield from special_sets()


@pytest.mark.parametrize("cyclic", [True, False])
def test_fields_and_couplings_are_those_of_the_definition(cyclic):
    for patterns in all_sets():
        P, N = patterns.shape
        if P == 1 and not cyclic:
            continue
        memory, J = SequenceMemory(patterns, cyclic=cyclic), matrix(patterns, cyclic)
        np.testing.assert_array_equal(memory.couplings(), J / N)
        states = spinglass.random_patterns(7, N, seed=1)
        np.testing.assert_array_equal(memory.local_fields(states), states @ J.T / N)
        np.testing.assert_array_equal(memory.local_fields(states[0]), J @ states[0] / N)
        expected = states.astype(np.int64) @ patterns.T / N
        np.testing.assert_array_equal(memory.overlaps(states), expected)
        assert memory.load == P / N


@pytest.mark.parametrize("update", ["sequential", "synchronous"])
@pytest.mark.parametrize("cyclic", [True, False])
def test_a_recall_is_that_of_the_definition(cyclic, update):
    lengths = set()
    for patterns in all_sets():
        P, N = patterns.shape
        if P == 1 and not cyclic:
            continue
        J, memory = matrix(patterns, cyclic), SequenceMemory(patterns, cyclic)
        starts = np.concatenate([spinglass.random_patterns(4, N, seed=2), patterns[:2]])
        found = memory.recall(starts, update)
        for start, end, sweeps, flips, length, converged in zip(
            starts,
            found.states,
            found.sweeps,
            found.flips,
            found.cycle_length,
            found.converged,
            strict=True,
        ):
            state, n_flips = start, 0
            for _ in range(sweeps):
                after = next_state(J, state, update)
                n_flips += np.count_nonzero(after != state)
                state = after
            assert (state == end).all()
            assert flips == n_flips
            assert converged == (length == 1)
            path = [state]
            for _ in range(length):
                path.append(next_state(J, path[-1], update))
            assert (path[-1] == state).all()
            assert all((x != state).any() for x in path[1:-1])
            lengths.add(int(length))
    assert max(lengths) > 1 or not cyclic


@pytest.mark.parametrize("update", ["sequential", "random", "synchronous"])
@pytest.mark.parametrize("cyclic", [True, False])
def test_a_recall_is_that_of_a_memory_with_the_matrix(cyclic, update):
    for patterns in all_sets():
        N = patterns.shape[1]
        if len(patterns) == 1 and not cyclic:
            continue
        # Integers, so that the matrix has the same ties.
        dense = CouplingMemory(matrix(patterns, cyclic).astype(float), patterns)
        starts = spinglass.random_patterns(5, N, seed=4)
        options = {"max_sweeps": 60, "clamp": np.arange(N) % 4 == 3, "seed": 5}
        ours = SequenceMemory(patterns, cyclic).recall(starts, update, **options)
        theirs = dense.recall(starts, update, **options)
        columns = ("states", "sweeps", "flips", "cycle_length", "converged", "best_pattern")
        for column in (*columns, "overlap", "best_overlap"):
            np.testing.assert_array_equal(getattr(ours, column), getattr(theirs, column), column)


@pytest.mark.parametrize("update", ["sequential", "synchronous"])
def test_the_heat_bath_has_the_transition_probabilities_of_the_definition(update):
    """One sweep of a spin follows its field with 1 / (1 + exp(-2 beta h)): tested site by site."""
    beta, n = 0.7, 20_000
    patterns = spinglass.random_patterns(4, 7, seed=1)
    J, start = matrix(patterns, True) / 7, patterns[0].astype(float)
    found = SequenceMemory(patterns).recall(
        np.tile(start, (n, 1)), update, beta=beta, max_sweeps=1, seed=3
    )
    seen = found.states.astype(float)
    for i in range(7):
        state = np.tile(start, (n, 1))
        if update == "sequential":
            state[:, :i] = seen[:, :i]
        up = 1 / (1 + np.exp(-2 * beta * (state @ J[i])))
        error = np.sqrt((up * (1 - up)).sum())
        assert abs((seen[:, i] > 0).sum() - up.sum()) < 5 * error


@pytest.mark.parametrize("P", [1, 2, 3, 10])
def test_a_cycle_of_patterns_is_replayed_at_a_low_load(P):
    patterns = spinglass.random_patterns(P, 1000, seed=P)
    memory = SequenceMemory(patterns)
    starts = spinglass.corrupt(patterns, 0.2, seed=1)
    found = memory.recall(starts, "synchronous")
    assert (found.cycle_length == P).all()
    assert (found.best_overlap == 1.0).all()
    overlaps = memory.replay(starts[0], 2 * P)
    assert overlaps.shape == (2 * P + 1, P)
    assert overlaps.argmax(axis=1).tolist() == [t % P for t in range(2 * P + 1)]
    np.testing.assert_array_equal(overlaps[0], memory.overlaps(starts[0]))
    assert (overlaps[1:].max(axis=1) == 1).all()


def test_what_is_not_cyclic_ends_at_its_last_pattern():
    patterns = spinglass.random_patterns(5, 1000, seed=1)
    overlaps = SequenceMemory(patterns, cyclic=False).replay(patterns[0], 4)
    assert overlaps.argmax(axis=1).tolist() == [0, 1, 2, 3, 4]
    assert (np.diagonal(overlaps) == 1).all()


def test_threads_do_not_matter_and_a_state_has_its_own_random_numbers():
    memory = SequenceMemory(Patterns.random(300, 1000, seed=1))
    starts = spinglass.random_patterns(5, 1000, seed=2)
    for update in ("sequential", "random", "synchronous"):
        for beta in (np.inf, 2.0):
            options = {"beta": beta, "max_sweeps": 6, "seed": 4}
            one, many = (memory.recall(starts, update, num_threads=k, **options) for k in (1, 3))
            np.testing.assert_array_equal(one.states, many.states)
            few = memory.recall(starts[:2], update, **options)
            np.testing.assert_array_equal(few.states, one.states[:2])


def test_a_sequence_has_no_energy_and_says_so():
    memory = SequenceMemory(spinglass.random_patterns(3, 8, seed=1))
    assert not memory.is_symmetric
    for call in (
        lambda: sample(memory, 1.0, 5),
        lambda: spinglass.temper(memory, [0.5, 1.0], 5),
        lambda: spinglass.anneal(memory, 5),
        lambda: exact.log_partition(memory),
    ):
        with pytest.raises(TypeError, match=r"model must have an energy .* got SequenceMemory"):
            call()
    with pytest.raises(ValueError, match="states of a sequence have no energy"):
        memory.energy(np.ones(8))
    assert np.isnan(memory.recall(np.ones(8)).energy)


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="patterns must be at least 2 unless cyclic is True"):
        SequenceMemory([[1, -1]], cyclic=False)
    memory = SequenceMemory(spinglass.random_patterns(3, 8, seed=1))
    with pytest.raises(ValueError, match=r"state must have shape \(8,\), got \(2, 8\)"):
        memory.replay(np.ones((2, 8)), 3)
    with pytest.raises(ValueError, match="n_sweeps must be"):
        memory.replay(np.ones(8), -1)
    with pytest.raises(TypeError, match=r"recall\(\) takes beta"):
        memory.recall(np.ones(8), temperature=1.0)


def test_a_memory_survives_pickling_and_prints_what_it_is():
    memory = SequenceMemory(spinglass.random_patterns(3, 20, seed=1), cyclic=False)
    again = pickle.loads(pickle.dumps(memory))
    np.testing.assert_array_equal(again.couplings(), memory.couplings())
    assert repr(again) == "SequenceMemory(n_patterns=3, n_spins=20, cyclic=False)"


def test_ctrl_c_keeps_what_is_finished():
    def stop(done, total):
        if done:
            raise KeyboardInterrupt

    memory = SequenceMemory(Patterns.random(20, 400, seed=1))
    with pytest.raises(Interrupted) as caught:
        memory.recall(np.ones((300, 400)), beta=1.0, progress=stop)
    assert 0 < len(caught.value.result.states) < 300
    with pytest.raises(Interrupted) as caught:
        memory.replay(np.ones(400), 30, progress=stop)
    rows = caught.value.result
    np.testing.assert_array_equal(rows, memory.replay(np.ones(400), len(rows) - 1))
    assert 1 < len(rows) < 31
