"""Files, read and written safely: whole or not at all, regular files only, no wait for a pipe."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import BinaryIO

from spinglass import _arguments

# So many bytes are on any disk before Ctrl-C would be missed.
_SMALL = 1 << 24

# Between two looks for Ctrl-C.
SECONDS_PER_TICK = 0.1


@contextmanager
def writing(path: Path) -> Iterator[BinaryIO]:
    """Open a file that takes the place of ``path`` when the block ends, and is gone if it fails.

    Until then it has a name in the same folder that nobody can guess, and which is never that of a
    file or link that is there; only a process that is killed leaves it behind. It has the
    permissions of the file that it replaces. A link is followed, as by `open`: the file that it
    leads to is replaced, and the link stays. What is no regular file (a pipe, a socket, a device, a
    folder) is not replaced, nor is a store.

    Raises
    ------
    OSError
        If the file cannot be written; it names ``path``.
    """
    try:
        mode = _mode(path)
        target = Path(os.path.realpath(path))
        check_no_store(target)
        part = target.with_name(_part(target, secrets.token_hex(8)))

        def create(name: str, flags: int) -> int:
            flags |= getattr(os, "O_NOFOLLOW", 0)
            return os.open(name, flags, 0o666 if mode is None else mode)

        try:
            with open(part, "xb", opener=create) as file:
                if mode is not None and os.chmod in os.supports_fd:
                    os.chmod(file.fileno(), mode)  # whatever the umask says
                yield file
                file.flush()
                _sync(file)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        _sync_folder(target.parent)
    except OSError as error:
        reason = error.strerror or str(error)
        raise OSError(error.errno or errno.EIO, reason, str(path)) from None


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    with writing(path) as file:
        file.write(content)


def discard_parts(path: Path) -> None:
    """Delete what killed processes left of a file that nobody writes now."""
    target = Path(os.path.realpath(path))
    for part in target.parent.glob(_part(target, "*")):
        part.unlink(missing_ok=True)


def _part(target: Path, word: str) -> str:
    """Return the name of a file that is being written; the name of the target may be too long."""
    name = hashlib.blake2b(os.fsencode(target.name), digest_size=6).hexdigest()
    return f".spinglass.{name}.{word}.part"


def opened(path: Path) -> BinaryIO:
    """Open a regular file to read it; anything else is refused, and nothing is waited for."""
    _check_regular(path, os.stat(path))  # to open a device may do something

    def without_waiting(name: str, flags: int) -> int:
        return os.open(name, flags | getattr(os, "O_NONBLOCK", 0))

    file = open(path, "rb", opener=without_waiting)  # noqa: SIM115  (whoever asked for it closes it)
    try:
        _check_regular(path, os.fstat(file.fileno()))
    except BaseException:
        file.close()
        raise
    return file


def read_whole(path: Path) -> bytes:
    """Read a regular file, if it fits in memory."""
    with opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        _arguments.check_memory(size, f"the file {path}")
        return file.read(size)


def _mode(path: Path) -> int | None:
    """Return the permissions of the file that is to be replaced; None if there is none."""
    try:
        # Asked of the system, which knows the links that are not to be followed (`man 5 proc`,
        # protected_symlinks).
        status = os.stat(path)
    except FileNotFoundError:
        if path.parent.is_dir():
            return None
        raise FileNotFoundError(errno.ENOENT, f"there is no folder {path.parent}") from None
    _check_regular(path, status)
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, "is a folder")
    return stat.S_IMODE(status.st_mode) & 0o777


def _check_regular(path: Path, status: os.stat_result) -> None:
    """Refuse pipes, sockets and devices; folders are refused by the system."""
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
        raise OSError(errno.EINVAL, "is not a regular file", str(path))


def check_no_store(path: Path) -> None:
    """Refuse to replace a store: what it holds may have taken days."""
    from spinglass._sqlite import STORE, application

    if path.is_file() and application(path.resolve()) == STORE:
        raise FileExistsError(errno.EEXIST, "is a store and is not written over", str(path))


def _sync(file: BinaryIO) -> None:
    """Bring a file to the disk. That may take long and cannot be stopped, so Ctrl-C leaves it."""
    if file.tell() < _SMALL:
        os.fsync(file.fileno())
        return
    failures, descriptor = [], os.dup(file.fileno())

    def sync() -> None:
        try:
            os.fsync(descriptor)
        except OSError as error:
            failures.append(error)
        finally:
            os.close(descriptor)

    thread = Thread(target=sync, daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(SECONDS_PER_TICK)  # some systems do not interrupt a wait
    if failures:
        raise failures[0]


def _sync_folder(folder: Path) -> None:
    """Bring a new name to the disk; the file is whole even where that cannot be asked for."""
    if os.name == "posix":
        with suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
