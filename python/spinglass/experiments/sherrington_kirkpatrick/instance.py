r"""One tempered Sherrington-Kirkpatrick glass: energies, overlaps, and its ground state.

Two ladders of temperatures run on the same couplings with independent random numbers. The run is
divided into legs, each as long as all before it. In equilibrium the legs agree. The measurements
come from the last leg, the second half of all sweeps.

**Ladder.** Neighbours beta and beta + d exchange with probability erfc(d sigma / 2), where
sigma^2 = -N de/dbeta is the variance of the energy. de/dbeta is -1/2 above the critical temperature
of the infinite glass and about -1/2 beta^(-3) below (pilot runs). So temperatures at equal steps of
the integral of sigma exchange about equally often, and their number grows as sqrt(N).

**Ground state.** Tempering visits states near the ground state, and rarely the ground state itself.
So every state kept at the coldest temperatures in the last leg is quenched to its local minimum
(single flips at zero temperature, site after site, to the end). The lowest energy is an upper bound
of the ground-state energy. It is more trustworthy if both ladders find the same value.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass._printed import printed
from spinglass._progress import Progress
from spinglass._random import seed_word
from spinglass.experiments.legs import leg_ends
from spinglass.models.glass import Disorder, SherringtonKirkpatrick
from spinglass.models.spin_model import SpinModel
from spinglass.sampling.ladder_runs import TemperedRun
from spinglass.sampling.sampling import sample
from spinglass.sampling.tempering import temper

HOTTEST = 0.3  # the first beta of a ladder: relaxation takes a few sweeps there

# d sigma between neighbours: they exchange with probability erfc(0.75) = 0.29.
_STEP = 1.5

# Measurements of a leg, at most; those of one instance are correlated, and it is the instances that
# make the error.
_MEASUREMENTS = 128

# Of the temperatures this part, the coldest, is quenched; a few hundred states at a time.
_COLD, _AT_A_TIME = 0.4, 512

# Sweeps of one call of a quench: nearly all states are at rest after one such call.
_QUENCH = 16


def ladder(n_spins: int, coldest: float) -> tuple[float, ...]:
    """Return inverse temperatures from 0.3 to ``coldest`` that exchange about equally often."""
    if coldest <= HOTTEST:
        return (coldest,)
    fine = np.geomspace(HOTTEST, coldest, 2001)
    sigma = np.sqrt(n_spins / 2) * np.maximum(fine, 1.0) ** -1.5
    summed = np.concatenate([[0.0], np.cumsum((sigma[1:] + sigma[:-1]) / 2 * np.diff(fine))])
    steps = max(3, math.ceil(summed[-1] / _STEP))
    betas = np.interp(np.linspace(0, summed[-1], steps + 1), summed, fine)
    # Rounded, so that they read well in tables; the ends as they were asked.
    return (HOTTEST, *(round(float(x), 4) for x in betas[1:-1]), coldest)


@printed
@dataclass(frozen=True, eq=False)
class SkInstance:
    """The measurements of one glass.

    Attributes
    ----------
    n_spins, instance : int
        N, and the number of the glass among those of this size.
    lowest : numpy.ndarray of float64, (2,)
        The lowest energy per spin that each ladder found.
    energy : numpy.ndarray of float64, (n_legs, n_betas)
        Mean energy per spin in each leg, of both ladders.
    square_overlap : numpy.ndarray of float64, (n_legs, n_betas)
        Mean of q^2 in each leg, q = (1/N) sum_i s_i s'_i between the two ladders.
    overlaps : numpy.ndarray of int32, (n_betas, N + 1)
        Counts of q = (2k - N)/N in the last leg, k = 0 to N.
    swap_rates : numpy.ndarray of float64, (n_betas - 1,)
        Accepted fraction of the exchanges between neighbours in the last leg.
    round_trips : int
        Journeys of a state from the hottest temperature to the coldest and back, in the last leg,
        both ladders together.
    """

    n_spins: int
    instance: int
    lowest: NDArray[np.float64]
    energy: NDArray[np.float64] = field(repr=False)
    square_overlap: NDArray[np.float64] = field(repr=False)
    overlaps: NDArray[np.int32] = field(repr=False)
    swap_rates: NDArray[np.float64] = field(repr=False)
    round_trips: int


MEASURED = tuple(x.name for x in fields(SkInstance) if x.name not in ("n_spins", "instance"))


def seconds(n_spins: int, n_sweeps: int, n_betas: int) -> float:
    """Return about how long a glass takes on one thread, as measured."""
    draw = 4.5e-8 * n_spins**2
    sweep = 2e-7 + 8e-9 * n_spins + 1e-11 * n_spins**2  # of one state
    quench = 7e-6 + 1.5e-7 * n_spins
    quenched = _COLD * _kept(n_sweeps, n_betas)
    return 0.004 + draw + 2 * n_sweeps * n_betas * sweep + quenched * quench


def needed_bytes(n_spins: int, n_sweeps: int, n_betas: int) -> int:
    """Return about how much memory a glass needs, as measured: couplings, and states kept."""
    return int(15.5 * n_spins**2 + 2.7 * _kept(n_sweeps, n_betas) * n_spins) + 2**19


def _kept(n_sweeps: int, n_betas: int) -> int:
    """Return how many states of both ladders are kept of the last leg, about."""
    return 2 * n_betas * min(_MEASUREMENTS, -(-n_sweeps // 2))


def measure(
    n_spins: int,
    instance: int,
    disorder: Disorder,
    betas: tuple[float, ...],
    n_sweeps: int,
    seed: int,
    check: Callable[[int, int], object] | None = None,
    num_threads: int | None = 1,
) -> SkInstance:
    """Draw the glass (seed, N, instance) and temper it.

    ``check`` is called about ten times a second; what it raises ends the measurement.
    """
    key = (n_spins, instance)
    glass = SherringtonKirkpatrick(n_spins, disorder, seed=seed_word(seed, *key, 0))
    given: dict[str, Any] = {"num_threads": num_threads, "progress": check or False}
    run: TemperedRun | None = None
    energy, square = [], []
    begin = 0
    for end in leg_ends(n_sweeps):
        run = temper(
            glass,
            betas,
            end - begin,
            2,
            every=-(-(end - begin) // _MEASUREMENTS),
            initial=run,
            keep_states=True,
            measure=(),
            seed=seed_word(seed, *key, 1) if run is None else None,
            **given,
        )
        sums = overlap_sums(run)
        energy.append(run.energy.mean(axis=(0, 2)) / n_spins)
        square.append((sums.astype(np.float64) ** 2).mean(axis=1) / n_spins**2)
        begin = end
    assert run is not None
    assert run.states is not None
    first = round((1 - _COLD) * (len(betas) - 1))
    cold = [states[first:].reshape(-1, n_spins) for states in run.states]
    return SkInstance(
        n_spins=n_spins,
        instance=instance,
        lowest=np.array([lowest_energy(glass, states, **given) / n_spins for states in cold]),
        energy=np.array(energy),
        square_overlap=np.array(square),
        overlaps=np.stack(
            [np.bincount((m + n_spins) // 2, minlength=n_spins + 1) for m in sums]
        ).astype(np.int32),
        swap_rates=run.swap_rates,
        round_trips=int(run.round_trips.sum()),
    )


def overlap_sums(run: TemperedRun) -> NDArray[np.int64]:
    """Return N q between the first two ladders, (n_betas, n_measurements)."""
    assert run.states is not None
    return np.asarray((run.states[0] * run.states[1]).sum(axis=-1, dtype=np.int64))


def lowest_energy(
    model: SpinModel,
    states: NDArray[np.int8],
    num_threads: int | None = 1,
    progress: Progress = False,
) -> float:
    """Quench the states and return the lowest energy.

    A heat bath at zero temperature turns a spin only against its field, so that each call lowers
    the energy or leaves everything at rest. Sweeps round the couplings; the energy returned is that
    of the best state with the couplings as they were given.
    """
    best, state = math.inf, states[0]
    for first in range(0, len(states), _AT_A_TIME):
        moving = np.unique(states[first : first + _AT_A_TIME], axis=0)
        while len(moving):
            run = sample(
                model,
                math.inf,
                _QUENCH,
                dynamics="heat-bath",
                every=_QUENCH,
                initial=moving,
                measure=(),
                seed=0,
                num_threads=num_threads,
                progress=progress,
            )
            lowest = int(np.argmin(run.energy[:, -1]))
            if run.energy[lowest, -1] < best:
                best, state = float(run.energy[lowest, -1]), run.final_states[lowest]
            moving = run.final_states[(run.final_states != moving).any(axis=1)]
    return float(model.energy(state))
