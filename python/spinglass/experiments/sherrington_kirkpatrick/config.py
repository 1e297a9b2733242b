"""The arguments of the experiment on tempered Sherrington-Kirkpatrick glasses."""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, ClassVar

from spinglass import _arguments
from spinglass.experiments.config import Config, Parameter, parameter
from spinglass.experiments.kinds import (
    COUNTS,
    SEED,
    Kind,
    choice,
    each_once,
    for_each_size,
    integer,
    read_real,
)
from spinglass.experiments.sherrington_kirkpatrick.instance import HOTTEST, ladder
from spinglass.models.glass import Disorder

SIZES = (32, 64, 128, 256, 512)
COLDEST = 4.0

# Colder than this a ladder has no use: all states are local minima.
_COLDEST = 100.0


def default_instances(n_spins: int) -> int:
    """Return the number of glasses: 400 of 32 spins, fewer of larger sizes, at least 8.

    As N grows, the scatter of ground-state energies from glass to glass decreases about as
    N^(-5/6), and their cost increases.
    """
    return max(8, min(400, round(12_800 / n_spins)))


def default_sweeps(n_spins: int) -> int:
    """Return the number of sweeps: 10 N, at least 500.

    In pilot runs on ladders to beta = 4 both ladders then found the same lowest energy on at least
    9 of 10 glasses.
    """
    return max(500, 10 * n_spins)


def _ladder(values: Any, name: str) -> tuple[float, ...]:
    betas = tuple(_arguments.ladder(values).tolist())
    if not math.isfinite(betas[-1]):
        raise ValueError(f"{name} must be finite, got inf")
    return betas


def _coldest(value: Any, name: str) -> float:
    coldest = _arguments.finite(value, name)
    if not HOTTEST < coldest <= _COLDEST:
        raise ValueError(
            f"{name} must be above {HOTTEST:g} and at most {_COLDEST:g}, got {value!r}"
        )
    return coldest


@dataclass(frozen=True)
class SkConfig(Config):
    """All arguments, resolved. Equal configs give equal rows.

    Instances, sweeps and betas are those of each size. Couplings have the variance 1/N.
    """

    n_spins: tuple[int, ...] = parameter(each_once(integer(2, 2**20)), "sizes", "N")
    n_instances: tuple[int, ...] = parameter(
        COUNTS,
        "glasses: one number, or one for each size",
        "K",
        default="12800/N, between 8 and 400",
    )
    n_sweeps: tuple[int, ...] = parameter(
        COUNTS,
        "sweeps at every temperature, of which the second half is measured: one number, or one "
        "for each size",
        "K",
        default="10 N, at least 500",
    )
    betas: tuple[tuple[float, ...], ...] = parameter(
        Kind(_ladder, read_real, join=list),
        "inverse temperatures, ascending, for every size",
        "B",
        default="for each size from 0.3 to --beta-max, about 0.8 sqrt(N) of them, so that "
        "neighbours exchange equally often",
    )
    disorder: Disorder = parameter(
        choice(Disorder), "couplings: normal, or of one size and either sign"
    )
    seed: int = parameter(SEED, "the same seed gives the same glasses and rows", "S")

    further: ClassVar = {
        "beta_max": Parameter(
            Kind(_coldest, read_real), "largest of the default inverse temperatures", "B"
        )
    }

    @classmethod
    def resolve(cls, given: SimpleNamespace) -> None:
        """Give each size its glasses, sweeps and betas, and see that all fit in memory."""
        sizes = given.n_spins
        given.n_instances = for_each_size(
            given.n_instances, "n_instances", sizes, default_instances
        )
        given.n_sweeps = for_each_size(given.n_sweeps, "n_sweeps", sizes, default_sweeps)
        given.betas = tuple(given.betas or ladder(n, given.beta_max) for n in sizes)
        kept = sum(
            4 * (n + 1) * len(betas) * count
            for n, betas, count in zip(sizes, given.betas, given.n_instances, strict=True)
        )
        _arguments.check_memory(kept, f"the overlaps of {sum(given.n_instances)} glasses")
