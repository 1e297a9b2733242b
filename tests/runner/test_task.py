"""What an experiment of one's own may declare and return, and what is said if it does otherwise."""

import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest

from spinglass.experiments import Experiment, Task, run


@dataclass(frozen=True)
class AnyConfig:
    value: object = None


class Any(Experiment):
    """Tasks and rows as they are given."""

    name, config_type = "any of the tests", AnyConfig

    def __init__(self, config, tasks=("a", "b"), rows=None):
        super().__init__(config)
        self.given, self.rows = tasks, rows

    def tasks(self):
        return [Task(key) if isinstance(key, str) else key for key in self.given]

    def work(self, task, share):
        return {"key": np.array([task.key])} if self.rows is None else self.rows

    def result(self, finished):
        return [
            (task.key, {name: x.tolist() for name, x in rows.items()}) for task, rows in finished
        ]


def stored(path, **fields):
    return run(Any(AnyConfig(), **fields), store=path, num_threads=1)


@pytest.mark.parametrize(
    "rows",
    [
        None,
        ([1.0],),
        np.zeros(3),
        {"a": [1, 2]},
        {"a": 1.0},
        {"a": np.array([1, "x", None], dtype=object)},
        {"a": np.zeros(2, dtype=[("x", object)])},
        {"a": np.ma.masked_array([1, 2], [True, False])},
        {"two words": np.zeros(1)},
        {"a\0b": np.zeros(1)},
        {1: np.zeros(1)},
    ],
)
@pytest.mark.parametrize("keep", [True, False])
def test_rows_that_would_not_come_back_from_a_store_are_refused_at_once(tmp_path, rows, keep):
    class Bad(Any):
        name = "bad rows of the tests"

        def work(self, task, share):
            return rows

    with pytest.raises(TypeError, match=r"work must return plain NumPy arrays by name") as caught:
        run(Bad(AnyConfig()), store=tmp_path / "scan.sqlite" if keep else None)
    assert "in the task 'a' of bad rows" in caught.value.__notes__[0]


def test_any_plain_rows_come_back_from_a_store_as_they_were(tmp_path):
    rows = {
        "allow_pickle": np.array([[1.5, np.nan], [-0.0, np.inf]]),
        "file": np.array(["ä", "bc"]),
        "table": np.array([(1, True)], dtype=[("n", "<i8"), ("yes", "?")]),
        "nothing": np.empty((0, 3), np.int8),
        "number": np.array(3, np.uint64),
        "columns": np.asfortranarray(np.arange(6).reshape(2, 3)),
    }
    path = tmp_path / "scan.sqlite"
    kept = []

    class Keep(Any):
        name = "kept rows of the tests"

        def result(self, finished):
            kept.append([rows for _, rows in finished])

    for _ in range(2):
        run(Keep(AnyConfig(), rows=rows), store=path)
    for back in kept[1]:
        assert list(back) == list(rows)
        for name, values in rows.items():
            assert back[name].dtype == values.dtype
            assert back[name].shape == values.shape
            assert back[name].tobytes() == values.tobytes()


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        (("b", "a"), "task 0 is 'a' there and 'b' here"),
        (("a", "c"), "task 1 is 'b' there and 'c' here"),
        (("a",), "it has 2 tasks there and 1 here"),
        (("a", "b", "c"), "it has 2 tasks there and 3 here"),
    ],
)
def test_a_store_does_not_give_its_rows_to_other_tasks(tmp_path, tasks, message):
    path = tmp_path / "scan.sqlite"
    before = stored(path)
    with pytest.raises(ValueError, match=f"holds another scan: {message}"):
        stored(path, tasks=tasks)
    assert stored(path) == before


def test_a_config_of_numpy_numbers_and_of_nan_is_found_again(tmp_path):
    values = (np.int64(3), np.float32(0.5), np.bool_(True), float("nan"), -0.0, None, "text")
    path = tmp_path / "scan.sqlite"
    for _ in range(2):
        run(Any(AnyConfig(values)), store=path)
    with pytest.raises(ValueError, match=r"value is .* there and .* here"):
        run(Any(AnyConfig((3, 0.5, 1, float("nan"), 0.0, None, "text"))), store=path)


def test_the_first_difference_of_long_lists_is_that_of_what_is_stored(tmp_path):
    path = tmp_path / "scan.sqlite"
    before = (float("nan"), *range(100))
    run(Any(AnyConfig(before)), store=path)
    with pytest.raises(ValueError, match=r"value\[3\] is 2 there and 2.0 here"):
        run(Any(AnyConfig((*before[:3], 2.0, *before[4:]))), store=path)


def test_a_config_that_json_does_not_know_is_refused_by_its_field(tmp_path):
    with pytest.raises(TypeError, match=r"must hold numbers, text, None .* as value"):
        run(Any(AnyConfig({1, 2})), store=tmp_path / "scan.sqlite")
    assert list(tmp_path.glob("*.sqlite")) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"memory": -5},
        {"memory": float("nan")},
        {"cost": float("inf")},
        {"cost": -1},
        {"units": "x"},
    ],
)
def test_a_task_says_what_is_wrong_with_its_numbers(fields):
    (name,) = fields
    with pytest.raises(ValueError, match=f"{name} of the task 'a' must be a finite number >= 0"):
        Task("a", **fields)


@pytest.mark.parametrize("key", [None, "", 3])
def test_a_key_is_text(key):
    with pytest.raises(TypeError, match="key of a task must be text"):
        Task(key)


def test_a_grid_is_of_tasks_with_keys_of_their_own():
    with pytest.raises(TypeError, match=r"must be of type Task, got 3"):
        run(Any(AnyConfig(), tasks=("a", 3)))
    with pytest.raises(ValueError, match="keys of their own"):
        run(Any(AnyConfig(), tasks=("a", "a")))


def test_the_names_of_the_package_are_not_for_others():
    with pytest.raises(ValueError, match="'capacity' is that of an experiment of spinglass"):

        class Capacity(Any):
            name = "capacity"

    assert (
        Experiment.known["capacity"].__module__
        == "spinglass.experiments.retrieval_capacity.experiment"
    )


def test_progress_that_nobody_reads_does_not_end_the_work(tmp_path):
    script = """
import os, sys
from spinglass.experiments import capacity
read, write = os.pipe()
os.dup2(write, 2)
os.close(read)
scan = capacity(100, [0.1, 0.2], 40, progress=True, store=sys.argv[1])
again = capacity(100, [0.1, 0.2], 40, progress=True, store=sys.argv[1])
print(len(scan.trials), len(again.trials), flush=True)
os._exit(0)
"""
    command = [sys.executable, "-c", script, str(tmp_path / "scan.sqlite")]
    child = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=120)
    assert child.stdout == "160 160\n"
