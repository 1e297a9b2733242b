"""How far off mean field is on the square lattice."""
