"""Archives of arrays: everything comes back, and no size that they declare is believed."""

import struct
import zipfile
from io import BytesIO

import numpy as np
import pytest

from spinglass._archive import read_arrays, write_arrays
from spinglass._digest import digest

TABLE = np.array([(1, 0.5), (2, np.nan)], dtype=[("β", "<i4"), ("x", ">f8")])
ARRAYS = {
    "file": np.arange(6.0).reshape(2, 3),
    "allow_pickle": np.array(True),
    "fortran": np.asfortranarray(np.arange(6).reshape(2, 3)),
    "strided": np.arange(10)[::-3],
    "empty": np.empty((0, 4), np.float32),
    "text": np.array(["a", "größer"]),
    "nothing": np.array(["", ""]),
    "times": np.array(["2026-01-01"], "M8[D]"),
    "table": TABLE,
}


def packed(arrays, compress=False):
    content = BytesIO()
    write_arrays(content, arrays, compress)
    return content.getvalue()


@pytest.mark.filterwarnings("ignore:Stored array in format 3.0")  # names beyond Latin-1
@pytest.mark.parametrize("compress", [False, True])
def test_arrays_of_any_name_and_kind_come_back(compress):
    again = read_arrays(BytesIO(packed(ARRAYS, compress)), "them")
    assert list(again) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert again[name].dtype == array.dtype
        assert again[name].shape == array.shape
        assert again[name].tobytes() == array.tobytes()
    assert digest(again) == digest(ARRAYS)


def test_numpy_reads_and_writes_the_same_archives(tmp_path):
    arrays = {"a": np.arange(3), "b": np.eye(2)}
    np.savez_compressed(tmp_path / "a.npz", **arrays)
    with (tmp_path / "a.npz").open("rb") as file:
        assert digest(read_arrays(file, "them")) == digest(arrays)
    (tmp_path / "b.npz").write_bytes(packed(arrays))
    with np.load(tmp_path / "b.npz") as archive:
        assert digest(dict(archive)) == digest(arrays)


def npy(header, content=b""):
    """Return an ``.npy`` file of any header."""
    text = repr(header).encode() if not isinstance(header, bytes) else header
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + content


def zipped(content, method=zipfile.ZIP_STORED, name="a.npy"):
    file = BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr(name, content)
    return bytearray(file.getvalue())


def declaring(size):
    """Return an archive that says so of the size of its entry, in both places."""
    content = zipped(npy({"descr": "<f8", "fortran_order": False, "shape": (1,)}, bytes(8)))
    place = content.index(b"PK\x01\x02")
    content[22:26] = content[place + 24 : place + 28] = struct.pack("<I", size)
    return content


def overlapping():
    """Return an archive whose entries are one and the same: a bomb of the newer kind."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", npy({"descr": "<f8", "fortran_order": False, "shape": (1,)}))
        archive.filelist *= 50
    return file.getvalue()


def shaped(*shape, descr="<f8"):
    return zipped(npy({"descr": descr, "fortran_order": False, "shape": shape}, bytes(8)))


BAD = {
    "empty": b"",
    "text": b"no archive",
    "a shape beyond the file": shaped(2**40),
    "a shape beyond all memory": shaped(2**62, 2**62),
    "a negative shape": shaped(-1, -1),
    "a shape that is too small": shaped(0),
    "a type of a gigabyte": shaped(1, descr="|V1000000000"),
    "a type of objects": shaped(1, descr="|O"),
    "no type": shaped(1, descr="?!"),
    "a header of brackets": zipped(npy(b"[" * 9000)),
    "a header of minus signs": zipped(npy(b"-" * 9000 + b"1")),
    "a header of null bytes": zipped(npy(bytes(100))),
    "no array": zipped(b"a letter to a friend"),
    "another compression": zipped(npy({}), zipfile.ZIP_BZIP2),
    "an entry of 4 GB": declaring(2**32 - 2),
    "an entry that is a byte short": declaring(135),
    "overlapping entries": overlapping(),
}


@pytest.mark.parametrize("kind", BAD)
def test_no_bad_archive_does_more_than_raise_a_value_error(kind, monkeypatch):
    # Whatever it declares, so much memory is more than enough.
    monkeypatch.setattr("spinglass._arguments.available_memory", lambda: 10**5)
    with pytest.raises(ValueError, match=r"\w") as caught:
        read_arrays(BytesIO(BAD[kind]), "them")
    assert "\n" not in str(caught.value)


def test_what_does_not_fit_in_memory_is_not_read(monkeypatch):
    content = packed({"a": np.zeros(10**6)}, compress=True)
    assert len(content) < 10**4
    monkeypatch.setattr("spinglass._arguments.available_memory", lambda: 10**6)
    with pytest.raises(MemoryError, match=r"the rows needs 8\.0 MB"):
        read_arrays(BytesIO(content), "the rows")


# ---- digests -------------------------------------------------------------------------------------


def test_a_digest_is_that_of_names_types_shapes_and_bits():
    array = np.arange(6.0)
    same = digest({"a": array, "b": TABLE}, "text", 1)
    assert digest({"b": TABLE.copy(), "a": np.arange(12.0)[::2] / 2}, "text", 1) == same
    others = [
        digest({"a": array, "c": TABLE}, "text", 1),
        digest({"a": array.astype(np.float32), "b": TABLE}, "text", 1),
        digest({"a": array.view(np.int64), "b": TABLE}, "text", 1),
        digest({"a": array.reshape(2, 3), "b": TABLE}, "text", 1),
        digest({"a": -array, "b": TABLE}, "text", 1),
        digest({"a": array, "b": TABLE[::-1]}, "text", 1),
        digest({"a": array, "b": TABLE}, "text1"),
        digest({"a": array, "b": TABLE}, "text", "1"),
        digest({"a": array}, "text", 1),
    ]
    assert len({same, *others}) == 1 + len(others)


def test_large_arrays_are_digested_in_pieces_that_make_no_difference(monkeypatch):
    arrays = {"a": np.arange(1000), "b": np.zeros(3, np.uint8)}
    whole = digest(arrays)
    monkeypatch.setattr("spinglass._digest._BYTES_AT_A_TIME", 7)
    assert digest(arrays) == whole


def test_the_digest_does_not_change_between_versions():
    arrays = {"a": np.array([0.5, -2.0], "<f8"), "b": np.array([True])}
    assert digest(arrays, "text", 3, None) == "f79c0c15d3bd1548a8d9699060b15d64"
