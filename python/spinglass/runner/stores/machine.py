"""The machine that computed a result, as it belongs to every measured time."""

from __future__ import annotations

import platform
import socket
import sys
from pathlib import Path
from typing import Any

import numpy as np

from spinglass._core import __version__, available_threads, simd_level


def machine() -> dict[str, Any]:
    """Return host, processor, system, threads, instruction set and versions."""
    return {
        "host": socket.gethostname(),
        "processor": _processor(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "threads": available_threads(),
        "simd": simd_level(),
        "python": ".".join(map(str, sys.version_info[:3])),
        "numpy": np.__version__,
        "spinglass": __version__,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
