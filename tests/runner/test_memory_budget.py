"""Tasks begin only if their threads and their memory are free, and each gets its turn."""

import itertools
import random
import threading

import numpy as np
import pytest

from spinglass.runner.executors.memory_budget import MemoryBudget
from spinglass.runner.loop import run
from spinglass.runner.task import Experiment, Task

SMALL, LARGE = Task("small", memory=1), Task("large", memory=10)


def begin(budget, tasks):
    """Begin tasks in their order as the runner does, and return the widths they get."""
    widths = []
    for number, task in enumerate(tasks):
        width = budget.width(task, len(tasks) - number)
        if not budget.reserve(task.memory, width):
            break
        widths.append(width)
    return widths


@pytest.mark.parametrize(
    ("threads", "memory", "tasks", "widths"),
    [
        (4, None, [SMALL] * 9, [1, 1, 1, 1]),
        (4, 2, [SMALL] * 9, [2, 2]),
        (4, 3, [SMALL] * 9, [1, 1, 2]),
        (4, 10, [LARGE, SMALL], [4]),
        (64, 3, [SMALL] * 9, [21, 21, 22]),
        (4, None, [SMALL] * 2, [2, 2]),
        (2, None, [SMALL] * 2, [1, 1]),
        (1, 100, [SMALL] * 2, [1]),
        (4, None, [Task("wide", wide=True), SMALL], [4]),
        (4, None, [SMALL, Task("wide", wide=True)], [2]),
        (4, None, [Task("nothing")] * 3, [1, 1, 2]),
    ],
)
def test_tasks_side_by_side_share_all_threads(threads, memory, tasks, widths):
    assert begin(MemoryBudget(threads, memory), tasks) == widths


@pytest.mark.parametrize(("slots", "widths"), [(1, [4]), (2, [2, 2]), (3, [1, 1, 2]), (9, [1] * 4)])
def test_where_few_tasks_come_at_a_time_they_share_all_threads(slots, widths):
    assert begin(MemoryBudget(4, None, slots), [SMALL] * 9) == widths
    with MemoryBudget(4, None, slots).waited_for(SMALL) as width:
        assert width == widths[0]


def test_the_last_task_gets_the_threads_that_are_free():
    budget = MemoryBudget(4, None)
    assert begin(budget, [SMALL] * 9) == [1, 1, 1, 1]
    for _ in range(3):
        budget.release(1, 1)
    assert begin(budget, [SMALL]) == [3]


def test_a_task_that_does_not_fit_waits_for_those_that_run():
    budget = MemoryBudget(4, 10)
    assert budget.reserve(6, 1)
    assert not budget.reserve(5, 1)
    assert budget.reserve(4, 1)
    assert not budget.reserve(0, 3)
    budget.release(6, 1)
    assert budget.reserve(5, 3)


def test_a_task_that_never_fits_is_refused_by_name():
    budget = MemoryBudget(4, 9_000_000)
    budget.check(Task("fits", memory=9_000_000))
    with pytest.raises(MemoryError, match=r"'large' needs 9.0 GB, but only 9.0 MB are available"):
        budget.check(Task("large", memory=9_000_000_000))
    MemoryBudget(4, None).check(Task("large", memory=9_000_000_000))


def test_the_rows_of_tasks_that_are_over_leave_less_memory():
    budget = MemoryBudget(4, 10)
    assert budget.reserve(5, 1)
    budget.release(5, 1, held=3)
    assert begin(budget, [Task("half", memory=4)] * 4) == [4]
    assert not budget.reserve(4, 0)
    assert budget.reserve(3, 0)


def test_a_task_alone_fits_whatever_was_left_behind():
    budget = MemoryBudget(2, 10)
    budget.reserve(10, 2)
    budget.release(10, 2, held=11)
    assert budget.reserve(10, budget.width(LARGE, 1))
    assert not budget.reserve(0, 1)


def test_who_waits_for_much_memory_is_not_passed_by_small_ones():
    budget = MemoryBudget(2, 10)
    order = []

    def wait_for(task, *, until):
        with budget.waited_for(task):
            order.append(task.key)
            until.wait()

    def started(task, n_waiting):
        until = threading.Event()
        thread = threading.Thread(
            target=wait_for, args=(task,), kwargs={"until": until}, daemon=True
        )
        thread.start()
        while len(budget._waiting) != n_waiting or not order:
            threading.Event().wait(0.001)
        return thread, until

    first = started(Task("first", memory=5), 0)
    large = started(LARGE, 1)
    later = [started(Task(f"small {k}", memory=1), 2 + k) for k in range(5)]
    first[1].set()
    large[1].set()
    for _, until in later:
        until.set()
    for thread, _ in [first, large, *later]:
        thread.join()
    assert order[:2] == ["first", "large"]
    assert len(order) == 7


def test_many_threads_never_take_more_than_there_is():
    budget = MemoryBudget(5, 100)
    taken, most, lock = [0, 0], [0, 0], threading.Lock()
    failed = []

    def change(sign, width, memory):
        with lock:
            taken[0] += sign * width
            taken[1] += sign * memory
            most[:] = map(max, most, taken)
            if taken[0] > 5 or taken[1] > 100:
                failed.append(tuple(taken))

    def stream(number):
        draw = random.Random(number)
        for k in range(100):
            task = Task(f"{number} {k}", memory=draw.randint(0, 100), wide=draw.random() < 0.1)
            with budget.waited_for(task) as width:
                assert 1 <= width <= 5
                change(1, width, task.memory)
                if draw.random() < 0.3:
                    threading.Event().wait(1e-4)
                change(-1, width, task.memory)

    threads = [threading.Thread(target=stream, args=(k,)) for k in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert taken == [0, 0]
    assert most[0] == 5
    assert budget.reserve(100, 5)  # all was given back


class Holds(Experiment):
    """Tasks that say what they hold, and watch how much is held at once."""

    name, config_type = "holds", dict

    def __init__(self, memories):
        super().__init__({})
        self.memories = memories
        self.lock, self.held, self.most = threading.Lock(), 0, 0

    def tasks(self):
        return [Task(f"task {k}", (k,), memory=m) for k, m in enumerate(self.memories)]

    def work(self, task, share):
        with self.lock:
            self.held += task.memory
            self.most = max(self.most, self.held)
        threading.Event().wait(1e-3)
        with self.lock:
            self.held -= task.memory
        return {"number": np.array(task.stream)}

    def result(self, finished):
        return [int(rows["number"][0]) for _, rows in finished]


def test_a_run_holds_no_more_at_once_than_the_process_may_take(monkeypatch):
    monkeypatch.setattr("spinglass._arguments.available_memory", lambda: 10_000)
    memories = list(itertools.islice(itertools.cycle([4000, 7000, 1000, 0, 9000, 2000]), 60))
    experiment = Holds(memories)
    assert run(experiment, num_threads=8) == list(range(60))
    assert 9000 <= experiment.most <= 10_000


def test_rows_that_stay_in_memory_count_until_the_end_of_the_run(monkeypatch):
    monkeypatch.setattr("spinglass._arguments.available_memory", lambda: 10_000)

    class Heavy(Holds):
        name = "heavy"

        def work(self, task, share):
            with self.lock:
                held = self.held
            return {**super().work(task, share), "ballast": np.zeros(125), "beside": np.array(held)}

        def result(self, finished):
            return [int(rows["beside"]) for _, rows in finished]

    # Each leaves 1008 bytes: once more than 2000 are there, no two of 4000 fit side by side.
    assert max(run(Heavy([4000] * 12), num_threads=2)[4:]) == 0
