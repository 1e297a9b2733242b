"""Averages over samples of disorder, and whether their glasses are in equilibrium."""
