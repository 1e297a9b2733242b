"""The error of mean field on the square lattice."""
