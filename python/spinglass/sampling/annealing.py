"""The search for states of low energy."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass import _core
from spinglass._arguments import inverse_temperature, real, thread_count
from spinglass._progress import Progress, progress_callback
from spinglass._random import Seed, repeatable, seed_word
from spinglass.models.energy import HasEnergy
from spinglass.sampling.plan import (
    Dynamics,
    Sampled,
    check_size,
    finished,
    held_spins,
    plan_of,
    sampled,
    starts,
    warn_of_rounding,
)
from spinglass.sampling.runs import Annealing, Run


def anneal(
    model: HasEnergy,
    beta_range: tuple[float, float] | None = None,
    n_sweeps: int = 1000,
    n_replicas: int = 1,
    dynamics: Dynamics = "metropolis",
    *,
    betas: ArrayLike | None = None,
    initial: ArrayLike | None = None,
    seed: Seed = None,
    num_threads: int | None = None,
    progress: Progress = False,
    clamp: ArrayLike | None = None,
) -> Annealing:
    """Look for states of low energy by simulated annealing.

    Parameters
    ----------
    model : SpinModel, SpinForm, or anything else with the ``structure()`` of pairs of spins
        As in :func:`sample`.
    beta_range : (float, float), optional
        The first and the last inverse temperature, with geometric steps between (linear if the
        first is 0). By default from where the largest field that spins feel in random states is
        overcome half of the time to where a small one (their tenth part is smaller) is overcome
        once in a hundred times.
    n_sweeps : int
        Sweeps in all.
    n_replicas : int
        Independent searches.
    dynamics : {"metropolis", "heat-bath", "wolff", "swendsen-wang"}
        As in :func:`sample`.
    betas : array_like, (n_betas,), optional
        The inverse temperatures themselves, in any order, instead of a range: the sweeps are
        divided evenly among them.
    initial : array_like, (n_spins,) or (n_replicas, n_spins), optional
        The starts; by default independent uniform spins.
    seed : None, int, numpy.random.SeedSequence or numpy.random.Generator
        Replica k depends on (seed, k) alone.
    num_threads, progress
        As in :func:`sample`.
    clamp : array_like of bool, (n_spins,) or (n_replicas, n_spins), optional
        True where a spin is held at its value in ``initial``, as in :func:`sample`.

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
        On Ctrl-C: a KeyboardInterrupt that carries what was found.

    Notes
    -----
    S. Kirkpatrick, C. D. Gelatt and M. P. Vecchi, Science 220, 671 (1983).

    Examples
    --------
    >>> import spinglass
    >>> ring = spinglass.EdwardsAnderson((12,), seed=3)
    >>> found = spinglass.anneal(ring, n_sweeps=200, n_replicas=10, seed=1)
    >>> state, energy = found.best
    >>> energy == ring.energy(state)
    True
    """
    target = sampled(model)
    plan = plan_of(n_sweeps, n_replicas, dynamics, 0, 1, False)
    check_size(target, (plan.rows,), plan)
    schedule = _cooling(target, beta_range, betas, plan.n_sweeps)
    warn_of_rounding(target, plan, float(schedule.max()))
    threads = thread_count(num_threads)
    if isinstance(initial, Run):
        initial = initial.final_states
    known_seed = repeatable(seed)
    word = seed_word(known_seed)
    states = starts(target, initial, (plan.rows,), word, threads)
    check_size(target, (len(states),), plan)
    held = held_spins(clamp, initial, states, len(states))
    with progress_callback(progress, "anneal", "sweeps") as callback:
        columns, interruption = _core.anneal(
            target.core,
            dynamics=plan.dynamics,
            schedule=schedule,
            initial=states,
            clamp=held,
            seed=word,
            num_threads=threads,
            progress=callback,
        )
    done = int(columns["sweeps"])
    result = Annealing(
        best_states=columns["best_states"],
        # A sweep tells energies to its own precision; these are from the couplings as given.
        best_energy=target.total(target.core.energy(columns["best_states"])),
        final_states=columns["final_states"],
        energy=target.total(columns["energy"][:, :done]),
        betas=schedule[:done],
        n_spins=target.n_spins,
        model=target.name,
        dynamics=plan.dynamics,
        seed=known_seed,
        version=_core.__version__,
    )
    return cast(Annealing, finished(result, interruption, plan, "sweeps"))


def _cooling(model: Sampled, beta_range: Any, betas: Any, n_sweeps: int) -> NDArray[np.float64]:
    """Return the inverse temperature of each sweep."""
    if betas is not None:
        if beta_range is not None:
            raise ValueError("betas and beta_range must not both be given")
        values = np.atleast_1d(np.asarray(betas, dtype=object))
        if values.ndim != 1 or not values.size:
            raise ValueError(f"betas must be a list of at least one number, got {betas!r}")
        if n_sweeps < len(values):
            raise ValueError(
                f"n_sweeps must be at least the number of betas, {len(values)}, got {n_sweeps}"
            )
        each = np.array([inverse_temperature(beta, "betas") for beta in values])
        return each[np.arange(n_sweeps) * len(each) // n_sweeps]
    first, last = _natural_range(model) if beta_range is None else _range(beta_range)
    if first > 0 and np.isfinite(last):
        return np.geomspace(first, last, n_sweeps)
    return np.linspace(first, last, n_sweeps)


def _range(beta_range: Any) -> tuple[float, float]:
    if np.shape(beta_range) != (2,):
        raise ValueError(f"beta_range must be two numbers, got {beta_range!r}")
    first, last = (real(beta, "beta_range") for beta in beta_range)
    if not (0 <= first <= last and np.isfinite(last)):
        raise ValueError(
            f"beta_range must be two finite numbers, 0 <= first <= last, got {beta_range!r}"
        )
    return first, last


def _natural_range(model: Sampled) -> tuple[float, float]:
    """Return a range that suits the fields which spins feel in random states."""
    states = _core.random_spins(0, 8, model.n_spins, None)
    fields = np.abs(model.core.local_fields(states))
    present = fields[fields > 1e-9 * fields.max()]
    if not present.size:
        return 0.0, 1.0
    largest, smallest = 2 * float(present.max()), 2 * float(np.quantile(present, 0.1))
    first = float(np.log(2)) / largest
    return first, max(first, float(np.log(100)) / smallest)
