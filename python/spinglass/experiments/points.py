"""The points of a scan: the seed of each, and what Ctrl-C leaves of all."""

from __future__ import annotations

import numpy as np

from spinglass.experiments.interrupted import ExperimentInterrupted


class PointsInterrupted(ExperimentInterrupted):
    """Ctrl-C during a scan; ``result`` is that of the points that were finished."""

    unit = "points"


def number_of(value: float) -> int:
    """Return the 64 bits of a number: a seed for the point that it names, wherever it stands."""
    return int(np.float64(value).view(np.uint64))
