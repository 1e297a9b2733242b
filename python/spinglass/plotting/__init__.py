"""Figures: functions that take a result and ``ax=``, draw on it, and return it.

Needs Matplotlib, which comes with ``pip install 'spinglass[plot]'``. Sizes and series are told
apart by marker as well as by colour, dark to light, so that a grey print still reads.
"""

from spinglass.plotting.annealings_figure import annealings
from spinglass.plotting.capacity_figure import capacity
from spinglass.plotting.equilibration_figure import equilibration
from spinglass.plotting.figure import MARKERS, STYLE, THEORY, png
from spinglass.plotting.inverse_figure import inverse
from spinglass.plotting.ising_figure import ising, ising_layout
from spinglass.plotting.landscape_figure import landscape, landscape_layout
from spinglass.plotting.log_partition_figure import log_partition
from spinglass.plotting.meanfield_figure import meanfield, solutions
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
from spinglass.plotting.renormalize_figure import renormalize, renormalize_layout
from spinglass.plotting.run_figure import annealing, overlaps, run, tempered_run
from spinglass.plotting.sk_figure import sk

__all__ = [
    "MARKERS",
    "STYLE",
    "THEORY",
    "annealing",
    "annealings",
    "capacity",
    "chains",
    "equilibration",
    "filters",
    "inverse",
    "ising",
    "ising_layout",
    "landscape",
    "landscape_layout",
    "learning_curves",
    "log_partition",
    "meanfield",
    "overlaps",
    "phase_diagram",
    "pictures",
    "pictures_layout",
    "png",
    "rbm",
    "rbm_layout",
    "recall",
    "reconstructions",
    "renormalize",
    "renormalize_layout",
    "run",
    "sk",
    "solutions",
    "tempered_run",
]
