"""Averages between the temperatures of runs: exact where that is known, with errors that cover."""

import math
from dataclasses import fields
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest

from spinglass import EdwardsAnderson, SherringtonKirkpatrick, SquareLattice, exact, sample, temper
from spinglass.statistics import Estimate, reweight
from spinglass.statistics.samples import samples_of
from spinglass.statistics.weighted_averages import WeightedAverages
from spinglass.theory import ising2d

LATTICE = SquareLattice(4)
GLASS = SherringtonKirkpatrick(12, seed=1)
# Beyond so many standard errors there is chance once in 150,000 numbers.
SIGMAS = 4.5


@cache
def enumerated(model):
    states = exact.states(model.n_spins)
    return model.energy(states), states.mean(axis=1)


def truth(model, beta, reference):
    """Return the exact averages at each beta, from the sum over all states."""
    E, m = enumerated(model)
    N, beta = model.n_spins, np.atleast_1d(beta)
    weights = np.exp(-np.outer(beta, E - E.min()))
    p = weights / weights.sum(axis=1, keepdims=True)
    log_z = np.log(weights.sum(axis=1)) - beta * E.min()
    log_z_0 = np.log(np.exp(-reference * (E - E.min())).sum()) - reference * E.min()
    energy, size, square, fourth = p @ E, p @ abs(m), p @ m**2, p @ m**4
    return {
        "energy": energy / N,
        "absolute_magnetization": size,
        "squared_magnetization": square,
        "specific_heat": beta**2 * (p @ E**2 - energy**2) / N,
        "susceptibility": beta * N * (square - size**2),
        "paramagnetic_susceptibility": beta * N * square,
        "binder_cumulant": 1 - fourth / (3 * square**2),
        "log_partition_ratio": log_z - log_z_0,
    }


def true_derivatives(model, beta):
    """Return exact derivatives by beta, as differences of exact averages.

    Their error is of the order of the step squared, 1e-8 of a derivative of third order.
    """
    step = 1e-4
    low, high = (truth(model, np.asarray(beta) + x, 0.3) for x in (-step, step))
    found = {}
    for name in ("absolute_magnetization", "binder_cumulant", "squared_magnetization"):
        found[name] = (high[name] - low[name]) / (2 * step)
    for name in ("absolute_magnetization", "squared_magnetization"):
        found[f"log_{name}"] = np.log(high[name] / low[name]) / (2 * step)
    return found


def part(run, rows, **changed):
    """Return some replicas of a run as a run of their own, by structure."""
    columns = {"energy": run.energy[rows], "magnetization": run.magnetization[rows]}
    return SimpleNamespace(**columns | {"beta": run.beta, "n_spins": run.n_spins} | changed)


def normal(found, exact_values):
    """Return deviations in units of errors, by name; none where both are zero by definition."""
    z = {}
    for name, value in exact_values.items():
        estimate = getattr(found, name)
        known = np.atleast_1d(estimate.error) > 0
        deviation = np.atleast_1d(estimate.value - value)
        z[name] = deviation[known] / np.atleast_1d(estimate.error)[known]
    return z


@pytest.mark.parametrize("model", [LATTICE, GLASS], ids=["lattice", "glass"])
@pytest.mark.parametrize("how", ["one run", "runs", "ladder", "ladder and run"])
def test_averages_are_those_of_all_states(model, how):
    length = {"n_sweeps": 20_000, "n_replicas": 4, "warmup": 200}
    run, colder = (sample(model, beta, seed=k, **length) for k, beta in enumerate((0.3, 0.45)))
    ladder = temper(model, [0.2, 0.35, 0.5], seed=3, **length)
    runs = {"one run": run, "runs": [run, colder], "ladder": ladder,
            "ladder and run": (ladder, run)}[how]  # fmt: skip
    beta = np.array([0.25, 0.3, 0.36, 0.45])
    found = reweight(runs, beta, reference=0.2)
    for name, z in normal(found, truth(model, beta, 0.2)).items():
        assert len(z) == 4, name
        assert np.abs(z).max() < SIGMAS, name
    # A state has a weight at infinite temperature: the partition function itself.
    absolute = reweight(runs, 0.3, reference=0.05).log_partition_ratio
    assert abs(absolute.value - truth(model, 0.3, 0.05)["log_partition_ratio"]) < (
        SIGMAS * absolute.error
    )


def test_a_ladder_follows_the_exact_curves_of_a_finite_lattice():
    ladder = temper(
        SquareLattice(16), np.linspace(0.3, 0.55, 12), 10_000, n_replicas=4, warmup=500, seed=1
    )
    beta = np.linspace(0.3, 0.55, 31)
    found = ladder.reweight(beta)
    exact_values = {
        "energy": ising2d.finite_energy(16, beta),
        "specific_heat": ising2d.finite_specific_heat(16, beta),
        "log_partition_ratio": np.subtract(
            ising2d.finite_log_partition(16, beta), ising2d.finite_log_partition(16, 0.3)
        ),
    }
    for z in normal(found, exact_values).values():
        assert np.abs(z).max() < SIGMAS
    assert found.note == ""
    assert found.reference == 0.3


@pytest.mark.parametrize("how", ["one run", "runs", "ladder"])
def test_errors_cover_the_truth_as_often_as_they_say(how):
    n, each, beta, reference = 300, 2, np.array([0.2, 0.28, 0.35, 0.43]), 0.25
    length = {"n_sweeps": 1000, "n_replicas": n * each, "warmup": 200}
    betas = {"one run": [0.35], "runs": [0.25, 0.35, 0.45], "ladder": []}[how]
    runs = [sample(LATTICE, x, seed=k, **length) for k, x in enumerate(betas)]
    runs = runs or [temper(LATTICE, [0.2, 0.3, 0.4], seed=7, **length)]
    exact_values = truth(LATTICE, beta, reference)
    z = {name: [] for name in exact_values}
    for k in range(n):
        rows = slice(each * k, each * (k + 1))
        found = reweight([part(run, rows) for run in runs], beta, reference=reference)
        for name, deviations in normal(found, exact_values).items():
            z[name].append(deviations)
    for name, deviations in z.items():
        deviations = np.array(deviations)
        assert deviations.shape == (n, len(beta)), name
        for sigmas, expected in ((1, 0.683), (2, 0.954)):
            covered = (np.abs(deviations) < sigmas).mean(axis=0)
            allowed = 3.5 * math.sqrt(expected * (1 - expected) / n)
            assert (covered > expected - allowed).all(), (name, sigmas, covered)
            # Errors of positive numbers reach up, and cover somewhat more within one.
            is_mean = name not in ("specific_heat", "susceptibility", "binder_cumulant")
            assert (covered < expected + allowed + (0 if is_mean else 0.05)).all(), (name, covered)


@pytest.mark.parametrize("model", [LATTICE, GLASS], ids=["lattice", "glass"])
def test_derivatives_are_those_of_the_exact_averages(model):
    ladder = temper(model, [0.2, 0.35, 0.5], 20_000, n_replicas=4, warmup=200, seed=5)
    beta = np.array([0.22, 0.3, 0.35, 0.42, 0.5])
    found = ladder.reweight(beta, {"squared_magnetization": ladder.magnetization**2})
    exact_values = true_derivatives(model, beta)
    assert found.derivatives.keys() == exact_values.keys()
    for name, value in exact_values.items():
        z = (found.derivatives[name].value - value) / found.derivatives[name].error
        assert np.abs(z).max() < SIGMAS, name


def test_errors_of_derivatives_cover_the_truth_as_often_as_they_say():
    n, each, beta = 300, 2, np.array([0.28, 0.35, 0.42])
    run = sample(LATTICE, 0.35, 1000, n_replicas=n * each, warmup=200, seed=6)
    exact_values = true_derivatives(LATTICE, beta)
    for name in ("absolute_magnetization", "binder_cumulant", "log_squared_magnetization"):
        deviations = []
        for k in range(n):
            found = reweight(part(run, slice(each * k, each * (k + 1))), beta).derivatives[name]
            deviations.append((found.value - exact_values[name]) / found.error)
        for sigmas, expected in ((1, 0.683), (2, 0.954)):
            covered = (np.abs(deviations) < sigmas).mean(axis=0)
            allowed = 3.5 * math.sqrt(expected * (1 - expected) / n)
            assert (np.abs(covered - expected) < allowed).all(), (name, sigmas, covered)


def test_the_average_without_a_block_is_that_of_runs_without_it():
    runs = [sample(LATTICE, beta, 500, n_replicas=4, seed=1) for beta in (0.3, 0.4)]
    samples, beta = samples_of(runs, None), np.array([0.25, 0.35, 0.5])
    averages = WeightedAverages(samples, beta, 0.3)
    n_blocks = len(samples.run_of_block)

    def quantities(sums):
        z, e, m2 = sums["", 0], sums["", 1], sums["m^2", 0]
        reference = z[..., 3:4]  # that of ln Z
        return np.array([np.log(z / reference), e / z, sums["", 2] / z - (e / z) ** 2, m2 / z])

    followed = quantities(averages.without)[..., :3] - quantities(averages.total)[:, None, :3]
    again = np.empty_like(followed)
    for block in range(n_blocks):
        weight = np.where(samples.block == block, 0.0, samples.weight)
        without = WeightedAverages(samples._replace(weight=weight), beta, 0.3)
        same_origin = dict(without.total)
        shift = without.origin - averages.origin
        z, e, e2 = (without.total["", power] for power in range(3))
        same_origin["", 1], same_origin["", 2] = e + shift * z, e2 + 2 * shift * e + shift**2 * z
        found = quantities(same_origin)
        top = without._top - averages._top - (without._betas - averages._betas) * shift
        found[0] += top - top[3] - (without._betas - 0.3) * shift
        again[:, block] = (found - quantities(averages.total))[:, :3]
    # First order in what a block changes: the rest is smaller by the share of a block, times a few.
    scale = np.sqrt((again**2).mean(axis=1, keepdims=True))
    assert n_blocks > 20
    assert (np.abs(followed - again) < 10 / n_blocks * scale + np.abs(again) * 5 / n_blocks).all()


def test_measurements_that_repeat_count_once():
    run = sample(LATTICE, 0.35, 2000, n_replicas=4, warmup=100, seed=1)
    other = sample(LATTICE, 0.3, 500, n_replicas=4, warmup=100, seed=2)
    repeated = part(run, slice(None))
    repeated.energy, repeated.magnetization = (
        np.repeat(x, 5, axis=-1) for x in (run.energy, run.magnetization)
    )
    beta = np.array([0.28, 0.33, 0.38])
    once, often = (reweight([one, other], beta) for one in (run, repeated))
    # tau is measured: it is known to some per cent.
    assert often.n_effective == pytest.approx(once.n_effective, rel=0.1)
    assert np.abs(often.energy.value - once.energy.value).max() < 0.2 * once.energy.error.min()
    assert often.energy.error == pytest.approx(once.energy.error, rel=0.35)


def test_temperatures_that_move_together_are_no_more_than_one():
    run = sample(LATTICE, 0.35, 4000, n_replicas=4, warmup=100, seed=1)
    twice = part(run, slice(None), beta=[0.35, 0.35])
    twice.energy, twice.magnetization = (
        np.stack([x, x], axis=1) for x in (run.energy, run.magnetization)
    )
    beta = np.array([0.3, 0.35, 0.4])
    once, together = run.reweight(beta), reweight(twice, beta)
    assert together.energy.value == pytest.approx(once.energy.value, rel=1e-9)
    assert together.energy.error == pytest.approx(once.energy.error, rel=1e-6)


def test_where_runs_do_not_reach_there_are_no_numbers_and_a_note():
    run = sample(SquareLattice(16), 0.4, 2000, n_replicas=2, warmup=200, seed=1)
    found = run.reweight([0.2, 0.4, 0.41, 0.6, 1.5])
    averages = [getattr(found, x.name) for x in fields(found)]
    for average in [x for x in averages if isinstance(x, Estimate)]:
        assert np.isnan([average.value, average.error])[:, [0, 3, 4]].all()
        assert np.isfinite(average.value[1:3]).all()
    assert "fewer than 50 independent measurements reach beta = 0.2, 0.6 to 1.5" in found.note
    assert (found.n_effective[[0, 3, 4]] < 50).all()
    assert "nan" in str(found)
    far = run.reweight(0.4, reference=1.5)
    assert np.isnan(far.log_partition_ratio.value)
    assert np.isfinite(far.energy.error)
    assert "fewer than 50 reach the reference, beta = 1.5" in far.note


def test_ln_z_is_not_known_across_a_gap_between_runs():
    runs = [
        sample(SquareLattice(16), beta, 2000, n_replicas=4, warmup=200, seed=1)
        for beta in (0.2, 0.21, 0.6)
    ]
    found = reweight(runs, [0.2, 0.205, 0.21, 0.6, 0.61])
    assert np.isfinite(found.log_partition_ratio.value[:3]).all()
    assert np.isnan(found.log_partition_ratio.value[3:]).all()
    assert np.isfinite(found.energy.error).all()
    assert "the runs do not overlap at beta = 0.3" in found.note


def test_few_measurements_at_the_edge_leave_a_note():
    run = sample(SquareLattice(16), 0.4, 2000, n_replicas=4, warmup=200, seed=1)
    found = run.reweight([0.4, 0.425])
    assert 50 < found.n_effective[1] < 250
    assert "fewer than 250 reach beta = 0.425, and errors may be too small" in found.note
    cold = sample(LATTICE, 0.5, 20_000, n_replicas=4, warmup=200, seed=1).reweight(0.8)
    assert "the lowest energy of the runs has" in cold.note


def test_a_run_that_never_moves_has_no_errors():
    frozen = SimpleNamespace(
        energy=np.full((3, 100), -32.0), magnetization=np.ones((3, 100)), beta=2.0, n_spins=16
    )
    found = reweight(frozen, 2.0)
    assert np.isnan(found.energy.error)
    assert "E, |m| and m^2 never changed" in found.note
    short = SimpleNamespace(energy=[[1.0]], magnetization=[[0.5]], beta=2.0, n_spins=16)
    assert np.isnan(reweight(short, 2.0).energy.error)


def test_series_of_ones_own_are_averaged():
    runs = [sample(LATTICE, beta, 5000, n_replicas=4, warmup=100, seed=1) for beta in (0.3, 0.4)]
    by_array = reweight(runs, 0.35, {"m2": [run.magnetization**2 for run in runs]})
    plain = reweight(runs, 0.35)
    assert by_array.observables["m2"] == plain.squared_magnetization
    one = reweight(runs[0], [0.3], {"E2": runs[0].energy ** 2})
    assert one.observables["E2"].value == pytest.approx((runs[0].energy ** 2).mean(), rel=1e-3)
    holders = [part(run, slice(None), squares=run.magnetization**2) for run in runs]
    assert reweight(holders, 0.35, ["squares"]).observables["squares"] == (
        plain.squared_magnetization
    )


def test_a_single_beta_gives_numbers_and_a_list_gives_arrays():
    run = sample(LATTICE, 0.3, 3000, n_replicas=4, warmup=50, seed=1)
    one, several = run.reweight(0.31), run.reweight([0.31])
    for name in ("energy", "specific_heat", "binder_cumulant", "log_partition_ratio"):
        value, error = getattr(one, name)
        assert np.ndim(value) == np.ndim(error) == 0
        assert getattr(several, name).value.tolist() == [value]
    assert np.ndim(one.n_effective) == 0
    assert one.beta == 0.31
    # At the temperature of the run itself the averages are those of its summary.
    own, summary = run.reweight(0.3), run.summary()
    # Blocks differ by one measurement in length, which the correction of a bias takes for one.
    assert own.energy.value == pytest.approx(summary.energy.value, abs=0.01 * own.energy.error)
    assert own.energy.error == pytest.approx(summary.energy.error, rel=0.3)
    assert own.log_partition_ratio == Estimate(0.0, 0.0)


RUN = {"energy": np.ones((2, 9)), "magnetization": np.ones((2, 9)), "beta": 0.3, "n_spins": 4}


@pytest.mark.parametrize(
    ("changed", "arguments", "error", "message"),
    [
        ({"beta": math.inf}, {}, ValueError, "runs must be at a beta from 0 to 1e"),
        ({"beta": [0.1, 0.2, 0.3]}, {}, ValueError, r"energy of runs must have shape .*, 3, "),
        (
            {"magnetization": np.ones(9)},
            {},
            ValueError,
            "magnetization of runs must have",
        ),
        ({"energy": np.full((2, 9), math.nan)}, {}, ValueError, "energy of runs must hold finite"),
        ({"n_spins": 0}, {}, ValueError, "n_spins of runs must be an integer >= 1"),
        ({}, {"beta": -1.0}, ValueError, "beta must be a number from 0 to 1e"),
        ({}, {"beta": [[0.1]]}, ValueError, "beta must be a number from 0 to .* a list"),
        ({}, {"reference": -1.0}, ValueError, "reference must be a number from 0 to 1e"),
        ({}, {"observables": {"energy": np.ones((2, 9))}}, ValueError, "names of their own"),
        ({}, {"observables": {"binder_cumulant": np.ones((2, 9))}}, ValueError, "of their own"),
        (
            {},
            {"observables": {"q": np.ones(9)}},
            ValueError,
            r"observables\['q'\] must have the shape",
        ),
        ({}, {"observables": ["q"]}, ValueError, "observables: the runs have no 'q'"),
        ({}, {"observables": 3}, TypeError, "observables must be names"),
    ],
)
def test_bad_arguments_are_named(changed, arguments, error, message):
    with pytest.raises(error, match=message):
        reweight(SimpleNamespace(**RUN | changed), **{"beta": 0.3} | arguments)


def test_what_are_no_runs_is_named():
    with pytest.raises(ValueError, match="runs must be at least one, got none"):
        reweight([], 0.3)
    with pytest.raises(TypeError, match="runs must be one run or several"):
        reweight([np.ones(3)], 0.3)
    with pytest.raises(ValueError, match="runs must be of one model, got "):
        reweight([SimpleNamespace(**RUN), SimpleNamespace(**RUN | {"n_spins": 5})], 0.3)
    glasses = [EdwardsAnderson((4, 4), "gaussian", seed=seed) for seed in (1, 2, 1)]
    runs = [sample(glass, 0.5, 9, 2, seed=1) for glass in glasses]
    with pytest.raises(ValueError, match=r"one model, got Edwards.*seed=1\) and Edwards.*seed=2"):
        reweight(runs, 0.3)
    assert reweight(runs[::2], 0.5).n_spins == 16
    with pytest.raises(ValueError, match="one series for each of 2 runs"):
        reweight(2 * [SimpleNamespace(**RUN)], 0.3, {"q": [np.ones((2, 9))]})


def test_what_a_run_measured_is_reweighted_by_its_name():
    run = sample(LATTICE, 0.4, 500, 4, measure=["abs_magnetization"], seed=1)
    found = run.reweight([0.35, 0.4], ["abs_magnetization"])
    series = found.observables["abs_magnetization"]
    assert series.value == pytest.approx(found.absolute_magnetization.value, rel=1e-12)
    assert series.error == pytest.approx(found.absolute_magnetization.error, rel=1e-9)


@pytest.mark.parametrize("beta", [0.3, [0.3, 0.4, 0.5]])
def test_runs_that_clamp_other_spins_or_values_are_refused(beta):
    ups = np.ones((2, *np.shape(beta), 16), np.int8)
    held = np.arange(16) < 3
    mixed = ups.copy()
    mixed[1, ..., 0] = -1

    def run(initial, clamp):
        return sample(SquareLattice(4), beta, 50, 2, initial=initial, clamp=clamp, seed=1)

    assert reweight([run(ups, held), run(ups, held)], 0.3).n_spins == 16
    others = [run(-ups, held), run(ups, ~held), run(ups, None)]
    for runs in [run(mixed, held), *([run(ups, held), other] for other in others)]:
        with pytest.raises(ValueError, match="replicas in which other spins are clamped"):
            reweight(runs, 0.3)
