"""Many small images in one Axes: a grid with a gap between its cells, and labels at its edges."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass._arguments import lattice_shape
from spinglass.experiments.rbm_training.images import nearly_square

# Between images of a grid, and where there is no image.
_GAP = "#d9d9d9"

# 0 is paper, 1 is ink, and what is not known is a colour that neither has.
_PAPER, _INK, _UNKNOWN = "#ffffff", "#1a1a2e", "#e8b04a"

# From dark to light, so that a grey print still tells the signs apart; no hue on the way is lost to
# the colour-blind. 0 is the grey in the middle.
_SIGNED = ("#08163f", "#2c4b96", "#7d93b8", "#b3b3ae", "#d9bd7c", "#f3cf57", "#fff6b0")

# What a unit that is not known is drawn as.
UNKNOWN = -1.0


def grid_of(
    images: NDArray[np.float64], columns: int, image_shape: tuple[int, int] | None
) -> NDArray[np.float64]:
    """Return (n, n_visible) as (rows, columns, height, width), with NaN in empty cells."""
    n_images, n_visible = images.shape
    height, width = nearly_square(n_visible)
    if image_shape is not None:
        height, width = lattice_shape(image_shape, "image_shape", 2, at_least=1)
    if height * width != n_visible:
        raise ValueError(
            f"image_shape must have {n_visible} pixels, got {height} x {width} = {height * width}"
        )
    rows = max(1, -(-n_images // columns))
    grid = np.full((rows * columns, height, width), math.nan)
    grid[:n_images] = images.reshape(n_images, height, width)
    return grid.reshape(rows, columns, height, width)


def mosaic(grid: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a grid of images as one image, with a pixel of NaN between and around them."""
    rows, columns, height, width = grid.shape
    framed = np.full((rows, columns, height + 1, width + 1), math.nan)
    framed[:, :, 1:, 1:] = grid
    flat = framed.transpose(0, 2, 1, 3).reshape(rows * (height + 1), columns * (width + 1))
    return np.pad(flat, ((0, 1), (0, 1)), constant_values=math.nan)


def show(image: NDArray[np.float64], ax: Any, colours: Any, low: float, high: float) -> Any:
    """Draw a mosaic without ticks and frame; return the image, for a colour bar."""
    drawn = ax.imshow(image, cmap=colours, vmin=low, vmax=high, interpolation="nearest")
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_visible(False)
    return drawn


def signed() -> Any:
    """Return the colours of numbers of both signs."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("signed", _SIGNED).with_extremes(bad=_GAP)


def ink() -> Any:
    """Return the colours of units between 0 and 1, and of unknown units."""
    from matplotlib.colors import LinearSegmentedColormap

    colours = LinearSegmentedColormap.from_list("ink", [_PAPER, _INK])
    return colours.with_extremes(bad=_GAP, under=_UNKNOWN)


def label_cells(axis: Any, pixels: int, labels: Sequence[str]) -> None:
    """Put a label at the middle of each row or column of a mosaic."""
    axis.set_ticks([(pixels + 1) * (k + 0.5) for k in range(len(labels))], labels)
    axis.set_tick_params(length=0)
