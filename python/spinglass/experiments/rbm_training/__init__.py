"""The training of a restricted Boltzmann machine on images, and its quality."""
