"""What is done to a model with an energy: sampling, tempering, annealing; and what comes back."""

from spinglass._interrupted import Interrupted as SamplingInterrupted
from spinglass.sampling.annealing import anneal
from spinglass.sampling.overlaps import Overlaps
from spinglass.sampling.runs import Annealing, Run, TemperedRun
from spinglass.sampling.sampling import sample
from spinglass.sampling.tempering import temper

__all__ = [
    "Annealing",
    "Overlaps",
    "Run",
    "SamplingInterrupted",
    "TemperedRun",
    "anneal",
    "sample",
    "temper",
]
