"""Models on disk: safetensors files, with a JSON text in the header that describes the tensors.

A file holds the whole state of the training (parameters, chains, random streams, velocities), so a
model that is loaded continues with the same bits as one that was never saved. A checkpoint of `fit`
is such a file too, and it also identifies its data and learning rates. No file can run code: it
contains numbers and JSON, which are checked before they are used, also by a digest.

The tensors ``components``, ``intercept_hidden`` and ``intercept_visible`` are the parameters, for
reading the file without this package. ``state.*`` is the rest.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass import _core
from spinglass._arguments import file_path, integer
from spinglass._digest import digest
from spinglass._files import read_whole, write_whole
from spinglass.machines.protocols import State
from spinglass.machines.trained import Trained

FORMAT = "spinglass.rbm"
FORMAT_VERSION = 1

# Of the tensors and the text; files of earlier versions have none.
_DIGEST = f"{FORMAT}.digest"

_DTYPES: dict[str, np.dtype[Any]] = {
    "float32": np.dtype(np.float32),
    "float64": np.dtype(np.float64),
}


def safetensors() -> Any:
    """Import safetensors; if it is missing, the error says how to install it."""
    try:
        import safetensors
        import safetensors.numpy
    except ImportError as error:
        raise ImportError("model files need safetensors: pip install 'spinglass[rbm]'") from error
    return safetensors


def write(model: Any, path: Any, training: dict[str, Any] | None = None) -> None:
    """Write a fitted estimator completely or not at all; a crash does not damage an old file."""
    target = file_path(path)
    trained: Trained[Any] = model._trained
    parameters = {name: _plain(value) for name, value in model.get_params().items()}
    about = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "spinglass": _core.__version__,
        "estimator": type(model).__name__,
        "parameters": parameters,
        "options": trained.options.as_dict(),
        "dtype": trained.dtype.name,
        "feature_names": [str(name) for name in getattr(model, "feature_names_in_", [])] or None,
        "word": trained.word,
        "calls": trained.calls,
        "training": training,
    }
    machine, names = trained.machine, trained.options.PARAMETERS
    state = trained.trainer.state()
    tensors = {f"state.{name}": state[name] for name in state if name not in names}
    tensors |= {name: getattr(machine, name)() for name in names}
    if trained.data_means is not None:
        tensors["data_means"] = trained.data_means
    text = json.dumps(about)
    metadata = {FORMAT: text, _DIGEST: digest(tensors, text)}
    write_whole(target, safetensors().numpy.save(tensors, metadata=metadata))


def _plain(value: Any) -> Any:
    """Return a parameter as JSON has it: None for what is no number, text or list of numbers."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, tuple):
        value = list(value)
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return None
    return value


@dataclass(frozen=True)
class Stored:
    """A file that was read and checked."""

    path: Path
    about: dict[str, Any]
    options: Any
    state: State
    data_means: NDArray[np.float32] | None

    @property
    def n_features(self) -> int:
        """Number of features of the data."""
        n: int = self.options.n_features(self.state)
        return n

    def trained(self) -> Trained[Any]:
        """Return the machine with the state of its training."""
        dtype, word, calls = (self.about[name] for name in ("dtype", "word", "calls"))
        try:
            return Trained.from_state(
                self.state, self.options, _DTYPES[dtype], word, calls, self.data_means
            )
        except ValueError as error:
            raise _broken(self.path, str(error)) from error


def read(path: Any, estimator: type[Any]) -> Stored:
    """Read a file, and check everything in it."""
    source = file_path(path)
    tensors, metadata = _open(source)
    if FORMAT not in metadata:
        raise ValueError(f"{source} is no model file of spinglass")
    if _DIGEST in metadata and metadata[_DIGEST] != digest(tensors, metadata[FORMAT]):
        raise _broken(source, "it holds other data than were written")
    try:
        about = json.loads(metadata[FORMAT])
    except (ValueError, RecursionError) as error:
        raise _broken(source, "its metadata are no JSON") from error
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise _broken(source, "its metadata do not describe a model")
    if about.get("format_version") != FORMAT_VERSION:
        raise ValueError(
            f"{source} has format version {about.get('format_version')!r}, this package reads "
            f"{FORMAT_VERSION}"
        )
    name = estimator.__name__
    if about.get("estimator") != name:
        raise ValueError(f"{source} holds a {about.get('estimator')!r}, not a {name}")
    try:
        _check_about(about)
        options = estimator._options_class.of(_Given(estimator, about["options"]))
        means = tensors.pop("data_means", None)
        state = {name.removeprefix("state."): values for name, values in tensors.items()}
        state = _checked(state, options.empty_state(state), options.PARAMETERS)
        options.check_state(state)
        _check_means(means, options.n_features(state))
    except (KeyError, TypeError, ValueError) as error:
        raise _broken(source, str(error)) from error
    return Stored(source, about, options, state, means)


def _open(source: Path) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """Return tensors and metadata, which are in the JSON text at the head of the file."""
    library, content = safetensors(), read_whole(source)
    try:
        tensors = library.numpy.load(content)
        length = int.from_bytes(content[:8], "little")
        metadata = json.loads(content[8 : 8 + length]).get("__metadata__") or {}
    except MemoryError:
        raise
    except Exception as error:  # the library may raise nearly anything
        raise ValueError(f"{source} is no safetensors file, or a broken one: {error}") from error
    return tensors, metadata


def _broken(path: Path, why: str) -> ValueError:
    return ValueError(f"{path} is a broken model file: {why}")


def _check_about(about: dict[str, Any]) -> None:
    if about["dtype"] not in _DTYPES:
        raise ValueError(f"dtype must be float32 or float64, got {about['dtype']!r}")
    integer(about["word"], "word", at_least=0, at_most=2**64 - 1)
    integer(about["calls"], "calls", at_least=0)
    if not isinstance(about["parameters"], dict):
        raise TypeError("parameters must be an object")
    names = about["feature_names"]
    if names is not None and not (
        isinstance(names, list) and all(isinstance(name, str) for name in names)
    ):
        raise TypeError("feature_names must be a list of text")
    if about["training"] is not None and not isinstance(about["training"], dict):
        raise TypeError("training must be an object")


class _Given:
    """The options of a file, in the form of an estimator that options can check."""

    learning_rate, verbose, num_threads = 0.1, 0, None

    def __init__(self, estimator: type[Any], options: dict[str, Any]) -> None:
        known = {field.name for field in fields(estimator._options_class)}
        if not isinstance(options, dict) or set(options) != known:
            raise ValueError(f"options must be an object with {sorted(known)}")
        self.__dict__.update(options)


def _check_means(means: NDArray[Any] | None, n_features: int) -> None:
    if means is not None:
        if means.dtype != np.float32 or means.shape != (n_features,):
            raise ValueError(f"data_means must be float32 of a number a feature, got {means.shape}")
        if not np.isfinite(means).all():
            raise ValueError("data_means must hold finite numbers")


def _checked(state: State, expected: State, parameters: tuple[str, ...]) -> State:
    """Return a state whose names, dtypes and shapes are those of one that training makes."""
    if set(state) != set(expected):
        raise ValueError(f"expected tensors {sorted(expected)}, got {sorted(state)}")
    state = state | {name: state[name].reshape(-1) for name in parameters}
    for name, values in state.items():
        like = expected[name]
        if values.dtype != like.dtype or values.shape != like.shape:
            raise ValueError(
                f"{name} must be {like.dtype} of shape {like.shape}, got {values.dtype} of shape "
                f"{values.shape}"
            )
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise ValueError(f"{name} must hold finite numbers")
    return state


def load(cls: type[Any], path: Any) -> Any:
    """Return the estimator that a file describes."""
    stored = read(path, cls)
    parameters = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in stored.about["parameters"].items()
    }
    try:
        model = cls(**parameters)
        if model.learning_rate is None:  # it was a schedule
            model.learning_rate = cls().learning_rate
        cls._options_class.of(model)
    except (TypeError, ValueError) as error:
        raise _broken(stored.path, str(error)) from error
    trained = stored.trained()
    names = stored.about["feature_names"]
    if names is not None:
        if len(names) != stored.n_features:
            raise _broken(stored.path, "it has another number of feature_names than of features")
        model.feature_names_in_ = np.array(names, dtype=object)
    model.n_features_in_ = stored.n_features
    model._trained = trained
    return model
