"""The storage capacity of a Hopfield network."""
