"""The capacity scan: which trials it runs, what it makes of them, and how it ends."""

import csv
import importlib
import json
import math
import pickle

import numpy as np
import pytest

from spinglass import experiments
from spinglass.experiments import CapacityConfig, CapacityScan, Interrupted, capacity

room = importlib.import_module("spinglass.experiments.retrieval_capacity.experiment")


@pytest.fixture(scope="module")
def scan():
    return capacity((200, 300), loads=(0.1, 0.15, 0.2, 0.25, 0.3), n_instances=20, n_starts=3)


def planted_scan(overlaps, n_spins=100, threshold=0.9):
    """Make a scan of one load whose overlaps, (n_instances, n_starts), are given."""
    overlaps = np.asarray(overlaps, dtype=float)
    n_instances, n_starts = overlaps.shape
    config = CapacityConfig((n_spins,), ((0.1,),), (n_instances,), n_starts, 0.0, threshold, 9, 0)
    trials = np.zeros(overlaps.size, dtype=room.trial_columns(config))
    trials["n_spins"], trials["n_patterns"], trials["load"] = n_spins, n_spins // 10, 0.1
    trials["instance"] = np.repeat(np.arange(n_instances), n_starts)
    trials["start"] = np.tile(np.arange(n_starts), n_instances)
    trials["overlap"] = overlaps.ravel()
    return CapacityScan(config, "test", trials)


# ---- trials ------------------------------------------------------------------------------------


def test_there_is_one_row_a_trial(scan):
    assert len(scan.trials) == scan.config.n_trials == 2 * 5 * 20 * 3
    assert scan.complete
    keys = ["n_spins", "n_patterns", "instance", "start"]
    assert len(np.unique(scan.trials[keys])) == len(scan.trials)
    assert (scan.trials["load"] == scan.trials["n_patterns"] / scan.trials["n_spins"]).all()
    assert (scan.trials["sweeps"] >= 1).all()
    assert scan.trials["converged"].all()
    assert (np.abs(scan.trials["overlap"]) <= 1).all()


def test_a_trial_depends_on_its_own_coordinates_and_not_on_the_grid(scan):
    alone = capacity(300, loads=[0.2], n_instances=7, n_starts=2)
    rows = scan.trials
    same = (rows["n_spins"] == 300) & (rows["n_patterns"] == 60)
    same &= (rows["instance"] < 7) & (rows["start"] < 2)
    np.testing.assert_array_equal(rows[same], alone.trials)


def test_thread_counts_do_not_change_the_trials(scan):
    for num_threads in (1, 2, 5):
        again = capacity(
            (200, 300),
            loads=(0.1, 0.15, 0.2, 0.25, 0.3),
            n_instances=20,
            n_starts=3,
            num_threads=num_threads,
        )
        np.testing.assert_array_equal(again.trials, scan.trials)
        assert again.half_points == scan.half_points


def test_another_seed_gives_other_trials():
    one, other = (capacity(200, loads=[0.2], n_instances=5, seed=s).trials for s in (0, 1))
    assert (one["flips"] != other["flips"]).any()


@pytest.mark.parametrize("seed", [None, np.random.SeedSequence(5), np.random.default_rng(5)])
def test_any_seed_is_recorded_as_an_integer_that_repeats_the_scan(seed):
    first = capacity(100, loads=[0.15], n_instances=5, seed=seed)
    assert isinstance(first.config.seed, int)
    again = capacity(100, loads=[0.15], n_instances=5, seed=first.config.seed)
    np.testing.assert_array_equal(first.trials, again.trials)
    assert again.config == first.config


def test_loads_that_round_to_the_same_number_of_patterns_are_one():
    merged = capacity(100, loads=(0.2, 0.2049), n_instances=4)
    np.testing.assert_array_equal(merged.trials, capacity(100, loads=[0.2], n_instances=4).trials)


def test_instances_can_be_given_for_each_size():
    scan = capacity((100, 200), loads=[0.1], n_instances=(4, 2), n_starts=1)
    assert scan.summary()["n_instances"].tolist() == [4, 2]


def test_low_load_is_remembered_and_high_load_forgotten():
    low, high = capacity(500, loads=(0.05, 0.35), n_instances=10).summary()
    assert low["retrieval"] == 1.0
    assert low["overlap"] > 0.99
    # Far above capacity the remnant overlap is near 0.35; 0.6 is far from it and from memory.
    assert high["retrieval"] == 0.0
    assert high["overlap"] < 0.6


def test_starts_with_half_of_the_spins_flipped_do_not_find_the_pattern():
    scan = capacity(500, loads=[0.1], n_instances=10, flip=0.5)
    assert (scan.trials["overlap"] < 0.9).all()
    assert (scan.trials["flips"] > 0).all()


def test_progress_counts_trials_to_the_end():
    seen = []
    capacity(100, loads=[0.1], n_instances=6, n_starts=2, progress=lambda *a: seen.append(a))
    assert seen[-1] == (12, 12)


def test_progress_true_says_something_where_stderr_is_no_terminal(capsys):
    capacity(100, loads=[0.1], n_instances=6, n_starts=2, progress=True)
    lines = capsys.readouterr().err.splitlines()
    assert 1 <= len(lines) <= 10
    assert lines[-1].startswith("capacity: 12 of 12 trials")


@pytest.mark.parametrize("n_spins", [50, 300, 1000])
def test_default_loads_bracket_the_half_point(n_spins):
    scan = capacity(n_spins, n_instances=60, n_starts=2)
    assert math.isfinite(scan.half_points[0].value), scan.half_points[0].reason


def test_defaults_run_at_least_two_thousand_trials():
    config = room.CapacityConfig.checked(room.CapacityConfig.defaults)
    assert config.n_trials >= 2000


# ---- statistics --------------------------------------------------------------------------------


def test_errors_are_those_of_a_bootstrap_over_instances():
    rng = np.random.default_rng(0)
    n, n_bootstrap = 30, 20_000
    overlaps = np.clip(rng.normal(0.9, 0.1, (n, 1)) + rng.normal(0, 0.02, (n, 4)), 0, 1)
    row = planted_scan(overlaps).summary()[0]
    drawn = rng.integers(0, n, (n_bootstrap, n))
    for name, values in (("overlap", overlaps), ("retrieval", overlaps >= 0.9)):
        bootstrap = values.mean(axis=1)[drawn].mean(axis=1).std()
        # The bootstrap divides by n where an unbiased variance divides by n - 1; its own noise
        # is 1/sqrt(2 n_bootstrap) = 0.5 %.
        expected = bootstrap * math.sqrt(n / (n - 1))
        assert row[f"{name}_error"] == pytest.approx(expected, rel=0.02)
        assert row[name] == pytest.approx(values.mean())


@pytest.mark.parametrize("overlap", [1.0, 0.3])
def test_a_share_of_zero_or_one_has_an_error_that_is_not_zero(overlap):
    row = planted_scan(np.full((10, 4), overlap)).summary()[0]
    p = 0.5 / 11
    assert row["retrieval_error"] == pytest.approx(math.sqrt(p * (1 - p) / 11))


def test_a_single_instance_has_no_error_of_the_overlap():
    row = planted_scan([[1.0, 0.9, 0.8]]).summary()[0]
    assert math.isnan(row["overlap_error"])
    assert row["retrieval_error"] > 0.1


def test_the_threshold_is_inclusive():
    assert planted_scan([[0.9, 0.89]]).summary()[0]["retrieval"] == 0.5


def test_half_points_fall_with_size(scan):
    small, large = scan.half_points
    assert small.n_spins == 200
    # About 0.20 and 0.187: their errors, near 0.003, leave room for the order.
    assert 0.15 < large.value < small.value < 0.25
    assert math.isnan(scan.alpha_c.value)
    assert "cannot be known from fewer than three" in scan.alpha_c.note


def test_loads_that_do_not_bracket_leave_a_reason():
    low = capacity(200, loads=(0.02, 0.04), n_instances=5, n_starts=2)
    assert math.isnan(low.half_points[0].value)
    assert "above the largest load" in low.half_points[0].reason
    assert math.isnan(low.alpha_c.value)


# ---- files, figure, pickle ---------------------------------------------------------------------


def test_save_writes_trials_summary_and_figure(scan, tmp_path):
    pytest.importorskip("matplotlib")
    paths = scan.save(tmp_path / "new" / "folder")
    assert [p.name for p in paths] == ["trials.csv", "summary.json", "capacity.png"]
    assert sorted(p.name for p in paths[0].parent.iterdir()) == sorted(p.name for p in paths)
    with open(paths[0], encoding="ascii") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(scan.trials)
    assert list(rows[0]) == list(scan.trials.dtype.names)
    assert [float(r["overlap"]) for r in rows] == scan.trials["overlap"].tolist()
    summary = json.loads(paths[1].read_text())
    assert summary["theory"]["replica_symmetric"] == pytest.approx(0.137906, abs=1e-6)
    assert [p["n_spins"] for p in summary["half_points"]] == [200, 300]
    assert summary["alpha_c"]["value"] is None
    assert "cannot be known" in summary["alpha_c"]["note"]
    assert "zero-temperature descent" in summary["measured"]
    assert summary["config"]["seed"] == 0
    assert summary["complete"] is True
    assert paths[2].read_bytes().startswith(b"\x89PNG")


def test_json_has_null_where_there_is_no_number(tmp_path):
    low = capacity(200, loads=(0.02, 0.04), n_instances=2, n_starts=2)
    low.to_json(tmp_path / "s.json")
    text = (tmp_path / "s.json").read_text()
    assert "NaN" not in text
    summary = json.loads(text)
    assert summary["alpha_c"]["value"] is None
    assert summary["half_points"][0]["value"] is None
    assert summary["half_points"][0]["reason"]


def test_a_scan_pickles(scan):
    again = pickle.loads(pickle.dumps(scan))
    np.testing.assert_array_equal(again.trials, scan.trials)
    assert again.config == scan.config
    assert again.half_points == scan.half_points


def test_plot_draws_on_what_it_is_given(scan):
    pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    ax = Figure().subplots()
    assert scan.plot(ax=ax) is ax
    assert ax.get_xlabel() == "load $P/N$"
    axes = Figure().subplots(2, 2)
    assert list(scan.plot(ax=axes)) == list(axes.ravel())
    with pytest.raises(ValueError, match="ax must be one Axes or four, got 2"):
        scan.plot(ax=Figure().subplots(1, 2))


# ---- interruption ------------------------------------------------------------------------------


@pytest.mark.parametrize("finished", [0, 2])
def test_an_interrupt_carries_the_finished_trials(monkeypatch, tmp_path, finished):
    work = room.CapacityExperiment.work
    begun = []

    def interrupted(self, task, share):
        begun.append(task)
        if len(begun) > finished:
            raise KeyboardInterrupt
        return work(self, task, share)

    monkeypatch.setattr(room, "_TASK", 0.0)  # one instance a task
    monkeypatch.setattr(room.CapacityExperiment, "work", interrupted)
    with pytest.raises(KeyboardInterrupt) as caught:
        capacity((100, 200), loads=(0.1, 0.3), n_instances=5, n_starts=2, num_threads=1)
    assert isinstance(caught.value, Interrupted)
    assert (caught.value.done, caught.value.total) == (2 * finished, 40)
    result = pickle.loads(pickle.dumps(caught.value)).result
    assert len(result.trials) == 2 * finished
    assert not result.complete
    assert "no trial was finished" in result.half_points[0].reason
    assert len(result.save(tmp_path)) >= 2


def test_the_length_of_tasks_changes_no_trial(scan, monkeypatch):
    monkeypatch.setattr(room, "_TASK", 1e-3)
    again = capacity((200, 300), (0.1, 0.15, 0.2, 0.25, 0.3), n_instances=20, n_starts=3)
    np.testing.assert_array_equal(again.trials, scan.trials)


# ---- bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"n_spins": 0}, ValueError, "n_spins must be an integer >= 1, got 0"),
        ({"n_spins": 10.5}, TypeError, "n_spins must be an integer >= 1, got 10.5"),
        ({"n_spins": ()}, ValueError, "n_spins must not be empty"),
        ({"n_spins": (100, 100)}, ValueError, "n_spins must hold each value once, got 100"),
        ({"loads": ()}, ValueError, "loads must not be empty"),
        ({"loads": (0.1, 0.1)}, ValueError, "loads must hold each value once, got 0.1"),
        ({"loads": (0.0,)}, ValueError, "loads must be above 0 and finite, got 0"),
        ({"loads": (-0.1,)}, ValueError, "loads must be above 0 and finite, got -0.1"),
        ({"loads": (math.inf,)}, ValueError, "loads must be above 0 and finite, got inf"),
        ({"loads": (math.nan,)}, ValueError, "loads must be a number, got nan"),
        ({"loads": ("high",)}, TypeError, "loads must be a real number, got 'high'"),
        ({"loads": (0.004,)}, ValueError, "load 0.004 at N = 100 gives P = 0"),
        ({"n_instances": 0}, ValueError, "n_instances must be an integer >= 1, got 0"),
        ({"n_instances": (3, 4)}, ValueError, "n_instances must be one number, or one for each"),
        ({"n_starts": 0}, ValueError, "n_starts must be an integer >= 1, got 0"),
        ({"n_starts": 11}, ValueError, "n_starts = 11, but load 0.1 at N = 100 gives P = 10"),
        ({"flip": 1.5}, ValueError, "flip must be between 0 and 1, got 1.5"),
        ({"threshold": -1}, ValueError, "threshold must be between 0 and 1, got -1"),
        ({"seed": -1}, ValueError, "seed must be .*, got -1"),
        ({"seed": 1.5}, TypeError, "seed must be .*, got 1.5"),
        ({"num_threads": 0}, ValueError, "num_threads must be an integer >= 1, got 0"),
        ({"max_sweeps": 0}, ValueError, "max_sweeps must be an integer >= 1, got 0"),
        ({"progress": "yes"}, TypeError, "progress must be False, True or a callable, got 'yes'"),
        ({"n_instances": 10**15}, MemoryError, "a scan of 4000000000000000 trials needs"),
    ],
)
def test_a_bad_argument_is_named_with_what_was_expected_and_what_came(arguments, error, message):
    given = {"n_spins": 100, "loads": (0.1,), "n_instances": 1, "n_starts": 4} | arguments
    with pytest.raises(error, match=message):
        capacity(**given)


def test_the_public_names_are_there():
    assert set(experiments.__all__) <= set(dir(experiments))
