"""The runner on experiments without work: order, memory, progress, failure, Ctrl-C, store."""

import _thread
import signal
import threading
import time
from dataclasses import dataclass

import numpy as np
import pytest

from spinglass._interrupted import Interrupted
from spinglass.experiments.sherrington_kirkpatrick.experiment import sk
from spinglass.runner.loop import run
from spinglass.runner.stores.store import Store
from spinglass.runner.task import Experiment, Task


@dataclass(frozen=True)
class SquaresConfig:
    """What is asked of `Squares`."""

    n: int = 6
    seed: int = 0


class Squares(Experiment):
    """Task k gives k^2 + seed; ``act`` happens while it works."""

    name, unit, config_type = "squares", "numbers", SquaresConfig

    def __init__(self, config, act=lambda task, share: None, **fields):
        super().__init__(config)
        self.act, self.fields = act, fields

    def tasks(self):
        return [
            Task(f"number {k}", (k,), **{name: value(k) for name, value in self.fields.items()})
            for k in range(self.config.n)
        ]

    def work(self, task, share):
        self.act(task, share)
        return {"square": np.array([task.stream[0] ** 2 + self.config.seed])}

    def result(self, finished):
        return {task.stream[0]: int(rows["square"][0]) for task, rows in finished}


def squares(n=6, act=lambda task, share: None, seed=0, **fields):
    return Squares(SquaresConfig(n, seed), act, **fields)


class Watch:
    """Sees which tasks run, and with how many others."""

    def __init__(self, seconds=0.01):
        self.begun, self.widths, self.most, self.memory = [], [], 0, 0
        self._seconds, self._now, self._lock = seconds, [], threading.Lock()

    def __call__(self, task, share):
        with self._lock:
            self.begun.append(task.stream[0])
            self.widths.append(share.num_threads)
            self._now.append(task.memory)
            self.most = max(self.most, len(self._now))
            self.memory = max(self.memory, sum(self._now))
        time.sleep(self._seconds)
        with self._lock:
            self._now.remove(task.memory)


def until_ended(share):
    """Work for ever, as a call into the core that asks now and then whether it is wanted."""
    while True:
        share.progress(0, 1)
        time.sleep(0.005)


@pytest.fixture(autouse=True)
def no_thread_is_left_behind():
    yield
    assert [x for x in threading.enumerate() if x.name.startswith("spinglass")] == []


@pytest.fixture
def memory(monkeypatch):
    """Let the process have a hundred bytes."""
    monkeypatch.setattr("spinglass._arguments.available_memory", lambda: 100)


# ---- order and memory ----------------------------------------------------------------------------


@pytest.mark.parametrize("num_threads", [1, 4])
def test_rows_come_in_order_of_declaration_whatever_the_order_of_finishing(num_threads):
    over = []

    def act(task, share):
        time.sleep(0.004 * (task.stream[0] % 5))
        over.append(task.stream[0])

    found = run(squares(12, act), num_threads=num_threads)
    assert list(found.items()) == [(k, k**2) for k in range(12)]
    assert sorted(over) == list(range(12))
    if num_threads == 4:
        assert over != list(range(12))


def test_the_longest_are_begun_first():
    costs, watch = [1.0, 5.0, 3.0, 5.0, 0.0, 4.0], Watch(0)
    run(squares(6, watch, cost=lambda k: costs[k]), num_threads=1)
    assert watch.begun == [1, 3, 5, 2, 0, 4]


@pytest.mark.parametrize("num_threads", [1, 3])
def test_no_more_run_at_a_time_than_threads(num_threads):
    watch = Watch()
    run(squares(12, watch), num_threads=num_threads)
    assert watch.most <= num_threads
    assert len(watch.begun) == 12


def test_a_few_tasks_share_all_threads():
    watch = Watch(0.05)
    run(squares(2, watch), num_threads=7)
    assert sorted(watch.widths) == [3, 4]


def test_a_wide_task_has_all_threads_and_no_company():
    watch = Watch()
    run(squares(4, watch, wide=lambda k: True), num_threads=3)
    assert watch.widths == [3] * 4
    assert watch.most == 1


def test_no_more_run_at_a_time_than_fit_in_memory(memory):
    sizes, watch = [60, 30, 30, 50, 40, 100, 1, 20], Watch()
    run(squares(8, watch, memory=lambda k: sizes[k]), num_threads=8)
    assert 0 < watch.memory <= 100
    assert sorted(watch.begun) == list(range(8))


def test_where_one_fits_at_a_time_it_has_all_threads(memory):
    watch = Watch()
    run(squares(4, watch, memory=lambda k: 60), num_threads=3)
    assert watch.widths == [3] * 4
    assert watch.most == 1


def test_a_task_that_cannot_fit_is_refused_by_name_before_any_work(memory, tmp_path):
    watch, path = Watch(), tmp_path / "scan.sqlite"
    with pytest.raises(MemoryError, match=r"the task 'number 3' needs 101 bytes, but only 100 b"):
        run(squares(5, watch, memory=lambda k: [5, 90, 100, 101, 7][k]), store=path)
    assert watch.begun == []
    assert not path.exists()


def test_a_stored_task_needs_no_memory_any_more(monkeypatch, tmp_path):
    path, fields = tmp_path / "scan.sqlite", {"memory": lambda k: 200 if k == 0 else 10}
    with pytest.raises(RuntimeError, match="enough"):
        run(squares(3, fail_at(1), **fields), store=path, num_threads=1)
    monkeypatch.setattr("spinglass._arguments.available_memory", lambda: 100)
    assert run(squares(3, **fields), store=path) == {0: 0, 1: 1, 2: 4}


def test_no_tasks_give_the_result_of_none(tmp_path):
    calls = []
    for store in (None, tmp_path / "scan.sqlite"):
        assert run(squares(0), store=store, progress=lambda *x: calls.append(x)) == {}
        assert run(squares(0), store=store, progress=True) == {}
    assert calls == []


def test_tasks_of_one_key_are_refused():
    class Twins(Squares):
        def tasks(self):
            return [Task("one"), Task("one")]

    with pytest.raises(ValueError, match="tasks must have keys of their own, got 1 for 2"):
        run(Twins(SquaresConfig()))


# ---- progress ----------------------------------------------------------------------------------


def fail_at(k, error=RuntimeError):
    def act(task, share):
        if task.stream[0] == k:
            raise error("enough")

    return act


def test_progress_counts_units_up_to_all_of_them():
    calls = []
    run(squares(6, units=lambda k: k), num_threads=2, progress=lambda *x: calls.append(x))
    done = [x for x, _ in calls]
    assert done == sorted(done)
    assert len(calls) == 6
    assert calls[-1] == (15, 15)
    assert {total for _, total in calls} == {15}


def test_progress_goes_on_from_what_the_store_has(tmp_path):
    calls, path = [], tmp_path / "scan.sqlite"
    with pytest.raises(RuntimeError, match="enough"):
        run(squares(6, fail_at(2)), store=path, num_threads=1)
    for _ in range(2):
        run(squares(6), store=path, num_threads=1, progress=lambda *x: calls.append(x))
    assert calls == [(2, 6), (3, 6), (4, 6), (5, 6), (6, 6), (6, 6)]


def test_lines_of_progress_go_by_cost_and_say_what_the_store_has(tmp_path, capsys):
    path, fields = tmp_path / "scan.sqlite", {"cost": lambda k: 7 - k, "units": lambda k: k % 2}
    with pytest.raises(RuntimeError, match="enough"):
        run(squares(6, fail_at(2), **fields), store=path, num_threads=1)
    run(squares(6, **fields), store=path, num_threads=1, progress=True)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == f"squares: {path} has 1 of 3 numbers, going on"
    assert [x.partition(",")[0] for x in lines[1:]] == [
        # Of 27 in all, 13 are stored. Numbers 2 and 4 count nothing, but take their time.
        "squares: 1 of 3 numbers",
        "squares: 2 of 3 numbers",
        "squares: 2 of 3 numbers",
        "squares: 3 of 3 numbers",
    ]
    run(squares(6, **fields), store=path, progress=True)
    assert capsys.readouterr().err == f"squares: {path} has 3 of 3 numbers, nothing is left to do\n"


def test_an_error_of_the_progress_ends_the_tasks():
    watch = Watch()

    def progress(done, total):
        raise RuntimeError("no progress")

    with pytest.raises(RuntimeError, match="no progress"):
        run(squares(50, watch), num_threads=2, progress=progress)
    assert len(watch.begun) < 10


# ---- failure -----------------------------------------------------------------------------------


def test_a_task_that_fails_ends_the_others_and_is_named():
    begun = []

    def act(task, share):
        begun.append(task.stream[0])
        if task.stream[0] == 1:
            raise ValueError("no such number")
        until_ended(share)

    with pytest.raises(ValueError, match="no such number") as caught:
        run(squares(50, act), num_threads=2)
    assert caught.value.__notes__ == ["in the task 'number 1' of squares"]
    assert len(begun) < 5


def test_what_was_finished_before_a_failure_is_in_the_store(tmp_path):
    path, others = tmp_path / "scan.sqlite", threading.Barrier(3, timeout=20)

    def act(task, share):
        # Two are finished at the moment at which the third fails.
        others.wait()
        if task.stream[0] == 1:
            raise ValueError("no such number")

    with pytest.raises(ValueError, match="no such number"):
        run(squares(3, act, cost=lambda k: 3 - k), store=path, num_threads=3, progress=slow)
    watch = Watch()
    assert run(squares(3, watch, cost=lambda k: 3 - k), store=path) == {0: 0, 1: 1, 2: 4}
    assert 1 in watch.begun
    assert len(watch.begun) < 3


def slow(done, total):
    time.sleep(0.02)


def test_a_failed_result_leaves_the_store_whole(tmp_path):
    class Odd(Squares):
        def result(self, finished):
            raise ZeroDivisionError

    path = tmp_path / "scan.sqlite"
    with pytest.raises(ZeroDivisionError):
        run(Odd(SquaresConfig()), store=path)
    watch = Watch()
    assert len(run(squares(6, watch), store=path)) == 6
    assert watch.begun == []


# ---- Ctrl-C ------------------------------------------------------------------------------------


def interrupt_at(k):
    def act(task, share):
        if task.stream[0] == k:
            _thread.interrupt_main()
        if task.stream[0] >= k:
            until_ended(share)

    return act


@pytest.mark.parametrize("stored", [False, True])
def test_ctrl_c_keeps_what_is_finished_and_the_next_call_goes_on(tmp_path, stored):
    path = tmp_path / "scan.sqlite" if stored else None
    with pytest.raises(Interrupted, match="after 6 of 45") as caught:
        run(squares(10, interrupt_at(4), units=lambda k: k), store=path, num_threads=2)
    assert caught.value.result == {0: 0, 1: 1, 2: 4, 3: 9}
    assert (caught.value.done, caught.value.total) == (6, 45)
    watch = Watch(0)
    assert run(squares(10, watch), store=path) == {k: k**2 for k in range(10)}
    assert sorted(watch.begun) == list(range(4 if stored else 0, 10))
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_while_a_row_is_stored_is_no_error(tmp_path, monkeypatch):
    path, put = tmp_path / "scan.sqlite", Store.put

    def interrupted(self, number, rows, seconds):
        if number == 2:
            _thread.interrupt_main()
        put(self, number, rows, seconds)
        if number == 3:
            _thread.interrupt_main()

    monkeypatch.setattr(Store, "put", interrupted)
    for count in (3, 4):
        with pytest.raises(Interrupted) as caught:
            run(squares(6), store=path, num_threads=1)
        assert count <= caught.value.done < 6
    assert run(squares(6), store=path) == {k: k**2 for k in range(6)}


def test_ctrl_c_while_the_result_is_made_keeps_all_of_it():
    class Slow(Squares):
        def result(self, finished):
            _thread.interrupt_main()
            return super().result(finished)

    with pytest.raises(Interrupted, match="after 6 of 6") as caught:
        run(Slow(SquaresConfig()))
    assert len(caught.value.result) == 6


def test_ctrl_c_twice_does_not_wait():
    def progress(done, total):
        _thread.interrupt_main()
        time.sleep(0.001)
        _thread.interrupt_main()
        time.sleep(0.001)
        raise AssertionError("still there")

    with pytest.raises(Interrupted) as caught:
        run(squares(), num_threads=1, progress=progress)
    assert caught.value.result[0] == 0


def test_an_answer_to_ctrl_c_of_the_program_stays_its_own():
    came = []

    def answer(number, frame):
        came.append(number)

    def act(task, share):
        if task.stream[0] == 1:
            _thread.interrupt_main()

    before = signal.signal(signal.SIGINT, answer)
    try:
        assert len(run(squares(6, act))) == 6
        assert signal.getsignal(signal.SIGINT) is answer
    finally:
        signal.signal(signal.SIGINT, before)
    assert came == [signal.SIGINT]


def test_it_runs_in_any_thread():
    found = []
    thread = threading.Thread(target=lambda: found.append(run(squares())))
    thread.start()
    thread.join()
    assert found == [{k: k**2 for k in range(6)}]


# ---- configs and seeds -------------------------------------------------------------------------


def test_any_seed_is_that_of_the_store(tmp_path):
    path = tmp_path / "scan.sqlite"
    first = run(squares(3, seed=7), store=path, any_seed=True)
    assert run(squares(3, seed=8), store=path, any_seed=True) == first == {0: 7, 1: 8, 2: 11}
    with pytest.raises(ValueError, match="seed is 7 there and 8 here"):
        run(squares(3, seed=8), store=path)
    with pytest.raises(ValueError, match="n is 3 there and 4 here"):
        run(squares(4, seed=8), store=path, any_seed=True)


def test_without_a_seed_an_experiment_goes_on_with_that_of_its_store(tmp_path):
    path = tmp_path / "scan.sqlite"
    first = sk(8, 3, 20, seed=None, store=path)
    again = sk(8, 3, 20, seed=None, store=path)
    assert first.config == again.config
    np.testing.assert_array_equal(first.instances[2].energy, again.instances[2].energy)
