"""The fixed points of a memory that random starts come to."""
