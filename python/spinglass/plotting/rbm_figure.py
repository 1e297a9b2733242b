"""Figures of machines: learning curves, filters, chains, and half-erased images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass._arguments import integer, real_array, shown
from spinglass.plotting.figure import FRAME, OnePanel, figure, flat, series
from spinglass.plotting.mosaic import UNKNOWN, grid_of, ink, label_cells, mosaic, show, signed

if TYPE_CHECKING:
    from spinglass.experiments import RbmTraining


# A panel alone.
_ONE: OnePanel = (1, 1), (7.5, 6.0)


def rbm_layout(_: object = None) -> tuple[tuple[int, int], tuple[float, float]]:
    """Return rows and columns of the figure, and its size in inches.

    Examples
    --------
    >>> from spinglass import plotting
    >>> plotting.rbm_layout()
    ((2, 2), (14.0, 11.0))
    """
    return (2, 2), (14.0, 11.0)


@figure(rbm_layout)
def rbm(result: RbmTraining, ax: Any = None) -> Any:
    """Draw a trained machine: learning curves, filters, samples, and repaired images.

    Parameters
    ----------
    result : RbmTraining
        The result of `spinglass.experiments.rbm`, complete or not.
    ax : matplotlib Axes or sequence of four Axes, optional
        One Axes shows the learning curves. Four Axes show these, the filters, samples along the
        chain, and half-erased images. By default a new figure shows all four.

    Returns
    -------
    Axes or array of four Axes
        The Axes with the drawing.

    Examples
    --------
    >>> import numpy as np
    >>> from spinglass import experiments, plotting
    >>> bars = np.repeat(np.eye(4), 4, axis=1).reshape(4, 4, 4)[np.arange(80) % 4]
    >>> result = experiments.rbm(bars, n_components=4, n_epochs=2, batch_size=20)
    >>> plotting.rbm(result).shape
    (4,)
    """
    axes = flat(ax)
    if len(axes) not in (1, 4):
        raise ValueError(f"ax must be one Axes or four, got {len(axes)}")
    learning_curves(result.curves, ax=axes[0])
    if len(axes) == 1:
        return ax
    shape = result.config.image_shape
    filters(result.model, shape, ax=axes[1])
    if result.complete:
        chains(result.chains, result.chain_steps, shape, ax=axes[2])
        reconstructions(result.shown, result.erased, result.filled, shape, ax=axes[3])
    else:
        for ax in axes[2:]:
            ax.text(0.5, 0.5, "the training was interrupted", ha="center", va="center")
            ax.set_axis_off()
    return axes


@figure(_ONE)
def learning_curves(curves: NDArray[np.void], ax: Any = None) -> Any:
    """Draw likelihoods against the epoch, and the reconstruction error on a second scale.

    Parameters
    ----------
    curves : structured array
        One row per epoch, as `RbmTraining.curves`: ``epoch``, and any of ``pseudo_likelihood``,
        ``log_likelihood``, ``optimistic`` and ``pessimistic`` (nats per image), and
        ``reconstruction_error`` (pixels per image). A column of the same name with ``_error`` at
        the end is drawn as a band around it. The area between the two sides is shaded. NaN is not
        drawn.
    ax : matplotlib Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    Axes
        The Axes with the drawing. The second scale is a twin of it.

    Examples
    --------
    >>> import numpy as np
    >>> from spinglass import plotting
    >>> rows = [(0, -5.0), (1, -4.0), (2, -3.5)]
    >>> curves = np.array(rows, dtype=[("epoch", "i8"), ("log_likelihood", "f8")])
    >>> plotting.learning_curves(curves).get_xlabel()
    'epoch'
    """
    if not isinstance(curves, np.ndarray) or "epoch" not in (curves.dtype.names or ()):
        raise TypeError(
            f"curves must be a structured array with a column epoch, got {shown(curves)}"
        )
    names = curves.dtype.names or ()
    dark, middle, light = (look[0] for look in series(3))
    lines = [("pseudo_likelihood", "pseudo-likelihood", light, "^")]
    if _two_sided(curves):
        ax.fill_between(*_between(curves), color=middle, alpha=0.2, linewidth=0)
        lines += [
            ("optimistic", "log-likelihood, optimistic", middle, "v"),
            ("pessimistic", "log-likelihood, pessimistic", middle, "o"),
        ]
    else:
        lines += [("log_likelihood", "log-likelihood", middle, "o")]
    for name, label, colour, marker in lines:
        if name in names:
            _curve(curves, name, ax, color=colour, marker=marker, label=label)
    ax.set_xlabel("epoch")
    ax.set_ylabel("nats per image")
    ax.set_title("Learning curves, held-out images")
    ax.xaxis.get_major_locator().set_params(integer=True)
    handles, labels = ax.get_legend_handles_labels()
    if "reconstruction_error" in names:
        twin = ax.twinx()
        twin.spines["right"].set_visible(True)
        look = {"color": dark, "linestyle": (0, (4, 2)), "marker": "s"}
        _curve(curves, "reconstruction_error", twin, label="wrong pixels (right)", **look)
        twin.set_ylim(0, max(twin.get_ylim()[1], 1.05 * twin.dataLim.y1))  # also of a flat curve
        twin.set_ylabel("wrong pixels per reconstructed image")
        more = twin.get_legend_handles_labels()
        handles, labels = handles + more[0], labels + more[1]
    ax.legend(handles, labels, loc="lower right", **FRAME)
    return ax


@figure(_ONE)
def filters(
    model: Any, image_shape: tuple[int, int] | None = None, count: int = 100, ax: Any = None
) -> Any:
    """Draw the weights of the first hidden units as images on one scale, symmetric about 0.

    Parameters
    ----------
    model : estimator or array_like, (n_hidden, n_visible)
        A machine with ``components_``, or the weights themselves.
    image_shape : tuple of int, optional
        Height and width. By default the images are as close to squares as possible.
    count : int
        Largest number of units to show.
    ax : matplotlib Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    Axes
        The Axes with the drawing.

    Examples
    --------
    >>> import numpy as np
    >>> filters(np.random.default_rng(1).normal(size=(20, 64))).get_title()
    'Weights of 20 hidden units'
    """
    weights = _rows(getattr(model, "components_", model), "model", 2)
    count = integer(count, "count", at_least=1)
    shown = weights[:count]
    # A handful of very strong weights would leave all others grey.
    strongest = float(np.abs(shown).max(initial=0.0))
    limit = float(np.quantile(np.abs(shown), 0.998)) if shown.size else 0.0
    limit = limit or strongest or 1.0
    columns = math.ceil(math.sqrt(max(1, len(shown))))
    grid = mosaic(grid_of(shown, columns, image_shape))
    image = show(grid, ax, signed(), -limit, limit)
    bar = ax.figure.colorbar(
        image, ax=ax, shrink=0.85, pad=0.02, extend="both" if strongest > limit else "neither"
    )
    bar.set_label("weight")
    some = f"{len(shown)} of {len(weights)}" if len(shown) < len(weights) else str(len(weights))
    ax.set_title(f"Weights of {some} hidden units")
    return ax


@figure(_ONE)
def chains(
    states: ArrayLike,
    steps: Sequence[int],
    image_shape: tuple[int, int] | None = None,
    ax: Any = None,
) -> Any:
    """Draw samples along chains. A row is a chain, a column a number of steps.

    Parameters
    ----------
    states : array_like, (n_chains, n_columns, n_visible)
        Visible units, 0 to 1.
    steps : sequence of int, (n_columns,)
        Gibbs steps before each column; 0 is the start.
    image_shape : tuple of int, optional
        Height and width. By default the images are as close to squares as possible.
    ax : matplotlib Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    Axes
        The Axes with the drawing.

    Examples
    --------
    >>> import numpy as np
    >>> ax = chains(np.zeros((3, 2, 9)), [0, 100])
    >>> [label.get_text() for label in ax.get_xticklabels()]
    ['0', '100']
    """
    images = _rows(states, "states", 3)
    n_chains, n_columns, n_visible = images.shape
    steps = [integer(x, "steps", at_least=0) for x in np.ravel(real_array(steps, "steps")).tolist()]
    if len(steps) != n_columns:
        raise ValueError(f"steps must be one for each of {n_columns} columns, got {len(steps)}")
    grid = grid_of(images.reshape(-1, n_visible), n_columns, image_shape)
    show(mosaic(grid), ax, ink(), 0, 1)
    label_cells(ax.xaxis, grid.shape[3], [str(step) for step in steps])
    ax.xaxis.set_tick_params(labelsize="small")
    label_cells(ax.yaxis, grid.shape[2], [str(k + 1) for k in range(n_chains)])
    ax.set_xlabel("Gibbs steps (0: a held-out image)" if steps[0] == 0 else "Gibbs steps")
    ax.set_ylabel("chain")
    ax.set_title("Samples along the chain")
    return ax


@figure(_ONE)
def reconstructions(
    original: ArrayLike,
    erased: ArrayLike,
    reconstructed: ArrayLike,
    image_shape: tuple[int, int] | None = None,
    columns: int = 8,
    ax: Any = None,
) -> Any:
    """Draw images as they are, with a part erased, and with this part filled in by the machine.

    Parameters
    ----------
    original, reconstructed : array_like, (n_images, n_visible)
        Visible units, 0 to 1.
    erased : array_like of bool, (n_visible,) or (n_images, n_visible)
        True where a unit was hidden from the machine.
    image_shape : tuple of int, optional
        Height and width. By default the images are as close to squares as possible.
    columns : int
        Number of images side by side. More images follow below, in three rows each.
    ax : matplotlib Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    Axes
        The Axes with the drawing.

    Examples
    --------
    >>> import numpy as np
    >>> ax = reconstructions(np.ones((2, 9)), np.arange(9) > 4, np.ones((2, 9)))
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['original', 'erased', 'filled in']
    """
    whole, filled = _rows(original, "original", 2), _rows(reconstructed, "reconstructed", 2)
    if filled.shape != whole.shape:
        raise ValueError(f"reconstructed must have shape {whole.shape}, got {filled.shape}")
    hole = real_array(erased, "erased", "booleans").astype(bool)
    if hole.shape not in (whole.shape, whole.shape[1:]):
        raise ValueError(f"erased must have shape {whole.shape}, got {hole.shape}")
    hole = np.broadcast_to(hole, whole.shape)
    images = np.stack([whole, np.where(hole, UNKNOWN, whole), filled])
    columns = max(1, min(integer(columns, "columns", at_least=1), len(whole)))
    blocks = -(-len(whole) // columns)
    cells = np.full((3, blocks * columns, whole.shape[1]), np.nan)
    cells[:, : len(whole)] = images
    # Three rows of a block, then those of the next.
    rows = cells.reshape(3, blocks, columns, -1).swapaxes(0, 1).reshape(3 * blocks * columns, -1)
    grid = grid_of(rows, columns, image_shape)
    show(mosaic(grid), ax, ink(), 0, 1)
    label_cells(ax.yaxis, grid.shape[2], ["original", "erased", "filled in"] * blocks)
    ax.set_xlabel("held-out images; what is erased is filled in from the rest")
    ax.set_title("Half-erased images")
    return ax


def _rows(values: Any, name: str, ndim: int) -> NDArray[np.float64]:
    """Return an argument as an array of so many axes of finite numbers."""
    array = real_array(values, name)
    if array.ndim != ndim or not array.size or not np.isfinite(array).all():
        raise ValueError(
            f"{name} must be an array of finite numbers of {ndim} axes, got shape {array.shape}"
        )
    return array.astype(np.float64)


def _curve(curves: NDArray[np.void], name: str, ax: Any, **look: Any) -> None:
    """Draw a column against the epoch, with a band of its error where there is one."""
    known = np.isfinite(curves[name])
    epoch, value = curves["epoch"][known], curves[name][known]
    if not len(epoch):
        return
    ax.plot(epoch, value, markevery=max(1, len(epoch) // 12), linewidth=1.6, **look)
    if f"{name}_error" in (curves.dtype.names or ()):
        error = np.nan_to_num(curves[f"{name}_error"][known])
        ax.fill_between(
            epoch, value - error, value + error, color=look["color"], alpha=0.25, linewidth=0
        )


def _two_sided(curves: NDArray[np.void]) -> bool:
    """Say whether the two sides are known and differ."""
    if not {"optimistic", "pessimistic"} <= set(curves.dtype.names or ()):
        return False
    return bool((np.abs(curves["optimistic"] - curves["pessimistic"]) > 0).any())


def _between(curves: NDArray[np.void]) -> tuple[Any, Any, Any]:
    """Return the epochs at which both sides are known, and the sides."""
    rows = curves[np.isfinite(curves["optimistic"]) & np.isfinite(curves["pessimistic"])]
    return rows["epoch"], rows["pessimistic"], rows["optimistic"]
