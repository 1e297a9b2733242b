"""Solved models, one file each. The simulations are compared with them.

Theory depends on NumPy, SciPy and the package's checks of arguments, and on nothing else.
"""

from spinglass.theory import hopfield, ising2d, memories, sk

__all__ = ["hopfield", "ising2d", "memories", "sk"]
