"""The list of all observables: from ``measure=`` and from a file."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any, Literal, TypeAlias, get_args

from spinglass._arguments import choice, shown
from spinglass.sampling.observables.fields import AbsLocalField, LocalFields
from spinglass.sampling.observables.magnetizations import AbsMagnetization, StaggeredMagnetization
from spinglass.sampling.observables.observable import Observable
from spinglass.sampling.observables.observed import Function, Observed
from spinglass.sampling.observables.pairs import LinkOverlap, Overlap
from spinglass.sampling.observables.patterns import LargestOverlap, PatternOverlaps
from spinglass.sampling.observables.structure_factor import OverlapStructureFactor, StructureFactor

Name = Literal[
    "overlap",
    "link_overlap",
    "abs_magnetization",
    "staggered_magnetization",
    "largest_overlap",
    "abs_local_field",
    "local_fields",
]
NAMES = get_args(Name)
# What `measure` may hold.
Measure: TypeAlias = (
    Name | PatternOverlaps | StructureFactor | OverlapStructureFactor | Observed | Function
)

# Every kind of observable, by its name.
KINDS: dict[str, Any] = {
    kind.name: kind
    for kind in (
        Overlap, LinkOverlap, AbsMagnetization, StaggeredMagnetization, LargestOverlap,
        AbsLocalField, LocalFields, PatternOverlaps, StructureFactor, OverlapStructureFactor,
    )
}  # fmt: skip
# What columns, dimensions and coordinates of tables are called.
_TAKEN = {
    *KINDS, *(axis for kind in KINDS.values() for axis in kind.axes),
    "energy", "magnetization", "states", "final_states", "acceptance", "clamp", "swap_rates",
    "round_trips", "replica", "first", "second", "beta", "sweep", "chain", "draw", "pair", "spin",
    "neighbours",
}  # fmt: skip
_WITH_ARGUMENTS = tuple(kind for kind in KINDS.values() if fields(kind))


def observables_of(measure: Any) -> tuple[tuple[Observable, ...], tuple[Observed, ...]]:
    """Return what ``measure`` holds, each once: observables of the core, and functions."""
    if isinstance(measure, str | bytes) or not isinstance(measure, Sequence | set | frozenset):
        raise TypeError(
            f"measure must be a sequence of names out of {NAMES}, of observables such as "
            f"StructureFactor(), or of functions, got {shown(measure)}"
        )
    found: dict[str, Any] = {}
    for one in measure:
        if callable(one) and not isinstance(one, type):
            one = Observed(one)
        elif not isinstance(one, (*_WITH_ARGUMENTS, Observed)):
            one = KINDS[choice(one, "measure", NAMES)]()
        if found.setdefault(one.name, one) != one:
            raise ValueError(f'measure must hold "{one.name}" once, got it with other arguments')
    functions = tuple(one for one in found.values() if isinstance(one, Observed))
    if taken := [
        one.name for one in functions if one.name in _TAKEN or _is_part(str(one.name), found)
    ]:
        raise ValueError(f'a function in measure must have another name than "{taken[0]}"')
    # A set has no order.
    return tuple(found[name] for name in KINDS if name in found), functions


def _is_part(name: str, measured: Collection[str]) -> bool:
    """Return whether tables give this name to a number or a dimension of what is measured."""
    whole, _, part = name.rpartition("_")
    return whole in measured and (part == "draw" or part.isdigit())


def written(observable: Observable) -> dict[str, Any]:
    """Return what a file keeps of an observable."""
    about: Any = observable
    return {"name": observable.name} | asdict(about)


def restored(written: Mapping[str, Any]) -> Observable:
    """Return the observable of which a file has this."""
    arguments = dict(written)
    found: Observable = KINDS[arguments.pop("name")](**arguments)
    return found
