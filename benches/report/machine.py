"""Where numbers were measured: processor, memory, versions, load; and threads that are pinned."""

import contextlib
import os
import platform
import re
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("numpy", "scipy", "numba", "scikit-learn", "dwave-samplers", "openjij")
THREAD_VARIABLES = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS",
)  # fmt: skip


def processors():
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def installed(package):
    """Return the version of a package, None if it is not there."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def load():
    """Return the processes that ran or waited, averaged over the last minute."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def _first(path, pattern, otherwise):
    with contextlib.suppress(OSError):
        if found := re.search(pattern, Path(path).read_text(), re.MULTILINE):
            return found[1]
    return otherwise


def about():
    """Return what is said of a machine beside its numbers."""
    import spinglass

    cpu = _first("/proc/cpuinfo", r"^model name\s*: (.*)$", platform.processor() or "unknown")
    family = _first("/proc/cpuinfo", r"^cpu family\s*: (.*)$", "?")
    model = _first("/proc/cpuinfo", r"^model\s*: (.*)$", "?")
    kilobytes = int(_first("/proc/meminfo", r"^MemTotal:\s*(\d+)", 0))
    return {
        "date": time.strftime("%Y-%m-%d"),
        "processor": f"{cpu} (family {family}, model {model})",
        "processors": processors(),
        "simd": spinglass.simd_level(),
        "memory_gb": round(kilobytes * 1024 / 1e9, 1),
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "python": platform.python_version(),
        "spinglass": spinglass.__version__,
        "packages": {name: installed(name) for name in PACKAGES},
        "load_before": load(),
    }


def pin(n_threads):
    """Limit the threads of libraries that are still to be loaded, before NumPy is."""
    if "numpy" in sys.modules:
        raise RuntimeError("threads are pinned before NumPy is imported")
    for name in THREAD_VARIABLES:
        os.environ[name] = str(n_threads)


@contextlib.contextmanager
def threads(n):
    """Let BLAS and numba use n threads, of those that they were given at the start."""
    if installed("numba"):
        import numba

        numba.set_num_threads(n)
    if installed("threadpoolctl"):
        from threadpoolctl import threadpool_limits

        with threadpool_limits(n):
            yield
    else:
        yield
