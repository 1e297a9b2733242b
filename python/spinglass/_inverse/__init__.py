"""The pieces of the inverse Ising problem: samples, what they are fitted by, and how."""
