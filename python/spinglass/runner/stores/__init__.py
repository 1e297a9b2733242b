"""Finished tasks on disk: written while a scan runs, read at any time."""
