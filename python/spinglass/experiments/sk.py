r"""What does a spin glass do when it gets cold? The Sherrington-Kirkpatrick model, tempered.

Every pair of N spins has a random coupling of variance 1/N. Each glass, one draw of the couplings,
is tempered on two ladders of temperatures (`spinglass.experiments.sk_instance`), and four things
come of it:

- the energy per spin against temperature: -beta/2 above the critical temperature 1, where the
  corrections are of order 1/N (at it, N^(-2/3)), and Parisi's solution below;
- the ground-state energies, extrapolated to infinite N (`spinglass.experiments.ground_state`);
- the distribution P(q) of the overlap between two states of one glass: below the critical
  temperature it does not become a peak but spreads over a whole range, as Parisi's solution says;
- whether all this is equilibrium. For Gaussian couplings an integration by parts over them links
  the energy to the overlap, at every N and beta, in the average over glasses:

      [<e>] = -(beta/2) (1 - [<q^2>]).

  From random starts e comes from above, and the right-hand side, where q begins at 0, from below:
  they meet in equilibrium. For couplings of one size the identity has corrections of order 1/N.

A glass depends on (seed, N, instance) alone, never on its place in the plan.

References
----------
D. Sherrington, S. Kirkpatrick, Phys. Rev. Lett. 35, 1792 (1975); G. Parisi, J. Phys. A 13, 1101
(1980); A. J. Bray, M. A. Moore, J. Phys. C 13, 419 (1980), for the identity; H. G. Katzgraber,
M. Palassini, A. P. Young, Phys. Rev. B 63, 184422 (2001), for the test.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, cast, get_args

import numpy as np

from spinglass import _arguments
from spinglass._core import __version__, available_threads
from spinglass.experiments.interrupted import ExperimentInterrupted
from spinglass.experiments.side_by_side import Check, side_by_side
from spinglass.experiments.sk_instance import HOTTEST, SkInstance, ladder, measure
from spinglass.experiments.sk_result import SkConfig, SkResult
from spinglass.glass import Disorder
from spinglass.progress import Progress, progress_callback

SIZES = (32, 64, 128, 256, 512)
COLDEST = 4.0

# Colder than this a ladder has no use: all states are local minima.
_COLDEST = 100.0

# As the core has it.
_MOST_THREADS = 1024


def default_instances(n_spins: int) -> int:
    """Return how many glasses to draw: 400 of 32 spins, fewer of more, 8 at least.

    Ground-state energies scatter from glass to glass less and less, about as N^(-5/6), and cost
    more and more.
    """
    return max(8, min(400, round(12_800 / n_spins)))


def default_sweeps(n_spins: int) -> int:
    """Return how long to temper: 10 N sweeps, 500 at least.

    In pilot runs on ladders to beta = 4 both then found the same lowest energy on 9 of 10 glasses
    or more.
    """
    return max(500, 10 * n_spins)


class SkInterrupted(ExperimentInterrupted):
    """Ctrl-C during the experiment; ``result`` is the `SkResult` of the glasses finished."""

    unit = "glasses"


def sk(
    n_spins: int | Sequence[int] = SIZES,
    n_instances: int | Sequence[int] | None = None,
    n_sweeps: int | Sequence[int] | None = None,
    betas: Sequence[float] | None = None,
    beta_max: float = COLDEST,
    disorder: Disorder = "gaussian",
    seed: _arguments.Seed = 0,
    num_threads: int | None = None,
    progress: Progress = False,
) -> SkResult:
    """Temper Sherrington-Kirkpatrick glasses: energies, ground states, overlaps.

    Parameters
    ----------
    n_spins : int or sequence of int
        The sizes N, at least 2, each once.
    n_instances : int or sequence of int, optional
        Glasses: one number, or one for each size. By default `default_instances`.
    n_sweeps : int or sequence of int, optional
        Sweeps at every temperature, of which the second half is measured: one number, or one for
        each size. By default `default_sweeps`.
    betas : sequence of float, optional
        The inverse temperatures of every size, ascending. By default each size has a ladder of its
        own, from 0.3 to ``beta_max``.
    beta_max : float
        The coldest inverse temperature of these ladders, above 0.3. Not used with ``betas``.
    disorder : {"gaussian", "pm1"}
        The couplings: normal, or of one size and either sign; of variance 1/N.
    seed : None, int, SeedSequence or Generator
        Keys every random number; ``None`` draws a seed, which the result's config records.
    num_threads : int, optional
        Threads, a glass each; by default all that the process may use. The result does not depend
        on it.
    progress : bool or callable
        True shows a bar with the time left (plain lines where stderr is no terminal); a callable
        gets (glasses done, glasses in total).

    Returns
    -------
    SkResult

    Raises
    ------
    SkInterrupted
        On Ctrl-C: a KeyboardInterrupt with the finished glasses in ``result``.
    ValueError, TypeError
        For an argument out of range or a repeated size.
    MemoryError
        If the glasses do not fit.

    Examples
    --------
    >>> from spinglass.experiments import sk
    >>> result = sk(16, n_instances=20, n_sweeps=200)
    >>> result.ground_states[["n_spins", "n_instances", "agree"]].tolist()
    [(16, 20, 1.0)]
    >>> bool(-0.8 < result.ground_states["energy"][0] < -0.55)
    True
    """
    config = _checked(n_spins, n_instances, n_sweeps, betas, beta_max, disorder, seed)
    threads = _arguments.thread_count(num_threads) or available_threads()
    if threads > _MOST_THREADS:
        raise ValueError(f"num_threads must be at most {_MOST_THREADS}, got {threads}")
    plan = [
        (k, instance)
        for k in sorted(range(len(config.n_spins)), key=lambda k: -_cost(config, k))
        for instance in range(config.n_instances[k])
    ]
    # A glass has a thread to itself, and more only if there are more threads than glasses.
    each = max(1, threads // len(plan))

    def work(task: tuple[int, int], check: Check) -> SkInstance:
        k, instance = task
        return measure(
            config.n_spins[k],
            instance,
            config.disorder,
            config.betas[k],
            config.n_sweeps[k],
            config.seed,
            check,
            each,
        )

    costs = [_cost(config, k) for k, _ in plan]
    with progress_callback(progress, "sk", "glasses", costs) as callback:
        instances, complete = side_by_side(work, plan, min(threads, len(plan)), callback)
    order = {n: k for k, n in enumerate(config.n_spins)}
    instances.sort(key=lambda x: (order[x.n_spins], x.instance))
    result = SkResult(config, __version__, tuple(instances))
    if not complete:
        raise SkInterrupted(result, len(instances), sum(config.n_instances))
    return result


def _cost(config: SkConfig, k: int) -> float:
    """Return about how long a glass of the k-th size takes, in no particular unit."""
    n = config.n_spins[k]
    # A sweep of a replica: some time for each spin, and more where the couplings leave the cache.
    return config.n_sweeps[k] * len(config.betas[k]) * (200 + n + n**2 / 2000)


def _checked(
    n_spins: Any,
    n_instances: Any,
    n_sweeps: Any,
    betas: Any,
    beta_max: Any,
    disorder: Any,
    seed: _arguments.Seed,
) -> SkConfig:
    """Resolve every argument of `sk`, or say what was expected and what came."""
    sizes = tuple(
        _arguments.integer(n, "n_spins", at_least=2, at_most=2**20) for n in _listed(n_spins)
    )
    if not sizes:
        raise ValueError("n_spins must not be empty")
    for n in sizes:
        if sizes.count(n) > 1:
            raise ValueError(f"n_spins must hold each value once, got {n} more than once")
    instances = _for_each_size(n_instances, "n_instances", sizes, default_instances)
    sweeps = _for_each_size(n_sweeps, "n_sweeps", sizes, default_sweeps)
    if betas is None:
        coldest = _arguments.finite(beta_max, "beta_max")
        if not HOTTEST < coldest <= _COLDEST:
            raise ValueError(
                f"beta_max must be above {HOTTEST:g} and at most {_COLDEST:g}, got {beta_max!r}"
            )
        ladders = tuple(ladder(n, coldest) for n in sizes)
    else:
        given = tuple(_arguments.ladder(betas).tolist())
        if not math.isfinite(given[-1]):
            raise ValueError("betas must be finite, got inf")
        ladders = (given,) * len(sizes)
    config = SkConfig(
        n_spins=sizes,
        n_instances=instances,
        n_sweeps=sweeps,
        betas=ladders,
        disorder=cast(Disorder, _arguments.choice(disorder, "disorder", get_args(Disorder))),
        seed=_integer_seed(seed),
    )
    kept = sum(4 * (n + 1) * len(b) * m for n, b, m in zip(sizes, ladders, instances, strict=True))
    _arguments.check_memory(kept, f"the overlaps of {sum(instances)} glasses")
    return config


def _for_each_size(
    values: Any, name: str, sizes: tuple[int, ...], default: Callable[[int], int]
) -> tuple[int, ...]:
    """Return one positive integer a size: as given, one for all, or the default."""
    if values is None:
        return tuple(default(n) for n in sizes)
    given = _listed(values) if np.iterable(values) else [values] * len(sizes)
    if len(given) != len(sizes):
        raise ValueError(
            f"{name} must be one number, or one for each of the {len(sizes)} sizes, "
            f"got {len(given)}"
        )
    return tuple(_arguments.integer(x, name, at_least=1) for x in given)


def _listed(values: Any) -> list[Any]:
    return list(values) if np.iterable(values) else [values]


def _integer_seed(seed: _arguments.Seed) -> int:
    if not isinstance(seed, int | np.integer) or isinstance(seed, bool):
        seed = _arguments.seed_word(seed)
    return _arguments.integer(seed, "seed", at_least=0, at_most=None)
