"""One exception for Ctrl-C in every long call, with what was finished."""

import pickle

import pytest

import spinglass
from spinglass import Interrupted, experiments, meanfield


def stop_at(count):
    def stop(done, total):
        if done >= count:
            raise KeyboardInterrupt

    return stop


def test_an_interruption_says_how_far_it_came_and_pickles():
    error = pickle.loads(pickle.dumps(Interrupted([1, 2], 2, 5, "glasses")))
    assert isinstance(error, KeyboardInterrupt)
    assert (error.result, error.done, error.total, error.unit) == ([1, 2], 2, 5, "glasses")
    kept = "(kept in .result; at a prompt: import sys; sys.last_value.result)"
    assert str(error) == f"interrupted after 2 of 5 glasses {kept}"


@pytest.mark.parametrize(
    ("where", "name"),
    [
        (spinglass, "SamplingInterrupted"),
        (spinglass, "RecallInterrupted"),
        (meanfield, "MeanFieldInterrupted"),
        (experiments, "ExperimentInterrupted"),
        (experiments, "PointsInterrupted"),
        (experiments, "RbmInterrupted"),
        (experiments, "ScanInterrupted"),
        (experiments, "SkInterrupted"),
    ],
)
def test_the_earlier_names_are_names_of_it(where, name):
    assert getattr(where, name) is Interrupted


def test_an_interrupted_run_counts_measurements_and_an_annealing_sweeps():
    lattice = spinglass.SquareLattice(1024)
    with pytest.raises(Interrupted, match="of 2500 measurements") as caught:
        spinglass.sample(lattice, 0.4, 10_000, every=4, progress=stop_at(1))
    error = caught.value
    assert (error.done, error.total) == (error.result.energy.shape[-1], 2500)
    with pytest.raises(Interrupted, match="of 10000 sweeps") as caught:
        spinglass.anneal(lattice, (0.1, 1.0), n_sweeps=10_000, progress=stop_at(1))
    error = caught.value
    assert (error.done, error.total) == (error.result.energy.shape[-1], 10_000)
