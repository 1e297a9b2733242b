"""Sampling, tempering, annealing and descent of models of spins, and their results."""

from spinglass.sampling.annealing import anneal
from spinglass.sampling.annealings import Annealing
from spinglass.sampling.cooling import annealing_range
from spinglass.sampling.descent import Descent, descend
from spinglass.sampling.ladder_runs import LadderRun, TemperedRun
from spinglass.sampling.observables.observed import Observed
from spinglass.sampling.observables.patterns import PatternOverlaps
from spinglass.sampling.observables.structure_factor import OverlapStructureFactor, StructureFactor
from spinglass.sampling.overlaps import Overlaps
from spinglass.sampling.runs import Run
from spinglass.sampling.sampling import sample
from spinglass.sampling.tempering import temper

__all__ = [
    "Annealing",
    "Descent",
    "LadderRun",
    "Observed",
    "OverlapStructureFactor",
    "Overlaps",
    "PatternOverlaps",
    "Run",
    "StructureFactor",
    "TemperedRun",
    "anneal",
    "annealing_range",
    "descend",
    "sample",
    "temper",
]
