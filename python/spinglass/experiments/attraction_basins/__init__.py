"""The basins of attraction of stored patterns: how far a start may be."""
