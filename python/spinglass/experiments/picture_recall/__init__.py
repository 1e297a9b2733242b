"""How a memory comes back from noise."""
