"""Tasks on executors of concurrent.futures: the same rows, whatever carries them."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest

from scans import Deadly, Failing, Long, Toy, ToyConfig, Witness
from spinglass._core import available_threads
from spinglass._interrupted import ExperimentStopped, Interrupted
from spinglass.experiments import capacity
from spinglass.runner.loop import run


class Elsewhere(Executor):
    """The interface of mpi4py's executors: no more is known of it than `num_workers`."""

    def __init__(self, num_workers):
        self._pool = ThreadPoolExecutor(num_workers)
        self.num_workers = num_workers
        self.submitted = 0

    def submit(self, fn, /, *args, **kwargs):
        self.submitted += 1
        future = Future()
        self._pool.submit(self._do, future, fn, args, kwargs)
        return future

    def _do(self, future, fn, args, kwargs):
        if future.set_running_or_notify_cancel():
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:
                future.set_exception(error)

    def shutdown(self, wait=True, *, cancel_futures=False):
        self._pool.shutdown(wait)


def processes(method, n_workers=2):
    return ProcessPoolExecutor(n_workers, multiprocessing.get_context(method))


EXECUTORS = {
    "fork": lambda: processes("fork"),
    "spawn": lambda: processes("spawn"),
    "forkserver": lambda: processes("forkserver"),
    "threads": lambda: ThreadPoolExecutor(2),
    "elsewhere": lambda: Elsewhere(2),
}


# ---- the same rows -------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
@pytest.mark.parametrize("kind", EXECUTORS)
def test_a_scan_on_any_executor_has_the_rows_of_one_process(kind):
    arguments = {"n_spins": (100, 150), "loads": (0.1, 0.2), "n_instances": 8, "seed": 5}
    here = capacity(**arguments)  # also starts the core's threads, which a fork does not have
    with EXECUTORS[kind]() as executor:
        there = capacity(**arguments, executor=executor, num_threads=2)
        np.testing.assert_array_equal(there.trials, here.trials)
        assert executor.submit(sum, [1, 2]).result() == 3  # it stays open


def test_a_large_config_and_many_tasks_all_come_back():
    config = ToyConfig(200, numbers=tuple(k / 7 for k in range(5000)))
    with processes("forkserver") as executor:
        there = run(Toy(config), executor=executor)
    here = run(Toy(config))
    assert list(there) == list(here)
    for key, rows in here.items():
        np.testing.assert_array_equal(there[key]["draws"], rows["draws"], strict=True)


def test_an_experiment_of_main_runs_in_forked_processes():
    script = """
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from scans import Toy, ToyConfig
from spinglass.runner.loop import run

class Mine(Toy):
    name = "mine"

if __name__ == "__main__":
    with ProcessPoolExecutor(2, multiprocessing.get_context("fork")) as executor:
        print(len(run(Mine(ToyConfig(5)), executor=executor)))
"""
    done = subprocess.run(
        [sys.executable, "-c", with_path(script)], capture_output=True, text=True, timeout=120
    )
    assert done.stdout == "5\n", done.stderr


# ---- threads and memory --------------------------------------------------------------------------


@pytest.mark.parametrize("n_workers", [1, 2])
def test_workers_share_the_threads_of_the_machine_unless_told_otherwise(n_workers):
    def widths(num_threads=None):
        rows = run(Witness(ToyConfig(4)), executor=executor, num_threads=num_threads)
        return {int(x["threads"]) for x in rows.values()}

    with processes("forkserver", n_workers) as executor:
        assert widths() == {max(1, available_threads() // n_workers)}
        assert widths(num_threads=3) == {3}


def test_no_more_run_at_once_than_fit_in_memory_and_each_on_more_threads(monkeypatch):
    monkeypatch.setattr("spinglass._arguments.available_memory", lambda: 10**9)
    monkeypatch.setattr("spinglass.runner.executors.pool.available_threads", lambda: 8)
    with ThreadPoolExecutor(4) as executor:
        config = ToyConfig(6, seconds=0.02, memory=4 * 10**8)
        rows = list(run(Witness(config), executor=executor).values())
        times = [x["time"] for x in rows]
        most = max(sum(a <= begin < b for a, b in times) for begin, _ in times)
        assert most <= 2
        assert {int(x["threads"]) for x in rows} == {4}
        with pytest.raises(MemoryError, match=r"'draw 0' needs 2\.0 GB"):
            run(Toy(ToyConfig(1, memory=2 * 10**9)), executor=executor)


def test_workers_that_may_be_elsewhere_look_at_their_own_memory_and_threads(monkeypatch):
    with Elsewhere(2) as executor:
        with pytest.raises(MemoryError, match=r"the task 'draw 0' needs 1000\.0 TB"):
            run(Toy(ToyConfig(1, memory=10**15)), executor=executor)
        worker = "spinglass.runner.executors.pool_worker"
        for bound, expected in ((4, 4), (64, 32)):  # to four processors of 64, or to none
            monkeypatch.setattr(f"{worker}.os.cpu_count", lambda: 64)
            monkeypatch.setattr(
                "spinglass.runner.executors.pool_worker.available_threads",
                lambda bound=bound: bound,
            )
            rows = run(Witness(ToyConfig(3)), executor=executor)
            assert {int(x["threads"]) for x in rows.values()} == {expected}


# ---- what goes wrong -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["fork", "threads"])
def test_an_error_in_a_task_arrives_as_itself(kind):
    with EXECUTORS[kind]() as executor:
        with pytest.raises(LookupError, match="nothing here") as caught:
            run(Failing(ToyConfig(6, victim=3)), executor=executor)
        assert "'draw 3'" in caught.value.__notes__[0]


def test_a_worker_that_is_killed_leaves_a_store_that_goes_on(tmp_path, monkeypatch):
    config, store = ToyConfig(30, victim=20), tmp_path / "scan.sqlite"
    with processes("forkserver") as executor:
        with pytest.raises(ExperimentStopped, match=r"executor broke.*goes on from") as caught:
            run(Deadly(config), executor=executor, store=store)
        assert 0 < caught.value.done < 30
        with pytest.raises(ExperimentStopped, match=r"executor broke.*goes on from"):
            run(Deadly(config), executor=executor, store=store)
    monkeypatch.setattr(Deadly, "work", Toy.work)
    rows = run(Deadly(config), store=store)
    for key, expected in run(Toy(config)).items():
        np.testing.assert_array_equal(rows[key]["draws"], expected["draws"])


def test_an_executor_that_is_shut_down_is_named():
    with ThreadPoolExecutor(1) as executor:
        pass
    with pytest.raises(ExperimentStopped, match=r"takes no tasks: .*shutdown; 0 of 3 tasks"):
        run(Toy(ToyConfig(3)), executor=executor)


def test_an_executor_that_cancels_its_tasks_stops_the_scan():
    with ThreadPoolExecutor(1) as executor:
        timer = threading.Timer(0.3, lambda: executor.shutdown(wait=False, cancel_futures=True))
        timer.start()
        with pytest.raises(ExperimentStopped) as caught:
            run(Toy(ToyConfig(50, seconds=0.1)), executor=executor)
        timer.join()
    assert len(caught.value.result) == caught.value.done < 50


@pytest.mark.parametrize("what", [2, object(), ThreadPoolExecutor])
def test_what_is_no_executor_is_refused(what):
    with pytest.raises(TypeError, match="executor must be an executor"):
        run(Toy(ToyConfig(1)), executor=what)


# ---- Ctrl-C --------------------------------------------------------------------------------------


def test_interrupted_tasks_on_threads_end_soon(tmp_path, interrupt_when):
    interrupt_when(lambda: len(list(tmp_path.glob("began *"))) == 2)
    with ThreadPoolExecutor(2) as executor, pytest.raises(Interrupted) as caught:
        run(Long(ToyConfig(6, seconds=600, folder=str(tmp_path))), executor=executor)
    assert (caught.value.done, caught.value.total) == (0, 6)
    assert len(list(tmp_path.glob("ended *"))) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="there are no process groups")
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_ctrl_c_of_a_terminal_keeps_the_rows_and_the_workers_and_prints_nothing(tmp_path, method):
    script = f"""
import multiprocessing, signal, time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from scans import Toy, ToyConfig
from spinglass import Interrupted
from spinglass.experiments import run

class Uneven(Toy):
    name = "uneven"

    def work(self, task, share):
        if task.stream == (0,):
            time.sleep(600)
        return super().work(task, share)

def progress(done, total):
    if done == 49:  # one worker is in the long task, the other waits
        Path({str(tmp_path)!r}, "now").touch()

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with ProcessPoolExecutor(2, multiprocessing.get_context({method!r})) as executor:
        try:
            run(Uneven(ToyConfig(50)), executor=executor, progress=progress)
        except Interrupted as error:
            print(error.done, len(error.result))
        print(len(run(Toy(ToyConfig(4)), executor=executor)))
"""
    file = tmp_path / "script.py"
    file.write_text(with_path(script))
    child = subprocess.Popen(
        [sys.executable, file],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        while not (tmp_path / "now").exists() and child.poll() is None:
            time.sleep(0.01)
        os.killpg(child.pid, signal.SIGINT)
        output, errors = child.communicate(timeout=60)
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
    assert (child.returncode, output, errors) == (0, "49 49\n4\n", "")


def with_path(script):
    """Return a script with the modules of this process."""
    return f"import sys\nsys.path[:] = {[str(folder) for folder in sys.path]!r}\n{script}"
