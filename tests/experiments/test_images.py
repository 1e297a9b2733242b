"""Pictures as patterns: files of every kind read, bad ones named."""

import struct
import sys
import zlib

import numpy as np
import pytest

from spinglass.experiments import recall_pictures


@pytest.fixture
def pillow():
    return pytest.importorskip("PIL.Image")


# ---- files as pictures -------------------------------------------------------------------------


def halves(size=16, light=255):
    """Return grey levels that are light on the left and dark on the right."""
    grey = np.zeros((size, size), dtype=np.uint8)
    grey[:, : size // 2] = light
    return grey


EXPECTED = np.tile([1, 1, -1, -1], (4, 1))


def stored(path):
    return recall_pictures([path], size=4).stored[0]


@pytest.mark.parametrize("kind", ["png", "jpg", "gif", "bmp", "tiff", "webp"])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_files_of_the_usual_kinds_are_read(tmp_path, pillow, kind, mode):
    pillow.fromarray(halves()).convert(mode).save(tmp_path / f"picture.{kind}")
    result = recall_pictures([str(tmp_path / f"picture.{kind}")], size=4)
    np.testing.assert_array_equal(result.stored[0], EXPECTED)
    assert result.names == (f"picture.{kind}",)
    assert result.config.images == (str(tmp_path / f"picture.{kind}"),)


def test_sixteen_bits_are_not_clipped(tmp_path, pillow):
    grey = np.where(halves() > 0, 60000, 30000).astype(np.uint16)
    pillow.fromarray(grey).save(tmp_path / "deep.png")
    np.testing.assert_array_equal(stored(tmp_path / "deep.png"), EXPECTED)


def test_what_is_transparent_is_white(tmp_path, pillow):
    layers = np.zeros((16, 16, 4), dtype=np.uint8)  # black all over,
    layers[:, 8:, 3] = 255  # and seen on the right alone
    pillow.fromarray(layers).save(tmp_path / "layers.png")
    np.testing.assert_array_equal(stored(tmp_path / "layers.png"), EXPECTED)
    palette = pillow.fromarray(halves(light=1)).convert("P")
    palette.putpalette([0, 0, 0] * 256)
    palette.save(tmp_path / "palette.png", transparency=1)
    np.testing.assert_array_equal(stored(tmp_path / "palette.png"), EXPECTED)


def test_a_photograph_is_turned_upright(tmp_path, pillow):
    exif = pillow.Exif()
    exif[0x0112] = 6  # orientation: the top of the picture is its right side
    image = pillow.fromarray(np.rot90(halves()))
    image.save(tmp_path / "turned.png", exif=exif)
    np.testing.assert_array_equal(stored(tmp_path / "turned.png"), EXPECTED)


def test_an_animation_gives_its_first_frame(tmp_path, pillow):
    frames = [pillow.fromarray(x) for x in (halves(), halves().T, 255 - halves())]
    frames[0].save(tmp_path / "film.gif", save_all=True, append_images=frames[1:])
    np.testing.assert_array_equal(stored(tmp_path / "film.gif"), EXPECTED)


def test_a_name_that_does_not_print_is_shown_with_question_marks(tmp_path, pillow):
    path = tmp_path / "a\nb\x1b.png"
    try:
        pillow.fromarray(halves()).save(path)
    except OSError:
        pytest.skip("the file system has no such names")
    assert recall_pictures([path]).names == ("a?b?.png",)


# ---- bad input ---------------------------------------------------------------------------------


def png_header(width, height):
    """Return a PNG that promises a picture of this size and holds none."""

    def chunk(kind, content):
        checked = kind + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


BROKEN = {
    "notes.txt": (b"these are no pixels", "no kind of picture that Pillow knows"),
    "nothing.png": (b"", "the file is empty"),
    "hollow.png": (png_header(8, 8), "broken"),
    "bomb.png": (png_header(12_000, 12_000), "more than"),
    "huge_bomb.png": (png_header(2_000_000, 2_000_000), "more than"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_is_no_picture_is_named_with_the_reason(tmp_path, pillow, name):
    content, reason = BROKEN[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=f"images must be picture files.*{name}': {reason}"):
        recall_pictures([tmp_path / name])


@pytest.mark.parametrize("kind", ["png", "jpg", "gif", "tiff", "bmp"])
def test_a_truncated_picture_is_named_wherever_it_is_cut(tmp_path, pillow, kind):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
    path = tmp_path / f"cut.{kind}"
    pillow.fromarray(noise).save(path)
    content = path.read_bytes()
    for share in (0.01, 0.1, 0.5, 0.9):
        path.write_bytes(content[: int(share * len(content))])
        with pytest.raises(ValueError, match=rf"images must be picture files.*cut\.{kind}'"):
            recall_pictures([path])


def test_damaged_bytes_never_end_in_another_exception(tmp_path, pillow):
    rng = np.random.default_rng(4)
    for kind in ("png", "jpg", "gif", "tiff", "bmp"):
        path = tmp_path / f"damaged.{kind}"
        pillow.fromarray(halves(32)).save(path)
        whole = np.frombuffer(path.read_bytes(), dtype=np.uint8)
        for _ in range(60):
            damaged = whole.copy()
            damaged[rng.integers(len(whole), size=5)] = rng.integers(256, size=5)
            path.write_bytes(damaged.tobytes())
            messages = ["images must be read"]
            try:
                recall_pictures([path], size=8)
            except ValueError as error:
                messages = str(error).splitlines()
            assert len(messages) == 1
            assert messages[0].startswith("images must ")


def test_a_missing_file_and_a_folder_are_named(tmp_path, pillow):
    with pytest.raises(FileNotFoundError, match=r"images: .*missing\.png"):
        recall_pictures([tmp_path / "missing.png"])
    with pytest.raises(OSError, match="images: "):
        recall_pictures([tmp_path])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"images": "cat.png"}, TypeError, "images must be a sequence of picture files"),
        ({"images": 3}, TypeError, "images must be a sequence of picture files .*, got 3"),
        ({"images": []}, ValueError, "images must hold at least one .*, got none"),
        ({"images": [None]}, TypeError, "images must be .*, got an array of shape .* dtype object"),
        (
            {"images": np.ones((4, 4))},
            TypeError,
            r"images must be .*, got an array of shape \(4,\)",
        ),
        ({"images": [[[1j, 0], [0, 1]]]}, TypeError, "images must be .* dtype complex128"),
        ({"images": [np.ones((0, 4))]}, ValueError, r"images must be .* shape \(0, 4\)"),
        ({"images": [[[np.nan, 0], [0, 1]]]}, ValueError, "images must be .* with NaN"),
        ({"images": [[[np.inf, 0], [0, 1]]]}, ValueError, "images must be .* with NaN or inf"),
        ({"images": [np.full((4, 4), 7)]}, ValueError, "images must have more than one grey"),
        ({"images": ["a\0b.png"]}, ValueError, "images must be picture files .* null"),
        ({"flip": 1.5}, ValueError, "flip must be between 0 and 1, got 1.5"),
        ({"flip": "some"}, TypeError, "flip must be a real number, got 'some'"),
        ({"size": 20}, ValueError, "size is for images of your own: .*, got 20"),
        ({"images": [np.eye(4)], "size": 1}, ValueError, "size must be .* 2 to 1024, got 1"),
        ({"images": [np.eye(4)], "size": 10**9}, ValueError, "size must be .* 2 to 1024, got 10"),
        ({"images": [np.eye(4)], "size": 2.5}, TypeError, "size must be .* 2 to 1024, got 2.5"),
        ({"images": [np.eye(2000)]}, ValueError, "size must be .* 2 to 1024, got 2000"),
        ({"images": [[[5]]]}, ValueError, "size must be .* 2 to 1024, got 1"),
        ({"seed": -1}, ValueError, "seed must be .*, got -1"),
        ({"seed": 0.5}, TypeError, "seed must be .*, got 0.5"),
        ({"num_threads": 0}, ValueError, "num_threads must be an integer >= 1, got 0"),
        ({"max_sweeps": 0}, ValueError, "max_sweeps must be an integer >= 1, got 0"),
    ],
)
def test_a_bad_argument_is_named_with_what_was_expected_and_what_came(arguments, error, message):
    pytest.importorskip("PIL")
    with pytest.raises(error, match=message):
        recall_pictures(**arguments)


def test_pictures_that_do_not_fit_in_memory_are_refused_before_they_are_made(monkeypatch):
    monkeypatch.setattr("spinglass._arguments.available_memory", lambda: 10**6)
    with pytest.raises(MemoryError, match="the recall of 3 pictures of 512 x 512 pixels needs"):
        recall_pictures([np.eye(4)] * 3, size=512)


def test_without_pillow_arrays_work_and_files_say_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "PIL", None)
    assert recall_pictures([np.eye(5)]).config.size == 5
    with pytest.raises(ImportError, match=r"pip install 'spinglass\[plot\]'"):
        recall_pictures([tmp_path / "cat.png"])
