"""The statistical physics of neural networks at the speed of the machine."""

from spinglass import _start as _start  # first: Ctrl-C now ends the command in one line

# isort: split
from importlib import import_module
from typing import Any

from spinglass import exact
from spinglass._core import __version__, simd_level
from spinglass._interrupted import Interrupted
from spinglass.inverse import InverseIsing
from spinglass.machines import BernoulliRBM, Equilibration, GaussianBernoulliRBM, LogLikelihood
from spinglass.models import (
    CubicLattice,
    EdwardsAnderson,
    Hopfield,
    Ising,
    Mattis,
    Patterns,
    Recall,
    SherringtonKirkpatrick,
    SpinForm,
    SpinModel,
    SquareLattice,
    UnitForm,
    corrupt,
    overlaps,
    random_patterns,
    spin_form,
    to_bits,
    to_spins,
    unit_form,
)
from spinglass.partition import LogPartition, estimate_log_partition
from spinglass.sampling import (
    Annealing,
    Descent,
    Overlaps,
    Run,
    TemperedRun,
    anneal,
    annealing_range,
    descend,
    sample,
    temper,
)

# What `Interrupted` was called in earlier versions.
RecallInterrupted = SamplingInterrupted = Interrupted

__all__ = [
    "Annealing",
    "BernoulliRBM",
    "CubicLattice",
    "Descent",
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
    "annealing_range",
    "corrupt",
    "descend",
    "estimate_log_partition",
    "exact",
    "overlaps",
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
_LAZY = ("adapters", "experiments", "meanfield", "plotting", "statistics", "theory")


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return import_module(f"spinglass.{name}")
    raise AttributeError(f"module 'spinglass' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})
