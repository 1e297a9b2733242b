"""Mean field held against the lattice: points, curves, files, figure, interruption."""

import json
import math
import pickle

import numpy as np
import pytest

import spinglass
from spinglass import meanfield as methods
from spinglass import plotting
from spinglass.experiments import Interrupted, MeanFieldConfig, MeanFieldLattice, meanfield
from spinglass.theory import ising2d


@pytest.fixture(scope="module")
def found():
    return meanfield(16, [1.5, 2.0, 2.5, 3.2, 4.4], n_sweeps=2000)


def test_measured_magnetizations_are_those_of_the_infinite_lattice_where_it_is_cold():
    cold = meanfield(32, [1.2, 1.6, 1.9], n_sweeps=4000).points
    deviation = (cold["magnetization"] - cold["exact"]) / cold["magnetization_error"]
    # The correlation length is below 2 here, so 32 x 32 is as good as infinite.
    assert np.all(np.abs(deviation) < 5)
    assert np.all(cold["magnetization_error"] < 2e-3)


def test_the_order_of_the_methods_is_that_of_what_they_forget(found):
    p = found.points
    np.testing.assert_array_equal(p["temperature"], [1.5, 2.0, 2.5, 3.2, 4.4])
    assert np.all(p["naive"] >= p["bethe"] - 1e-6)
    assert np.all(p["bethe"] >= p["exact"] - 1e-6)
    np.testing.assert_array_equal(p["naive"] > 1e-3, [True, True, True, True, False])
    np.testing.assert_array_equal(p["bethe"] > 1e-3, [True, True, True, False, False])
    np.testing.assert_array_equal(p["exact"] > 1e-3, [True, True, False, False, False])


@pytest.mark.parametrize("name", ["naive", "bethe"])
def test_the_curves_are_the_solutions_of_the_lattice_of_the_points(found, name):
    for row in found.curves[::25]:
        T = row["temperature"]
        solution = getattr(methods, name)(spinglass.SquareLattice(16), 1 / T, n_starts=1).best
        assert solution.magnetizations.mean() == pytest.approx(row[name], abs=1e-6)
        assert solution.free_energy / 256 == pytest.approx(row[f"{name}_free_energy"], abs=1e-9)
        exact = -T * ising2d.finite_log_partition((16, 16), 1 / T) / 256
        assert row["exact_free_energy"] == pytest.approx(exact, abs=1e-12)


def test_both_free_energies_lie_above_the_exact_one_and_bethe_nearer(found):
    c = found.curves
    assert np.all(c["bethe_free_energy"] >= c["exact_free_energy"] - 1e-12)
    assert np.all(c["naive_free_energy"] >= c["bethe_free_energy"] - 1e-12)
    assert np.isfinite(c["naive"]).all()
    assert np.isfinite(c["bethe"]).all()


def test_curves_end_at_the_critical_temperature_of_their_method(found):
    c = found.curves
    for name, critical in (("naive", 4.0), ("bethe", 2 / math.log(2))):
        assert c[name][c["temperature"] >= critical].max() < 1e-3
        below = c[name][c["temperature"] < critical]
        assert below.min() > 0.04
        # Near T_c both vanish as the square root: m = sqrt(3 (1 - T / T_c)) in naive mean field.
        assert np.all(np.diff(below) < 1e-12)
    near = c[(c["temperature"] > 3.99) & (c["temperature"] < 4)]
    np.testing.assert_allclose(near["naive"], np.sqrt(3 - 0.75 * near["temperature"]), rtol=0.01)


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_change_nothing(found, threads):
    again = meanfield(16, [1.5, 2.0, 2.5, 3.2, 4.4], n_sweeps=2000, num_threads=threads)
    assert again.points.tobytes() == found.points.tobytes()


def test_a_point_depends_on_its_size_temperature_and_seed_alone(found):
    alone = meanfield(16, [2.5], n_sweeps=2000)
    assert alone.points[0].tobytes() == found.points[2].tobytes()
    other = meanfield(16, [2.5], n_sweeps=2000, seed=1)
    assert other.points["magnetization"][0] != alone.points["magnetization"][0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": 2}, "size must be an integer >= 3, got 2"),
        ({"temperatures": []}, "temperatures must not be empty"),
        ({"temperatures": [-1.0]}, "temperatures must be above 0"),
        ({"temperatures": [2.0, 2.0]}, "temperatures must hold each value once"),
        ({"n_sweeps": 1}, "n_sweeps must give two measurements"),
        ({"n_replicas": 0}, "n_replicas must be an integer >= 1"),
        ({"warmup": -1}, "warmup must be an integer >= 0"),
        ({"dynamics": "none"}, "dynamics must be "),
        ({"num_threads": 0}, "num_threads must be an integer >= 1"),
    ],
)
def test_bad_arguments_are_refused_by_name(arguments, message):
    with pytest.raises(ValueError, match=message):
        meanfield(**({"size": 8, "n_sweeps": 100} | arguments))


def test_save_writes_points_curves_summary_and_figure(found, tmp_path):
    pytest.importorskip("matplotlib")
    paths = found.save(tmp_path / "new")
    names = ["points.csv", "curves.csv", "summary.json", "meanfield.png"]
    assert [path.name for path in paths] == names
    table = np.genfromtxt(paths[0], delimiter=",", names=True)
    np.testing.assert_array_equal(table["magnetization"], found.points["magnetization"])
    content = json.loads(paths[2].read_text())
    assert content["complete"] is True
    assert content["critical_temperatures"]["naive"] == 4.0
    assert paths[3].read_bytes().startswith(b"\x89PNG")
    found.save(tmp_path / "new", figure=False)
    assert not paths[3].exists()


def test_a_result_pickles(found):
    again = pickle.loads(pickle.dumps(found))
    assert isinstance(again, MeanFieldLattice)
    assert isinstance(again.config, MeanFieldConfig)
    assert again.to_dict() == found.to_dict()


def test_ctrl_c_keeps_the_points_that_are_finished():
    def interrupt(done, total):
        if done >= 2:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted) as caught:
        meanfield(16, n_sweeps=400, num_threads=1, progress=interrupt)
    result = caught.value.result
    assert 2 <= caught.value.done < caught.value.total == 14
    assert len(result.points) == caught.value.done
    assert not result.complete
    assert len(result.curves) > 90


def test_the_figure_shows_measurement_and_curves(found):
    figure = pytest.importorskip("matplotlib.figure").Figure()
    axes = figure.subplots(1, 2)
    assert found.plot(ax=axes) is not None
    lines = {line.get_label().split(",")[0]: line for line in axes[0].lines}
    np.testing.assert_array_equal(lines["naive mean field"].get_ydata(), found.curves["naive"])
    np.testing.assert_array_equal(lines["exact"].get_ydata(), found.curves["exact"])
    labels = axes[0].get_legend_handles_labels()[1]
    assert any("Monte Carlo" in label for label in labels)
    excess = found.curves["naive_free_energy"] - found.curves["exact_free_energy"]
    np.testing.assert_array_equal(axes[1].lines[0].get_ydata(), excess)
    with pytest.raises(ValueError, match="ax must be one Axes or two, got 3"):
        found.plot(ax=figure.subplots(1, 3))


@pytest.mark.parametrize(
    "arguments", [{"temperatures": [0.05]}, {"temperatures": [4.0]}, {"n_replicas": 1}]
)
def test_any_result_makes_a_figure(arguments):
    pytest.importorskip("matplotlib")
    result = meanfield(**({"size": 4, "n_sweeps": 60} | arguments))
    assert plotting.png(plotting.meanfield, result, (1, 2)).startswith(b"\x89PNG")
