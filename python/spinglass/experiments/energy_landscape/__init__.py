"""The minima of a small glass or memory, and the barriers between them."""
