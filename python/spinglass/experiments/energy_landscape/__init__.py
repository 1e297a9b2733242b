"""Which minima a small glass or memory has, and the barriers between them."""
