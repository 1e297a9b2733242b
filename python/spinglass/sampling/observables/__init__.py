"""What can be measured during a run: one file a kind of observable."""

from spinglass.sampling.observables.fields import AbsLocalField, LocalFields
from spinglass.sampling.observables.magnetizations import AbsMagnetization, StaggeredMagnetization
from spinglass.sampling.observables.measured import (
    KINDS,
    NAMES,
    Measure,
    observables_of,
    restored,
    written,
)
from spinglass.sampling.observables.observable import Asked, Observable
from spinglass.sampling.observables.observed import Observed, ObservedFailed, Spaced
from spinglass.sampling.observables.pairs import LinkOverlap, Overlap
from spinglass.sampling.observables.patterns import LargestOverlap, PatternOverlaps
from spinglass.sampling.observables.structure_factor import (
    OverlapStructureFactor,
    StructureFactor,
    smallest,
)

__all__ = [
    "KINDS",
    "NAMES",
    "AbsLocalField",
    "AbsMagnetization",
    "Asked",
    "LargestOverlap",
    "LinkOverlap",
    "LocalFields",
    "Measure",
    "Observable",
    "Observed",
    "ObservedFailed",
    "Overlap",
    "OverlapStructureFactor",
    "PatternOverlaps",
    "Spaced",
    "StaggeredMagnetization",
    "StructureFactor",
    "observables_of",
    "restored",
    "smallest",
    "written",
]
