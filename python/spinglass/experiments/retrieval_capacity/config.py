"""The arguments of a capacity scan."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Literal, Self, TypeAlias

from spinglass import _arguments, rules
from spinglass.experiments.config import Config, parameter
from spinglass.experiments.functions import FUNCTION, described
from spinglass.experiments.kinds import (
    COUNTS,
    FRACTION,
    INVERSE_TEMPERATURE,
    POSITIVE,
    SEED,
    Kind,
    choice,
    each_once,
    for_each_size,
    integer,
    read_ranges,
)
from spinglass.experiments.retrieval_capacity.fall import Law

SIZES = (1000, 2000, 4000, 8000)

Criterion: TypeAlias = Literal["overlap", "fixed_point"]

AVERAGE = 0.5
"""The share of the sweeps of a heat bath, at their end, that is averaged unless it is asked."""

DESCENT = 0.9
"""The least overlap of a memory that a descent keeps. Few trials end between 0.5 and it."""

LENGTHS = (100, 400, 1600)
"""Sweeps of the heat bath after which it is asked, by default."""

LOST = 0.2
"""About the overlap of trials that have lost their memory: 0.26 at T = 0.02, 0.07 at T = 0.4."""

# Of one network: no memory holds so many.
_MOST_PATTERNS = 2.0**53


def default_loads(n_spins: int, n_starts: int = 1, beta: float = math.inf) -> tuple[float, ...]:
    """Return loads that bracket the half-point of ``n_spins``, and a few well below.

    Eleven loads are equally spaced in sqrt(load), out to 2.5 widths of the fall. For a descent they
    are centred at the half-point that pilot runs found: 0.1405 + 0.845 N^(-0.52), width
    0.73 N^(-1/2). At a temperature they are centred at the critical load of the theory, from which
    half-points of a thousand spins differ by less than a tenth. This choice does not determine the
    result, because the half-point is fitted only to the trials.
    """
    centre, width = fall(n_spins)
    if not math.isinf(beta):
        from spinglass.theory import hopfield

        centre = math.sqrt(hopfield.critical_load(beta))
    across = [max(0.0, centre + width * k / 2) ** 2 for k in range(-5, 6)]
    below = [a for a in (0.04, 0.08, 0.12) if a < across[0] - 0.005]
    counts = {round(a * n_spins) for a in below + across}
    return tuple(p / n_spins for p in sorted(counts) if p >= max(1, n_starts))


def fall(n_spins: int) -> tuple[float, float]:
    """Return about where the share of kept memories is 1/2, in sqrt(load), and over what width."""
    return math.sqrt(0.1405 + 0.845 * n_spins**-0.52), 0.73 * n_spins**-0.5


def default_instances(n_spins: int) -> int:
    """Return the number of pattern sets for each load: 0.6 10^6/N, between 10 and 600.

    The width of the fall and the distance of the loads decrease as N^(-1/2), so half-points have
    about equal errors. A pattern set costs little compared with its trials, so the default is many
    pattern sets with few starts each.
    """
    return min(600, max(10, round(0.6e6 / n_spins)))


# A grid of P that spans this factor is of a memory that any one of its patterns can spoil.
_DECADE = 10.0


def _needs_only_patterns(name: str) -> bool:
    """Return whether a learning rule makes a memory of patterns and its defaults."""
    arguments = inspect.signature(getattr(rules, name)).parameters.values()
    return sum(x.default is inspect.Parameter.empty for x in arguments) == 1


RULES = tuple(name for name in rules.__all__ if _needs_only_patterns(name))
"""The rules that a scan takes by their names."""


def rule_of(memory: Any) -> Any:
    """Return the learning rule of a name, and anything else as it came."""
    if not isinstance(memory, str):
        return memory
    return getattr(rules, _arguments.choice(memory, "memory", RULES))


def _memory(value: Any, name: str) -> Any:
    return FUNCTION.check(rule_of(value), name)


MEMORY = Kind(_memory, choices=RULES)


def _by_size(kind: Kind) -> Kind:
    """Return a kind of values for every size, or by size as a mapping."""
    several = each_once(kind)

    def check(values: Any, name: str) -> Any:
        if isinstance(values, Mapping):
            return {n: several.check(x, name) for n, x in values.items()}
        return several.check(values, name)

    return Kind(check)


def _for_sizes(values: Any, name: str, sizes: tuple[int, ...]) -> dict[int, Any]:
    """Return the values of each size, from those of all or from a mapping."""
    if not isinstance(values, Mapping):
        return dict.fromkeys(sizes, values)
    if set(values) != set(sizes):
        raise ValueError(
            f"{name} must have the sizes of n_spins as keys, got {sorted(values)} for "
            f"{sorted(sizes)}"
        )
    return dict(values)


def _resolve_grid(given: SimpleNamespace) -> None:
    """Give each size its loads, and its numbers of patterns if these were asked for."""
    sizes, loads, counts = given.n_spins, given.loads, given.n_patterns
    if counts is not None:
        if loads is not None:
            raise ValueError("n_patterns must be left out where loads are given, got both")
        counts = _for_sizes(counts, "n_patterns", sizes)
        loads = {n: tuple(p / n for p in counts[n]) for n in sizes}
    elif loads is None:
        if given.memory is not None or given.criterion != "overlap":
            raise ValueError(
                "n_patterns or loads must be given with memory and with criterion 'fixed_point': "
                "the default loads are those of recalls with Hebb's rule"
            )
        loads = {n: default_loads(n, given.n_starts, given.beta) for n in sizes}
    else:
        loads = _for_sizes(loads, "loads", sizes)
    given.loads = tuple(loads[n] for n in sizes)
    given.n_patterns = () if counts is None else tuple(counts[n] for n in sizes)


def _resolve_criterion(given: SimpleNamespace) -> None:
    """Set what counts as kept, and see that the memory can be asked for it."""
    is_stable = given.criterion == "fixed_point"
    if given.memory is not None or is_stable:
        which = f"criterion {given.criterion!r}" if is_stable else "memory"
        if not math.isinf(given.beta):
            raise ValueError(
                f"beta must be infinite with {which}: only Hebb's rule has a scan with a heat "
                f"bath, got {given.beta:g}"
            )
        if given.abandon is not None:
            raise ValueError(
                f"abandon must be left out with {which}: it is for recalls with Hebb's rule, got "
                f"{given.abandon:g}"
            )
    if is_stable:
        if given.threshold not in (None, 1.0) or given.flip:
            raise ValueError(
                "threshold and flip must be left out with criterion 'fixed_point', which asks "
                f"whether a pattern is stable, got {given.threshold} and {given.flip:g}"
            )
        given.threshold = 1.0
    given.memory = "" if given.memory is None else described(given.memory)


def _resolve_temperature(given: SimpleNamespace) -> None:
    """Set what depends on the temperature: the sweeps, and what counts as kept."""
    if math.isinf(given.beta):
        if given.sweeps:
            raise ValueError(
                "sweeps are those of a heat bath, which needs a finite beta; max_sweeps ends a "
                f"descent, got {given.sweeps}"
            )
        if given.average != AVERAGE:
            raise ValueError(
                "average is that of a heat bath, which needs a finite beta; of a descent the last "
                f"state counts, got {given.average:g}"
            )
        given.sweeps = ()
        given.threshold = DESCENT if given.threshold is None else given.threshold
        return
    given.sweeps = tuple(sorted(given.sweeps or LENGTHS))
    if given.threshold is None:
        from spinglass.theory import hopfield

        critical = hopfield.critical_overlap(given.beta)
        if critical <= LOST:
            raise ValueError(
                "threshold must be given at so small a beta, where the theory has no memory above "
                f"an overlap of {LOST:g}: got beta = {given.beta:g}"
            )
        given.threshold = (LOST + critical) / 2


@dataclass(frozen=True)
class CapacityConfig(Config):
    """All arguments of a capacity scan, resolved. Equal configs give equal trials.

    Each size has its own loads and instances; P = round(load N).
    """

    n_spins: tuple[int, ...] = parameter(each_once(integer(1)), "sizes", "N")
    loads: tuple[tuple[float, ...], ...] = parameter(
        read_ranges(_by_size(POSITIVE), "loads"),
        "loads P/N for every size",
        "LOAD",
        default="for each size 11 loads around its half-point and a few below",
    )
    n_instances: tuple[int, ...] = parameter(
        COUNTS,
        "pattern sets drawn for each load: one number, or one for each size",
        "K",
        default="0.6*10^6/N, between 10 and 600",
    )
    n_starts: int = parameter(integer(1), "trials with each pattern set", "K")
    flip: float = parameter(
        FRACTION, "fraction of the spins of the pattern that are flipped at the start", "F"
    )
    threshold: float = parameter(
        FRACTION,
        "a trial keeps its memory if its final overlap is at least M",
        "M",
        default="0.9; at a temperature halfway between a lost and a critical memory",
    )
    max_sweeps: int = parameter(
        integer(1), "a descent that has not converged by then is ended", flag=None
    )
    seed: int = parameter(SEED, "the same seed gives the same trials", "S")
    beta: float = parameter(
        INVERSE_TEMPERATURE,
        "inverse temperature of the heat bath; infinite for descents",
        flag=None,
        before=math.inf,
    )
    sweeps: tuple[int, ...] = parameter(
        each_once(integer(1, 2**40)),
        "sweeps of the heat bath after which a memory is looked at",
        "K",
        default="100 400 1600",
        before=(),
    )
    average: float = parameter(
        FRACTION,
        "share of these sweeps, at their end, over which the overlap is averaged",
        flag=None,
        before=AVERAGE,
    )
    abandon: float | None = parameter(
        FRACTION,
        "end a trial, as lost, when its overlap falls below M",
        "M",
        default="",
        before=None,
    )
    n_patterns: tuple[tuple[int, ...], ...] = parameter(
        _by_size(integer(1, int(_MOST_PATTERNS))),
        "numbers of patterns P for every size, if these were given in place of loads",
        flag=None,
        default="those of the loads",
        before=(),
    )
    memory: str = parameter(
        MEMORY,
        "a learning rule in place of Hebb's as spinglass.Hopfield has it, which needs --loads: "
        "%(choices)s",
        "RULE",
        default="",
        before="",
    )
    criterion: Criterion = parameter(
        choice(Criterion),
        "what counts as kept: the overlap at the end of a recall (overlap), or that no spin of the "
        "pattern would flip (fixed_point)",
        before="overlap",
    )

    @classmethod
    def resolve(cls, given: SimpleNamespace) -> None:
        """Give each size its loads and instances, and see that they can be run."""
        sizes = given.n_spins
        _resolve_grid(given)
        _resolve_criterion(given)
        _resolve_temperature(given)
        if given.abandon is not None and given.abandon >= min(given.threshold, 1 - 2 * given.flip):
            raise ValueError(
                "abandon must be below the overlap of the start and below the threshold, got "
                f"{given.abandon:g} for {1 - 2 * given.flip:g} and {given.threshold:g}"
            )
        given.n_instances = for_each_size(
            given.n_instances, "n_instances", sizes, default_instances
        )
        for n, load in ((n, x) for n, loads in zip(sizes, given.loads, strict=True) for x in loads):
            if load * n > _MOST_PATTERNS:
                raise ValueError(f"loads must be at most {_MOST_PATTERNS:g} / N, got {load:g}")
            p = round(load * n)
            if p < 1:
                raise ValueError(
                    f"loads must give at least one pattern: load {load:g} at N = {n} gives P = {p}"
                )
            if given.n_starts > p:
                raise ValueError(
                    "n_starts must not exceed the number of patterns: n_starts = "
                    f"{given.n_starts}, but load {load:g} at N = {n} gives P = {p}"
                )

    @classmethod
    def resolved(cls, given: SimpleNamespace) -> Self:
        """Return the config of checked arguments, if the trials fit in memory."""
        config = super().resolved(given)
        _arguments.check_memory(300 * config.n_trials, f"a scan of {config.n_trials} trials")
        return config

    @property
    def temperature(self) -> float:
        """1 / beta."""
        return 1 / self.beta if self.beta else math.inf

    @property
    def n_trials(self) -> int:
        """Number of trials of the whole scan."""
        return self.n_starts * sum(
            len(self.pattern_counts(k)) * count for k, count in enumerate(self.n_instances)
        )

    @property
    def is_hebb(self) -> bool:
        """Whether a network with Hebb's rule recalls patterns, of which there is a theory."""
        return not self.memory and self.criterion == "overlap"

    @property
    def law(self) -> Law:
        """The law of the share of kept memories against load: see ``fall``.

        A fixed point is lost with its weakest spin, and a grid of P over a decade or more is of a
        memory that is lost to any one of many patterns: both are ``"weibull"``.
        """
        decade = any(max(counts) >= _DECADE * min(counts) for counts in self.n_patterns)
        return "weibull" if decade or self.criterion == "fixed_point" else "probit"

    def pattern_counts(self, k: int) -> list[int]:
        """Return the distinct P of the k-th size: loads that round to the same P are one."""
        return sorted({round(load * self.n_spins[k]) for load in self.loads[k]})
