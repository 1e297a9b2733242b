"""Images for a machine: found in files, scaled, made binary once; what is no image is named."""

import numpy as np
import pytest

from spinglass.experiments.rbm_training.images import load_images


@pytest.fixture
def grey():
    return np.random.default_rng(1).integers(0, 256, (200, 6, 5), dtype=np.uint8)


def saved(path, **arrays):
    np.savez(path, **arrays)
    return path


@pytest.mark.parametrize("name", ["x_train", "images", "X", "data", "anything"])
def test_images_are_found_under_the_names_people_use(tmp_path, grey, name):
    path = saved(tmp_path / "a.npz", **{name: grey, "labels": np.arange(200)})
    images = load_images(path)
    assert images.name == "a.npz"
    assert images.image_shape == (6, 5)
    assert images.train.shape == (180, 30)
    assert images.test.shape == (20, 30)
    assert images.train.dtype == np.uint8


def test_held_out_images_of_the_file_are_held_out(tmp_path, grey):
    path = saved(tmp_path / "a.npz", x_train=grey[:150], x_test=grey[150:], y_test=np.arange(50))
    images = load_images(path, "none")
    np.testing.assert_allclose(images.train, grey[:150].reshape(150, 30) / 255, rtol=1e-6)
    np.testing.assert_allclose(images.test, grey[150:].reshape(50, 30) / 255, rtol=1e-6)


def test_no_row_is_both_trained_on_and_held_out_and_none_is_lost(grey):
    rows = np.arange(100.0).reshape(100, 1) @ np.ones((1, 3)) / 99
    images = load_images(rows, "none")
    together = np.concatenate([images.train, images.test])[:, 0]
    np.testing.assert_allclose(np.sort(together), rows[:, 0], rtol=0, atol=1e-7)
    assert images.image_shape is None


def test_a_bernoulli_draw_keeps_the_mean_of_a_pixel_and_a_threshold_does_not_draw():
    level = np.repeat(np.array([[0, 64, 128, 255]], dtype=np.uint8), 20_000, axis=0)
    drawn = load_images(level, "bernoulli", seed=3)
    p = level[0] / 255
    error = np.sqrt(p * (1 - p) / len(drawn.train))
    assert (np.abs(drawn.train.mean(axis=0) - p) <= 5 * error).all()
    cut = load_images(level, "threshold").train
    np.testing.assert_array_equal(cut, np.tile([0, 0, 1, 1], (len(cut), 1)))


def test_the_same_seed_draws_the_same_bits_and_another_seed_others(grey):
    one, same, other = (load_images(grey, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.train, same.train)
    np.testing.assert_array_equal(one.test, same.test)
    assert (one.train != other.train).any()


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float32])
def test_bits_stay_as_they_are(dtype):
    bits = np.random.default_rng(2).integers(0, 2, (50, 8)).astype(dtype)
    for binarise in ("bernoulli", "threshold", "none"):
        images = load_images(bits, binarise)
        np.testing.assert_array_equal(images.train, load_images(bits.astype(float), "none").train)


def test_the_digits_are_scaled_by_their_16_grey_levels():
    pytest.importorskip("sklearn")
    images = load_images("digits", "none")
    assert images.train.shape == (1618, 64)
    assert images.test.shape == (179, 64)
    assert images.image_shape == (8, 8)
    assert images.train.max() == 1


def test_without_scikit_learn_the_digits_say_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "sklearn.datasets", None)
    with pytest.raises(ImportError, match=r"pip install 'spinglass\[sklearn\]'"):
        load_images("digits")


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({}, "got nothing in 'a.npz'"),
        ({"y": np.arange(5)}, r"got y \(5,\) in 'a.npz'"),
        ({"a": np.zeros((3, 4)), "b": np.zeros((3, 4))}, r"got a \(3, 4\), b \(3, 4\)"),
        ({"x": np.zeros((0, 4))}, r"got x of shape \(0, 4\)"),
        ({"x": np.array([["a", "b"]])}, "must hold grey levels, got dtype <U1 in x"),
        ({"x": np.full((3, 4), np.nan)}, "finite grey levels >= 0, got nan to nan in x"),
        ({"x": np.full((3, 4), np.inf)}, "finite grey levels >= 0, got inf to inf"),
        ({"x": np.full((3, 4), -1.0)}, r"finite grey levels >= 0, got -1.0 to -1.0 in x"),
        ({"x_train": np.zeros((3, 4)), "x_test": np.zeros((3, 5))}, "images of one shape"),
        ({"x": np.zeros((1, 4))}, "at least 2 images, got 1"),
        ({"x": np.array([[{}]], dtype=object)}, "Object arrays cannot be loaded"),
    ],
)
def test_a_file_without_images_is_named(tmp_path, arrays, message):
    path = saved(tmp_path / "a.npz", **arrays)
    with pytest.raises((ValueError, TypeError), match=message):
        load_images(path)


@pytest.mark.parametrize("content", [b"", b"no zip at all", "cut"])
def test_a_file_that_is_broken_or_of_another_kind_is_named(tmp_path, grey, content):
    path = saved(tmp_path / "a.npz", x=grey)
    if content == "cut":
        content = path.read_bytes()[: path.stat().st_size // 2]
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"data must be an \.npz file, got .*a\.npz"):
        load_images(path)


def test_damaged_bytes_are_named(tmp_path, grey):
    path = saved(tmp_path / "a.npz", x=grey)
    content = bytearray(path.read_bytes())
    content[1000] ^= 0xFF
    path.write_bytes(bytes(content))
    with pytest.raises(ValueError, match=r"data must be an \.npz file.*CRC"):
        load_images(path)


def test_a_missing_file_is_an_os_error_with_its_name(tmp_path):
    with pytest.raises(FileNotFoundError, match="data: No such file"):
        load_images(tmp_path / "missing.npz")
    with pytest.raises(TypeError, match="data must be a path"):
        load_images(3)
