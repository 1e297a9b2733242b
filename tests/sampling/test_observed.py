"""Functions of the user: they see the states of the run, and leave all else as it is."""

import pickle

import numpy as np
import pytest

from sampling.measured import observables_of
from sampling.test_runs import LARGER
from spinglass import MeasurementError, Observed, Run, sample, temper

BETAS = [0.2, 0.35, 0.5]
CALLS = {
    "sample": lambda model, *more, **options: sample(model, 0.4, *more, **options),
    "side by side": lambda model, *more, **options: sample(model, BETAS, *more, **options),
    "temper": lambda model, *more, **options: temper(model, BETAS, *more, **options),
}


def first_half(states):
    """Two numbers of each state."""
    half = states.shape[-1] // 2
    return np.stack([states[..., :half].mean(-1), states[..., half:].mean(-1)], axis=-1)


def first_spin(states):
    return states[..., 0]


def same_runs(run, other):
    for field in ("energy", "magnetization", "states", "final_states", "acceptance", "_streams"):
        np.testing.assert_array_equal(getattr(run, field), getattr(other, field), field)
    for name, series in other.measured.items():
        np.testing.assert_array_equal(run.measured[name], series, name)
    for name in ("swap_rates", "round_trips", "_order"):
        if hasattr(other, name):
            np.testing.assert_array_equal(getattr(run, name), getattr(other, name), name)
    assert (run.n_sweeps, run.sweeps, run.warmup) == (other.n_sweeps, other.sweeps, other.warmup)


@pytest.mark.parametrize("name", ["lattice", "fast lattice", "+-J lattice", "SK", "Hopfield"])
@pytest.mark.parametrize("call", CALLS)
def test_functions_see_the_states_and_change_no_bit(call, name):
    model = LARGER[name]
    measure = observables_of(model)
    given = {"warmup": 3, "every": 2, "keep_states": True, "seed": 5}
    plain = CALLS[call](model, 40, 3, measure=measure, **given)
    functions = [first_half, Observed(first_spin, 6), Observed(first_spin, 8, "again")]
    run = CALLS[call](model, 40, 3, measure=[*measure, *functions], **given)
    same_runs(run, plain)
    np.testing.assert_array_equal(run.measured["first_half"], first_half(run.states))
    np.testing.assert_array_equal(run.measured["first_spin"], run.states[..., 2::3, 0])
    np.testing.assert_array_equal(run.measured["again"], run.states[..., 3::4, 0])


def test_round_trips_are_counted_across_calls():
    model = LARGER["+-J lattice"]
    given = {"seed": 1, "measure": ()}
    plain = temper(model, [0.1, 0.2, 0.3], 300, 2, **given)
    assert (plain.round_trips > 3).all()
    run = temper(model, [0.1, 0.2, 0.3], 300, 2, **given | {"measure": [first_spin]})
    np.testing.assert_array_equal(run.round_trips, plain.round_trips)


def test_states_are_bytes_that_cannot_be_written():
    seen = []

    def look(states):
        seen.append(states)
        return states.sum(-1)

    sample(LARGER["SK"], 0.4, 2, 3, measure=[look], seed=1)
    temper(LARGER["SK"], BETAS, 1, 2, measure=[look], seed=1)
    assert [(x.dtype, x.shape, x.flags.writeable) for x in seen] == [
        (np.dtype(np.int8), shape, False) for shape in [(3, 150), (3, 150), (2, 3, 150)]
    ]
    assert not np.array_equal(seen[0], seen[1])


@pytest.mark.parametrize("call", CALLS)
def test_series_come_back_from_files_pickles_and_tables(call, tmp_path):
    model = LARGER["Hopfield"]
    measure = ["largest_overlap", first_half, Observed(first_spin, 4)]
    run = CALLS[call](model, 20, 3, every=2, measure=measure, seed=1)
    run.save(tmp_path / "run")
    for again in (pickle.loads(pickle.dumps(run)), Run.load(tmp_path / "run")):
        same_runs(again, run)
        rest = CALLS[call](model, 4, every=2, initial=again)
        assert rest.measured.keys() == {"largest_overlap"}  # a file keeps no function
    columns = run.to_dataframe().columns
    assert {"largest_overlap", "first_half_0", "first_half_1"} < set(columns)
    assert "first_spin" not in columns  # it is measured less often
    tree = run.to_datatree()
    assert tree["posterior"]["first_half"].shape[-1] == 2
    assert tree["posterior"]["first_spin"].sizes["first_spin_draw"] == 5
    found = run.observable("first_half")
    assert found.mean.value.shape == (*run.energy.shape[1:-1], 2)
    np.testing.assert_allclose(found.mean.value, run.measured["first_half"].mean((0, -2)))


@pytest.mark.parametrize("name", ["lattice", "+-J lattice", "Hopfield"])
def test_no_function_takes_a_name_that_tables_have_for_something_else(name):
    model = LARGER[name]
    held = {"initial": np.ones((2, model.n_spins)), "clamp": np.arange(model.n_spins) < 2}
    given = {"measure": observables_of(model), "keep_states": True, "seed": 1}
    names = set()
    for run in (sample(model, 0.4, 2, 2, **given, **held), temper(model, BETAS, 2, 2, **given)):
        data = run.to_xarray()
        names |= {*data.variables, *data.dims}
        for pairs in (False, True):
            names |= set(run.to_dataframe(pairs=pairs).columns)
    for taken in names:
        measure = [*observables_of(model), Observed(first_spin, name=str(taken))]
        with pytest.raises(ValueError, match=f'"{taken}"'):
            sample(model, 0.4, 2, 2, measure=measure, seed=1)


@pytest.mark.parametrize("call", CALLS)
def test_an_exception_is_the_cause_of_what_ends_the_run(call):
    calls = []

    def fails(states):
        calls.append(None)
        if len(calls) == 4:
            raise LookupError("no such thing")
        return states.sum(-1)

    with pytest.raises(MeasurementError, match="LookupError: no such thing; 6 of 20") as found:
        CALLS[call](LARGER["SK"], 40, 3, every=2, measure=[Observed(fails, 4)], seed=1)
    assert isinstance(found.value.__cause__, LookupError)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda states: 1.0, r"observed must return an array of shape \(2,\) or with more axes"),
        (lambda states: states[:1], r"got shape \(1, 150\)"),
        (lambda states: "nothing", "what observed returns must"),
        (lambda states: np.array([1j, 2]), "what observed returns must"),
    ],
)
def test_what_a_function_returns_is_checked(function, message):
    with pytest.raises(MeasurementError, match=message):
        sample(LARGER["SK"], 0.4, 3, 2, measure=[function], seed=1)


def test_a_function_returns_the_same_shape_each_time():
    sizes = iter((1, 2))
    with pytest.raises(MeasurementError, match=r"of shape \(2, 1\), got shape \(2, 2\)") as found:
        sample(LARGER["SK"], 0.4, 3, 2, measure=[lambda s: s[:, : next(sizes)]], seed=1)
    assert found.value.result.measured["observed"].shape == (2, 1, 1)
    one = sample(LARGER["SK"], 0.4, 3, measure=[lambda states: 2.5], seed=1)
    np.testing.assert_array_equal(one.measured["observed"], np.full((1, 3), 2.5))


@pytest.mark.parametrize(
    ("measure", "error", "message"),
    [
        (lambda: [Observed(first_spin, 3)], ValueError, "multiple of that of the run, 2, got 3"),
        (lambda: [Observed(first_spin, 0)], ValueError, "every must be an integer >= 1"),
        (lambda: [Observed(3)], TypeError, "function must be callable, got 3"),
        (lambda: [Observed(first_spin, name="energy")], ValueError, 'another name than "energy"'),
        (lambda: [Observed(first_spin, name="beta")], ValueError, 'another name than "beta"'),
        (lambda: [first_spin, Observed(first_half, name="first_spin_0")], ValueError, "spin_0"),
        (lambda: [first_spin, Observed(first_half, name="first_spin_draw")], ValueError, "draw"),
        (lambda: ["overlap", Observed(first_half, name="overlap_1")], ValueError, "overlap_1"),
        (lambda: [Observed(first_spin, name=3)], TypeError, "name must be text"),
        (lambda: [first_spin, Observed(first_spin, 4)], ValueError, '"first_spin" once'),
        (lambda: first_spin, TypeError, "measure must be a sequence"),
    ],
)
def test_functions_are_checked_before_the_run(measure, error, message):
    for call in CALLS.values():
        with pytest.raises(error, match=message):
            call(LARGER["SK"], 4, 2, every=2, measure=measure())
