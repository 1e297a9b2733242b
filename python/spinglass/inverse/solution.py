"""The solution that every method returns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Solution:
    """Couplings and fields, and how they were found."""

    couplings: NDArray[np.float64]
    fields: NDArray[np.float64]
    n_iter: int = 1
    converged: bool = True
    objective: float | None = None
    n_negative_discriminants: int | None = None
    # What to say where it has not converged.
    message: str = ""
