"""Figures: functions that take a result and ``ax=``, draw on it, and return it.

Needs Matplotlib, which comes with ``pip install 'spinglass[plot]'``. Sizes and series are told
apart by marker as well as by colour, dark to light, so that a grey print still reads.
"""

from spinglass.plotting.capacity import capacity
from spinglass.plotting.figure import MARKERS, STYLE, THEORY, png
from spinglass.plotting.ising import ising, ising_layout
from spinglass.plotting.phase_diagram import phase_diagram
from spinglass.plotting.recall import pictures, pictures_layout, recall
from spinglass.plotting.renormalize import renormalize, renormalize_layout
from spinglass.plotting.run import annealing, overlaps, run, tempered_run
from spinglass.plotting.sk import sk

__all__ = [
    "MARKERS",
    "STYLE",
    "THEORY",
    "annealing",
    "capacity",
    "ising",
    "ising_layout",
    "overlaps",
    "phase_diagram",
    "pictures",
    "pictures_layout",
    "png",
    "recall",
    "renormalize",
    "renormalize_layout",
    "run",
    "sk",
    "tempered_run",
]
