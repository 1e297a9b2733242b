"""The Ising model through its transition: on the exact results, repeatable, stopped at will."""

import json
import os
import pickle
import signal
import threading

import numpy as np
import pytest

import spinglass
from spinglass import plotting
from spinglass.experiments import Interrupted, IsingScan, Snapshot, ising
from spinglass.experiments.ising_transition.config import default_temperatures
from spinglass.experiments.ising_transition.result import CRITICAL_BINDER
from spinglass.experiments.points import replica_estimate
from spinglass.theory import ising2d

CRITICAL = 1 / ising2d.critical_beta()


@pytest.fixture(scope="module")
def scan():
    return ising([4, 8, 16], n_sweeps=2000, snapshot_size=32)


def test_energy_and_specific_heat_are_kaufmans_within_their_errors(scan):
    for quantity in ("energy", "specific_heat"):
        z = scan.deviations(quantity)
        assert len(z) > 30
        # From 32 replicas z follows Student's t of 31: z^2 has mean 31/29 and variance below 2.7.
        assert abs(np.mean(z**2) - 31 / 29) < 5 * (2.7 / len(z)) ** 0.5
        assert np.abs(z).max() < 6


def test_magnetization_and_cumulant_are_those_of_all_states():
    bits = (np.arange(2**9)[:, None] >> np.arange(9)) & 1
    states = (2 * bits - 1).astype(np.int8)
    energy, m = spinglass.SquareLattice(3).energy(states), states.mean(axis=1)
    points = ising(3, [1.5, 2.5, 4.0], n_sweeps=4000, snapshot_size=None).points
    for point in points:
        weight = np.exp(-point["beta"] * (energy - energy.min()))
        weight /= weight.sum()
        square, size = weight @ m**2, weight @ np.abs(m)
        exact = {
            "energy": weight @ energy / 9,
            "magnetization": size,
            "susceptibility": point["beta"] * 9 * (square - size**2),
            "binder": 1 - weight @ m**4 / (3 * square**2),
        }
        for name, value in exact.items():
            assert abs(point[name] - value) < 6 * point[f"{name}_error"], name
        assert point["exact_energy"] == pytest.approx(exact["energy"], abs=1e-10)


def test_cumulants_cross_near_the_critical_point(scan):
    assert list(scan.crossings) == [(4, 8), (4, 16), (8, 16)]
    found = scan.critical_beta
    assert found is scan.crossings[8, 16]
    # Small lattices cross beyond beta_c: by less than 1 % at L = 8.
    assert abs(found.beta - ising2d.critical_beta()) < 0.004 + 5 * found.beta_error
    assert abs(found.height - CRITICAL_BINDER) < 0.01 + 5 * found.height_error


def test_errors_are_the_spread_of_the_replicas():
    rng = np.random.default_rng(1)
    replicas = rng.normal(size=40)[:, None] + np.zeros(100)  # each remembers its value for ever
    value, error = replica_estimate(lambda x: x, replicas)
    assert value == pytest.approx(replicas.mean())
    assert error == pytest.approx(replicas[:, 0].std(ddof=1) / 40**0.5)


def test_a_point_depends_on_its_size_temperature_and_seed_alone(scan):
    T = float(scan.of_size(8)["temperature"][3])
    alone = ising(8, [T], n_sweeps=2000, snapshot_size=None)
    assert alone.points[0] == scan.of_size(8)[3]
    other = ising(8, [T], n_sweeps=2000, snapshot_size=None, seed=1)
    assert other.points["energy"][0] != alone.points["energy"][0]


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_threads_change_nothing(scan, threads):
    again = ising([4, 8, 16], n_sweeps=2000, snapshot_size=32, num_threads=threads)
    assert again.points.tobytes() == scan.points.tobytes()
    for one, other in zip(again.snapshots, scan.snapshots, strict=True):
        np.testing.assert_array_equal(one.spins, other.spins)


@pytest.mark.parametrize("seed", [None, np.random.SeedSequence(5), np.random.default_rng(5)])
def test_any_seed_is_recorded_as_an_integer_that_repeats_the_run(seed):
    first = ising(4, [2.0], n_sweeps=100, snapshot_size=None, seed=seed)
    assert type(first.config.seed) is int
    again = ising(4, [2.0], n_sweeps=100, snapshot_size=None, seed=first.config.seed)
    assert first.points.tobytes() == again.points.tobytes()


def test_a_large_cold_lattice_is_ordered_and_a_hot_one_is_not(scan):
    assert [x.temperature for x in scan.snapshots] == [2.0, pytest.approx(CRITICAL, abs=1e-4), 2.6]
    cold, _, hot = (x.spins for x in scan.snapshots)
    assert cold.shape == (32, 32)
    assert abs(cold.mean()) > 0.7  # 0.911 on average
    assert abs(hot.mean()) < 0.7


@pytest.mark.parametrize("size", [2, 3, 16, 128, 4096])
def test_default_temperatures_are_around_the_rounded_transition(size):
    grid = np.array(default_temperatures(size))
    assert (np.diff(grid) > 0).all()
    assert grid[0] > 0.5
    x = (grid / CRITICAL - 1) * size
    assert np.count_nonzero(np.abs(x) < 2.1) >= 6


def test_points_that_are_too_short_are_named():
    short = ising([32], [CRITICAL], n_sweeps=200, n_replicas=2, warmup=10, snapshot_size=None)
    assert short.doubtful.tolist() == [True]
    assert short.to_dict()["sizes"][0]["doubtful_temperatures"] == [CRITICAL]


def test_without_a_single_flip_there_is_no_error_and_no_deviation():
    cold = ising(4, [0.05], n_sweeps=50, snapshot_size=None)
    assert cold.points["energy"].tolist() == [-2.0]
    assert np.isnan(cold.deviations("energy")).all()
    assert cold.to_dict()["sizes"][0]["chi_square_per_point_energy"] is None


# ---- results -----------------------------------------------------------------------------------


def test_save_writes_points_summary_and_figure(scan, tmp_path):
    pytest.importorskip("matplotlib")
    paths = scan.save(tmp_path / "new" / "folder")
    assert [path.name for path in paths] == ["points.csv", "summary.json", "ising.png"]
    table = np.genfromtxt(paths[0], delimiter=",", names=True)
    assert table.dtype.names == scan.points.dtype.names
    np.testing.assert_array_equal(table["binder"], scan.points["binder"])
    content = json.loads(paths[1].read_text())
    assert content["version"] == spinglass.__version__
    assert content["complete"] is True
    assert content["config"]["sizes"] == [4, 8, 16]
    assert content["crossings"][2]["L"] == [8, 16]
    assert content["critical_beta"]["beta"] == scan.critical_beta.beta
    assert paths[2].read_bytes().startswith(b"\x89PNG")


def test_without_a_figure_none_is_left_from_an_earlier_run(scan, tmp_path):
    (tmp_path / "ising.png").write_text("old")
    scan.save(tmp_path, figure=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["points.csv", "summary.json"]


def test_a_result_pickles(scan):
    again = pickle.loads(pickle.dumps(scan))
    assert isinstance(again, IsingScan)
    assert isinstance(again.snapshots[0], Snapshot)
    assert again.to_dict() == scan.to_dict()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sizes": []}, "sizes must not be empty"),
        ({"sizes": [8, 8]}, "sizes must hold each value once, got 8"),
        ({"sizes": 1}, "sizes must be an integer >= 2, got 1"),
        ({"temperatures": [2.0, 2.0]}, "temperatures must hold each value once"),
        ({"temperatures": [0.0]}, "temperatures must be above 0 and finite, got 0"),
        ({"temperatures": [np.inf]}, "temperatures must be above 0 and finite, got inf"),
        ({"n_sweeps": 0}, "n_sweeps must be an integer >= 1, got 0"),
        ({"n_sweeps": 7, "sizes": 64}, "n_sweeps must give two measurements"),
        ({"n_replicas": 0}, "n_replicas must be an integer >= 1, got 0"),
        ({"warmup": -1}, "warmup must be an integer >= 0, got -1"),
        ({"dynamics": "kawasaki"}, 'dynamics must be "metropolis"'),
        ({"snapshot_size": 1}, "snapshot_size must be an integer >= 2, got 1"),
        ({"seed": -1}, "seed must be"),
        ({"num_threads": 0}, "num_threads must be an integer >= 1, got 0"),
    ],
)
def test_bad_arguments_are_refused_by_name(arguments, message):
    with pytest.raises(ValueError, match=message):
        ising(**({"sizes": 4, "temperatures": [2.0], "n_sweeps": 100} | arguments))


# ---- Ctrl-C ------------------------------------------------------------------------------------


def test_ctrl_c_keeps_the_points_that_are_finished():
    def interrupt(done, total):
        if done >= 3:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted) as caught:
        ising([4, 8], n_sweeps=500, num_threads=1, progress=interrupt)
    error = caught.value
    assert isinstance(error, KeyboardInterrupt)
    assert 3 <= error.done == len(error.result.points) < error.total
    assert not error.result.complete
    whole = ising([4, 8], n_sweeps=500, snapshot_size=None).points
    assert set(error.result.points.tolist()) <= set(whole.tolist())
    again = pickle.loads(pickle.dumps(error))
    assert (again.done, again.total) == (error.done, error.total)


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT to itself")
def test_a_long_point_is_ended_by_ctrl_c_at_once():
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(Interrupted) as caught:
        ising([64], [2.0, 2.2], n_sweeps=100, warmup=2**39, snapshot_size=None)
    assert caught.value.done == 0


# ---- figures -----------------------------------------------------------------------------------


@pytest.fixture
def figure():
    return pytest.importorskip("matplotlib.figure").Figure()


def test_the_figure_shows_the_points_and_the_exact_curves(scan, figure):
    axes = figure.subplots(3, 3).ravel()
    scan.plot(ax=axes)
    labels = [text.get_text() for text in axes[0].get_legend().get_texts()]
    assert labels == ["exact, same $L$ (Kaufman)", "exact, $L = \\infty$ (Onsager)"]
    assert all(ax.get_xlabel() and ax.get_ylabel() for ax in axes[:6])
    np.testing.assert_array_equal(axes[6].images[0].get_array(), scan.snapshots[0].spins)
    assert axes[7].get_title().endswith("at $T_c$")
    ticks = [text.get_text() for text in axes[5].get_yticklabels()]
    assert ticks == ["4 and 8", "4 and 16", "8 and 16"]
    one = figure.subplots()
    assert scan.plot(ax=one) is one
    with pytest.raises(ValueError, match="ax must be one Axes or 6 to 9, got 2"):
        scan.plot(ax=figure.subplots(1, 2))


@pytest.mark.parametrize(
    "arguments",
    [
        {"sizes": [4], "temperatures": [0.05]},
        {"sizes": [4], "temperatures": [2.3]},
        {"sizes": [4, 8], "temperatures": [3.0, 4.0]},
        {"sizes": list(range(4, 12)), "temperatures": [2.2, 2.3]},
        {"sizes": [4, 8], "temperatures": [2.2, 2.3], "snapshot_size": 4},
        {"sizes": [4], "temperatures": [2.2], "n_replicas": 1, "n_sweeps": 2},
    ],
)
def test_any_scan_makes_a_figure(arguments):
    pytest.importorskip("matplotlib")
    result = ising(**({"n_sweeps": 50, "snapshot_size": None} | arguments))
    picture = plotting.png(plotting.ising, result, *plotting.ising_layout(result))
    assert picture.startswith(b"\x89PNG")
