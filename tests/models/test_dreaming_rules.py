"""Rules that dream: equal to plain loops, better than Hebb's, and what becomes of it in time."""

import numpy as np
import pytest

import spinglass
from spinglass import Hopfield, Interrupted, Patterns, _core, rules
from spinglass._random import seed_word

RULES = {False: rules.unlearned, True: rules.daydreaming}


def by_loops(patterns, n_dreams, rate, seed, reinforce):
    """Return the couplings by the definition, with a sum over all spins at every visit."""
    P, N = patterns.shape
    patterns = patterns.astype(int)
    A, D = patterns.T @ patterns, np.zeros((N, N), int)
    np.fill_diagonal(A, 0)
    word = seed_word(seed)
    starts = _core.random_spins(word, n_dreams, N).astype(int)
    which = np.random.default_rng(word).integers(P, size=n_dreams)
    for s, mu in zip(starts, which, strict=True):
        before = None
        while not np.array_equal(before, s):
            before = s.copy()
            for i in range(N):
                field = float(A[i] @ s) - rate * float(D[i] @ s)
                if field * s[i] < 0:
                    s[i] *= -1
        D += np.outer(s, s) - reinforce * np.outer(patterns[mu], patterns[mu])
        np.fill_diagonal(D, 0)
    return (A - rate * D) / N


@pytest.mark.parametrize("reinforce", RULES)
@pytest.mark.parametrize(
    ("P", "N", "rate"), [(1, 1, 0.1), (3, 12, 1.0), (20, 60, 0.05), (9, 40, 7.3)]
)
def test_the_rules_are_their_loops_bit_for_bit_on_every_thread_count(reinforce, P, N, rate):
    patterns = spinglass.random_patterns(P, N, seed=1)
    expected = by_loops(patterns, 40, rate, 5, reinforce)
    for threads in (1, 3):
        found = RULES[reinforce](
            Patterns.from_array(patterns), 40, rate, seed=5, num_threads=threads
        )
        np.testing.assert_array_equal(found.couplings(), expected)
        assert found.is_symmetric
        assert found.n_patterns == P


def test_without_dreams_the_memory_is_hebbs():
    patterns = spinglass.random_patterns(5, 30, seed=1)
    for rule in RULES.values():
        np.testing.assert_array_equal(
            rule(patterns, 0, 0.1).couplings(), Hopfield(patterns).couplings()
        )


def retrieved(memory, patterns):
    starts = spinglass.corrupt(patterns, 0.1, seed=2)
    return (memory.recall(starts).overlap > 0.97).mean()


def test_dreams_help_at_a_load_that_hebbs_rule_loses_and_too_many_destroy():
    """P = 0.3 N: at the fixed seed about 0, 1 and 0 of the patterns are found again."""
    patterns = spinglass.random_patterns(60, 200, seed=1)
    few, good, many = (
        retrieved(rules.unlearned(patterns, dreams, 0.02, seed=3), patterns)
        for dreams in (0, 2000, 12_000)
    )
    assert few < 0.1
    assert good > 0.9
    assert many < 0.1


def test_daydreaming_destroys_nothing():
    patterns = spinglass.random_patterns(60, 200, seed=1)
    shares = [
        retrieved(rules.daydreaming(patterns, steps, 0.05, seed=3), patterns)
        for steps in (0, 400, 2000, 12_000)
    ]
    assert shares[0] < 0.1
    assert shares[1] > shares[0] + 0.2
    assert min(shares[2:]) > 0.9


@pytest.mark.parametrize("reinforce", RULES)
def test_ctrl_c_keeps_the_memory_after_the_dreams_so_far(reinforce):
    def stop(done, total):
        if done:
            raise KeyboardInterrupt

    rule, patterns = RULES[reinforce], spinglass.random_patterns(60, 200, seed=1)
    with pytest.raises(Interrupted) as caught:
        rule(patterns, 10**6, 0.01, seed=4, progress=stop)
    kept = caught.value
    assert 0 < kept.done < kept.total == 10**6
    assert kept.unit == ("steps" if reinforce else "dreams")
    again = rule(patterns, kept.done, 0.01, seed=4)
    np.testing.assert_array_equal(kept.result.couplings(), again.couplings())


@pytest.mark.parametrize("rule", RULES.values())
@pytest.mark.parametrize(
    ("count", "rate", "message"),
    [
        (-1, 0.1, "must be an integer >= 0, got -1"),
        (2**40, 0.1, "at most 536870911"),
        (10, 0, "rate must be positive, got 0"),
        (10, -0.1, "rate must be positive, got -0.1"),
        (10, np.inf, "rate must be finite, got inf"),
        (10, 1e307, r"rate must give finite couplings, got 1e\+307"),
    ],
)
def test_bad_arguments_are_named(rule, count, rate, message):
    with pytest.raises(ValueError, match=message):
        rule([[1, -1, 1]], count, rate)
