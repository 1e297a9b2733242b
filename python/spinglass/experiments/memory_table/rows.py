"""The rows of the table."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spinglass import rules
from spinglass.experiments.memory_table import extreme_dilution, low_activity, neurons
from spinglass.experiments.memory_table.rounds import OneRound
from spinglass.experiments.memory_table.row import (
    Measured,
    Row,
    around,
    beside,
    extrapolated,
    from_below,
    instances,
    largest,
    scan,
)
from spinglass.experiments.memory_table.trials import Trial, TrialsConfig, TrialsExperiment
from spinglass.models.patterns import Patterns
from spinglass.theory import memories

# Sizes of a matrix of couplings, and instances of each: a minute or two.
_SIZES, _INSTANCES = (500, 1000, 2000, 4000), (120, 60, 30, 12)
_LARGE_SIZES, _FEW_INSTANCES = (1000, 2000, 4000, 8000), (60, 30, 12, 4)

# How much of a dream is unlearned, and loads around which memories that dream lose patterns.
_RATE, _DREAMT = 0.03, (0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7)

AMIT = "Amit, Gutfreund, Sompolinsky 1985"
SOMPOLINSKY = "Sompolinsky 1986"


def jump(
    name: str,
    about: str,
    memory: Callable[..., Any] | None,
    load: float,
    overlap: float,
    source: str,
    *,
    lost: float,
    sizes: tuple[int, ...] = _SIZES,
    n_instances: tuple[int, ...] = _INSTANCES,
    **form: float,
) -> Row:
    """Return the row of a memory whose overlap jumps at a critical load, as the theory has it.

    Its half-points are extrapolated beside those of Hebb's rule; those by themselves. ``lost`` is
    the overlap at the end of trials at twice the critical load, as measured with 4000 spins.
    """
    threshold = round((overlap + lost) / 2, 3)

    def measured(found: Any, hebb: Any = None) -> Measured:
        if hebb is None:
            return extrapolated(found.alpha_c)
        return beside(found.half_points, hebb.half_points, memories.critical_load("hebb"))

    return Row(
        name=name,
        about=about,
        criterion=f"overlap >= {threshold:g} after a descent from the pattern, halfway between "
        f"the theory's {overlap:.3f} and the {lost:g} of lost trials",
        published=load,
        source=source,
        part=partial(
            scan,
            memory=memory,
            n_spins=sizes,
            loads=around(load, sizes, **form),
            n_instances=n_instances,
            n_starts=8,
            threshold=threshold,
        ),
        measured=measured,
        needs=() if name == "hebb" else ("hebb",),
    )


def sequence(memory: Callable[..., Any] = OneRound, **of: Any) -> Row:
    """Return the row of a sequence, whose half-points rise with N."""
    load, overlap = of_theory("sequence")
    given = {"sizes": _SIZES, "n_instances": (240, 120, 60, 30)} | of
    row = jump(
        "sequence",
        "each pattern calls the next one",
        memory,
        load,
        overlap,
        "Duering, Coolen, Sherrington 1998",
        lost=0.0,
        shift=-0.3,
        width=0.35,
        **given,
    )
    return replace(
        row,
        criterion=f"overlap >= {round(overlap / 2, 3):g} with the pattern that is due after one "
        f"round, all spins at once, half of the theory's {overlap:.3f}",
        measured=lambda found: from_below(found.half_points),
        needs=(),
    )


def sparse(
    activity: float, lost: float, trial: Callable[..., Any] = low_activity.overlap, **form: Any
) -> Row:
    """Return the row of memories of low activity."""
    load, kept = of_theory("low-activity", activity=activity)
    threshold = round((kept + lost) / 2, 3)
    grid = around(load, _SIZES, **form)

    def measured(found: Any, hebb: Any) -> Measured:
        points = found.half_points(threshold)
        return beside(points, hebb.half_points, memories.critical_load("hebb"))

    return Row(
        name=f"low-activity-{activity:g}",
        about=f"units 0 and 1, a share {activity:g} of them active in a pattern",
        criterion=f"overlap m >= {threshold:g} after a descent from the pattern with the optimal "
        f"threshold, halfway between the theory's {kept:.3f} and the {lost:g} of lost trials",
        published=load,
        source="Tsodyks, Feigelman 1988",
        part=partial(
            trials,
            trial=partial(trial, activity=activity),
            counts={n: tuple(round(n * x) for x in loads) for n, loads in grid.items()},
            n_instances=30,
            n_starts=low_activity.STARTS,
            seconds=lambda n, p: 1e-4 + 2e-10 * n * n * p,
        ),
        measured=measured,
        needs=("hebb",),
    )


def unlearned(patterns: Patterns, seed: int) -> Any:
    """Return a memory after 8 N dreams."""
    return rules.unlearned(patterns, 8 * patterns.n_spins, _RATE, seed=seed)


def daydreaming(patterns: Patterns, seed: int) -> Any:
    """Return a memory after 16 N steps."""
    return rules.daydreaming(patterns, 16 * patterns.n_spins, _RATE, seed=seed)


def of_theory(rule: Any, **of: float) -> tuple[float, float]:
    """Return the critical load and the overlap there."""
    return memories.critical_load(rule, **of), memories.critical_overlap(rule, **of)


def diluted(share: float, lost: float, **form: Any) -> Row:
    """Return the row of a symmetric dilution."""
    return jump(
        f"diluted-{share:g}",
        f"Hebb, a share {share:g} of the bonds",
        partial(rules.diluted, share=share),
        *of_theory("diluted", share=share),
        SOMPOLINSKY,
        lost=lost,
        **form,
    )


def from_noise(
    name: str,
    about: str,
    memory: Callable[..., Any],
    flip: float,
    loads: tuple[float, ...],
    sizes: tuple[int, ...],
    n_instances: tuple[int, ...],
    after: str = "",
) -> Row:
    """Return the row of a memory that is asked to recall from noise: nothing is published."""
    start = f"a start with {flip:.0%} of the spins turned" if flip else "the pattern"
    return Row(
        name=name,
        about=about,
        criterion=f"overlap >= 0.9 after a descent from {start}{after}",
        published=None,
        source="",
        part=partial(
            scan,
            memory=memory,
            n_spins=sizes,
            loads=loads,
            n_instances=n_instances,
            n_starts=4,
            flip=flip,
            threshold=0.9,
        ),
        measured=lambda found: largest(found.half_points),
    )


def stable(
    name: str,
    about: str,
    memory: Callable[..., Any],
    loads: tuple[float, ...],
    sizes: tuple[int, ...],
    n_instances: tuple[int, ...],
) -> Row:
    """Return the row of a memory whose patterns are to be fixed points: nothing is published."""
    return Row(
        name=name,
        about=about,
        criterion="no spin of the pattern would flip",
        published=None,
        source="",
        part=partial(
            scan,
            memory=memory,
            n_spins=sizes,
            loads=loads,
            n_instances=n_instances,
            n_starts=8,
            criterion="fixed_point",
        ),
        measured=lambda found: largest(found.half_points),
    )


def trials(
    effort: float,
    seed: int,
    *,
    trial: Trial,
    counts: Mapping[int, tuple[int, ...]],
    n_instances: int,
    n_starts: int,
    seconds: Callable[[int, int], float],
) -> TrialsExperiment:
    """Return trials as the experiment of a row."""
    sizes = tuple(counts)
    each = (instances(n_instances, effort),) * len(sizes)
    config = TrialsConfig(sizes, tuple(counts.values()), each, n_starts, seed)
    return TrialsExperiment(config, trial, seconds)


def independent(n_spins: int, n_patterns: int, seed: int) -> NDArray[np.float64]:
    """Return 1 if random patterns are linearly independent, so that projection keeps all."""
    patterns = Patterns.random(n_patterns, n_spins, seed=seed)
    return np.array([float(np.linalg.matrix_rank(patterns.to_array()) == n_patterns)])


def rank(trial: Trial = independent) -> Row:
    """Return the row of linear independence, which is what the projection rule needs."""
    counts = {n: tuple(range(n - 3, n + 4)) for n in (100, 200, 400)}
    return Row(
        name="projection",
        about="projection rule",
        criterion="all patterns are linearly independent",
        published=1.0,
        source="Personnaz, Guyon, Dreyfus 1985",
        part=partial(
            trials,
            trial=trial,
            counts=counts,
            n_instances=20,
            n_starts=1,
            seconds=lambda n, p: 2e-10 * n * n * p,
        ),
        measured=lambda found: largest(found.half_points(0.5)),
    )


def single_neurons(trial: Trial = neurons.learned) -> Row:
    """Return the row of single neurons beside Cover's curve."""
    counts = {
        n + 1: tuple(round(n * load) for load in (1.5, 1.7, 1.85, 2.0, 2.15, 2.3, 2.5))
        for n in (40, 80, 160)
    }
    return Row(
        name="perceptron",
        about="perceptron rule, one neuron",
        criterion="the neuron learns all patterns (by the rule, or a linear programme decides)",
        published=float(memories.gardner_load()),
        source="Cover 1965; Gardner 1988",
        part=partial(
            trials,
            trial=trial,
            counts=counts,
            n_instances=24,
            n_starts=neurons.NEURONS,
            seconds=lambda n, p: 1e-6 * n * p,
        ),
        measured=lambda found: largest(_of_inputs(found.half_points(0.5))),
    )


def _of_inputs(points: Any) -> tuple[Any, ...]:
    """Return half-points as patterns an input: a neuron sees the N - 1 others."""
    scaled = []
    for p in points:
        factor = p.n_spins / (p.n_spins - 1)
        scaled.append(replace(p, value=p.value * factor, error=p.error * factor))
    return tuple(scaled)


def extreme(trial: Trial = extreme_dilution.overlap) -> Row:
    """Return the row of extreme dilution."""
    counts = {20: (7, 8, 9, 10), 40: (14, 16, 18, 20)}
    return Row(
        name="diluted-extremely",
        about="Hebb, K = 20 and 40 inputs a spin of 200,000, asymmetric: P/K",
        criterion="where the square of the overlap, measured below, is continued to zero",
        published=2 / math.pi,
        source="Derrida, Gardner, Zippelius 1987",
        part=partial(
            trials,
            trial=trial,
            counts=counts,
            n_instances=10,
            n_starts=1,
            seconds=lambda k, _: 0.06 * k,
        ),
        measured=extreme_dilution.zero,
        is_extrapolated=True,
    )


@cache
def all_rows() -> dict[str, Row]:
    """Return the rows by their names. Theories are solved for them, so not at import."""
    rows = (
        jump(
            "hebb",
            "Hebb",
            None,
            *of_theory("hebb"),
            AMIT,
            lost=0.26,
            sizes=(*_SIZES, 8000, 16_000),
            n_instances=(1200, 600, 300, 150, 75, 38),
        ),
        jump(
            "clipped",
            "Hebb, couplings clipped to a sign",
            rules.clipped,
            *of_theory("clipped"),
            SOMPOLINSKY,
            lost=0.3,
        ),
        diluted(0.9, 0.26),
        diluted(0.5, 0.33),
        diluted(0.25, 0.43, sizes=_LARGE_SIZES, n_instances=_FEW_INSTANCES, shift=1.5),
        diluted(0.1, 0.6, sizes=_LARGE_SIZES, n_instances=_FEW_INSTANCES, shift=1.5, width=0.8),
        extreme(),
        sequence(),
        sparse(0.1, 0.45, shift=12.0, width=3.5),
        sparse(0.05, 0.52, shift=9.0, width=2.6),
        rank(),
        *(
            from_noise(
                f"projection-{flip * 100:g}",
                f"projection rule, {flip:.0%} noise",
                rules.projection,
                flip,
                tuple(round(middle + 0.05 * k, 2) for k in range(-4, 4)),
                (200, 400, 800),
                (60, 30, 15),
            )
            for flip, middle in ((0.05, 0.65), (0.1, 0.5), (0.2, 0.35))
        ),
        from_noise(
            "storkey",
            "Storkey's rule",
            rules.storkey,
            0.0,
            tuple(round(0.3 + 0.04 * k, 2) for k in range(10)),
            (100, 200, 400),
            (120, 60, 30),
        ),
        stable(
            "storkey-stable",
            "Storkey's rule",
            rules.storkey,
            tuple(round(0.24 + 0.04 * k, 2) for k in range(10)),
            (100, 200, 400),
            (120, 60, 30),
        ),
        single_neurons(),
        from_noise(
            "unlearned",
            "Hebb, dreams unlearned",
            unlearned,
            0.1,
            _DREAMT,
            (100, 200, 400),
            (40, 20, 8),
            f", after 8 N dreams at the rate {_RATE:g}",
        ),
        from_noise(
            "daydreaming",
            "daydreaming",
            daydreaming,
            0.1,
            _DREAMT,
            (100, 200, 400),
            (40, 20, 8),
            f", after 16 N steps at the rate {_RATE:g}",
        ),
    )
    return {row.name: row for row in rows}
