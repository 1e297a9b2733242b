r"""Block spins, and the critical point as the fixed point of blocking.

One spin replaces every 2 x 2 block of a lattice. It is +1 or -1 as the majority of the four; a
random bit decides if there are two of each. At each step the lattice looks more ordered below T_c,
and more disordered above. Only at T_c it looks the same after a step, so T_c is the fixed point.

**The critical point.** Blocking a lattice of L x L spins k times, or one of L/2 x L/2 spins k - 1
times, gives two lattices of the same size. Their nearest-neighbour correlation c = <s_i s_j> agrees
where a step changes nothing, at the fixed point. So the two curves cross at T_c (Wilson; Swendsen).

**The exponent.** With S_k the sum of s_i s_j over neighbours after k steps, a step changes the
coupling by the factor

    lambda = dK_k / dK_(k-1) = <S_k S_(k-1)>_c / <S_k S_k>_c = 2^(y_t),

where both averages are connected and at T_c. The exact y_t = 1/nu is 1. A block lattice has many
couplings, and only one is kept here. The lattice is also finite. The error in the result includes
neither of these effects.

References
----------
L. P. Kadanoff, Physics 2, 263 (1966); S.-k. Ma, Phys. Rev. Lett. 37, 461 (1976); R. H. Swendsen,
Phys. Rev. Lett. 42, 859 (1979); K. G. Wilson, Rev. Mod. Phys. 55, 583 (1983).
"""

from __future__ import annotations

from collections.abc import Sequence

from spinglass import _random
from spinglass._caller import takes_temperatures
from spinglass._progress import Progress
from spinglass.experiments.config import asked, measured
from spinglass.experiments.renormalization_flow.config import RenormalizeConfig
from spinglass.experiments.renormalization_flow.points import RenormalizeExperiment
from spinglass.experiments.renormalization_flow.result import Renormalization
from spinglass.runner.loop import StorePath, Where
from spinglass.sampling.plan import Dynamics


@takes_temperatures
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
    """Coarse-grain the two-dimensional Ising model, and find T_c, where this changes nothing.

    Parameters
    ----------
    size : int
        Side L of the larger lattice, a power of two from 16 on. The smaller lattice has half of it.
    temperatures : sequence of float, optional
        Temperatures T > 0 of both, each once; by default some around the transition.
    n_sweeps : int
        Sweeps of each replica for the measurements, one every max(1, L // 4) sweeps.
    n_replicas : int
        Independent lattices for each point. Errors come from their spread.
    warmup : int, optional
        Sweeps before the measurement, from all spins up; by default a quarter of ``n_sweeps``.
    dynamics : {"metropolis", "heat-bath", "wolff", "swendsen-wang"}
        Single flips, or clusters; single flips are faster here up to L of a few hundred.
    picture_size : int, optional
        Side of the lattices in the pictures, a power of two from 16 on. None makes no pictures.
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
        If the replicas do not fit. The message names the point.
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
