"""A small file of each kind that the package writes, how it is read, and all that is in it."""

import sqlite3
import struct
import zlib
from contextlib import closing
from dataclasses import fields, is_dataclass, replace

import numpy as np

from spinglass import (
    BernoulliRBM,
    Patterns,
    Run,
    SherringtonKirkpatrick,
    sample,
    temper,
)
from spinglass.experiments import open_store
from spinglass.machines import files
from walks import filled

UNITS = (np.random.default_rng(1).random((30, 6)) < 0.5).astype(np.uint8)


def bare(value):
    """Return a value as what can be compared, to the last bit and with its type."""
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if is_dataclass(value):
        return type(value).__name__, [(x.name, bare(getattr(value, x.name))) for x in fields(value)]
    if isinstance(value, dict):
        return sorted((name, bare(x)) for name, x in value.items())
    if isinstance(value, list | tuple):
        return [bare(x) for x in value]
    return type(value).__name__, repr(value)


def machine():
    return BernoulliRBM(3, n_iter=1, batch_size=10, random_state=7, momentum=0.5)


def of_model(path):
    model, stored = BernoulliRBM.load(path), files.read(path, BernoulliRBM)
    state = model._trained.trainer.state()
    return bare([model.get_params(), state, stored.about, stored.options, stored.data_means])


def of_patterns(path):
    return [bare([repr(x), x.to_array()]) for x in map(Patterns.load, [path])]


def of_store(path):
    stored = open_store(path)
    status = replace(stored.status(), worker=None)
    return bare([stored.name, stored.config, stored.version, status, str(status), stored.result()])


GLASS = SherringtonKirkpatrick(6, seed=1)

WRITTEN = {
    "patterns": (lambda path: Patterns.random(5, 40, seed=1).save(path), of_patterns),
    "patterns in memory": (
        lambda path: Patterns.random(5, 40, seed=1).save(path),
        lambda path: bare(Patterns.load(path, mapped=False).to_array()),
    ),
    "model": (lambda path: machine().fit(UNITS).save(path), of_model),
    "checkpoint": (lambda path: machine().fit(UNITS, checkpoint=path), of_model),
    "run": (
        lambda path: sample(GLASS, 1.0, 4, 2, seed=1, keep_states=True).save(path),
        lambda path: bare(Run.load(path)),
    ),
    "tempered run": (
        lambda path: temper(GLASS, [0.5, 1.0], 3, seed=np.random.SeedSequence(3)).save(path),
        lambda path: bare(Run.load(path)),
    ),
    "store": (lambda path: filled(path, 4), of_store),
}


def written(kind, folder):
    """Write a file of a kind; return it and what reads all that is in it."""
    write, read = WRITTEN[kind]
    path = folder / "file"
    write(path)
    return path, read


def without_digests(kind, path):
    """Make a file one of an earlier version, which had none."""
    if kind.startswith("patterns"):
        content = path.read_bytes()
        line = content[:40] + bytes(20)
        path.write_bytes(line + struct.pack("<I", zlib.crc32(line + bytes(4))) + content[64:])
    elif kind == "store":
        with closing(sqlite3.connect(path)) as db:
            db.execute("DROP TABLE digests")
            db.execute("UPDATE scan SET value = '1' WHERE name = 'format'")
            db.commit()
    elif kind.endswith("run"):
        with np.load(path) as archive:
            arrays = {name: archive[name] for name in archive.files if name != "digest"}
        with path.open("wb") as file:
            np.savez(file, **arrays)
    else:
        from safetensors import safe_open
        from safetensors.numpy import save_file

        with safe_open(path, framework="numpy") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            about = {files.FORMAT: file.metadata()[files.FORMAT]}
        save_file(tensors, path, metadata=about)
