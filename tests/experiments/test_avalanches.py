"""Avalanches: flip by flip against a simple dynamics, and what is known of small loads."""

import json
import math
from types import SimpleNamespace

import numpy as np
import pytest

import spinglass
from spinglass.experiments import Interrupted, avalanches


def network(n_patterns, n_spins, seed=1):
    return spinglass.Hopfield(spinglass.random_patterns(n_patterns, n_spins, seed=seed))


def relaxed(couplings, state, held=()):
    """Return the end of sequential dynamics, and the number of flips."""
    state, flips, before = state.copy(), 0, -1
    while flips != before:
        before = flips
        for i in range(len(state)):
            if i not in held and state[i] * (couplings[i] @ state) < 0:
                state[i] *= -1
                flips += 1
    return state, flips


@pytest.mark.parametrize("rule", ["hopfield", "asymmetric"])
def test_avalanches_are_those_of_a_simple_dynamics(rule):
    patterns = spinglass.random_patterns(14, 60, seed=2)
    memory = spinglass.Hopfield(patterns)
    couplings = np.rint(60 * memory.couplings())
    if rule == "asymmetric":  # and no field is zero but for rounding
        couplings += np.random.default_rng(1).normal(size=couplings.shape)
        couplings[np.diag_indices(60)] = 0
        memory = spinglass.CouplingMemory(couplings, patterns)
    found = avalanches(memory, 40, seed=4)
    assert found.starts["size"].max() > 3
    for row in found.starts[found.starts["converged"]]:
        target = patterns[row["pattern"]].astype(int)
        before, _ = relaxed(couplings, target)
        assert row["overlap"] == pytest.approx(before @ target / 60)
        turned = before.copy()
        turned[row["site"]] *= -1
        after, flips = relaxed(couplings, turned, held=(row["site"],))
        assert (row["size"], row["changed"]) == (flips, (after != turned).sum())
        assert row["final_overlap"] == pytest.approx(after @ target / 60)
        assert after[row["site"]] == turned[row["site"]]


def test_no_spin_follows_where_there_is_one_pattern():
    found = avalanches(network(1, 100), 300)
    assert (found.starts["size"] == 0).all()
    assert (found.starts["overlap"] == 1).all()
    assert np.allclose(found.starts["final_overlap"], 0.98)
    (row,) = found.distribution()
    assert (row["size"], row["share"]) == (1, 0)
    assert 0 < row["share_error"] < 0.01
    assert found.mean_size.value == 0
    # A pair holds itself: a turned spin takes the other along.
    pair = avalanches(network(1, 2), 50)
    assert (pair.starts["size"] == 1).all()
    assert (pair.starts["changed"] == 1).all()


def test_avalanches_grow_towards_capacity():
    below, near, above = (avalanches(network(p, 500), 2000) for p in (25, 65, 80))
    sizes = [found.mean_size for found in (below, near, above)]
    for one, other in ((sizes[0], sizes[1]), (sizes[1], sizes[2])):
        assert other.value - one.value > 2 * math.hypot(one.error, other.error)
    assert near.distribution()["share"][0] > 0.1


def test_the_distribution_counts_avalanches_of_at_least_a_size():
    found = avalanches(network(20, 120), 500)
    table, sizes = found.distribution(), found.starts["size"]
    assert found.starts["converged"].all()
    assert table["size"][0] == 1
    assert set(table["size"]) == set(sizes[sizes > 0]) | {1}
    for row in table:
        assert row["share"] == pytest.approx((sizes >= row["size"]).mean())
        assert row["share_error"] >= math.sqrt(row["share"] * (1 - row["share"]) / 500)
    assert found.mean_size.value == pytest.approx(sizes.mean())
    assert (found.starts["changed"] <= sizes).all()
    assert ((sizes - found.starts["changed"]) % 2 == 0).all()
    assert found.starts["pattern"].tolist() == [k % 20 for k in range(500)]


def test_sites_are_uniform():
    sites = avalanches(network(2, 10), 5000).starts["site"]
    counts = np.bincount(sites, minlength=10)
    assert len(counts) == 10
    assert ((counts - 500) ** 2 / 500).sum() < 30  # of 9 degrees of freedom: beyond by 0.0004


def test_errors_are_those_of_many_measurements():
    # The patterns of each are drawn anew: their scatter is in the error.
    found = [avalanches(network(40, 300, seed=k), 400, seed=k) for k in range(40)]
    shares = np.array([one.distribution()["share"][0] for one in found])
    errors = np.array([one.distribution()["share_error"][0] for one in found])
    assert 0.6 < shares.std(ddof=1) / np.sqrt((errors**2).mean()) < 1.6


def test_starts_that_do_not_come_to_rest_have_no_size():
    class Restless:
        patterns = ((1, 1, 1, 1), (1, -1, 1, -1))

        def recall(self, states, max_sweeps, num_threads, clamp=None):
            rest = states[:, 0] == states[:, 1]
            return SimpleNamespace(states=states, converged=rest, flips=np.full(len(states), 2))

    found = avalanches(Restless(), 100)
    # Of the first pattern unless one of its first two spins was turned; never of the second.
    settled = (found.starts["pattern"] == 0) & (found.starts["site"] > 1)
    np.testing.assert_array_equal(found.starts["converged"], settled)
    assert found.n_unsettled == 100 - settled.sum()
    assert found.mean_size.value == 2
    assert "did not come to rest" in found.report()
    never = avalanches(network(30, 100), 20, max_sweeps=1)
    if never.n_unsettled == 20:
        assert math.isnan(never.mean_size.value)


def test_a_start_depends_only_on_seed_and_number():
    memory = network(15, 100)
    found = avalanches(memory, 600, seed=3)
    for num_threads in (1, 3):
        again = avalanches(memory, 600, seed=3, num_threads=num_threads)
        np.testing.assert_array_equal(again.starts, found.starts)
    np.testing.assert_array_equal(avalanches(memory, 40, seed=3).starts, found.starts[:40])
    assert (avalanches(memory, 600, seed=4).starts["site"] != found.starts["site"]).any()


def test_ctrl_c_keeps_the_finished_starts():
    memory = network(15, 100)

    def stop(done, total):
        assert total == 600
        if done > 300:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted) as caught:
        avalanches(memory, 600, seed=3, progress=stop)
    left = caught.value.result
    assert (caught.value.done, len(left.starts), left.complete) == (512, 512, False)
    np.testing.assert_array_equal(left.starts, avalanches(memory, 512, seed=3).starts)

    class Ended(spinglass.Hopfield):
        def recall(self, *_, **__):
            raise KeyboardInterrupt

    with pytest.raises(Interrupted) as caught:
        avalanches(Ended(memory.patterns))
    none = caught.value.result
    assert len(none.starts) == 0
    assert none.to_dict()["mean_size"] is None
    assert "none" in str(none)


def test_files_and_words_have_what_the_result_has(tmp_path):
    found = avalanches(network(15, 100), 100)
    names = [path.name for path in found.save(tmp_path, figure=False)]
    assert names == ["starts.csv", "sizes.csv", "summary.json"]
    content = json.loads((tmp_path / "summary.json").read_text())
    assert content["largest_size"] == found.starts["size"].max()
    assert content["mean_size"] == found.mean_size.value
    assert max(map(len, found.report(quiet=True).splitlines())) <= 40


def test_a_memory_that_cannot_hold_spins_is_refused():
    class Loose:
        patterns = ((1, 1), (1, -1))

        def recall(self, states, max_sweeps, num_threads):
            raise AssertionError

    with pytest.raises(TypeError, match=r"memory must have recall\(states, clamp=\.\.\., max_s"):
        avalanches(Loose())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_starts": 0}, "n_starts must be an integer >= 1, got 0"),
        ({"max_sweeps": 0}, "max_sweeps must be an integer >= 1"),
        ({"seed": -1}, "seed must be an integer >= 0"),
        ({"num_threads": 0}, "num_threads must be an integer >= 1"),
        ({"memory": 3}, "memory must have recall"),
        ({"memory": spinglass.CouplingMemory(np.zeros((3, 3)))}, "memory must have patterns"),
    ],
)
def test_a_bad_argument_is_named(options, message):
    with pytest.raises((TypeError, ValueError), match=message):
        avalanches(**{"memory": network(1, 9)} | options)


def test_more_starts_than_fit_in_memory_are_refused():
    with pytest.raises(MemoryError, match="starts of"):
        avalanches(network(1, 9), 2**50)
