"""Figures: functions that take a result and ``ax=``, draw on it, and return it.

Needs Matplotlib, which comes with ``pip install 'spinglass[plot]'``. Sizes and series are told
apart by marker as well as by colour, dark to light, so that a grey print still reads.
"""

from spinglass.plotting.capacity import capacity
from spinglass.plotting.figure import MARKERS, STYLE, THEORY, png
from spinglass.plotting.phase_diagram import phase_diagram
from spinglass.plotting.recall import pictures, pictures_layout, recall

__all__ = [
    "MARKERS",
    "STYLE",
    "THEORY",
    "capacity",
    "phase_diagram",
    "pictures",
    "pictures_layout",
    "png",
    "recall",
]
