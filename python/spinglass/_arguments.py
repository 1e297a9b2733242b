"""What every public function asks of its arguments, said once.

A bad argument never reaches a kernel: each check names the argument, what was expected and what
came. Seeds become one 64-bit word here, so that the same seed means the same streams everywhere.
"""

from __future__ import annotations

import math
import operator
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Seed: TypeAlias = int | np.random.SeedSequence | np.random.Generator | None
Progress: TypeAlias = bool | Callable[[int, int], object]


def seed_word(seed: Seed, *spawn_key: int) -> int:
    """Return the 64-bit word that keys the core's random streams.

    Parameters
    ----------
    seed : None, int, numpy.random.SeedSequence or numpy.random.Generator
        ``None`` draws fresh entropy from the system; a ``Generator`` is advanced by one draw.
    *spawn_key : int
        Coordinates of the child stream, such as ``(n_spins, n_patterns, instance)``.
    """
    if isinstance(seed, np.random.Generator):
        entropy: Any = int(seed.integers(0, 2**64, dtype=np.uint64))
        sequence = np.random.SeedSequence(entropy, spawn_key=spawn_key)
    elif isinstance(seed, np.random.SeedSequence):
        sequence = np.random.SeedSequence(
            seed.entropy, spawn_key=(*seed.spawn_key, *spawn_key), pool_size=seed.pool_size
        )
    elif seed is None:
        sequence = np.random.SeedSequence(spawn_key=spawn_key)
    else:
        kind = "None, an integer >= 0, a SeedSequence or a Generator"
        number = integer(seed, "seed", at_least=0, kind=kind)
        sequence = np.random.SeedSequence(number, spawn_key=spawn_key)
    return int(sequence.generate_state(1, np.uint64)[0])


def integer(value: Any, name: str, *, at_least: int, kind: str | None = None) -> int:
    """Return ``value`` as an int, or say what was expected of the argument called ``name``."""
    expected = kind or f"an integer >= {at_least}"
    try:
        if isinstance(value, bool | np.bool_):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be {expected}, got {value!r}") from None
    if number < at_least:
        raise ValueError(f"{name} must be {expected}, got {number}")
    return number


def fraction(value: Any, name: str) -> float:
    """Return ``value`` as a float between 0 and 1."""
    number = real(value, name)
    if not 0.0 <= number <= 1.0:
        raise ValueError(f"{name} must be between 0 and 1, got {value!r}")
    return number


def real(value: Any, name: str) -> float:
    """Return ``value`` as a float that is a number (infinities pass)."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a real number, got {value!r}") from None
    if math.isnan(number):
        raise ValueError(f"{name} must be a number, got nan")
    return number


def inverse_temperature(beta: Any) -> float:
    """Return ``beta`` as a float in [0, inf]."""
    number = real(beta, "beta")
    if number < 0.0:
        raise ValueError(f"beta must be >= 0 (the inverse temperature), got {beta!r}")
    return number


def thread_count(num_threads: Any) -> int | None:
    """Return a thread count the core accepts; ``None`` means all that the process may use."""
    return None if num_threads is None else integer(num_threads, "num_threads", at_least=1)


def spin_array(values: ArrayLike, name: str, n_spins: int | None = None) -> NDArray[np.int8]:
    """Return ``values`` as a C-contiguous int8 array of -1 and +1 whose last axis is the spin.

    Any real dtype is accepted if it holds only -1 and +1. The result may share memory with the
    input, which the core never writes to.
    """
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold real numbers -1 and +1, got dtype {array.dtype}")
    if n_spins is not None and (array.ndim == 0 or array.shape[-1] != n_spins):
        raise ValueError(
            f"{name} must have shape ({n_spins},) or (n_replicas, {n_spins}), got {array.shape}"
        )
    valid = np.equal(array, 1) | np.equal(array, -1)
    if not valid.all():
        culprit = array[~valid].ravel()[0]
        hint = "; to_spins turns bits 0/1 into spins" if culprit == 0 else ""
        raise ValueError(f"{name} must hold only -1 and +1, got {culprit}{hint}")
    return np.ascontiguousarray(array, dtype=np.int8)


def file_path(path: Any, name: str = "path") -> Path:
    """Return ``path`` as a Path, or say that it is none."""
    try:
        return Path(os.fspath(path))
    except TypeError:
        raise TypeError(f"{name} must be a path, got {path!r}") from None


@contextmanager
def progress_callback(
    progress: Progress, description: str, unit: str
) -> Iterator[Callable[[int, int], object] | None]:
    """Yield what the core calls with ``(done, total)``: a tqdm bar, a callable, or None."""
    if progress is False or progress is None:
        yield None
    elif progress is True:
        from tqdm.auto import tqdm

        with tqdm(desc=description, unit=unit) as bar:

            def show(done: int, total: int) -> None:
                bar.total = total
                bar.update(done - bar.n)

            yield show
    elif callable(progress):
        yield progress
    else:
        raise TypeError(f"progress must be False, True or a callable, got {progress!r}")


def available_memory() -> int | None:
    """Return the bytes this process may still allocate, or None where the system does not say.

    The smaller of the machine's available memory and what the control group leaves.
    """
    limits = []
    try:
        meminfo = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        limits += [int(x.split()[1]) * 1024 for x in meminfo if x.startswith("MemAvailable")]
    except (OSError, ValueError):
        pass
    for folder, limit, used in (
        ("/sys/fs/cgroup", "memory.max", "memory.current"),
        ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes"),
    ):
        try:
            free = int(Path(folder, limit).read_text()) - int(Path(folder, used).read_text())
            lines = Path(folder, "memory.stat").read_text().splitlines()
            statistics = dict(line.split() for line in lines)
        except (OSError, ValueError):
            continue
        # Cached files count as used, but the kernel drops them when memory is wanted.
        limits.append(free + int(statistics.get("inactive_file", 0)))
    return max(0, min(limits)) if limits else None


def check_memory(needed: int, what: str) -> None:
    """Raise MemoryError, naming the cost, if ``needed`` bytes are more than may be allocated."""
    available = available_memory()
    if available is not None and needed > available:
        raise MemoryError(
            f"{what} needs {format_bytes(needed)}, but only {format_bytes(available)} are available"
        )


def format_bytes(count: float) -> str:
    """Return ``count`` bytes in words, in powers of ten."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
