"""Monte Carlo at one temperature, or at several side by side.

A sweep is N attempted updates of each replica. The trajectory of a replica depends only on (seed,
replica), not on other replicas, the number of threads or the instruction set.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any, cast, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass import _core
from spinglass._arguments import inverse_temperature, ladder, several, thread_count
from spinglass._caller import takes_beta
from spinglass._progress import Progress, progress_callback
from spinglass._random import Seed, repeatable, seed_word
from spinglass.models.energy import HasEnergy
from spinglass.sampling.ladder_runs import LadderRun
from spinglass.sampling.observables.measured import Measure
from spinglass.sampling.plan import (
    Dynamics,
    Plan,
    begin,
    check_as_many,
    check_size,
    common,
    continued_seed,
    earlier_run,
    finished,
    held_spins,
    plan_of,
    sampled,
    starts,
    warn_of_rounding,
)
from spinglass.sampling.runs import Run
from spinglass.sampling.segments import Columns, in_segments

# What the core has a row of for each replica.
_ROWS = {"energy", "magnetization", "states", "final_states", "flips"}


@overload
def sample(
    model: HasEnergy, beta: float, n_sweeps: int, n_replicas: int = 1,
    dynamics: Dynamics = "metropolis", *, warmup: int = 0, every: int = 1,
    initial: ArrayLike | Run | None = None, keep_states: bool = False,
    measure: Collection[Measure] | None = None, seed: Seed = None, num_threads: int | None = None,
    progress: Progress = False, clamp: ArrayLike | None = None,
) -> Run: ...  # fmt: skip
@overload
def sample(
    model: HasEnergy, beta: Sequence[float] | NDArray[np.floating[Any]], n_sweeps: int,
    n_replicas: int = 1, dynamics: Dynamics = "metropolis", *, warmup: int = 0, every: int = 1,
    initial: ArrayLike | LadderRun | None = None, keep_states: bool = False,
    measure: Collection[Measure] | None = None, seed: Seed = None, num_threads: int | None = None,
    progress: Progress = False, clamp: ArrayLike | None = None,
) -> LadderRun: ...  # fmt: skip
@takes_beta
def sample(
    model: HasEnergy,
    beta: float | Sequence[float] | NDArray[np.floating[Any]],
    n_sweeps: int,
    n_replicas: int = 1,
    dynamics: Dynamics = "metropolis",
    *,
    warmup: int = 0,
    every: int = 1,
    initial: ArrayLike | Run | LadderRun | None = None,
    keep_states: bool = False,
    measure: Collection[Measure] | None = None,
    seed: Seed = None,
    num_threads: int | None = None,
    progress: Progress = False,
    clamp: ArrayLike | None = None,
) -> Run | LadderRun:
    """Sample a model by Monte Carlo, at one temperature or at several side by side.

    Parameters
    ----------
    model : SpinModel, SpinForm, or anything else with the ``structure()`` of pairs of spins
        A lattice, a spin glass, a Hopfield network, any :class:`~spinglass.Ising`, or the
        :func:`~spinglass.spin_form` of a machine.
    beta : float, or array_like of float, (n_betas,)
        Inverse temperature, 0 to infinity. Infinity is zero temperature. Several, strictly
        ascending, are sampled side by side, without exchanges: the result has an axis for them
        after that of the replicas.
    n_sweeps : int
        Sweeps after the warmup.
    n_replicas : int
        Independent copies of the system.
    dynamics : {"metropolis", "heat-bath", "wolff", "swendsen-wang"}
        Single flips, or clusters (only for models without frustration and without field). A sweep
        of ``"wolff"`` flips one cluster, or two with probability 1/2.
    warmup : int
        Sweeps before the measured ones.
    every : int
        Sweeps from one measurement to the next. The first measurement comes ``every`` sweeps after
        the warmup.
    initial : array_like, Run or LadderRun, optional
        The starts: (n_spins,) for all, or (n_replicas, n_spins). At several temperatures they are
        (n_spins,) for all, (n_betas, n_spins) for all replicas, or (n_replicas, n_betas, n_spins).
        By default the spins are independent and uniform. An earlier run is continued from its
        states and its random streams. Both together have the bits of one long run, if the sweeps of
        the first are a multiple of every ``every``: a run counts from its own start. It must be a
        run of the same model: the same couplings and fields, kept in the same way (a lattice is not
        the same model as its matrix), at as many temperatures.
    keep_states : bool
        Whether to keep the state of each measurement (N bytes each).
    measure : sequence of str and observables, optional
        What to measure besides energy and magnetization. ``run.measured`` has the series by name,
        and ``run.observable(name)`` their means with errors. The names are

        - ``"overlap"`` and ``"link_overlap"`` of every pair of replicas, for ``run.overlaps()``.
          Link overlaps are those of the bonds, and need a model that keeps bonds: lattices and
          sparse couplings;
        - ``"abs_magnetization"``, and on a lattice with even sides ``"staggered_magnetization"``;
        - ``"largest_overlap"`` with the patterns of a Hopfield network;
        - ``"local_fields"`` of all spins (8 N bytes a measurement), and ``"abs_local_field"``,
          (1/N) sum_i |h_i|.

        Others have arguments: :class:`~spinglass.PatternOverlaps`, and on lattices
        :class:`~spinglass.StructureFactor` and :class:`~spinglass.OverlapStructureFactor`. Any
        function of the states is measured too (:class:`~spinglass.Observed`).

        The default is the overlap, for 2 to 8 replicas of any model except a lattice with one
        coupling, where it would take longer than the sweeps. A continued run measures what the
        earlier one did, functions aside. The choice does not affect other results.
    seed : None, int, numpy.random.SeedSequence or numpy.random.Generator
        Replica k depends only on (seed, k). At several temperatures, replica k at temperature
        number t has the random numbers that replica t n_replicas + k of a run at one temperature
        has. A continued run keeps its seed.
    num_threads : int, optional
        Number of threads; by default all that the process may use. It does not affect the result.
    progress : bool or callable
        True for a bar, or a callable of ``(done, total)`` in sweeps.
    clamp : array_like of bool, (n_spins,) or (n_replicas, n_spins), optional
        True where a spin is held at its value in ``initial``, which must then be given. The other
        spins follow the Boltzmann law given the held ones. Energies and magnetizations are those of
        the whole state. This works only with ``"metropolis"`` and ``"heat-bath"``. A continued run
        keeps its clamp.

    Returns
    -------
    Run, or LadderRun for several temperatures

    Raises
    ------
    ValueError, TypeError
        If an argument has another shape, type or range, or the model does not allow the dynamics.
    MemoryError
        If the replicas, the measurements or the states to keep do not fit in memory.
    MeasurementError
        If a function in ``measure`` raised an exception. It carries the run up to the call before.
    Interrupted
        On Ctrl-C. It is a KeyboardInterrupt that carries the run so far.

    Notes
    -----
    Metropolis and heat bath visit the sites in a fixed order, colour by colour or shuffled, which
    leaves the Boltzmann distribution exp(-beta E) unchanged. In a Metropolis sweep some sites rest,
    because a fixed order of visits can otherwise move domain walls along with it. At beta = 0
    Metropolis would flip every spin in every sweep, so the heat bath is used instead. A large
    lattice that is quenched from random spins below its critical temperature can freeze in stripes
    for longer than any run. Start it from all +1.

    Metropolis et al., J. Chem. Phys. 21, 1087 (1953); Glauber, J. Math. Phys. 4, 294 (1963);
    Swendsen and Wang, Phys. Rev. Lett. 58, 86 (1987); Wolff, Phys. Rev. Lett. 62, 361 (1989).

    Examples
    --------
    >>> import spinglass
    >>> lattice = spinglass.SquareLattice(16)
    >>> run = spinglass.sample(lattice, beta=0.44, n_sweeps=1000, n_replicas=4, seed=1)
    >>> run.energy.shape, run.final_states.shape
    ((4, 1000), (4, 256))
    >>> longer = spinglass.sample(lattice, beta=0.44, n_sweeps=500, initial=run)
    >>> longer.sweeps
    1500
    """
    betas = None
    if several(beta, "beta") is None:
        beta = inverse_temperature(beta)
    else:
        beta = betas = ladder(cast(ArrayLike, beta), "beta")
    target = sampled(model)
    plan = plan_of(n_sweeps, n_replicas, dynamics, warmup, every, keep_states, measure)
    threads = thread_count(num_threads)
    warn_of_rounding(target, plan, float(np.max(beta)), threads)
    earlier: Any = earlier_run(target, initial, Run if betas is None else LadderRun, plan)
    if betas is not None and earlier is not None:
        check_as_many(betas, earlier, "beta")
    known_seed = repeatable(seed if earlier is None else continued_seed(earlier, seed))
    word = seed_word(known_seed)
    at = () if betas is None else (len(betas),)
    states = starts(target, initial, (plan.rows, *at), word, threads)
    rows = len(states) // math.prod(at)
    plan = plan.measuring(model, target, rows, earlier)
    check_size(target, (rows, *at), plan)
    held = held_spins(clamp, initial, states, rows)
    n, n_betas = target.n_spins, math.prod(at)
    fixed: dict[str, Any] = {
        "betas": np.repeat(np.asarray(beta, dtype=np.float64), rows),
        "n_betas": n_betas,
        "clamp": None if held is None else np.tile(held, (n_betas, 1)),
        "seed": word,
        "num_threads": threads,
    }

    def move(plan: Plan, states: NDArray[np.int8], **more: Any) -> tuple[Columns, Any]:
        # In the core all replicas of the first temperature come first.
        starts = np.ascontiguousarray(states.swapaxes(0, 1) if at else states).reshape(-1, n)
        columns, interruption = _core.sample(
            target.core, initial=starts, **fixed, **plan.keywords, **more
        )
        if at:
            for name in _ROWS & columns.keys():
                shape = (n_betas, rows, *columns[name].shape[1:])
                columns[name] = columns[name].reshape(shape).swapaxes(0, 1)
        return plan.shaped(columns), interruption

    # So do the starts that were drawn, one stream after the other.
    if at and initial is None:
        states = states.reshape(n_betas, rows, n).swapaxes(0, 1)
    states = states.reshape(rows, *at, n)
    with progress_callback(progress, "sample", "sweeps") as callback:
        columns, interruption = in_segments(move, plan, states, begin(earlier), callback)
    common_fields = common(target, columns, plan, earlier, known_seed, held)
    result: Run | LadderRun
    if betas is None:
        result = Run(beta=cast(float, beta), **common_fields)
    else:
        result = LadderRun(beta=betas, **common_fields)
    return cast("Run | LadderRun", finished(result, interruption, plan, "measurements"))
