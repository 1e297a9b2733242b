"""Images as rows of visible units: read from a file, scaled to [0, 1], and made binary once.

A restricted Boltzmann machine has units of 0 and 1. Grey levels become bits in one of two ways. One
draw makes each pixel 1 with its grey level as the probability. This keeps the mean of every pixel
(Salakhutdinov and Murray 2008, and most likelihoods published since). The other way is a threshold
at 1/2. The bits are drawn once, because the likelihood of one draw does not hold for another draw.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spinglass import _arguments, _random
from spinglass._archive import read_arrays
from spinglass._files import opened

Binarise: TypeAlias = Literal["bernoulli", "threshold", "none"]
Data: TypeAlias = str | os.PathLike[str] | NDArray[Any]

DIGITS = "digits"
"""As the data of `rbm`: the digits of scikit-learn, 8 x 8 pixels each."""

# The names that training and held-out images have in the files people pass around.
TRAIN = ("x_train", "X_train", "train_images", "train", "images", "X", "x", "data")
TEST = ("x_test", "X_test", "test_images", "test")

# Of data that come without held-out images, one row in so many is held out.
HELD_OUT = 10

_EXPECTED = "one 2-D or 3-D array of images, or one called x_train, images, X or data"
_ROWS = 4096


@dataclass(frozen=True, eq=False)
class Images:
    """Training images and held-out images.

    Attributes
    ----------
    name : str
        The source of the images.
    train, test : numpy.ndarray, (n_images, n_visible)
        uint8 of 0 and 1, or float32 in [0, 1] if they were not made binary.
    image_shape : tuple of int or None
        Height and width; None for rows without a shape.
    """

    name: str
    train: NDArray[Any] = field(repr=False)
    test: NDArray[Any] = field(repr=False)
    image_shape: tuple[int, int] | None


def load_images(data: Data, binarise: Binarise = "bernoulli", seed: int = 0) -> Images:
    """Return images as rows of visible units.

    Parameters
    ----------
    data : path, array or "digits"
        An ``.npz`` file that holds images as a 2-D or 3-D array, with optional held-out images
        under x_test; or such an array; or scikit-learn's 1797 digits of 8 x 8 pixels. Grey levels
        above 1 are divided by the largest one. If there are no held-out images, the seed draws a
        tenth of the rows as such.
    binarise : {"bernoulli", "threshold", "none"}
        Draw each pixel once with its grey level as the probability, use a threshold at 1/2, or do
        not change it.
    seed : int
        Determines the held-out rows and the bits.

    Raises
    ------
    ValueError, TypeError
        If the file or array holds no such images.
    OSError
        If the file cannot be read.
    ImportError
        If the digits are asked for and scikit-learn is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> grey = np.linspace(0, 255, 40 * 9).reshape(40, 3, 3)
    >>> images = load_images(grey, "threshold")
    >>> images.train.shape, images.test.shape, images.image_shape, int(images.train.max())
    ((36, 9), (4, 9), (3, 3), 1)
    """
    name, train, test = _read(data)
    largest = float(train.max())
    shape = (train.shape[1], train.shape[2]) if train.ndim == 3 else None
    rows = train.reshape(len(train), -1)
    if test is None:
        if len(rows) < 2:
            raise ValueError(f"data must hold at least 2 images, got {len(rows)}")
        order = np.random.default_rng(_random.seed_word(seed, 0)).permutation(len(rows))
        n_test = max(1, len(rows) // HELD_OUT)
        rows, held_out = rows[np.sort(order[n_test:])], rows[np.sort(order[:n_test])]
    else:
        held_out = test.reshape(len(test), -1)
    train = _binarised(rows, largest, binarise, _random.seed_word(seed, 1))
    test = _binarised(held_out, largest, binarise, _random.seed_word(seed, 2))
    return Images(name, train, test, shape)


def nearly_square(n_visible: int) -> tuple[int, int]:
    """Return height and width, as nearly equal as they can be and the width no smaller."""
    height = next(x for x in range(math.isqrt(n_visible), 0, -1) if n_visible % x == 0)
    return height, n_visible // height


def _binarised(
    rows: NDArray[Any], largest: float, binarise: Binarise, word: int
) -> NDArray[np.uint8] | NDArray[np.float32]:
    """Return grey levels as bits, or in [0, 1]."""
    rng = np.random.default_rng(word)
    units: NDArray[Any] = np.empty(rows.shape, np.float32 if binarise == "none" else np.uint8)
    for first in range(0, len(rows), _ROWS):  # bounds the memory
        part = slice(first, first + _ROWS)
        grey = rows[part].astype(np.float64)
        if largest > 1:
            grey = np.minimum(grey / largest, 1.0)  # held-out images may be lighter
        if binarise == "bernoulli":
            units[part] = rng.random(grey.shape, dtype=np.float32) < grey
        else:
            units[part] = grey if binarise == "none" else grey >= 0.5
    return units


def _read(data: Any) -> tuple[str, NDArray[Any], NDArray[Any] | None]:
    """Return the name, the images, and those held out if they are told apart."""
    if isinstance(data, np.ndarray):
        return "array", _checked(data, "data"), None
    if isinstance(data, str) and data == DIGITS:
        try:
            from sklearn.datasets import load_digits
        except ImportError as error:
            raise ImportError(
                "data: the digits come with scikit-learn: pip install 'spinglass[sklearn]'"
            ) from error
        return DIGITS, np.asarray(load_digits().images), None
    path = _arguments.file_path(data, "data")
    arrays = _arrays(path)
    images = [name for name, array in arrays.items() if array.ndim in (2, 3)]
    chosen = next((name for name in TRAIN if name in images), None)
    if chosen is None and len(images) == 1:
        chosen = images[0]
    if chosen is None:
        found = ", ".join(f"{name} {array.shape}" for name, array in arrays.items()) or "nothing"
        raise ValueError(f"data must hold {_EXPECTED}, got {found} in {path.name!r}")
    train = _checked(arrays[chosen], chosen)
    other = next((name for name in TEST if name in images and name != chosen), None)
    test = _checked(arrays[other], other) if other is not None else None
    if test is not None and test.shape[1:] != train.shape[1:]:
        raise ValueError(
            f"data must hold images of one shape, got {train.shape[1:]} in {chosen} and "
            f"{test.shape[1:]} in {other}"
        )
    return path.name, train, test


def _arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of an ``.npz`` file; nothing in it is run."""
    came = repr(str(path))
    try:
        with opened(path) as file:
            return read_arrays(file, f"data: {came}")
    except OSError as error:
        raise OSError(error.errno, f"data: {error.strerror}", str(path)) from None
    except ValueError as error:
        raise ValueError(f"data must be an .npz file, got {came}: {error}") from None


def _checked(array: NDArray[Any], name: str) -> NDArray[Any]:
    """Return an array of images, or say what it is not."""
    if array.ndim not in (2, 3) or array.size == 0:
        raise ValueError(f"data must hold {_EXPECTED}, got {name} of shape {array.shape}")
    if array.dtype.kind not in "biuf":
        raise TypeError(f"data must hold grey levels, got dtype {array.dtype} in {name}")
    # NaN is caught too, written so.
    if not (array.min() >= 0 and array.max() < np.inf):
        raise ValueError(
            f"data must hold finite grey levels >= 0, got {array.min()} to {array.max()} in {name}"
        )
    return array
