"""Basins of attraction: what is known of small loads, errors, and how a measurement ends."""

import json
import math
from types import SimpleNamespace

import numpy as np
import pytest

import spinglass
from spinglass import rules
from spinglass.experiments import Interrupted, basins
from spinglass.experiments.retrieval_capacity.finite_size import half_point


class Chance:
    """A memory that keeps each start with the probability of its pattern, and else reverses it."""

    def __init__(self, patterns, probabilities, seed):
        self.patterns, self.probabilities = patterns, np.asarray(probabilities)
        self.random = np.random.default_rng(seed)

    def recall(self, states, max_sweeps, num_threads):
        pattern = abs(states @ self.patterns.T.astype(float)).argmax(axis=1)
        kept = self.random.random(len(states)) < self.probabilities[pattern]
        final = np.where(kept[:, None], self.patterns[pattern], -self.patterns[pattern])
        return SimpleNamespace(states=final, converged=kept, flips=np.zeros(len(states)))


MEMORIES = {
    "hopfield": spinglass.Hopfield,
    "hebb": rules.hebb,
    "order 3": spinglass.DenseAssociativeMemory,
    "exponential": lambda patterns: spinglass.DenseAssociativeMemory(patterns, order="exp"),
}


def memories(load, n_spins, seed=1):
    patterns = spinglass.random_patterns(round(load * n_spins), n_spins, seed=seed)
    return rules.hebb(patterns), rules.projection(patterns)


def test_one_pattern_takes_all_that_is_nearer_than_its_reverse():
    network = spinglass.Hopfield(spinglass.random_patterns(1, 201, seed=1))
    found = basins(network, np.arange(0.1, 0.91, 0.1), n_starts=300)
    table = found.summary()
    assert (table["recovered"] == (table["distance"] < 0.5)).all()
    assert (table["overlap"] == np.where(table["distance"] < 0.5, 1, -1)).all()
    # Only the gap between the distances is known: 0.4 and 0.5, which are 80 and 100 of 201 spins.
    assert table["distance"].tolist() == [round(0.1 * k * 201) / 201 for k in range(1, 10)]
    assert abs(found.critical_distance.value - 0.5) < 3 * found.critical_distance.error
    even = spinglass.Hopfield(spinglass.random_patterns(1, 200, seed=1))
    half = basins(even, (0.4, 0.45, 0.5, 0.55, 0.6), n_starts=400)
    at_half = half.summary()[2]
    assert abs(at_half["recovered"] - 0.5) < 5 * at_half["recovered_error"]
    assert abs(half.critical_distance.value - 0.5) < 5 * half.critical_distance.error
    assert half.critical_distance.error < 0.01


def test_the_projection_rule_has_wider_basins_than_hebb():
    hebb, projection = (basins(m, n_starts=300).critical_distance for m in memories(0.1, 300))
    apart = math.hypot(hebb.error, projection.error)
    assert projection.value - hebb.value > 5 * apart
    assert 0.2 < hebb.value < projection.value < 0.5


@pytest.mark.parametrize("name", MEMORIES)
def test_all_memories_of_the_package_can_be_asked(name):
    patterns = spinglass.random_patterns(5, 120, seed=1)  # five times 119 signs: no field is 0
    found = basins(MEMORIES[name](patterns), (0.1, 0.5), n_starts=100)
    low, high = found.summary()["recovered"]
    assert low == 1
    assert high < 0.5
    if name in ("hopfield", "hebb"):
        hopfield = basins(MEMORIES["hopfield"](patterns), (0.1, 0.5), n_starts=100)
        np.testing.assert_array_equal(found.starts, hopfield.starts)


def test_starts_are_as_far_from_their_pattern_as_asked():
    seen = []

    class Watched(spinglass.Hopfield):
        def recall(self, states, **options):
            seen.append(states)
            return super().recall(states, **options)

    patterns = spinglass.random_patterns(7, 90, seed=1)
    found = basins(Watched(patterns), (0.0, 0.1, 0.104, 0.3), n_starts=300)
    assert found.config.flipped == (0, 9, 27)  # 0.1 and 0.104 are both nine spins
    assert found.starts["pattern"].tolist() == 3 * [k % 7 for k in range(300)]
    blocks = [(first, n) for first in (0, 256) for n in (0, 9, 27)]
    for states, (first, n_flips) in zip(seen, blocks, strict=True):
        own = patterns[(first + np.arange(len(states))) % 7]
        assert ((states != own).sum(axis=1) == n_flips).all()
    # Each start has draws of its own.
    assert len({row.tobytes() for row in seen[1] * patterns[np.arange(256) % 7]}) == 256
    np.testing.assert_allclose(
        found.starts["overlap"],
        np.concatenate(
            [
                spinglass.Hopfield(patterns).recall(states).states[i] @ patterns[k % 7] / 90
                for n in range(3)
                for k in range(300)
                for states, i in [(seen[n], k) if k < 256 else (seen[n + 3], k - 256)]
            ],
            axis=None,
        ),
    )


def test_a_start_depends_only_on_seed_distance_and_number():
    memory, _ = memories(0.12, 100)
    many = basins(memory, (0.2, 0.3, 0.35), n_starts=300, seed=5)
    few = basins(memory, (0.35, 0.2), n_starts=40, seed=5, num_threads=1)
    rows = many.starts[(many.starts["start"] < 40) & (many.starts["distance"] != 0.3)]
    np.testing.assert_array_equal(few.starts, rows)
    for num_threads in (1, 3):
        again = basins(memory, (0.2, 0.3, 0.35), n_starts=300, seed=5, num_threads=num_threads)
        np.testing.assert_array_equal(again.starts, many.starts)
        assert again.fit == many.fit
    other = basins(memory, (0.2, 0.3, 0.35), n_starts=300, seed=6)
    assert (other.starts["overlap"] != many.starts["overlap"]).any()


@pytest.mark.parametrize("spread", [0.0, 0.25])
@pytest.mark.parametrize("n_patterns", [1, 2, 20])
def test_errors_are_those_of_many_measurements(n_patterns, spread):
    """Patterns differ in their probability to be kept; a spread of 0.25 about 1/2 or 0.9."""
    patterns = spinglass.random_patterns(n_patterns, 400, seed=1)
    signs = np.where(np.arange(n_patterns) % 2, -1, 1) * (n_patterns > 1)
    for mean in (0.5, 0.7):
        found = [
            basins(Chance(patterns, mean + spread * signs, k), 0.1, n_starts=60, seed=k).summary()
            for k in range(60)
        ]
        shares = np.array([float(table["recovered"][0]) for table in found])
        errors = np.array([float(table["recovered_error"][0]) for table in found])
        pull = (shares - mean) / errors
        # At least the binomial error, so that pulls are not too large; of 60 the scatter of their
        # standard deviation is 1/sqrt(120) = 0.09.
        assert pull.std() < 1.3
        assert abs(pull.mean()) < 0.5
        if not spread:
            assert np.median(errors) < 1.6 * math.sqrt(mean * (1 - mean) / 60)


def test_shares_of_zero_and_one_have_errors():
    patterns = spinglass.random_patterns(3, 100, seed=1)
    for kept in (0.0, 1.0):
        row = basins(Chance(patterns, 3 * [kept], 1), 0.1, n_starts=30).summary()[0]
        assert row["recovered"] == kept
        assert 0.01 < row["recovered_error"] < 0.05


def test_a_planted_critical_distance_is_found_within_its_error():
    rng = np.random.default_rng(2)
    distance = np.repeat(np.arange(0.1, 0.5, 0.05), 20)
    pulls = []
    for k in range(40):
        own = 0.31 + 0.02 * rng.normal(size=len(distance))  # of each pattern
        kept = rng.binomial(10, 0.5 * (1 + np.vectorize(math.erf)((own - distance) / 0.05)))
        tried = np.full(len(distance), 10)
        point = half_point(
            100, distance, kept, tried, seed=k, law="normal", of="distance", n_bootstrap=200
        )
        pulls.append((point.value - 0.31) / point.error)
        assert point.probability(point.value) == 0.5
    assert np.std(pulls) < 1.4
    assert abs(np.mean(pulls)) < 0.6


def test_distances_that_do_not_bracket_the_critical_one_say_so():
    network = spinglass.Hopfield(spinglass.random_patterns(2, 100, seed=1))
    near = basins(network, (0.05, 0.1), n_starts=20)
    assert math.isnan(near.critical_distance.value)
    assert near.fit.reason == (
        "every trial kept its memory: the half-point lies above the largest distance, 0.1"
    )
    assert near.fit.reason in near.report().replace("\n", " ")
    one = basins(network, 0.5, n_starts=40)
    assert "distance" in one.fit.reason
    assert "load" not in one.fit.reason


def test_ctrl_c_keeps_the_finished_starts():
    memory, _ = memories(0.12, 100)
    whole = basins(memory, (0.2, 0.3), n_starts=600)

    def stop(done, total):
        assert total == 1200
        if done > 600:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted) as caught:
        basins(memory, (0.2, 0.3), n_starts=600, progress=stop)
    left = caught.value.result
    assert (caught.value.done, caught.value.total, caught.value.unit) == (768, 1200, "starts")
    assert not left.complete
    assert whole.complete
    assert left.summary()["n_starts"].tolist() == [512, 256]
    np.testing.assert_array_equal(
        left.starts,
        whole.starts[whole.starts["start"] < np.where(whole.starts["distance"] < 0.25, 512, 256)],
    )

    class Ended(spinglass.Hopfield):
        def recall(self, *_, **__):
            raise KeyboardInterrupt

    with pytest.raises(Interrupted) as caught:
        basins(Ended(memory.patterns), 0.2)
    none = caught.value.result
    assert len(none.starts) == len(none.summary()) == 0
    assert none.fit.reason == "no trial was finished"
    assert "none" in str(none)


def test_files_and_words_have_what_the_result_has(tmp_path):
    memory, _ = memories(0.1, 100)
    found = basins(memory, (0.2, 0.3, 0.4, 0.5), n_starts=100)
    names = [path.name for path in found.save(tmp_path, figure=False)]
    assert names == ["distances.csv", "starts.csv", "summary.json"]
    content = json.loads((tmp_path / "summary.json").read_text())
    assert content["critical_distance"] == found.critical_distance.value
    assert content["config"]["memory"] == repr(memory)
    assert (content["config"]["n_spins"], content["config"]["n_patterns"]) == (100, 10)
    assert len(content["distances"]) == 4
    lines = found.report(quiet=True).splitlines()
    assert max(map(len, lines)) <= 40
    assert f"{found.critical_distance}" in lines[-1]


class Odd:
    """A memory of which a part is wrong."""

    def __init__(self, **fields):
        self.patterns = [[1, -1, 1], [1, 1, 1]]
        self.fields = {"converged": [True], "flips": [0]} | fields

    def recall(self, states, max_sweeps, num_threads):
        return SimpleNamespace(**{"states": states} | self.fields)


@pytest.mark.parametrize(
    ("memory", "message"),
    [
        (3, r"memory must have recall\(states, max_sweeps=..., num_threads=...\), got 3"),
        (
            spinglass.ModernHopfield([[1.0, -1.0], [1.0, 1.0]]),
            r"memory must have recall\(states, max_sweeps=..., num_threads=...\), got ModernHopf",
        ),
        (spinglass.CouplingMemory(np.zeros((4, 4))), "memory must have patterns"),
        (
            SimpleNamespace(recall=Odd().recall, patterns=[1, 2]),
            "patterns of the memory must have shape",
        ),
        (
            SimpleNamespace(recall=Odd().recall, patterns=[[1, 2]]),
            "patterns of the memory must hold",
        ),
        (Odd(states=None), "memory must return a recall that has states"),
        (Odd(states=[[1, 1]]), r"states of the memory must have shape \(1, 3\), got \(1, 2\)"),
        (Odd(states=[[1, 1, 0]]), "states of the memory must hold only -1 and"),
        (Odd(converged=None), "memory must return a recall that has converged"),
        (Odd(converged=[True, False]), r"converged of the memory must have shape \(1,\)"),
        (Odd(flips=[math.nan]), "flips of the memory must be finite"),
    ],
)
def test_what_a_memory_lacks_is_named(memory, message):
    with pytest.raises((TypeError, ValueError), match=message):
        basins(memory, 0.1, n_starts=1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"distances": 1.5}, "distances must be between 0 and 1, got 1.5"),
        ({"distances": ()}, "distances must not be empty"),
        ({"distances": (0.1, 0.1)}, "distances must hold each value once"),
        ({"n_starts": 0}, "n_starts must be an integer >= 1, got 0"),
        ({"threshold": -0.1}, "threshold must be between 0 and 1"),
        ({"max_sweeps": 0}, "max_sweeps must be an integer >= 1"),
        ({"seed": -1}, "seed must be an integer >= 0"),
        ({"num_threads": 0}, "num_threads must be an integer >= 1"),
    ],
)
def test_a_bad_argument_is_named(options, message):
    with pytest.raises(ValueError, match=message):
        basins(Odd(), **options)


def test_more_starts_than_fit_in_memory_are_refused():
    with pytest.raises(MemoryError, match="starts of 3 spins"):
        basins(Odd(), 0.1, n_starts=2**50)
