"""The experiments of the package on the runner: configs, tasks, parts of results, resuming."""

import json
from contextlib import suppress
from dataclasses import fields, is_dataclass

import numpy as np
import pytest

import spinglass
from spinglass._interrupted import Interrupted
from spinglass.experiments import TemperedGlass
from spinglass.experiments.ising_transition.experiment import IsingExperiment, ising
from spinglass.experiments.mean_field_lattice.experiment import MeanFieldExperiment, meanfield
from spinglass.experiments.quenched_disorder.experiment import (
    DisorderExperiment,
    disorder_average,
)
from spinglass.experiments.renormalization_flow.experiment import RenormalizeExperiment, renormalize
from spinglass.experiments.retrieval_capacity.experiment import CapacityExperiment, capacity
from spinglass.experiments.sherrington_kirkpatrick.experiment import SkExperiment, sk
from spinglass.runner.task import Experiment, Share


def glass(seed):
    return spinglass.SherringtonKirkpatrick(8, seed=seed)


EXPERIMENTS = [
    (
        disorder_average,
        DisorderExperiment,
        {"make_model": glass, "seeds": (3, 1, 2), "study": TemperedGlass((0.5, 1.0), 20)},
    ),
    (capacity, CapacityExperiment, {"n_spins": (100, 200), "loads": {100: [0.1], 200: [0.2]}}),
    (ising, IsingExperiment, {"sizes": (4, 8), "n_sweeps": 100}),
    (ising, IsingExperiment, {"sizes": 4, "n_sweeps": 100, "snapshot_size": None, "seed": 2**70}),
    (renormalize, RenormalizeExperiment, {"size": 16, "n_sweeps": 40}),
    (renormalize, RenormalizeExperiment, {"size": 16, "n_sweeps": 40, "picture_size": None}),
    (meanfield, MeanFieldExperiment, {"size": 4, "n_sweeps": 40, "temperatures": [2.0]}),
    (sk, SkExperiment, {"n_spins": (8, 9), "n_instances": (1, 2), "n_sweeps": 10}),
    (sk, SkExperiment, {"n_spins": 8, "n_instances": 1, "n_sweeps": 10, "betas": np.arange(3)}),
]


each_experiment = pytest.mark.parametrize(("function", "kind", "arguments"), EXPERIMENTS)


def experiment_of(function, kind, arguments, monkeypatch):
    """Return what a function gives the runner, without running it."""
    made = []

    def stop(self):
        made.append(self)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(kind, "tasks", stop)
        with pytest.raises(KeyboardInterrupt):
            function(**arguments)
    (one,) = made
    return one


def contents(value):
    """Return all that a result holds, as nested lists and bytes."""
    if isinstance(value, np.ndarray):
        return [str(value.dtype), value.shape, value.tobytes()]
    if isinstance(value, tuple | list):
        return [contents(x) for x in value]
    if isinstance(value, dict):
        return [(name, contents(x)) for name, x in value.items()]
    if is_dataclass(value):
        return [contents(getattr(value, x.name)) for x in fields(value)]
    return repr(value)


@each_experiment
def test_the_experiment_of_a_config_in_json_is_the_same(function, kind, arguments, monkeypatch):
    one = experiment_of(function, kind, arguments, monkeypatch)
    other = Experiment.known[one.name].of(json.loads(json.dumps(one.as_dict())))
    assert type(other) is kind
    assert other.config == one.config
    assert hash(other.config) == hash(one.config)
    assert other.tasks() == one.tasks()


@each_experiment
def test_every_task_says_what_it_takes(function, kind, arguments, monkeypatch):
    tasks = experiment_of(function, kind, arguments, monkeypatch).tasks()
    assert all(task.cost > 0 and task.memory >= 2**19 for task in tasks)
    assert all(task.units > 0 or "picture" in task.key for task in tasks)
    assert any(task.units > 0 for task in tasks)


@each_experiment
def test_some_of_the_tasks_make_a_result_too(function, kind, arguments, monkeypatch):
    one = experiment_of(function, kind, arguments, monkeypatch)
    finished = [(task, one.work(task, Share())) for task in one.tasks()]
    assert all(values.dtype != object for _, rows in finished for values in rows.values())
    assert contents(one.result(finished)) == contents(function(**arguments))
    for some in (finished[:0], finished[1::2], finished[-1:]):
        result = one.result(some)
        assert result.to_dict()["complete"] is (len(some) == len(finished))


@each_experiment
def test_a_scan_that_is_interrupted_twice_ends_as_one_that_is_not(
    function, kind, arguments, tmp_path
):
    path, shown, calls = tmp_path / "scan.sqlite", [], []

    def interrupt(done, total):
        shown.append(done)
        if len(shown) == 2:
            raise KeyboardInterrupt

    for _ in range(2):
        shown.clear()
        with suppress(Interrupted):  # a single task is over by then
            function(**arguments, store=path, progress=interrupt)
    found = function(**arguments, store=path, progress=lambda *x: calls.append(x))
    assert contents(found) == contents(function(**arguments))
    assert calls[-1][0] == calls[-1][1]
