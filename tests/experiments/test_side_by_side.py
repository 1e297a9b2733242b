"""Tasks side by side: results in order, failures passed on, Ctrl-C keeps what is finished."""

import _thread
import threading
import time

import pytest

from spinglass.experiments.side_by_side import side_by_side


def test_results_come_in_the_order_of_the_tasks():
    def work(task, check):
        time.sleep(0.01 * (5 - task % 5))
        return task**2

    done = []
    results, complete = side_by_side(work, range(20), 4, lambda *x: done.append(x))
    assert results == [task**2 for task in range(20)]
    assert complete
    assert done[-1] == (20, 20)
    assert [x[0] for x in done] == sorted(x[0] for x in done)


@pytest.mark.parametrize("n_workers", [1, 3])
def test_no_more_tasks_run_at_a_time_than_workers(n_workers):
    running, most, lock = [0], [0], threading.Lock()

    def work(task, check):
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.01)
        with lock:
            running[0] -= 1

    side_by_side(work, range(12), n_workers)
    assert most[0] <= n_workers


def test_a_task_that_fails_ends_the_others_and_is_told():
    begun = []

    def work(task, check):
        begun.append(task)
        if task == 1:
            raise MemoryError("no room")
        while True:
            check(0, 1)
            time.sleep(0.01)

    with pytest.raises(MemoryError, match="no room"):
        side_by_side(work, range(50), 2)
    assert len(begun) < 5


def test_ctrl_c_returns_what_is_finished():
    def work(task, check):
        if task == 3:
            _thread.interrupt_main()
        while task >= 3:
            check(0, 1)
            time.sleep(0.01)
        return task

    results, complete = side_by_side(work, range(50), 2)
    assert results == [0, 1, 2]
    assert not complete


def test_an_error_of_the_progress_ends_the_tasks():
    def work(task, check):
        return task

    def progress(done, total):
        raise RuntimeError("no progress")

    with pytest.raises(RuntimeError, match="no progress"):
        side_by_side(work, range(5), 2, progress)
