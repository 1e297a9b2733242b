"""The capacities of memories, measured beside what was published."""
