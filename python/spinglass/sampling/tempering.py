"""Monte Carlo at many temperatures that exchange their states."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass import _core
from spinglass._arguments import flag, ladder, thread_count
from spinglass._caller import takes_beta
from spinglass._progress import Progress, progress_callback
from spinglass._random import Seed, repeatable, seed_word
from spinglass.models.energy import HasEnergy
from spinglass.sampling.ladder_runs import TemperedRun
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
from spinglass.sampling.runs import unaltered
from spinglass.sampling.segments import Columns, in_segments

# The fewest sweeps from which the rates of exchange are taken, and the fewest that make a tuning.
_PILOT, _TUNING = 25, 100


@takes_beta
def temper(
    model: HasEnergy,
    betas: ArrayLike,
    n_sweeps: int,
    n_replicas: int = 1,
    dynamics: Dynamics = "metropolis",
    *,
    warmup: int = 0,
    every: int = 1,
    initial: ArrayLike | TemperedRun | None = None,
    keep_states: bool = False,
    measure: Collection[Measure] | None = None,
    tune: bool = False,
    seed: Seed = None,
    num_threads: int | None = None,
    progress: Progress = False,
    clamp: ArrayLike | None = None,
) -> TemperedRun:
    """Sample a model at many temperatures that exchange their states (parallel tempering).

    Parameters
    ----------
    model : SpinModel, SpinForm, or anything else with the ``structure()`` of pairs of spins
        As in :func:`sample`.
    betas : array_like, (n_betas,)
        The ladder of inverse temperatures, strictly ascending.
    n_sweeps : int
        Sweeps at every temperature, after the warmup.
    n_replicas : int
        Number of independent ladders. Overlaps and P(q) need at least 2.
    dynamics, warmup, every, keep_states, measure, num_threads, progress
        As in :func:`sample`. Pairs are pairs of ladders at each temperature.
    initial : array_like or TemperedRun, optional
        The starts, (n_spins,) for all replicas, (n_betas, n_spins) or (n_replicas, n_betas,
        n_spins), or a run of the same model to be continued.
    tune : bool
        Whether to move the inner temperatures during the warmup, so that all neighbours exchange
        equally often. The ends and the number of temperatures do not change. ``betas`` of the run
        has the result.
    seed : None, int, numpy.random.SeedSequence or numpy.random.Generator
        Fixes the run. A continued run keeps its seed.
    clamp : array_like of bool, (n_spins,) or (n_replicas, n_spins), optional
        True where a spin is held at its value in ``initial``, as in :func:`sample`. All states of
        one ladder must agree there.

    Returns
    -------
    TemperedRun

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
    After each sweep neighbouring temperatures exchange their states with probability min(1,
    exp((beta_a - beta_b) (E_a - E_b))), even pairs and odd pairs in turn (Hukushima and Nemoto, J.
    Phys. Soc. Jpn 65, 1604 (1996)). Tuning places the temperatures at equal steps of the summed
    rejection rates: Syed, Bouchard-Cote, Deligiannidis and Doucet, J. R. Stat. Soc. B 84, 321
    (2022).

    Examples
    --------
    >>> import numpy as np, spinglass
    >>> glass = spinglass.SherringtonKirkpatrick(64, seed=1)
    >>> run = spinglass.temper(glass, np.linspace(0.2, 2.0, 10), 500, n_replicas=2, seed=2)
    >>> run.energy.shape
    (2, 10, 500)
    >>> bool((run.swap_rates > 0.2).all())
    True
    """
    betas, target = ladder(betas), sampled(model)
    plan = plan_of(n_sweeps, n_replicas, dynamics, warmup, every, keep_states, measure)
    threads = thread_count(num_threads)
    warn_of_rounding(target, plan, float(betas[-1]), threads)
    earlier = earlier_run(target, initial, TemperedRun, plan)
    if earlier is not None:
        check_as_many(betas, earlier, "betas")
    known_seed = repeatable(seed if earlier is None else continued_seed(earlier, seed))
    before = earlier  # what was given: a pilot run measures nothing
    given = plan.warmup
    if flag(tune, "tune"):
        earlier = _tuned(model, betas, plan, initial, clamp, known_seed, threads)
        betas, initial = earlier.betas, earlier
        plan = replace(plan, warmup=plan.warmup // 2)
    word = seed_word(known_seed)
    states = starts(target, initial, (plan.rows, len(betas)), word, threads)
    n_ladders = len(states) // len(betas)
    plan = plan.measuring(model, target, n_ladders, before)
    check_size(target, (n_ladders, len(betas)), plan)
    held = held_spins(clamp, initial, states, n_ladders)
    fixed: dict[str, Any] = {"betas": betas, "clamp": held, "seed": word, "num_threads": threads}
    n = target.n_spins

    def move(plan: Plan, states: NDArray[np.int8], **more: Any) -> tuple[Columns, Any]:
        columns, interruption = _core.temper(
            target.core, initial=states.reshape(-1, n), **fixed, **plan.keywords, **more
        )
        return plan.shaped(columns), interruption

    start = begin(earlier) | {
        "order": np.empty(0, np.uint32) if earlier is None else earlier._order,
        "seen": np.empty(0, np.uint8),
    }
    states = states.reshape(n_ladders, len(betas), n)
    with progress_callback(progress, "temper", "sweeps") as callback:
        columns, interruption = in_segments(move, plan, states, start, callback)
    tried, exchanged = columns["tried"].sum(axis=0), columns["exchanged"].sum(axis=0)
    result = TemperedRun(
        beta=betas,
        swap_rates=np.divide(exchanged, tried, out=np.full(len(tried), np.nan), where=tried > 0),
        round_trips=columns["round_trips"].astype(np.int64),
        _order=columns["order"],
        **common(target, columns, plan, earlier, known_seed, held) | {"warmup": given},
    )
    return cast(TemperedRun, finished(result, interruption, plan, "measurements"))


def _tuned(
    model: HasEnergy,
    betas: NDArray[np.float64],
    plan: Plan,
    initial: Any,
    clamp: ArrayLike | None,
    seed: int | np.random.SeedSequence,
    threads: int | None,
) -> TemperedRun:
    """Spend half of the warmup on finding a ladder; return the run that found it.

    Each leg is as long as all before it, so that the last, which decides, is the longest.
    """
    if plan.warmup < _TUNING or len(betas) < 3 or not np.isfinite(betas).all():
        raise ValueError(
            f"tune needs a warmup of at least {_TUNING} sweeps and at least 3 finite betas, got "
            f"warmup={plan.warmup} and {len(betas)} betas up to {betas[-1]:g}"
        )
    left = plan.warmup - plan.warmup // 2
    while left:
        length = _PILOT if not isinstance(initial, TemperedRun) else initial.n_sweeps * 2
        length = left if left < 2 * length else length
        run = temper(
            model,
            betas,
            length,
            plan.rows,
            plan.dynamics,
            every=length,
            initial=initial,
            measure=(),
            seed=seed,
            num_threads=threads,
            clamp=clamp,
        )
        left -= length
        betas = _even_ladder(betas, run.swap_rates, length * run.n_replicas)
        initial = unaltered(replace(run, beta=betas))
    return cast(TemperedRun, initial)


def _even_ladder(
    betas: NDArray[np.float64], rates: NDArray[np.float64], tried: int
) -> NDArray[np.float64]:
    """Place the temperatures at equal steps of the summed rejection rates."""
    from scipy.interpolate import PchipInterpolator

    # A rate of which no rejection was seen is still not known to be zero.
    rejected = np.maximum(1 - np.nan_to_num(rates), 1 / (1 + tried))
    barrier = np.concatenate([[0.0], np.cumsum(rejected)])
    even = np.linspace(0.0, barrier[-1], len(betas))
    moved = np.asarray(PchipInterpolator(barrier, betas)(even), dtype=np.float64)
    moved[0], moved[-1] = betas[0], betas[-1]
    return moved
