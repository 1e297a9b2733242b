"""How much a Hopfield network can remember."""
