"""What a failing function, or Ctrl-C beside it, leaves: a shorter run, complete in itself."""

import pickle
import sys

import numpy as np
import pytest

import spinglass
from sampling.test_observed import CALLS, first_half, first_spin, same_runs
from sampling.test_runs import LARGER
from spinglass import Interrupted, MeasurementError, Observed
from spinglass.sampling import segments

GIVEN = {"warmup": 3, "every": 2, "keep_states": True}
SWEEPS = 24


class Failing:
    """A function that raises at one of its calls."""

    def __init__(self, function, at=None, error=None):
        self.function, self.left, self.error = function, at, error

    def __call__(self, states):
        if self.left is not None:
            self.left -= 1
            if self.left == 0:
                raise self.error
        return self.function(states)


def ended(call, model, *more, **options):
    """Return the run that a call leaves which fails."""
    with pytest.raises((MeasurementError, Interrupted)) as caught:
        CALLS[call](model, *more, **options)
    run = pickle.loads(pickle.dumps(caught.value)).result
    assert caught.value.done == run.n_measurements
    return run


def joined(part, rest):
    """Return all series of two runs, one after the other."""
    axis = part.energy.ndim - 1
    pairs = [("energy", part.energy, rest.energy), ("states", part.states, rest.states)]
    pairs += [(name, part.measured[name], rest.measured[name]) for name in rest.measured]
    return {name: np.concatenate([one, other], axis) for name, one, other in pairs}


@pytest.mark.parametrize("error", [LookupError("no such thing"), KeyboardInterrupt()])
@pytest.mark.parametrize("every", [2, 4])
@pytest.mark.parametrize("call", CALLS)
def test_a_failing_function_leaves_the_run_up_to_the_call_before(call, every, error):
    model = LARGER["+-J lattice"]
    given = GIVEN | {"seed": 1}
    measure = ["overlap", Observed(first_spin, every)]
    whole = CALLS[call](model, SWEEPS, 3, measure=measure, **given)
    for at in (1, 3, SWEEPS // every):  # the first call, one in the middle, the last
        function = Observed(Failing(first_spin, at, error), every, "first_spin")
        run = ended(call, model, SWEEPS, 3, measure=["overlap", function], **given)
        done = (at - 1) * every
        assert (run.n_sweeps, run.sweeps) == (done, done + 3)
        if done:
            same_runs(run, CALLS[call](model, done, 3, measure=measure, **given))
        rest = CALLS[call](
            model, SWEEPS - done, every=2, keep_states=True, initial=run, measure=measure
        )
        for name, series in joined(run, rest).items():
            expected = whole.measured.get(name, getattr(whole, name, None))
            np.testing.assert_array_equal(series, expected, name)
        np.testing.assert_array_equal(rest.final_states, whole.final_states)
        np.testing.assert_array_equal(rest._streams, whole._streams)


@pytest.mark.parametrize("error", [ZeroDivisionError(), KeyboardInterrupt()])
@pytest.mark.parametrize("call", CALLS)
def test_all_series_end_together_whichever_function_fails(call, error):
    model = LARGER["lattice"]
    spacings = {"often": 2, "less": 4, "seldom": 6}

    def measure(failing=None, at=None):
        return [
            Observed(Failing(first_half, at if name == failing else None, error), every, name)
            for name, every in spacings.items()
        ]

    whole = CALLS[call](model, SWEEPS, 3, measure=measure(), seed=2, **GIVEN)
    axis = whole.energy.ndim - 1
    for failing, every in spacings.items():
        for at in (1, 2, SWEEPS // every):
            run = ended(call, model, SWEEPS, 3, measure=measure(failing, at), seed=2, **GIVEN)
            # Some function is due after every two sweeps.
            assert run.n_sweeps == at * every - 2
            for name, series in ({"energy": run.energy} | run.measured).items():
                count = run.n_sweeps // spacings.get(name, 2)
                assert series.shape[axis] == count
                if count:
                    one = whole.measured.get(name, whole.energy)
                    np.testing.assert_array_equal(series, one.take(range(count), axis), name)
            assert run.measured.keys() == spacings.keys()
            rest = CALLS[call](model, SWEEPS - run.n_sweeps, every=2, initial=run)
            np.testing.assert_array_equal(rest.final_states, whole.final_states)


def test_what_a_failed_run_has_goes_into_tables_files_and_averages(tmp_path):
    function = Failing(first_spin, 301, ValueError())
    measure = [Observed(function, name="f"), Observed(first_spin, name="g")]
    run = ended("sample", spinglass.SquareLattice(8), 1000, 4, measure=measure, seed=1)
    assert run.measured["f"].shape == run.measured["g"].shape == run.energy.shape == (4, 300)
    assert {"f", "g"} < set(run.to_dataframe().columns)
    assert np.isfinite(run.reweight(0.38, ["f", "g"]).energy.value).all()
    run.save(tmp_path / "run")
    same_runs(spinglass.Run.load(tmp_path / "run"), run)


@pytest.mark.parametrize("call", CALLS)
def test_ctrl_c_at_the_end_of_a_segment_leaves_no_series_behind(call):
    def stop(done, total):
        reported.append((done, total))
        if done >= 50:
            raise KeyboardInterrupt

    model, reported = LARGER["SK"], []
    given = {"warmup": 7, "measure": [first_spin], "seed": 1}
    run = ended(call, model, 1000, 2, progress=stop, **given)
    assert 30 < run.n_sweeps < 1000
    assert run.measured["first_spin"].shape == run.energy.shape
    assert {total for _, total in reported} == {1007}
    assert sorted(reported) == reported
    same_runs(run, CALLS[call](model, run.n_sweeps, 2, **given))


def test_ctrl_c_in_the_warmup_keeps_the_sweeps_so_far():
    def stop(done, total):
        raise KeyboardInterrupt

    run = ended(
        "sample", LARGER["SK"], 5, 2, warmup=10**7, measure=[first_spin], seed=1, progress=stop
    )
    assert 0 < run.sweeps < 10**7
    assert run.measured["first_spin"].shape == run.energy.shape == (2, 0)
    rest = spinglass.sample(LARGER["SK"], 0.4, 5, initial=run, measure=[first_spin])
    assert rest.measured["first_spin"].shape == (2, 5)


def test_ctrl_c_between_two_segments_finds_each_of_them_kept_or_not():
    model = spinglass.EdwardsAnderson((4, 4), seed=1)

    def interrupted(line):
        """Return the run that is left by Ctrl-C at a line of what joins the segments."""
        left = line

        def inside(frame, event, argument):
            nonlocal left
            left -= event == "line" and bool(frame.f_locals["self"].last)
            if left == 0:
                raise KeyboardInterrupt
            return inside

        def trace(frame, event, argument):
            is_ours = frame.f_code.co_filename == segments.__file__
            return inside if is_ours and frame.f_code.co_name in ("add", "observe") else None

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            return spinglass.temper(model, [0.2, 0.4], 3, 2, measure=[first_spin], seed=1)
        except Interrupted as interruption:
            return interruption.result
        finally:
            sys.settrace(before)

    lengths = []
    while not lengths or lengths[-1] < 3:
        run = interrupted(len(lengths) + 1)
        lengths.append(run.n_sweeps)
        assert run.measured["first_spin"].shape == run.energy.shape == (2, 2, run.n_sweeps)
        if run.n_sweeps:
            whole = spinglass.temper(
                model, [0.2, 0.4], run.n_sweeps, 2, measure=[first_spin], seed=1
            )
            same_runs(run, whole)
    assert sorted(lengths) == lengths
    assert set(lengths) == set(range(4))


@pytest.mark.parametrize("measure", [(), (first_spin,)])
def test_an_exception_of_a_progress_callable_comes_as_it_is(measure):
    def broken(done, total):
        raise LookupError("no bar")

    for call in CALLS.values():
        with pytest.raises(LookupError, match="no bar"):
            call(LARGER["SK"], 100, 2, measure=measure, seed=1, progress=broken)


@pytest.mark.parametrize("call", CALLS)
def test_a_function_cannot_change_the_states_of_the_run(call):
    def writes(states):
        with pytest.raises(ValueError, match="read-only"):
            states[...] = 1
        with pytest.raises(ValueError, match="WRITEABLE"):
            states.flags.writeable = True
        return first_spin(states)

    plain = CALLS[call](LARGER["SK"], 4, 2, measure=["overlap"], seed=1)
    same_runs(CALLS[call](LARGER["SK"], 4, 2, measure=["overlap", writes], seed=1), plain)


def test_functions_may_return_one_array_again_and_again():
    place = np.empty(2)

    def one(states):
        place[:] = states[:, 0]
        return place

    def next_one(states):
        place[:] = states[:, 1]
        return place

    run = spinglass.sample(
        LARGER["SK"], 0.4, 20, 2, measure=[one, next_one], keep_states=True, seed=1
    )
    np.testing.assert_array_equal(run.measured["one"], run.states[..., 0])
    np.testing.assert_array_equal(run.measured["next_one"], run.states[..., 1])


def test_a_function_that_was_never_due_has_an_empty_series():
    run = spinglass.sample(LARGER["SK"], 0.4, 5, 2, measure=[Observed(first_spin, 6)], seed=1)
    assert run.measured["first_spin"].shape == (2, 0)
    with pytest.raises(ValueError, match="nothing was measured"):
        run.observable("first_spin")


def test_a_run_that_breaks_off_in_the_first_sweep_of_a_segment_goes_on_before_it(monkeypatch):
    module = sys.modules["spinglass.sampling.sampling"]

    def breaking(move, *more):
        calls = iter(range(10))

        def moved(plan, states, **rest):
            columns, interruption = move(plan, states, **rest)
            if next(calls) < 3:
                return columns, interruption
            return columns | {"sweeps": 0, "measured": 0, "ending": "broken"}, KeyboardInterrupt()

        return segments.in_segments(moved, *more)

    given = {"warmup": 3, "measure": [first_spin], "seed": 1}
    whole = spinglass.sample(LARGER["SK"], 0.4, 8, 2, **given)
    with monkeypatch.context() as patched:
        patched.setattr(module, "in_segments", breaking)
        run = ended("sample", LARGER["SK"], 8, 2, **given)
    assert run.n_sweeps == 2  # the first segment is the warmup
    rest = spinglass.sample(LARGER["SK"], 0.4, 6, initial=run, measure=[first_spin])
    both = np.concatenate([run.measured["first_spin"], rest.measured["first_spin"]], axis=1)
    np.testing.assert_array_equal(both, whole.measured["first_spin"])
    np.testing.assert_array_equal(rest.final_states, whole.final_states)
