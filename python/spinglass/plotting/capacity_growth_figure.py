"""A figure of capacity against size: how many patterns each memory holds, and the theories."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass._arguments import choice, integer, real_array, shown
from spinglass.experiments.retrieval_capacity.growth import LAWS
from spinglass.plotting.figure import (
    FRAME,
    OnePanel,
    figure,
    say_none,
    series,
    texts_of_each,
    theory_line,
)
from spinglass.statistics import format_estimate

if TYPE_CHECKING:
    from spinglass.experiments import CapacityScan

Theory: TypeAlias = Callable[[NDArray[np.float64]], ArrayLike]

_ONE: OnePanel = (1, 1), (7.0, 5.6)

# Beyond so many sizes the axis names round numbers.
_MOST_TICKS = 8

# What the fitted laws are called, with room for x.
_LAWS = {
    "power": "$N^{{{}}}$",
    "power_over_log": "$N^{{{}}} / \\ln N$",
    "exponential": "$e^{{{} N}}$",
}


@figure(_ONE)
def capacity_growth(
    scans: Sequence[CapacityScan],
    ax: Any = None,
    *,
    labels: Sequence[str] | None = None,
    laws: str | Sequence[str] = "power",
    theory: Mapping[str, Theory] | None = None,
    among: int | None = None,
) -> Any:
    """Draw the number of patterns at the half-points against N, for one memory or several.

    Both axes are logarithmic. A line is the law that `CapacityScan.growth` fits.

    Parameters
    ----------
    scans : sequence of CapacityScan
        One for each memory.
    ax : matplotlib Axes, optional
        Where to draw; by default in a new figure.
    labels : sequence of str, optional
        A name for each memory; by default the name of its function and the criterion.
    laws : str or sequence of str
        The law of the line, one for all memories or one for each: ``"power"``,
        ``"power_over_log"`` or ``"exponential"``.
    theory : mapping, optional
        By its label each theory: a function of an array of N that returns numbers of patterns.
    among : int, optional
        Colours and markers are those of the first of so many memories: another panel has more. By
        default there are no others.

    Returns
    -------
    Axes
        The Axes with the drawing.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> from spinglass.experiments import capacity
    >>> from spinglass.theory import hopfield
    >>> scan = capacity((50, 100, 200), (0.1, 0.15, 0.2, 0.3), 20)
    >>> theory = {"replica-symmetric": lambda n: hopfield.critical_load() * n}
    >>> capacity_growth([scan], labels=["Hebb"], theory=theory).get_ylabel()
    'patterns $P$ at the half-point'
    """
    names = texts_of_each(labels, "labels", [_name(scan) for scan in scans], "scans")
    same = [laws] * len(scans) if isinstance(laws, str) else laws
    of_lines: list[Any] = [
        choice(law, "laws", tuple(_LAWS))
        for law in texts_of_each(same, "laws", len(scans) * [""], "scans")
    ]
    theories = {} if theory is None else theory
    if not isinstance(theories, Mapping) or not all(map(callable, theories.values())):
        raise TypeError(f"theory must be a mapping of labels to functions, got {shown(theory)}")
    each = [[p for p in scan.half_points if math.isfinite(p.value)] for scan in scans]
    known = [p.n_spins for points in each for p in points]
    if not known:
        say_none(ax, scans[0], "no half-point is known")
    smallest, largest = min(known, default=10), max(known, default=100)
    sizes = np.geomspace(smallest / 1.15, largest * 1.15, 100)
    sizes = sizes[sizes >= 2]
    count = len(scans) if among is None else integer(among, "among", at_least=len(scans))
    looks = series(count)[: len(scans)]
    for scan, points, name, law, (colour, marker) in zip(
        scans, each, names, of_lines, looks, strict=True
    ):
        fit = scan.growth(law)
        label = name
        if math.isfinite(fit.value):
            label = f"{name}, {_LAWS[law].format(format_estimate(fit.value, fit.error))}"
            ax.plot(sizes, fit.n_patterns(sizes), color=colour, linewidth=1.2)
        if points:
            place, value, error = zip(
                *((p.n_spins, p.n_patterns, p.n_patterns_error) for p in points), strict=True
            )
            look = {"color": colour, "marker": marker, "linestyle": "none", "label": label}
            ax.errorbar(place, value, error, **look)
    dashes = ((5, 2), (1, 1.5), (7, 2, 1, 2), (3, 1))
    for k, (name, function) in enumerate(theories.items()):
        values = real_array(function(sizes), f"theory {name!r}").astype(float)
        if values.shape != sizes.shape:
            expected = f"a function that returns a number for each N, {sizes.shape}"
            raise ValueError(f"theory {name!r} must be {expected}, got {values.shape}")
        style = {"linestyle": (0, dashes[k % len(dashes)]), "label": name}
        ax.plot(sizes, values, **theory_line(**style))
    from matplotlib.ticker import LogLocator

    ax.set_xscale("log")
    ax.set_yscale("log")
    if known:  # an exponential would leave powers no room
        held = [p.n_patterns for points in each for p in points]
        ax.set_ylim(min(held) / 4, max(held) * 4)
    ticks = sorted({*known}) if len({*known}) <= _MOST_TICKS else []
    if ticks:
        ax.set_xticks(ticks, [f"{n}" for n in ticks])
        ax.set_xticks([], minor=True)
    else:
        ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.xaxis.set_major_formatter("{x:g}")
        ax.xaxis.set_minor_formatter("")
    ax.set_xlabel("spins $N$")
    ax.set_ylabel("patterns $P$ at the half-point")
    ax.set_title("Capacity against size")
    if ax.get_legend_handles_labels()[1]:
        ax.legend(loc="best", **FRAME)
    return ax


def growth_of_one(scan: CapacityScan, ax: Any) -> None:
    """Draw the growth of one scan, with the law that fits best."""
    fits = [scan.growth(law) for law in LAWS]
    law = min(fits, key=lambda fit: math.inf if math.isnan(fit.chi_square) else fit.chi_square).law
    capacity_growth([scan], ax, laws=law)


def _name(scan: CapacityScan) -> str:
    """Return a name for the memory of a scan, with its criterion."""
    memory = re.sub(r"(?:[^\W\d][\w<>]*\.)+", "", scan.config.memory) or "Hebb"
    memory = re.sub(r"^partial\((.*)\)$", r"\1", memory)
    return f"{memory}, {scan.config.criterion.replace('_', ' ')}"
