"""The safe writer and reader, alone and behind every door of the package that takes a path."""

import os
import secrets
import socket
import stat
import threading

import numpy as np
import pytest

import spinglass
from spinglass import _files
from spinglass._files import opened, read_whole, write_whole, writing
from spinglass.cli import main
from spinglass.experiments import StoreError, capacity, open_store, recall_pictures, run
from spinglass.experiments.rbm_training.images import load_images
from walks import walks
from written import GLASS, UNITS, machine

posix = pytest.mark.skipif(os.name != "posix", reason="files of POSIX")

pytest.importorskip("safetensors")


def scan():
    return capacity(60, loads=(0.1, 0.2), n_instances=1)


WRITERS = {
    "patterns": lambda path: spinglass.Patterns.random(3, 5, seed=1).save(path),
    "model": lambda path: machine().fit(UNITS).save(path),
    "checkpoint": lambda path: machine().fit(UNITS, checkpoint=path),
    "run": lambda path: spinglass.sample(GLASS, 1.0, 3, seed=1).save(path),
    "csv": lambda path: scan().to_csv(path),
    "json": lambda path: scan().to_json(path),
    "parquet": lambda path: scan().to_parquet(path),
    "store": lambda path: run(walks(3), store=path),
}
READERS = {
    "patterns": spinglass.Patterns.load,
    "patterns in memory": lambda path: spinglass.Patterns.load(path, mapped=False),
    "model": spinglass.BernoulliRBM.load,
    "run": spinglass.Run.load,
    "store": open_store,
    "pictures": lambda path: recall_pictures([path]),
    "images": load_images,
}
DOORS = {f"write {name}": door for name, door in WRITERS.items()}
DOORS |= {f"read {name}": door for name, door in READERS.items()}


@pytest.fixture(autouse=True)
def needs(request):
    """Skip a door whose library is not there."""
    kind = request.node.callspec.params.get("door", "") if hasattr(request.node, "callspec") else ""
    for word, library in (("parquet", "pyarrow"), ("pictures", "PIL")):
        if word in kind:
            pytest.importorskip(library)


def files_in(folder):
    return sorted(path.name for path in folder.iterdir())


# ---- alone ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError, OSError(28, "full")])
def test_what_ends_the_writing_leaves_the_file_that_was_there_and_nothing_else(error, tmp_path):
    path = tmp_path / "file"

    def write():
        with writing(path) as file:
            file.write(b"half")
            assert len(files_in(tmp_path)) == 1 + path.exists()
            raise error

    for before in (None, b"before"):
        if before:
            path.write_bytes(before)
        with pytest.raises(error if isinstance(error, type) else OSError):
            write()
        assert files_in(tmp_path) == ["file"] * bool(before)
    assert path.read_bytes() == b"before"


@pytest.mark.parametrize("small", [0, 1000])
def test_an_error_of_the_system_names_the_file_that_was_asked_for(small, tmp_path, monkeypatch):
    path = tmp_path / "file"
    monkeypatch.setattr(_files, "_SMALL", small)
    write_whole(path, b"content")  # a disk that is not full
    path.unlink()

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=r"No space left on device.*file'$"):
        write_whole(path, b"content")
    assert files_in(tmp_path) == []


def test_ctrl_c_does_not_wait_for_a_slow_disk(tmp_path, monkeypatch, interrupt_when):
    path, begun, ends = tmp_path / "file", threading.Event(), threading.Event()

    def slow(_):
        begun.set()
        ends.wait(60)

    monkeypatch.setattr(_files, "_SMALL", 0)
    monkeypatch.setattr(os, "fsync", slow)
    interrupt_when(begun.is_set)
    with pytest.raises(KeyboardInterrupt):
        write_whole(path, b"content")
    assert not ends.is_set()
    assert files_in(tmp_path) == []
    ends.set()


@posix
def test_a_link_planted_at_the_name_of_the_unfinished_file_is_not_followed(tmp_path, monkeypatch):
    path, victim = tmp_path / "file", tmp_path / "victim"
    victim.write_bytes(b"mine")
    monkeypatch.setattr(secrets, "token_hex", lambda _: "guessed")
    (tmp_path / _files._part(path, "guessed")).symlink_to(victim)
    with pytest.raises(FileExistsError, match="file'"):
        write_whole(path, b"content")
    assert victim.read_bytes() == b"mine"
    assert not path.exists()
    monkeypatch.undo()
    names = {_files._part(path, secrets.token_hex(8)) for _ in range(100)}
    assert len(names) == 100


@posix
def test_the_new_file_has_the_permissions_of_the_old_one_from_its_first_byte(tmp_path):
    path = tmp_path / "file"
    write_whole(path, b"content")
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask
    for mode in (0o600, 0o640, 0o666, 0o444):
        path.chmod(mode)
        with writing(path) as file:
            assert stat.S_IMODE(os.fstat(file.fileno()).st_mode) == mode
        assert stat.S_IMODE(path.stat().st_mode) == mode


@posix
def test_a_link_is_followed_and_stays(tmp_path):
    (tmp_path / "folder").mkdir()
    path, link = tmp_path / "folder" / "file", tmp_path / "link"
    link.symlink_to(path)
    for content in (b"new", b"replaced"):
        write_whole(link, content)
        assert link.is_symlink()
        assert path.read_bytes() == read_whole(link) == content
        assert files_in(tmp_path / "folder") == ["file"]
    link.unlink()
    link.symlink_to(link)
    with pytest.raises(OSError, match="link"):
        write_whole(link, b"content")
    assert link.is_symlink()


def test_a_name_as_long_as_the_system_takes_is_written(tmp_path):
    path = tmp_path / ("ä" * 127)
    write_whole(path, b"content")
    assert read_whole(path) == b"content"
    assert files_in(tmp_path) == [path.name]


def test_a_file_larger_than_the_memory_is_not_read(tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(bytes(1000))
    monkeypatch.setattr("spinglass._arguments.available_memory", lambda: 999)
    with pytest.raises(MemoryError, match=r"the file .*file needs 1\.0 kB"):
        read_whole(tmp_path / "file")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes in this file system")
def test_a_pipe_that_takes_the_place_of_a_file_at_the_last_moment_is_not_waited_for(
    tmp_path, monkeypatch
):
    path, looked = tmp_path / "file", os.stat
    path.write_bytes(b"content")

    def swapped(name, **more):
        status = looked(name, **more)
        monkeypatch.undo()
        path.unlink()
        os.mkfifo(path)
        return status

    monkeypatch.setattr(os, "stat", swapped)
    with pytest.raises(OSError, match="is not a regular file"):
        opened(path)


# ---- every door ----------------------------------------------------------------------------------


def other_things(folder):
    """Put what is no regular file into a folder, by name."""
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as one:
        one.bind("socket")
    (folder / "folder").mkdir()
    (folder / "link").symlink_to("pipe")
    return ["pipe", "socket", "folder", "link"]


@posix
@pytest.mark.parametrize("door", DOORS)
def test_what_is_no_regular_file_is_neither_read_nor_replaced(door, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the name of a socket must be short
    things = other_things(tmp_path)
    kinds = {name: stat.S_IFMT(os.lstat(name).st_mode) for name in things}
    for name in things:
        with pytest.raises((OSError, ValueError), match=name) as caught:
            DOORS[door](tmp_path / name)
        assert caught.type is not TimeoutError
    assert {name: stat.S_IFMT(os.lstat(name).st_mode) for name in things} == kinds
    assert files_in(tmp_path) == sorted(things)


@posix
def test_the_files_of_a_result_replace_no_pipe(tmp_path):
    os.mkfifo(tmp_path / "summary.json")
    os.mkfifo(tmp_path / "capacity.png")
    with pytest.raises(OSError, match=r"is not a regular file.*summary\.json"):
        scan().save(tmp_path)
    assert (tmp_path / "summary.json").is_fifo()
    (tmp_path / "summary.json").unlink()
    scan().save(tmp_path, figure=False)
    assert (tmp_path / "capacity.png").is_fifo()


@posix
def test_a_command_does_not_delete_a_pipe_in_the_place_of_its_checkpoint(tmp_path, capsys):
    np.savez(tmp_path / "images.npz", x=UNITS)
    os.mkfifo(tmp_path / "checkpoint.safetensors")
    command = ["rbm", str(tmp_path / "images.npz"), "--epochs", "1", "--out", str(tmp_path)]
    assert main(command) == 2
    assert "argument --out: cannot read" in capsys.readouterr().err
    assert (tmp_path / "checkpoint.safetensors").is_fifo()


@posix
@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_the_lock_of_a_store_is_no_link_and_no_pipe(kind, tmp_path):
    path, victim = tmp_path / "scan", tmp_path / "victim"
    victim.touch()
    lock = tmp_path / "scan.lock"
    os.mkfifo(lock) if kind == "pipe" else lock.symlink_to(victim)
    with pytest.raises(StoreError, match="cannot be locked"):
        run(walks(3), store=path)
    assert victim.read_bytes() == b""
    assert not path.exists()


@pytest.mark.parametrize("door", DOORS)
def test_what_other_programs_take_for_a_path_is_refused_and_makes_no_file(
    door, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    strange = [":memory:", "file:x?mode=memory", "s3://bucket/x", "https://host/x", "a\0b"]
    for path in [*strange, "~nobody-of-this-name/x"]:
        with pytest.raises(ValueError, match=r"must be|must not"):
            DOORS[door](path)
    assert files_in(tmp_path) == []


@pytest.mark.parametrize("door", DOORS)
def test_a_folder_that_is_not_there_is_named(door, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((OSError, ValueError), match="nowhere"):
        DOORS[door]("nowhere/x")
    assert files_in(tmp_path) == []


def at_home(folder, monkeypatch):
    """Go into a folder "here", beside the home folder."""
    (folder / "here").mkdir()
    (folder / "home").mkdir()
    monkeypatch.setenv("HOME", str(folder / "home"))
    monkeypatch.setenv("USERPROFILE", str(folder / "home"))
    monkeypatch.chdir(folder / "here")


@pytest.mark.parametrize("kind", WRITERS)
def test_the_sign_of_home_is_the_home_folder(kind, tmp_path, monkeypatch):
    at_home(tmp_path, monkeypatch)
    WRITERS[kind]("~/file")
    assert (tmp_path / "home" / "file").is_file()
    if kind in READERS:
        assert READERS[kind]("~/file")
    assert files_in(tmp_path / "here") == []


def test_commands_know_paths_as_functions_do(tmp_path, monkeypatch, capsys):
    at_home(tmp_path, monkeypatch)
    quick = ["--spins", "60", "--loads", "0.1", "0.2", "--instances", "1", "--quiet"]
    paths = ["--out=~/out", "--store=~/scan.sqlite"]
    assert main(["capacity", *quick, *paths]) == 0
    assert main(["status", "~/scan.sqlite", "--export=~/rows.csv"]) == 0
    expected = {"out", "rows.csv", "scan.sqlite", "scan.sqlite.lock"}
    assert expected <= set(files_in(tmp_path / "home"))  # other programs have a cache there
    capsys.readouterr()
    for option in ("--store=:memory:", "--out=s3://bucket/x", "--store=~nobody-of-this-name/x"):
        assert main(["capacity", *quick, option]) == 2
        flag = option.partition("=")[0]
        assert f"error: argument {flag}: must" in capsys.readouterr().err
    assert files_in(tmp_path / "here") == []


@posix
@pytest.mark.parametrize("kind", WRITERS)
def test_two_writers_leave_the_file_of_one_of_them_and_nothing_else(kind, tmp_path):
    for _ in range(2):
        WRITERS[kind](tmp_path / "file")
    assert files_in(tmp_path) == ["file", *(["file.lock"] if kind == "store" else [])]
    with np.errstate(all="raise"), opened(tmp_path / "file") as file:
        assert file.read(1)
