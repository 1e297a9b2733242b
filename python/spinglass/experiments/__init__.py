"""Experiments, one question a file: a frozen config in, a result object out."""

from spinglass.experiments.capacity import ScanInterrupted, capacity
from spinglass.experiments.capacity_scan import CapacityConfig, CapacityScan
from spinglass.experiments.finite_size import CriticalLoad, HalfPoint
from spinglass.experiments.recall import (
    EnergyTrace,
    RecallPictures,
    RecallPicturesConfig,
    recall_pictures,
)

__all__ = [
    "CapacityConfig",
    "CapacityScan",
    "CriticalLoad",
    "EnergyTrace",
    "HalfPoint",
    "RecallPictures",
    "RecallPicturesConfig",
    "ScanInterrupted",
    "capacity",
    "recall_pictures",
]
