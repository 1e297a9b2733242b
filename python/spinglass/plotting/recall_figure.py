"""Figures of recall: final against initial overlaps, pictures, and the decrease of the energy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spinglass.plotting.figure import (
    FRAME,
    colours,
    figure,
    flat,
    ink,
    of_result,
    series,
    shade,
    theory_line,
)

if TYPE_CHECKING:
    from spinglass.experiments import EnergyTrace, RecallPictures
    from spinglass.models.recall import Recall

# A figure shows no more pictures than this; each takes a row.
ROWS = 6
EMPTY = -1


@figure(((1, 1), (6.4, 6.0)))
def recall(result: Recall, ax: Any = None) -> Any:
    """Draw the overlap of each final state against the overlap of its start.

    Both overlaps are with the pattern that is nearest to the start. A point above the diagonal came
    nearer to it, and a point at 1 is the pattern itself. Fixed points are dots, two-cycles are open
    squares, and states that did not come to rest within the run are open triangles.

    Parameters
    ----------
    result : Recall
        The result of `spinglass.Hopfield.recall`, of one state or a batch.
    ax : matplotlib Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    Axes
        The Axes with the drawing.

    Examples
    --------
    >>> import spinglass
    >>> patterns = spinglass.random_patterns(5, 200, seed=1)
    >>> starts = spinglass.corrupt(patterns, flip=0.2, seed=2)
    >>> recall(spinglass.Hopfield(patterns).recall(starts)).get_ylabel()
    'overlap $m$ of the final state'
    """
    start, final = np.atleast_1d(result.start_overlap), np.atleast_1d(result.overlap)
    cycle = np.atleast_1d(result.cycle_length)
    looks = (
        (cycle == 1, "o", {"color": colours(0.4), "alpha": 0.6}, "fixed point"),
        (cycle == 2, "s", {"facecolor": "none", "edgecolor": ink()}, "two-cycle"),
        (cycle == 0, "^", {"facecolor": "none", "edgecolor": ink()}, "not at rest"),
    )
    for chosen, marker, look, label in looks:
        if chosen.any():
            name = f"{label} ({np.count_nonzero(chosen)})"
            ax.scatter(start[chosen], final[chosen], 36, marker=marker, label=name, **look)
    low = min([0.0, *start, *final]) - 0.03
    ax.plot([low, 1.03], [low, 1.03], label="no change", **theory_line())
    ax.set_xlim(low, 1.03)
    ax.set_ylim(low, 1.03)
    ax.set_xlabel("overlap $m$ of the start with the nearest pattern")
    ax.set_ylabel("overlap $m$ of the final state")
    ax.set_title(f"Recall of {len(start)} state{'s' * (len(start) != 1)}: {result.update}")
    ax.legend(loc="best")
    return ax


@of_result
def pictures_layout(result: RecallPictures) -> tuple[list[list[int]], tuple[float, float]]:
    """Return the places of the panels in the figure of the pictures, and its size in inches.

    Examples
    --------
    >>> from spinglass import experiments, plotting
    >>> plotting.pictures_layout(experiments.recall_pictures())
    ([[0, 1, 2, 3, 3]], (15.5, 4.1))
    """
    rows = 1 if result.config.images is None else min(ROWS, len(result.names))
    if rows == 1:
        return [[0, 1, 2, 3, 3]], (15.5, 4.1)
    # The energy stands beside the middle rows, at most four: a taller panel would say no more.
    beside = range((rows - 4) // 2, (rows + 4) // 2) if rows > 4 else range(rows)
    energy = [3 * rows if k in beside else EMPTY for k in range(rows)]
    mosaic = [[3 * k, 3 * k + 1, 3 * k + 2, energy[k], energy[k]] for k in range(rows)]
    return mosaic, (12.5, 0.5 + 2.5 * rows)


@figure(pictures_layout)
def pictures(result: RecallPictures, ax: Any = None) -> Any:
    """Draw pictures as stored, at the start and as recalled, and the energy between.

    Parameters
    ----------
    result : RecallPictures
        The result of `spinglass.experiments.recall_pictures`.
    ax : matplotlib Axes or sequence of Axes, optional
        One Axes shows the energy against the updates. 3 k + 1 Axes show the first k pictures, three
        panels each, and the energy. By default a new figure shows up to six pictures; with the
        built-in pictures it shows only the cross.

    Returns
    -------
    Axes or array of Axes
        The Axes with the drawing.

    Examples
    --------
    >>> from spinglass.experiments import recall_pictures
    >>> [panel.get_title() for panel in pictures(recall_pictures())][:3]
    ['cross, stored', 'start: $m = 0.40$', 'recalled: $m = 1.00$']
    """
    axes = flat(ax)
    shown, rest = divmod(len(axes) - 1, 3)
    if rest or shown > len(result.names):
        raise ValueError(
            f"ax must be 3 k + 1 Axes with k from 0 to {len(result.names)} pictures, "
            f"got {len(axes)}"
        )
    for k in range(shown):
        _row(result, k, axes[3 * k : 3 * k + 3])
    _energy(result, axes[-1], shown or min(ROWS, len(result.names)))
    return ax if len(axes) == 1 else axes


def _row(result: RecallPictures, k: int, axes: Any) -> None:
    """Draw picture ``k`` as stored, started from and recalled; the first says what all share."""
    flipped = np.count_nonzero(result.start[k] != result.stored[k])
    others, spins = len(result.names) - 1, result.config.size**2
    together = f"one of {others + 1} in {spins} spins" if others else f"alone in {spins} spins"
    best = int(result.best_picture[k])
    if best != k and result.best_overlap[k] > result.overlap[k]:
        end = f"nearer to {_short(result.names[best], 10)}: {result.best_overlap[k]:.2f}"
    else:
        end = (
            f"{'at rest' if result.converged[k] else 'still moving'} after {result.flips[k]} flips"
        )
    columns = (
        (result.stored[k], f"{_short(result.names[k])}, stored", together if k == 0 else ""),
        (
            result.start[k],
            f"start: $m = {result.start_overlap[k]:.2f}$",
            f"{flipped} pixels flipped" if k == 0 else "",
        ),
        (result.recalled[k], f"recalled: $m = {result.overlap[k]:.2f}$", end),
    )
    for ax, (picture, title, below) in zip(axes, columns, strict=True):
        _spins(picture, ax)
        ax.set_title(title)
        ax.set_xlabel(below)


def _spins(picture: Any, ax: Any) -> None:
    """Draw a picture: +1 light, -1 dark."""
    from matplotlib.colors import ListedColormap

    ax.imshow(picture, cmap=ListedColormap(["#2a1745", "#f6f3ea"]), vmin=-1, vmax=1)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_visible(True)
    ax.spines[:].set_color(shade(0.5))


def _energy(result: RecallPictures, ax: Any, shown: int) -> None:
    """Draw the energy against the updates: a step down at each flip, level between."""
    n_spins, sweeps = result.config.size**2, int(max(result.sweeps[:shown]))
    for end in range(n_spins, (sweeps + 1) * n_spins, n_spins * max(1, sweeps // 20)):
        ax.axvline(end, color=shade(0.12), linewidth=1, zorder=0)
    for k, (colour, marker) in enumerate(series(shown)):
        trace: EnergyTrace = result.traces[k]
        updates = np.append(trace.updates, int(result.sweeps[k]) * n_spins)
        energy = np.append(trace.energy, trace.energy[-1])
        # Two that run together are both seen: the later one is drawn over the earlier, thinner.
        wide = 1.7 + 0.5 * (shown - 1 - k)
        ax.step(updates, energy, where="post", color=colour, linewidth=wide)
        ax.plot(updates[[0, -1]], energy[[0, -1]], marker, color=colour, clip_on=False)
        ax.plot([], [], marker=marker, color=colour, label=_short(result.names[k]))
        level = [float(result.stored_energy[k])] * 2
        ax.plot([0, sweeps * n_spins], level, ":", color=colour, linewidth=1.2, zorder=1)
    ax.plot([], [], ":", color=shade(0.7), linewidth=1.2, label="as stored")
    ax.set_xlim(0, 1.02 * sweeps * n_spins)
    ax.set_xlabel(f"updates of one pixel each (grey: sweeps of {n_spins})")
    ax.set_ylabel("energy $E$")
    some = f" ({shown} of {len(result.names)} pictures)" if 1 < shown < len(result.names) else ""
    ax.set_title(f"Every flip lowers the energy{some}")
    ax.legend(loc="upper right", **FRAME)
    if result.config.images is None:
        _also_stored(result, ax)


def _also_stored(result: RecallPictures, ax: Any) -> None:
    """Show the other built-in figures, small, where the energy is long past."""
    others = range(1, len(result.names))
    for place, k in enumerate(others):
        inset = ax.inset_axes([0.53 + 0.11 * place, 0.36, 0.1, 0.2])
        _spins(result.stored[k], inset)
        if place == 0:
            inset.set_title("stored with it", loc="left", fontsize="small", pad=4)


def _short(name: str, length: int = 18) -> str:
    """Return a name that fits a title, its middle left out, and is not read as mathematics."""
    if len(name) > length:
        name = f"{name[: length // 2]}…{name[-(length // 2 - 1) :]}"
    return name.replace("$", r"\$")
