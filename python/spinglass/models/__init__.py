"""Models with an energy: spin models, the patterns they store, and their other forms."""

from spinglass.models.bidirectional_memory import BidirectionalMemory
from spinglass.models.bidirectional_recall import BidirectionalRecall
from spinglass.models.coupling_memory import CouplingMemory
from spinglass.models.dense_memory import DenseAssociativeMemory
from spinglass.models.energy import Layered, Pairwise, Unstructured
from spinglass.models.forms import SpinForm, UnitForm, spin_form, unit_form
from spinglass.models.glass import EdwardsAnderson, Mattis, SherringtonKirkpatrick
from spinglass.models.graded_hopfield import GradedHopfield
from spinglass.models.hopfield import Hopfield
from spinglass.models.hopfield_tank import HopfieldTank, Tours
from spinglass.models.ising import Ising
from spinglass.models.lattice import CubicLattice, SquareLattice
from spinglass.models.modern_hopfield import ModernHopfield
from spinglass.models.modern_recall import ModernRecall
from spinglass.models.pattern_overlaps import overlaps
from spinglass.models.patterns import Patterns, corrupt, random_patterns, to_bits, to_spins
from spinglass.models.recall import Recall
from spinglass.models.relaxation import Relaxation, Trajectory
from spinglass.models.sequence_memory import SequenceMemory
from spinglass.models.sparse_hopfield import SparseHopfield
from spinglass.models.sparse_recall import SparseRecall
from spinglass.models.spin_model import SpinModel

__all__ = [
    "BidirectionalMemory",
    "BidirectionalRecall",
    "CouplingMemory",
    "CubicLattice",
    "DenseAssociativeMemory",
    "EdwardsAnderson",
    "GradedHopfield",
    "Hopfield",
    "HopfieldTank",
    "Ising",
    "Layered",
    "Mattis",
    "ModernHopfield",
    "ModernRecall",
    "Pairwise",
    "Patterns",
    "Recall",
    "Relaxation",
    "SequenceMemory",
    "SherringtonKirkpatrick",
    "SparseHopfield",
    "SparseRecall",
    "SpinForm",
    "SpinModel",
    "SquareLattice",
    "Tours",
    "Trajectory",
    "UnitForm",
    "Unstructured",
    "corrupt",
    "overlaps",
    "random_patterns",
    "spin_form",
    "to_bits",
    "to_spins",
    "unit_form",
]
