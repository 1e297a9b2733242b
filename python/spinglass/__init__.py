"""The statistical physics of neural networks at the speed of the machine."""

from spinglass import exact
from spinglass._core import __version__, simd_level
from spinglass.annealing import anneal
from spinglass.estimates import estimate_log_partition
from spinglass.forms import SpinForm, UnitForm, spin_form, unit_form
from spinglass.gaussian_rbm import GaussianBernoulliRBM
from spinglass.glass import EdwardsAnderson, Mattis, SherringtonKirkpatrick
from spinglass.hopfield import Hopfield, Recall, RecallInterrupted
from spinglass.inverse import InverseIsing
from spinglass.ising import Ising
from spinglass.lattice import CubicLattice, SquareLattice
from spinglass.log_partition import LogPartition
from spinglass.overlaps import Overlaps
from spinglass.patterns import Patterns, corrupt, random_patterns, to_bits, to_spins
from spinglass.rbm import BernoulliRBM, Equilibration, LogLikelihood
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
    "InverseIsing",
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
    "SpinForm",
    "SpinModel",
    "SquareLattice",
    "TemperedRun",
    "UnitForm",
    "__version__",
    "anneal",
    "corrupt",
    "estimate_log_partition",
    "exact",
    "random_patterns",
    "sample",
    "simd_level",
    "spin_form",
    "temper",
    "to_bits",
    "to_spins",
    "unit_form",
]
