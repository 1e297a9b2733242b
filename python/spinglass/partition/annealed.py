"""Annealed importance sampling: ln Z of large models, by chains along a path of models.

A path leads from a model whose ln Z is known, p_0(s) ~ exp(-E_0(s)), to the requested model, E_K. A
chain starts with a state s_0 of the first model, and model k moves it from s_{k-1} to s_k. It
estimates ln Z by

    x = ln Z_0 - sum_k (E_{k+1}(s_k) - E_k(s_k)),   k = 0, ..., K - 1,

and exp(x) has the mean Z for any number of models (C. Jarzynski, Phys. Rev. Lett. 78, 2690 (1997);
R. M. Neal, Stat. Comput. 11, 125 (2001)). The time reversal starts with a state of the last model
and estimates 1 / Z (R. B. Grosse, Z. Ghahramani and R. P. Adams, arXiv:1511.02543 (2015)).
`spinglass.partition.log_partition` combines the chains of one direction or of both.

A model needs only a `Path` for this. Two paths exist: a spin model from independent spins to any
temperature (`spinglass.partition.spin_path`), and a restricted Boltzmann machine from independent
units to the machine (`spinglass.machines.likelihood`). A path along beta is a `SpinPath` if the
core can sweep the model; another path is one class of three methods.
"""

from __future__ import annotations

from typing import Any, Literal, Protocol, TypeAlias

import numpy as np

from spinglass._caller import warn_caller
from spinglass._interrupted import Interrupted
from spinglass.partition.chain_weights import Floats
from spinglass.partition.log_partition import LogPartition, from_chains

Method: TypeAlias = Literal["ais", "reverse-ais", "two-sided", "bridge"]


class Path(Protocol):
    """A path from a model whose ln Z is known to the requested model, and chains along it."""

    @property
    def betas(self) -> Floats:
        """Positions of the models, ascending from 0 to the inverse temperature of the result."""

    @property
    def log_base(self) -> float:
        """Ln Z of the first model, ln Z_0."""

    @property
    def seed(self) -> int | np.random.SeedSequence:
        """The seed of all chains, for the result to record."""

    def ais(self) -> Floats:
        """Return x of each chain from the first model to the last."""

    def starts(self) -> tuple[Any, bool]:
        """Return states of the last model, and whether they are independent exact samples."""

    def reverse_ais(self, starts: Any) -> Floats:
        """Return x of each chain from these states of the last model to the first model.

        The moves are the time reversal of those of `ais`: otherwise the bridge is biased.
        """


def annealed(
    path: Path,
    method: Method,
    model: str,
    *,
    trusted_gap: float | None = None,
) -> LogPartition:
    """Run chains along a path in one direction or both, and combine their estimates.

    Parameters
    ----------
    path : Path
        The path.
    method : {"ais", "reverse-ais", "two-sided", "bridge"}
        One direction or both. The estimate of both is the middle, or Bennett's acceptance ratio.
    model : str
        The name of the model in the result.
    trusted_gap : float, optional
        As in `from_chains`.

    Raises
    ------
    Interrupted
        On Ctrl-C during the second direction. Its ``result`` is the estimate of the first
        direction.
    """
    # First, because it checks what the caller gave.
    starts, exact_starts = path.starts() if method != "ais" else (None, False)
    log_weights = path.ais() if method != "reverse-ais" else None

    def combined(reverse_log_weights: Floats | None) -> LogPartition:
        both = log_weights is not None and reverse_log_weights is not None
        return from_chains(
            log_weights, reverse_log_weights, bridged=both and method == "bridge",
            trusted_gap=trusted_gap, upper_is_bound=exact_starts, log_base=path.log_base,
            beta=float(path.betas[-1]), n_betas=len(path.betas), seed=path.seed, model=model,
        )  # fmt: skip

    try:
        found = combined(path.reverse_ais(starts) if method != "ais" else None)
    except KeyboardInterrupt:
        if log_weights is None:
            raise
        raise Interrupted(combined(None), 1, 2, "directions") from None
    if found.warning:
        warn_caller(found.warning)
    return found
