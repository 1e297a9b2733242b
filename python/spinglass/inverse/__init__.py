"""Couplings and fields from samples: the inverse Ising problem."""

from spinglass.inverse.inverse_ising import InverseIsing

__all__ = ["InverseIsing"]
