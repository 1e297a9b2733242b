"""Tasks on a real Dask scheduler with real workers: the same rows, whatever dies meanwhile."""

import itertools
import socket
import subprocess
import sys
import threading
import time
import warnings

import numpy as np
import pytest

from scans import Deadly, Failing, Long, Toy, ToyConfig, Witness
from spinglass import SquareLattice, sample
from spinglass._interrupted import ExperimentStopped, Interrupted
from spinglass.experiments import capacity, disorder_average
from spinglass.runner import loop
from spinglass.runner.loop import run

pytest.importorskip("distributed", exc_type=ImportError)

import distributed

from dask_cluster import DaskCluster
from spinglass.runner.executors import dask, dask_worker


def assert_same(one, other):
    assert list(one) == list(other)
    for key, rows in one.items():
        assert list(rows) == list(other[key])
        for name, values in rows.items():
            np.testing.assert_array_equal(values, other[key][name], strict=True)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Two workers of one thread."""
    started = DaskCluster(tmp_path_factory.mktemp("dask"))
    try:
        for _ in range(2):
            started.add_worker()
        with distributed.Client(started.address, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
        yield started
    finally:
        started.close()


@pytest.fixture
def client(cluster):
    with distributed.Client(cluster.address, set_as_default=False) as client:
        yield client


@pytest.fixture
def doomed(tmp_path):
    """Return a cluster to be broken; it has no workers yet."""
    started = DaskCluster(tmp_path)
    try:
        yield started
    finally:
        started.close()


@pytest.fixture(scope="module")
def late(tmp_path_factory):
    """A worker of four threads that came after the scan began, and the warnings meanwhile."""
    started = DaskCluster(tmp_path_factory.mktemp("late"))
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            starter = threading.Timer(0.7, lambda: started.add_worker(n_threads=4, memory="2GB"))
            starter.start()
            started.rows = run(Toy(ToyConfig(3)), executor=started.address)
            started.said = [str(warning.message) for warning in said]
            starter.join()
        with distributed.Client(started.address, set_as_default=False) as started.client:
            yield started
    finally:
        started.close()


# ---- the same rows -------------------------------------------------------------------------------


def test_a_scan_on_two_workers_has_the_rows_of_one_process(cluster, tmp_path):
    arguments = {"n_spins": (100, 150), "loads": (0.1, 0.2), "n_instances": 8, "seed": 5}
    here = capacity(**arguments)
    address = cluster.address.replace("tcp://", "dask://")
    there = capacity(**arguments, executor=address, store=tmp_path / "scan.sqlite")
    np.testing.assert_array_equal(there.trials, here.trials)
    again = capacity(**arguments, store=tmp_path / "scan.sqlite")
    np.testing.assert_array_equal(again.trials, here.trials)


def test_a_cluster_takes_functions_that_processes_of_this_machine_cannot_be_sent(client):
    def failing(model, seed):
        return {"energy": 1 / (seed - 3)}

    def energy(model, seed):
        return {"energy": sample(model, 1.0, 20, seed=seed).energy.mean()}

    def average(study, executor=None):
        make_model = lambda seed: SquareLattice(4)  # noqa: E731
        return disorder_average(make_model, 5, study, executor=executor)

    here, there = average(energy), average(energy, client)
    np.testing.assert_array_equal(there.values["energy"], here.values["energy"])
    with pytest.raises(ExperimentStopped, match="study failed for the seed 3: ZeroDivisionError"):
        average(failing, client)


def test_more_tasks_than_are_handed_in_at_once_all_come_back(client):
    config = ToyConfig(3 * loop.TASKS_PER_TICK)
    assert_same(run(Toy(config), executor=client), run(Toy(config)))


def test_a_client_of_the_user_stays_open_and_its_executor_will_do(client):
    config = ToyConfig(4)
    here = run(Toy(config))
    mine = client.submit(sum, [1, 2])
    assert_same(run(Toy(config), executor=client), here)
    assert_same(run(Toy(config), executor=client.get_executor(pure=False)), here)
    assert client.status == "running"
    assert mine.result() == 3


def test_nothing_is_left_on_the_cluster(client):
    run(Toy(ToyConfig(20)), executor=client)
    patience = time.monotonic() + 20
    while client.futures or any(client.has_what().values()):
        assert time.monotonic() < patience, client.has_what()
        time.sleep(0.05)


def test_an_experiment_of_main_goes_by_value(cluster):
    script = f"""
import numpy as np
from dataclasses import dataclass
from spinglass.runner.loop import run
from spinglass.runner.task import Experiment, Task

@dataclass(frozen=True)
class Config:
    n: int

class Mine(Experiment):
    name, config_type = "mine", Config
    def tasks(self):
        return [Task(str(k), (k,)) for k in range(self.config.n)]
    def work(self, task, share):
        return {{"square": np.array(task.stream[0] ** 2)}}
    def result(self, finished):
        return [int(rows["square"]) for _, rows in finished]

print(run(Mine(Config(4)), executor={cluster.address!r}))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, "[0, 1, 4, 9]"), done.stderr


def test_an_error_in_a_task_arrives_as_itself(client):
    with pytest.raises(LookupError, match="nothing here") as caught:
        run(Failing(ToyConfig(6, victim=3)), executor=client)
    assert "'draw 3'" in caught.value.__notes__[0]


# ---- threads and memory --------------------------------------------------------------------------


def test_threads_and_memory_in_a_worker_are_those_it_was_given(late):
    late.client.wait_for_workers(1, timeout=60)
    (memory,) = (x["memory"] for x in late.client.run(dask_worker.about).values())
    assert 0.8e9 < memory < 1.6e9  # it is paused at 80 %, and holds something

    def seen(num_threads=None, **options):
        config = ToyConfig(8, **options)
        return run(Witness(config), executor=late.client, num_threads=num_threads).values()

    assert {int(rows["threads"]) for rows in seen()} == {1}
    assert {int(rows["threads"]) for rows in seen(num_threads=8)} == {2}
    # With memory for one at a time, one runs on all threads.
    alone = seen(seconds=0.05, memory=int(0.6 * memory))
    assert {int(rows["threads"]) for rows in alone} == {4}
    times = sorted(tuple(rows["time"]) for rows in alone)
    assert all(end <= begin for (_, end), (begin, _) in itertools.pairwise(times))


def test_a_task_that_fits_in_no_worker_is_refused_by_name_before_any_work(late, tmp_path):
    late.client.wait_for_workers(1, timeout=60)
    config = ToyConfig(1, memory=2 * 10**9)
    with pytest.raises(MemoryError, match=r"'draw 0' needs 2\.0 GB, but none of the 1 workers"):
        run(Toy(config), executor=late.client, store=tmp_path / "scan.sqlite")
    assert not list(tmp_path.iterdir())


def test_a_worker_that_is_too_small_says_so_itself(client, monkeypatch):
    monkeypatch.setattr(dask.Cluster, "check", lambda *_: None)  # as if it had come later
    with pytest.raises(MemoryError, match=r"'draw 0' needs 8\.0 GB.* to the worker tcp://"):
        run(Toy(ToyConfig(1, memory=8 * 10**9)), executor=client)


# ---- what dies -----------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore")
def test_what_dies_is_replaced_or_leaves_a_store_that_goes_on(doomed, tmp_path, caplog):
    """Begin without workers; then one kills itself and is restarted; then the scheduler dies."""
    config = ToyConfig(200, seconds=0.02, folder=str(tmp_path), victim=5)
    store = tmp_path / "scan.sqlite"
    done = []

    def progress(finished, total):
        done.append(finished)
        if finished == 120:
            assert (tmp_path / "killed").exists()  # the worker that ran task 5
            doomed.kill(doomed.scheduler)

    starter = threading.Timer(0.5, lambda: [doomed.add_worker() for _ in range(2)])
    starter.start()
    with pytest.raises(ExperimentStopped, match=r"scheduler at .* is lost") as caught:
        run(Deadly(config), executor=doomed.address, store=store, progress=progress)
    starter.join()
    assert not [said for said in caplog.records if said.levelname == "ERROR"]
    assert 120 <= caught.value.done < 200
    assert len(caught.value.result) == caught.value.done
    begun_at = []
    rows = run(Deadly(config), store=store, progress=lambda done, total: begun_at.append(done))
    assert begun_at[0] == caught.value.done
    (tmp_path / "killed").touch()
    assert_same(rows, run(Toy(config)))


def test_a_task_that_kills_every_worker_is_named(late):
    late.client.wait_for_workers(1, timeout=60)

    def allow(count, dask_scheduler=None):
        dask_scheduler.allowed_failures, count = count, dask_scheduler.allowed_failures
        return count

    before = late.client.run_on_scheduler(allow, 0)  # for the time that restarts take
    with pytest.raises(ExperimentStopped, match=r"'draw 0' died, 1 of them: .* memory"):
        run(Deadly(ToyConfig(1, victim=0)), executor=late.client)
    late.client.run_on_scheduler(allow, before)


def test_a_scan_waits_for_the_first_worker_and_says_so_once(late):
    assert_same(late.rows, run(Toy(ToyConfig(3))))
    (said,) = late.said
    assert "has no worker; the scan begins as soon as one comes" in said


def test_interrupted_tasks_end_on_the_workers_too(client, tmp_path, interrupt_when):
    config = ToyConfig(6, seconds=60, folder=str(tmp_path))
    interrupt_when(lambda: len(list(tmp_path.glob("began *"))) == 2)
    with pytest.raises(Interrupted) as caught:
        run(Long(config), executor=client)
    assert (caught.value.done, caught.value.total) == (0, 6)
    patience = time.monotonic() + 20
    while len(list(tmp_path.glob("ended *"))) < 2:
        assert time.monotonic() < patience
        time.sleep(0.05)
    assert len(list(tmp_path.glob("began *"))) == 2
    assert_same(run(Toy(ToyConfig(2)), executor=client), run(Toy(ToyConfig(2))))


# ---- versions and addresses ----------------------------------------------------------------------


def test_another_version_on_a_worker_is_refused(client, monkeypatch):
    monkeypatch.setattr(dask, "__version__", "0.0.1")
    with pytest.raises(RuntimeError, match=r"worker tcp://.* has spinglass .* process 0\.0\.1"):
        run(Toy(ToyConfig(2)), executor=client)
    # A worker that came later looks itself.
    monkeypatch.setattr(dask.Cluster, "check", lambda *_: None)
    with pytest.raises(RuntimeError, match=r"worker tcp://.* has spinglass .* process 0\.0\.1"):
        run(Toy(ToyConfig(2)), executor=client)


@pytest.mark.parametrize(
    "address",
    ["", "host", "host:8786", "http://host:1", "tcp://", "tcp://:8786", "dask://host:99999"],
)
def test_an_address_that_is_none_is_refused(address):
    with pytest.raises(ValueError, match="executor must be the address of a Dask scheduler, such"):
        run(Toy(ToyConfig(1)), executor=address)


@pytest.mark.parametrize("listens", [False, True])
def test_no_scheduler_at_the_address_is_said_in_time(monkeypatch, listens):
    monkeypatch.setattr("spinglass.runner.executors.dask_client.SECONDS_TO_CONNECT", 0.5)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        if listens:  # and never answers
            free.listen()
        address = f"127.0.0.1:{free.getsockname()[1]}"
        words = rf"executor: there is no Dask scheduler at tcp://{address} .*dask scheduler.*"
        with pytest.raises(ConnectionError, match=words):
            run(Toy(ToyConfig(1)), executor=f"dask://{address}")


def test_a_client_that_is_closed_is_refused(cluster):
    client = distributed.Client(cluster.address, set_as_default=False)
    client.close()
    with pytest.raises(ValueError, match="executor must be a client that is connected"):
        run(Toy(ToyConfig(1)), executor=client)


def test_dask_is_imported_only_if_asked_for_and_its_extra_is_named():
    script = f"""
import sys
sys.path[:] = {[str(folder) for folder in sys.path]!r}
from scans import Toy, ToyConfig
from spinglass.experiments import capacity
from spinglass.runner.loop import run
assert "distributed" not in sys.modules and "dask" not in sys.modules
sys.modules["distributed"] = None
try:
    run(Toy(ToyConfig(1)), executor="dask://localhost")
except ImportError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert "pip install 'spinglass[dask]'" in done.stdout, done.stderr
