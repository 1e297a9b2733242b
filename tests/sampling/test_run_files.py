"""Runs on disk: the same run comes back, whole, or the file is refused."""

import json
import pickle
import zipfile
from dataclasses import fields

import numpy as np
import pytest

import spinglass
from spinglass import Run, TemperedRun, sample, temper

LATTICE = spinglass.SquareLattice((4, 6), coupling=0.7)
GLASS = spinglass.SherringtonKirkpatrick(12, seed=1)
CLAMP = np.arange(12) < 3
SEED = np.random.SeedSequence(2**100 + 1, spawn_key=(3, 4))
RUNS = {
    "lattice": (LATTICE, lambda **more: sample(LATTICE, 0.4, 3, 2, seed=1, **more)),
    "with states": (GLASS, lambda **more: sample(GLASS, 0.4, 4, 2, keep_states=True, seed=SEED)),
    "zero temperature": (GLASS, lambda **more: sample(GLASS, np.inf, 3, seed=2**70)),
    "clamped": (GLASS, lambda **more: sample(GLASS, 1.0, 3, initial=[1] * 12, clamp=CLAMP)),
    "nothing measured": (GLASS, lambda **more: sample(GLASS, 1.0, 3, every=5, seed=1)),
    "ladder": (GLASS, lambda **more: temper(GLASS, [0.2, 0.5, 1.0], 5, 2, seed=SEED)),
}


def same(one, other):
    if isinstance(one, np.random.SeedSequence):
        return one.state == other.state
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=True)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    return type(one) is type(other) and one == other


@pytest.mark.parametrize("name", RUNS)
def test_a_run_comes_back_from_a_file_as_it_was(name, tmp_path):
    model, make = RUNS[name]
    run, path = make(), tmp_path / "a run"
    run.save(path)
    for kind in {Run, type(run)}:
        again = kind.load(str(path))
        assert type(again) is type(run)
        for field in fields(run):
            assert same(getattr(run, field.name), getattr(again, field.name)), field.name
    assert [x.name for x in tmp_path.iterdir()] == ["a run"]
    more = temper if name == "ladder" else sample
    arguments = (model, run.beta, 3, 1)
    longer, expected = more(*arguments, initial=again), more(*arguments, initial=run)
    np.testing.assert_array_equal(longer.final_states, expected.final_states)
    other = spinglass.SherringtonKirkpatrick(model.n_spins, seed=5)
    with pytest.raises(ValueError, match="initial must be a run of the same model"):
        more(other, run.beta, 3, initial=again)


def test_a_file_holds_no_pickle_and_replaces_the_one_before(tmp_path):
    path = tmp_path / "run.npz"
    sample(LATTICE, 0.4, 3, seed=1).save(path)
    sample(LATTICE, 0.4, 8, seed=1).save(path)
    assert Run.load(path).n_measurements == 8
    with np.load(path, allow_pickle=False) as archive:
        assert all(archive[name].dtype != object for name in archive.files)
    with pytest.raises(FileNotFoundError):
        sample(LATTICE, 0.4, 3).save(tmp_path / "nowhere" / "run.npz")
    with pytest.raises(FileNotFoundError):
        Run.load(tmp_path / "missing.npz")


def changed(path, **entries):
    """Write a run's file with other arrays, or another text."""
    with np.load(path) as archive:
        arrays = dict(archive)
    about = json.loads(str(arrays["about"]))
    for name, value in entries.items():
        (arrays if isinstance(value, np.ndarray) else about)[name] = value
    arrays["about"] = np.array(json.dumps(about))
    np.savez(path, **arrays)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_refused(share, tmp_path):
    path = tmp_path / "run.npz"
    sample(LATTICE, 0.4, 30, 2, seed=1).save(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ValueError, match=r"run\.npz is no file of a run, or a damaged one"):
        Run.load(path)


def test_a_changed_byte_is_refused(tmp_path):
    path = tmp_path / "run.npz"
    sample(LATTICE, 0.4, 300, 2, seed=1).save(path)
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        place = archive.getinfo("energy.npy").header_offset + 500
    content[place] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match="damaged"):
        Run.load(path)


def test_files_of_something_else_are_refused(tmp_path):
    path = tmp_path / "file"
    for content in (b"", b"text", pickle.dumps(sample(LATTICE, 0.4, 3)), b"\x93NUMPY\x01\x00"):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="file is no file of a run"):
            Run.load(path)
    for arrays in ({"energy": np.zeros(3)}, {"about": np.array("[1]")}, {"about": np.array("{}")}):
        with path.open("wb") as file:
            np.savez(file, **arrays)
        with pytest.raises(ValueError, match="file is no file of a run"):
            Run.load(path)
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(ValueError, match="file is no file of a run"):
        Run.load(path)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"format": "other"}, "is no file of a run"),
        ({"format_version": 2}, "has another format version than 1"),
        ({"kind": "Annealing"}, "must hold a Run or a LadderRun or a TemperedRun, got a Annealing"),
        ({"strange": 1}, "strange"),
        ({"n_spins": 25}, "final_states must be int8 of shape"),
        ({"seed": "x"}, "seed must be an integer, got 'x'"),
        ({"final_states": np.zeros((2, 24), np.int8)}, "final_states must hold only -1 and"),
        ({"energy": np.zeros((2, 5))}, "magnetization must be float64 of shape"),
        ({"acceptance": np.zeros(2, np.float32)}, "acceptance must be float64"),
        ({"sweeps": 1.5}, "sweeps must be an integer"),
        ({"energy": np.zeros(())}, "is a damaged file of a run"),
        ({"seed": {"entropy": 1, "spawn_key": [], "pool_size": 10**12}}, "pool_size must be at"),
        (
            {"seed": {"entropy": [], "spawn_key": [-1], "pool_size": 4}},
            "is a damaged file of a run",
        ),
        ({"n_spins": 10**400}, "final_states must be int8 of shape"),
        ({"beta": 0.5}, "it holds other data than were written"),
        ({"model": 3}, "model must be text"),
    ],
)
def test_what_no_run_has_is_named(entries, message, tmp_path):
    path = tmp_path / "run.npz"
    sample(LATTICE, 0.4, 3, 2, seed=1).save(path)
    changed(path, **entries)
    with pytest.raises(ValueError, match=message):
        Run.load(path)


def test_a_run_is_no_tempered_run(tmp_path):
    path = tmp_path / "run.npz"
    sample(LATTICE, 0.4, 3, seed=1).save(path)
    with pytest.raises(ValueError, match="must hold a TemperedRun, got a Run"):
        TemperedRun.load(path)
