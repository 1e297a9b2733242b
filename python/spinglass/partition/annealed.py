"""Annealed importance sampling: ln Z where it cannot be summed, by chains along a path of models.

A path leads from a model whose ln Z is known to the one that is asked for. A chain starts with a
state of the first, and each model in turn moves it; the steps between their energies say what the
chain says of ln Z (C. Jarzynski, Phys. Rev. Lett. 78, 2690 (1997); R. M. Neal, Stat. Comput. 11,
125 (2001)). exp of that has the mean Z, however fast the path was gone. The time reversal starts
with a state of the last model and weighs 1 / Z (R. B. Grosse, Z. Ghahramani and R. P. Adams,
arXiv:1511.02543 (2015)). What follows from either or both: `spinglass.partition.log_partition`.

Any model that offers a `Path` gets all of this: spin models (`spinglass.partition.spin_path`, from
independent spins to any temperature) and restricted Boltzmann machines (from independent units to
the machine) do.
"""

from __future__ import annotations

import warnings
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np

from spinglass.partition.log_partition import Floats, LogPartition, from_chains

Method: TypeAlias = Literal["ais", "reverse-ais", "two-sided", "bridge"]


class Path(Protocol):
    """Models from one of known ln Z to the one that is asked for, and independent chains."""

    @property
    def betas(self) -> Floats:
        """What numbers the models, from 0 to the inverse temperature of the last."""

    @property
    def log_base(self) -> float:
        """Ln Z of the first model."""

    @property
    def seed(self) -> int | np.random.SeedSequence:
        """What fixes the random numbers of all chains."""

    def ais(self) -> Floats:
        """Return ln Z as each chain says it that goes from the first model to the last."""

    def starts(self) -> tuple[Any, bool]:
        """Return states of the last model, and whether they are independent exact samples."""

    def reverse_ais(self, starts: Any) -> Floats:
        """Return ln Z as each chain says it that goes from these states to the first model.

        The moves are the time reversal of those of `ais`, or both sides together are biased.
        """


def annealed(
    path: Path,
    method: Method,
    model: str,
    *,
    trusted_gap: float | None = None,
    stacklevel: int = 3,
) -> LogPartition:
    """Send chains along a path, one way or both, and put together what they say.

    Parameters
    ----------
    path : Path
        From a model of known ln Z to the one that is asked for.
    method : {"ais", "reverse-ais", "two-sided", "bridge"}
        Forwards; backwards; or both, to be combined midway or by Bennett's acceptance ratio.
    model : str
        What the result belongs to.
    trusted_gap : float, optional
        As in `from_chains`.
    stacklevel : int
        Of the warning, if there is one: by default it names the caller of the caller.
    """
    log_weights = reverse_log_weights = None
    # First, because it checks what the caller gave.
    starts, exact_starts = path.starts() if method != "ais" else (None, False)
    if method != "reverse-ais":
        log_weights = path.ais()
    if method != "ais":
        reverse_log_weights = path.reverse_ais(starts)
    found = from_chains(
        log_weights, reverse_log_weights, bridged=method == "bridge", trusted_gap=trusted_gap,
        upper_is_bound=exact_starts, log_base=path.log_base, beta=float(path.betas[-1]),
        n_betas=len(path.betas), seed=path.seed, model=model,
    )  # fmt: skip
    if found.warning:
        warnings.warn(found.warning, UserWarning, stacklevel=stacklevel)
    return found
