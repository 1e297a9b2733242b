"""Pictures recalled: by the network's own dynamics, the energy falling, bad pictures named."""

import json
import pickle
import subprocess
import sys

import numpy as np
import pytest

import reference
import spinglass
from spinglass import Hopfield, corrupt, plotting
from spinglass.experiments import EnergyTrace, RecallPictures, recall_pictures


@pytest.fixture(scope="module")
def cross():
    return recall_pictures()


@pytest.fixture(scope="module")
def digits():
    """One image of each digit, grey 0 to 16, (10, 8, 8)."""
    bunch = pytest.importorskip("sklearn.datasets").load_digits()
    return np.stack([bunch.images[np.flatnonzero(bunch.target == d)[0]] for d in range(10)])


@pytest.fixture
def pillow():
    return pytest.importorskip("PIL.Image")


def flat(pictures):
    return pictures.reshape(len(pictures), -1)


# ---- the dynamics ------------------------------------------------------------------------------


def test_the_cross_is_recalled_exactly_from_30_per_cent_of_its_pixels_flipped(cross):
    assert cross.names[0] == "cross"
    assert np.count_nonzero(cross.start[0] != cross.stored[0]) == 36
    np.testing.assert_array_equal(cross.recalled[0], cross.stored[0])
    assert cross.overlap[0] == 1
    assert cross.converged[0]
    arm = np.abs(np.arange(-5, 6)) <= 1
    np.testing.assert_array_equal(cross.stored[0] == -1, arm[:, None] | arm)


def test_the_cross_is_recalled_from_nearly_all_draws_of_the_noise():
    exact = [recall_pictures(seed=seed).overlap[0] == 1 for seed in range(100)]
    # 0.985 in 2000 draws: 100 draws give fewer than 90 with a probability below 1e-6.
    assert np.mean(exact) >= 0.9


def test_the_built_in_figures_have_little_in_common(cross):
    overlaps = reference.overlaps(flat(cross.stored), flat(cross.stored))
    assert np.abs(overlaps - np.eye(5)).max() < 0.125
    assert np.abs(flat(cross.stored).mean(axis=1)).max() < 0.125


@pytest.mark.parametrize(("size", "flip"), [(3, 0.4), (8, 0.3), (20, 0.1), (33, 0.45)])
def test_recalled_is_what_the_network_recalls_from_the_start(size, flip):
    rng = np.random.default_rng(size)
    images = rng.normal(size=(12, size, size))
    result = recall_pictures(images, flip=flip, seed=3)
    patterns, start = flat(result.stored), flat(result.start)
    expected = Hopfield(patterns).recall(start)
    np.testing.assert_array_equal(start, corrupt(patterns, flip, seed=3))
    np.testing.assert_array_equal(flat(result.recalled), expected.states)
    np.testing.assert_array_equal(result.flips, expected.flips)
    np.testing.assert_array_equal(result.sweeps, expected.sweeps)
    np.testing.assert_array_equal(result.best_picture, expected.best_pattern)
    own = (patterns * expected.states).mean(axis=1)
    np.testing.assert_allclose(result.overlap, own, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("count", "size", "flip"), [(1, 5, 0.3), (30, 9, 0.3), (4, 60, 0.45)])
def test_energy_never_rises_and_ends_at_that_of_the_final_state(count, size, flip):
    images = np.random.default_rng(count).normal(size=(count, size, size))
    result = recall_pictures(images, flip=flip)
    network = Hopfield(flat(result.stored))
    for k, trace in enumerate(result.traces):
        assert (np.diff(trace.energy) < 0).all()
        assert (np.diff(trace.updates) > 0).all()
        assert trace.updates[0] == 0
        assert trace.updates[-1] <= result.sweeps[k] * size**2
        assert len(trace.updates) == len(trace.energy) == result.flips[k] + 1
        assert trace.energy[0] == network.energy(result.start[k].ravel())
        assert trace.energy[-1] == network.energy(result.recalled[k].ravel())
    np.testing.assert_array_equal(result.stored_energy, network.energy(flat(result.stored)))


def test_the_trace_is_that_of_single_visits_by_brute_force():
    result = recall_pictures(np.random.default_rng(1).normal(size=(6, 4, 4)), flip=0.4)
    patterns = flat(result.stored)
    matrix = reference.integer_couplings(patterns)
    for k, start in enumerate(flat(result.start)):
        state, visits = start.astype(int), 0
        expected = [(0, float(reference.exact_energy(patterns, state)) / 16)]
        for _ in range(int(result.sweeps[k])):
            for site in range(16):
                visits += 1
                if reference.is_turned(matrix, np.zeros(16), state, site):
                    state[site] *= -1
                    energy = float(reference.exact_energy(patterns, state)) / 16
                    expected.append((visits, energy))
        trace = result.traces[k]
        assert list(zip(trace.updates.tolist(), trace.energy.tolist(), strict=True)) == expected


def test_an_unfinished_recall_says_so_and_its_trace_ends_where_it_stopped():
    images = np.random.default_rng(2).normal(size=(40, 12, 12))
    result = recall_pictures(images, flip=0.5, max_sweeps=1)
    assert not result.converged.any()
    energies = Hopfield(flat(result.stored)).energy(flat(result.recalled))
    assert [trace.energy[-1] for trace in result.traces] == energies.tolist()


def test_threads_change_nothing():
    images = np.random.default_rng(3).normal(size=(9, 16, 16))
    one, other = (recall_pictures(images, num_threads=count) for count in (1, 3))
    np.testing.assert_array_equal(one.recalled, other.recalled)
    assert one.to_dict() == other.to_dict()


def test_the_seed_chooses_the_flipped_pixels():
    one, same, other = (recall_pictures(seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.start, same.start)
    assert (one.start != other.start).any()


@pytest.mark.parametrize("seed", [None, np.random.SeedSequence(5), np.random.default_rng(5)])
def test_any_seed_is_recorded_as_an_integer_that_repeats_the_run(seed):
    first = recall_pictures(seed=seed)
    assert type(first.config.seed) is int
    np.testing.assert_array_equal(first.start, recall_pictures(seed=first.config.seed).start)


# ---- arrays as pictures ------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_digits_are_pictures_and_two_unlike_ones_are_recalled(digits, seed):
    ink = {f"digit {d}": 16 - digits[d] for d in (0, 2)}
    result = recall_pictures(ink, flip=0.3, seed=seed)
    assert result.names == ("digit 0", "digit 2")
    assert result.config.size == 8
    np.testing.assert_array_equal(result.recalled, result.stored)
    # Dark is where there is ink, and in the corners of a digit there is none.
    assert (result.stored[:, ::7, ::7] == 1).all()
    assert (flat(result.stored).mean(axis=1) < 0.1).all()


def test_all_ten_digits_are_too_alike_and_the_result_says_so(digits):
    result = recall_pictures(digits, flip=0.2)
    assert (result.overlap < 1).any()
    lost = result.best_picture != np.arange(10)
    assert lost.any()
    assert (result.best_overlap[lost] >= result.overlap[lost]).all()


def test_grey_levels_are_cut_where_light_and_dark_are_most_nearly_equal():
    ramp = np.arange(64.0).reshape(8, 8)
    assert recall_pictures([ramp]).stored.sum() == 0
    # The median is white itself: only what is darker can be dark.
    drawing = np.full((8, 8), 255)
    drawing[2:4, 1:5] = [[10, 60, 110, 160]] * 2
    np.testing.assert_array_equal(recall_pictures([drawing]).stored[0] == -1, drawing < 255)
    # And on black: only what is lighter can be light.
    np.testing.assert_array_equal(recall_pictures([255 - drawing]).stored[0] == 1, drawing < 255)


def test_an_array_of_spins_is_stored_as_it_is():
    spins = -np.ones((6, 6))
    spins[0, 0] = 1
    np.testing.assert_array_equal(recall_pictures([spins]).stored[0], spins)
    with pytest.raises(ValueError, match="more than one grey level"):
        recall_pictures([np.zeros((6, 6))])


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.uint16, np.int64, np.float16, np.float64])
def test_any_real_dtype_is_a_picture(dtype):
    image = np.zeros((6, 6), dtype)
    image[:, :3] = 1
    assert recall_pictures([image]).stored[0].tolist() == [[1, 1, 1, -1, -1, -1]] * 6


def test_large_grey_levels_do_not_overflow(pillow):
    image = np.zeros((6, 6))
    image[:, :3] = 1e300
    expected = [[1] * 2 + [-1] * 2] * 4
    assert recall_pictures([image], size=4).stored[0].tolist() == expected


def test_arrays_are_cropped_to_their_central_square_and_resized(pillow):
    wide = np.zeros((20, 60))
    wide[:10, 20:40] = 1.0
    wide[:, :20] = 5.0
    result = recall_pictures([wide, wide.T], size=4)
    half = [[1] * 4] * 2 + [[-1] * 4] * 2
    assert result.stored[0].tolist() == half
    assert result.stored[1].tolist() == np.transpose(half).tolist()
    assert recall_pictures([wide, wide]).config.size == 64


# ---- results -----------------------------------------------------------------------------------


def test_save_writes_the_numbers_and_the_picture(cross, tmp_path):
    pytest.importorskip("matplotlib")
    paths = cross.save(tmp_path / "new" / "folder")
    assert [path.name for path in paths] == ["recall.json", "recall.png"]
    assert sorted(paths) == sorted(paths[0].parent.iterdir())
    content = json.loads(paths[0].read_text())
    assert content["version"] == spinglass.__version__
    assert content["config"] == {
        "images": None,
        "flip": 0.3,
        "size": 11,
        "max_sweeps": 1000,
        "seed": 0,
    }
    first = content["pictures"][0]
    assert first["name"] == "cross"
    assert first["overlap"] == 1
    assert first["start_overlap"] == cross.start_overlap[0] == 1 - 2 * 36 / 121
    assert first["energy"] == first["stored_energy"] < first["start_energy"]
    assert paths[1].read_bytes().startswith(b"\x89PNG")


def test_without_a_figure_none_is_left_from_an_earlier_run(cross, tmp_path):
    (tmp_path / "recall.png").write_text("old")
    assert [path.name for path in cross.save(tmp_path, figure=False)] == ["recall.json"]
    assert [path.name for path in tmp_path.iterdir()] == ["recall.json"]


def test_a_result_pickles(cross):
    again = pickle.loads(pickle.dumps(cross))
    assert isinstance(again, RecallPictures)
    assert isinstance(again.traces[0], EnergyTrace)
    np.testing.assert_array_equal(again.recalled, cross.recalled)
    assert again.to_dict() == cross.to_dict()


# ---- figures -----------------------------------------------------------------------------------


@pytest.fixture
def figure():
    return pytest.importorskip("matplotlib.figure").Figure()


def test_the_energy_that_is_drawn_never_rises(cross, figure):
    ax = figure.subplots()
    assert cross.plot(ax=ax) is ax
    drawn = [line.get_ydata() for line in ax.lines if len(line.get_ydata()) > 2]
    assert len(drawn) == 5
    for energy in drawn:
        assert (np.diff(energy) <= 0).all()
    assert ax.get_ylabel() == "energy $E$"
    assert ax.get_xlabel().startswith("updates")


def test_each_picture_is_drawn_as_stored_started_from_and_recalled(digits, figure):
    result = recall_pictures({f"digit {d}": digits[d] for d in (0, 1, 4)}, flip=0.2)
    axes = figure.subplots(1, 7)
    result.plot(ax=axes)
    drawn = [np.asarray(ax.images[0].get_array()) for ax in axes[:6]]
    for k in (0, 1):
        panels = [result.stored[k], result.start[k], result.recalled[k]]
        np.testing.assert_array_equal(drawn[3 * k : 3 * k + 3], panels)
    # The digit 0 is not recalled among these, and the figure says so.
    assert axes[2].get_title() == f"recalled: $m = {result.overlap[0]:.2f}$"
    assert result.overlap[0] < 0.9
    assert axes[2].get_xlabel() == f"nearer to digit 4: {result.best_overlap[0]:.2f}"


@pytest.mark.parametrize("count", [1, 2, 5, 6, 8])
def test_any_number_of_pictures_makes_a_figure(count):
    pytest.importorskip("matplotlib")
    images = np.random.default_rng(5).normal(size=(count, 6, 6))
    result = recall_pictures({f"$ugly_{k}$ {'name' * 9} 図.png": x for k, x in enumerate(images)})
    mosaic, size = plotting.pictures_layout(result)
    assert plotting.png(plotting.pictures, result, mosaic, size).startswith(b"\x89PNG")


def test_a_wrong_number_of_axes_is_refused(cross, figure):
    with pytest.raises(ValueError, match=r"ax must be 3 k \+ 1 Axes with k from 0 to 5.*, got 2"):
        cross.plot(ax=figure.subplots(1, 2))
    with pytest.raises(ValueError, match="got 19"):
        cross.plot(ax=figure.subplots(1, 19))


@pytest.mark.parametrize("single", [True, False])
@pytest.mark.parametrize(("update", "beta"), [("sequential", np.inf), ("synchronous", 2.0)])
def test_a_recall_plots_its_final_overlaps_against_those_of_the_start(figure, single, update, beta):
    patterns = spinglass.random_patterns(5, 100, seed=1)
    starts = corrupt(patterns, 0.2, seed=2)
    result = Hopfield(patterns).recall(
        starts[0] if single else starts, update, beta=beta, max_sweeps=9, seed=3
    )
    ax = figure.subplots()
    assert result.plot(ax=ax) is ax
    points = np.concatenate([np.asarray(x.get_offsets()) for x in ax.collections])
    expected = np.column_stack([np.atleast_1d(result.start_overlap), np.atleast_1d(result.overlap)])
    np.testing.assert_allclose(np.sort(points, axis=0), np.sort(expected, axis=0))
    labels = " ".join(text.get_text() for text in ax.get_legend().get_texts())
    count = 1 if single else 5
    assert (f"fixed point ({count})" in labels) == (beta == np.inf)
    assert (f"not at rest ({count})" in labels) == (beta != np.inf)


def test_two_cycles_are_marked_as_such(figure):
    # Two spins that follow one another swap for ever when both move at once.
    result = Hopfield([[1, 1]]).recall([[1, -1], [1, 1]], update="synchronous")
    ax = result.plot(ax=figure.subplots())
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["fixed point (1)", "two-cycle (1)", "no change"]


def test_plotting_keeps_its_names_and_leaves_pyplot_alone():
    pytest.importorskip("matplotlib")
    assert set(plotting.__all__) <= set(dir(plotting))
    assert all(callable(getattr(plotting, x)) for x in ("capacity", "recall", "phase_diagram"))
    code = (
        "import sys; from spinglass import plotting; from spinglass.experiments import "
        "recall_pictures as r; x = r(); plotting.png(plotting.pictures, x, "
        "*plotting.pictures_layout(x)); print('matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]
