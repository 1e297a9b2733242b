"""Solved models, one file each: what the simulations are held against.

Theory stands alone: it needs NumPy and SciPy, and of the package only the checks of arguments.
`meanfield` solves no model but approximates any, so it takes the models of the package.
"""

from spinglass.theory import hopfield, ising2d, meanfield, sk

__all__ = ["hopfield", "ising2d", "meanfield", "sk"]
