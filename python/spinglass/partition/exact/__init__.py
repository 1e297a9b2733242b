"""Sums over all states; `spinglass.exact` has the public names."""
