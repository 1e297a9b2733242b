"""Block spins of the Ising model: the rule by hand, exact correlations, the fixed point."""

import json
import pickle

import numpy as np
import pytest

import spinglass
from spinglass import plotting
from spinglass.experiments import Flow, Interrupted, Renormalization, renormalize
from spinglass.experiments.renormalization_flow.config import default_temperatures
from spinglass.experiments.renormalization_flow.points import block_spins, neighbour_correlation
from spinglass.theory import ising2d


@pytest.fixture(scope="module")
def found():
    return renormalize(32, n_sweeps=2000, picture_size=32)


# ---- the rule ----------------------------------------------------------------------------------


def test_a_block_is_the_majority_of_its_four():
    lattice = np.array(
        [
            [1, 1, -1, -1, -1, 1],
            [1, 1, -1, -1, -1, -1],
            [1, 1, -1, 1, -1, -1],
            [-1, 1, 1, 1, -1, -1],
        ],
        dtype=np.int8,
    )
    for seed in range(5):  # nowhere a tie, so the random bits do not matter
        blocks = block_spins(lattice, np.random.default_rng(seed))
        assert blocks.tolist() == [[1, -1, -1], [1, 1, -1]]
        assert blocks.dtype == np.int8


def test_a_block_of_two_against_two_is_a_fair_toss_of_its_own():
    checkerboard = np.ones((200, 200), dtype=np.int8)
    checkerboard[::2, ::2] = checkerboard[1::2, 1::2] = -1
    rng = np.random.default_rng(1)
    first, second = block_spins(checkerboard, rng), block_spins(checkerboard, rng)
    assert set(np.unique(first)) == {-1, 1}
    # 10^4 tosses: the mean, and the correlation of two, have the standard error 0.01.
    for mean in (first.mean(), (first * second).mean(), (first[1:] * first[:-1]).mean()):
        assert abs(mean) < 0.055
    again = block_spins(checkerboard, np.random.default_rng(1))
    np.testing.assert_array_equal(again, first)


def test_blocks_are_those_of_a_loop_over_all_of_them():
    rng = np.random.default_rng(2)
    states = rng.choice(np.array([-1, 1], dtype=np.int8), size=(3, 5, 8, 8))
    blocks = block_spins(states, rng)
    assert blocks.shape == (3, 5, 4, 4)
    for index in np.ndindex(blocks.shape):
        *which, i, j = index
        total = int(states[tuple(which)][2 * i : 2 * i + 2, 2 * j : 2 * j + 2].sum())
        assert blocks[index] in (-1, 1)
        if total:
            assert blocks[index] == np.sign(total)


def test_the_correlation_is_minus_half_the_energy_per_spin():
    rng = np.random.default_rng(3)
    states = rng.choice(np.array([-1, 1], dtype=np.int8), size=(4, 6, 6))
    energies = spinglass.SquareLattice(6).energy(states.reshape(4, 36))
    np.testing.assert_allclose(neighbour_correlation(states), -energies / 72, atol=1e-12)
    assert neighbour_correlation(np.ones((2, 2), dtype=np.int8)) == 1.0


# ---- what is measured --------------------------------------------------------------------------


def test_correlations_of_the_lattice_itself_are_kaufmans(found):
    z = found.deviations()
    assert len(z) == 14
    # From 32 replicas z follows Student's t of 31: z^2 has mean 31/29 and variance below 2.7.
    assert abs(np.mean(z**2) - 31 / 29) < 5 * (2.7 / 14) ** 0.5


def test_blocking_orders_below_and_disorders_above():
    flow = renormalize(32, [1.8, 3.5], n_sweeps=1000, picture_size=None)
    cold, hot = (
        np.array([flow.curve(32, k)["correlation"][j] for k in range(4)]) for j in range(2)
    )
    assert (np.diff(cold) > 0).all()
    assert (np.diff(hot) < 0).all()


def test_the_crossings_come_near_the_critical_point(found):
    assert list(found.crossings) == [1, 2, 3]
    exact = ising2d.critical_beta()
    for k, crossing in found.crossings.items():
        # The first step leaves 0.0023 at L = 128 and 0.0028 at 64, later ones less than 0.001.
        assert abs(crossing.beta - exact) < 0.006 / k + 5 * crossing.beta_error


def test_the_thermal_exponent_is_near_one(found):
    # What one coupling alone gives, from runs of 2 x 10^6 sweeps of L = 64 and 128: 0.91 to 0.92
    # after one step and 0.94 to 0.98 after more. The exact exponent is 1.
    exponents = found.thermal_exponents
    assert list(exponents) == [1, 2, 3]
    assert abs(exponents[1].value - 0.915) < 0.01 + 5 * exponents[1].error
    for k in (2, 3):
        assert abs(exponents[k].value - 0.96) < 0.03 + 5 * exponents[k].error


def test_without_the_critical_temperature_there_is_no_exponent():
    result = renormalize(16, [2.2, 2.4], n_sweeps=100, picture_size=None)
    assert result.thermal_exponents == {}
    assert result.to_dict()["thermal_exponents"] == []


def test_pictures_are_blocks_of_blocks(found):
    assert [flow.temperature for flow in found.flows] == [2.15, 2.2692, 2.45]
    for flow in found.flows:
        assert [level.shape for level in flow.levels] == [(32, 32), (16, 16), (8, 8)]
        for before, after in zip(flow.levels, flow.levels[1:], strict=False):
            side = len(after)
            sums = before.reshape(side, 2, side, 2).sum(axis=(1, 3))
            np.testing.assert_array_equal(after[sums != 0], np.sign(sums[sums != 0]))


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_change_nothing(found, threads):
    again = renormalize(32, n_sweeps=2000, picture_size=32, num_threads=threads)
    assert again.points.tobytes() == found.points.tobytes()
    np.testing.assert_array_equal(again.flows[1].levels[-1], found.flows[1].levels[-1])


def test_a_point_depends_on_its_size_temperature_and_seed_alone(found):
    T = default_temperatures(32)[2]
    alone = renormalize(32, [T], n_sweeps=2000, picture_size=None)
    same = found.points[found.points["temperature"] == T]
    assert alone.points.tobytes() == same.tobytes()
    other = renormalize(32, [T], n_sweeps=2000, picture_size=None, seed=1)
    assert (other.points["correlation"] != alone.points["correlation"]).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": 8}, "size must be an integer >= 16, got 8"),
        ({"size": 48}, "size must be a power of two, got 48"),
        ({"picture_size": 20}, "picture_size must be a power of two, got 20"),
        ({"temperatures": []}, "temperatures must not be empty"),
        ({"temperatures": [-1.0]}, "temperatures must be above 0"),
        ({"n_sweeps": 7}, "n_sweeps must give two measurements"),
        ({"n_replicas": 0}, "n_replicas must be an integer >= 1"),
        ({"warmup": -1}, "warmup must be an integer >= 0"),
        ({"dynamics": "none"}, "dynamics must be "),
        ({"num_threads": 0}, "num_threads must be an integer >= 1"),
    ],
)
def test_bad_arguments_are_refused_by_name(arguments, message):
    with pytest.raises(ValueError, match=message):
        renormalize(**({"size": 16, "n_sweeps": 100} | arguments))


# ---- results -----------------------------------------------------------------------------------


def test_save_writes_points_summary_and_figure(found, tmp_path):
    pytest.importorskip("matplotlib")
    paths = found.save(tmp_path / "new")
    assert [path.name for path in paths] == ["points.csv", "summary.json", "renormalize.png"]
    table = np.genfromtxt(paths[0], delimiter=",", names=True)
    np.testing.assert_array_equal(table["correlation"], found.points["correlation"])
    content = json.loads(paths[1].read_text())
    assert content["complete"] is True
    assert content["n_points"] == 14
    assert [x["step"] for x in content["crossings"]] == [1, 2, 3]
    assert paths[2].read_bytes().startswith(b"\x89PNG")
    found.save(tmp_path / "new", figure=False)
    assert not paths[2].exists()


def test_a_result_pickles(found):
    again = pickle.loads(pickle.dumps(found))
    assert isinstance(again, Renormalization)
    assert isinstance(again.flows[0], Flow)
    assert again.to_dict() == found.to_dict()


def test_ctrl_c_keeps_the_points_that_are_finished():
    def interrupt(done, total):
        if done >= 2:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted) as caught:
        renormalize(16, n_sweeps=400, num_threads=1, progress=interrupt)
    result = caught.value.result
    assert 2 <= caught.value.done < caught.value.total == 14
    assert not result.complete
    assert np.count_nonzero(result.points["step"] == 0) == caught.value.done
    assert all(np.isnan(x.beta) for x in result.crossings.values())


# ---- figures -----------------------------------------------------------------------------------


@pytest.fixture
def figure():
    return pytest.importorskip("matplotlib.figure").Figure()


def test_the_figure_shows_every_picture_at_the_same_size(found, figure):
    shape, size = plotting.renormalize_layout(found)
    figure.set_size_inches(*size)
    axes = plotting.figure.panels(figure, shape)
    found.plot(ax=axes)
    figure.canvas.draw()
    pictures = axes[3:]
    assert len(pictures) == 9
    np.testing.assert_array_equal(pictures[4].images[0].get_array(), found.flows[1].levels[1])
    assert pictures[3].get_ylabel() == "at $T_c$\n$T$ = 2.2692"
    sides = {tuple(np.round(ax.get_position().size * size, 6)) for ax in pictures}
    assert len(sides) == 1
    assert [ax.get_title() for ax in pictures[:3]] == ["the lattice", "1 step", "2 steps"]


def test_a_wrong_number_of_axes_is_refused(found, figure):
    with pytest.raises(ValueError, match="ax must be one Axes, 3 or 12, got 2"):
        found.plot(ax=figure.subplots(1, 2))


@pytest.mark.parametrize(
    "arguments",
    [
        {"temperatures": [0.05]},
        {"temperatures": [2.2, 2.4]},
        {"temperatures": [2.2692], "picture_size": 16},
        {"n_replicas": 1, "n_sweeps": 8},
    ],
)
def test_any_result_makes_a_figure(arguments):
    pytest.importorskip("matplotlib")
    result = renormalize(**({"size": 16, "n_sweeps": 60, "picture_size": None} | arguments))
    layout = plotting.renormalize_layout(result)
    assert plotting.png(plotting.renormalize, result, *layout).startswith(b"\x89PNG")
