"""Other packages, imported when they are needed, or named with the command that installs them."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def needed(module: str, method: str, extra: str) -> Any:
    """Return a module of another package, which an extra of this one brings."""
    try:
        return import_module(module)
    except ImportError as error:
        name = module.partition(".")[0]
        install = f"'spinglass[{extra}]'"
        raise ImportError(f"{method} needs {name}: pip install {install}") from error
