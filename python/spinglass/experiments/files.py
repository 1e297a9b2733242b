"""Results on disk: whole files or none, and numbers that JSON can say."""

from __future__ import annotations

import math
import secrets
from pathlib import Path
from typing import Any


def plain(value: Any) -> Any:
    """Return ``value`` with NaN and infinities as None: JSON has no word for them."""
    if isinstance(value, dict):
        return {name: plain(x) for name, x in value.items()}
    if isinstance(value, list | tuple):
        return [plain(x) for x in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
