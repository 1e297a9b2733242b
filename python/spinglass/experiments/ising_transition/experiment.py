r"""The Ising model through its transition: measurements and exact results.

A square lattice of L x L spins with periodic boundaries, E = -sum_<ij> s_i s_j, is sampled at many
temperatures T = 1/beta. The infinite lattice orders below T_c = 2 / ln(1 + sqrt 2) = 2.269.
Kaufman's exact result gives the energy and the specific heat of each finite lattice, and every
point is compared with it.

**Starts.** Every run starts with all spins up. Above T_c the lattice forgets this start within a
few sweeps. Below T_c a large lattice that starts at random spins can freeze into stripes for longer
than any run.

A point depends only on (seed, L, T), not on the rest of the grid.

References
----------
L. Onsager, Phys. Rev. 65, 117 (1944); B. Kaufman, Phys. Rev. 76, 1232 (1949); C. N. Yang, Phys.
Rev. 85, 808 (1952); K. Binder, Z. Phys. B 43, 119 (1981).
"""

from __future__ import annotations

from collections.abc import Sequence

from spinglass import _random
from spinglass._caller import takes_temperatures
from spinglass._progress import Progress
from spinglass.experiments.config import asked, measured
from spinglass.experiments.ising_transition.config import SIZES, SNAPSHOT_SIZE, IsingConfig
from spinglass.experiments.ising_transition.points import IsingExperiment
from spinglass.experiments.ising_transition.result import IsingScan
from spinglass.runner.loop import StorePath, Where
from spinglass.sampling.plan import Dynamics


@takes_temperatures
@asked(IsingConfig)
def ising(
    sizes: int | Sequence[int] = SIZES,
    temperatures: Sequence[float] | None = None,
    *,
    n_sweeps: int | None = None,
    n_replicas: int = 32,
    warmup: int | None = None,
    dynamics: Dynamics = "metropolis",
    snapshot_size: int | None = SNAPSHOT_SIZE,
    seed: _random.Seed = 0,
    num_threads: int | None = None,
    progress: Progress = False,
    store: StorePath = None,
    executor: Where = None,
) -> IsingScan:
    """Measure the two-dimensional Ising model through its transition.

    Parameters
    ----------
    sizes : int or sequence of int
        The sides L of the lattices, each once.
    temperatures : sequence of float, optional
        Temperatures T > 0 for every size, each once. By default each size has its own, around its
        rounded transition and a few far from it.
    n_sweeps : int, optional
        Sweeps of each replica for the measurements, one every max(1, L // 16) sweeps. The default
        is 10,000, and from L = 32 on it grows in proportion to L, because larger lattices have
        longer autocorrelation times.
    n_replicas : int
        Independent lattices for each point. Errors come from their spread.
    warmup : int, optional
        Sweeps before the measurement, from all spins up; by default half of ``n_sweeps``.
    dynamics : {"metropolis", "heat-bath", "wolff", "swendsen-wang"}
        Single flips, or clusters. At T_c the autocorrelation time of single flips is L^2.17 sweeps,
        but their sweeps are so fast that they are the better choice up to L of a few hundred.
    snapshot_size : int, optional
        Side of the lattices in the pictures below, at and above T_c. None makes no pictures.
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
        scan where it stopped, also after a crash. ``seed=None`` then takes the seed of the store.
    executor : concurrent.futures.Executor, str or distributed.Client, optional
        Where points are computed; by default on threads of this process. An address such as
        ``"dask://host:8786"`` names a Dask scheduler (needs ``spinglass[dask]``). ``num_threads``
        is then the number of threads of each worker. The result does not depend on it.

    Returns
    -------
    IsingScan

    Raises
    ------
    Interrupted
        On Ctrl-C. It is a KeyboardInterrupt with the finished points in ``result``.
    ValueError, TypeError
        For an argument out of range, or a repeated size or temperature; or if the store holds
        another scan.
    MemoryError
        If the measurements of a point do not fit. The message names the point.
    ExperimentStopped
        If the workers are lost or the disk is full. It holds the finished points in ``result``.
    StoreError
        If the store cannot be used, or another process works on it.

    Examples
    --------
    >>> from spinglass.experiments import ising
    >>> scan = ising([4, 8], [2.0, 2.5], n_sweeps=2000, snapshot_size=None)
    >>> scan.points["L"].tolist(), scan.points["temperature"].tolist()
    ([4, 4, 8, 8], [2.0, 2.5, 2.0, 2.5])
    >>> bool((abs(scan.energy_deviations()) < 5).all())  # from the exact result, in errors
    True
    """
    return measured(IsingExperiment, IsingScan, locals())
