"""Runs on disk: an ``.npz`` file of their arrays and a JSON text of the rest.

No code in a file is executed. A file is read without pickle and checked before it is used, also by
a digest. A run that is loaded continues with the same bits as a run that was never saved.
"""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import numpy as np

from spinglass._archive import read_arrays, write_arrays
from spinglass._arguments import file_path
from spinglass._digest import digest
from spinglass._files import opened, writing
from spinglass.sampling.observables.measured import restored, written

FORMAT, FORMAT_VERSION = "spinglass run", 1

_TEXT, _DIGEST = "about", "digest"

# Of a SeedSequence, in words; NumPy's is 4, and its time grows as the square.
LARGEST_POOL = 1000

# What may be None.
_OPTIONAL = ("states", "clamp", "_streams")

# Before the name of what was measured.
_MEASURED = "measured "


def save(run: Any, path: Any) -> None:
    """Write a run completely or not at all."""
    given = {field.name: getattr(run, field.name) for field in fields(run)}
    if not run._is_unaltered:
        given["_streams"] = None  # it cannot be continued, nor can its copy
    series = given.pop("measured")
    given["_observables"] = [written(one) for one in run._observables]
    arrays = {name: value for name, value in given.items() if isinstance(value, np.ndarray)}
    about = {"format": FORMAT, "format_version": FORMAT_VERSION, "kind": type(run).__name__}
    about |= {
        name: _seed(value) if name == "seed" else value
        for name, value in given.items()
        if name not in arrays
    }
    arrays |= {_MEASURED + name: values for name, values in series.items()}
    arrays[_TEXT] = np.array(json.dumps(about))
    arrays[_DIGEST] = np.array(digest(arrays))
    with writing(file_path(path)) as file:
        write_arrays(file, arrays, compress=False)


def load(kinds: tuple[type[Any], ...], path: Any) -> Any:
    """Read a run of one of these kinds, and check everything in it."""
    source = file_path(path)
    with opened(source) as file:
        try:
            arrays = read_arrays(file, f"the run in {source}")
            written = arrays.pop(_DIGEST, None)
            is_whole = written is None or str(written) == digest(arrays)
            about = json.loads(str(arrays.pop(_TEXT)))
            is_run = about["format"] == FORMAT
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise ValueError(f"{source} is no file of a run, or a damaged one") from error
    if not is_run:
        raise ValueError(f"{source} is no file of a run")
    if about.pop("format_version", None) != FORMAT_VERSION:
        raise ValueError(f"{source} has another format version than {FORMAT_VERSION}")
    del about["format"]
    name = about.pop("kind", None)
    kind = next((kind for kind in kinds if kind.__name__ == name), None)
    if kind is None:
        expected = " or ".join(f"a {kind.__name__}" for kind in kinds)
        raise ValueError(f"{source} must hold {expected}, got a {name}")
    try:
        about["seed"] = _seed_of(about["seed"])
        names = [name for name in arrays if name.startswith(_MEASURED)]
        measured = {name.removeprefix(_MEASURED): arrays.pop(name) for name in names}
        observables = tuple(map(restored, about.pop("_observables", [])))
        run = kind(**about, **arrays, measured=measured, _observables=observables)
        _check(run)
        if not is_whole:
            raise ValueError("it holds other data than were written")
    except (TypeError, ValueError, LookupError, AttributeError, OverflowError) as error:
        raise ValueError(f"{source} is a damaged file of a run: {error}") from error
    return run


def _seed(seed: int | np.random.SeedSequence) -> Any:
    if isinstance(seed, np.random.SeedSequence):
        entropy = seed.entropy
        return {
            "entropy": entropy if isinstance(entropy, int | None) else [int(x) for x in entropy],
            "spawn_key": [int(x) for x in seed.spawn_key],
            "pool_size": seed.pool_size,
        }
    return seed


def _seed_of(seed: Any) -> int | np.random.SeedSequence:
    if isinstance(seed, dict):
        if seed["pool_size"] > LARGEST_POOL:
            raise ValueError(f"pool_size must be at most {LARGEST_POOL}, got {seed['pool_size']}")
        return np.random.SeedSequence(**seed)
    if type(seed) is not int:
        raise TypeError(f"seed must be an integer, got {seed!r}")
    return seed


def _check(run: Any) -> None:
    """Refuse arrays that no run has."""
    shape, n = run.energy.shape, run.n_spins
    pairs = (shape[0] * (shape[0] - 1) // 2, *shape[1:])
    dtypes = {"states": np.int8, "final_states": np.int8, "clamp": np.bool_, "_streams": np.uint64}
    shapes = {"energy": shape, "magnetization": shape, "final_states": (*shape[:-1], n)}
    shapes |= {"acceptance": shape[:-1], "states": (*shape, n), "clamp": (shape[0], n)}
    shapes |= {"beta": shape[1:-1]}
    arrays = {name: np.asarray(getattr(run, name)) for name in ("beta", *dtypes, *shapes)}
    for observable in run._observables:
        name, values = f"measured {observable.name}", run.measured[observable.name]
        shapes[name] = pairs if observable.of_pairs else shape
        shapes[name] += values.shape[values.ndim - len(observable.axes) :]
        arrays[name] = values
    for name in run.measured.keys() - {one.name for one in run._observables}:
        values = run.measured[name]  # of a function: called at its own distance in time
        arrays[f"measured {name}"] = values
        shapes[f"measured {name}"] = shape[:-1] + values.shape[len(shape) - 1 :]
    for name, array in arrays.items():
        if array.dtype == object and name in _OPTIONAL:
            continue  # None
        dtype = np.dtype(dtypes.get(name, np.float64))
        if array.dtype != dtype or array.shape != shapes.get(name, array.shape):
            raise ValueError(
                f"{name} must be {dtype} of shape {shapes.get(name, ())}, got {array.dtype} of "
                f"shape {array.shape}"
            )
        if dtype == np.int8 and not (np.abs(array) == 1).all():
            raise ValueError(f"{name} must hold only -1 and +1")
    for name in ("model", "dynamics", "version", "_identity"):
        if not isinstance(getattr(run, name), str):
            raise TypeError(f"{name} must be text")
    for name in ("n_spins", "warmup", "n_sweeps", "every", "sweeps"):
        if type(getattr(run, name)) is not int:
            raise TypeError(f"{name} must be an integer")
