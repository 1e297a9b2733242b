"""What a lattice looks like from far away."""
