"""The search for states of low energy."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass import _core
from spinglass._arguments import finite, real, thread_count
from spinglass._caller import takes_beta
from spinglass._progress import Progress, progress_callback
from spinglass._random import Seed, repeatable, seed_word
from spinglass.models.energy import HasEnergy
from spinglass.sampling.annealings import Annealing
from spinglass.sampling.cooling import cooling, natural_range
from spinglass.sampling.plan import (
    Dynamics,
    Sampled,
    check_size,
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

# A target counts as reached to within this part of it.
_ROUNDING = 1e-9

# The descents at the end are given so many sweeps, or N if that is more.
_DESCENT_SWEEPS = 1000


@takes_beta
def anneal(
    model: HasEnergy,
    beta_range: tuple[float, float] | None = None,
    n_sweeps: int = 1000,
    n_replicas: int = 1,
    dynamics: Dynamics = "metropolis",
    *,
    betas: ArrayLike | None = None,
    initial: ArrayLike | Run | Annealing | None = None,
    seed: Seed = None,
    num_threads: int | None = None,
    progress: Progress = False,
    clamp: ArrayLike | None = None,
    target: float | None = None,
    max_seconds: float | None = None,
) -> Annealing:
    """Search for states of low energy by simulated annealing with a descent at the end.

    Parameters
    ----------
    model : SpinModel, SpinForm, or anything else with the ``structure()`` of pairs of spins
        As in :func:`sample`.
    beta_range : (float, float), optional
        The first and the last inverse temperature, with geometric steps between them (linear steps
        if the first is 0). The default is the result of :func:`annealing_range`.
    n_sweeps : int
        Total number of sweeps.
    n_replicas : int
        Independent searches.
    dynamics : {"metropolis", "heat-bath", "wolff", "swendsen-wang"}
        As in :func:`sample`.
    betas : array_like, (n_betas,), optional
        The inverse temperatures, in any order, instead of a range. The sweeps are divided evenly
        among them.
    initial : array_like, Run or Annealing, optional
        The starts, (n_spins,) or (n_replicas, n_spins), or a run, whose final states are the
        starts. By default the spins are independent and uniform. An earlier
        :class:`~spinglass.Annealing` is continued from its final states and its random streams.
        Both together have the bits of one annealing through the temperatures of both, and the best
        states of the first are kept. By default the range continues from its last inverse
        temperature.
    seed : None, int, numpy.random.SeedSequence or numpy.random.Generator
        Replica k depends only on (seed, k). A continued annealing keeps its seed.
    num_threads, progress
        As in :func:`sample`.
    clamp : array_like of bool, (n_spins,) or (n_replicas, n_spins), optional
        True where a spin is held at its value in ``initial``, as in :func:`sample`.
    target : float, optional
        The run ends when a replica has this energy or a lower one after a sweep, within rounding (a
        part in 10^9). This is checked every 16 sweeps.
    max_seconds : float, optional
        The sweeps end after this time, so the result depends on the machine. The descent comes
        afterwards.

    Returns
    -------
    Annealing

    Raises
    ------
    ValueError, TypeError
        If an argument has another shape, type or range, or the model does not allow the dynamics.
    MemoryError
        If the replicas do not fit in memory.
    Interrupted
        On Ctrl-C. It is a KeyboardInterrupt that carries the annealing so far.

    Notes
    -----
    S. Kirkpatrick, C. D. Gelatt and M. P. Vecchi, Science 220, 671 (1983). At the end two states of
    each replica follow their local fields as in :func:`descend`: the best state that it had after a
    sweep, and its final state. The lower of these minima is the best state of the replica.

    Examples
    --------
    >>> import spinglass
    >>> ring = spinglass.EdwardsAnderson((12,), seed=3)
    >>> found = spinglass.anneal(ring, n_sweeps=200, n_replicas=10, seed=1)
    >>> state, energy = found.best
    >>> energy == ring.energy(state)
    True
    >>> bool((ring.local_fields(state) * state >= 0).all())
    True
    """
    system = sampled(model)
    plan = plan_of(n_sweeps, n_replicas, dynamics, 0, 1, False)
    check_size(system, (plan.rows,), plan)
    limit = None if target is None else _limit(finite(target, "target"), system.constant)
    seconds = None if max_seconds is None else real(max_seconds, "max_seconds")
    if seconds is not None and seconds <= 0:
        raise ValueError(f"max_seconds must be > 0, got {max_seconds!r}")
    threads = thread_count(num_threads)
    if isinstance(initial, Run):
        initial = initial.final_states
    earlier = earlier_run(system, initial, Annealing, plan)
    known_seed = repeatable(seed if earlier is None else continued_seed(earlier, seed))
    word = seed_word(known_seed)
    states = starts(system, initial, (plan.rows,), word, threads)
    check_size(system, (len(states),), plan)
    held = held_spins(clamp, initial, states, len(states))
    default = None
    if beta_range is None and betas is None:
        default = natural_range(system, states, held, threads)
        if earlier is not None and len(earlier.betas):
            now = float(earlier.betas[-1])
            default = now, max(now, default[1])
    schedule = cooling(beta_range, betas, plan.n_sweeps, default)
    if earlier is not None and target is not None and earlier.best[1] <= target:
        schedule = schedule[:0]
    # The default ends where what flips cost still matters; a schedule may end in a quench, whose
    # minima are those of the descent.
    judged = float(schedule.min(initial=np.inf) if default is None else schedule.max(initial=0))
    if judged < np.inf:
        warn_of_rounding(system, plan, judged, threads)
    with progress_callback(progress, "anneal", "sweeps") as callback:
        columns, interruption = _core.anneal(
            system.core,
            dynamics=plan.dynamics,
            schedule=schedule,
            initial=states,
            clamp=held,
            seed=word,
            sweeps=0 if earlier is None else earlier.sweeps,
            streams=None if earlier is None else earlier._streams,
            target=limit,
            max_seconds=seconds,
            num_threads=threads,
            progress=callback,
        )
    found = [columns["best_states"], columns["final_states"]]
    if interruption is None:
        found, interruption = _minima(system, found, held, threads)
    if earlier is not None:
        found.append(earlier.best_states)
    # A sweep tells energies to its own precision; these are from the couplings as given.
    energies = np.array([system.core.energy(states, threads) for states in found])
    rows = np.arange(len(states))
    lowest = energies.argmin(axis=0)
    done = int(columns["sweeps"])
    result = Annealing(
        best_states=np.array(found)[lowest, rows],
        best_energy=system.total(energies[lowest, rows]),
        final_states=columns["final_states"],
        energy=system.total(columns["energy"][:, :done]),
        betas=schedule[:done],
        n_spins=system.n_spins,
        model=system.name,
        dynamics=plan.dynamics,
        clamp=held,
        sweeps=done + (0 if earlier is None else earlier.sweeps),
        seed=known_seed,
        version=_core.__version__,
        _streams=None if columns["ending"] == "broken" else columns["streams"],
        _identity=system.identity,
    )
    return cast(Annealing, finished(result, interruption, plan, "sweeps"))


def _limit(target: float, constant: float) -> float:
    """Return the energy of the core at which to stop; the sum of a state is known to rounding."""
    return target - constant + _ROUNDING * max(abs(target), abs(constant))


def _minima(
    model: Sampled,
    found: list[NDArray[np.int8]],
    held: NDArray[np.bool_] | None,
    threads: int | None,
) -> tuple[list[NDArray[np.int8]], BaseException | None]:
    """Return the local minima below states, and what interrupted the descent."""
    columns, interruption = _core.descend(
        model.core,
        np.concatenate(found),
        # No descent takes so long, but for one that rounding would lead in circles.
        max_sweeps=max(_DESCENT_SWEEPS, model.n_spins),
        clamp=None if held is None else np.concatenate([held] * len(found)),
        num_threads=threads,
    )
    return np.split(columns["states"], len(found)), interruption
