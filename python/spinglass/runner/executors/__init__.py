"""Where tasks run: threads of this process, the workers of an executor, a Dask cluster."""
