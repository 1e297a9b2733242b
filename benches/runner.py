"""What the runner of experiments costs: per task, and in the throughput of a scan.

    python benches/runner.py                        # all of it, about five minutes
    python benches/runner.py --tasks 2000 --pairs 3

Overhead: tasks that do nothing, on threads, on processes and through a Dask scheduler, each with
and without a store. Throughput: the same capacity scan on one process of two threads and on two
processes of one thread, in turns, so that what else the machine does meets both alike. The rows of
all are compared.
"""

from __future__ import annotations

import argparse
import importlib.util
import multiprocessing
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from spinglass.experiments import capacity
from spinglass.runner.loop import run
from spinglass.runner.stores.machine import machine
from spinglass.runner.task import Experiment, Finished, Rows, Share, Task

LINE = "{:<30} {:>14} {:>14} {:>14}"


@dataclass(frozen=True)
class EmptyConfig:
    n_tasks: int


class Empty(Experiment):
    """Tasks that do nothing but say who they are."""

    name, config_type = "empty", EmptyConfig

    def tasks(self) -> list[Task]:
        return [Task(f"task {k}", (k,)) for k in range(self.config.n_tasks)]

    def work(self, task: Task, share: Share) -> Rows:
        return {"number": np.array(task.stream)}

    def result(self, finished: Finished) -> int:
        numbers = [int(rows["number"][0]) for _, rows in finished]
        assert numbers == list(range(self.config.n_tasks))
        return len(numbers)


def seconds(call: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def overhead(n_tasks: int, repeats: int, **where: Any) -> list[str]:
    """Return milliseconds a task: without a store, with one, and of the processor for that."""
    experiment = Empty(EmptyConfig(n_tasks))
    run(Empty(EmptyConfig(8)), **where)  # workers are there, and have imported everything
    times = []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as folder:
            before = time.process_time()
            stored = seconds(lambda: run(experiment, store=Path(folder, "a.sqlite"), **where))
            used = time.process_time() - before
            times.append((seconds(lambda: run(experiment, **where)), stored, used))
    columns = zip(*times, strict=True)
    return [f"{1e3 * statistics.median(column) / n_tasks:.3f}" for column in columns]


def show_overhead(n_tasks: int, repeats: int) -> None:
    print(f"\nmilliseconds a task, {n_tasks} empty tasks, medians of {repeats}\n")
    print(LINE.format("", "no store", "store", "its CPU time"))
    print(LINE.format("2 threads", *overhead(n_tasks, repeats, num_threads=2)))
    with processes(2) as pool:
        print(LINE.format("2 processes", *overhead(n_tasks, repeats, executor=pool)))
    if importlib.util.find_spec("distributed") is None:
        print("Dask is not installed")
        return
    with dask(2) as client:
        line = overhead(n_tasks, repeats, executor=client)
    print(LINE.format("Dask, 2 workers of 1 thread", *line))


@contextmanager
def processes(count: int) -> Iterator[ProcessPoolExecutor]:
    # A forked child would have the threads of this process half-way through whatever they did.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(count, mp_context=context) as pool:
        yield pool


@contextmanager
def dask(count: int) -> Iterator[Any]:
    """Start a scheduler and workers as one does it on the machines of a cluster."""
    from distributed import Client

    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        file = str(Path(folder, "scheduler.json"))
        workers = [["dask_worker", "--nthreads", "1"]] * count
        for command in [["dask_scheduler", "--host", "127.0.0.1", "--port", "0"], *workers]:
            name, *flags = command
            call = [sys.executable, "-m", f"distributed.cli.{name}", *flags, "--no-dashboard"]
            started = subprocess.Popen(
                [*call, "--scheduler-file", file],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=folder,
            )
            stack.callback(started.wait)
            stack.callback(started.terminate)
        with Client(scheduler_file=file) as client:
            client.wait_for_workers(count)
            yield client


def show_throughput(n_pairs: int) -> None:
    """Time a scan of about ten seconds on threads and on processes, in turns."""

    def scan(**where: Any) -> Any:
        return capacity(
            (1000, 4000, 8000), loads=(0.12, 0.14, 0.16), n_instances=150, n_starts=2, **where
        ).trials

    print(f"\nseconds of a capacity scan, {n_pairs} pairs in turns\n")
    print(LINE.format("", "1 x 2 threads", "2 x 1 thread", "ratio"))
    ratios, columns = [], []
    with processes(2) as pool:
        rows = scan(num_threads=2)
        assert (scan(executor=pool, num_threads=1) == rows).all()
        for pair in range(n_pairs):
            calls = [
                lambda: scan(num_threads=2),
                lambda: scan(executor=pool, num_threads=1),
            ]
            order = (0, 1) if pair % 2 == 0 else (1, 0)
            took = {k: seconds(calls[k]) for k in order}
            ratios.append(took[1] / took[0])
            columns.append((took[0], took[1]))
            line = [f"{took[0]:.2f}", f"{took[1]:.2f}", f"{ratios[-1]:.3f}"]
            print(LINE.format(f"  pair {pair + 1}", *line), flush=True)
    medians = [statistics.median(column) for column in (*zip(*columns, strict=True), ratios)]
    print(LINE.format("medians", *(f"{x:.2f}" for x in medians[:2]), f"{medians[2]:.3f}"))
    print(f"{len(rows)} trials, all rows equal")


def versions() -> str:
    here = machine()
    found = [f"spinglass {here['spinglass']}", f"Python {here['python']}"]
    found += [f"NumPy {here['numpy']}", f"SQLite {sqlite3.sqlite_version}"]
    if importlib.util.find_spec("distributed") is not None:
        import distributed

        found.append(f"distributed {distributed.__version__}")
    return f"{here['processor']}, {here['threads']} threads, {here['system']}\n" + ", ".join(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tasks", type=int, default=10_000, help="empty tasks (default: 10000)")
    parser.add_argument("--repeats", type=int, default=3, help="of these (default: 3)")
    parser.add_argument("--pairs", type=int, default=7, help="pairs of scans (default: 7)")
    chosen = parser.parse_args()
    print(versions())
    if chosen.tasks:
        show_overhead(chosen.tasks, chosen.repeats)
    if chosen.pairs:
        show_throughput(chosen.pairs)


if __name__ == "__main__":
    main()
