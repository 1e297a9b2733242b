"""The renormalization of a lattice by block spins."""
