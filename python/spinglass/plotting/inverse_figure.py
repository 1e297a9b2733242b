"""A figure of inferred couplings: against the true ones, or as a matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass._arguments import real_array
from spinglass._sparse import checked_copy
from spinglass.plotting.figure import figure, series, theory_line
from spinglass.plotting.mosaic import signed

if TYPE_CHECKING:
    from spinglass.inverse.inverse_ising import InverseIsing

# Squares of it are still doubles.
_LARGEST = 1e100


@figure(((1, 1), (6.4, 5.6)))
def inverse(model: InverseIsing, true_couplings: ArrayLike | None = None, ax: Any = None) -> Any:
    r"""Draw inferred couplings.

    Parameters
    ----------
    model : InverseIsing
        A fitted model.
    true_couplings : array_like or sparse array, (n_features, n_features), optional
        beta J_ij. The figure then has one point per pair, the diagonal, and the root mean square
        error, also relative to the root mean square of the true couplings. Without true couplings,
        the inferred ones are drawn as a matrix, in colours that are symmetric about zero.
    ax : matplotlib Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    Axes
        The Axes with the drawing.

    Examples
    --------
    >>> import spinglass
    >>> glass = spinglass.SherringtonKirkpatrick(8, seed=1)
    >>> run = spinglass.sample(glass, beta=0.5, n_sweeps=50, n_replicas=500, seed=2)
    >>> model = spinglass.InverseIsing("tap").fit(run.final_states)
    >>> inverse(model, 0.5 * glass.couplings()).get_xlabel()
    'true coupling $\\beta J_{ij}$'
    """
    if true_couplings is None:
        return _matrix(model, ax)
    found = model.couplings_
    true = _true(true_couplings, found.shape)
    pairs = np.triu_indices(len(found), 1)
    x, y = true[pairs], found[pairs]
    error = np.sqrt(np.mean((y - x) ** 2)) if x.size else 0.0
    size = np.sqrt(np.mean(x**2)) if x.size else 0.0
    relative = f" ({100 * error / size:.1f}%)" if size else ""
    colour, marker = series(3)[1][0], "o"
    many = min(1.0, 20.0 / np.sqrt(max(1, x.size)))
    label = f"rms error {error:.3g}{relative}"
    ax.plot(
        x, y, marker, color=colour, alpha=max(0.15, many), markersize=2.0 + 3.0 * many,
        markeredgewidth=0, linestyle="none", label=label,
    )  # fmt: skip
    ends = [min(x.min(initial=0), y.min(initial=0)), max(x.max(initial=0), y.max(initial=0))]
    ax.plot(ends, ends, **theory_line(zorder=3), label="inferred = true")
    ax.set_xlabel(r"true coupling $\beta J_{ij}$")
    ax.set_ylabel(r"inferred coupling $\beta J_{ij}$")
    ax.set_title(f"{model.method}, {len(found)} spins")
    legend = ax.legend(loc="lower right")
    for handle in legend.legend_handles:
        handle.set_alpha(1.0)
    return ax


def _true(couplings: Any, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return true couplings as a dense array of finite numbers."""
    from scipy.sparse import issparse

    # An array of the right shape is no larger than that of the couplings found.
    if issparse(couplings):
        if couplings.shape == shape:
            couplings = checked_copy(couplings, "true_couplings").toarray()
    else:
        couplings = real_array(couplings, "true_couplings")
    if couplings.shape != shape:
        raise ValueError(f"true_couplings must have shape {shape}, got {couplings.shape}")
    true = real_array(couplings, "true_couplings").astype(np.float64)
    if np.isfinite(true).all() and np.abs(true).max(initial=0.0) > _LARGEST:
        raise ValueError(f"true_couplings must be at most {_LARGEST:g} in size")
    if not np.isfinite(true).all():
        row, column = (int(k) for k in np.argwhere(~np.isfinite(true))[0])
        what = "NaN" if np.isnan(true[row, column]) else f"{true[row, column]}"
        raise ValueError(f"true_couplings must be finite, got {what} in row {row}, column {column}")
    return true


def _matrix(model: InverseIsing, ax: Any) -> Any:
    found = model.couplings_
    largest = float(np.abs(found).max()) or 1.0
    picture = ax.imshow(found, cmap=signed(), vmin=-largest, vmax=largest, interpolation="nearest")
    ax.figure.colorbar(picture, ax=ax, label=r"inferred coupling $\beta J_{ij}$", shrink=0.85)
    ax.set_xlabel("spin")
    ax.set_ylabel("spin")
    ax.set_title(f"{model.method}, {len(found)} spins")
    return ax
