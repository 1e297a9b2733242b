"""Pictures as patterns: image files and arrays made into spins, and the built-in figures.

+1 is light and -1 dark. A picture is divided at the grey level that makes the numbers of light and
dark pixels most nearly equal, because Hebb's rule is made for patterns with as many +1 as -1.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from spinglass import _arguments
from spinglass._files import opened

Image: TypeAlias = str | os.PathLike[str] | NDArray[Any]

# N = 2^20 spins, more pixels than a panel of a figure shows.
LARGEST_SIZE = 1024
DEFAULT_SIZE = 64

_EXPECTED = "picture files or 2-D arrays of finite grey levels"


def listed(images: Any) -> list[Any]:
    """Return the images as a list, each a path or a 2-D array."""
    if isinstance(images, str | bytes | os.PathLike) or not np.iterable(images):
        raise TypeError(f"images must be a sequence of {_EXPECTED}, got {_arguments.shown(images)}")
    values = images.values() if isinstance(images, Mapping) else images
    found = [
        x if isinstance(x, str | os.PathLike) else _arguments.array_of(x, "images", "grey levels")
        for x in values
    ]
    if not found:
        raise ValueError(f"images must hold at least one of {_EXPECTED}, got none")
    for x in found:
        if isinstance(x, np.ndarray) and (x.ndim != 2 or x.dtype.kind not in "biuf"):
            raise TypeError(
                f"images must be {_EXPECTED}, got an array of shape {x.shape} and dtype {x.dtype}"
            )
        if isinstance(x, np.ndarray) and not (x.size and np.isfinite(x).all()):
            came = f"an array of shape {x.shape}" + " with NaN or infinities" * bool(x.size)
            raise ValueError(f"images must be {_EXPECTED}, got {came}")
    return found


def label(image: Any, k: int) -> str:
    """Return what an image is called: its path, or its place."""
    return f"array {k}" if isinstance(image, np.ndarray) else os.fsdecode(image)


def resolved_size(given: list[Any] | None, size: Any) -> int:
    """Resolve the size, in pixels a side."""
    if given is None:
        if size is not None:
            came = _arguments.shown(size)
            what = "size is for images of your own: the figures are 11 x 11"
            raise ValueError(f"{what}, got {came}")
        return 11
    if size is None:
        shapes = {x.shape if isinstance(x, np.ndarray) else None for x in given}
        shape = shapes.pop()
        alike = shape is not None and not shapes and shape[0] == shape[1]
        size = shape[0] if alike and shape is not None else DEFAULT_SIZE
    expected = f"an integer, 2 to {LARGEST_SIZE}"
    number = _arguments.integer(size, "size", at_least=2, at_most=None, kind=expected)
    if number > LARGEST_SIZE:
        raise ValueError(f"size must be {expected}, got {_arguments.shown(number)}")
    return number


def as_spins(image: Any, size: int) -> NDArray[np.int8]:
    """Return an image as spins, (size, size)."""
    if isinstance(image, np.ndarray):
        came, shape = f"an array of shape {image.shape}", image.shape
        if shape == (size, size) and ((image == 1) | (image == -1)).all():
            return image.astype(np.int8)
        grey: NDArray[np.floating[Any]] = image.astype(np.float64)
        grey /= np.abs(grey).max() or 1.0
        if shape != (size, size):
            grey = _fitted(_pillow().fromarray(grey.astype(np.float32)), size)
    else:
        came, grey = repr(os.fsdecode(image)), _read(image, size)
    if not grey.min() < grey.max():  # so written, NaN is caught too
        raise ValueError(f"images must have more than one grey level at this size, got {came}")
    return _binarised(grey)


def _binarised(grey: NDArray[np.floating[Any]]) -> NDArray[np.int8]:
    """Cut the grey levels in two, as nearly equal as they allow: at the median or next to it.

    Where many pixels share the median (a drawing on white) it may belong to either side.
    """
    median = np.median(grey)
    light, lighter = grey >= median, grey > median
    if abs(light.mean() - 0.5) > abs(lighter.mean() - 0.5):
        light = lighter
    return np.where(light, 1, -1).astype(np.int8)


def _read(path: str | os.PathLike[str], size: int) -> NDArray[np.floating[Any]]:
    """Return the grey levels of an image file, (size, size)."""
    pillow = _pillow()
    came = repr(os.fsdecode(path))
    try:
        file = opened(_arguments.file_path(path, "images"))
    except OSError as error:
        raise OSError(error.errno, f"images: {error.strerror}", os.fsdecode(path)) from None
    except ValueError as error:
        raise ValueError(f"images must be {_EXPECTED}, got {came}: {error}") from None
    with file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd metadata is no matter here
        warnings.simplefilter("error", pillow.DecompressionBombWarning)
        try:
            with pillow.open(file) as image:
                return _fitted(_grey(image), size)
        except MemoryError:
            raise
        except pillow.UnidentifiedImageError:
            file.seek(0)
            reason = "no kind of picture that Pillow knows" if file.read(1) else "the file is empty"
        except (pillow.DecompressionBombWarning, pillow.DecompressionBombError):
            reason = f"more than {pillow.MAX_IMAGE_PIXELS} pixels"
        except Exception as error:  # a decoder meets a broken file in its own way
            reason = f"broken ({(str(error) or type(error).__name__).splitlines()[0]})"
    raise ValueError(f"images must be {_EXPECTED}, got {came}: {reason}")


def _grey(image: Any) -> Any:
    """Return the first frame of a Pillow image upright, on white, in grey levels of mode F."""
    from PIL import ImageOps

    upright = ImageOps.exif_transpose(image)
    if upright.mode[0] in "IF":  # 16 bits and more, which the way over 8 would clip
        return _pillow().fromarray(np.asarray(upright, dtype=np.float32))
    if upright.has_transparency_data:
        layer = upright.convert("RGBA")
        upright = _pillow().new("RGBA", layer.size, "white")
        upright.alpha_composite(layer)
    return upright.convert("L").convert("F")


def _fitted(image: Any, size: int) -> NDArray[np.float32]:
    """Crop a Pillow image of mode F to its central square and resize it."""
    from PIL import ImageOps

    return np.asarray(ImageOps.fit(image, (size, size)), dtype=np.float32)


def _pillow() -> Any:
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError("pictures need Pillow: pip install 'spinglass[plot]'") from error
    return Image


_Y, _X = np.mgrid[-5:6, -5:6]

# True where dark: 57, 68, 66, 61 and 61 of 121 pixels. Chosen to have little in common, as Hebb's
# rule wants it: overlaps of at most 0.12, about what random patterns of 121 spins have (0.09).
# From 30 % of the pixels flipped the cross comes back whole in about 98 of 100 draws.
FIGURES: dict[str, NDArray[np.bool_]] = {
    "cross": (abs(_X) <= 1) | (abs(_Y) <= 1),
    "ring": abs(np.hypot(_X, _Y) - 3.9) < 1.3,
    "stripes": _X // 2 % 2 == 0,
    "checks": ((_X + 5) // 2 + (_Y + 5) // 2) % 2 == 0,
    "diagonals": (_X + _Y) // 3 % 2 == 0,
}
