"""The statistical physics of neural networks at the speed of the machine."""

from spinglass._core import __version__, simd_level
from spinglass.hopfield import Hopfield, Recall, RecallInterrupted
from spinglass.patterns import Patterns, corrupt, random_patterns, to_bits, to_spins

__all__ = [
    "Hopfield",
    "Patterns",
    "Recall",
    "RecallInterrupted",
    "__version__",
    "corrupt",
    "random_patterns",
    "simd_level",
    "to_bits",
    "to_spins",
]
