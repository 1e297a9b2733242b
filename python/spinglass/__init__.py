"""The statistical physics of neural networks at the speed of the machine."""

from spinglass import _start as _start  # first: Ctrl-C now ends the command in one line

# isort: split
from importlib import import_module
from typing import TYPE_CHECKING, Any

from spinglass._core import __version__, simd_level
from spinglass._interrupted import Interrupted, MeasurementError

if TYPE_CHECKING:  # what `__getattr__` finds
    from spinglass import adapters as adapters
    from spinglass import exact
    from spinglass import experiments as experiments
    from spinglass import inverse as inverse
    from spinglass import machines as machines
    from spinglass import meanfield as meanfield
    from spinglass import models as models
    from spinglass import partition as partition
    from spinglass import plotting as plotting
    from spinglass import rules as rules
    from spinglass import sampling as sampling
    from spinglass import statistics as statistics
    from spinglass import theory as theory
    from spinglass.inverse import InverseIsing
    from spinglass.machines import BernoulliRBM, Equilibration, GaussianBernoulliRBM, LogLikelihood
    from spinglass.models import (
        BidirectionalMemory,
        BidirectionalRecall,
        CouplingMemory,
        CubicLattice,
        DenseAssociativeMemory,
        EdwardsAnderson,
        GradedHopfield,
        Hopfield,
        HopfieldTank,
        Ising,
        Mattis,
        ModernHopfield,
        ModernRecall,
        Patterns,
        Recall,
        Relaxation,
        SequenceMemory,
        SherringtonKirkpatrick,
        SparseHopfield,
        SparseRecall,
        SpinForm,
        SpinModel,
        SquareLattice,
        Tours,
        Trajectory,
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
        LadderRun,
        Observed,
        Overlaps,
        OverlapStructureFactor,
        PatternOverlaps,
        Run,
        StructureFactor,
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
    "BidirectionalMemory",
    "BidirectionalRecall",
    "CouplingMemory",
    "CubicLattice",
    "DenseAssociativeMemory",
    "Descent",
    "EdwardsAnderson",
    "Equilibration",
    "GaussianBernoulliRBM",
    "GradedHopfield",
    "Hopfield",
    "HopfieldTank",
    "Interrupted",
    "InverseIsing",
    "Ising",
    "LadderRun",
    "LogLikelihood",
    "LogPartition",
    "Mattis",
    "MeasurementError",
    "ModernHopfield",
    "ModernRecall",
    "Observed",
    "OverlapStructureFactor",
    "Overlaps",
    "PatternOverlaps",
    "Patterns",
    "Recall",
    "RecallInterrupted",
    "Relaxation",
    "Run",
    "SamplingInterrupted",
    "SequenceMemory",
    "SherringtonKirkpatrick",
    "SparseHopfield",
    "SparseRecall",
    "SpinForm",
    "SpinModel",
    "SquareLattice",
    "StructureFactor",
    "TemperedRun",
    "Tours",
    "Trajectory",
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
    "rules",
    "sample",
    "simd_level",
    "spin_form",
    "temper",
    "to_bits",
    "to_spins",
    "unit_form",
]

# All else is imported when the first name is asked for: `spinglass --help` does not wait for NumPy.
# All at once, so that no later call has an import in it, where Ctrl-C would be another exception.
_ROOMS = ("models", "sampling", "partition", "inverse", "machines")
_NAMESPACES = (
    "adapters", "exact", "experiments", "meanfield", "plotting", "rules", "statistics", "theory",
    *_ROOMS,
)  # fmt: skip


if not TYPE_CHECKING:  # to which a name that is not there shall be an error

    def __getattr__(name: str) -> Any:
        if name in _NAMESPACES:
            return import_module(f"spinglass.{name}")
        if name in __all__:
            for room in _ROOMS:
                public = vars(import_module(f"spinglass.{room}"))
                globals().update({x: public[x] for x in public["__all__"] if x in __all__})
            return globals()[name]
        raise AttributeError(f"module 'spinglass' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_NAMESPACES})
