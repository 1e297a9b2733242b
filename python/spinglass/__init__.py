"""The statistical physics of neural networks at the speed of the machine."""

from importlib import import_module
from typing import Any

from spinglass import exact
from spinglass._core import __version__, simd_level
from spinglass._interrupted import Interrupted
from spinglass.inverse.inverse_ising import InverseIsing
from spinglass.machines import BernoulliRBM, Equilibration, LogLikelihood
from spinglass.machines.gaussian_rbm import GaussianBernoulliRBM
from spinglass.models.forms import SpinForm, UnitForm, spin_form, unit_form
from spinglass.models.glass import EdwardsAnderson, Mattis, SherringtonKirkpatrick
from spinglass.models.hopfield import Hopfield, Recall, RecallInterrupted
from spinglass.models.ising import Ising
from spinglass.models.lattice import CubicLattice, SquareLattice
from spinglass.models.patterns import Patterns, corrupt, random_patterns, to_bits, to_spins
from spinglass.models.spin_model import SpinModel
from spinglass.partition.estimate import estimate_log_partition
from spinglass.partition.log_partition import LogPartition
from spinglass.sampling import SamplingInterrupted
from spinglass.sampling.annealing import anneal
from spinglass.sampling.overlaps import Overlaps
from spinglass.sampling.runs import Annealing, Run, TemperedRun
from spinglass.sampling.sampling import sample
from spinglass.sampling.tempering import temper

__all__ = [
    "Annealing",
    "BernoulliRBM",
    "CubicLattice",
    "EdwardsAnderson",
    "Equilibration",
    "GaussianBernoulliRBM",
    "Hopfield",
    "Interrupted",
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

# Public namespaces that are imported when they are first asked for.
_LAZY = ("experiments", "meanfield", "plotting", "statistics", "theory")


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return import_module(f"spinglass.{name}")
    raise AttributeError(f"module 'spinglass' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})
