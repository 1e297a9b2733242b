"""Figures: functions that take a result and ``ax=``, draw on these Axes, and return them.

They need Matplotlib, which ``pip install 'spinglass[plot]'`` installs. Sizes and series differ by
marker as well as by colour, dark to light, so that they can be distinguished in a grey print.
Figures keep the style that is in use: its colours of text and background, its size of fonts, and
all its other settings. `STYLE` has the settings of the figures for everything that the style in use
leaves at Matplotlib's defaults. A new figure grows in proportion to a font that is larger than
that of `STYLE`. `THEORY` is the look of a line of theory in the style in use.
"""

from typing import Any

from spinglass.plotting.annealings_figure import annealings
from spinglass.plotting.avalanches_figure import avalanches
from spinglass.plotting.basins_figure import basins
from spinglass.plotting.capacity_figure import capacity
from spinglass.plotting.capacity_growth_figure import capacity_growth
from spinglass.plotting.capacity_line_figure import capacity_line
from spinglass.plotting.disorder_figure import disorder_average, glass_equilibration
from spinglass.plotting.equilibration_figure import equilibration
from spinglass.plotting.figure import MARKERS, STYLE, picture, png, theory_line
from spinglass.plotting.inverse_figure import inverse
from spinglass.plotting.ising_figure import ising, ising_layout
from spinglass.plotting.landscape_figure import landscape, landscape_layout
from spinglass.plotting.log_partition_figure import log_partition
from spinglass.plotting.meanfield_figure import meanfield, solutions
from spinglass.plotting.memories_figure import memories
from spinglass.plotting.phase_diagram_figure import phase_diagram
from spinglass.plotting.rbm_figure import (
    chains,
    filters,
    learning_curves,
    rbm,
    rbm_layout,
    reconstructions,
)
from spinglass.plotting.recall_figure import pictures, pictures_layout, recall
from spinglass.plotting.relaxation_figure import relaxation
from spinglass.plotting.renormalize_figure import renormalize, renormalize_layout
from spinglass.plotting.reweighting_figure import reweighting
from spinglass.plotting.run_figure import annealing, overlaps, run, tempered_run
from spinglass.plotting.sk_figure import sk
from spinglass.plotting.spurious_figure import spurious

__all__ = [
    "MARKERS",
    "STYLE",
    "THEORY",
    "annealing",
    "annealings",
    "avalanches",
    "basins",
    "capacity",
    "capacity_growth",
    "capacity_line",
    "chains",
    "disorder_average",
    "equilibration",
    "filters",
    "glass_equilibration",
    "inverse",
    "ising",
    "ising_layout",
    "landscape",
    "landscape_layout",
    "learning_curves",
    "log_partition",
    "meanfield",
    "memories",
    "overlaps",
    "phase_diagram",
    "picture",
    "pictures",
    "pictures_layout",
    "png",
    "rbm",
    "rbm_layout",
    "recall",
    "reconstructions",
    "relaxation",
    "renormalize",
    "renormalize_layout",
    "reweighting",
    "run",
    "sk",
    "solutions",
    "spurious",
    "tempered_run",
]


def __getattr__(name: str) -> Any:
    if name == "THEORY":  # its colour depends on the style
        return theory_line()
    raise AttributeError(f"module 'spinglass.plotting' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), "THEORY"})
