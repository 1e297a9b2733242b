"""A census of fixed points: against all minima of a small network, and mixtures of patterns."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

import spinglass
from spinglass import rules
from spinglass.experiments import Interrupted, landscape, spurious
from spinglass.experiments.spurious_states import kinds
from spinglass.experiments.spurious_states.kinds import likeness


def network(n_patterns, n_spins, seed=1):
    return spinglass.Hopfield(spinglass.random_patterns(n_patterns, n_spins, seed=seed))


def by_kind(found):
    return {row["kind"]: row for row in found.summary()}


def test_one_pattern_has_no_spurious_states():
    found = spurious(network(1, 101), 400)
    assert sorted(found.states["kind"].tolist()) == ["reversed", "stored"]
    assert (found.states["overlap"] == np.where(found.states["kind"] == "stored", 1, -1)).all()
    assert (found.states[["second", "third"]].tolist()) == [(-1, -1)] * 2
    assert np.isnan(found.states["mixture_overlap"]).all()
    assert found.n_unsettled == 0
    table = by_kind(found)
    for kind in ("stored", "reversed"):
        assert abs(table[kind]["share"] - 0.5) < 5 * table[kind]["share_error"]
        assert table[kind]["energy_per_spin"] == pytest.approx(-0.5 * 100 / 101)
    assert (table["other"]["n_states"], table["other"]["share"]) == (0, 0)
    assert 0 < table["other"]["share_error"] < 0.01


def test_three_patterns_have_their_mixtures_above_them():
    n = 1001
    memory = network(3, n)
    found = spurious(memory, 1000)
    table, patterns = by_kind(found), memory.patterns.to_array().astype(int)
    mixed = found.states[found.states["kind"] == "mixture of three"]
    assert len(mixed) == 8
    assert mixed["energy"].min() > found.pattern_energies.max()
    # The limit of large N is -3/8; overlaps of patterns are of the order 1/sqrt(N).
    assert abs(table["mixture of three"]["energy_per_spin"] + 3 / 8) < 0.05
    assert abs(table["stored"]["energy_per_spin"] + 1 / 2) < 0.01
    spins = found.spins[found.states["kind"] == "mixture of three"]
    for row, state in zip(mixed, spins, strict=True):
        signs = np.sign(patterns @ state)
        majority = np.sign(signs @ patterns)
        assert row["mixture_overlap"] == pytest.approx(majority @ state / n)
        assert {row["pattern"], row["second"], row["third"]} == {0, 1, 2}
    np.testing.assert_array_equal(found.pattern_energies, memory.energy(memory.patterns.to_array()))


def test_what_is_found_in_a_small_network_is_among_all_its_minima():
    # An odd number of odd sums: no field is zero, so that a fixed point is a minimum.
    memory = network(3, 12, seed=3)
    minima = landscape(memory)
    rows = zip(minima.spins, minima.minima["energy"], strict=True)
    known = {row.tobytes(): energy for row, energy in rows}
    found = spurious(memory, 3000)
    assert len(known) == len(found.states)  # so many starts find all of them
    for state, energy in zip(found.spins, found.states["energy"], strict=True):
        assert known[state.tobytes()] == pytest.approx(energy, abs=1e-9)
    assert found.states["count"].sum() == 3000
    assert len({row.tobytes() for row in found.bits}) == found.n_states


def test_states_are_counted_as_a_simple_census_does():
    memory = network(4, 60)
    found = spurious(memory, 300, seed=7)
    seen = []

    class Watched(spinglass.Hopfield):
        def recall(self, states, **options):
            seen.append(states)
            return super().recall(states, **options)

    again = spurious(Watched(memory.patterns), 300, seed=7)
    np.testing.assert_array_equal(again.states, found.states)
    starts = np.concatenate(seen)
    assert abs(starts.mean()) < 5 / np.sqrt(starts.size)
    ends = memory.recall(starts)
    counts = {}
    for state in ends.states:
        counts[state.tobytes()] = counts.get(state.tobytes(), 0) + 1
    assert counts == {
        row.tobytes(): n for row, n in zip(found.spins, found.states["count"], strict=True)
    }
    assert (np.diff(found.states["count"]) <= 0).all()
    np.testing.assert_allclose(found.states["energy"], memory.energy(found.spins))
    largest = abs(memory.overlaps(found.spins)).max(axis=1)
    np.testing.assert_allclose(abs(found.states["overlap"]), largest)


def test_kinds_are_decided_by_overlaps(monkeypatch):
    n = 400
    patterns = spinglass.Patterns.random(11, n, seed=1)
    rows = patterns.to_array().astype(int)

    def turned(state, count):
        state = state.copy()
        state[:count] *= -1
        return state

    majority = np.sign(rows[2] - rows[5] + rows[9])
    states = np.array(
        [
            turned(rows[3], 20), turned(rows[3], 21), turned(-rows[10], 20), turned(majority, 20),
            turned(-majority, 20), turned(majority, 21), np.sign(rows[:5].sum(axis=0)),
        ],
        dtype=np.int8,
    )  # fmt: skip
    expected = ["stored", "other", "reversed", *2 * ["mixture of three"], "other", "other"]
    for at_once in (4096, 4, 1):
        monkeypatch.setattr(kinds, "_AT_ONCE", at_once)
        table = likeness(states, patterns)
        assert table["kind"].tolist() == expected
        assert table["pattern"][[0, 2]].tolist() == [3, 10]
        for row in table[3:6]:
            assert {row["pattern"], row["second"], row["third"]} == {2, 5, 9}
        assert table["mixture_overlap"][3:6].tolist() == pytest.approx([0.9, 0.9, 0.895])


def test_a_memory_without_energy_has_none():
    patterns = spinglass.random_patterns(5, 80, seed=1)
    found = spurious(rules.diluted(patterns, 0.5, symmetric=False, seed=1), 100)
    assert np.isnan(found.states["energy"]).all()
    assert np.isnan(found.pattern_energies).all()
    assert np.isnan(found.summary()["energy_per_spin"]).all()
    assert "none" in found.report(quiet=True)
    assert found.to_dict()["pattern_energy_per_spin"] is None


def test_starts_that_do_not_come_to_rest_are_counted_apart():
    memory = network(30, 100)
    short = spurious(memory, 300, max_sweeps=5)
    assert 0 < short.n_unsettled < 300
    assert short.states["count"].sum() == 300 - short.n_unsettled
    assert short.summary()["share"].sum() == pytest.approx(1 - short.n_unsettled / 300)
    assert short.complete
    assert "not at rest" in short.report()
    none = spurious(memory, 30, max_sweeps=1)
    assert none.n_unsettled == 30
    assert none.spins.shape == (0, 100)
    assert "not at rest" in str(none)


def test_shares_are_within_their_errors_of_the_shares_of_all_states():
    memory = network(3, 12, seed=3)
    states = 1 - 2 * ((np.arange(2**12)[:, None] >> np.arange(12)) & 1).astype(np.int8)
    ends = memory.recall(states).states
    exact = {kind: (likeness(ends, memory.patterns)["kind"] == kind).mean() for kind in kinds.KINDS}
    pulls = []
    for seed in range(40):
        for kind, row in by_kind(spurious(memory, 200, seed=seed)).items():
            if 0.05 < exact[kind] < 0.95:
                pulls.append((row["share"] - exact[kind]) / row["share_error"])
    assert len(pulls) >= 80
    assert abs(np.mean(pulls)) < 0.5
    assert 0.75 < np.std(pulls) < 1.25


def test_a_census_depends_only_on_seed_and_number():
    memory = network(6, 100)
    found = spurious(memory, 600, seed=3)
    for num_threads in (1, 3):
        again = spurious(memory, 600, seed=3, num_threads=num_threads)
        np.testing.assert_array_equal(again.states, found.states)
        np.testing.assert_array_equal(again.bits, found.bits)
    assert spurious(memory, 600, seed=4).bits.tobytes() != found.bits.tobytes()


def test_ctrl_c_keeps_the_finished_starts():
    memory = network(6, 100)

    def stop(done, total):
        assert total == 600
        if done > 300:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted) as caught:
        spurious(memory, 600, seed=3, progress=stop)
    left = caught.value.result
    assert (caught.value.done, left.n_starts, left.complete) == (512, 512, False)
    np.testing.assert_array_equal(left.states, spurious(memory, 512, seed=3).states)

    class Ended(spinglass.Hopfield):
        def recall(self, *_, **__):
            raise KeyboardInterrupt

    with pytest.raises(Interrupted) as caught:
        spurious(Ended(memory.patterns))
    none = caught.value.result
    assert none.n_states == none.n_starts == 0
    assert none.to_dict()["complete"] is False
    assert "none" in str(none)


def test_files_and_words_have_what_the_result_has(tmp_path):
    found = spurious(network(3, 50), 100)
    names = [path.name for path in found.save(tmp_path, figure=False)]
    assert names == ["states.csv", "kinds.csv", "summary.json"]
    content = json.loads((tmp_path / "summary.json").read_text())
    assert [row["kind"] for row in content["kinds"]] == list(kinds.KINDS)
    assert content["n_starts"] == 100
    assert max(map(len, found.report(quiet=True).splitlines())) <= 40
    assert found.overlaps_with(found.spins[0]).shape == (found.n_states,)


def test_a_memory_need_have_no_energy_at_all():
    class Still:
        patterns = ((1, 1, -1), (1, -1, 1), (-1, 1, 1))

        def recall(self, states, max_sweeps, num_threads):
            count = len(states)
            return SimpleNamespace(
                states=states, converged=np.ones(count), flips=np.zeros(count, int)
            )

    found = spurious(Still(), 200)
    assert found.n_states == 8  # all states
    assert np.isnan(found.states["energy"]).all()


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
        spurious(**{"memory": network(1, 9)} | options)


def test_more_starts_than_fit_in_memory_are_refused():
    with pytest.raises(MemoryError, match="starts of"):
        spurious(network(1, 9), 2**50)
