"""The capacity scan at a temperature, and trials that are abandoned when their memory is lost."""

import math

import numpy as np
import pytest

from spinglass import Hopfield, _random, random_patterns
from spinglass.experiments import CapacityLine, capacity
from spinglass.runner.stores.stored_scan import open_store
from spinglass.theory import hopfield


def test_the_overlap_of_kept_memories_is_that_of_the_theory():
    scan = capacity(4000, loads=[0.1], n_instances=20, n_starts=2, beta=10.0, sweeps=200)
    overlap = scan.trials["overlap"]
    error = overlap.reshape(20, 2).mean(axis=1).std(ddof=1) / math.sqrt(20)
    assert scan.kept().all()
    assert abs(overlap.mean() - hopfield.retrieval_overlap(0.1, 10.0)) < 4 * error


def test_averages_of_twelve_spins_are_those_of_exact_distributions():
    # Every site's heat bath applied to the probabilities of all 4096 states, site after site.
    n, beta, sweeps = 12, 0.9, 6
    scan = capacity(n, [2 / n], 400, 1, beta=beta, sweeps=sweeps, average=0.5, threshold=0.5)
    states = 1 - 2 * (np.arange(2**n)[:, None] >> np.arange(n) & 1).astype(np.int8)
    differences = []
    for row in scan.trials:
        seed = _random.seed_word(scan.config.seed, n, 2, int(row["instance"]))
        pattern = random_patterns(2, n, seed=seed)
        up = 1 / (1 + np.exp(-2 * beta * Hopfield(pattern).local_fields(states)))
        law = (states == pattern[0]).all(axis=1).astype(float)
        overlaps = []
        for _ in range(sweeps):
            for site in range(n):
                both = law + law[np.arange(2**n) ^ (1 << site)]
                law = both * np.where(states[:, site] > 0, up[:, site], 1 - up[:, site])
            overlaps.append(law @ states @ pattern[0] / n)
        differences.append(row["overlap"] - np.mean(overlaps[3:]))
    differences = np.array(differences)
    assert abs(differences.mean()) < 4 * differences.std(ddof=1) / math.sqrt(len(differences))


def test_lengths_are_parts_of_the_same_run():
    options = {"loads": [0.12, 0.16], "n_instances": 10, "beta": 10.0}
    scan = capacity(300, **options, sweeps=(40, 10, 20))
    assert scan.config.sweeps == (10, 20, 40)
    for name, sweeps in (("overlap_10", 10), ("overlap_20", 20), ("overlap", 40)):
        alone = capacity(300, **options, sweeps=sweeps)
        np.testing.assert_array_equal(scan.trials[name], alone.trials["overlap"])
    assert list(scan.half_points_by_sweeps) == [10, 20, 40]
    assert scan.half_points_by_sweeps[40] == scan.half_points
    assert (scan.trials["threshold"] == scan.config.threshold).all()


def test_a_longer_run_keeps_no_more_memories():
    scan = capacity(400, [0.12, 0.14, 0.16, 0.18], 60, beta=5.0, sweeps=(20, 320))
    short, long = (points[0] for points in scan.half_points_by_sweeps.values())
    assert long.value < short.value
    assert "after 20 sweeps" in scan.report()
    assert "320 sweeps at T = 0.2" in scan.report()


def test_the_default_threshold_is_between_a_lost_and_a_critical_memory():
    scan = capacity(100, [0.05], 1, 1, beta=10.0, sweeps=1)
    assert scan.config.threshold == (0.2 + hopfield.critical_overlap(10.0)) / 2
    assert capacity(100, [0.05], 1, 1).config.threshold == 0.9


def test_abandoned_trials_are_lost_ones_and_no_flag_changes():
    options = {"loads": [0.13, 0.15, 0.17], "n_instances": 40, "n_starts": 2, "seed": 3}
    whole, ended = capacity(1000, **options), capacity(1000, **options, abandon=0.5)
    np.testing.assert_array_equal(whole.kept(), ended.kept())
    assert whole.half_points == ended.half_points
    gone = ended.trials["abandoned"]
    assert 20 < gone.sum() < 220
    assert (ended.trials["sweeps"][gone] < whole.trials["sweeps"][gone]).all()
    for name in whole.trials.dtype.names:
        np.testing.assert_array_equal(whole.trials[name][~gone], ended.trials[name][~gone])
    means = [scan.summary()["overlap"] for scan in (whole, ended)]
    assert (means[1] > means[0]).all()


def test_an_abandoned_run_of_the_heat_bath_is_lost_and_no_lost_memory_is_kept_by_it():
    """Some lost memories come back, so that whoever abandons them loses more."""
    options = {"loads": [0.12, 0.14, 0.16], "n_instances": 200, "n_starts": 1, "seed": 1}
    options |= {"beta": 10.0, "sweeps": (20, 40)}
    whole, ended = capacity(200, **options), capacity(200, **options, abandon=0.55)
    gone = ended.trials["abandoned"]
    assert 50 < gone.sum() < 550
    assert not (gone & ended.kept()).any()
    assert (whole.kept() | ~ended.kept()).all()
    for name in ("overlap", "overlap_20", "flips"):
        np.testing.assert_array_equal(whole.trials[name][~gone], ended.trials[name][~gone])


def test_a_line_orders_its_scans_and_refuses_what_is_none():
    warm, cold = (capacity(50, [0.1], 1, 1, beta=beta, sweeps=2) for beta in (5.0, 10.0))
    line = CapacityLine([warm, cold])
    assert line.scans == (cold, warm)
    for nonsense in (warm, (3,), ()):
        with pytest.raises(TypeError, match="scans must"):
            CapacityLine(nonsense)


def test_a_store_from_before_there_was_abandon_goes_on(tmp_path):
    options = {"loads": [0.1], "n_instances": 2, "n_starts": 1}
    first = capacity(50, **options, store=tmp_path / "scan.sqlite")
    config = open_store(tmp_path / "scan.sqlite").config
    assert config == first.config
    again = capacity(50, **options, store=tmp_path / "scan.sqlite")
    np.testing.assert_array_equal(first.trials, again.trials)
    with pytest.raises(ValueError, match="abandon is null there and 0"):
        capacity(50, **options, abandon=0.5, store=tmp_path / "scan.sqlite")
    with pytest.raises(ValueError, match=r"beta is Infinity there and 5\.0 here"):
        capacity(50, **options, beta=5.0, store=tmp_path / "scan.sqlite")


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"sweeps": 10}, "sweeps are those of a heat bath"),
        ({"average": 0.2}, "average is that of a heat bath"),
        ({"beta": 0.5}, "threshold must be given at so small a beta"),
        ({"beta": -1.0}, "beta must be >= 0"),
        ({"beta": 5.0, "sweeps": 0}, "sweeps must be an integer >= 1, got 0"),
        ({"beta": 5.0, "average": 1.5}, "average must be between 0 and 1"),
        ({"abandon": 0.95}, "abandon must be below"),
        ({"abandon": 0.5, "flip": 0.3}, "abandon must be below"),
    ],
)
def test_errors_name_the_argument(options, match):
    with pytest.raises(ValueError, match=match):
        capacity(50, [0.1], 1, 1, **options)
