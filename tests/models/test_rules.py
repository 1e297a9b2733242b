"""Learning rules as published: each against its definition in plain loops or its identities."""

from itertools import pairwise

import numpy as np
import pytest

import spinglass
from spinglass import CouplingMemory, Hopfield, Patterns, rules, theory
from spinglass.experiments import capacity


def spins(n_patterns, n_spins, seed=1):
    return spinglass.random_patterns(n_patterns, n_spins, seed=seed)


def without_diagonal(matrix):
    matrix = np.array(matrix, dtype=float)
    np.fill_diagonal(matrix, 0)
    return matrix


def test_hebb_is_the_network_without_a_matrix():
    patterns = spins(7, 60)
    memory, network = rules.hebb(patterns), Hopfield(patterns)
    np.testing.assert_array_equal(memory.couplings(), network.couplings())
    starts = spinglass.corrupt(patterns, 0.2, seed=2)
    for update in ("sequential", "random", "synchronous"):
        found, expected = (x.recall(starts, update, seed=3) for x in (memory, network))
        np.testing.assert_array_equal(found.states, expected.states)
        np.testing.assert_array_equal(found.cycle_length, expected.cycle_length)
        np.testing.assert_allclose(found.energy, expected.energy, rtol=1e-12)


def test_clipped_couplings_are_the_signs_of_hebbs_and_zero_where_they_are():
    patterns = spins(4, 40)  # an even number: some sums are zero
    J = without_diagonal(patterns.T.astype(int) @ patterns)
    found = rules.clipped(patterns).couplings()
    np.testing.assert_allclose(found, np.sign(J) * np.sqrt(4) / 40, rtol=1e-15)
    assert 0.2 < (found == 0).mean() < 0.6
    odd = rules.clipped(patterns[:3]).couplings()
    assert (odd == 0).sum() == 40  # the diagonal alone


@pytest.mark.parametrize("symmetric", [True, False])
def test_diluted_couplings_are_hebbs_on_a_share_of_the_bonds(symmetric):
    patterns, share, n = spins(3, 300), 0.3, 300  # an odd number: no coupling is zero by itself
    memory = rules.diluted(patterns, share, symmetric=symmetric, seed=4)
    found, whole = memory.couplings(), Hopfield(patterns).couplings()
    kept = found != 0
    np.testing.assert_allclose(found[kept], whole[kept] / share, rtol=1e-15)
    assert memory.is_symmetric == symmetric
    n_bonds = n * (n - 1) / (2 if symmetric else 1)
    deviation = kept.sum() / (n * (n - 1)) - share
    assert abs(deviation) < 4 * np.sqrt(share * (1 - share) / n_bonds)
    both = (kept & kept.T).sum() / (n * (n - 1))
    expected = share if symmetric else share**2
    assert abs(both - expected) < 4 * np.sqrt(expected * (1 - expected) / n_bonds * 2)
    again = rules.diluted(Patterns.from_array(patterns), share, symmetric=symmetric, seed=4)
    np.testing.assert_array_equal(again.couplings(), found)
    np.testing.assert_array_equal(rules.diluted(patterns, 1).couplings(), whole)


def test_the_covariance_rule_subtracts_the_mean():
    biased = np.where(np.random.default_rng(1).random((600, 30)) < 0.8, 1, -1)
    a = biased.mean()
    J = without_diagonal((biased - a).T @ (biased - a)) / (30 * (1 - a * a))
    np.testing.assert_allclose(rules.covariance(biased).couplings(), J, atol=600 * 1e-15)
    for sign in (1, -1):
        with pytest.raises(ValueError, match="spins of both signs, got all"):
            rules.covariance(sign * np.ones((2, 5)))


def test_storkeys_rule_is_its_four_loops():
    patterns, n = spins(6, 12).astype(float), 12
    J = np.zeros((n, n))
    for xi in patterns:
        old = J.copy()
        for i in range(n):
            for j in range(n):
                if i == j:
                    continue
                h_ij = sum(old[i, k] * xi[k] for k in range(n) if k not in (i, j))
                h_ji = sum(old[j, k] * xi[k] for k in range(n) if k not in (i, j))
                J[i, j] += (xi[i] * xi[j] - xi[i] * h_ji - h_ij * xi[j]) / n
    memory = rules.storkey(patterns)
    np.testing.assert_allclose(memory.couplings(), J, atol=1e-14)
    assert memory.is_symmetric
    assert abs(J - Hopfield(patterns).couplings()).max() > 0.05


SETS = {
    "independent": spins(8, 20),
    "one": spins(1, 20),
    "repeated": np.concatenate([spins(5, 20), spins(5, 20)]),
    "opposite": np.concatenate([spins(5, 20), -spins(5, 20)]),
    "more than N": spins(30, 20),
    "dependent": np.array([[1, 1, 1, 1], [1, 1, -1, -1], [1, -1, 1, -1], [1, -1, -1, 1]]).repeat(
        3, axis=0
    ),
}


@pytest.mark.parametrize("patterns", SETS.values(), ids=SETS)
def test_the_projection_is_that_of_the_pseudo_inverse(patterns):
    projector = np.linalg.pinv(patterns.astype(float)) @ patterns
    np.testing.assert_allclose(projector @ projector, projector, atol=1e-12)
    np.testing.assert_allclose(patterns @ projector, patterns, atol=1e-12)
    memory = rules.projection(patterns)
    np.testing.assert_allclose(memory.couplings(), without_diagonal(projector), atol=1e-12)
    fields = memory.local_fields(patterns)
    np.testing.assert_allclose(fields, (1 - projector.diagonal()) * patterns, atol=1e-12)
    if projector.diagonal().max() < 1 - 1e-6:
        assert memory.stable_patterns().all()


def test_letters_that_hebbs_rule_loses_are_kept_by_the_projection():
    alike = np.concatenate([spins(13, 35), spinglass.corrupt(spins(13, 35), 0.1, seed=2)])
    assert rules.hebb(alike).stable_patterns().sum() < 4
    assert rules.projection(alike).stable_patterns().all()


def test_rules_hold_as_much_as_theory_orders_them():
    """Clipped 0.102, Hebb 0.138, Storkey more, in the limit; small networks hold more than that."""
    halves = []
    for rule, middle in ((rules.clipped, 0.16), (rules.hebb, 0.2), (rules.storkey, 0.5)):
        loads = np.linspace(0.6, 1.5, 7) * middle
        (half,) = capacity(200, loads, n_instances=15, memory=rule).half_points
        halves.append(half)
    for less, more in pairwise(halves):
        assert more.value - less.value > 4 * np.hypot(more.error, less.error)
    for half, rule in zip(halves, ("clipped", "hebb"), strict=False):
        assert half.value > theory.memories.critical_load(rule) - 3 * half.error


@pytest.mark.parametrize("rule", [rules.hebb, rules.storkey, rules.projection, rules.clipped])
def test_bad_patterns_are_named(rule):
    with pytest.raises(ValueError, match=r"patterns must hold only -1 and \+1, got 0"):
        rule([[0, 1]])
    with pytest.raises(ValueError, match="patterns must have shape"):
        rule(np.ones((0, 4)))
    assert isinstance(rule([[1]]), CouplingMemory)


@pytest.mark.parametrize("share", [0, -0.1, 1.1, np.nan])
def test_shares_outside_of_0_to_1_are_named(share):
    with pytest.raises(ValueError, match="share must be"):
        rules.diluted([[1, -1]], share)
