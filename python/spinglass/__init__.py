"""The statistical physics of neural networks at the speed of the machine."""

from spinglass._core import __version__, simd_level
from spinglass.annealing import anneal
from spinglass.gaussian_rbm import GaussianBernoulliRBM
from spinglass.glass import EdwardsAnderson, Mattis, SherringtonKirkpatrick
from spinglass.hopfield import Hopfield, Recall, RecallInterrupted
from spinglass.ising import Ising
from spinglass.lattice import CubicLattice, SquareLattice
from spinglass.overlaps import Overlaps
from spinglass.patterns import Patterns, corrupt, random_patterns, to_bits, to_spins
from spinglass.rbm import BernoulliRBM, Equilibration, LogLikelihood, LogPartition
from spinglass.runs import Annealing, Run, SamplingInterrupted, TemperedRun
from spinglass.sampling import sample
from spinglass.spin_model import SpinModel
from spinglass.tempering import temper

__all__ = [
    "Annealing",
    "BernoulliRBM",
    "CubicLattice",
    "EdwardsAnderson",
    "Equilibration",
    "GaussianBernoulliRBM",
    "Hopfield",
    "Ising",
    "LogLikelihood",
    "LogPartition",
    "Mattis",
    "Overlaps",
    "Patterns",
    "Recall",
    "RecallInterrupted",
    "Run",
    "SamplingInterrupted",
    "SherringtonKirkpatrick",
    "SpinModel",
    "SquareLattice",
    "TemperedRun",
    "__version__",
    "anneal",
    "corrupt",
    "random_patterns",
    "sample",
    "simd_level",
    "temper",
    "to_bits",
    "to_spins",
]
