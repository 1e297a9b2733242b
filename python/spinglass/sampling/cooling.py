"""The inverse temperatures of an annealing: from nearly every flip accepted to nearly none.

Both ends follow from the costs of single flips in local minima, to which a few random states
descend. (Fields of random states are less useful: the flip of a spin in a zero field costs nothing
there, and a penalty seems larger than it is near a solution.)

At the hot end the most expensive flip is accepted once in exp(4) = 55 attempts. At the cold end
about one defect is left, N exp(-beta dE / 2) = 1, where dE is the cost of a cheap flip: a flip in a
chain makes two walls, and each wall costs half of dE. The cheap flip is the 10 % quantile of the
flips that cost something. With couplings from a continuous law, the cheapest flip becomes cheaper
as N grows. The descent at the end of every run corrects the single spins that such flips leave.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass import _core
from spinglass._arguments import array_of, inverse_temperature, real, shown, thread_count
from spinglass.models.energy import HasEnergy
from spinglass.sampling.annealings import Annealing
from spinglass.sampling.plan import Sampled, held_spins, sampled, starts
from spinglass.sampling.runs import Run

# Minima are sought from so many random states; large ones are few, with about so many spins in all.
_MOST_STATES = 16
_FEWEST_STATES = 2
_SPINS_OF_ALL_STATES = 2**12

# Most descents end before; where they do not, the costs there serve as well.
_DESCENT_SWEEPS = 100

# At the hot end the dearest flip is made once in exp(_HOT) attempts.
_HOT = 4.0

# This part of the flips that cost something costs less than the cheap one.
_CHEAP = 0.1


def annealing_range(
    model: HasEnergy,
    *,
    initial: ArrayLike | Run | Annealing | None = None,
    clamp: ArrayLike | None = None,
    num_threads: int | None = None,
) -> tuple[float, float]:
    """Return the range of inverse temperatures over which :func:`anneal` cools by default.

    Parameters
    ----------
    model : SpinModel, SpinForm, or anything else with the ``structure()`` of pairs of spins
        As in :func:`sample`.
    initial : array_like, (n_spins,) or (n_replicas, n_spins), optional
        The values of held spins.
    clamp : array_like of bool, (n_spins,) or (n_replicas, n_spins), optional
        True where a spin is held at its value in ``initial``.
    num_threads : int, optional
        Number of threads; by default all that the process may use. It does not affect the result.

    Returns
    -------
    first, last : float
        The hot end, 4 / (cost of the most expensive flip), and the cold end, 2 ln(1 + N) / (cost of
        a cheap flip). The costs are those of single flips in local minima, to which a few fixed
        random states descend. The cheap flip is the 10 % quantile of the flips that cost something.
        The range is (0, 1) if no flip costs anything.

    Raises
    ------
    ValueError, TypeError
        If an argument has another shape, type or range.
    MemoryError
        If the states do not fit in memory.

    Notes
    -----
    S. Kirkpatrick, C. D. Gelatt and M. P. Vecchi, Science 220, 671 (1983), cool from temperatures
    at which nearly every move is accepted to temperatures at which nearly none is.

    Examples
    --------
    >>> import numpy as np, spinglass
    >>> glass = spinglass.EdwardsAnderson((16, 16), seed=1)  # flips cost 0, 4 or 8
    >>> first, last = spinglass.annealing_range(glass)
    >>> first == 4 / 8, bool(np.isclose(last, 2 * np.log(257) / 4))
    (True, True)
    """
    target, threads = sampled(model), thread_count(num_threads)
    states = starts(target, initial, (1,), 0, threads)
    return natural_range(target, states, held_spins(clamp, initial, states, len(states)), threads)


def natural_range(
    model: Sampled,
    states: NDArray[np.int8],
    held: NDArray[np.bool_] | None,
    threads: int | None,
) -> tuple[float, float]:
    """Return the range for starts, some spins of which may be held."""
    n = model.n_spins
    count = max(_FEWEST_STATES, min(_MOST_STATES, _SPINS_OF_ALL_STATES // n))
    trials = _core.random_spins(0, count, n, threads)
    if held is not None:
        rows = np.arange(count) % len(states)
        held = held[rows]
        trials = np.where(held, states[rows], trials)
    columns, interruption = _core.descend(
        model.core, trials, max_sweeps=_DESCENT_SWEEPS, clamp=held, num_threads=threads
    )
    if interruption is not None:
        raise interruption
    costs = 2 * columns["states"] * model.core.local_fields(columns["states"], threads)
    n_free = n
    if held is not None:
        n_free = max(1, int((~held).sum(axis=1).max()))
        costs = costs[~held]
    dear = costs.max(initial=0.0)
    present = costs[costs > 1e-9 * dear]
    if not present.size:
        return 0.0, 1.0
    first = _HOT / float(dear)
    cheap = float(np.quantile(present, _CHEAP))
    return first, max(first, 2 * float(np.log1p(n_free)) / cheap)


def cooling(
    beta_range: Any, betas: Any, n_sweeps: int, default: tuple[float, float] | None
) -> NDArray[np.float64]:
    """Return the inverse temperature of each sweep."""
    if betas is not None:
        return _spread(betas, beta_range, n_sweeps)
    first, last = _range(beta_range) if default is None else default
    if first == last:
        return np.full(n_sweeps, first)
    return np.geomspace(first, last, n_sweeps) if first > 0 else np.linspace(first, last, n_sweeps)


def _spread(betas: Any, beta_range: Any, n_sweeps: int) -> NDArray[np.float64]:
    if beta_range is not None:
        raise ValueError("betas and beta_range must not both be given")
    array_of(betas, "betas", "real numbers")
    values = np.atleast_1d(np.asarray(betas, dtype=object))
    if values.ndim != 1 or not values.size:
        raise ValueError(f"betas must be a list of at least one number, got {shown(betas)}")
    if n_sweeps < len(values):
        raise ValueError(
            f"n_sweeps must be at least the number of betas, {len(values)}, got {n_sweeps}"
        )
    each = np.array([inverse_temperature(beta, "betas") for beta in values])
    return each[np.arange(n_sweeps) * len(each) // n_sweeps]


def _range(beta_range: Any) -> tuple[float, float]:
    if array_of(beta_range, "beta_range", "two numbers").shape != (2,):
        raise ValueError(f"beta_range must be two numbers, got {shown(beta_range)}")
    first, last = (real(beta, "beta_range") for beta in beta_range)
    if not (0 <= first <= last and np.isfinite(last)):
        raise ValueError(
            f"beta_range must be two finite numbers, 0 <= first <= last, got {beta_range!r}"
        )
    return first, last
