"""The sums behind :mod:`spinglass.exact`: one class for spins, one for Boltzmann machines."""
