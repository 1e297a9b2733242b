r"""Seen from further and further away: block spins, and the critical point as what stays the same.

Every 2 x 2 block of a lattice is replaced by one spin, +1 or -1 as the majority of its four; two
against two is decided by a random bit. Below T_c the lattice looks more ordered at each step, above
more disordered, and at T_c alone it keeps looking the same: that is the fixed point.

**The critical point.** Blocking a lattice of L x L spins k times, or one of L/2 x L/2 spins k - 1
times, leaves lattices of one size, which have one more step behind them or one less. Their
nearest-neighbour correlation c = <s_i s_j> agrees where a step changes nothing, at the fixed point:
the two curves cross at T_c (Wilson; Swendsen).

**The exponent.** With S_k the sum of s_i s_j over neighbours after k steps, a step changes the
coupling by the factor

    lambda = dK_k / dK_(k-1) = <S_k S_(k-1)>_c / <S_k S_k>_c = 2^(y_t),

both averages connected and taken at T_c. The exact y_t = 1/nu is 1. One coupling alone is kept
here where a block lattice has many, and the lattice is finite: the error in the result knows of
neither.

References
----------
L. P. Kadanoff, Physics 2, 263 (1966); S.-k. Ma, Phys. Rev. Lett. 37, 461 (1976); R. H. Swendsen,
Phys. Rev. Lett. 42, 859 (1979); K. G. Wilson, Rev. Mod. Phys. 55, 583 (1983).
"""

from __future__ import annotations

from collections.abc import Sequence

from spinglass import _random
from spinglass._progress import Progress
from spinglass.experiments.config import asked, measured
from spinglass.experiments.renormalization_flow.config import RenormalizeConfig
from spinglass.experiments.renormalization_flow.points import RenormalizeExperiment
from spinglass.experiments.renormalization_flow.result import Renormalization
from spinglass.runner.loop import StorePath, Where
from spinglass.sampling.plan import Dynamics


@asked(RenormalizeConfig)
def renormalize(
    size: int = 128,
    temperatures: Sequence[float] | None = None,
    *,
    n_sweeps: int = 64_000,
    n_replicas: int = 32,
    warmup: int | None = None,
    dynamics: Dynamics = "metropolis",
    picture_size: int | None = 256,
    seed: _random.Seed = 0,
    num_threads: int | None = None,
    progress: Progress = False,
    store: StorePath = None,
    executor: Where = None,
) -> Renormalization:
    """Coarse-grain the two-dimensional Ising model, and find T_c where that changes nothing.

    Parameters
    ----------
    size : int
        Side L of the larger lattice, a power of two from 16 on; the smaller has half of it.
    temperatures : sequence of float, optional
        Temperatures T > 0 of both, each once; by default some around the transition.
    n_sweeps : int
        Sweeps of each replica that are measured, every max(1, L // 4)-th of them.
    n_replicas : int
        Independent lattices for each point. Errors come from their spread.
    warmup : int, optional
        Sweeps before the measurement, from all spins up; by default a quarter of ``n_sweeps``.
    dynamics : {"metropolis", "heat-bath", "wolff", "swendsen-wang"}
        Single flips, or clusters; single flips are faster here up to L of a few hundred.
    picture_size : int, optional
        Side of the lattices that are shown, a power of two from 16 on; None shows none.
    seed : None, int, SeedSequence or Generator
        Determines all random numbers. ``None`` draws a seed, which the result's config records.
    num_threads : int, optional
        Number of threads; by default all that the process may use. The result does not depend on
        it.
    progress : bool or callable
        True shows a bar with the time left (plain lines if stderr is not a terminal). A callable
        gets (points done, points in total).
    store : path, optional
        An SQLite file that keeps every finished point. The same call with this file continues the
        experiment where it stopped, also after a crash. ``seed=None`` then takes the seed of the
        store.
    executor : concurrent.futures.Executor, str or distributed.Client, optional
        Where points are computed; by default on threads of this process. An address such as
        ``"dask://host:8786"`` names a Dask scheduler (needs ``spinglass[dask]``). ``num_threads``
        is then the number of threads of each worker. The result does not depend on it.

    Returns
    -------
    Renormalization

    Raises
    ------
    Interrupted
        On Ctrl-C. It is a KeyboardInterrupt with the finished points in ``result``.
    ValueError, TypeError
        For an argument out of range, or a repeated temperature; or if the store holds another
        experiment.
    MemoryError
        If the replicas do not fit; the point is named.
    ExperimentStopped
        If the workers are lost or the disk is full. It holds the finished points in ``result``.
    StoreError
        If the store cannot be used, or another process works on it.

    Examples
    --------
    >>> from spinglass.experiments import renormalize
    >>> found = renormalize(16, n_sweeps=2000, picture_size=None)
    >>> [int(side) for side in found.curve(16, 1)["side"][:1]], len(found.crossings)
    ([8], 2)
    """
    return measured(RenormalizeExperiment, Renormalization, locals())
