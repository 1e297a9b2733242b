"""Capacities of any memory: the same trials as Hebb's rule, fixed points, and how they end."""

import importlib.util
import json
import math
import pickle
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import ndtr

import spinglass
from spinglass.experiments import (
    ExperimentStopped,
    HalfPoint,
    Interrupted,
    capacity,
    open_store,
)
from spinglass.experiments.retrieval_capacity import experiment as room
from spinglass.experiments.retrieval_capacity.finite_size import half_point
from spinglass.experiments.retrieval_capacity.growth import growth_of

GRID = {"n_spins": (40, 60), "loads": (0.1, 0.2, 0.4), "n_instances": 8, "n_starts": 3}


class Brute:
    """A dense memory whose local fields are differences of its energy, state by state.

    E = -(1/(n N^(n-1))) sum F(xi . s) with F(x) = x^n, or E = -ln sum exp(xi . s).
    """

    def __init__(self, patterns, order):
        self.patterns, self.order = np.asarray(patterns).astype(float), order

    def energy(self, state):
        overlaps = self.patterns @ state
        if self.order == "exp":
            top = overlaps.max()
            return -top - math.log(np.exp(overlaps - top).sum())
        return -(overlaps**self.order).sum() / self.order / len(state) ** (self.order - 1)

    def local_fields(self, states):
        fields = np.zeros(states.shape)
        for field, state in zip(fields, states.astype(float), strict=True):
            before = self.energy(state)
            for i in range(len(state)):
                flipped = state.copy()
                flipped[i] *= -1
                field[i] = state[i] * (self.energy(flipped) - before) / 2
        return np.where(abs(fields) < 1e-9, 0.0, fields)

    def recall(self, states, max_sweeps):
        found = [self._descend(state.astype(float), max_sweeps) for state in states]
        names = ("states", "sweeps", "flips", "converged")
        return SimpleNamespace(
            **{x: np.array([one[k] for one in found]) for k, x in enumerate(names)}
        )

    def _descend(self, state, max_sweeps):
        flips = 0
        for sweep in range(1, max_sweeps + 1):
            before = flips
            for i in range(len(state)):
                if self.local_fields(state[None])[0, i] * state[i] < 0:
                    state[i] *= -1
                    flips += 1
            if flips == before:
                return state, sweep, flips, True
        return state, max_sweeps, flips, False


class Chance:
    """A memory that keeps each start with a known probability, and otherwise reverses it."""

    def __init__(self, patterns, probability, seed):
        self.kept, self.seed = probability(patterns.n_patterns), seed

    def recall(self, states, max_sweeps):
        kept = np.random.default_rng(self.seed).random(len(states)) < self.kept
        ones = np.ones(len(states))
        final = np.where(kept[:, None], states, -states)
        return SimpleNamespace(states=final, sweeps=ones, flips=ones, converged=kept)


def rows_of(scan, n_spins, n_patterns):
    trials = scan.trials
    return trials[(trials["n_spins"] == n_spins) & (trials["n_patterns"] == n_patterns)]


def patterns_of(n_spins, n_patterns, instance, seed=0):
    """Return the patterns that an instance of a scan has."""
    key = np.random.SeedSequence(seed, spawn_key=(n_spins, n_patterns, instance))
    word = int(key.generate_state(1, np.uint64)[0])
    return spinglass._core.PackedPatterns.random(n_patterns, n_spins, word, 1).unpack(
        list(range(n_patterns))
    )


# ---- trials ------------------------------------------------------------------------------------


@pytest.mark.parametrize("flip", [0.0, 0.15])
def test_a_network_given_as_a_memory_has_the_trials_of_the_scan_without_one(flip):
    without = capacity(**GRID, flip=flip)
    given = capacity(**GRID, flip=flip, memory=spinglass.Hopfield)
    np.testing.assert_array_equal(given.trials, without.trials)
    halves = [(p.value, p.error) for p in given.half_points]
    assert halves == [(p.value, p.error) for p in without.half_points]


def test_numbers_of_patterns_give_the_trials_of_their_loads():
    counts = {40: (4, 8, 16), 60: (6, 12, 24)}
    chosen = {x: y for x, y in GRID.items() if x != "loads"}
    of_counts, of_loads = capacity(**chosen, n_patterns=counts), capacity(**GRID)
    np.testing.assert_array_equal(of_counts.trials, of_loads.trials)
    assert of_counts.config.n_patterns == ((4, 8, 16), (6, 12, 24))
    assert of_loads.config.n_patterns == ()
    for point in of_counts.half_points:
        assert point.n_patterns == point.value * point.n_spins
        assert point.n_patterns_error == point.error * point.n_spins


@pytest.mark.parametrize("order", [2, 3])
def test_recalls_are_those_of_the_memory_from_starts_as_far_as_asked(order):
    n, p = 12, 8
    memory = partial(Brute, order=order)
    scan = capacity(
        n, n_patterns=[p], n_instances=5, n_starts=4, flip=0.25, memory=memory, threshold=1.0
    )
    if order == 2:  # its energy is that of Hebb's rule but for a constant
        hebb = capacity(n, n_patterns=[p], n_instances=5, n_starts=4, flip=0.25, threshold=1.0)
        np.testing.assert_array_equal(scan.trials, hebb.trials)
    for instance in range(5):
        patterns = patterns_of(n, p, instance)
        rows = rows_of(scan, n, p)
        rows = rows[rows["instance"] == instance]
        assert rows["start"].tolist() == [0, 1, 2, 3]
        ends = Brute(patterns, order).recall(_starts(n, p, instance, 4, 3), 1000)
        np.testing.assert_array_equal(rows["overlap"], (ends.states * patterns[:4]).mean(axis=1))
        np.testing.assert_array_equal(rows["sweeps"], ends.sweeps)
        np.testing.assert_array_equal(rows["flips"], ends.flips)
        assert (rows["converged"] == ends.converged).all()


def _starts(n_spins, n_patterns, instance, n_starts, n_flips):
    """Return the starts of an instance, ``n_flips`` spins from its first patterns."""
    key = np.random.SeedSequence(0, spawn_key=(n_spins, n_patterns, instance))
    word = int(key.generate_state(1, np.uint64)[0])
    targets = patterns_of(n_spins, n_patterns, instance)[:n_starts]
    starts = spinglass._core.corrupt_states(targets, n_flips, word)
    assert ((starts != targets).sum(axis=1) == n_flips).all()
    return starts


@pytest.mark.parametrize(("order", "n", "p"), [(3, 14, 30), (4, 12, 60), ("exp", 16, 1000)])
def test_a_fixed_point_is_a_pattern_that_no_flip_of_a_spin_lowers(order, n, p):
    scan = capacity(
        n, n_patterns=[p], n_instances=6, n_starts=3, memory=partial(Brute, order=order),
        criterion="fixed_point",
    )  # fmt: skip
    unstable = []
    for instance in range(6):
        memory = Brute(patterns_of(n, p, instance), order)
        for pattern in memory.patterns[:3]:
            flipped = np.repeat(pattern[None], n, axis=0)
            np.fill_diagonal(flipped, -pattern)
            before = memory.energy(pattern)
            unstable.append(sum(memory.energy(one) < before - 1e-9 for one in flipped))
    trials = rows_of(scan, n, p)
    assert trials["flips"].tolist() == unstable
    np.testing.assert_array_equal(trials["overlap"], (n - 2 * np.array(unstable)) / n)
    np.testing.assert_array_equal(scan.kept(), np.array(unstable) == 0)
    assert 0 < sum(x == 0 for x in unstable) < len(unstable)  # so that both are tested


def test_fixed_points_of_hebbs_rule_are_those_where_a_recall_flips_nothing():
    stable = capacity(**GRID, criterion="fixed_point")
    recalled = capacity(**GRID)
    np.testing.assert_array_equal(stable.kept(), recalled.trials["flips"] == 0)
    assert stable.config.threshold == 1
    assert 0 < stable.kept().mean() < 1


def test_one_step_errors_are_the_share_of_wrong_spins_with_a_gaussian_estimate_beside():
    scan = capacity(200, (0.1, 0.3), 40, 4, criterion="fixed_point")
    for row in scan.one_step_errors():
        instances, stabilities = [], []
        for instance in range(40):
            patterns = patterns_of(200, row["n_patterns"], instance)
            fields = spinglass.Hopfield(patterns).local_fields(patterns[:4])
            stabilities.append(patterns[:4] * fields)
            instances.append((stabilities[-1] < 0).mean())
        assert row["error"] == pytest.approx(np.mean(instances), rel=1e-9)
        assert row["error_error"] == pytest.approx(np.std(instances, ddof=1) / math.sqrt(40))
        estimate = ndtr(-np.mean(stabilities) / np.std(stabilities))
        assert row["gaussian"] == pytest.approx(estimate, rel=1e-6)
        # Of P patterns the stability has the mean 1 - 1/N and the variance (P - 1)(N - 1)/N^2,
        # and 32,000 values know both to half a percent: the estimate to 5 % at an exponent of 5.
        load = (row["n_patterns"] - 1) / 200
        assert row["gaussian"] == pytest.approx(ndtr(-1 / math.sqrt(load)), rel=0.1)
    with pytest.raises(ValueError, match="criterion must be 'fixed_point'"):
        capacity(**GRID).one_step_errors()


def test_a_memory_gets_a_seed_of_its_instance_if_it_asks_for_one():
    seen = []

    def memory(patterns, seed):
        seen.append((patterns.shape, seed))
        return spinglass.Hopfield(patterns)

    first = capacity(30, (0.1, 0.2), 3, 1, memory=memory, num_threads=1)
    assert [shape for shape, _ in sorted(seen)] == 3 * [(3, 30)] + 3 * [(6, 30)]
    assert len({seed for _, seed in seen}) == 6
    before = sorted(seen)
    seen.clear()
    again = capacity(30, (0.1, 0.2), 3, 1, memory=memory, num_threads=2)
    assert sorted(seen) == before
    np.testing.assert_array_equal(again.trials, first.trials)


def test_the_length_of_tasks_and_the_threads_change_no_trial(monkeypatch):
    memory = partial(Brute, order=3)
    grid = {"n_patterns": (10, 20), "n_instances": 6, "memory": memory, "criterion": "fixed_point"}
    first = capacity(12, **grid, num_threads=1)
    monkeypatch.setattr(room, "_TASK", 0.0)
    np.testing.assert_array_equal(capacity(12, **grid, num_threads=3).trials, first.trials)


# ---- the half-point and its growth -------------------------------------------------------------


def normal_fall(n_patterns, half=30.0, width=0.8):
    """The probability of a memory that is lost to noise: normal in sqrt(P)."""
    return ndtr((math.sqrt(half) - math.sqrt(n_patterns)) / width)


def rare_failures(n_patterns, half=3000.0):
    """The probability of a memory that any one of P patterns loses."""
    return 0.5 ** (n_patterns / half)


@pytest.mark.parametrize(
    ("probability", "counts", "half", "law"),
    [
        (normal_fall, (16, 20, 25, 30, 35, 42, 50), 30.0, "probit"),
        (rare_failures, (600, 1000, 1700, 2500, 3500, 5000, 8000), 3000.0, "weibull"),
    ],
)
def test_half_points_of_memories_of_known_chance_are_covered_by_their_errors(
    probability, counts, half, law
):
    memory, n_scans = partial(Chance, probability=probability), 60
    found = [
        capacity(20, n_patterns=counts, n_instances=30, memory=memory, seed=k).half_points[0]
        for k in range(n_scans)
    ]
    assert {point.law for point in found} == {law}
    covered = np.mean([abs(p.n_patterns - half) < p.n_patterns_error for p in found])
    # A share of 0.683 of the scans, within 3.5 of its standard deviations.
    assert abs(covered - 0.683) < 3.5 * math.sqrt(0.683 * 0.317 / n_scans)
    mean = np.mean([p.n_patterns for p in found])
    error = np.mean([p.n_patterns_error for p in found]) / math.sqrt(n_scans)
    assert abs(mean - half) < 4 * error  # nor is it off by a part of an error


@pytest.mark.parametrize(
    ("law", "value", "log_p"),
    [
        ("power", 2.0, lambda n: 2 * np.log(n) - 2),
        ("power_over_log", 3.0, lambda n: 3 * np.log(n) - 2 - np.log(np.log(n))),
        ("exponential", 0.5, lambda n: 0.5 * n - 1),
    ],
)
def test_a_planted_growth_is_recovered_and_covered_by_its_error(law, value, log_p):
    rng, n_fits = np.random.default_rng(1), 500
    sizes, errors = np.array([20, 30, 40, 60]), np.array([0.02, 0.04, 0.03, 0.05])
    exact = growth_of(planted(sizes, log_p(sizes), errors), law)
    assert exact.value == pytest.approx(value, rel=1e-9)
    np.testing.assert_allclose(exact.n_patterns(sizes), np.exp(log_p(sizes)), rtol=1e-9)
    fits = []
    for _ in range(n_fits):
        points = planted(sizes, log_p(sizes) + errors * rng.normal(size=4), errors)
        fits.append(growth_of(points, law))
    within = 3.5 * math.sqrt(0.683 * 0.317 / n_fits)
    covered = np.mean([abs(fit.value - value) < fit.error for fit in fits])
    assert abs(covered - 0.683) < within
    log_a = exact.log_amplitude
    covered = np.mean([abs(fit.log_amplitude - log_a) < fit.log_amplitude_error for fit in fits])
    assert abs(covered - 0.683) < within
    # Chi-square of two degrees of freedom has the mean 2 and the standard deviation 2.
    assert abs(np.mean([fit.chi_square for fit in fits]) - 2) < 3.5 * 2 / math.sqrt(n_fits)


def planted(sizes, log_p, errors):
    """Return half-points of given ln P and relative errors."""
    loads = np.exp(log_p) / sizes
    return [HalfPoint(int(n), x, x * e) for n, x, e in zip(sizes, loads, errors, strict=True)]


def test_a_law_of_growth_that_does_not_fit_says_so_and_few_sizes_have_none():
    sizes = np.array([20, 30, 40, 60])
    points = planted(sizes, 0.5 * sizes, np.full(4, 0.01))
    assert "do not follow this law" in growth_of(points, "power").note
    assert growth_of(points, "exponential").note == ""
    assert "three sizes leave little" in growth_of(points[1:], "exponential").note
    few = growth_of([*points[:2], HalfPoint(90, math.nan, math.nan)], "power")
    assert math.isnan(few.value)
    assert "cannot be known from fewer than three" in few.note
    assert few.n_spins == (20, 30)
    with pytest.raises(ValueError, match="law must be"):
        growth_of(points, "linear")


class Growing(Chance):
    """A memory that holds N^2 / 10 patterns."""

    def __init__(self, patterns, seed):
        half = patterns.n_spins**2 / 10
        super().__init__(patterns, partial(normal_fall, half=half, width=0.1 * half**0.5), seed)


def test_a_scan_of_a_memory_of_known_capacity_finds_its_exponent():
    sizes = (20, 30, 40, 60)
    counts = {n: [round(n * n * c) for c in (0.06, 0.08, 0.1, 0.12, 0.14)] for n in sizes}
    fit = capacity(sizes, n_patterns=counts, n_instances=40, memory=Growing).growth()
    assert abs(fit.value - 2) < 4 * fit.error < 0.2
    assert fit.n_spins == sizes


def test_shares_that_do_not_follow_their_law_are_told():
    load = np.repeat([0.1, 0.14, 0.18, 0.22], 50)
    kept = np.repeat([20, 11, 11, 0], 50)
    assert "the shares do not follow the law" in half_point(100, load, kept, np.full(200, 20)).note
    probability = ndtr((0.4 - np.sqrt(load)) / 0.05)
    kept = np.random.default_rng(1).binomial(20, probability)
    assert half_point(100, load, kept, np.full(200, 20)).note == ""


@pytest.mark.parametrize("law", ["probit", "weibull"])
def test_the_fitted_law_has_its_half_at_the_half_point_and_falls(law):
    load = np.repeat([0.1, 0.14, 0.18, 0.22], 50)
    kept = np.repeat([18, 12, 8, 2], 50)
    point = half_point(100, load, kept, np.full(200, 20), law=law)
    assert point.law == law
    assert point.probability(point.value) == pytest.approx(0.5)
    shares = point.probability([0.0, 0.1, 0.15, 0.2, 0.5])
    assert (np.diff(shares) < 0).all()
    assert shares[0] > 0.99


def test_loads_far_above_the_half_point_do_not_move_it_where_decades_are_scanned():
    near = [(0.1, 0.9), (0.2, 0.75), (0.4, 0.55), (0.8, 0.33), (1.6, 0.15)]
    far = [(10.0, 0.12), (100.0, 0.1)]  # where a full memory keeps some
    points = [
        half_point(
            16,
            np.repeat([x for x, _ in shares], 40),
            np.repeat([round(100 * p) for _, p in shares], 40),
            np.full(40 * len(shares), 100),
            law="weibull",
        )
        for shares in (near, near + far)
    ]
    assert points[0].value == points[1].value
    assert 0.4 < points[0].value < 0.8


# ---- stores, executors, ends -------------------------------------------------------------------


def test_a_store_goes_on_and_knows_the_memory_by_its_name(tmp_path):
    store = tmp_path / "s.sqlite"
    small = {"n_spins": 40, "loads": (0.1, 0.2), "n_instances": 4}
    memory = partial(Brute, order=3)
    first = capacity(**small, memory=memory, criterion="fixed_point", store=store, seed=None)
    calls = []

    def counted(patterns):
        calls.append(patterns)

    again = capacity(**small, memory=memory, criterion="fixed_point", store=store, seed=None)
    assert again.config == first.config
    assert again.config.memory.endswith("test_capacity_of_memories.Brute, order=3)")
    np.testing.assert_array_equal(again.trials, first.trials)
    stored = open_store(store).result()
    np.testing.assert_array_equal(stored.trials, first.trials)
    assert stored.half_points == first.half_points
    with pytest.raises(ValueError, match="memory"):
        capacity(**small, memory=counted, criterion="fixed_point", store=store, seed=None)
    with pytest.raises(ValueError, match="criterion"):
        capacity(**small, memory=memory, store=store, seed=None)
    assert not calls


def test_a_stored_scan_that_stopped_goes_on_with_its_seed_and_its_memory(tmp_path, monkeypatch):
    store, small = tmp_path / "s.sqlite", {"n_spins": 40, "loads": (0.1, 0.5), "n_instances": 3}
    few = {"store": store, "memory": sized, "seed": None, "num_threads": 1}
    monkeypatch.setattr(Sizes, "largest", 8)
    with pytest.raises(ExperimentStopped, match="memory failed at N = 40, P = 20, instance 0"):
        capacity(**small, **few)
    monkeypatch.setattr(Sizes, "largest", 100)
    whole = capacity(**small, **few)
    assert whole.complete
    other = capacity(**small, memory=sized, seed=whole.config.seed)
    np.testing.assert_array_equal(whole.trials, other.trials)


class Sizes:
    largest = 100


def sized(patterns):
    """A memory that fails beyond some number of patterns."""
    if patterns.n_patterns > Sizes.largest:
        raise LookupError("too many")
    return spinglass.Hopfield(patterns)


def _whole(patterns):
    return spinglass.Hopfield(patterns)


def test_a_scan_of_hebbs_rule_is_stored_as_it_was_before_there_were_memories(tmp_path):
    import sqlite3

    capacity(40, (0.1, 0.2), 2, store=tmp_path / "s.sqlite")
    with sqlite3.connect(tmp_path / "s.sqlite") as db:
        ((config,),) = db.execute("SELECT value FROM scan WHERE name = 'config'").fetchall()
    db.close()
    assert not {"memory", "criterion", "n_patterns"} & set(json.loads(config))


def test_processes_take_a_memory_that_can_be_pickled_and_name_one_that_cannot():
    small = {"n_spins": 30, "loads": (0.1, 0.2), "n_instances": 2}
    here = capacity(**small, memory=_whole)
    with ProcessPoolExecutor(1) as pool:
        there = capacity(**small, memory=_whole, executor=pool)
        with pytest.raises(TypeError, match="memory must be picklable"):
            capacity(**small, memory=lambda patterns: None, executor=pool)
    np.testing.assert_array_equal(there.trials, here.trials)


@pytest.mark.parametrize("finished", [0, 3])
def test_an_interrupt_carries_the_finished_trials(monkeypatch, finished):
    begun = []

    def memory(patterns):
        begun.append(patterns)
        if len(begun) > finished:
            raise KeyboardInterrupt
        return spinglass.Hopfield(patterns)

    monkeypatch.setattr(room, "_TASK", 0.0)  # one instance a task
    with pytest.raises(Interrupted) as caught:
        capacity(40, (0.1, 0.2), 5, 2, memory=memory, num_threads=1)
    assert len(caught.value.result.trials) == 2 * finished
    assert not caught.value.result.complete


def nonsense(starts, **changed):
    ones = np.ones(len(starts))
    found = {"states": starts, "sweeps": ones, "flips": ones, "converged": ones} | changed
    return SimpleNamespace(**found)


@pytest.mark.parametrize(
    ("memory", "criterion", "message"),
    [
        (int, "overlap", "memory failed at N = 30, P = 6, instance 0: TypeError"),
        (lambda patterns: None, "overlap", r"has recall\(states, max_sweeps=...\), got None"),
        (lambda patterns: 1, "fixed_point", r"has local_fields\(states\), got 1"),
        (
            lambda patterns: SimpleNamespace(
                recall=lambda s, max_sweeps: nonsense(s, states=s[:1])
            ),
            "overlap",
            r"states of the memory must have shape \(2, 30\), got \(1, 30\)",
        ),
        (
            lambda patterns: SimpleNamespace(recall=lambda s, max_sweeps: nonsense(s, flips=None)),
            "overlap",
            "flips of the memory must hold real numbers",
        ),
        (
            lambda patterns: SimpleNamespace(local_fields=lambda s: np.full(s.shape, math.nan)),
            "fixed_point",
            "local_fields of the memory must be finite",
        ),
    ],
)
def test_a_memory_that_answers_nonsense_ends_the_scan_by_name(memory, criterion, message):
    with pytest.raises(ExperimentStopped, match=message) as caught:
        capacity(30, (0.1, 0.2), 2, memory=memory, criterion=criterion, num_threads=1)
    assert len(caught.value.result.trials) == 0


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"memory": 3}, TypeError, "memory must be callable, got 3"),
        ({"loads": None}, ValueError, "n_patterns or loads must be given with memory"),
        (
            {"loads": None, "memory": None, "criterion": "fixed_point"},
            ValueError,
            "n_patterns or loads must be given .*with criterion 'fixed_point'",
        ),
        ({"n_patterns": (3,)}, ValueError, "n_patterns must be left out where loads are given"),
        ({"loads": None, "n_patterns": (2.5,)}, TypeError, "n_patterns must be an integer"),
        ({"loads": None, "n_patterns": ()}, ValueError, "n_patterns must not be empty"),
        (
            {"loads": None, "n_patterns": {50: (3,)}},
            ValueError,
            r"n_patterns must have the sizes of n_spins as keys, got \[50\] for \[30\]",
        ),
        ({"loads": None, "n_patterns": (1,)}, ValueError, "n_starts must not exceed"),
        ({"beta": 2.0}, ValueError, "beta must be infinite with memory"),
        ({"abandon": 0.1}, ValueError, "abandon must be left out with memory"),
        ({"criterion": "stable"}, ValueError, "criterion must be"),
        ({"criterion": "fixed_point", "flip": 0.1}, ValueError, "threshold and flip must be left"),
        (
            {"criterion": "fixed_point", "threshold": 0.5},
            ValueError,
            "threshold and flip must be left out",
        ),
    ],
)
def test_arguments_that_do_not_go_together_are_named(arguments, error, message):
    given = {"n_spins": 30, "loads": (0.1,), "n_instances": 1, "memory": spinglass.Hopfield}
    with pytest.raises(error, match=message):
        capacity(**given | arguments)


# ---- text, files, figures ----------------------------------------------------------------------


def test_the_report_of_a_memory_has_patterns_growth_and_errors():
    counts = dict.fromkeys((20, 30, 40), (2, 4, 7, 12, 20))
    scan = capacity((20, 30, 40), n_patterns=counts, n_instances=40, criterion="fixed_point")
    text = scan.report()
    assert "P = A N^x / ln N" in text
    assert "wrong spins after one update" in text
    assert "theory" not in text
    content = json.loads(json.dumps(scan.to_dict()))
    assert "theory" not in content
    assert content["config"]["criterion"] == "fixed_point"
    assert content["growth"]["power"]["value"] == scan.growth().value
    assert len(content["one_step_errors"]) == 15
    point = scan.half_points[0]
    assert f"{point.n_patterns:.5g}" in text
    assert pickle.loads(pickle.dumps(scan)).half_points == scan.half_points


def test_what_has_no_meaning_is_left_out_of_texts_and_files():
    grid = {"n_patterns": (2, 4, 7, 12, 20), "n_instances": 40, "criterion": "fixed_point"}
    scan = capacity((20, 30, 40), **grid)
    assert scan.to_dict()["alpha_c"] is None  # P / N at half has no limit of its own
    # The errors of exponents have their digits, however small they are.
    error = scan.growth("exponential").error
    assert f"{error:.2g}".rjust(9) in scan.report()
    # Rows that were read from a file may lack the stabilities.
    names = [x for x in scan.trials.dtype.names if not x.startswith("stability")]
    bare = spinglass.experiments.CapacityScan(scan.config, scan.version, scan.trials[names])
    assert "one update" not in bare.report()
    assert "one_step_errors" not in bare.to_dict()
    assert bare.half_points == scan.half_points
    with pytest.raises(ValueError, match="trials must have the columns stability and"):
        bare.one_step_errors()
    if importlib.util.find_spec("matplotlib"):
        assert "final overlap" in bare.plot()[2].get_xlabel()


def test_the_gaussian_estimate_that_is_far_off_is_told():
    words = "the Gaussian estimate differs"
    near = capacity(400, (0.2, 0.3), 10, criterion="fixed_point", threshold=1.0)
    assert words not in near.report()
    memory = partial(spinglass.DenseAssociativeMemory, order="exp")
    counts = (200, 1000, 5000, 20000)
    far = capacity(16, n_patterns=counts, n_instances=20, memory=memory, criterion="fixed_point")
    (row,) = far.one_step_errors()[2:3]
    assert row["error"] > 5 * row["gaussian"]  # of many small stabilities, and a few large ones
    assert f"At N = 16 {words}" in " ".join(far.report().split())
    assert words not in " ".join(far.report(quiet=True).split())


def test_the_figure_of_a_memory_has_patterns_on_its_axis_and_no_theory_of_hebbs_rule():
    pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    counts = dict.fromkeys((20, 30, 40), (2, 4, 7, 12, 20))
    scan = capacity((20, 30, 40), n_patterns=counts, n_instances=20, memory=spinglass.Hopfield)
    axes = scan.plot(ax=Figure().subplots(2, 2))
    assert axes[0].get_xlabel() == "stored patterns $P$"
    assert axes[3].get_ylabel() == "patterns $P$ at the half-point"
    texts = [text.get_text() for panel in axes for text in panel.get_legend().get_texts()]
    assert texts
    assert not [text for text in texts if "theory" in text]
