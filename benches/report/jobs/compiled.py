"""Compiling with numba, where it is installed."""

try:
    import numba
except ImportError:
    numba = None


def jit(function):
    """Compile a function; without numba it stays as it is, and its contender is left out."""
    return function if numba is None else numba.njit(fastmath=False)(function)


def jit_parallel(function):
    """Compile a function whose `prange` runs on all threads of numba."""
    return function if numba is None else numba.njit(parallel=True)(function)


prange = range if numba is None else numba.prange
