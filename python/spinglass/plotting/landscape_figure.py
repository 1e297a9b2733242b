"""A figure of an energy landscape: the tree of barriers, and the sizes of the basins.

The tree is a disconnectivity graph (O. M. Becker, M. Karplus, J. Chem. Phys. 106, 1495 (1997)). A
line goes up from every minimum. It ends where it meets the line of a lower minimum. The height of
this joint is the energy of the lowest saddle between the two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spinglass.plotting.figure import FRAME, figure, flat, ink, of_result, paper, series, shade

if TYPE_CHECKING:
    from spinglass.experiments import Landscape

# More lines than this are no picture: the lowest minima are drawn, with the barriers between them.
MOST = 400

# Of the basins more can be drawn.
_MOST_POINTS = 20_000

# About the width of the tree, in points.
_POINTS = 800

# So many of the lowest minima have their numbers written below them.
_LABELS = 6

_GROUND = "#d55e00"


@of_result
def landscape_layout(result: Landscape) -> tuple[list[list[int]], tuple[float, float]]:
    """Return the places of the panels in the figure, and its size in inches.

    Examples
    --------
    >>> from spinglass import experiments, plotting
    >>> plotting.landscape_layout(experiments.landscape(n_spins=6))
    ([[0, 0, 0, 1]], (16.0, 7.5))
    """
    return [[0, 0, 0, 1]], (16.0, 7.5)


@figure(landscape_layout)
def landscape(result: Landscape, ax: Any = None) -> Any:
    """Draw the tree of barriers, and the basins against energy.

    Parameters
    ----------
    result : Landscape
        The result of `spinglass.experiments.landscape`.
    ax : matplotlib Axes or sequence of two Axes, optional
        One Axes shows the tree. By default a new figure shows both panels.

    Returns
    -------
    Axes or array of two Axes
        The Axes with the drawing.

    Examples
    --------
    >>> from spinglass.experiments import landscape as measure
    >>> [panel.get_ylabel() for panel in landscape(measure(n_spins=10))]
    ['energy per spin', 'share of all states in the basin']
    """
    panels = flat(ax)
    if len(panels) not in (1, 2):
        raise ValueError(f"ax must be one Axes or two, got {len(panels)}")
    _tree(result, panels[0])
    if len(panels) == 1:
        _legend(result, panels[0], loc="best", **FRAME)
        return ax
    _basins(result, panels[1])
    # Beside the panels: inside, there is no place that is free for every model.
    _legend(result, panels[1], loc="upper left", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.0)
    return panels


def leaf_order(result: Landscape, at_most: int = MOST) -> list[int]:
    """Return the lowest minima in an order in which no two lines of their tree cross.

    The minima of a lake stay together, and those that join it later stand further outside. A
    minimum and the one with all spins reversed stand on opposite sides of the lake that contains
    both.
    """
    table, merges = result.minima, result.merges
    count = len(table)
    mirror = table["mirror"].tolist()
    # Of each lake its minima from left to right, and the lowest one.
    orders: list[list[int]] = [[k] if k < at_most else [] for k in range(count)]
    lowest = list(range(count))
    for lower, higher in zip(merges["lower"].tolist(), merges["higher"].tolist(), strict=True):
        trunk, branch = lowest[lower], lowest[higher]
        order, joining = orders[lower], orders[higher]
        lowest.append(trunk)
        orders[lower] = orders[higher] = []
        if not joining:
            orders.append(order)
            continue
        place = order.index(trunk)
        left = 2 * place + 1 < len(order)  # to the side where fewer stand
        twin = mirror[branch]
        if twin >= 0 and twin in order:
            # A reflection: the twin's neighbours stand the other way round.
            joining = joining[::-1]
            left = order.index(twin) > place or (twin == trunk and not left)
        orders.append(joining + order if left else order + joining)
    return orders[-1]


def _groups(result: Landscape) -> tuple[NDArray[np.int64], list[tuple[str, Any, str, bool]]]:
    """Return the group of each minimum, and of the groups name, colour, marker, and if filled."""
    table = result.minima
    ground = table["energy"] == table["energy"][0]
    if "kind" not in (table.dtype.names or ()):
        looks = [("ground state", _GROUND, "D", True), ("local minimum", shade(0.35), "o", True)]
        return np.where(ground, 0, 1), looks
    patterns = np.unique(table["pattern"][table["kind"] != "mixture"]).tolist()
    looks, group = [], np.full(len(table), 2 * len(patterns))
    for k, (pattern, (colour, marker)) in enumerate(
        zip(patterns, series(len(patterns)), strict=True)
    ):
        for reversed_, kind in enumerate(("pattern", "reversed")):
            name = f"pattern {pattern}" + (", reversed" if reversed_ else "")
            looks.append((name, colour, marker, not reversed_))
            group[(table["pattern"] == pattern) & (table["kind"] == kind)] = 2 * k + reversed_
    looks.append(("mixture", shade(0.35), "X", True))
    return group, looks


def _sizes(fraction: Any) -> Any:
    """Return the areas of markers, in points squared: as the shares of the basins."""
    return 26 + 1200 * np.asarray(fraction)


def _points(result: Landscape, ax: Any, x: Any, rows: Any, y: str, *, clipped: bool = True) -> None:
    """Draw minima as markers of their group, as large as their basins."""
    group, looks = _groups(result)
    table = result.minima[rows]
    largest = [table["basin_fraction"][group[rows] == k].max(initial=0) for k in range(len(looks))]
    # Small markers come last, on top of large ones.
    for k in np.argsort(largest)[::-1].tolist():
        _, colour, marker, filled = looks[k]
        inside = group[rows] == k
        ax.scatter(
            np.asarray(x)[inside],
            table[y][inside],
            _sizes(table["basin_fraction"][inside]),
            marker=marker,
            facecolor=colour if filled else paper(),
            edgecolor=paper() if filled else colour,
            linewidth=0.5 if filled else 1.4,
            zorder=3,
            clip_on=clipped,
        )


def _legend(result: Landscape, ax: Any, **where: Any) -> None:
    """Name the groups, with markers of one size."""
    group, looks = _groups(result)

    def entry(name: str, colour: Any, marker: str, filled: bool) -> None:
        face = colour if filled else paper()
        style = {"linestyle": "none", "markerfacecolor": face, "markersize": 8}
        ax.plot([], [], marker=marker, label=name, color=colour, **style)

    for k, look in enumerate(looks):
        if (group == k).any():
            entry(*look)
    if "kind" in (result.minima.dtype.names or ()):
        # Else their markers have the colour, too.
        entry("number of a\nground state", _GROUND, "$0$", True)
    ax.legend(**where)


def _places(result: Landscape, order: list[int]) -> dict[int, float]:
    """Return where each line stands: side by side, further apart where markers are large."""
    sizes = np.sqrt(_sizes(result.minima["basin_fraction"][order]))
    widths = np.maximum(1.0, sizes * len(order) / _POINTS)
    places = np.cumsum(widths) - widths / 2
    return dict(zip(order, places.tolist(), strict=True))


def _tree(result: Landscape, ax: Any) -> None:
    """Draw the tree of barriers."""
    from matplotlib.collections import LineCollection

    places = _places(result, leaf_order(result))
    rows = np.array(list(places))
    energy = result.minima["energy_per_spin"].tolist()
    mirror = result.minima["mirror"].tolist()
    # Of each lake its lowest minimum, where its line stands, and from which energy on.
    lakes = [(k, places.get(k, 0.0), energy[k]) for k in range(result.n_minima)]
    lines, top = [], max(energy[k] for k in places)
    for row in result.merges.tolist():
        height, (trunk, x, low), (branch, away, base) = row[1], lakes[row[3]], lakes[row[4]]
        if branch not in places:
            lakes.append((trunk, x, low))
            continue
        lines.append([(x, low), (x, height), (away, height), (away, base)])
        # Beyond the joint of a valley and its mirror image the line stands between them.
        x = (x + away) / 2 if mirror[branch] == trunk != branch else x
        lakes.append((trunk, x, height))
        top = max(top, height)
    span = max(top - energy[0], 0.05 * abs(energy[0]), 1e-3)
    lines.append([(lakes[-1][1], lakes[-1][2]), (lakes[-1][1], top + 0.04 * span)])
    width = 1.3 if len(rows) < 100 else 0.7
    ax.add_collection(LineCollection(lines, colors=[shade(0.65)], linewidths=width, zorder=2))
    x = np.array(list(places.values()))
    _points(result, ax, x, rows, "energy_per_spin")
    edge = float(x.max() + x.min())
    labelled: list[tuple[float, float]] = []
    for minimum in sorted(places)[:_LABELS]:
        here = (places[minimum] / edge, (energy[minimum] - energy[0]) / span)
        if any(abs(here[0] - x) < 0.012 and abs(here[1] - y) < 0.04 for x, y in labelled):
            continue
        labelled.append(here)
        radius = 0.7 * float(np.sqrt(_sizes(result.minima["basin_fraction"][minimum])))
        is_ground = energy[minimum] == energy[0]
        ax.annotate(
            str(minimum),
            (places[minimum], energy[minimum]),
            (0, -5 - radius),
            textcoords="offset points",
            ha="center",
            va="top",
            fontsize="small",
            color=_GROUND if is_ground else ink(),
            fontweight="bold" if is_ground else "normal",
            bbox={"facecolor": paper(), "edgecolor": "none", "pad": 0.6},
        )
    ax.set_xlim(-0.02 * edge, 1.02 * edge)
    ax.set_ylim(energy[0] - 0.14 * span, top + 0.07 * span)
    ax.set_xticks([])
    ax.spines["bottom"].set_visible(False)
    ax.set_xlabel(
        "local minima, in an order that lets no lines cross\n(marker area: share of the basin)"
    )
    ax.set_ylabel("energy per spin")
    shown = "" if len(rows) == result.n_minima else f", the lowest {len(rows)} drawn"
    plural = "minimum" if result.n_minima == 1 else "minima"
    ax.set_title(f"{_name(result)}: {result.n_minima} local {plural}{shown}")


def _basins(result: Landscape, ax: Any) -> None:
    """Draw how many states descend to each minimum, against its energy."""
    from matplotlib.ticker import MaxNLocator

    table = result.minima
    numbers = np.arange(len(table))
    # Of a minimum and its mirror image one is drawn, they would hide each other.
    drawn = numbers <= np.where(table["mirror"] < 0, numbers, table["mirror"])
    if "kind" in (table.dtype.names or ()):
        alone = (table["mirror"] < 0) | (table["kind"] == "mixture")
        drawn = np.where(alone, drawn, table["kind"] == "pattern")
    rows = np.flatnonzero(drawn)[:_MOST_POINTS]
    _points(result, ax, table["energy_per_spin"][rows], rows, "basin_fraction", clipped=False)
    ax.set_yscale("log")
    ax.margins(0.14, 0.1)
    ax.set_ylim(top=min(1.0, ax.get_ylim()[1]))  # no share is larger
    ax.xaxis.set_major_locator(MaxNLocator(4))
    twins = "" if (table["mirror"] < 0).all() else "\n(mirror images: one point)"
    ax.set_xlabel(f"energy per spin{twins}")
    ax.set_ylabel("share of all states in the basin")
    # The title stands above a marker at 1.
    largest = float(table["basin_fraction"].max())
    ax.set_title("Basins of steepest descent", pad=30 if largest > 0.8 else None)


def _name(result: Landscape) -> str:
    config = result.config
    if config.model == "sk":
        kind = r", $\pm J$" if config.disorder == "pm1" else ""
        return f"Sherrington-Kirkpatrick glass of {config.n_spins} spins{kind}"
    if config.model == "hopfield":
        plural = "pattern" if config.n_patterns == 1 else "patterns"
        return f"Hopfield network of {config.n_spins} spins, {config.n_patterns} {plural}"
    return f"{config.model} of {config.n_spins} spins"
