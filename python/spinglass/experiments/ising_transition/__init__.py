"""The ordering transition of the square lattice."""
