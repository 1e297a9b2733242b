"""How well a restricted Boltzmann machine learns images."""
