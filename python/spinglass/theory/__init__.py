"""Solved models, one file each: what the simulations are held against.

Theory stands alone: it needs NumPy and SciPy, and nothing else of the package.
"""

from spinglass.theory import hopfield

__all__ = ["hopfield"]
