"""Solved models, one file each: what the simulations are held against.

Theory stands alone: it needs NumPy and SciPy, and of the package only the checks of arguments.
"""

from spinglass.theory import hopfield, ising2d, sk

__all__ = ["hopfield", "ising2d", "sk"]
