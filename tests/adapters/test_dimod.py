"""The samplers keep what dimod asks of samplers, and what this package promises."""

import json
import threading
import time
import unittest
from itertools import pairwise, product

import numpy as np
import pytest

import spinglass

dimod = pytest.importorskip("dimod")

from spinglass.adapters.dimod import SpinglassSampler, SpinglassTempering  # noqa: E402

SAMPLERS = [SpinglassSampler, SpinglassTempering]

# dimod 0.12 sets the shape of empty arrays, which NumPy 2.5 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:Setting the shape on a NumPy array")


@dimod.testing.load_sampler_bqm_tests(SpinglassSampler)
class TestOfDimodForAnnealing(unittest.TestCase):
    """dimod's own tests of a sampler."""


@dimod.testing.load_sampler_bqm_tests(SpinglassTempering)
class TestOfDimodForTempering(unittest.TestCase):
    """dimod's own tests of a sampler."""


def glass(vartype="SPIN", n=12, seed=1):
    """Return a model with integer biases on a random graph."""
    rng = np.random.default_rng(seed)
    labels = [f"v{k:02}" for k in range(n)]
    pairs = [(a, b) for k, a in enumerate(labels) for b in labels[:k] if rng.random() < 0.5]
    return dimod.BinaryQuadraticModel(
        dict(zip(labels, rng.integers(-4, 5, n).astype(float), strict=True)),
        dict(zip(pairs, rng.integers(-4, 5, len(pairs)).astype(float), strict=True)),
        2.0,
        vartype,
    )


def assert_same_reads(first, second):
    np.testing.assert_array_equal(first.record.sample, second.record.sample)
    np.testing.assert_array_equal(first.record.energy, second.record.energy)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_interface_is_that_of_a_sampler(sampler):
    dimod.testing.assert_sampler_api(sampler())
    assert set(sampler().parameters) >= {
        "num_reads", "num_sweeps", "beta_range", "beta_schedule", "initial_states", "seed",
        "interrupt_function", "num_threads",
    }  # fmt: skip
    named = set().union(*sampler().parameters.values())
    assert named <= set(sampler().properties)


@pytest.mark.parametrize("vartype", ["SPIN", "BINARY"])
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_states_and_energies_are_those_of_the_model(sampler, vartype):
    bqm = glass(vartype)
    found = sampler().sample(bqm, num_reads=7, num_sweeps=50, seed=1)
    assert len(found) == 7
    assert found.vartype is bqm.vartype
    assert list(found.variables) == sorted(bqm.variables)
    dimod.testing.assert_response_energies(found, bqm)
    assert (found.record.energy == bqm.energies(found)).all()  # the biases are integers
    json.dumps(found.to_serializable())


@pytest.mark.parametrize("vartype", ["SPIN", "BINARY"])
def test_annealing_finds_the_ground_state(vartype):
    bqm = glass(vartype)
    lowest = dimod.ExactSolver().sample(bqm).first.energy
    assert SpinglassSampler().sample(bqm, num_reads=20, seed=1).first.energy == lowest


def test_reads_are_the_replicas_of_anneal():
    bqm = glass()
    model = spinglass.Ising.from_bqm(bqm)
    found = SpinglassSampler().sample(bqm, num_reads=5, num_sweeps=30, seed=3)
    same = spinglass.anneal(model, n_sweeps=30, n_replicas=5, seed=3)
    np.testing.assert_array_equal(found.record.sample, same.best_states)
    np.testing.assert_array_equal(found.record.energy, same.best_energy)
    assert found.info["beta_range"] == list(spinglass.annealing_range(model))


@pytest.mark.parametrize("vartype", ["SPIN", "BINARY"])
def test_tempering_draws_from_the_law_of_the_coldest_temperature(vartype):
    bqm = dimod.BinaryQuadraticModel(
        {"a": 0.5, "b": -1.0, "c": 0.0}, {("a", "b"): 1.0, ("b", "c"): -1.5}, 0.25, vartype
    )
    beta, reads = 0.8, 4000
    found = SpinglassTempering().sample(
        bqm, num_reads=reads, num_sweeps=60, beta_range=(0.2, beta), num_betas=3, seed=1
    )
    values = sorted(bqm.vartype.value)
    states = np.array(list(product(values, repeat=3)), dtype=np.int8)
    law = np.exp(-beta * bqm.energies((states, ["a", "b", "c"])))
    law /= law.sum()
    counts = np.array([(found.record.sample == state).all(axis=1).sum() for state in states])
    assert counts.sum() == reads
    # Reads are independent: of 8 states, 5 standard errors are exceeded once in 2 10^5 seeds.
    assert (abs(counts - reads * law) < 5 * np.sqrt(reads * law * (1 - law))).all()


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_same_seed_gives_the_same_reads_on_any_number_of_threads(sampler):
    bqm, options = glass(n=50), {"num_reads": 6, "num_sweeps": 3}
    first = sampler().sample(bqm, seed=5, num_threads=1, **options)
    again = sampler().sample(bqm, seed=5, num_threads=2, **options)
    other = sampler().sample(bqm, seed=6, **options)
    assert_same_reads(first, again)
    assert (first.record.sample != other.record.sample).any()
    drawn = sampler().sample(bqm, **options)
    assert_same_reads(drawn, sampler().sample(bqm, seed=drawn.info["seed"], **options))


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_histogram_has_every_state_once_sorted_by_energy(sampler):
    bqm, options = glass(), {"num_reads": 40, "num_sweeps": 30, "seed": 2}
    raw = sampler().sample(bqm, **options)
    found = sampler().sample(bqm, answer_mode="histogram", **options)
    assert (raw.record.num_occurrences == 1).all()
    assert len(raw) == found.record.num_occurrences.sum() == 40
    assert len(found) == len(np.unique(raw.record.sample, axis=0)) < 40
    assert (np.diff(found.record.energy) >= 0).all()
    assert found.first.energy == raw.first.energy
    assert found.info["seed"] == 2


@pytest.mark.parametrize("vartype", ["SPIN", "BINARY"])
def test_initial_states_are_where_reads_start(vartype):
    # At beta = 0 a sweep draws all spins anew, at infinity none of a minimum: it stays.
    bqm = glass(vartype)
    ground = dimod.ExactSolver().sample(bqm).truncate(2)
    columns = list(reversed(list(ground.variables)))
    given = [{label: sample[label] for label in columns} for sample in ground.samples()]
    for initial in (ground, given, ground.change_vartype("SPIN", inplace=False)):
        for sampler, frozen in zip(SAMPLERS, ([1e6], [1e6]), strict=True):
            found = sampler().sample(
                bqm, initial_states=initial, beta_schedule=frozen, num_sweeps=1, seed=1
            )
            assert found.record.energy.min() == ground.first.energy
            assert len(found) == 2


def test_fewer_initial_states_than_reads_are_filled_up():
    bqm = dimod.BinaryQuadraticModel({}, {}, 0.0, "SPIN")
    for k in range(64):
        bqm.add_linear(k, 0.0)
    options = {"initial_states": np.ones((2, 64)), "beta_schedule": [1e6], "num_sweeps": 1}
    sample = SpinglassSampler().sample
    with pytest.raises(ValueError, match="insufficient number of initial states"):
        sample(bqm, num_reads=5, initial_states_generator="none", **options)
    assert len(sample(bqm, num_reads=5, initial_states_generator="tile", **options)) == 5
    assert len(sample(bqm, num_reads=1, **options)) == 1
    first, again = (sample(bqm, num_reads=5, seed=4, **options).record.sample for _ in range(2))
    np.testing.assert_array_equal(first, again)
    with pytest.raises(ValueError, match="mismatch between variables"):
        sample(bqm, initial_states={"a": 1})
    with pytest.raises(ValueError, match="unknown vartype"):
        sample(bqm, initial_states=np.full((1, 64), 3))


def test_schedules_are_in_the_order_of_sweeps():
    bqm = glass()
    found = SpinglassSampler().sample(bqm, beta_schedule=[0.5, 2.0, 1.0], seed=1)
    assert found.info["beta_range"] == [0.5, 1.0]
    assert found.info["num_sweeps"] == 3
    assert SpinglassSampler().sample(bqm, seed=1).info["num_sweeps"] == 1000
    assert SpinglassSampler().sample(bqm, beta_range=(0.1, 3.0)).info["beta_range"] == [0.1, 3.0]
    ladder = SpinglassTempering().sample(bqm, beta_schedule=[2.0, 0.5, 1.0], num_sweeps=50, seed=1)
    assert ladder.info["beta_schedule"] == [0.5, 1.0, 2.0]
    assert len(ladder.info["swap_rates"]) == 2
    by_range = SpinglassTempering().sample(bqm, beta_range=(0.5, 2.0), num_betas=5, num_sweeps=5)
    np.testing.assert_allclose(by_range.info["beta_schedule"], np.geomspace(0.5, 2.0, 5))
    assert len(SpinglassTempering().sample(bqm, num_sweeps=5).info["beta_schedule"]) == 8


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_an_interrupt_function_ends_the_search_with_a_state_of_each_read(sampler):
    bqm, calls = glass(n=60), []
    began = time.perf_counter()

    def stop():
        calls.append(time.perf_counter())
        return len(calls) == 3

    found = sampler().sample(
        bqm, num_reads=4, num_sweeps=10**7, beta_range=(0.1, 1.0), seed=1, interrupt_function=stop
    )
    assert len(calls) == 3
    assert time.perf_counter() - began < 30
    assert found.info["num_sweeps"] < 10**7
    assert len(found) == 4
    dimod.testing.assert_response_energies(found, bqm)
    same = sampler().sample(bqm, num_sweeps=5, seed=1, interrupt_function=lambda: False)
    assert_same_reads(same, sampler().sample(bqm, num_sweeps=5, seed=1))


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_who_interrupts_at_once_has_one_sweep_at_least(sampler):
    n, rng = 4000, np.random.default_rng(1)
    ends = rng.integers(0, n, (2, 400_000))
    ends = ends[:, ends[0] != ends[1]]
    bqm = dimod.BinaryQuadraticModel.from_numpy_vectors(
        np.zeros(n), (*ends, rng.normal(size=ends.shape[1])), 0.0, "SPIN"
    )
    options = {"num_sweeps": 10**6, "beta_schedule": [0.1, 1.0]}
    found = sampler().sample(bqm, interrupt_function=lambda: True, seed=1, **options)
    assert 1 <= found.info["num_sweeps"] < 10**6
    np.testing.assert_allclose(found.record.energy, bqm.energies(found), rtol=1e-9)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_an_error_of_the_interrupt_function_is_passed_on(sampler):
    def fail():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        sampler().sample(glass(), num_sweeps=10**7, beta_range=(0.1, 1.0), interrupt_function=fail)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_ctrl_c_keeps_the_sample_set_so_far(sampler, interrupt_when):
    bqm, ticks = glass("BINARY", n=60), []
    interrupt_when(lambda: len(ticks) > 1)
    with pytest.raises(spinglass.Interrupted) as caught:
        sampler().sample(
            bqm,
            num_reads=3,
            num_sweeps=10**7,
            beta_range=(0.1, 1.0),
            interrupt_function=lambda: ticks.append(1),
        )
    found = caught.value.result
    assert len(found) == 3
    assert found.info["num_sweeps"] < 10**7
    dimod.testing.assert_response_energies(found, bqm)


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("vartype", ["SPIN", "BINARY"])
def test_a_model_without_variables_or_without_biases_has_its_offset(sampler, vartype):
    empty = dimod.BinaryQuadraticModel({}, {}, 1.5, vartype)
    found = sampler().sample(empty, num_reads=3)
    assert found.record.energy.tolist() == [1.5] * 3
    assert found.record.sample.shape == (3, 0)
    flat = dimod.BinaryQuadraticModel({"a": 0.0, ("b",): 0.0}, {}, 1.5, vartype)
    found = sampler().sample(flat, num_reads=3, num_sweeps=10)
    assert found.record.energy.tolist() == [1.5] * 3


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_labels_of_any_kind_come_back(sampler):
    labels = [("a", 1), 7, "x", 2.5, frozenset({3})]
    for vartype in ("SPIN", "BINARY"):
        bqm = dimod.BinaryQuadraticModel({}, dict.fromkeys(pairwise(labels), 1.0), 0.0, vartype)
        found = sampler().sample(bqm, num_reads=2, num_sweeps=10)
        assert set(found.variables) == set(labels)
        dimod.testing.assert_response_energies(found, bqm)
    gaps = dimod.BinaryQuadraticModel({}, {(10, 2): 1.0, (2, -5): 1.0}, 0.0, "SPIN")
    assert list(sampler().sample(gaps).variables) == [-5, 2, 10]


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_an_unknown_argument_is_warned_of_and_ignored(sampler):
    with pytest.warns(dimod.exceptions.SamplerUnknownArgWarning, match="annealing_time"):
        found = sampler().sample(glass(), num_sweeps=5, annealing_time=20, seed=1)
    assert_same_reads(found, sampler().sample(glass(), num_sweeps=5, seed=1))


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("num_reads", 0),
        ("num_reads", 1.5),
        ("num_sweeps", 0),
        ("num_sweeps", "many"),
        ("beta_range", (2.0, 1.0)),
        ("beta_range", (1.0, np.nan)),
        ("beta_range", 1.0),
        ("beta_schedule", [-1.0]),
        ("beta_schedule", []),
        ("beta_schedule", [[1.0]]),
        ("beta_schedule", "linear"),
        ("seed", -1),
        ("seed", "seed"),
        ("interrupt_function", True),
        ("num_threads", 0),
        ("answer_mode", "both"),
        ("initial_states_generator", "zeros"),
    ],
)
def test_a_wrong_argument_is_named(sampler, argument, value):
    for options in ({}, {"initial_states": dict.fromkeys(glass().variables, 1)}):
        with pytest.raises((TypeError, ValueError), match=argument):
            sampler().sample(glass(), **{argument: value}, **options)
    with pytest.raises(ValueError, match="beta_schedule and beta_range must not both be given"):
        sampler().sample(glass(), beta_range=(0.1, 1.0), beta_schedule=[1.0])


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_none_is_the_default_of_every_option_that_has_no_other(sampler):
    options = set(sampler().parameters) - {"answer_mode", "initial_states_generator", "seed"}
    found = sampler().sample(glass(), seed=1, **dict.fromkeys(options))
    assert_same_reads(found, sampler().sample(glass(), seed=1))


def test_fewer_sweeps_than_temperatures_and_no_temperatures_are_refused():
    with pytest.raises(ValueError, match="num_sweeps must be an integer >= 3, got 2"):
        SpinglassSampler().sample(glass(), num_sweeps=2, beta_schedule=[1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="num_betas must be an integer >= 1, got 0"):
        SpinglassTempering().sample(glass(), num_betas=0)
    for other in ({("a", "b"): 1.0}, dimod.QuadraticModel(), None):
        with pytest.raises(TypeError, match=r"bqm must be a dimod.BinaryQuadraticModel"):
            SpinglassSampler().sample(other)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_sampler_serves_many_threads(sampler):
    shared, found = sampler(), {}

    def run(seed):
        found[seed] = shared.sample(glass(), num_sweeps=20, num_reads=2, seed=seed)

    threads = [threading.Thread(target=run, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed, samples in found.items():
        again = sampler().sample(glass(), num_sweeps=20, num_reads=2, seed=seed)
        assert_same_reads(samples, again)


def test_composites_of_dimod_take_the_samplers():
    bqm = glass("BINARY")
    tracked = dimod.TrackingComposite(SpinglassSampler())
    assert tracked.sample(bqm, num_reads=3, num_sweeps=20, seed=1) == tracked.output
    cubic = {("a", "b", "c"): 1.0, ("a",): -0.5}
    of_three = dimod.HigherOrderComposite(SpinglassSampler())
    found = of_three.sample_hising({}, cubic, num_reads=20, seed=1)
    assert found.first.energy == -1.5
    found = SpinglassSampler().sample_qubo({("a", "a"): -1.0, ("a", "b"): 2.0}, num_reads=4, seed=1)
    assert found.vartype is dimod.BINARY
    assert found.first.energy == -1.0
    found = SpinglassSampler().sample_ising({}, {("a", "b"): 1.0}, num_reads=4, seed=1)
    assert found.first.energy == -1.0
    with SpinglassSampler() as sampler:
        assert sampler.sample(bqm, num_sweeps=5)
