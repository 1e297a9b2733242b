"""ln Z of any energy with pairs, of any size, by annealed importance sampling from beta = 0.

Units 0 and 1 are first replaced by spins -1 and +1, which changes no energy
(`spinglass.models.forms`). `spinglass.partition.annealed` has the method,
`spinglass.partition.spin_path` the path.
"""

from __future__ import annotations

import math
from typing import Literal, TypeAlias, cast, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spinglass import _core
from spinglass._arguments import (
    array_of,
    check_memory,
    choice,
    flag,
    integer,
    inverse_temperature,
    ladder,
    thread_count,
)
from spinglass._caller import takes_beta
from spinglass._progress import Progress
from spinglass._random import Seed, repeatable
from spinglass.models.energy import HasEnergy
from spinglass.models.forms import spin_form
from spinglass.models.spin_model import SpinModel
from spinglass.partition.annealed import annealed
from spinglass.partition.log_partition import LogPartition
from spinglass.partition.spin_path import SpinPath
from spinglass.sampling.plan import Dynamics, Sampled, check_same_model
from spinglass.sampling.runs import Run

Method: TypeAlias = Literal["ais", "reverse-ais", "bridge"]


@takes_beta
def estimate_log_partition(
    model: HasEnergy,
    method: Method = "ais",
    *,
    beta: float | None = None,
    betas: int | ArrayLike = 1000,
    n_chains: int = 100,
    n_sweeps: int = 1,
    dynamics: Dynamics = "heat-bath",
    warmup: int = 1000,
    initial: ArrayLike | Run | None = None,
    initial_is_exact: bool = False,
    seed: Seed = None,
    num_threads: int | None = None,
    progress: Progress = False,
) -> LogPartition:
    """Estimate ln Z = ln sum_s exp(-beta E(s)) of a model of any size, with its error.

    Parameters
    ----------
    model : SpinModel, SpinForm, UnitForm, BernoulliRBM, or anything else with a ``structure()``
        Its energy must have pairs of spins or units, or two layers of units. Units u are annealed
        as spins s = 2u - 1, visible ones first. For a machine, its own ``log_partition`` is faster
        and more precise, because it starts from the means of the data and updates a layer at a
        time.
    method : {"ais", "reverse-ais", "bridge"}
        ``"ais"``, annealed importance sampling from beta = 0 to ``beta``, is a lower bound on
        average. ``"reverse-ais"``, from ``beta`` to 0, is an upper bound on average if it starts
        from exact samples, and otherwise an estimate. ``"bridge"`` runs both and combines them by
        Bennett's acceptance ratio, which is more precise than each alone.
    beta : float, optional
        Inverse temperature. The default is 1, or the end of the ladder if ``betas`` is a ladder.
    betas : int or array_like
        The ladder, strictly ascending from 0 to ``beta``, or the number of inverse temperatures at
        equal distances.
    n_chains : int
        Independent chains in each direction, at least 2.
    n_sweeps : int
        Sweeps at each inverse temperature.
    dynamics : {"heat-bath", "metropolis", "wolff", "swendsen-wang"}
        As in :func:`sample`.
    warmup : int
        Sweeps at ``beta`` after an annealing, before reverse chains start. Chains from exact
        samples need no warmup. Up to 20 spins, exact samples are drawn from the table of all
        states.
    initial : array_like or Run, optional
        The starts of the reverse chains (before the warmup), (n_spins,) or (n_chains, n_spins). A
        run of this model at ``beta`` gives its final states, a :class:`TemperedRun` its final
        states at the coldest temperature.
    initial_is_exact : bool
        Whether ``initial`` has independent exact samples of the model at ``beta``. The upper side
        is then a bound.
    seed : None, int, numpy.random.SeedSequence or numpy.random.Generator
        Chain k depends only on (seed, k).
    num_threads, progress
        As in :func:`sample`.

    Returns
    -------
    LogPartition

    Raises
    ------
    ValueError, TypeError
        If an argument has another shape, type or range, or the model does not allow the dynamics.
    MemoryError
        If the chains do not fit in memory.
    KeyboardInterrupt
        On Ctrl-C, because a chain has a weight only at its end. If both directions were requested
        and the first is finished, it is an :class:`Interrupted` with the estimate of the first.

    Warns
    -----
    UserWarning
        If the two directions differ by more than their errors, or if so few chains dominate the
        estimate that the error is not reliable. The result keeps the text of the warning.

    Notes
    -----
    The value is exact for a model without couplings. Errors are estimated from the spread of the
    weights. If all weights of one direction are equal by chance (as in frozen reverse chains with
    one step), only the other direction can show this. Sweeps of reverse chains are the time
    reversal of those of forward chains (the sites are visited in the opposite order), as Crooks'
    theorem requires. See :mod:`spinglass.partition.log_partition` for the sources.

    Examples
    --------
    >>> import spinglass
    >>> from spinglass.theory import ising2d
    >>> lattice = spinglass.SquareLattice(16)
    >>> found = spinglass.estimate_log_partition(lattice, "bridge", beta=0.3, betas=100, seed=1)
    >>> exact = ising2d.finite_log_partition(16, 0.3)
    >>> found.error < 0.1, abs(found.value - exact) < 4 * found.error
    (True, True)
    """
    method = cast(Method, choice(method, "method", get_args(Method)))
    spins, constant = _as_spins(model)
    path = SpinPath(
        model=spins,
        betas=_ladder(beta, betas),
        n_chains=integer(n_chains, "n_chains", at_least=2, at_most=2**31 - 1),
        n_sweeps=integer(n_sweeps, "n_sweeps", at_least=1, at_most=2**31 - 1),
        dynamics=cast(Dynamics, choice(dynamics, "dynamics", get_args(Dynamics))),
        warmup=integer(warmup, "warmup", at_least=0, at_most=2**31 - 1),
        initial=initial,
        initial_is_exact=flag(initial_is_exact, "initial_is_exact"),
        constant=constant,
        seed=repeatable(seed),
        threads=thread_count(num_threads),
        progress=progress,
    )
    if initial_is_exact and initial is None:
        raise ValueError("initial_is_exact says something of initial, which must be given too")
    if initial is not None and method == "ais":
        raise ValueError('initial is where reverse chains start, got method="ais"')
    if isinstance(initial, Run):
        check_same_model(Sampled(spins._model, repr(model), constant), initial)
    path.check_memory()
    return annealed(path, method, repr(model))


def _as_spins(model: HasEnergy) -> tuple[SpinModel, float]:
    """Return a model that the core can sweep, and what is to be added to its energies."""
    if isinstance(getattr(model, "_model", None), _core.SpinModel):
        return cast(SpinModel, model), cast(SpinModel, model).constant
    form = spin_form(model)
    return form.to_ising(), form.constant


def _ladder(beta: float | None, betas: int | ArrayLike) -> NDArray[np.float64]:
    """Return the ladder from 0 to beta."""
    target = None if beta is None else inverse_temperature(beta)
    if array_of(betas, "betas", "real numbers").ndim == 0:
        count = integer(betas, "betas", at_least=2, at_most=2**31 - 1)
        check_memory(32 * count, f"betas: {count} temperatures")
        end = _finite(1.0 if target is None else target, "beta")
        return np.linspace(0.0, end, count) if end else np.zeros(1)
    values = ladder(betas)
    _finite(float(values[-1]), "betas")
    if values[0] != 0.0:
        raise ValueError(f"betas must begin with 0, where Z = 2^N is known, got {values[0]:g}")
    if target is not None and target != values[-1]:
        raise ValueError(f"betas must end with beta, {target:g}, got {values[-1]:g}")
    return values


def _finite(beta: float, name: str) -> float:
    if math.isinf(beta):
        raise ValueError(
            f"{name} must be finite, got inf: Z has no limit there; ground states are what "
            "spinglass.anneal and spinglass.exact.ground_states look for"
        )
    return beta
