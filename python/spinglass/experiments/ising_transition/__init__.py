"""Where the square lattice orders, and how."""
